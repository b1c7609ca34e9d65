"""What the form of an export begins with: for a request that was looked into, all of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from cameras.models import Camera
from evidence.records import absence
from evidence.records.absence import FindingKind
from evidence.records.looking import read_one
from evidence.records.models import Request
from evidence.records.vocabulary import RequestKind
from policy.models import Basis
from policy.vocabulary import Recipient
from rtcc import clock
from rtcc.local_time import typed_as

# To whom an answer to a request of a kind goes; empty where only the paper itself says it.
_GOES_TO: Mapping[RequestKind, Recipient | None] = {
    RequestKind.RECORDS_REQUEST: Recipient.PUBLIC,
    RequestKind.PERSON_IN_VIDEO: Recipient.PUBLIC,
    RequestKind.CIVIL_CLAIM: Recipient.PUBLIC,
    RequestKind.PROSECUTOR: Recipient.PROSECUTOR,
    RequestKind.DISCOVERY: Recipient.COUNSEL,
    RequestKind.DEFENCE_SUBPOENA: Recipient.COUNSEL,
    RequestKind.WARRANT: Recipient.COURT,
    RequestKind.CIVIL_SUBPOENA: Recipient.COUNSEL,
    RequestKind.PRESERVATION_LETTER: None,
    RequestKind.IMMIGRATION_SUBPOENA: None,
    RequestKind.INTERNAL_AFFAIRS: Recipient.INTERNAL_AFFAIRS,
    RequestKind.OVERSIGHT: None,
    RequestKind.PARTNER_OWNER: Recipient.PARTNER,
    RequestKind.MEDIA: Recipient.PUBLIC,
    RequestKind.OTHER_AGENCY: Recipient.OTHER_AGENCY,
}


def initial(request: HttpRequest, bases: list[Basis]) -> dict[str, Any]:
    """From the address: ``basis`` and, over what a request says, ``camera`` (codes), ``from`` and ``to``.

    Filling in from a request is reading it: under the same permit, with the same entry, as its page. Raises
    Denied.
    """
    basis = next((row for row in bases if str(row.id) == request.GET.get("basis", "")), None)
    said: dict[str, Any] = {"basis": str(basis.id) if basis else ""}
    if basis is not None and Request.objects.filter(basis=basis).exists():
        said |= _of_request(read_one(request, basis.id)[1])
    codes = [code.replace("\x00", "") for code in request.GET.getlist("camera")]
    if codes:
        cameras = Camera.objects.filter(code__in=codes).values_list("id", flat=True)
        said["cameras"] = [str(camera) for camera in cameras]
    for name, given in (("starts_at", "from"), ("ends_at", "to")):
        if request.GET.get(given):
            said |= _typed(name, request.GET[given])
    return said


def _typed(name: str, text: str) -> dict[str, str]:
    """A time of the address: an instant with its offset, or what the city's clock showed."""
    try:
        found = datetime.fromisoformat(text)
        return typed_as(name, found, clock.city()) if found.tzinfo else {name: text}
    except (ValueError, OverflowError):
        return {}


def _of_request(row: Request) -> dict[str, Any]:
    """Cameras that have something of it, its time, who asks, and under what."""
    there = {each.camera for each in absence.findings(row) if each.kind is FindingKind.THERE}
    office = f", {row.organisation}" if row.organisation else ""
    goes_to = _GOES_TO[RequestKind(row.kind)]
    return {
        "cameras": [str(camera) for camera in there if camera],
        **typed_as("starts_at", row.starts_at, clock.city()),
        **typed_as("ends_at", row.ends_at, clock.city()),
        "recipient_class": str(goes_to) if goes_to else "",
        "recipient": f"{row.requester}{office}"[:200],
        "standard": row.law,
        "reason": f"Answer to {row.number}: {row.kind_says.lower()}",
    }
