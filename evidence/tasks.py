"""Work of evidence that time asks for. Each task can be lost, repeated and killed."""

from __future__ import annotations

from celery import shared_task

from evidence import asset_account, assets
from evidence.playback import account
from evidence.retention import destruction, ending, shredding
from evidence.vault.footage_keys import rewrap_all


@shared_task(name="evidence.sweep_playbacks")
def sweep_playbacks() -> int:
    """End playbacks whose player has gone."""
    return account.sweep()


@shared_task(name="evidence.sweep_assets")
def sweep_assets() -> int:
    """Remove what killed writers left, and end readings that nobody reads any more."""
    return assets.sweep() + asset_account.sweep()


@shared_task(name="evidence.end_keeps")
def end_keeps() -> int:
    """Enter the end of keeps whose time is over."""
    return ending.end_run_out()


@shared_task(name="evidence.destroy_due")
def destroy_due() -> dict[str, int]:
    """Destroy what is due and kept by nothing."""
    return dict(destruction.run())


@shared_task(name="evidence.shred_keys")
def shred_keys() -> dict[str, int]:
    """Destroy the keys that nothing needs any more."""
    return dict(shredding.run())


@shared_task(name="evidence.renew_keys")
def renew_keys() -> int:
    """Once a day: drop keys of empty periods, and put all others under a new generation, so that a stale copy
    of the key store opens nothing.
    """
    shredding.shred_empty_periods()
    return rewrap_all()
