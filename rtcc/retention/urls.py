"""Mounted at ``/retention/``."""

from __future__ import annotations

from django.urls import path

from rtcc.retention import views

app_name = "retention"
urlpatterns = [
    path("", views.home, name="home"),
    path("due/", views.due, name="due"),
    path("holds/", views.holds, name="holds"),
    path("holds/new/", views.new_hold, name="hold-new"),
    path("holds/<uuid:keep>/", views.hold, name="hold"),
    path("holds/<uuid:keep>/propose-release/", views.propose_release, name="propose-release"),
    path("proposals/<uuid:proposal>/approve/", views.approve_release, name="approve"),
    path("proposals/<uuid:proposal>/release/", views.release, name="release"),
    path("dispositions/", views.dispositions, name="dispositions"),
    path("dispositions/<uuid:disposition>/", views.disposition, name="disposition"),
    path("dispositions/<uuid:disposition>/record.json", views.disposition_json, name="disposition-json"),
]
