"""Exports as stories do them: recorded footage, a log with a witness, two persons, and the worker's turn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from audit.keyfiles import log_signer
from audit.record import record as enter
from audit.vocabulary import Event
from evidence.actions.read_asset import read_asset
from evidence.asset_account import AssetAccount
from evidence.catalogue.minute import seal_minute
from evidence.exports import job
from evidence.exports.actions.approve_export import approve_export
from evidence.exports.actions.propose_export import propose_export
from evidence.exports.models import Export
from evidence.exports.package import VERIFY_PY
from evidence.retention.keeping import Span
from evidence.vault.asset_door import open_asset
from policy.models import Basis, Organisation
from policy.vocabulary import BasisKind, Recipient
from rtcc.config import config
from tests.city import NOON, camera, person
from tests.conftest import Committed
from tests.log_machine import LogMachine
from tests.minutes import MINUTE
from tests.recorder_source import Clip
from tests.recording import record

OFFICER, SECOND = "grace.tamayo", "ruth.okafor"
CAM = "cam01"
BEGINS = NOON - timedelta(minutes=10)


@pytest.fixture
def machine(city: Committed, vault: Path) -> Iterator[LogMachine]:
    """The log of this installation with its sequencer and one witness."""
    folder = Path(mkdtemp(prefix="wl-ex-"))
    made = LogMachine(folder, city)
    made.stop_witness()
    made.log, made.tiles = log_signer(), config.tiles_dir
    made.start_witness()
    before = config.witnesses
    object.__setattr__(config, "witnesses", (f"{made.witness_key.verifier}@unix:{folder}/w.sock",))
    yield made
    object.__setattr__(config, "witnesses", before)
    made.close()
    rmtree(folder)
    rmtree(config.tiles_dir, ignore_errors=True)


@pytest.fixture
def footage(machine: LogMachine, clip: Clip) -> LogMachine:
    """Two minutes of a camera, recorded, sealed and rooted in the log."""
    record(camera(CAM), clip, BEGINS)
    for n in range(3):
        seal_minute(BEGINS + n * MINUTE, [camera(CAM).id])
    return machine


def request(kind: BasisKind = BasisKind.REQUEST) -> Basis:
    """A request for footage (or a case), as its desk opens it."""
    with transaction.atomic():
        enter(Event.ACT_PERMITTED, actor="system:test")
        return Basis.objects.create(
            kind=kind,
            agency=Organisation.objects.get(memberships__person=person(OFFICER)),
            number=f"R-{uuid4().hex[:6]}",
            title="Footage of the corner",
            opened_at=NOON - timedelta(hours=1),
            opened_by=person(OFFICER),
            verification="verified",
            verified_by="system:test",
            verified_at=NOON,
        )


def span(from_s: int = 20, to_s: int = 80, code: str = CAM) -> Span:
    """Seconds of the recorded clip."""
    return Span(camera(code).id, BEGINS + timedelta(seconds=from_s), BEGINS + timedelta(seconds=to_s))


def propose(basis: Basis | None = None, *spans: Span, to: Recipient = Recipient.PROSECUTOR) -> Export:
    return propose_export(
        by=person(OFFICER),
        basis=(basis or request()).id,
        spans=spans or [span()],
        recipient_class=to,
        recipient="Circuit Attorney, A. Doe",
        standard="Rule 25.03",
        reason="Discovery in the case",
    )


def approved(basis: Basis | None = None, *spans: Span) -> Export:
    return approve_export(by=person(SECOND), export=propose(basis, *spans).id)


def work(machine: LogMachine, export: UUID, turns: int = 6) -> Export:
    """Let the worker and the sequencer take turns, as they do."""
    for _ in range(turns):
        job.carry_out(export, wait_s=0)
        machine.sequence()
    return Export.objects.get(id=export)


def made(machine: LogMachine, basis: Basis | None = None, *spans: Span) -> Export:
    return work(machine, approved(basis, *spans).id)


def download(export: Export) -> bytes:
    """The package as the officer gets it, through the door."""
    assert export.asset_id is not None
    permit, reading = read_asset(by=person(OFFICER), asset=export.asset_id)
    account, got = AssetAccount(reading.id), b""
    with open_asset(permit, export.asset_id, account) as reader:
        for piece in reader.pieces():
            got += piece
            account.sent(len(piece))
    account.end("all of it was sent")
    return got


def verdict(package: Path) -> tuple[int, str]:
    """What the Python verifier says, in a process that knows nothing of the system."""
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFY_PY), str(package)],
        capture_output=True, text=True, env={}, cwd="/", timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr
