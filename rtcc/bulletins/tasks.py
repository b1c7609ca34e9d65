"""Making clips in the background, and what was left unmade."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from rtcc.bulletins import making


@shared_task(name="bulletins.make")
def make(sending: str) -> None:
    """Make what one act of sending sent."""
    making.make(UUID(sending))


@shared_task(name="bulletins.carry_on")
def carry_on() -> int:
    """Make what nobody makes any more."""
    return making.carry_on()
