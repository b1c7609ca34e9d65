"""Mounted at ``/requests/``."""

from __future__ import annotations

from django.urls import path

from evidence.records import views

app_name = "requests"
urlpatterns = [
    path("", views.requests, name="list"),
    path("requests.csv", views.requests_csv, name="csv"),
    path("new/", views.new_request, name="new"),
    path("holidays/", views.holidays, name="holidays"),
    path("<uuid:basis>/", views.one, name="one"),
    path("<uuid:basis>/step/", views.step, name="step"),
    path("<uuid:basis>/confirm/", views.confirm, name="confirm"),
    path("<uuid:basis>/letters/<str:kind>/", views.letter, name="letter"),
]
