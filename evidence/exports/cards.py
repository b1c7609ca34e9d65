"""What the pages of exports are given, and who may know of which export."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from audit.models import Touch as TouchRow
from evidence.exports.actions.stop_export import may_stop
from evidence.exports.draw import cameras_of, interval_of, runs_of
from evidence.exports.models import Export
from evidence.exports.states import RECIPIENT_SAYS, WORKING, ExportState
from evidence.models import AssetReading
from policy import offers
from policy.models import Basis, Membership, Person
from policy.vocabulary import Action, BasisKind, Kind, OrganisationClass, Purpose, Recipient, Ref, Role
from rtcc import clock
from rtcc.errors import NotFound

KNOW = frozenset({Role.RECORDS_OFFICER, Role.LEGAL_REVIEWER, Role.SUPERVISOR})
_MOST_ACTS = 60


def known_to(person: Person) -> Any:
    """Exports of the person's own agency, for who has to do with them; oversight knows of all."""
    rows = list(Membership.objects.of_person(person.id).valid_at(clock.now()).select_related("organisation"))
    if any(row.organisation.kind == OrganisationClass.OVERSIGHT for row in rows):
        return Export.objects.all()
    agencies = [row.organisation_id for row in rows if Role(row.role) in KNOW]
    if not agencies:
        raise NotFound()
    return Export.objects.filter(basis__agency_id__in=agencies)


def find(person: Person, export: UUID) -> Export:
    row: Export | None = known_to(person).for_list().filter(id=export).first()
    if row is None:
        raise NotFound()
    return row


def bases_for(person: Person) -> list[Basis]:
    """Open requests and cases of the person's agency, for which they may ask for exports."""
    memberships = Membership.objects.of_person(person.id).valid_at(clock.now())
    agencies = list(memberships.filter(role=Role.RECORDS_OFFICER).values_list("organisation_id", flat=True))
    rows = Basis.objects.filter(
        agency_id__in=agencies, kind__in=[BasisKind.REQUEST, BasisKind.CASE], closed_at__isnull=True
    )
    return list(rows.order_by("-opened_at"))


def row_of(row: Export) -> dict[str, Any]:
    """One export in the list."""
    starts_at, ends_at = interval_of(row.drawn)
    return {
        "row": row,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "cameras": len(cameras_of(row.drawn)),
        "working": row.state in WORKING,
        "recipient_says": RECIPIENT_SAYS[Recipient(row.recipient_class)],
        "tone": _tone(row),
    }


def _tone(row: Export) -> str:
    if row.state == ExportState.READY:
        return "good"
    if row.state in (ExportState.REFUSED, ExportState.FAILED):
        return "bad"
    return "plain" if row.state == ExportState.STOPPED or row.runs_out_unseen else "warn"


def page(row: Export, person: Person) -> dict[str, Any]:
    """The page of one export."""
    approvals = list(row.proposal.approvals.select_related("person"))
    open_still = row.state == ExportState.PROPOSED and not row.runs_out_unseen
    said = any(each.person_id == person.id for each in approvals)
    asked = Ref(Kind.PROPOSAL, row.proposal_id)
    return row_of(row) | {
        "files": [_file(span, run) for span, run in runs_of(row.drawn)],
        "gaps": [_times(span, gap) for span in row.drawn["spans"] for gap in span["gaps"]],
        "destroyed": [_times(span, each) for span in row.drawn["spans"] for each in span["destroyed"]],
        "asked_for": [
            {"name": s["name"], "from": _at(s["asked_from"]), "to": _at(s["asked_to"])}
            for s in row.drawn["spans"]
        ],
        "asked_alike": len({(s["asked_from"], s["asked_to"]) for s in row.drawn["spans"]}) == 1,
        "approvals": approvals,
        "own": row.asked_by_id == person.id,
        "can_approve": open_still
        and not said
        and row.asked_by_id != person.id
        and offers.is_offered(person, Action.APPROVE, asked),
        "said": said,
        "can_stop": (row.state in WORKING or open_still) and may_stop(person, row),
        "can_download": _can_download(row, person),
        "acts": _acts(row),
        "readings": list(
            AssetReading.objects.filter(asset_id=row.asset_id)
            .select_related("permit__person")
            .order_by("-opened_at")[:20]
        )
        if row.asset_id
        else [],
    }


def _can_download(row: Export, person: Person) -> bool:
    if row.state != ExportState.READY or row.asset is None or row.asset.tombstone is not None:
        return False
    ref = Ref(Kind.ASSET, row.asset.id)
    return offers.is_offered(person, Action.OPEN_ASSET, ref, basis=row.basis_id, purpose=Purpose(row.purpose))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _file(span: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    first = run["segments"][0]
    offsets = [each["clock_offset_ms"] for each in run["segments"] if each["clock_offset_ms"] is not None]
    return {
        "name": span["name"],
        "code": span["code"],
        "owner": span["owner_name"],
        "from": _at(run["from"]),
        "to": _at(run["to"]),
        "bytes": run["bytes"],
        "segments": len(run["segments"]),
        "picture": f"{first['codec']}, {first['width']} × {first['height']}",
        "offset": f"{min(offsets)} to {max(offsets)} ms" if offsets else "not measured",
    }


def _times(span: dict[str, Any], what: dict[str, Any]) -> dict[str, Any]:
    return {**what, "name": span["name"], "from": _at(what["from"]), "to": _at(what["to"])}


def _acts(row: Export) -> list[tuple[str, UUID]]:
    """The entries of the log that this export has, by what they say."""
    approvals = row.proposal.approvals.select_related("person")
    named = [
        ("Asked for", row.proposal.entry),
        *((f"Approved by {each.person.display_name}", each.entry) for each in approvals),
        ("Begun", row.entry),
        ("Manifest entered", row.manifest_entry),
        ("Made" if row.state == ExportState.READY else "Ended", row.finished_entry),
    ]  # fmt: skip
    return [(title, entry) for title, entry in named if entry is not None]


def custody(row: Export) -> list[TouchRow]:
    """Acts that touched this footage, the newest first."""
    found = TouchRow.objects.filter(
        camera__in=cameras_of(row.drawn), footage__overlap=interval_of(row.drawn), outcome="permit"
    )
    return list(found.order_by("-entry")[:_MOST_ACTS])
