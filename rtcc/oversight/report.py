"""The access report: who watched what, when, how long, why and under which rule.

A row is one access: the entry that opened it, and the entry that says how it ended, once there is one. Each
page takes a constant number of queries, and each entry behind a row is proved (`rtcc.oversight.reading`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from audit import search
from audit.vocabulary import Event, Outcome
from cameras.models import Camera
from evidence.models import Playback
from policy import publish
from policy.facttypes import FOOTAGE
from policy.publish import PolicyTampered
from policy.vocabulary import OffenceClass, Purpose
from rtcc.live.models import Viewing
from rtcc.oversight.question import Asked
from rtcc.oversight.reading import Proof, Proved, instant, read
from rtcc.oversight.tiers import Reader

PAGE = 50
OPENS = frozenset({Event.VIEW_PERMITTED, Event.EXIGENT_OPENED, Event.PLAYBACK_PERMITTED})
# They say how an access went on, and are shown in the row of the entry that opened it.
FOLLOWS = frozenset({Event.VIEW_CONTINUED, Event.VIEW_ENDED, Event.PLAYBACK_ENDED})
_NOTHING = ("none", "unknown", None)


@dataclass(frozen=True)
class Row:
    """One access as the reader may see it. Empty text: not known, or not for this reader."""

    entry: UUID
    end_entry: UUID | None
    leaf: int | None
    at: datetime | None
    until: datetime | None
    event: str
    action: str
    outcome: str
    who: str
    who_filter: str
    role: str
    cameras: tuple[str, ...]
    refused: tuple[str, ...]
    footage: tuple[datetime, datetime] | None
    seconds: int | None
    bytes: int | None
    exact: bool
    purpose: str
    offence: str
    number: str
    basis_kind: str
    verification: str
    exigent: bool
    reason: str
    rules: tuple[str, ...]
    rule_sentence: str
    seeded: bool
    running: bool
    proof: Proof
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Rows, newest first, and where the list goes on."""

    rows: tuple[Row, ...]
    after: UUID | None
    entries: int
    mismatches: int


@dataclass
class _Access:
    """The entries of one access, as far as they were found."""

    root: UUID
    end: UUID | None = None
    latest: UUID | None = None
    opening: Proved | None = None
    ending: Proved | None = None


def page(reader: Reader, asked: Asked, *, size: int = PAGE) -> Page:
    """One page of the answer."""
    question = asked.search(reader, limit=size + 1)
    found = search.entries(question)
    after = found[size - 1] if len(found) > size else None
    found = found[:size]
    known = read(found)
    accesses = _accesses(known, question)
    beside = {key for each in accesses for key in (each.root, each.end, each.latest) if key} - known.keys()
    known |= read(beside)
    for each in accesses:
        each.opening = known.get(each.root)
        each.ending = known.get(each.end or each.latest or each.root)
    watched = asked.what == "watching"
    kept = [
        each for each in accesses if each.opening is not None and (not watched or _is_watching(each.opening))
    ]
    names = _camera_names(each.opening for each in kept)
    rows = [row for each in kept if (row := _row(each, reader, names)) is not None]
    rows.sort(key=lambda row: row.entry, reverse=True)
    return Page(tuple(rows), after, len(known), sum(row.proof is Proof.MISMATCH for row in rows))


def _is_watching(opening: Proved) -> bool:
    """A refusal counts where it was footage that was refused."""
    return opening.said.get("event") != Event.ACT_REFUSED or opening.said.get("action") in FOOTAGE


def _accesses(known: dict[UUID, Proved], question: search.Question) -> list[_Access]:
    """Accesses of the found entries, each once, at the place of its newest entry that answers."""
    roots = {key: _root(row) for key, row in known.items()}
    ends = _ends(known.values())
    wanted = [end for end in set(ends.values()) if end not in known]
    answering = set(
        search.entries(replace(question, entries=wanted, before=None, limit=len(wanted))) if wanted else ()
    )
    found: dict[UUID, _Access] = {}
    for key in sorted(known, reverse=True):
        root, event = roots[key], known[key].said.get("event")
        if event == Event.VIEW_CONTINUED and known[key].said.get("outcome") == Outcome.DENY:
            # What was taken out of an access while it ran is told in a row of its own.
            found[key] = _Access(key)
            continue
        end = ends.get(root)
        # The row stands where its end stands, if that answers too: on this page or on an earlier one.
        if end is not None and end != key and end in answering and end not in known:
            continue
        access = found.setdefault(root, _Access(root, end))
        if event in FOLLOWS and access.latest is None:
            access.latest = key
    return list(found.values())


def _root(row: Proved) -> UUID:
    """The entry that opened what this entry is about."""
    parent = row.said.get("parent")
    return UUID(parent) if parent and row.said.get("event") in FOLLOWS else row.entry


def _ends(rows: Iterable[Proved]) -> dict[UUID, UUID]:
    """For each access that has ended: its opening entry and its ending one. Two queries."""
    permits = {UUID(row.said["permit"]) for row in rows if row.said.get("permit")}
    if not permits:
        return {}
    pairs: list[tuple[UUID, UUID]] = []
    for model in (Viewing, Playback):
        ended = model.objects.filter(permit_id__in=permits, ended_entry__isnull=False)
        pairs += ended.values_list("entry", "ended_entry")
    return dict(pairs)


def _camera_names(openings: Iterable[Proved | None]) -> dict[str, str]:
    ids = {camera for each in openings if each for camera in each.said.get("cameras") or ()}
    rows = Camera.objects.with_ids([UUID(camera) for camera in ids]).values_list("id", "name")
    return {str(key): name for key, name in rows}


def _row(access: _Access, reader: Reader, names: dict[str, str]) -> Row | None:
    opening, ending = access.opening, access.ending
    assert opening is not None
    assert ending is not None
    said, ended = reader.sees(opening.said), reader.sees(ending.said)
    if not said:
        return None
    cameras, refused = split_cameras(said)
    # Where only others' cameras were shown, what followed is not for this owner.
    own_end = ending is not opening and bool(ended)
    faults = [*opening.faults, *(ending.faults if own_end else ())]
    waiting = Proof.WAITING in (opening.proof, ending.proof)
    proof = Proof.MISMATCH if faults else Proof.WAITING if waiting else Proof.PROVED
    outcome = str(said.get("outcome") or "")
    footage = (instant(said.get("footage_from")), instant(said.get("footage_to")))
    return Row(
        entry=opening.entry,
        end_entry=ending.entry if own_end else None,
        leaf=opening.leaf,
        at=opening.time,
        until=ending.time if own_end else None,
        event=str(said.get("event") or ""),
        action=str(said.get("action") or ""),
        outcome=str(Outcome.DENY) if refused and not cameras else outcome,
        who=who(said),
        who_filter=who_filter(said, reader),
        role=str(said.get("actor_role") or "").replace("_", " "),
        cameras=tuple(names.get(camera, camera) for camera in cameras),
        refused=tuple(names.get(camera, camera) for camera in refused),
        footage=(footage[0], footage[1]) if footage[0] and footage[1] else None,
        seconds=ended.get("seconds") if own_end else None,
        bytes=ended.get("bytes") if own_end else None,
        exact=ended.get("exact") is not False,
        purpose=_word(said.get("purpose"), Purpose),
        offence=_word(said.get("offence_class"), OffenceClass),
        number=str(said.get("basis_number") or ""),
        basis_kind=str(said.get("basis_kind") or ""),
        verification=str(said.get("basis_verification") or ""),
        exigent=bool(said.get("exigent")) or said.get("event") == Event.EXIGENT_OPENED,
        reason=str(said.get("reason") or ""),
        rules=tuple(said.get("rules") or ()) if cameras or not refused else _rules_of(said),
        rule_sentence=str(said.get("rule_sentence") or "") or _why_refused(opening.said, said),
        seeded=bool(said.get("seeded")),
        running=said.get("event") in OPENS and access.end is None,
        proof=proof,
        faults=tuple(faults),
    )


def split_cameras(seen: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The cameras that were shown, and those asked for beside them and refused."""
    refused = {ref.partition(":")[2] for ref in seen.get("refused") or ()}
    asked = [str(camera) for camera in seen.get("cameras") or ()]
    return [each for each in asked if each not in refused], [each for each in asked if each in refused]


def _rules_of(said: Mapping[str, Any]) -> tuple[str, ...]:
    """The rules that refused all that this reader sees of it."""
    return tuple(sorted(set((said.get("refused") or {}).values())))


def _why_refused(whole: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    """Where other cameras were shown by the same act, the entry names the rule; the version has its words."""
    rules = _rules_of(said)
    if len(rules) != 1 or not whole.get("policy"):
        return ""
    try:
        return publish.says(str(whole["policy"]), rules[0])
    except PolicyTampered:
        return ""  # The status page and the start tell of it; what the log says is shown all the same.


def _word(value: Any, words: type[Any]) -> str:
    return str(words(value)).replace("_", " ") if value not in _NOTHING else ""


def who(said: dict[str, Any]) -> str:
    """Whom the reader is told of: a name, a process, or the year's pseudonym."""
    if said.get("actor_name"):
        return str(said["actor_name"])
    actor = said.get("actor")
    if actor and str(actor).startswith("system:"):
        return f"the system ({str(actor).removeprefix('system:')})"
    if said.get("actor_pseudonym"):
        return f"person {said['actor_pseudonym'][:8]}"
    return "somebody"


def who_filter(said: dict[str, Any], reader: Reader) -> str:
    """What the filter for persons finds this one by."""
    actor = str(said.get("actor") or "")
    if actor.startswith("system:"):
        return actor
    if reader.names and said.get("actor_name"):
        return str(said["actor_name"])
    return str(said.get("actor_pseudonym") or "")
