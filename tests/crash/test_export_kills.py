"""A worker really killed (SIGKILL) while it makes an export: at steps drawn by a seed from all its commits,
writes, syncs and renames. The next worker goes on; what comes out is one whole package.
"""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from evidence.exports import job
from evidence.exports.models import Export, ExportDocument, ExportPart
from evidence.exports.states import ExportState
from evidence.models import Asset, AssetWriting, Keep
from rtcc import clock
from tests.city import NOON, city, events, said
from tests.crash.test_retention_kills import killed_at
from tests.exporting import approved, download, footage, machine, verdict
from tests.log_machine import LogMachine
from tests.recording import clip, vault

__all__ = ["city", "clip", "footage", "machine", "vault"]

SEED = 2026
KILLS = 12
# Fewer than the turn has that writes the package: it is never done before the last kill.
MOST_STEPS = 24


def test_killed_at_random_steps_an_export_comes_out_whole_and_once(
    footage: LogMachine, tmp_path: Path
) -> None:
    marker, choice = tmp_path / "marker", random.Random(SEED)
    marker.touch()
    export, kills, at = approved(), 0, NOON
    while Export.objects.get(id=export.id).state != ExportState.READY:
        step = choice.randint(1, MOST_STEPS) if kills < KILLS else 100_000
        kills += not killed_at(step, lambda: job.carry_out(export.id, wait_s=0), marker, at)
        footage.sequence()
        # A dead worker's lease has run out.
        at += timedelta(seconds=70)
        assert at < NOON + timedelta(hours=1)
    assert kills == KILLS, "so many kills met it at work"
    with clock.set_to(at):
        package = tmp_path / "export.zip"
        package.write_bytes(download(Export.objects.get(id=export.id)))
    assert verdict(package)[0] == 0
    assert [events().count(event) for event in ("export.begun", "export.stated", "export.made")] == [1, 1, 1]
    assert said()[-1]["bytes"] == package.stat().st_size
    assert Asset.objects.filter(kind="package").count() == 1
    for table in (AssetWriting, ExportPart, ExportDocument):
        assert not table.objects.exists(), table
    assert Keep.objects.get(kind="export").released_at is not None
