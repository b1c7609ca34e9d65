"""The door: what an act leaves behind when it is done, refused, or broken off; and the byte account."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError, transaction

from policy import denials
from policy.actions.end_grant import end_grant
from policy.denied import Denied, Hidden
from policy.guard import guard
from policy.models import Grant
from policy.models import Permit as PermitRow
from policy.permits import NotArmed, PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock
from rtcc.errors import NotFound, Unavailable
from tests.city import camera, city, events, incident, person, said
from tests.conftest import Committed
from tests.watching import watch

__all__ = ["city"]


def test_a_permit_is_its_owners_alone(city: Committed) -> None:
    viewing = watch("cam01")

    with pytest.raises(PermitEnded):
        resume(viewing.permit_id, by=person("theo.lindqvist"))
    with pytest.raises(PermitEnded):
        resume(uuid4(), by=person("ana.mercer"))


def test_an_act_that_fails_leaves_nothing_but_its_error_entry(city: Committed) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        guard(
            Action.VIEW_LIVE,
            by=person("ana.mercer"),
            on=Ref(Kind.CAMERA, camera("cam01").id),
            basis=incident().basis_id,
            purpose=Purpose.EMERGENCY_CALL,
        ),
    ):
        raise ZeroDivisionError

    assert events() == ["act.error"]
    assert not PermitRow.objects.exists()


def test_a_permit_inside_its_act_opens_no_door(city: Committed) -> None:
    ref = Ref(Kind.CAMERA, camera("cam01").id)
    with guard(
        Action.VIEW_LIVE,
        by=person("ana.mercer"),
        on=ref,
        basis=incident().basis_id,
        purpose=Purpose.EMERGENCY_CALL,
    ) as permit:
        with pytest.raises(NotArmed):
            permit.require(Action.VIEW_LIVE, ref)
    permit.require(Action.VIEW_LIVE, ref)
    with pytest.raises(PermitEnded, match="for something else"):
        permit.require(Action.PLAYBACK, ref)
    with pytest.raises(PermitEnded, match="does not cover"):
        permit.require(Action.VIEW_LIVE, Ref(Kind.CAMERA, camera("cam02").id))
    with clock.set_to(permit.expires_at), pytest.raises(PermitEnded, match="is over"):
        permit.require(Action.VIEW_LIVE, ref)


def test_an_act_on_what_one_may_not_know_of_is_answered_as_on_what_is_not_there(city: Committed) -> None:
    watch("cam01")
    answers = set()
    for grant in (Grant.objects.get().id, uuid4()):
        with pytest.raises(NotFound) as hidden:
            end_grant(by=person("lena.fontaine"), grant=grant, why="curious")
        answers.add((type(hidden.value), str(hidden.value)))
    assert answers == {(Hidden, "There is nothing here.")}
    assert [each["outcome"] for each in said()[-2:]] == ["deny", "deny"]
    assert Grant.objects.get().ended_at is None


def test_from_the_21st_denial_of_a_minute_they_are_counted(city: Committed) -> None:
    for _ in range(25):
        with pytest.raises(Denied):
            watch("cam01", by="grace.tamayo")

    assert events() == ["view.refused"] * 20
    with clock.set_to(clock.now() + timedelta(minutes=2)):
        assert denials.enter_counted() == 1
        assert denials.enter_counted() == 0
    assert (said()[-1]["event"], said()[-1]["count"]) == ("denied.counted", 5)


def test_a_change_of_state_without_an_entry_is_refused_by_the_database(city: Committed) -> None:
    watch("cam01")

    with pytest.raises(IntegrityError):
        _lengthen_every_grant()
    assert Grant.objects.get().ends_at - clock.now() == timedelta(minutes=60)


@transaction.atomic
def _lengthen_every_grant() -> None:
    Grant.objects.update(ends_at=clock.now() + timedelta(days=30))


def test_an_act_whose_answer_to_the_commit_was_lost_stands(city: Committed) -> None:
    ref = Ref(Kind.CAMERA, camera("cam01").id)
    with guard(
        Action.VIEW_LIVE,
        by=person("ana.mercer"),
        on=ref,
        basis=incident().basis_id,
        purpose=Purpose.EMERGENCY_CALL,
    ) as permit:
        # The connection is cut by the database just after it has committed.
        transaction.on_commit(_lose_the_answer)

    permit.require(Action.VIEW_LIVE, ref)
    assert events() == ["view.permitted"]


def _lose_the_answer() -> None:
    raise OperationalError("server closed the connection unexpectedly")


def test_a_deadlock_is_told_as_something_to_try_again(city: Committed) -> None:
    with (
        pytest.raises(Unavailable),
        guard(
            Action.VIEW_LIVE,
            by=person("ana.mercer"),
            on=Ref(Kind.CAMERA, camera("cam01").id),
            basis=incident().basis_id,
            purpose=Purpose.EMERGENCY_CALL,
        ),
    ):
        raise OperationalError("deadlock detected")

    assert events() == ["act.error"]
