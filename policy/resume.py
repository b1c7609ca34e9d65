"""Going on under a permit that was given earlier: the only other way to one besides guard.

If neither the epoch has moved nor the clock has reached an instant at which terms close, the committed row
is the answer. Otherwise each covered thing is decided again on fresh facts: what is still permitted goes on,
what is not is taken out with an entry, and a permit that covers nothing more is ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.record import Touch, record
from audit.vocabulary import Event, Outcome
from policy import epoch, facts, publish
from policy.actors import Actor, SystemActor, Whereabouts, actor_key, whereabouts
from policy.decide import Deny
from policy.facts import Question
from policy.guard import decide_one, owner_of
from policy.models import Permit as PermitRow
from policy.models import Person
from policy.permits import TOGETHER, Covered, Permit, PermitEnded, check_stands, find, read
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock

MISSING = "There is no such permit."


def resume(permit_id: UUID, *, by: Actor) -> Permit:
    """The permit, decided again where something has changed. Raises PermitEnded with the sentence why."""
    row = find(permit_id)
    if row is None:
        raise PermitEnded(MISSING)
    check_stands(row, by)
    if _is_current(row):
        return read(row, by)
    return _decide_again(row, by)


def standing(permits: Collection[UUID]) -> dict[UUID, Permit | str | None]:
    """What is known of permits without deciding anything, in a fixed number of queries: the permit, the
    sentence why it permits nothing more, or None where an epoch has overtaken it and it must be decided
    again.
    """
    rows = PermitRow.objects.select_related(*TOGETHER).in_bulk(list(permits))
    current = epoch.current()
    found: dict[UUID, Permit | str | None] = {}
    for key in permits:
        row = rows.get(key)
        found[key] = MISSING if row is None else _as_it_stands(row, current)
    return found


def _as_it_stands(row: PermitRow, current: int) -> Permit | str | None:
    actor = actor_of(row)
    try:
        check_stands(row, actor)
    except PermitEnded as ended:
        return ended.sentence
    return read(row, actor) if _is_of(row, current) else None


def decided_again(permit_id: UUID) -> Permit | str:
    """The permit on fresh facts, for whoever acts under it; or the sentence that ended it."""
    row = find(permit_id)
    if row is None:
        return MISSING
    try:
        return resume(permit_id, by=actor_of(row))
    except PermitEnded as ended:
        return ended.sentence


def blind_limits() -> dict[bool, float]:
    """Seconds for which pictures go on while the database is silent, by whether the camera is a partner's.
    Raises NotInForce.
    """
    parameters, at = publish.active().parameters, clock.now()
    return {
        True: parameters.duration("blind_stop_partner", at).total_seconds(),
        False: parameters.duration("blind_stop_city", at).total_seconds(),
    }


def _is_current(row: PermitRow) -> bool:
    return _is_of(row, epoch.current())


def _is_of(row: PermitRow, current: int) -> bool:
    person_epoch = row.person.session_epoch if row.person else 0
    by_the_clock = row.again_at is not None and clock.now() >= row.again_at
    return row.epoch == current and row.person_epoch == person_epoch and not by_the_clock


def _footage(row: PermitRow) -> tuple[datetime, datetime] | None:
    spans = [Covered.from_json(body) for body in row.covers]
    first = spans[0]
    return (first.starts_at, first.ends_at) if first.starts_at and first.ends_at else None


def _question(row: PermitRow, by: Actor) -> Question:
    return Question(
        action=Action(row.action),
        by=by,
        on=tuple(Covered.from_json(body).ref for body in row.covers),
        basis=row.basis_id,
        purpose=Purpose(row.purpose) if row.purpose else None,
        footage=_footage(row),
        reason=row.grant.reason if row.grant else "",
    )


def _decide_again(row: PermitRow, by: Actor) -> Permit:
    """Fresh facts in one transaction; the row is locked so that two processes enter one change once."""
    ended: str | None = None
    with transaction.atomic(durable=True):
        row = PermitRow.objects.select_for_update(of=("self",)).select_related(*TOGETHER).get(id=row.id)
        check_stands(row, by)
        with _in_session_of(row):
            refused, kept, touches, row.again_at = _weigh(row, by)
        row.epoch = epoch.current()
        row.person_epoch = row.person.session_epoch if row.person else 0
        changed = ["epoch", "person_epoch", "again_at"]
        if kept and kept != row.covers:
            # Fewer cameras, or another demand on one (a mask that was drawn while it is watched).
            row.covers = kept
            changed.append("covers")
        if refused:
            ended = next(iter(refused.values())).sentence if not kept else None
            _enter_change(row, by, refused, touches, ended)
            if not kept:
                row.ended_at, row.ended_why = clock.now(), ended or ""
                changed += ["ended_at", "ended_why"]
        row.save(update_fields=changed)
    if ended is not None:
        raise PermitEnded(ended)
    return read(row, by)


@contextmanager
def _in_session_of(row: PermitRow) -> Iterator[None]:
    """Who decides again may be another process than the one the person talks to: what was known of the
    session when the permit was given is known of it now.
    """
    if row.session is None:
        yield
        return
    token = whereabouts.set(Whereabouts(session=str(row.session_id), mfa=row.session.mfa))
    try:
        yield
    finally:
        whereabouts.reset(token)


def _weigh(
    row: PermitRow, by: Actor
) -> tuple[dict[Ref, Deny], list[dict[str, Any]], list[Touch], datetime | None]:
    """Each covered thing decided on fresh facts: what is refused, what stays with its demands, the cameras
    that are taken out, so that their owners find it, and when the clock alone may change the answer.
    """
    question, at = _question(row, by), clock.now()
    version = publish.active()
    person, standing = facts.person_facts(by, at), facts.standing(question, at)
    resources = facts.load(question.on, lock=False)
    refused: dict[Ref, Deny] = {}
    kept: list[dict[str, Any]] = []
    for covered in (Covered.from_json(body) for body in row.covers):
        answer = decide_one(
            question.action, covered.ref, person, resources.get(covered.ref), standing, version
        )
        if isinstance(answer, Deny):
            refused[covered.ref] = answer
        else:
            demands = tuple(spec.kind for spec in answer.obligations)
            kept.append(replace(covered, obligations=demands).as_json())
    touches = [
        Touch(camera=ref.id, owner=owner_of(resources.get(ref))) for ref in refused if ref.kind is Kind.CAMERA
    ]
    stay = [Covered.from_json(body).ref for body in kept]
    return refused, kept, touches, standing.again_at(question.action, stay, resources, at)


def _enter_change(
    row: PermitRow, by: Actor, refused: dict[Ref, Deny], touches: list[Touch], ended: str | None
) -> None:
    watching = Action(row.action) is Action.VIEW_LIVE
    event = Event.VIEW_CONTINUED if watching else Event.ACT_REFUSED
    name: dict[str, Any] = {"actor_name": by.display_name} if isinstance(by, Person) else {}
    record(
        event,
        outcome=Outcome.DENY,
        time=clock.now(),
        parent=row.entry,
        actor=actor_key(by),
        action=row.action,
        permit=row.id,
        basis=row.basis_id,
        cameras=[str(ref.id) for ref in refused],
        rules=sorted({deny.rule for deny in refused.values()}),
        rule_sentence=next(iter(refused.values())).sentence,
        reason=ended or "part of the permit ended",
        touches=touches,
        **name,
    )


def actor_of(row: PermitRow) -> Actor:
    """The actor that a committed permit names."""
    if row.person is not None:
        return row.person
    return SystemActor(row.actor.removeprefix("system:"))
