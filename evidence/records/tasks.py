"""Work of the requests desk that time asks for."""

from __future__ import annotations

from celery import shared_task

from evidence.records.actions import confirm_hold


@shared_task(name="records.tell_unconfirmed")
def tell_unconfirmed() -> int:
    """Tell oversight of holds that no supervisor confirmed in time."""
    return confirm_hold.tell_unconfirmed()
