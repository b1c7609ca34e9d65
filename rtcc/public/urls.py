"""Mounted at ``/public/``: read by everybody, without signing in, without a cookie, without a script."""

from __future__ import annotations

from django.urls import path

from rtcc.public import views

app_name = "public"
urlpatterns = [
    path("", views.home, name="home"),
    path("cameras/", views.cameras, name="cameras"),
    path("cameras.geojson", views.geojson, name="geojson"),
    path("cameras/<slug:code>/", views.camera, name="camera"),
    path("policy/", views.policy, name="policy"),
    path("numbers/", views.numbers, name="numbers"),
    path("log/", views.the_log, name="log"),
    path("still-there/", views.still, name="still-there"),
    path("destroyed/<uuid:disposition>/", views.destroyed, name="destroyed"),
    path("destroyed/<uuid:disposition>/record.json", views.destroyed_json, name="destroyed-json"),
]
