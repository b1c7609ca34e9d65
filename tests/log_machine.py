"""A whole log for tests: database, tiles, keys, sequencer and witness, each of which can be broken alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from audit.cosigning import WitnessClient
from audit.ledger import Ledger
from audit.models import Entry
from audit.note import COSIGNATURE, ED25519, SigningKey
from audit.record import Touch, record
from audit.sequencer import Sequencer, Step
from audit.tiles import TileFiles
from audit.verify import Place, Verification, verify
from audit.vocabulary import Event, Outcome
from audit.witness.server import Witness, make_server
from audit.witness.store import Store
from tests.conftest import Committed
from tests.killing import survives

# The witness syncs before it answers, which on the busy disk of a test run has taken over two seconds.
PATIENCE_S = 60.0
CHECKER = Path(__file__).with_name("formats") / "independent_log_check.py"


def say(**fields: Any) -> Entry:
    """Record one ordinary entry in the transaction of the caller."""
    now = datetime.now(UTC)
    touch = Touch(camera=uuid4(), placement=uuid4(), watched=(now, now), footage=(now, now), owner=uuid4())
    given = {
        "actor": uuid4(),
        "actor_name": "Ada Analyst",
        "purpose": "investigation",
        "reason": "a short reason",
    }
    return record(
        Event.VIEW_PERMITTED, outcome=Outcome.PERMIT, touches=[touch], **{**given, "basis": uuid4(), **fields}
    )


class LogMachine:
    """Everything of one log in one folder, on the database of one test."""

    def __init__(self, folder: Path, database: Committed) -> None:
        self.folder = folder
        self.database = database
        self.tiles = folder / "log"
        self.log = SigningKey.generate("watchlight.example/log", ED25519)
        self.witness_key = SigningKey.generate("watchlight.example/witness", COSIGNATURE)
        self._server: Any = None
        self._store: Store | None = None
        self.start_witness()

    def start_witness(self) -> None:
        self._store = Store(self.folder / "witness")
        logs = {self.log.name: self.log.verifier}
        witness = Witness(self._store, self.witness_key, logs, lambda: int(time.time()))
        self._server = make_server(witness, f"unix:{self.folder}/w.sock")
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop_witness(self) -> None:
        if self._server is not None and self._store is not None:
            self._server.shutdown()
            self._server.server_close()
            self._store.close()
            self._server = self._store = None

    def _client(self) -> WitnessClient:
        address = f"unix:{self.folder}/w.sock"
        return WitnessClient(self.witness_key.verifier, address, timeout_s=PATIENCE_S)

    @property
    def place(self) -> Place:
        return Place(self.tiles, self.log.verifier, (self.witness_key.verifier,))

    @contextmanager
    def sequencer(
        self, at: Callable[[Step], None] = lambda step: None, *, witnessed: bool = True
    ) -> Iterator[Sequencer]:
        """A sequencer on its own connection, with its own role."""
        clients = [self._client()] if witnessed else []
        with psycopg.connect(self.database.url("sequencer")) as connection:
            yield Sequencer(
                Ledger(connection),
                TileFiles(self.tiles),
                self.log,
                clients,
                now=lambda: datetime.now(UTC),
                at=at,
                retry_s=0,
            )

    def sequence(self, *, witnessed: bool = True) -> int:
        """Start a sequencer and let it work until the queue is empty; returns the size of the tree."""
        with self.sequencer(witnessed=witnessed) as sequencer:
            sequencer.start()
            while sequencer.step():
                pass
            return sequencer.size

    def sequence_and_die(self, step: Step) -> bool:
        """Start a sequencer in a process that is killed (SIGKILL) at ``step``; False if it was not."""
        return not survives(lambda: self._live_until(step))

    def _live_until(self, last: Step) -> None:
        def die(step: Step) -> None:
            if step is last:
                os.kill(os.getpid(), signal.SIGKILL)

        with self.sequencer(die) as sequencer:
            sequencer.start()
            sequencer.step()

    def superuser(self, statement: str, parameters: list[Any] | None = None) -> int:
        """Run a statement as a database superuser who switches the triggers off; returns the rows touched."""
        with psycopg.connect(self.database.url("postgres"), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            return connection.execute(statement, parameters).rowcount

    def one(self, query: str, parameters: list[Any] | None = None) -> Any:
        with psycopg.connect(self.database.url("postgres"), autocommit=True) as connection:
            row = connection.execute(query, parameters).fetchone()
            return None if row is None else row[0]

    def entry_at(self, index: int) -> UUID:
        found: UUID = self.one("SELECT entry FROM audit_leaf WHERE index = %s", [index])
        return found

    def verify(self) -> Verification:
        return verify(self.place)

    def outsider_agrees(self) -> bool:
        """Whether the program that shares no code with ours accepts the public bytes."""
        command = [sys.executable, str(CHECKER), str(self.tiles), str(self.log.verifier)]
        done = subprocess.run([*command, str(self.witness_key.verifier)], capture_output=True, check=False)
        return done.returncode == 0

    def close(self) -> None:
        self.stop_witness()


@contextmanager
def log_machine(database: Committed) -> Iterator[LogMachine]:
    """A log in a folder with a short name, because a socket stands in it."""
    folder = Path(tempfile.mkdtemp(prefix="wl-log-"))
    machine = LogMachine(folder, database)
    try:
        yield machine
    finally:
        machine.close()
        shutil.rmtree(folder)
