"""Work of the API that time asks for."""

from __future__ import annotations

from celery import shared_task

from rtcc.api import once


@shared_task(name="api.tidy")
def tidy() -> int:
    """Forget answers that nobody asks for again."""
    return once.tidy()
