"""Three days of demo history: lived through the acts, marked, and lived once."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from audit.keyfiles import make_log_keys
from audit.models import Entry
from policy.models import Basis, Grant, Obligation
from rtcc import clock
from rtcc.live.models import Viewing
from rtcc.onebox.history import live_through
from rtcc.onebox.seed import seed
from tests.city import NOON, city, said
from tests.conftest import Committed

__all__ = ["city"]


def test_the_history_is_lived_through_the_acts_and_every_entry_says_so(city: Committed) -> None:
    before = set(Entry.objects.values_list("id", flat=True))
    began = time.process_time()
    done = live_through()
    assert time.process_time() - began < 8, "the first start of the demo waits for it"

    assert done["viewing"] > 25
    assert done["refusal"] == 5
    entries = [one for one in said() if one["id"] not in before]
    assert all(one["seeded"] for one in entries)
    assert all(one["time"] < f"{NOON:%Y-%m-%dT%H:%M:%SZ}" for one in entries)
    events = {one["event"] for one in entries}
    assert {"view.permitted", "view.ended", "view.continued", "view.refused", "camera.paused"} <= events
    assert {"exigent.opened", "exigent.justified", "grant.ended", "incident.opened"} <= events


def test_nothing_of_the_history_is_left_open_but_one_justification(city: Committed) -> None:
    live_through()

    assert not Viewing.objects.open().exists()
    assert not Grant.objects.filter(ended_at__isnull=True).exists()
    numbers = Basis.objects.open_at(clock.now()).filter(kind="incident").values_list("number", flat=True)
    assert sorted(numbers) == ["26-118402", "26-118409", "26-118411"]
    owed = Obligation.objects.open().filter(kind="justify")
    assert [each.grant.reason[:8] for each in owed if each.grant] == ["A caller"]


def test_a_second_run_adds_nothing(city: Committed) -> None:
    live_through()
    count = Entry.objects.count()

    assert not live_through()
    assert Entry.objects.count() == count


@pytest.mark.parametrize("cameras", [3, 4])
def test_a_small_demo_city_has_a_history_too(committed: Committed, cameras: int) -> None:
    make_log_keys()
    with clock.set_to(NOON - timedelta(hours=1)):
        seed(cameras=cameras)
    with clock.set_to(NOON):
        done = live_through()

    assert done["viewing"] > 0
    assert not Viewing.objects.open().exists()
