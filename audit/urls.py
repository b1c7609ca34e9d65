"""Mounted at ``/log/``. Receipts need a sign-in and are routed by the room above."""

from __future__ import annotations

from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("tile/<path:path>", views.tile, name="tile"),
    path("vkey", views.vkey, name="vkey"),
]
