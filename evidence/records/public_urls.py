"""Mounted at ``/request/``: for people without an account. No address holds a secret."""

from __future__ import annotations

from django.urls import path

from evidence.records import public_views

app_name = "request"
urlpatterns = [
    path("", public_views.ask, name="ask"),
    path("receipt/", public_views.receipt, name="receipt"),
    path("receipt/withdraw/", public_views.withdraw, name="withdraw"),
    path("receipt/entries/<uuid:entry>/", public_views.entry_receipt, name="entry"),
]
