"""Mounted at ``/partner/``."""

from __future__ import annotations

from django.urls import path

from rtcc.partners import ask_views, statement_views, views, watch_views

app_name = "partners"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("accesses/", views.accesses, name="accesses"),
    path("accesses/accesses.csv", views.accesses_csv, name="accesses-csv"),
    path("notices/read/", views.read, name="read"),
    path("pause/", views.pause, name="pause"),
    path("resume/", views.resume, name="resume"),
    path("hours/<slug:code>/", views.hours, name="hours"),
    path("copies/", views.copies, name="copies"),
    path("statement/", statement_views.statement, name="statement"),
    path("statement/statement.csv", statement_views.statement_file, {"form": "csv"}, name="statement-csv"),
    path("statement/statement.json", statement_views.statement_file, {"form": "json"}, name="statement-json"),
    path("statement/statement.pdf", statement_views.statement_file, {"form": "pdf"}, name="statement-pdf"),
    path("statement/proofs.zip", statement_views.statement_file, {"form": "zip"}, name="statement-zip"),
    path("asked/<uuid:ask>/", ask_views.ask, name="ask"),
    path("asked/<uuid:ask>/decline/", ask_views.decline, name="decline"),
    path("asked/<uuid:ask>/yes/", watch_views.yes, name="yes"),
    path("asked/<uuid:ask>/no/", watch_views.no, name="no"),
    path("asked/<uuid:ask>/take-back/", watch_views.back, name="take-back"),
    # The agency's side: what it asked of owners on one basis.
    path("asks/<uuid:basis>/", ask_views.asks, name="asks"),
    path("asks/<uuid:basis>/watch/", watch_views.ask, name="ask-to-watch"),
]
