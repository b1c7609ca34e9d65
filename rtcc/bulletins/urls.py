"""Mounted at ``/bulletins/``: the sender's side."""

from __future__ import annotations

from django.urls import path

from rtcc.bulletins import views

app_name = "bulletins"
urlpatterns = [
    path("", views.sent_list, name="list"),
    path("to-whom/", views.to_whom, name="to-whom"),
    path("send/", views.send, name="send"),
    path("state/", views.state, name="state"),
    path("<uuid:bulletin>/revoke/", views.revoke, name="revoke"),
]
