"""Work of the room that time asks for."""

from __future__ import annotations

from celery import shared_task

from policy import denials, grants
from rtcc.live import sessions


@shared_task(name="live.sweep")
def sweep() -> int:
    """End viewings that nobody serves any more."""
    return sessions.sweep()


@shared_task(name="live.end_grants")
def end_grants() -> int:
    """Enter the end of grants whose time is over."""
    return grants.end_run_out()


@shared_task(name="live.count_denials")
def count_denials() -> int:
    """Enter the counted denials of minutes that are over."""
    return denials.enter_counted()
