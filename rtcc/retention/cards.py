"""What the pages of retention are given: rows with names, words and links in place of ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cameras.models import Camera
from evidence.models import Disposition, Keep, Segment
from evidence.records.models import Request
from evidence.records.vocabulary import HOLD_SAYS
from evidence.retention import dispositions
from evidence.retention.due import DueHour
from evidence.retention.states import KEEP_SAYS, KeepKind
from policy import proposals
from policy.models import Membership, Organisation, Person, Proposal
from policy.vocabulary import Action, Kind, OrganisationClass, Ref, Role
from rtcc import clock
from rtcc.config import config

RELEASE_ROLES = frozenset({Role.RECORDS_OFFICER, Role.LEGAL_REVIEWER})
HOLD_ROLES = RELEASE_ROLES | {Role.SUPERVISOR}
APPROVE_ROLES = frozenset({Role.SUPERVISOR, Role.LEGAL_REVIEWER, Role.AUDITOR})


@dataclass(frozen=True)
class Reader:
    """Who looks. What they are offered is a convenience: guard alone decides."""

    person: Person
    roles: frozenset[Role]
    agencies: tuple[UUID, ...]
    oversees: bool

    @classmethod
    def of(cls, person: Person) -> Reader:
        rows = list(
            Membership.objects.of_person(person.id).valid_at(clock.now()).select_related("organisation")
        )
        kinds = {row.organisation.kind for row in rows}
        return cls(
            person,
            frozenset(Role(row.role) for row in rows),
            tuple(row.organisation_id for row in rows),
            OrganisationClass.OVERSIGHT in kinds,
        )

    def keeps(self) -> Any:
        """Keeps that this person may know of: those of their own agency; oversight knows all."""
        return Keep.objects.all() if self.oversees else Keep.objects.of_agencies(self.agencies)


def names_of(cameras: Iterable[UUID]) -> dict[UUID, Camera]:
    found: dict[UUID, Camera] = Camera.objects.in_bulk(list(set(cameras)))
    return found


def due_rows(hours: Sequence[DueHour], reader: Reader, now: datetime) -> list[dict[str, Any]]:
    """Rows of the page of what is due. Keeps of others are counted and not named."""
    cameras = names_of(hour.camera for hour in hours)
    known = set(reader.keeps().values_list("id", flat=True))
    rows = []
    for hour in hours:
        keeps = {each.keep_id: each.keep for each in hour.keeps}
        rows.append(
            {
                "camera": cameras.get(hour.camera),
                "hour": hour,
                "overdue": hour.due_from <= now,
                "keeps": [keep_words(keep) for key, keep in keeps.items() if key in known],
                "others": sum(1 for key in keeps if key not in known),
                "why": rule_words(hour),
            }
        )
    return rows


def rule_words(hour: DueHour) -> str:
    """Why it is due then: "kept 30 days", and who says so."""
    return f"kept {hour.rule.value} {hour.rule.unit}" if hour.rule else hour.rule_id


def keep_words(keep: Keep) -> dict[str, Any]:
    """One keep in a list."""
    return {
        "keep": keep,
        "kind": KEEP_SAYS[KeepKind(keep.kind)],
        "title": keep.matter or (keep.basis.number if keep.basis and keep.basis.number else "number follows"),
        "standing": keep.released_at is None and (keep.expires_at is None or keep.expires_at > clock.now()),
        "review_due": keep.review_by is not None
        and keep.released_at is None
        and keep.review_by < clock.now(),
    }


def request_words(keep: Keep) -> dict[str, Any]:
    """The request that a hold was placed for, and whether a supervisor still has to confirm it."""
    row = next(iter(keep.requests.all()), None)
    return {"asked_by": row, "request_says": HOLD_SAYS[row.hold_state()] if row else ""}


def keep_row(keep: Keep) -> dict[str, Any]:
    """One keep in the list of holds, with its cameras and time. Its intervals are loaded."""
    intervals = list(keep.intervals.all())
    starts_at = min(each.starts_at for each in intervals)
    ends_at = max(each.ends_at for each in intervals)
    return (
        keep_words(keep)
        | request_words(keep)
        | {
            "cameras": len({each.camera for each in intervals}),
            "starts_at": starts_at,
            "ends_at": ends_at,
            "same_day": starts_at.astimezone(config.city_zone).date()
            == ends_at.astimezone(config.city_zone).date(),
        }
    )


def keep_page(keep: Keep, reader: Reader) -> dict[str, Any]:
    """The page of one keep: what it holds, what of that is there, and its release."""
    intervals = list(keep.intervals.all())
    cameras = names_of(each.camera for each in intervals)
    rows = []
    for each in intervals:
        footage = Segment.objects.of_camera(each.camera).overlapping(each.starts_at, each.ends_at)
        rows.append(
            {
                "interval": each,
                "camera": cameras.get(each.camera),
                "there": footage.standing().count(),
                "destroyed": Disposition.objects.decided()
                .of_camera(each.camera)
                .overlapping(each.starts_at, each.ends_at)[:20],
            }
        )
    asked = [_proposal(row, reader) for row in _proposals_of(keep)]
    needed_by = Request.objects.needing(keep.id).select_related("basis").first()
    may = keep.is_hold and keep.released_at is None and bool(reader.roles & RELEASE_ROLES)
    return (
        keep_words(keep)
        | request_words(keep)
        | {
            "intervals": rows,
            "proposals": asked,
            "needed_by": needed_by,
            "can_propose": may and needed_by is None and not any(each["open"] for each in asked),
        }
    )


def waiting(reader: Reader) -> list[dict[str, Any]]:
    """Releases that wait for a second person, or for being carried out, as far as the reader may know."""
    rows = {proposals.target(row).id: row for row in proposals.waiting(Action.RELEASE_HOLD)}
    keeps = reader.keeps().for_list().holds().filter(id__in=rows, released_at__isnull=True)
    return [_proposal(rows[keep.id], reader) | keep_words(keep) for keep in keeps]


def _proposals_of(keep: Keep) -> list[Proposal]:
    """Proposals to release this hold, the newest first."""
    on = proposals.payload_of(Ref(Kind.KEEP, keep.id), {})["on"]
    rows = Proposal.objects.filter(action=Action.RELEASE_HOLD, payload__on=on)
    return list(rows.select_related("proposed_by").prefetch_related("approvals__person")[:10])


def _proposal(row: Proposal, reader: Reader) -> dict[str, Any]:
    approvals = list(row.approvals.all())
    is_open = row.executed_at is None and row.expires_at > clock.now()
    own = row.proposed_by_id == reader.person.id
    said = any(each.person_id == reader.person.id for each in approvals)
    return {
        "row": row,
        "why": row.payload["words"]["why"],
        "approvals": approvals,
        "open": is_open,
        "run_out": row.executed_at is None and not is_open,
        "can_approve": is_open and not own and not said and bool(reader.roles & APPROVE_ROLES),
        "can_release": is_open and bool(approvals) and not said and bool(reader.roles & RELEASE_ROLES),
    }


def disposition_page(row: Disposition) -> dict[str, Any]:
    """The page of one disposition."""
    camera = names_of([row.camera]).get(row.camera)
    return {
        "row": row,
        "camera": camera,
        "owner": Organisation.objects.filter(id=camera.owner_id).first() if camera else None,
        "rule": dispositions.rule_of(row),
        "ranges": [
            (datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in row.ranges[:200]
        ],
        "statements": dispositions.statements(row),
        "keys": [
            (name, datetime.fromisoformat(row.keys_gone[name]) if name in row.keys_gone else None)
            for name in row.keys
        ],
        "entries": [
            (title, entry)
            for title, entry in (
                ("Decided", row.entry), ("Proved gone", row.proof_entry), ("Keys destroyed", row.keys_entry)
            )
            if entry is not None
        ],
    }  # fmt: skip
