"""Every address of the site. Each is swept by a test with each role and method."""

from __future__ import annotations

from django.urls import include, path

from evidence.catalogue import views as catalogue
from evidence.playback import views as playback
from policy.accounts import opening, passkeys, people
from policy.accounts import own_sessions as own
from policy.accounts import views as accounts
from rtcc import health_views as health
from rtcc import metrics
from rtcc.api import token_pages as tokens
from rtcc.dispatch import unit_views as units
from rtcc.dispatch import views as dispatch
from rtcc.dispatch.exigent import exigent
from rtcc.live import kill_switch as stop
from rtcc.live import views as live
from rtcc.oversight import views as oversight
from rtcc.pages import views as pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("sign-in/demo/", accounts.sign_in_demo, name="sign-in-demo"),
    # These two are named as allauth looks for them.
    path("sign-in/password/", accounts.password, name="account_login"),
    path("sign-in/code/", accounts.code, name="mfa_authenticate"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("session/seen/", accounts.seen, name="session-seen"),
    path("welcome/<str:token>/", opening.welcome, name="welcome"),
    path("account/authenticator/", opening.authenticator, name="authenticator"),
    path("account/recovery-codes/", opening.recovery_codes, name="recovery-codes"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("status/", health.status, name="status"),
    path("accounts/locked/", people.locked, name="accounts-locked"),
    path("accounts/<uuid:person>/release/", people.release, name="account-release"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="people-invite"),
    path("people/<uuid:person>/role/", people.give, name="people-give"),
    path("people/<uuid:person>/link/", people.new_link, name="people-link"),
    path("people/memberships/<uuid:membership>/end/", people.end, name="people-end"),
    path("people/proposals/<uuid:proposal>/approve/", people.approve, name="people-approve"),
    path("people/proposals/<uuid:proposal>/do/", people.carry_out, name="people-do"),
    path("policy/", include("policy.publishing.urls")),
    path("incidents/", dispatch.incidents, name="incidents"),
    path("incidents/new/", dispatch.new_incident, name="incident-new"),
    path("incidents/<uuid:basis>/watch/", dispatch.watch, name="incident-watch"),
    path("incidents/<uuid:basis>/verify/", dispatch.verify, name="incident-verify"),
    path("incidents/<uuid:basis>/units/", units.units, name="incident-units"),
    path("incidents/<uuid:basis>/units/<uuid:assignment>/clear/", units.clear, name="incident-unit-clear"),
    path("due/", dispatch.due, name="due"),
    path("due/<uuid:obligation>/", dispatch.justify, name="due-justify"),
    path("wall/", live.wall, name="wall"),
    path("live/open/", live.open_tile, name="live-open"),
    path("live/close/", live.close_tile, name="live-close"),
    path("live/renew/", live.renew, name="live-renew"),
    path("live/exigent/", exigent, name="live-exigent"),
    path("live/bookmark/", live.bookmark, name="live-bookmark"),
    path("kill-switch/", stop.kill_switch, name="kill-switch"),
    path("kill-switch/throw/", stop.throw, name="kill-switch-throw"),
    path("kill-switch/propose/", stop.propose, name="kill-switch-propose"),
    path("kill-switch/<uuid:proposal>/agree/", stop.agree, name="kill-switch-agree"),
    path("kill-switch/<uuid:proposal>/lift/", stop.lift, name="kill-switch-lift"),
    path("entries/<uuid:entry>/", oversight.entry, name="entry"),
    path("entries/<uuid:entry>/receipt/", oversight.receipt, name="entry-receipt"),
    path("oversight/", include("rtcc.oversight.urls")),
    path("partner/", include("rtcc.partners.urls")),
    path("board/", include("rtcc.board.urls")),
    path("exports/", include("evidence.exports.urls")),
    path("retention/", include("rtcc.retention.urls")),
    path("requests/", include("evidence.records.urls")),
    path("request/", include("evidence.records.public_urls")),
    path("playback/", include("evidence.playback.urls")),
    path("bulletins/", include("rtcc.bulletins.urls")),
    path("", include("rtcc.bulletins.inbox_urls")),
    path("cameras/<uuid:camera>/footage/", playback.camera_footage, name="camera-footage"),
    path("cameras/", include("cameras.urls")),
    path("log/minute/<str:day>/<str:time>", catalogue.minute_leaves, name="minute-leaves"),
    path("api/v1/", include("rtcc.api.urls")),
    path("account/sessions/", own.own_sessions, name="own-sessions"),
    path("account/sessions/end-others/", own.end_others, name="own-sessions-end-others"),
    path("account/sessions/<uuid:session>/end/", own.end_own, name="own-session-end"),
    path("account/passkeys/", passkeys.passkeys, name="passkeys"),
    path("account/passkeys/<int:passkey>/rename/", passkeys.rename, name="passkey-rename"),
    path("account/passkeys/<int:passkey>/remove/", passkeys.remove, name="passkey-remove"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<uuid:token>/revoke/", tokens.revoke, name="token-revoke"),
    path("log/", include("audit.urls")),
    path("public/", include("rtcc.public.urls")),
]

handler400 = "rtcc.pages.views.bad_request"
handler403 = "rtcc.pages.views.forbidden"
handler404 = "rtcc.pages.views.not_found"
handler500 = "rtcc.pages.views.server_error"
