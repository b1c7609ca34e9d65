"""An owner hands in a file in answer to what it was asked for.

    1. the file is looked into by a child process (`rtcc.partners.probe`)
    2. guard decides; its entry says who hands in what
    3. the file becomes an asset of the vault, encrypted under its own key, with its own entry and end
    4. the upload's row, the answer and their entry are one commit

Killed before 4, the ask is still open and the owner hands it in again; an asset that 3 left dies at its end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from evidence.assets import own_end, write_asset
from evidence.models import AssetKind
from evidence.vault.workfile import WorkFile
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound
from rtcc.partners.models import Ask, Upload
from rtcc.partners.probe import Found, look_into
from rtcc.partners.vocabulary import AskState, AskWants, ClockReading

# Clocks of recorders that are set by hand are not nearer than this.
AGREES_WITHIN = timedelta(minutes=2)


def hand_in(*, by: Person, ask: UUID, file: WorkFile, name: str, starts_at: datetime) -> Upload:
    """Take the file for the ask. ``starts_at``: when its first picture was taken, as the owner says.

    Raises BadInput where the file is not what it says, Conflict where the owner said no before, or Denied.
    """
    row = Ask.objects.select_related("camera", "basis").filter(id=ask).first()
    if row is None:
        raise NotFound
    found = look_into(file, name)
    with guard(
        Action.UPLOAD_FOOTAGE,
        by=by,
        on=Ref(Kind.UPLOAD, ask),
        basis=row.basis_id,
        event=Event.ACT_PERMITTED,
    ) as permit:
        row.refresh_from_db(fields=["state"])
        check_waits(row)
        check_began(starts_at)
        _check_new(row, file)
        permit.enter(bytes=file.length, detail={"ask": str(ask), "sha256": file.sha256})
    destroy_after, rule = own_end(AssetKind.UPLOAD, clock.now())
    asset = write_asset(
        AssetKind.UPLOAD,
        permit=permit,
        source=str(row.camera_id),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=found.duration_s),
        chunks=file.chunks(),
        owner=row.owner_id,
        media_type=found.media_type,
        name=name,
        destroy_after=destroy_after,
        destroy_rule=rule,
        parents=[Ref(Kind.UPLOAD, ask)],
    )
    return _answer(by, row, file, name, starts_at, found, asset.id, permit.entry_id)


def check_waits(ask: Ask) -> None:
    """Raise Conflict unless the owner is asked for a file and has not said no."""
    if ask.wants != AskWants.FILE:
        raise Conflict("You are asked for a yes or no here, not for a file.")
    if ask.state == AskState.DECLINED:
        raise Conflict("You said no to this request already.")


def check_began(starts_at: datetime) -> None:
    """Raise BadInput for a recording that is still to come."""
    if starts_at > clock.now():
        raise BadInput("A recording cannot begin in the future.", field="starts_at")


def _check_new(ask: Ask, file: WorkFile) -> None:
    """Raise Conflict for a file that was handed in before: a program whose answer was lost sends it again."""
    if ask.uploads.filter(sha256=file.sha256).exists():
        raise Conflict("This very file was handed in for this request already.")


def _answer(
    by: Person,
    row: Ask,
    file: WorkFile,
    name: str,
    starts_at: datetime,
    found: Found,
    asset: UUID,
    parent: UUID,
) -> Upload:
    """The upload's row and the answer, with their entry, in one commit."""
    reading = _reading(starts_at, found.made_at)
    with transaction.atomic(durable=True):
        ask = Ask.objects.select_for_update(of=("self",)).get(id=row.id)
        if ask.state == AskState.DECLINED:
            raise Conflict(
                "You said no to this request while the file was being taken. It is used for nothing, and is"
                " destroyed when its time is over."
            )
        _check_new(ask, file)
        entry = record(
            Event.FOOTAGE_UPLOADED,
            outcome=Outcome.PERMIT,
            parent=parent,
            actor=str(by.id),
            actor_name=by.display_name,
            action=str(Action.UPLOAD_FOOTAGE),
            object_kind="upload",
            object_id=ask.id,
            owner=ask.owner_id,
            basis=ask.basis_id,
            footage_from=starts_at,
            footage_to=starts_at + timedelta(seconds=found.duration_s),
            bytes=file.length,
            detail={
                "asset": str(asset), "name": name[:200], "sha256": file.sha256, "codec": found.codec,
                "claimed_starts_at": starts_at.isoformat(),
                "measured_starts_at": found.made_at.isoformat() if found.made_at else None,
                "clock": str(reading),
            },
        )  # fmt: skip
        upload = Upload.objects.create(
            ask=ask, by=by, at=clock.now(), name=name[:200], bytes=file.length, sha256=file.sha256,
            media_type=found.media_type, codec=found.codec, width=found.width, height=found.height,
            duration_s=found.duration_s, claimed_starts_at=starts_at, measured_starts_at=found.made_at,
            clock=reading, asset=asset, entry=entry.id,
        )  # fmt: skip
        if ask.state == AskState.OPEN:
            ask.state, ask.answered_at, ask.answered_by = AskState.ANSWERED, clock.now(), by
            ask.answered_entry = entry.id
            ask.save(update_fields=["state", "answered_at", "answered_by", "answered_entry"])
    return upload


def _reading(claimed: datetime, measured: datetime | None) -> ClockReading:
    if measured is None:
        return ClockReading.NOT_STATED
    return ClockReading.AGREES if abs(measured - claimed) <= AGREES_WITHIN else ClockReading.DIFFERS
