"""Mounted at the root: the officer's side. Links are short, and their secret is not in the address."""

from __future__ import annotations

from django.urls import path

from rtcc.bulletins import inbox

app_name = "inbox"
urlpatterns = [
    path("p/", inbox.link, name="link"),
    path("p/open/", inbox.tap, name="tap"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/list/", inbox.listed, name="listed"),
    path("inbox/<uuid:bulletin>/state/", inbox.state, name="state"),
    path("inbox/<uuid:bulletin>/answer/", inbox.answer, name="answer"),
]
