"""`/healthz` and `/readyz` for machines, `/status/` for the operator."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from policy import offers
from policy.accounts.demo import FORWARDING, is_loopback
from policy.facts import SYSTEM
from policy.models import Person
from policy.vocabulary import Action
from rtcc import metrics
from rtcc.errors import NotFound
from rtcc.health import Health, State, health

ALIVE, READY, METRICS = "/healthz", "/readyz", "/metrics"
_LEVEL = {State.OK: "good", State.WARNING: "warn", State.FAILED: "bad"}
_URGENCY = {State.FAILED: 0, State.WARNING: 1, State.OK: 2}


def _is_here(request: HttpRequest) -> bool:
    """Whether whoever asks sits on this machine, with nothing in between."""
    return is_loopback(request) and not any(header in request.headers for header in FORWARDING)


def _as_lines(found: Health) -> HttpResponse:
    """JSON with one line for each part, so that it can be read and searched without a tool."""
    said = found.as_json()
    lines = [f"    {json.dumps(name)}: {json.dumps(part)}" for name, part in said["parts"].items()]
    head = (
        f'{{\n  "status": {json.dumps(said["status"])},\n  "checked_at": {json.dumps(said["checked_at"])},\n'
    )
    body = head + '  "parts": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    status = 503 if found.state is State.FAILED else 200
    answer = HttpResponse(body, content_type="application/json", status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _alive() -> HttpResponse:
    answer = HttpResponse('{"status": "alive"}\n', content_type="application/json")
    answer["Cache-Control"] = "no-store"
    return answer


class AnswerHealth:
    """Before everything else: a machine that asks needs no session, no database and no host name."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            if request.path == ALIVE:
                return _alive()
            if request.path == READY and _is_here(request):
                return _as_lines(health())
            if request.path == METRICS and _is_here(request):
                return metrics.answer()
        return self.get_response(request)


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return _alive()


def _require_operator(request: HttpRequest) -> None:
    person: Any = request.user
    if not isinstance(person, Person) or not offers.is_offered(person, Action.ADMINISTER, SYSTEM):
        raise NotFound()


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Every part, to an operator; who asks from the machine itself is answered before it comes here."""
    _require_operator(request)
    return _as_lines(health())


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """What is wrong, and what to do about it at three in the morning."""
    _require_operator(request)
    found = health()
    worst_first = sorted(found.parts, key=lambda part: _URGENCY[part.state])
    parts = [{"part": part, "level": _LEVEL[part.state]} for part in worst_first]
    context = {"health": found, "parts": parts}
    template = "status_parts.html" if request.headers.get("HX-Request") else "status.html"
    return render(request, template, context)
