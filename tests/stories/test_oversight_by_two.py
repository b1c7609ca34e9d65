"""Acts on the log that take two persons: erasing what an entry says, bringing back what was lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from uuid import UUID

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from audit.eraser import Eraser
from audit.keyfiles import log_signer
from audit.models import Erasure
from audit.recovery import find_loss
from policy.actions.approve import approve
from policy.denied import Denied
from policy.models import Proposal
from policy.vocabulary import Purpose
from rtcc.config import config
from rtcc.errors import BadInput, Conflict
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.oversight.actions.order_erasure import order_erasure
from rtcc.oversight.actions.propose_erasure import propose_erasure
from rtcc.oversight.actions.propose_recovery import propose_recovery
from rtcc.oversight.actions.recover_log import recover_log
from rtcc.oversight.reading import Proof, read
from tests import cluster
from tests.city import camera, city, events, incident, person, said
from tests.conftest import Committed
from tests.log_machine import LogMachine
from tests.stories.test_oversight_report import signed_in

__all__ = ["city"]

RULE = "RSMo 610.140 (demonstration)"


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
    return viewing.entry


def proposed(entry: UUID) -> Proposal:
    return propose_erasure(
        by=person("owen.birch"), entry=entry, fields=["actor_name"], rule=RULE, reason="A court asks for it"
    )


def test_a_name_is_erased_by_two_persons_and_the_entry_is_proved_all_the_same(machine: LogMachine) -> None:
    entry = watch()
    machine.sequence(witnessed=False)
    proposal = proposed(entry)
    with pytest.raises(Denied):
        order_erasure(by=person("owen.birch"), proposal=proposal.id)
    approve(by=person("ruth.okafor"), proposal=proposal.id)
    announced = order_erasure(by=person("owen.birch"), proposal=proposal.id)
    machine.sequence(witnessed=False)

    assert Erasure.objects.get().announced_by == announced.id
    with psycopg.connect(machine.database.url("eraser")) as eraser:
        assert Eraser(eraser).delete() == 1
    row = read([entry])[entry]
    assert row.erased == ["actor_name"]
    assert row.proof is Proof.PROVED
    result = machine.verify()
    assert result.ok, result.faults
    assert "Ana Mercer" not in signed_in("miriam.adler").get(f"/entries/{entry}/").content.decode()


def test_who_proposed_an_erasure_does_not_approve_it_and_others_do_not_order_it(machine: LogMachine) -> None:
    entry = watch()
    machine.sequence(witnessed=False)
    proposal = proposed(entry)
    with pytest.raises(Denied):
        approve(by=person("owen.birch"), proposal=proposal.id)
    with pytest.raises(Denied):
        propose_erasure(
            by=person("ana.mercer"), entry=entry, fields=["actor_name"], rule=RULE, reason="I want it gone"
        )
    with pytest.raises(BadInput):
        propose_erasure(by=person("owen.birch"), entry=entry, fields=["recipient"], rule=RULE, reason="x")
    assert not Erasure.objects.exists()


def test_the_page_of_erasures_is_there_for_who_may_ask_or_approve(city: Committed) -> None:
    assert signed_in("ana.mercer").get("/oversight/erasure/").status_code == 404
    assert b"Ask for an erasure" in signed_in("owen.birch").get("/oversight/erasure/").content
    assert b"Ask for an erasure" not in signed_in("ruth.okafor").get("/oversight/erasure/").content


def lose(machine: LogMachine) -> UUID:
    """Let two published entries be lost by a restore of the database; returns the first one's id."""
    name, copy = machine.database.name, f"{machine.database.name}_copy"
    connection.close()
    cluster.CLUSTER.clone_database(copy, name)
    lost = watch()
    signed_in("miriam.adler").get("/oversight/report/")
    machine.sequence(witnessed=False)
    connection.close()
    cluster.CLUSTER.drop_database(name)
    cluster.CLUSTER.clone_database(name, copy)
    cluster.CLUSTER.drop_database(copy)
    return lost


def test_what_a_restore_lost_comes_back_by_two_persons(machine: LogMachine) -> None:
    machine.sequence(witnessed=False)
    with pytest.raises(Conflict):
        propose_recovery(by=person("sam.whitlock"), reason="nothing is lost")
    lose(machine)
    proposal = propose_recovery(by=person("sam.whitlock"), reason="The database was put back from last night")
    with pytest.raises(Denied):
        recover_log(by=person("sam.whitlock"), proposal=proposal.id)
    approve(by=person("nadia.brandt"), proposal=proposal.id)
    entry = recover_log(by=person("sam.whitlock"), proposal=proposal.id)

    machine.sequence(witnessed=False)
    result = machine.verify()
    assert result.ok, result.faults
    assert "log.recovered" in events()
    assert next(one for one in said() if one["id"] == entry.id)["count"] > 1
    with pytest.raises(Conflict):
        find_loss()


def test_the_command_waits_for_two_persons_and_then_acts(machine: LogMachine) -> None:
    machine.sequence(witnessed=False)
    with pytest.raises(CommandError, match="nothing is lost"):
        call_command("recover")
    lose(machine)
    proposal = propose_recovery(by=person("sam.whitlock"), reason="The database was put back from last night")
    out = StringIO()
    yes = threading.Timer(0.5, _approve_elsewhere, [proposal.id])
    yes.start()
    call_command("recover", wait_minutes=1, stdout=out)
    yes.join()

    assert "/oversight/recover/" in out.getvalue()
    assert "Brought back as entry" in out.getvalue()


def _approve_elsewhere(proposal: UUID) -> None:
    from rtcc import clock
    from tests.city import NOON

    with clock.set_to(NOON):
        approve(by=person("nadia.brandt"), proposal=proposal)
    connection.close()
