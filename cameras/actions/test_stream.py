"""Connect to a stream once, under a permit, and say what it carries.

1. The act is decided and entered. 2. The name is resolved once, the address checked, and a child process
connects to it. 3. What was found is written to the stream and entered, with the octets of the still,
before the still is handed on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from cameras.addresses import resolve
from cameras.facts import camera_facts
from cameras.models import Camera, Stream
from cameras.probe import Failed, Found, probe
from cameras.vocabulary import StreamRole
from cameras.writing import find_camera
from policy.actors import Actor, actor_key
from policy.guard import guard
from policy.permits import Permit
from policy.vocabulary import Action, Kind, Mode, Purpose, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound


@dataclass(frozen=True)
class Tested:
    """The answer to "Connect": ``found`` or a sentence why not, and the entry that says so."""

    found: Found | None
    sentence: str
    entry_id: UUID


def test_stream(*, by: Actor, camera: UUID, role: StreamRole) -> Tested:
    """Connect to one stream of a camera; takes seconds.

    Raises Denied, NotFound, or Conflict for a camera that is paused or retired. A still is shown only where
    the camera may be looked at without more ado: not masked, and its agreement open now.
    """
    with guard(
        Action.TEST_STREAM,
        by=by,
        on=Ref(Kind.CAMERA, camera),
        purpose=Purpose.MAINTENANCE,
        event=Event.ACT_PERMITTED,
    ) as permit:
        row = find_camera(camera)
        stream = Stream.objects.filter(camera=row, role=role).first()
        if stream is None:
            raise NotFound
        if row.paused_at is not None or row.retired_at is not None:
            raise Conflict("This camera is paused or retired; nobody connects to it.")
        shown = _may_show(camera)
    permit.require(Action.TEST_STREAM, Ref(Kind.CAMERA, camera))
    permit.carry_out(Ref(Kind.CAMERA, camera), frozenset())
    answer = _connect(row, stream)
    if isinstance(answer, Found) and not shown:
        answer = replace(answer, still=b"")
    return _enter(permit, by, row, stream, answer)


# pytest collects functions of this name where they are imported into a test.
test_stream.__test__ = False  # type: ignore[attr-defined]


def _may_show(camera: UUID) -> bool:
    """Whether a still of a test may be looked at: no mask, and terms that are open without asking."""
    facts = camera_facts([camera], lock=False)[camera]
    unasked = facts.mode in (Mode.ALWAYS, Mode.CONDITIONAL)
    return unasked and facts.hours_open and facts.agreement_valid and not facts.masked


def _connect(camera: Camera, stream: Stream) -> Found | Failed:
    try:
        address = resolve(camera.device.host, camera.device.port)
    except BadInput as error:
        return Failed(error.sentence)
    return probe(address, stream.path, camera.device.credentials())


def _enter(permit: Permit, by: Actor, camera: Camera, stream: Stream, answer: Found | Failed) -> Tested:
    """Keep what was found and enter it; the entry stands before anybody sees the still."""
    found = answer if isinstance(answer, Found) else None
    said: dict[str, Any] = {"role": stream.role, "answer": str(found) if found else answer.sentence}  # type: ignore[union-attr]
    with transaction.atomic(durable=True):
        if found:
            stream.codec, stream.width, stream.height = found.codec, found.width, found.height
            stream.frame_rate, stream.tested_at = found.frame_rate, clock.now()
            stream.save(update_fields=["codec", "width", "height", "frame_rate", "tested_at"])
        entry = record(
            Event.STREAM_TESTED,
            outcome=Outcome.PERMIT if found else Outcome.ERROR,
            parent=str(permit.entry_id),
            permit=str(permit.id),
            actor=actor_key(by),
            action=str(Action.TEST_STREAM),
            object_kind=str(Kind.CAMERA),
            object_id=str(camera.id),
            cameras=[str(camera.id)],
            camera_names=[camera.name],
            bytes=len(found.still) if found else 0,
            exact=True,
            detail=said,
        )
    return Tested(found, str(found) if found else answer.sentence, entry.id)  # type: ignore[union-attr]
