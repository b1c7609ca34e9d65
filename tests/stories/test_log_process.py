"""The sequencer as a process: what it reports, how it stops, and what waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import transaction

from audit.standing import check_log_follows, has_leaf, standing
from audit.status import State, Status
from rtcc.config import config
from rtcc.errors import Unavailable
from tests.conftest import Committed
from tests.log_machine import LogMachine, log_machine, say


@pytest.fixture
def machine(committed: Committed) -> Iterator[LogMachine]:
    with log_machine(committed) as made:
        (made.folder / "DEMO").touch()
        (made.folder / "log.key").write_text(made.log.secret_text())
        (made.folder / "log.vkey").write_text(str(made.log.verifier))
        kept = config.data
        object.__setattr__(config, "data", made.folder)
        yield made
        object.__setattr__(config, "data", kept)


@pytest.fixture
def start(machine: LogMachine) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts ``manage.py sequencer`` as its role, and ends it."""
    environment = machine.database.environment("sequencer") | {
        "WATCHLIGHT_DATA_DIR": str(machine.folder),
        "WATCHLIGHT_KEYS_DIR": str(machine.folder),
        "WATCHLIGHT_WITNESSES": f"{machine.witness_key.verifier}@unix:{machine.folder}/w.sock",
    }
    started: list[subprocess.Popen[bytes]] = []

    def run() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "manage.py", "sequencer"], env=environment)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def wait_for(seen: Callable[[], bool], sentence: str) -> None:
    """Wait at most 60 s, which a loaded machine may need to start a process."""
    until = time.monotonic() + 60
    while not seen():
        assert time.monotonic() < until, sentence
        time.sleep(0.05)


def status(folder: Path) -> Status:
    return Status.read(folder / "run") or Status(State.STARTING, 0)


def test_it_gives_leaves_within_a_second_and_stops_when_asked(
    machine: LogMachine, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    process = start()
    wait_for(lambda: status(machine.folder).state is State.RUNNING, "it does not run")
    with transaction.atomic():
        entry = say().id
    wait_for(lambda: has_leaf(entry), "the entry gets no leaf")
    wait_for(lambda: standing().size == 1, "it does not report")
    now = standing()
    assert now.ok
    assert (now.waiting, now.alarms) == (0, ())
    assert [(witness.size, witness.trouble) for witness in now.witnesses] == [(1, None)]
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert machine.verify().ok
    assert machine.outsider_agrees()


def test_killed_while_it_works_it_goes_on_where_it_was(
    machine: LogMachine, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    said = 0
    for _ in range(2):
        process = start()
        wait_for(lambda: status(machine.folder).state is State.RUNNING, "it does not run")
        for _ in range(30):
            with transaction.atomic():
                say()
            said += 1
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        (machine.folder / "run/sequencer.json").unlink()
    assert machine.sequence() == said
    assert machine.verify().ok


def test_a_database_put_back_stands_in_its_report_until_somebody_looks(
    machine: LogMachine, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    with transaction.atomic():
        say()
    machine.sequence()
    machine.superuser("UPDATE audit_head SET size = 0, root = sha256('')")
    start()
    wait_for(lambda: status(machine.folder).state is State.STOPPED, "it does not stop")
    now = standing()
    assert not now.ok
    assert "put back" in now.alarms[0]


def test_without_a_sequencer_what_cannot_be_taken_back_waits(machine: LogMachine) -> None:
    with transaction.atomic():
        entry = say().id
    check_log_follows()
    assert not standing().running
    machine.superuser(
        "UPDATE audit_entry SET received_at = received_at - interval '61 s' WHERE id = %s", [entry]
    )
    with pytest.raises(Unavailable, match="has waited 6"):
        check_log_follows()
    assert "has waited" in standing().alarms[0]
    assert not has_leaf(entry)
    machine.sequence()
    check_log_follows()
