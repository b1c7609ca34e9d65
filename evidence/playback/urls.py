"""Addresses of playback."""

from __future__ import annotations

from django.urls import path

from evidence.playback import views

app_name = "playback"
urlpatterns = [
    path("", views.choose, name="choose"),
    path("open/", views.open_session, name="open"),
    path("<uuid:playback>/", views.page, name="page"),
    path("<uuid:playback>/timeline/", views.timeline, name="timeline"),
    path("<uuid:playback>/state/", views.state, name="state"),
    path("<uuid:playback>/close/", views.close, name="close"),
    path("<uuid:playback>/bookmark/", views.bookmark, name="bookmark"),
    path("<uuid:playback>/<uuid:camera>/fragments/", views.fragments, name="fragments"),
]
