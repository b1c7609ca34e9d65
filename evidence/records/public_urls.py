"""Mounted at ``/request/``: for people without an account."""

from __future__ import annotations

from django.urls import path

from evidence.records import public_views

app_name = "request"
urlpatterns = [
    path("", public_views.ask, name="ask"),
    path("<str:token>/", public_views.receipt, name="receipt"),
    path("<str:token>/entries/<uuid:entry>/", public_views.entry_receipt, name="entry"),
]
