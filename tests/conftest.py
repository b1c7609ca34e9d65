"""Fixtures for all tests: the database as the role `app`, and databases of their own for tests that
commit.
"""

from __future__ import annotations

import gc
import itertools
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tests import cluster

_numbers = itertools.count(1)
_opened: weakref.WeakKeyDictionary[BaseDatabaseWrapper, int] = weakref.WeakKeyDictionary()


def _remember(connection: BaseDatabaseWrapper, **_: Any) -> None:
    _opened[connection] = threading.get_ident()


connection_created.connect(_remember)


def close_connections() -> None:
    """Close every connection of this thread. Django keeps one for plain code and another for code that runs
    while a browser is driven (an event loop stands in the thread then), and closes only that of the moment.
    """
    for connection, thread in list(_opened.items()):
        if thread == threading.get_ident():
            connection.close()


@dataclass(frozen=True)
class Committed:
    """A database of one test, in which its commits are real."""

    name: str

    def url(self, role: str) -> str:
        """What a connection with ``role`` (owner, app, sequencer, eraser or postgres) opens."""
        return cluster.CLUSTER.url(role, self.name)

    def environment(self, role: str) -> dict[str, str]:
        """The whole environment of a process with ``role`` on this database."""
        return cluster.environment(role, self.name)


@pytest.fixture(autouse=True)
def nothing_stays_open(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """A file or folder that a test's code opened is closed when the test ends: a recorder runs for months.

    Where a process "dies" inside of the test's own (marker ``dies``), no kernel closes what it had open.
    """
    base = str(tmp_path_factory.getbasetemp())
    before = _open_below(base)
    yield
    if _open_below(base) - before and request.node.get_closest_marker("dies") is None:
        gc.collect()  # What only waits to be collected was not forgotten.
        left = sorted(path for _, path in _open_below(base) - before)
        assert not left, f"{len(left)} left open: {left[:5]}"


def _open_below(base: str) -> set[tuple[str, str]]:
    """Descriptor and path of everything below ``base`` that this process holds open."""
    found = set()
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # That of the listing itself.
            path = os.readlink(f"/proc/self/fd/{descriptor}")
            if path.startswith(base):
                found.add((descriptor, path))
    return found


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """This process's database, cloned from the migrated template. Tests run in it as `app`, never as
    owner.
    """
    from django.db import connection

    cluster.clone(cluster.DATABASE)
    yield
    with django_db_blocker.unblock():
        connection.close()
    cluster.CLUSTER.drop_database(cluster.DATABASE)


def point_to(name: str) -> None:
    """Let this process, its threads and the programs it starts use the database ``name``."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connections

    from rtcc.config import config

    close_connections()
    connections["default"].settings_dict["NAME"] = name
    url = cluster.CLUSTER.url("app", name)
    os.environ["WATCHLIGHT_DATABASE_URL"] = url
    # The settings of a process are frozen for good reason; this process changes its database on purpose.
    object.__setattr__(config, "database_url", url)
    ContentType.objects.clear_cache()


@pytest.fixture
def committed(django_test_environment: None, django_db_blocker: Any) -> Iterator[Committed]:
    """A database of this test alone, for what needs real commits: threads, other processes, deferred
    triggers.

    Instead of ``django_db(transaction=True)``, whose TRUNCATE the log's triggers refuse. Not together with
    ``db``.
    """
    with django_db_blocker.unblock(), own_database() as made:
        yield made


@pytest.fixture(scope="session")
def seeded(django_test_environment: None, django_db_blocker: Any) -> Iterator[str]:
    """The name of a database with the demo city, seeded by its own command an hour before noon. Nobody is
    connected to it: each test gets a copy, which costs a fifth of seeding anew.
    """
    from audit.keyfiles import make_log_keys
    from rtcc import clock
    from rtcc.onebox.seed import seed
    from tests.city import NOON

    make_log_keys()
    with django_db_blocker.unblock(), own_database() as made:
        with clock.set_to(NOON - timedelta(hours=1)):
            seed()
        point_to(cluster.DATABASE)
        yield made.name


@contextmanager
def own_database(like: str | None = None) -> Iterator[Committed]:
    """This process on a database of its own, empty or a copy of the database ``like``; dropped afterwards."""
    name = f"{cluster.DATABASE}_{next(_numbers)}"
    cluster.clone(name, like)
    point_to(name)
    try:
        yield Committed(name)
    finally:
        point_to(cluster.DATABASE)
        cluster.CLUSTER.drop_database(name)
