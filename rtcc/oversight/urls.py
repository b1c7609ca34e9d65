"""Mounted at ``/oversight/``."""

from __future__ import annotations

from django.urls import path

from rtcc.oversight import by_two, views

app_name = "oversight"
urlpatterns = [
    path("report/", views.access_report, name="report"),
    path("report/access-report.csv", views.export, {"form": "csv"}, name="report-csv"),
    path("report/access-report.json", views.export, {"form": "json"}, name="report-json"),
    path("verify/", views.verify, name="verify"),
    path("verify/<uuid:run>/", views.verification, name="verification"),
    path("verify/<uuid:run>/result.json", views.verification_json, name="verification-json"),
    path("erasure/", by_two.erasure, name="erasure"),
    path("erasure/propose/", by_two.propose, name="erasure-propose"),
    path("recover/", by_two.recovery, name="recover"),
    path("recover/propose/", by_two.ask_recovery, name="recover-propose"),
    path("proposals/<uuid:proposal>/approve/", by_two.agree, name="approve"),
    path("proposals/<uuid:proposal>/do/", by_two.carry_out, name="carry-out"),
    path("now/", views.now, name="now"),
    path("now/<uuid:grant>/stop/", views.stop, name="stop"),
]
