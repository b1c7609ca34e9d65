"""The one writer of the log: what it takes, what it refuses, and what the database refuses besides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit import disclosures
from audit.models import Disclosure, Entry, Leaf, Pending, Touch
from audit.pseudonym import pseudonym
from audit.record import OutsideTransaction, record
from audit.record import Touch as Touched
from audit.search import Question, find
from audit.vocabulary import FIELDS_V1, Event, Outcome, Tier
from rtcc import clock
from tests.conftest import Committed
from tests.log_machine import LogMachine, log_machine, say

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def machine(committed: Committed) -> Iterator[LogMachine]:
    with log_machine(committed) as made:
        yield made


def say_and_fail() -> None:
    """Record an entry in a transaction that is rolled back."""
    with transaction.atomic():
        say()
        raise ZeroDivisionError


def test_outside_a_transaction_nothing_is_recorded(committed: Committed) -> None:
    with pytest.raises(OutsideTransaction):
        record(Event.SYSTEM_STARTED)
    assert not Entry.objects.exists()


def test_an_entry_vanishes_with_the_transaction_that_wrote_it(committed: Committed) -> None:
    with pytest.raises(ZeroDivisionError):
        say_and_fail()
    for model in (Entry, Disclosure, Pending, Touch):
        assert not model._default_manager.exists()


@pytest.mark.django_db
def test_a_misspelled_field_or_event_is_refused() -> None:
    with pytest.raises(TypeError, match="camera_nmaes"):
        record(Event.SYSTEM_STARTED, camera_nmaes=["A"])
    with pytest.raises(ValueError, match=r"view\.looked"):
        record("view.looked")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="cannot hold a complex"):
        record(Event.SYSTEM_STARTED, detail=1j)
    with pytest.raises(TypeError, match="another"):
        record(Event.SYSTEM_STARTED, actor=uuid4(), touches=[Touched(actor=uuid4())])


@pytest.mark.django_db
def test_one_statement_writes_an_entry_however_many_cameras_it_touches() -> None:
    for count in (0, 1, 40):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            entry = record(
                Event.VIEW_PERMITTED, touches=[Touched(camera=uuid4()) for _ in range(count)], actor=uuid4()
            )
        assert len(queries) == 1
        assert Touch.objects.filter(entry=entry.id).count() == max(count, 1)


@pytest.mark.django_db
def test_an_entry_says_all_fields_and_its_tiers_are_kept_apart() -> None:
    actor, camera, now = uuid4(), uuid4(), clock.now()
    entry = record(
        Event.VIEW_ENDED,
        outcome=Outcome.PERMIT,
        touches=[Touched(camera=camera, watched=(NOON, now), footage=(NOON, now))],
        actor=actor,
        actor_name="Ada Analyst",
        reason="looked for the blue car",
        bytes=12_345,
        exact=True,
    )
    assert entry.id.version == 7
    assert abs(entry.received_at - now) < timedelta(seconds=60)
    full = disclosures.read([entry.id], Tier.FULL)[entry.id]
    assert list(full.keys() ^ FIELDS_V1.keys()) == []
    assert full["cameras"] == [str(camera)]
    assert full["bytes"] == 12_345
    assert full["actor"] == str(actor)
    assert full["actor_pseudonym"] == pseudonym(str(actor), now.year)
    pseudonymous = disclosures.read([entry.id], Tier.PSEUDONYMOUS)[entry.id]
    assert not {"actor", "actor_name", "reason", "device", "address"} & pseudonymous.keys()
    assert pseudonymous["actor_pseudonym"] == full["actor_pseudonym"]
    public = disclosures.read([entry.id], Tier.PUBLIC)[entry.id]
    assert public["event"] == "view.ended"
    assert not {"cameras", "actor_pseudonym", "basis"} & public.keys()


@pytest.mark.django_db
def test_with_a_set_clock_an_entry_says_that_it_is_seeded() -> None:
    with clock.set_to(NOON):
        entry = record(Event.DATA_SEEDED)
    said = disclosures.read([entry.id], Tier.FULL)[entry.id]
    assert (said["seeded"], said["time"]) == (True, "2026-11-20T12:00:00.000000Z")
    assert entry.received_at > NOON + HOUR


def test_a_pseudonym_is_stable_within_a_year_and_another_one_in_the_next() -> None:
    assert pseudonym("someone", 2026) == pseudonym("someone", 2026)
    assert len({pseudonym("someone", 2026), pseudonym("someone", 2027), pseudonym("other", 2026)}) == 3


@pytest.mark.parametrize(
    "table", ["entry", "disclosure", "disclosure_y2026m11", "leaf", "touch", "checkpoint"]
)
@pytest.mark.parametrize("role", ["app", "owner", "postgres"])
def test_nobody_changes_removes_or_empties_what_was_written(
    machine: LogMachine, role: str, table: str
) -> None:
    with transaction.atomic():
        say()
    machine.sequence()
    column = {"entry": "id", "leaf": "index", "checkpoint": "size"}.get(table, "entry")
    with psycopg.connect(machine.database.url(role), autocommit=True) as session:
        for statement in (
            f"UPDATE audit_{table} SET {column} = {column}",
            f"DELETE FROM audit_{table}",
            f"TRUNCATE audit_{table}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("column, value", [("received_at", "now()"), ("xact", "'1'")])
def test_the_application_sets_neither_the_time_nor_the_transaction_of_an_entry(
    column: str, value: str
) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO audit_entry (body, {column}) VALUES ('\\x00', {value})")


def test_a_change_of_state_without_an_entry_is_refused_at_commit(machine: LogMachine) -> None:
    with psycopg.connect(machine.database.url("postgres"), autocommit=True) as owner:
        owner.execute("CREATE TABLE thing (id int)")
        owner.execute("GRANT INSERT, SELECT ON thing TO watchlight_app")
        owner.execute(
            "CREATE CONSTRAINT TRIGGER needs_entry AFTER INSERT ON thing DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION watchlight_require_entry()"
        )

    def change() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO thing VALUES (1)")

    def change_and_lose_the_entry() -> None:
        change()
        with suppress(ZeroDivisionError):
            say_and_fail()

    with transaction.atomic():
        say()
        change()
    with pytest.raises(DatabaseError, match="without an entry"), transaction.atomic():
        change()
    with pytest.raises(DatabaseError, match="without an entry"), transaction.atomic():
        change_and_lose_the_entry()
    assert machine.one("SELECT count(*) FROM thing") == 1


def test_the_published_tiles_name_nothing(machine: LogMachine) -> None:
    names = ["Ada Analyst", "investigation", "view.permitted", "a short reason", "permit"]
    with transaction.atomic():
        entries = [say() for _ in range(5)]
    machine.sequence()
    names += [str(entry.id) for entry in entries]
    for said in disclosures.read([entry.id for entry in entries], Tier.FULL).values():
        names += [said["actor"], said["basis"], *said["cameras"], said["time"], said["actor_pseudonym"]]
    files = [path for path in machine.tiles.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        data = path.read_bytes()
        for name in names:
            assert name.encode() not in data
            if len(name) == 36:
                assert UUID(name).bytes not in data


def test_the_index_answers_who_watched_which_camera_when_and_what(committed: Committed) -> None:
    camera, other, ada, eve, basis = (uuid4() for _ in range(5))
    day = timedelta(days=1)
    with transaction.atomic():
        live = record(
            Event.VIEW_ENDED,
            outcome=Outcome.PERMIT,
            actor=ada,
            basis=basis,
            purpose="crime_in_progress",
            touches=[Touched(camera=camera, watched=(NOON, NOON + HOUR), footage=(NOON, NOON + HOUR))],
        ).id
        later = record(
            Event.PLAYBACK_ENDED,
            outcome=Outcome.PERMIT,
            actor=eve,
            purpose="investigation",
            touches=[
                Touched(
                    camera=camera, watched=(NOON + day, NOON + day + HOUR), footage=(NOON, NOON + HOUR / 2)
                ),
                Touched(camera=other, watched=(NOON + day, NOON + day + HOUR), footage=(NOON, NOON + HOUR)),
            ],
        ).id
        signed_in = record(Event.SESSION_STARTED, actor=ada).id

    def entries(**question: object) -> list[UUID]:
        return list(dict.fromkeys(found.entry for found in find(Question(**question))))  # type: ignore[arg-type]

    assert entries(cameras=[camera]) == [later, live]
    assert entries(cameras=[other]) == [later]
    assert entries(cameras=[camera], watched=(NOON, NOON + HOUR)) == [live]
    assert entries(cameras=[camera], watched=(None, NOON - HOUR)) == []
    assert entries(footage=(NOON + HOUR * 3 / 4, NOON + HOUR)) == [later, live]
    assert entries(cameras=[camera], footage=(NOON + HOUR * 3 / 4, None)) == [live]
    assert entries(places=[(camera, (NOON + HOUR * 3 / 4, None)), (other, None)]) == [later, live]
    assert entries(places=[(camera, (NOON + HOUR * 3 / 4, None))]) == [live]
    assert entries(actors=[str(ada)]) == [signed_in, live]
    assert entries(bases=[basis]) == [live]
    assert entries(purposes=["investigation"]) == [later]
    assert entries(events=["session.started"]) == [signed_in]
    assert entries(actors=[str(ada)], before=signed_in) == [live]
    assert entries(limit=1) == [signed_in]
    assert find(Question(bases=[basis]))[0].watched == (NOON, NOON + HOUR)
    assert not Leaf.objects.exists()
