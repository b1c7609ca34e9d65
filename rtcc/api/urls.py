"""Mounted at ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from rtcc.api import (
    asks,
    bulletins,
    cameras,
    docs,
    exports,
    grants,
    handing_in,
    keeping,
    log,
    playback,
    requests,
    units,
    waiting,
)

app_name = "api"
urlpatterns = [
    path("schema/", docs.Schema.as_view(), name="schema"),
    path("docs/", docs.docs, name="docs"),
    path("cameras/", cameras.Cameras.as_view(), name="cameras"),
    path("cameras/<slug:code>/", cameras.OneCamera.as_view(), name="camera"),
    path("cameras/<slug:code>/pause/", asks.PauseCamera.as_view(), name="camera-pause"),
    path("cameras/<slug:code>/resume/", asks.ResumeCamera.as_view(), name="camera-resume"),
    path("asks/", asks.Asks.as_view(), name="asks"),
    path("asks/<uuid:ask>/files/", handing_in.AskFiles.as_view(), name="ask-files"),
    path("asks/<uuid:ask>/decline/", asks.DeclineAsk.as_view(), name="ask-decline"),
    path("asks/<uuid:ask>/take-back/", asks.TakeBackYes.as_view(), name="ask-take-back"),
    path("placements/", cameras.Placements.as_view(), name="placements"),
    path("coverage/", cameras.Coverage.as_view(), name="coverage"),
    path("health/", cameras.Health.as_view(), name="health"),
    path("incidents/", grants.Incidents.as_view(), name="incidents"),
    path("incidents/<uuid:basis>/units/", units.Units.as_view(), name="incident-units"),
    path(
        "incidents/<uuid:basis>/units/<uuid:assignment>/clear/", units.ClearUnit.as_view(), name="unit-clear"
    ),
    path("bases/", grants.Bases.as_view(), name="bases"),
    path("grants/", grants.Grants.as_view(), name="grants"),
    path("grants/<uuid:grant>/renew/", grants.RenewGrant.as_view(), name="grant-renew"),
    path("grants/<uuid:grant>/end/", grants.EndGrant.as_view(), name="grant-end"),
    path("playbacks/", playback.Playbacks.as_view(), name="playbacks"),
    path("playbacks/<uuid:playback>/", playback.OnePlayback.as_view(), name="playback"),
    path("playbacks/<uuid:playback>/close/", playback.ClosePlayback.as_view(), name="playback-close"),
    path(
        "playbacks/<uuid:playback>/cameras/<uuid:camera>/files/",
        playback.PlaybackFiles.as_view(),
        name="playback-files",
    ),
    path(
        "playbacks/<uuid:playback>/cameras/<uuid:camera>/files/<uuid:file>/",
        playback.PlaybackBytes.as_view(),
        name="playback-bytes",
    ),
    path("keeps/", keeping.Keeps.as_view(), name="keeps"),
    path("keeps/<uuid:keep>/", keeping.OneKeep.as_view(), name="keep"),
    path("holds/", keeping.Holds.as_view(), name="holds"),
    path("dispositions/", keeping.Dispositions.as_view(), name="dispositions"),
    path("dispositions/<uuid:disposition>/", keeping.OneDisposition.as_view(), name="disposition"),
    path("requests/", requests.Requests.as_view(), name="requests"),
    path("requests/<uuid:basis>/", requests.OneRequest.as_view(), name="request"),
    path("requests/<uuid:basis>/steps/", requests.StepRequest.as_view(), name="request-step"),
    path("requests/<uuid:basis>/confirm/", requests.ConfirmHold.as_view(), name="request-confirm"),
    path("exports/", exports.Exports.as_view(), name="exports"),
    path("exports/<uuid:export>/", exports.OneExport.as_view(), name="export"),
    path("exports/<uuid:export>/approve/", exports.ApproveExport.as_view(), name="export-approve"),
    path("exports/<uuid:export>/stop/", exports.StopExport.as_view(), name="export-stop"),
    path("exports/<uuid:export>/package/", exports.ExportPackage.as_view(), name="export-package"),
    path("grants/<uuid:grant>/recipients/", bulletins.Recipients.as_view(), name="grant-recipients"),
    path("bulletins/", bulletins.Bulletins.as_view(), name="bulletins"),
    path("bulletins/<uuid:bulletin>/revoke/", bulletins.RevokeBulletin.as_view(), name="bulletin-revoke"),
    path("proposals/", waiting.Proposals.as_view(), name="proposals"),
    path("proposals/<uuid:proposal>/", waiting.OneProposal.as_view(), name="proposal"),
    path("obligations/", waiting.Obligations.as_view(), name="obligations"),
    path("entries/", log.Entries.as_view(), name="entries"),
    path("entries/<uuid:entry>/", log.OneEntry.as_view(), name="entry"),
    path("entries/<uuid:entry>/receipt/", log.Receipt.as_view(), name="receipt"),
    path("decisions/", log.Decisions.as_view(), name="decisions"),
]
