"""Mounted at ``/policy/``."""

from __future__ import annotations

from django.urls import path

from policy.publishing import views, writing

app_name = "policy"
urlpatterns = [
    path("", views.in_force, name="in-force"),
    path("versions/", views.versions, name="versions"),
    path("versions/<uuid:version>/", views.version, name="version"),
    path("proposals/<uuid:proposal>/", views.proposal, name="proposal"),
    path("proposals/<uuid:proposal>/approve/", views.agree, name="approve"),
    path("proposals/<uuid:proposal>/publish/", views.carry_out, name="publish"),
    path("drafts/", writing.begin, name="draft-new"),
    path("drafts/<uuid:draft>/", writing.draft, name="draft"),
    path("drafts/<uuid:draft>/numbers/<slug:key>/", writing.number, name="draft-number"),
    path("drafts/<uuid:draft>/parts/<str:part>/", writing.part, name="draft-part"),
    path("drafts/<uuid:draft>/upload/", writing.upload, name="draft-upload"),
    path("drafts/<uuid:draft>/discard/", writing.discard, name="draft-discard"),
]
