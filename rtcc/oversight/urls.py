"""Mounted at ``/oversight/``."""

from __future__ import annotations

from django.urls import path

from rtcc.oversight import views

app_name = "oversight"
urlpatterns = [
    path("report/", views.access_report, name="report"),
    path("report/access-report.csv", views.export, {"form": "csv"}, name="report-csv"),
    path("report/access-report.json", views.export, {"form": "json"}, name="report-json"),
    path("verify/", views.verify, name="verify"),
    path("verify/<uuid:run>/", views.verification, name="verification"),
    path("verify/<uuid:run>/result.json", views.verification_json, name="verification-json"),
    path("now/", views.now, name="now"),
    path("now/<uuid:grant>/stop/", views.stop, name="stop"),
]
