"""Denials in numbers: a script that hammers must not fill the log, and must not vanish from it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from policy.actors import Actor, actor_key
from policy.vocabulary import Action

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
