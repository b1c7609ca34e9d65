"""What follows from accesses by itself."""

from __future__ import annotations

from celery import shared_task

from rtcc.partners import notices


@shared_task(name="partners.write_notices")
def write_notices() -> int:
    """Tell owners of new accesses."""
    return notices.write_notices()
