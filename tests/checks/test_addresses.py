"""Every address x method x role: what is not listed here is refused.

A new address fails this test until somebody has said who may open it, and what an outsider is answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from policy.models import Grant, Membership, PolicyVersion
from policy.vocabulary import Action, Role
from rtcc.api.tokens import SCOPES
from rtcc.config import config
from tests.api import program, token_of
from tests.city import camera, city, incident, person
from tests.conftest import Committed

__all__ = ["city"]

NOTHING = UUID(int=7)

# Who signs in for each role of the demo city.
PEOPLE: dict[Role, str] = {
    Role.ANALYST: "ana.mercer",
    Role.SUPERVISOR: "ruth.okafor",
    Role.RECORDS_OFFICER: "grace.tamayo",
    Role.LEGAL_REVIEWER: "owen.birch",
    Role.AUDITOR: "miriam.adler",
    Role.OUTSIDE_REVIEWER: "jonah.reyes",
    Role.PARTNER: "lena.fontaine",
    Role.POLICY_OWNER: "irene.castellan",
    Role.OPERATOR: "nadia.brandt",
    Role.OFFICER: "caleb.marsh",
}


@dataclass(frozen=True)
class Address:
    """One address as the site knows it."""

    route: str
    name: str


def addresses(patterns: list[Any] | None = None, before: str = "", space: str = "") -> Iterator[Address]:
    """Every address of the site, walked from the root."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern.url_patterns, route, inner)
        elif isinstance(pattern, URLPattern):
            yield Address(route, f"{space}{pattern.name}")


# Read by everybody, signed in or not: they say nothing of a person or a camera.
PUBLIC = {
    "sign-in",
    "account_login",
    "healthz",
    # On the machine itself, where these tests sit; elsewhere to operators (test_health_parts).
    "readyz",
    "metrics",
    # Shows no picture and knows of none: link previews fetch it (test_bulletins).
    "inbox:link",
    "audit:checkpoint",
    "audit:tile",
    "audit:vkey",
    "minute-leaves",
    # Made for everybody; what they say is swept by test_public_pages.
    "public:home",
    "public:cameras",
    "public:camera",
    "public:geojson",
    "public:policy",
    "public:numbers",
    "public:log",
    "public:still-there",
    "public:destroyed",
    "public:destroyed-json",
    # The form that asks for footage, and the page that asks for a receipt's code.
    "request:ask",
    "request:receipt",
}
# What somebody who is not signed in is answered to a POST, where it is no refusal: their form again.
ANSWERED_BY_POST: dict[str, tuple[int, ...]] = {
    "sign-in-demo": (400,),
    "account_login": (200,),
    "request:ask": (200,),
    # No such code; and after some of them, not so fast.
    "request:receipt": (404, 429),
    "request:withdraw": (404, 429),
    "request:entry": (404, 429),
}
# Answered by POST alone.
POST_ONLY = {
    "sign-in-demo",
    "sign-out",
    "session-seen",
    "account-release",
    "policy:approve",
    "policy:publish",
    "policy:draft-new",
    "policy:draft-upload",
    "policy:draft-discard",
    "people-link",
    "people-end",
    "people-approve",
    "people-do",
    "incident-watch",
    "incident-verify",
    "due-justify",
    "oversight:stop",
    "board:stop",
    "board:verify",
    "board:review",
    "incident-unit-clear",
    "board:approve",
    "board:decline",
    "live-open",
    "live-close",
    "live-renew",
    "live-exigent",
    "kill-switch-throw",
    "kill-switch-propose",
    "kill-switch-agree",
    "kill-switch-lift",
    "live-bookmark",
    "bulletins:send",
    "bulletins:revoke",
    "inbox:tap",
    "inbox:answer",
    "retention:propose-release",
    "retention:approve",
    "retention:release",
    "export-approve",
    "export-stop",
    "export-download",
    "playback:open",
    "playback:close",
    "playback:bookmark",
    "partners:read",
    "partners:pause",
    "partners:resume",
    "partners:decline",
    "partners:yes",
    "partners:no",
    "partners:take-back",
    "partners:ask-to-watch",
    "token-revoke",
    "passkey-rename",
    "passkey-remove",
    "own-session-end",
    "own-sessions-end-others",
    "api:grant-renew",
    "api:grant-end",
    "api:unit-clear",
    "api:playback-close",
    "api:holds",
    "api:bulletin-revoke",
    "api:camera-pause",
    "api:camera-resume",
    "api:ask-decline",
    "api:ask-take-back",
    "api:request-step",
    "api:request-confirm",
    "api:export-approve",
    "api:export-stop",
    "api:decisions",
    "cameras:test",
    "cameras:pause",
    "cameras:resume",
    "cameras:retire",
    "requests:step",
    "requests:confirm",
    "request:withdraw",
    "request:entry",
}


@cache
def path_of(address: Address) -> str:
    """The address with ids of things that are there; they are the same in every copy of the city."""
    filled = "/" + address.route
    for words, value in (
        ("<uuid:basis>", str(incident().basis_id)),
        ("<uuid:entry>", str(NOTHING)),
        ("<uuid:version>", str(PolicyVersion.objects.latest("published_at").id)),
        ("<uuid:draft>", str(NOTHING)),
        ("<slug:key>", "retention_standard"),
        ("<str:part>", "order.cedar"),
        ("<uuid:run>", str(NOTHING)),
        ("<uuid:grant>", str(NOTHING)),
        ("<uuid:obligation>", str(NOTHING)),
        ("<uuid:assignment>", str(NOTHING)),
        ("<uuid:keep>", str(NOTHING)),
        ("<uuid:proposal>", str(NOTHING)),
        ("<uuid:permit>", str(NOTHING)),
        ("<uuid:disposition>", str(NOTHING)),
        ("<uuid:bulletin>", str(NOTHING)),
        ("<uuid:export>", str(NOTHING)),
        ("<uuid:playback>", str(NOTHING)),
        ("<uuid:camera>", str(camera("cam01").id)),
        ("<uuid:person>", str(NOTHING)),
        ("<uuid:membership>", str(NOTHING)),
        ("<uuid:session>", str(NOTHING)),
        ("<uuid:file>", str(NOTHING)),
        ("<uuid:token>", str(NOTHING)),
        ("<int:passkey>", "7"),
        ("<str:token>", "nothing"),
        ("<str:day>", "20261120"),
        ("<str:time>", "1800"),
        ("<uuid:ask>", str(NOTHING)),
        ("<str:kind>", "no-record.pdf"),
        ("<slug:code>", "cam01"),
        ("<path:path>", "0/000"),
    ):
        filled = filled.replace(words, value)
    return filled


def client(username: str | None) -> Client:
    found = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1", enforce_csrf_checks=False)
    if username:
        found.force_login(person(username), backend="policy.accounts.backend.Backend")
    return found


def test_there_is_somebody_for_each_role(city: Committed) -> None:
    held = {Role(role) for role in Membership.objects.values_list("role", flat=True)}
    assert set(PEOPLE) == held - {Role.SYSTEM} == set(Role) - {Role.SYSTEM}


def test_nobody_who_is_not_signed_in_is_shown_anything_but_what_is_public(city: Committed) -> None:
    nobody = client(None)
    for address in addresses():
        for method in ("get", "post", "put", "delete"):
            answer = getattr(nobody, method)(path_of(address))
            if address.name in PUBLIC and method == "get":
                assert answer.status_code in (200, 404, 503), address
            else:
                expected = ANSWERED_BY_POST.get(address.name, ()) if method == "post" else ()
                expected = expected or (302, 401, 403, 404, 405, 410)
                assert answer.status_code in expected, (address, method, answer.status_code)
                if answer.status_code == 302:
                    assert answer["Location"].startswith("/sign-in/"), (address, method)


@pytest.mark.parametrize("role", list(PEOPLE))
def test_no_address_breaks_for_anybody_by_any_method(city: Committed, role: Role) -> None:
    who = client(PEOPLE[role])
    for address in addresses():
        if address.name in ("sign-out", "sign-in-demo"):
            continue
        for method in ("get", "post", "put", "delete"):
            answer = getattr(who, method)(path_of(address))
            where = (address, method, answer.status_code)
            # 503 is how it says that the recorder does not run, which it does not here.
            assert answer.status_code < 500 or address.name == "readyz", where
            if method in ("put", "delete") or (method == "get" and address.name in POST_ONLY):
                assert answer.status_code in (403, 404, 405), where


def test_no_address_of_the_api_breaks_for_a_token_of_anybody(city: Committed) -> None:
    """Each role with a token for everything, and one for nothing but a look: never more than its person."""
    found = [address for address in addresses() if address.route.startswith("api/v1/")]
    assert len(found) > 20
    for username in PEOPLE.values():
        by_cookie, by_token = client(username), program(token_of(username, *SCOPES)[1])
        narrow = program(token_of(username, Action.VIEW_REGISTRY)[1])
        for address in found:
            if address.name == "api:docs":
                continue
            for method in ("get", "post"):
                own, given, less = (
                    getattr(each, method)(path_of(address), content_type="application/json").status_code
                    for each in (by_cookie, by_token, narrow)
                )
                assert own == given, (username, address, method, own, given)
                assert less == own or less == 403, (username, address, method, own, less)


WATCHERS = {Role.ANALYST, Role.SUPERVISOR}


@pytest.mark.parametrize("role", list(PEOPLE))
def test_only_those_who_may_watch_are_given_a_viewing(city: Committed, role: Role) -> None:
    answer = client(PEOPLE[role]).post(f"/incidents/{incident().basis_id}/watch/")

    expected = 302 if role in WATCHERS else 403
    assert answer.status_code == expected
    if expected == 403:
        page = answer.content.decode()
        assert "What would make it lawful" in page
        assert "This refusal is entry" in page


def test_what_is_absent_and_what_is_hidden_are_answered_alike(city: Committed) -> None:
    ana, theo = client("ana.mercer"), client("theo.lindqvist")
    ana.post(f"/incidents/{incident().basis_id}/watch/")
    hidden = theo.post("/live/renew/", {"grant": str(Grant.objects.get().id)})
    absent = theo.post("/live/renew/", {"grant": str(NOTHING)})

    assert hidden.status_code == absent.status_code == 404
    assert _without_tokens(hidden.content) == _without_tokens(absent.content)


def _without_tokens(page: bytes) -> str:
    """The page without what differs at every answer: the tokens against forged posts."""
    return re.sub(r"[A-Za-z0-9]{64}", "", page.decode())


def test_a_page_may_run_nothing_but_our_own_files(city: Committed) -> None:
    page = client("ana.mercer").get("/incidents/")
    policy = page["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "<script>" not in page.content.decode()
    assert " style=" not in page.content.decode()
    assert " onclick=" not in page.content.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"HTTP_HOST": "127.0.0.1"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"REMOTE_ADDR": "192.0.2.7"},
    ],
)
def test_the_demo_signs_nobody_in_from_elsewhere(city: Committed, change: dict[str, str]) -> None:
    headers: dict[str, Any] = {"HTTP_HOST": f"localhost:{config.port}", "REMOTE_ADDR": "127.0.0.1"}
    somebody = Client(**(headers | change))

    answer = somebody.post("/sign-in/demo/", {"person": str(person("ana.mercer").id)})

    assert answer.status_code in (400, 404)
    assert "sessionid" not in somebody.cookies


def test_the_demo_signs_in_by_post_with_its_token_alone(city: Committed) -> None:
    here = Client(enforce_csrf_checks=True, HTTP_HOST=f"localhost:{config.port}", REMOTE_ADDR="127.0.0.1")

    assert here.post("/sign-in/demo/", {"person": str(person("ana.mercer").id)}).status_code == 403
    here.get("/sign-in/")
    token = here.cookies["csrftoken"].value
    answer = here.post(
        "/sign-in/demo/", {"person": str(person("ana.mercer").id), "csrfmiddlewaretoken": token}
    )
    assert answer.status_code == 302
