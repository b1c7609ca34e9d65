"""What an outsider is given of recorded footage: hashes that lead from the log to each sealed segment, and
nothing that says which camera was recorded when.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from django.test import Client

from audit.disclosures import rows_of, unpack
from audit.merkle import leaf_hash
from evidence.catalogue.minute import leaf_line, list_path
from evidence.models import MinuteSeal, Segment
from rtcc import clock
from tests.city import NOON, camera, city
from tests.conftest import Committed
from tests.log_machine import LogMachine, log_machine
from tests.minutes import record_minutes
from tests.recording import vault

__all__ = ["city", "vault"]


def mirror(machine: LogMachine, client: Client, seal: MinuteSeal) -> Path:
    """What an outsider fetches of one minute, and is told of its entry, beside the mirrored tiles."""
    answer = client.get(f"/log/minute/{seal.minute:%Y%m%d/%H%M}")
    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]
    path = machine.tiles / "minute" / f"{seal.minute:%Y%m%d}" / f"{seal.minute:%H%M}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(answer.content)
    said = [
        field.disclosure()
        for field in unpack(rows_of([seal.entry])[seal.entry])
        if field.name in ("footage_from", "detail")
    ]
    path.with_suffix(".disclosed").write_text("\n".join(said))
    return path


def test_the_leaves_of_a_minute_are_public_and_prove_each_segment_without_naming_a_camera(
    city: Committed, vault: Path, client: Client
) -> None:
    with clock.set_to(NOON):
        made = [*record_minutes(camera("cam01"), NOON, 2), *record_minutes(camera("cam02"), NOON)]
    with log_machine(city) as machine:
        machine.sequence()
        assert machine.outsider_agrees()
        paths = {seal.minute: mirror(machine, client, seal) for seal in MinuteSeal.objects.all()}
        assert len(paths) == 2
        assert machine.outsider_agrees()

        for row in Segment.objects.filter(id__in=[segment.id for segment in made]):
            assert isinstance(row.minute, datetime)
            public = paths[row.minute].read_text()
            # Whoever holds the line of a segment finds it; nobody else reads anything out of it.
            assert leaf_hash(leaf_line(row)).hex() in public.split()
            assert leaf_line(row) in list_path(row.minute).read_bytes().splitlines()
            assert str(row.camera) not in public
            assert str(row.id) not in public

        first = next(iter(paths.values()))
        leaves = first.read_text().split()
        first.write_text("\n".join([hashlib.sha256(b"another").hexdigest(), *leaves[1:]]))
        assert not machine.outsider_agrees()


def test_a_minute_that_no_entry_fixed_is_not_there(city: Committed, vault: Path, client: Client) -> None:
    path = list_path(NOON)
    path.parent.mkdir(parents=True)
    path.write_text("written, and its transaction rolled back\n")
    for name in (f"{NOON:%Y%m%d/%H%M}", "20261301/0000", "20261120/180", "..%2F/1800", "20261120/18:0"):
        assert client.get(f"/log/minute/{name}").status_code == 404
