"""Mounted at ``/board/``."""

from __future__ import annotations

from django.urls import path

from rtcc.board import views

app_name = "board"
urlpatterns = [
    path("", views.board, name="home"),
    path("approvals/", views.approvals, name="approvals"),
    path("viewings/<uuid:permit>/stop/", views.stop, name="stop"),
    path("bases/<uuid:basis>/verify/", views.verify, name="verify"),
    path("justifications/<uuid:obligation>/review/", views.review, name="review"),
    path("proposals/<uuid:proposal>/", views.proposal, name="proposal"),
    path("proposals/<uuid:proposal>/approve/", views.agree, name="approve"),
    path("proposals/<uuid:proposal>/decline/", views.refuse, name="decline"),
]
