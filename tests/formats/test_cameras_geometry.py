"""Distances, fields of view and terms: arithmetic beneath the nearest cameras and a partner's own acts."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cameras.geometry import check_field_of_view, covers, distance_m, from_local, sector
from cameras.hours import Window
from cameras.terms import AgreementTerms, narrows
from policy.vocabulary import Mode, Purpose

COURTHOUSE = (-90.18944, 38.62556)
UNION_STATION = (-90.2077, 38.6280)


def test_distance_agrees_with_the_great_circle() -> None:
    lon1, lat1, lon2, lat2 = map(math.radians, (*COURTHOUSE, *UNION_STATION))
    a = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    great_circle = 2 * 6_371_008.8 * math.asin(math.sqrt(a))
    assert distance_m(COURTHOUSE, UNION_STATION) == pytest.approx(great_circle, rel=0.003)


@given(
    some.floats(0, 359.9),
    some.floats(20, 340),
    some.floats(50, 900),
    some.floats(0, 359.9),
    some.floats(1, 999),
)
def test_a_sector_covers_what_lies_in_its_angle_and_reach(
    bearing: float, angle: float, reach: float, towards: float, away: float
) -> None:
    view = sector(COURTHOUSE, bearing_deg=bearing, angle_deg=angle, reach_m=reach)
    point = from_local(
        (away * math.sin(math.radians(towards)), away * math.cos(math.radians(towards))), COURTHOUSE
    )
    off = abs((towards - bearing + 180) % 360 - 180)
    # The arc is drawn by chords of at most about ten degrees, so the rim is left out of the question.
    if off < angle / 2 - 1 and away < reach * 0.9:
        assert covers(view, point)
    if off > angle / 2 + 1 or away > reach * 1.01:
        assert not covers(view, point)


def test_all_around_has_no_gap() -> None:
    view = sector(COURTHOUSE, bearing_deg=0, angle_deg=360, reach_m=100)
    for turn in range(360):
        point = from_local((90 * math.sin(math.radians(turn)), 90 * math.cos(math.radians(turn))), COURTHOUSE)
        assert covers(view, point)


def test_the_outer_ring_runs_counterclockwise_as_geojson_wants() -> None:
    ring = sector(COURTHOUSE, bearing_deg=45, angle_deg=90, reach_m=200)["coordinates"][0]
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    assert ring[0] == ring[-1]
    assert area > 0


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]},
        {"type": "Polygon", "coordinates": [[["a", 0], [1, 1], [2, 0], ["a", 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        sector(UNION_STATION, bearing_deg=0, angle_deg=360, reach_m=100),
    ],
)
def test_a_field_of_view_that_cannot_be_is_refused(value: Any) -> None:
    assert check_field_of_view(value, COURTHOUSE)


def test_a_good_field_of_view_passes() -> None:
    view = sector(COURTHOUSE, bearing_deg=10, angle_deg=120, reach_m=300)
    assert check_field_of_view(view, COURTHOUSE) is None


CAMERA, OTHER = UUID(int=1), UUID(int=2)
NIGHT = AgreementTerms(
    mode=Mode.CONDITIONAL,
    hours=frozenset({Window(4, time(18), time(6))}),
    purposes=frozenset({Purpose.EMERGENCY_CALL, Purpose.MISSING_PERSON}),
    cameras=frozenset({CAMERA}),
    notify_owner=True,
    onward_sharing=False,
    number_told=False,
    agency_copies_days=30,
    ends_at=None,
    review_on=date(2028, 1, 1),
)


@pytest.mark.parametrize(
    "change, expected",
    [
        ({}, True),
        ({"revoked": True}, True),
        ({"mode": Mode.REGISTRY}, True),
        ({"mode": Mode.ON_REQUEST}, True),
        ({"mode": Mode.ON_REQUEST, "hours": frozenset()}, False),
        ({"mode": Mode.ALWAYS}, False),
        ({"hours": frozenset({Window(4, time(20), time(3))})}, True),
        ({"hours": frozenset({Window(4, time(17), time(6))})}, False),
        ({"hours": frozenset({Window(4, time(18), time(0)), Window(5, time(0), time(6))})}, True),
        ({"hours": frozenset()}, True),
        ({"purposes": frozenset({Purpose.EMERGENCY_CALL})}, True),
        ({"purposes": NIGHT.purposes | {Purpose.INVESTIGATION}}, False),
        ({"cameras": frozenset()}, True),
        ({"cameras": frozenset({CAMERA, OTHER})}, False),
        ({"notify_owner": False}, False),
        ({"onward_sharing": True}, False),
        ({"agency_copies_days": 7}, True),
        ({"agency_copies_days": None}, False),
        ({"ends_at": datetime(2027, 1, 1, tzinfo=UTC)}, True),
        ({"review_on": date(2029, 1, 1)}, False),
        ({"purposes": frozenset(), "onward_sharing": True}, False),
    ],
)
def test_only_taking_away_is_narrowing(change: dict[str, Any], expected: bool) -> None:
    assert narrows(NIGHT, replace(NIGHT, **change)) is expected


def test_lifting_a_revocation_is_no_narrowing() -> None:
    assert not narrows(replace(NIGHT, revoked=True), replace(NIGHT, cameras=frozenset()))
