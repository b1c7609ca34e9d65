"""An owner's program hands in the file that it is asked for, and reads what was handed in.

`POST /api/v1/asks/<ask>/files/?name=gate.mp4&from=2026-11-20T17:00:30Z` with a token, the file as the body.
It comes in by the door beside Django (`rtcc.partners.receive`), so the schema is told of it here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from policy import scopes
from policy.actors import Whereabouts
from policy.models import Person
from policy.vocabulary import Action
from rtcc.api import tokens
from rtcc.api.asks import asks_of
from rtcc.api.fields import Instant
from rtcc.api.lists import one
from rtcc.api.middleware import BEARER
from rtcc.errors import BadInput, Refused
from rtcc.middleware import PROBLEM, problem_for_programs
from rtcc.partners.models import Upload
from rtcc.partners.receive import ASK, Comer, Door, seat, sitting
from rtcc.partners.vocabulary import ClockReading


class UploadOut(serializers.ModelSerializer[Upload]):
    """One file that an owner handed in."""

    clock = serializers.ChoiceField(choices=[each.value for each in ClockReading])

    class Meta:
        model = Upload
        fields = ("id", "at", "name", "bytes", "sha256", "media_type", "codec", "width",
                  "height", "duration_s", "claimed_starts_at", "measured_starts_at", "clock", "asset",
                  "entry")  # fmt: skip


class AskFiles(APIView):
    """What the owner handed in for an ask, the first file first."""

    @extend_schema(responses=UploadOut(many=True))
    def get(self, request: Request, ask: UUID) -> Response:
        row = one(asks_of(cast(Person, request.user)), id=ask)
        return Response(UploadOut(row.uploads.order_by("at"), many=True).data)


class NoToken(Refused):
    """No token, or one that opens nothing."""

    code = "bad_token"
    status = 401
    headers = MappingProxyType({"WWW-Authenticate": 'Bearer realm="watchlight", error="invalid_token"'})


def _by_token(scope: dict[str, Any], headers: Mapping[str, str]) -> Comer:
    """The person of the token. Raises NoToken, or Denied where the token was not made for this."""
    given = headers.get("authorization", "")
    if not given.lower().startswith(BEARER):
        raise NoToken("A file is handed in here with an API token.")
    device, address = seat(scope, headers)
    try:
        found = tokens.use(given[len(BEARER) :].strip(), device=device, address=address)
    except tokens.BadToken as error:
        raise NoToken(str(error)) from error
    session = found.session
    comer = Comer(
        found.token.person, Whereabouts(str(session.id), session.mfa, device, address, found.scopes)
    )
    with sitting(comer.where):
        scopes.require(Action.UPLOAD_FOOTAGE, comer.person)
    return comer


def _instant(given: Mapping[str, str]) -> datetime:
    """When the first picture was taken. Raises BadInput."""
    try:
        found: datetime = Instant().run_validation(given.get("from", ""))
    except serializers.ValidationError as error:
        raise BadInput(
            "Say when the first picture was taken, such as 2026-11-20T17:00:30Z. (In an address, a + is"
            " written %2B.)",
            field="from",
        ) from error
    return found


PROGRAM = Door(re.compile(f"/api/v1/asks/{ASK}/files/"), _by_token, _instant, problem_for_programs)


def into_schema(result: dict[str, Any], **generator: Any) -> dict[str, Any]:
    """Tell the schema of the POST, which no view of Django answers (a hook of drf-spectacular)."""
    address = result["paths"]["/api/v1/asks/{ask}/files/"]
    instant = {"type": "string", "format": "date-time"}
    result["components"]["schemas"]["HandedIn"] = {
        "type": "object",
        "description": "What stands now.",
        "properties": {
            "upload": {"type": "string", "format": "uuid"},
            "sha256": {"type": "string", "description": "of the file as it came, in hexadecimal digits"},
            "entry": {"type": "string", "format": "uuid", "description": "the entry that says so"},
        },
        "required": ["upload", "sha256", "entry"],
    }
    address["post"] = {
        "operationId": "asks_files_create",
        "description": "The owner hands in a recording. It is looked into and sealed under a key of its own."
        " The same file twice for one ask is refused.",
        "tags": address["get"]["tags"],
        "security": address["get"]["security"],
        "parameters": [
            *(each for each in address["get"]["parameters"] if each["in"] == "path"),
            _parameter("name", {"type": "string"}, "the file's name; its end says what it is"),
            _parameter("from", instant, "when the first picture was taken, by the recorder's own clock"),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
        "responses": {
            "201": {
                "description": "It stands.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HandedIn"}}},
            },
            "default": {
                "description": "It was not taken; the problem says why.",
                "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
    return result


def _parameter(name: str, schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": schema, "required": True, "description": says}
