"""Addresses of exports."""

from __future__ import annotations

from django.urls import path

from evidence.exports import views

urlpatterns = [
    path("", views.exports, name="exports"),
    path("new/", views.new, name="export-new"),
    path("verify.html", views.verifier_page, name="export-verifier-page"),
    path("verify.py", views.verifier_file, name="export-verifier-file"),
    path("<uuid:export>/", views.export, name="export"),
    path("<uuid:export>/state/", views.state, name="export-state"),
    path("<uuid:export>/approve/", views.approve, name="export-approve"),
    path("<uuid:export>/stop/", views.stop, name="export-stop"),
    path("<uuid:export>/download/", views.download, name="export-download"),
]
