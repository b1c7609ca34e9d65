"""The byte account of viewings: what is entered is what was sent, or says that it is an upper bound."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from policy.permits import PermitEnded
from rtcc import clock
from rtcc.live import sessions
from rtcc.live.models import Delivered, Viewing
from rtcc.live.sessions import Count
from tests.city import camera, city, events, said
from tests.conftest import Committed
from tests.watching import watch

__all__ = ["city"]


def sent(camera_id: UUID, viewing: Viewing, size: int) -> dict[UUID, Count]:
    """The counts of a socket that has room and sent ``size`` bytes of one camera."""
    sessions.reserve(viewing.id, camera_id)
    return {camera_id: Count(room=sessions.RESERVE_STEP, sent=size)}


def test_two_sockets_on_one_viewing_share_its_account(city: Committed) -> None:
    viewing, first = watch("cam01"), camera("cam01").id
    one, other = sent(first, viewing, 1000), sent(first, viewing, 200)

    sessions.write_down(viewing.id, one)
    one[first].sent += 5
    sessions.settle(viewing.id, one)
    sessions.settle(viewing.id, other)
    sessions.end(viewing.id, "closed by the viewer")

    assert (said()[-1]["bytes"], said()[-1]["exact"]) == (1205, True)


def test_a_socket_that_was_lost_makes_the_count_an_upper_bound(city: Committed) -> None:
    viewing, first = watch("cam01"), camera("cam01").id

    sessions.settle(viewing.id, sent(first, viewing, 1000), cut=True)
    sessions.end(viewing.id, "closed by the viewer")

    assert (said()[-1]["bytes"], said()[-1]["exact"]) == (1000, False)


def test_after_the_end_there_is_no_more_room_and_the_account_stays_as_entered(city: Committed) -> None:
    viewing, first = watch("cam01"), camera("cam01").id
    counts = sent(first, viewing, 1000)
    sessions.end(viewing.id, "closed by the viewer")

    with pytest.raises(PermitEnded):
        sessions.reserve(viewing.id, first)
    assert not sessions.settle(viewing.id, counts)
    assert not sessions.write_down(viewing.id, counts)

    assert (said()[-1]["bytes"], said()[-1]["exact"]) == (sessions.RESERVE_STEP, False)
    assert Delivered.objects.get().reserved == sessions.RESERVE_STEP


def test_a_process_that_speaks_again_after_a_silence_keeps_its_viewing(city: Committed) -> None:
    viewing = watch("cam01")

    with clock.set_to(clock.now() + timedelta(seconds=60)):
        assert sessions.sweep() == 0
        sessions.write_down(viewing.id, {})
    with clock.set_to(clock.now() + timedelta(seconds=75)):
        assert sessions.sweep() == 0
    assert Viewing.objects.open().exists()


def test_a_viewing_that_a_process_serves_is_ended_by_that_process(city: Committed) -> None:
    viewing = watch("cam01")
    sessions.attach(viewing.id, "host:1")

    sessions.ask_to_end(viewing.id, "closed by the viewer")
    assert not Viewing.objects.wanted().exists()
    assert Viewing.objects.open().exists()

    with clock.set_to(clock.now() + timedelta(seconds=30)):
        sessions.ask_to_end(viewing.id, "closed by the viewer")
    assert said()[-1]["reason"] == "closed by the viewer"


def test_bytes_entered_are_those_sent_when_the_viewing_ends_cleanly(city: Committed) -> None:
    viewing, first = watch("cam01"), camera("cam01").id

    assert sessions.settle(viewing.id, sent(first, viewing, 1000))
    assert sessions.end(viewing.id, "closed by the viewer")
    assert not sessions.end(viewing.id, "again")

    entry = said()[-1]
    assert (entry["event"], entry["bytes"], entry["exact"]) == ("view.ended", 1000, True)
    assert Delivered.objects.get().reserved == 1000


def test_a_process_that_dies_is_entered_with_what_it_had_reserved(city: Committed) -> None:
    viewing, first = watch("cam01"), camera("cam01").id
    sessions.reserve(viewing.id, first)

    assert sessions.sweep() == 0
    with clock.set_to(clock.now() + timedelta(seconds=15)):
        assert sessions.sweep() == 0
    with clock.set_to(clock.now() + timedelta(seconds=25)):
        assert sessions.sweep() == 1

    entry = said()[-1]
    assert (entry["event"], entry["bytes"], entry["exact"]) == ("view.ended", sessions.RESERVE_STEP, False)


def test_five_minutes_of_watching_are_entered_as_going_on(city: Committed) -> None:
    viewing = watch("cam01")

    with clock.set_to(clock.now() + timedelta(minutes=5)):
        sessions.write_down(viewing.id, {})
        sessions.write_down(viewing.id, {})

    assert events() == ["view.permitted", "view.continued"]
