"""Work of the box that time asks for."""

from __future__ import annotations

from celery import shared_task

from rtcc.onebox import heartbeat


@shared_task(name="onebox.beat")
def beat() -> None:
    """Show that the background work lives."""
    heartbeat.beat()
