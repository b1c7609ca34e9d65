"""Work of oversight that was asked for, or that time asks for."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from rtcc.errors import Conflict
from rtcc.oversight import verification
from rtcc.oversight.actions.ask_verification import ask_verification


@shared_task(name="oversight.verify_log")
def verify_log(run: str) -> bool:
    """Verify the whole log for one run."""
    return verification.carry_out(UUID(run))


@shared_task(name="oversight.carry_on")
def carry_on() -> int:
    """Send verifications again that nobody carries on."""
    return verification.carry_on()


@shared_task(name="oversight.verify_daily")
def verify_daily() -> bool:
    """The system verifies its own log once a day; oversight asks for its own."""
    try:
        ask_verification(by=verification.WORKER)
    except Conflict:
        return False
    return True
