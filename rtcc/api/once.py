"""POSTs that may be sent again (Idempotency-Key, draft-ietf-httpapi-idempotency-key-header-07).

The first sending claims the key in a transaction of its own and answers; a second one with the same key is
given the same answer and does nothing. An attempt that changed nothing gives its key back. One whose end
nobody saw is never done again: what it did is in the log, and the sentence says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from policy.models import Person
from rtcc import clock
from rtcc.api.middleware import ROOT, refuse
from rtcc.api.models import Sent

HEADER = "Idempotency-Key"
KEPT = timedelta(days=1)
LONGEST_KEY = 200
_UNAVAILABLE = 503


class SentOnce:
    """One key does one thing, however often it is sent."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.headers.get(HEADER, "")
        person = getattr(request, "user", None)
        if not key or request.method != "POST" or not request.path.startswith(ROOT):
            return self.get_response(request)
        if not isinstance(person, Person):
            return self.get_response(request)
        if len(key) > LONGEST_KEY or not key.isprintable():
            return refuse(400, f"An {HEADER} has at most {LONGEST_KEY} printable characters.", "bad_input")
        digest = _digest(request)
        row, is_first = _claim(person, key, digest)
        return self._first(request, row) if is_first else _again(row, digest)

    def _first(self, request: HttpRequest, row: Sent) -> HttpResponse:
        response = self.get_response(request)
        if 400 <= response.status_code < 500 or response.status_code == _UNAVAILABLE:
            # Nothing was changed (an act that fails rolls back): the same key may try again.
            row.delete()
        elif response.status_code < 400:
            row.status, row.body = response.status_code, response.content
            row.content_type = response.get("Content-Type", "")[:100]
            row.save(update_fields=["status", "body", "content_type"])
        return response


def _digest(request: HttpRequest) -> str:
    said = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    said.update(request.body)
    return said.hexdigest()


def _claim(person: Person, key: str, digest: str) -> tuple[Sent, bool]:
    with transaction.atomic(durable=True):
        Sent.objects.filter(person=person, key=key, at__lt=clock.now() - KEPT).delete()
        row, made = Sent.objects.get_or_create(
            person=person, key=key, defaults={"request_sha256": digest, "at": clock.now()}
        )
    return row, made


def _again(row: Sent, digest: str) -> HttpResponse:
    if row.request_sha256 != digest:
        return refuse(422, f"This {HEADER} was sent with another request. Use a new one.", "key_reused")
    if row.status is None:
        return refuse(
            409,
            "The first sending of this key has not answered. Look whether the thing is there before you send"
            " it again with a new key.",
            "in_progress",
        )
    again = HttpResponse(bytes(row.body), status=row.status, content_type=row.content_type)
    again["Idempotent-Replayed"] = "true"
    return again


def tidy() -> int:
    """Forget what was answered more than a day ago."""
    return Sent.objects.filter(at__lt=clock.now() - KEPT).delete()[0]
