"""Addresses of the registry's API."""

from __future__ import annotations

from django.urls import path

from cameras import api

app_name = "cameras-api"
urlpatterns = [
    path("", api.Cameras.as_view(), name="list"),
    path("<slug:code>/", api.OneCamera.as_view(), name="detail"),
]
