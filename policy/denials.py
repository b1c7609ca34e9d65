"""Denials in numbers: a script that hammers must not fill the log, and must not vanish from it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy.actors import Actor, SystemActor, actor_key
from policy.models import DenialCount
from policy.vocabulary import Action
from rtcc import clock

OWN_ENTRIES_A_MINUTE = 20


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def is_own_entry(by: Actor, at: datetime) -> bool:
    """Count one more denial of this subject in this clock minute: do the first 20 still have room?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO policy_denialminute (subject, minute, seen) VALUES (%s, %s, 1)"
            " ON CONFLICT (subject, minute) DO UPDATE SET seen = policy_denialminute.seen + 1 RETURNING seen",
            [actor_key(by), _minute(at)],
        )
        row = cursor.fetchone()
    return bool(row and row[0] <= OWN_ENTRIES_A_MINUTE)


def count(by: Actor, at: datetime, action: Action, rule: str) -> None:
    """Add to the counted denials of this subject, minute, action and rule."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO policy_denialcount (subject, minute, action, rule, count) VALUES (%s, %s, %s, %s, 1)"
            " ON CONFLICT (subject, minute, action, rule)"
            " DO UPDATE SET count = policy_denialcount.count + 1",
            [actor_key(by), _minute(at), action, rule],
        )


def enter_counted() -> int:
    """Enter the counted denials of past minutes, one entry per subject, minute, action and rule."""
    this_minute = _minute(clock.now())
    entered = 0
    with transaction.atomic(durable=True):
        rows = DenialCount.objects.select_for_update(skip_locked=True).filter(
            entered_at__isnull=True, minute__lt=this_minute
        )
        for row in rows.order_by("minute", "id")[:200]:
            record(
                Event.DENIED_COUNTED,
                outcome=Outcome.DENY,
                actor=SystemActor("worker").key,
                action=row.action,
                rules=[row.rule],
                count=row.count,
                detail={"subject": row.subject, "minute": row.minute.isoformat()},
            )
            row.entered_at = clock.now()
            row.save(update_fields=["entered_at"])
            entered += 1
    return entered
