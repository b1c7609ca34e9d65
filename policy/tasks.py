"""Work of the policy room that time asks for."""

from __future__ import annotations

from celery import shared_task

from policy import epoch, publish
from policy.accounts import sessions
from policy.publishing import tables


@shared_task(name="policy.end_sessions")
def end_sessions() -> int:
    """End sessions that have been idle, or have lasted, for too long."""
    return sessions.end_over()


@shared_task(name="policy.tidy_sessions")
def tidy_sessions() -> None:
    """Drop what nobody can sign in with any more, and failures that no longer count."""
    sessions.tidy()


@shared_task(name="policy.follow")
def follow_policy() -> bool:
    """Have everything that is open decided again when a version begins."""
    return epoch.follow_policy(publish.in_force_hash())


@shared_task(name="policy.work_out_tables")
def work_out_tables() -> bool:
    """Work out who may do what under one version or draft whose table is missing."""
    return tables.work_out_one()
