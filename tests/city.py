"""The demo city in a test's own database, and what its log says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from audit.models import Disclosure
from cameras.models import Camera
from policy.models import Person
from rtcc import clock
from rtcc.dispatch.models import Incident
from tests import cluster
from tests.conftest import Committed, own_database

# A Friday noon in St. Louis, at which the demo city stands, and the night after it.
NOON = datetime(2026, 11, 20, 18, tzinfo=UTC)
NIGHT = datetime(2026, 11, 21, 4, tzinfo=UTC)


@pytest.fixture
def city(seeded: str, django_db_blocker: Any) -> Iterator[Committed]:
    """The demo city in a database of this test alone, seeded an hour ago; it is noon."""
    with django_db_blocker.unblock(), own_database(like=seeded) as made, clock.set_to(NOON):
        _seeded_just_now(made.name)
        yield made


def _seeded_just_now(database: str) -> None:
    """The copy's entries came in now, by the database's own clock: one that waits for its leaf for a minute
    stops whatever cannot be taken back. A superuser may say so past the log's triggers; nobody else.
    """
    with cluster.CLUSTER.connect(database=database) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE audit_entry SET received_at = received_at + (clock_timestamp() - last.at)"
            " FROM (SELECT max(received_at) AS at FROM audit_entry) AS last"
        )


def person(username: str) -> Person:
    return Person.objects.get(username=username)


def camera(code: str) -> Camera:
    found: Camera = Camera.objects.by_code(code).get()
    return found


def incident(number: str = "26-118402") -> Incident:
    found: Incident = Incident.objects.select_related("basis").get(basis__number=number)
    return found


def said(*, seed: bool = False) -> list[dict[str, Any]]:
    """The entries in their order, as fields by name; those of the seed only where they are asked for."""
    rows = Disclosure.objects.order_by("entry").values_list("entry", "field", "value")
    found: dict[UUID, dict[str, Any]] = {}
    for entry, field, value in rows:
        if field != "-":
            found.setdefault(entry, {"id": entry})[field] = json.loads(value)
    return [one for one in found.values() if seed or one.get("actor") != "system:seed"]


def events() -> list[str]:
    """The events of the log in their order."""
    return [one["event"] for one in said()]
