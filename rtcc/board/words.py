"""The frozen words of a proposal in plain language, whatever act they are of.

Ids are shown as the names of what they name, instants on the room's clock. What is shown is read from the
same payload whose hash is approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.template.defaultfilters import filesizeformat

from cameras.models import Agreement, Camera
from evidence.models import Keep
from policy.models import Basis, Grant, Membership, Organisation, Person, Proposal
from policy.vocabulary import Action, Kind, Ref
from rtcc.pages.context import ROOM_ZONE

# How an act is asked for, where its own word would be stiff.
_ASKS: dict[str, str] = {
    str(Action.RELEASE_HOLD): "release a hold",
    str(Action.KILL_SWITCH): "lift the kill switch, so that watching goes on",
    str(Action.CHANGE_MEMBERSHIP): "give somebody an account, a role or a new link",
    str(Action.CHANGE_ERASURE): "erase fields of an entry's disclosures",
    str(Action.RECOVER_LOG): "bring back what a restore lost of the log",
    str(Action.EXPORT): "hand out footage as an export",
    str(Action.SHARE): "share footage with somebody outside",
    str(Action.HOLD): "hold footage",
    str(Action.CHANGE_POLICY): "publish a policy version",
    str(Action.LIFT_MASK): "lift a mask",
    str(Action.VIEW_LIVE): "watch live",
    str(Action.PLAYBACK): "play back footage",
}
# What a second person asks first comes first; what only machines compare comes last.
_ORDER = ("recipient", "recipient_class", "standard", "reason", "basis", "purpose", "cameras", "from", "to")
_LAST = ("bytes", "export", "drawn_sha256")
_LABELS = {
    "recipient_class": "kind of recipient",
    "standard": "legal standard",
    "bytes": "size",
    "drawn_sha256": "SHA-256 of exactly this",
}
_LONGEST = 400


@dataclass(frozen=True)
class Plain:
    """A proposal for people: what is asked, on what, and each frozen word with its name."""

    asks: str
    on: str
    lines: tuple[tuple[str, str], ...]


def plain(rows: Iterable[Proposal]) -> dict[UUID, Plain]:
    """Each proposal in plain words; seven queries for any number of them."""
    found = list(rows)
    names = _names({value for row in found for value in _values(row.payload)})
    return {row.id: _plain(row, names) for row in found}


def _plain(row: Proposal, names: Mapping[UUID, str]) -> Plain:
    on = row.payload["on"]
    ref = Ref(Kind(on["kind"]), UUID(on["id"]))
    lines = tuple(_lines(row.payload["words"], names))
    return Plain(_ASKS.get(row.action, row.action.replace("_", " ")), names.get(ref.id, ""), lines)


def _lines(
    words: Mapping[str, Any], names: Mapping[UUID, str], before: str = ""
) -> Iterator[tuple[str, str]]:
    for key in sorted(words, key=_rank):
        value = words[key]
        label = f"{before}{_LABELS.get(key, key.replace('_', ' '))}"
        if isinstance(value, Mapping):
            yield from _lines(value, names, f"{label}: ")
        elif value not in (None, "", [], {}):
            yield label, filesizeformat(value) if key == "bytes" else _said(value, names)


def _rank(key: str) -> int:
    """Where a word stands; words of one rank stay as they came."""
    if key in _ORDER:
        return _ORDER.index(key)
    return len(_ORDER) + (1 + _LAST.index(key) if key in _LAST else 0)


def _said(value: Any, names: Mapping[UUID, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        shown = ", ".join(_said(each, names) for each in value[:20])
        return f"{shown} and {len(value) - 20} more" if len(value) > 20 else shown
    if isinstance(value, Mapping):
        return "; ".join(f"{label} {text}" for label, text in _lines(value, names))
    text = str(value)
    key = _uuid(text)
    if key is not None:
        return names.get(key, text)
    return _instant(text) or (text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …").replace("_", " ")


def _instant(text: str) -> str:
    """An ISO date-time on the room's clock; empty where it is none."""
    if "T" not in text or not text[:4].isdigit():
        return ""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return f"{at.astimezone(ZoneInfo(ROOM_ZONE)):%Y-%m-%d %H:%M:%S %Z}" if at.tzinfo else text


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def _values(thing: Any) -> Iterator[UUID]:
    """Every id that stands anywhere in a payload."""
    if isinstance(thing, Mapping):
        thing = list(thing.values())
    if isinstance(thing, list):
        for each in thing:
            yield from _values(each)
    elif isinstance(thing, str) and (key := _uuid(thing)) is not None:
        yield key


def _names(ids: set[UUID]) -> dict[UUID, str]:
    """What people call the things with these ids."""
    found: dict[UUID, str] = {}
    for model in (Camera, Organisation):
        found |= {row.id: row.name for row in model.objects.filter(id__in=ids)}
    found |= {row.id: row.display_name for row in Person.objects.filter(id__in=ids)}
    found |= {row.id: row.code for row in Agreement.objects.filter(id__in=ids)}
    found |= {row.id: _basis(row) for row in Basis.objects.filter(id__in=ids)}
    memberships = Membership.objects.filter(id__in=ids).select_related("person", "organisation")
    found |= {row.id: f"{row.person}, {row.role}, {row.organisation}" for row in memberships}
    grants = Grant.objects.filter(id__in=ids).select_related("person", "basis")
    found |= {row.id: f"{row.person} on {_basis(row.basis)}" for row in grants}
    keeps = Keep.objects.filter(id__in=ids).select_related("basis")
    found |= {row.id: row.matter or (_basis(row.basis) if row.basis else row.reason) for row in keeps}
    return found


def _basis(row: Basis) -> str:
    return f"{row.kind} {row.number or 'without a number yet'} {row.title}".strip()
