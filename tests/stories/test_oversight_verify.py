"""Verifying the log: asked for by a person or by time, carried out by a worker, its outcome entered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from audit.keyfiles import log_signer
from audit.vocabulary import FIELDS_V1
from policy.denied import Denied
from policy.models import Permit
from policy.vocabulary import Purpose
from rtcc import clock
from rtcc.config import config
from rtcc.errors import Conflict
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.oversight import verification
from rtcc.oversight.actions.ask_verification import ask_verification
from rtcc.oversight.entry_page import GROUPS
from rtcc.oversight.models import Verification
from tests.city import camera, city, events, incident, person, said
from tests.conftest import Committed
from tests.log_machine import LogMachine
from tests.stories.test_oversight_report import signed_in

__all__ = ["city"]


@pytest.fixture
def machine(city: Committed) -> Iterator[LogMachine]:
    """A log with the keys and tiles of this installation."""
    folder = Path(mkdtemp(prefix="wl-ov-"))
    made = LogMachine(folder, city)
    made.log, made.tiles = log_signer(), config.tiles_dir
    yield made
    made.close()
    rmtree(folder)
    rmtree(config.tiles_dir, ignore_errors=True)


def watch() -> UUID:
    viewing, _ = open_viewing(
        by=person("ana.mercer"),
        basis=incident().basis_id,
        cameras=[camera("cam01").id],
        purpose=Purpose.EMERGENCY_CALL,
    )
    return UUID(str(viewing.permit_id))


def test_a_verification_runs_and_its_outcome_is_an_entry(machine: LogMachine) -> None:
    watch()
    machine.sequence(witnessed=False)
    run = ask_verification(by=person("miriam.adler"))
    assert verification.carry_out(run.id)

    run.refresh_from_db()
    assert run.verifies, run.result
    assert run.result
    assert run.size == run.done == run.total
    assert events()[-2:] == ["log.verified", "log.verified"]
    assert said()[-1]["id"] == run.finished_entry
    assert said()[-1]["detail"]["verifies"]
    assert any("published entries are in the database" in each for each in (run.result or {})["proved"])
    assert not verification.carry_out(run.id), "what is done is not done again"


def test_a_permits_entry_removed_with_its_pending_row_is_named_by_the_permit(machine: LogMachine) -> None:
    """The sequencer stands still, so the entry has no leaf: only the rows that name it show that it was."""
    machine.sequence(witnessed=False)
    permit = watch()
    entry = Permit.objects.get(id=permit).entry
    for table, column in (("entry", "id"), ("pending", "entry"), ("disclosure", "entry"), ("touch", "entry")):
        assert machine.superuser(f"DELETE FROM audit_{table} WHERE {column} = %s", [entry])

    run = ask_verification(by=person("miriam.adler"))
    verification.carry_out(run.id)

    run.refresh_from_db()
    assert run.verifies is False
    assert run.result
    faults = {fault["place"]: fault["sentence"] for fault in (run.result or {})["faults"]}
    assert f"it names entry {entry}, which is not in the log" in faults[f"permit {permit}"]
    assert {place.split()[0] for place in faults} == {"permit", "grant", "viewing"}
    text = signed_in("miriam.adler").get(f"/oversight/verify/{run.id}/").content.decode()
    assert "The log does not verify" in text
    assert f"permit {permit}" in text


def test_a_worker_that_died_is_followed_by_another_and_given_up_after_three(city: Committed) -> None:
    run = ask_verification(by=person("miriam.adler"))
    held = Verification.objects.filter(id=run.id)
    held.update(state="running", attempts=2, leased_until=clock.now() + timedelta(seconds=30))
    assert not verification.carry_out(run.id), "somebody holds it"

    with clock.set_to(clock.now() + timedelta(minutes=2)):
        held.update(attempts=3)
        verification.carry_on()
    run.refresh_from_db()
    assert run.state == "failed"
    ask_verification(by=person("miriam.adler"))


def test_only_one_verification_is_under_way(city: Committed) -> None:
    ask_verification(by=person("miriam.adler"))
    with pytest.raises(Conflict):
        ask_verification(by=person("jonah.reyes"))


def test_an_outcome_cannot_be_written_without_an_entry(city: Committed) -> None:
    run = ask_verification(by=person("miriam.adler"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Verification.objects.filter(id=run.id).update(size=7)


@pytest.mark.parametrize("who", ["ana.mercer", "ruth.okafor", "lena.fontaine", "nadia.brandt"])
def test_only_oversight_verifies_by_the_page(city: Committed, who: str) -> None:
    with pytest.raises(Denied):
        ask_verification(by=person(who))
    assert signed_in(who).get("/oversight/verify/").status_code == 403


def test_the_system_verifies_its_own_log(city: Committed) -> None:
    run = ask_verification(by=verification.WORKER)
    assert run.asked_by is None


def test_the_page_polls_a_part_and_adds_no_entry(city: Committed) -> None:
    miriam = signed_in("miriam.adler")
    answer = miriam.post("/oversight/verify/")
    assert answer.status_code == 302
    miriam.get(answer["Location"])
    count = len(said())
    for _ in range(3):
        part = miriam.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" in part
    assert "<html" not in part
    assert len(said()) == count


def test_every_field_of_the_schema_stands_in_one_group_of_the_entrys_page() -> None:
    shown = [name for fields in GROUPS.values() for name in fields]
    assert sorted(shown) == sorted(FIELDS_V1)
