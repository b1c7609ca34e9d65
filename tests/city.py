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
from tests.conftest import Committed, own_database

# A Friday noon in St. Louis, at which the demo city stands, and the night after it.
NOON = datetime(2026, 11, 20, 18, tzinfo=UTC)
NIGHT = datetime(2026, 11, 21, 4, tzinfo=UTC)


@pytest.fixture
def city(seeded: str, django_db_blocker: Any) -> Iterator[Committed]:
    """The demo city in a database of this test alone, seeded an hour ago; it is noon."""
    with django_db_blocker.unblock(), own_database(like=seeded) as made, clock.set_to(NOON):
        yield made


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
