"""Work of exports. Each task can be lost, repeated and killed."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from evidence.exports import job

# 64 GB from a slow disk, read twice and encrypted once.
_LONGEST_S = 12 * 3600


@shared_task(name="exports.carry_out", time_limit=_LONGEST_S)
def carry_out(export: str) -> bool:
    """Carry on with one export."""
    return job.carry_out(UUID(export))


@shared_task(name="exports.carry_on")
def carry_on() -> int:
    """Send exports again that nobody carries on."""
    return job.carry_on()
