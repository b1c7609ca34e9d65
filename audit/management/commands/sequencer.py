"""``./run sequencer``: the process that gives entries their leaves. Only it reads the log key."""

from __future__ import annotations

import signal
import threading
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

import psycopg
import structlog
from django.core.management.base import BaseCommand

from audit.cosigning import WitnessClient
from audit.keyfiles import log_signer, witnesses
from audit.ledger import Ledger
from audit.sequencer import NoWitness, Sequencer, Stop
from audit.status import State, Status
from audit.tiles import TileFiles
from rtcc import clock
from rtcc.config import config

INTERVAL_S = 0.15
REPORT_S = 1.0
RETRY_S = 5.0
LOOK_FOR_ORPHANS_S = 30.0
OLDEST_WAITING_S = 60.0
MONTHS_AHEAD = 3

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    # This process serves no pages; a fault in them must not keep it from starting.
    requires_system_checks = ()
    help = "Give entries their leaves, publish tiles and checkpoints, have them cosigned."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="one batch, then end; 1 if it is not safe to sign"
        )

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        ended = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            ended.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        loop = Loop(ended)
        if once:
            raise SystemExit(loop.once())
        loop.run()


class Loop:
    """Steps the sequencer, reports how it stands, and begins anew after each failure."""

    def __init__(self, ended: threading.Event) -> None:
        self._ended = ended
        self._signer = log_signer()
        self._last: Status | None = None
        self._reported = 0.0
        self._looked = 0.0
        self._found: list[str] = []

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                with psycopg.connect(config.database_url, application_name="sequencer") as connection:
                    self._sequence(connection)
            except Stop as stop:
                self._stand(State.STOPPED, [str(stop)])
            except (NoWitness, psycopg.Error, OSError) as error:
                # The state of the last batch may be unknown: `start` finds out and finishes it.
                self._stand(State.WAITING, [f"{error}".strip()])
            self._ended.wait(RETRY_S)

    def once(self) -> int:
        try:
            with psycopg.connect(config.database_url, application_name="sequencer") as connection:
                sequencer, ledger = self._make(connection)
                sequencer.start()
                while sequencer.step():
                    pass
                self._report(sequencer, ledger)
        except (Stop, NoWitness) as reason:
            self._stand(State.STOPPED if isinstance(reason, Stop) else State.WAITING, [str(reason)])
            return 1
        return 0

    def _make(self, connection: psycopg.Connection) -> tuple[Sequencer, Ledger]:
        ledger = Ledger(connection)
        ledger.make_months(MONTHS_AHEAD)
        clients = [WitnessClient(witness.key, witness.url) for witness in witnesses()]
        files = TileFiles(config.tiles_dir)
        return Sequencer(ledger, files, self._signer, clients, now=clock.now, retry_s=RETRY_S), ledger

    def _sequence(self, connection: psycopg.Connection) -> None:
        sequencer, ledger = self._make(connection)
        sequencer.start()
        while not self._ended.is_set():
            began = time.monotonic()
            sequencer.step()
            if began - self._reported >= REPORT_S:
                self._report(sequencer, ledger)
            self._ended.wait(max(0.0, INTERVAL_S - (time.monotonic() - began)))

    def _report(self, sequencer: Sequencer, ledger: Ledger) -> None:
        self._reported = time.monotonic()
        oldest_s = ledger.oldest_waiting_s()
        alarms = []
        if oldest_s > OLDEST_WAITING_S:
            alarms.append(f"The oldest entry has waited {oldest_s:.0f} s for its leaf.")
        if self._reported - self._looked > LOOK_FOR_ORPHANS_S:
            self._looked = self._reported
            self._found = _tampering(ledger)
            ledger.make_months(MONTHS_AHEAD)
        self._write(
            Status(
                State.RUNNING,
                clock.now().timestamp(),
                sequencer.size,
                oldest_s,
                [*alarms, *self._found],
                sequencer.witnesses,
            )
        )

    def _stand(self, state: State, alarms: list[str]) -> None:
        size = self._last.size if self._last else 0
        witnesses_last = self._last.witnesses if self._last else []
        self._write(Status(state, clock.now().timestamp(), size, 0.0, alarms, witnesses_last))

    def _write(self, status: Status) -> None:
        if self._last is None or (status.state, status.alarms) != (self._last.state, self._last.alarms):
            say = log.error if status.alarms else log.info
            say("sequencer." + status.state, size=status.size, alarms=status.alarms)
        self._last = status
        status.write(config.run_dir)


def _tampering(ledger: Ledger) -> list[str]:
    """What in the queue shows that somebody removed rows."""
    alarms = [f"Entry {entry} waits for its leaf and is gone." for entry in ledger.gone()]
    alarms += [
        f"Entry {entry} has neither a leaf nor a place in the queue." for entry in ledger.orphans(clock.now())
    ]
    if ledger.in_default_partition():
        alarms.append("Disclosures fell outside every month that was made.")
    return alarms
