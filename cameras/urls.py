"""Addresses of the registry."""

from __future__ import annotations

from django.urls import path

from cameras import views

app_name = "cameras"
urlpatterns = [
    path("", views.camera_list, name="list"),
    path("register/", views.register, name="register"),
    path("import/", views.import_csv, name="import"),
    path("agreements/<slug:code>/", views.agreement, name="agreement"),
    path("<slug:code>/", views.detail, name="detail"),
    path("<slug:code>/change/", views.change, name="change"),
    path("<slug:code>/move/", views.move, name="move"),
    path("<slug:code>/stream/", views.stream, name="stream"),
    path("<slug:code>/test/", views.test, name="test"),
    path("<slug:code>/pause/", views.pause, name="pause"),
    path("<slug:code>/resume/", views.resume, name="resume"),
    path("<slug:code>/retire/", views.retire, name="retire"),
]
