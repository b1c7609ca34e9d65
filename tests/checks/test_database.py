"""What the database allows to whom: the table in code, the catalogue, and attempts."""

from __future__ import annotations

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from rtcc.onebox import rights, rights_apply
from rtcc.onebox.postgres import user
from tests import cluster
from tests.conftest import Committed


@pytest.mark.django_db
def test_every_model_has_its_migration() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True)


@pytest.mark.django_db
def test_django_finds_no_fault() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_every_table_stands_in_the_table_of_rights() -> None:
    with connection.cursor() as cursor:
        existing = rights_apply.existing_tables(cursor)
    assert existing - set(rights.TABLES) == set(), "tables that nobody decided about"
    assert set(rights.TABLES) - existing == set(), "rights for tables that are not there"


@pytest.mark.django_db
def test_the_catalogue_grants_what_the_table_says_and_nothing_else() -> None:
    with connection.cursor() as cursor:
        granted = rights_apply.catalogue_rights(cursor)
    wanted = rights_apply.wanted_rights()
    assert granted - wanted == set(), "granted, but not listed"
    assert wanted - granted == set(), "listed, but not granted"


@pytest.mark.django_db
def test_functions_are_called_by_whom_the_table_names() -> None:
    with connection.cursor() as cursor:
        callable_by = rights_apply.catalogue_callers(cursor)
    assert callable_by == {name: frozenset(map(user, roles)) for name, roles in rights.FUNCTIONS.items()}


@pytest.mark.django_db
def test_every_table_of_state_refuses_a_commit_without_an_entry() -> None:
    with connection.cursor() as cursor:
        assert rights_apply.catalogue_triggers(cursor) == rights_apply.wanted_triggers()


def test_a_change_of_state_without_an_entry_is_refused_at_commit(committed: Committed) -> None:
    with psycopg.connect(committed.url("app")) as app:
        app.execute(
            "INSERT INTO policy_organisation (id, code, name, kind) VALUES (uuidv7(), 'x', 'X', 'agency')"
        )
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="without an entry"):
            app.commit()


def test_tests_work_as_the_app_role_in_a_database_of_their_own(committed: Committed) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == ("watchlight_app", committed.name)


@pytest.mark.parametrize("role", ["app", "sequencer", "eraser"])
def test_no_process_may_make_tables_or_take_a_role(committed: Committed, role: str) -> None:
    with psycopg.connect(committed.url(role), autocommit=True) as own:
        for statement in (
            "CREATE TABLE mine (id int)",
            "CREATE TEMP TABLE mine (id int)",
            "SET ROLE watchlight_owner",
            "ALTER ROLE CURRENT_USER SUPERUSER",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                own.execute(statement)


def test_nobody_enters_the_database_without_a_password(committed: Committed) -> None:
    for name in ("postgres", "watchlight_owner", "watchlight_app"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=str(cluster.CLUSTER.sockets), user=name, dbname=committed.name)
