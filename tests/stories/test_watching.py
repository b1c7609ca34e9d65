"""Watching live: what opens, what is refused, what ends, and what the log says of each."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, OperationalError, transaction

from audit.record import record
from audit.vocabulary import Event
from cameras.actions.pause_camera import pause_camera
from cameras.models import Mask
from policy import denials, epoch, grants
from policy.actions.end_grant import end_grant
from policy.actions.justify_exigent import justify_exigent
from policy.actions.renew_grant import renew_grant
from policy.actions.verify_basis import verify_basis
from policy.denied import Denied
from policy.guard import guard
from policy.models import Grant, Membership, Obligation
from policy.models import Permit as PermitRow
from policy.permits import NotArmed, PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, Kind, OffenceClass, Purpose, Ref
from rtcc import clock
from rtcc.dispatch.actions.open_incident import open_incident
from rtcc.errors import BadInput, Unavailable
from rtcc.live import sessions
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.models import Delivered, Viewing
from rtcc.live.relay import ABLE
from rtcc.live.sessions import Count
from tests.city import NIGHT, camera, city, events, incident, person, said
from tests.conftest import Committed

__all__ = ["city"]


def grant_of(viewing: Viewing) -> UUID:
    found = viewing.permit.grant_id
    assert found is not None
    return UUID(str(found))


def watch(*codes: str, by: str = "ana.mercer", number: str = "26-118402") -> Viewing:
    viewing, _ = open_viewing(
        by=person(by),
        basis=incident(number).basis_id,
        cameras=[camera(code).id for code in codes],
        purpose=Purpose.EMERGENCY_CALL,
    )
    return viewing


def test_an_analyst_opens_two_cameras_on_a_call_with_one_entry(city: Committed) -> None:
    viewing = watch("cam01", "cam02")

    assert events() == ["view.permitted"]
    entry = said()[0]
    assert entry["id"] == viewing.entry
    assert set(entry["cameras"]) == {str(camera("cam01").id), str(camera("cam02").id)}
    assert entry["basis_number"] == "26-118402"
    assert entry["rules"]
    grant = Grant.objects.get()
    assert grant.entry == viewing.entry
    assert grant.ends_at - grant.starts_at == timedelta(minutes=60)
    assert viewing.permit.expires_at == grant.ends_at


def test_a_number_that_follows_gives_fifteen_minutes(city: Committed) -> None:
    basis = open_incident(
        by=person("ana.mercer"),
        number="",
        kind="shots fired",
        title="",
        priority=1,
        place="Olive St & N 7th St",
        lon=-90.192,
        lat=38.6281,
    ).basis

    viewing, _ = open_viewing(
        by=person("ana.mercer"),
        basis=basis.id,
        cameras=[camera("cam01").id],
        purpose=Purpose.CRIME_IN_PROGRESS,
    )

    grant = viewing.permit.grant
    assert grant is not None
    assert grant.state == "pending"
    assert grant.ends_at - grant.starts_at == timedelta(minutes=15)


def test_a_supervisor_verifies_the_number_and_the_renewal_is_a_long_one(city: Committed) -> None:
    ana, basis = person("ana.mercer"), None
    basis = open_incident(
        by=ana, number="", kind="fight", title="", priority=2, place="x", lon=-90.19, lat=38.62
    ).basis
    viewing, _ = open_viewing(
        by=ana, basis=basis.id, cameras=[camera("cam01").id], purpose=Purpose.EMERGENCY_CALL
    )

    with pytest.raises(Denied):
        verify_basis(by=ana, basis=basis.id, number="26-1", stands=True)
    verify_basis(by=person("ruth.okafor"), basis=basis.id, number="26-1", stands=True)
    grant = renew_grant(by=ana, grant=grant_of(viewing))

    assert grant.state == "verified"
    assert grant.ends_at - clock.now() == timedelta(minutes=60)
    assert PermitRow.objects.get(id=viewing.permit_id).expires_at == grant.ends_at


def test_a_partners_camera_outside_its_hours_is_refused_with_rule_and_way_out(city: Committed) -> None:
    with pytest.raises(Denied) as refused:
        watch("cam09")

    assert refused.value.rule
    assert refused.value.citation
    assert refused.value.way_out
    entry = said()[-1]
    assert (entry["event"], entry["outcome"]) == ("view.refused", "deny")
    assert entry["id"] == refused.value.entry_id
    assert not Viewing.objects.exists()
    assert not Grant.objects.exists()


def test_the_same_camera_opens_at_night(city: Committed) -> None:
    with clock.set_to(NIGHT):
        watch("cam09")

    assert events() == ["view.permitted"]


def test_of_two_cameras_the_permitted_one_opens_and_the_other_is_named(city: Committed) -> None:
    viewing, refused = open_viewing(
        by=person("ana.mercer"),
        basis=incident().basis_id,
        cameras=[camera("cam01").id, camera("cam09").id],
        purpose=Purpose.EMERGENCY_CALL,
    )

    assert list(refused) == [camera("cam09").id]
    permit = resume(viewing.permit_id, by=person("ana.mercer"))
    permit.require(Action.VIEW_LIVE, Ref(Kind.CAMERA, camera("cam01").id))
    with pytest.raises(PermitEnded):
        permit.require(Action.VIEW_LIVE, Ref(Kind.CAMERA, camera("cam09").id))


@pytest.mark.parametrize(
    "who", ["grace.tamayo", "miriam.adler", "nadia.brandt", "lena.fontaine", "caleb.marsh"]
)
def test_who_is_neither_analyst_nor_supervisor_watches_nothing(city: Committed, who: str) -> None:
    with pytest.raises(Denied):
        watch("cam01", by=who)


def test_when_a_partner_pauses_the_permit_ends_and_the_log_says_so(city: Committed) -> None:
    viewing = watch("cam11")
    pause_camera(by=person("marcus.hale"), camera=camera("cam11").id, why="works on the roof")

    with pytest.raises(PermitEnded):
        resume(viewing.permit_id, by=person("ana.mercer"))

    assert events() == ["view.permitted", "camera.paused", "view.continued"]
    assert said()[-1]["outcome"] == "deny"


def test_one_paused_camera_leaves_the_others_open(city: Committed) -> None:
    viewing = watch("cam01", "cam11")
    pause_camera(by=person("marcus.hale"), camera=camera("cam11").id, why="works on the roof")

    permit = resume(viewing.permit_id, by=person("ana.mercer"))

    assert [covered.ref.id for covered in permit.covers] == [camera("cam01").id]


def test_a_masked_camera_is_not_shown_by_a_way_that_cannot_mask_and_the_others_are(city: Committed) -> None:
    with transaction.atomic():
        record(Event.CAMERA_CHANGED, actor="system:test")
        Mask.objects.create(
            camera=camera("cam01"), starts_at=clock.now(), polygon={"points": []}, reason="a bedroom window"
        )
    viewing = watch("cam01", "cam02")
    permit = resume(viewing.permit_id, by=person("ana.mercer"))

    permit.carry_out(Ref(Kind.CAMERA, camera("cam02").id), ABLE)
    with pytest.raises(PermitEnded) as refused:
        permit.carry_out(Ref(Kind.CAMERA, camera("cam01").id), ABLE)
    assert "mask on" in refused.value.sentence


def test_a_mask_that_is_drawn_while_a_camera_is_watched_closes_it(city: Committed) -> None:
    viewing = watch("cam01")
    with transaction.atomic():
        record(Event.CAMERA_CHANGED, actor="system:test")
        Mask.objects.create(
            camera=camera("cam01"), starts_at=clock.now(), polygon={"points": []}, reason="a bedroom window"
        )
        epoch.bump()

    permit = resume(viewing.permit_id, by=person("ana.mercer"))

    with pytest.raises(PermitEnded):
        permit.carry_out(Ref(Kind.CAMERA, camera("cam01").id), ABLE)


def test_when_the_membership_ends_so_does_the_permit(city: Committed) -> None:
    viewing = watch("cam01")
    with transaction.atomic():
        record(Event.MEMBERSHIP_CHANGED, actor="system:test")
        Membership.objects.of_person(person("ana.mercer").id).update(ends_at=clock.now())
        epoch.bump()

    with pytest.raises(PermitEnded):
        resume(viewing.permit_id, by=person("ana.mercer"))


def test_a_permit_is_its_owners_alone(city: Committed) -> None:
    viewing = watch("cam01")

    with pytest.raises(PermitEnded):
        resume(viewing.permit_id, by=person("theo.lindqvist"))
    with pytest.raises(PermitEnded):
        resume(uuid4(), by=person("ana.mercer"))


def test_a_supervisor_ends_a_grant_and_an_other_analyst_may_not(city: Committed) -> None:
    viewing = watch("cam01")
    grant = grant_of(viewing)

    with pytest.raises(Denied):
        end_grant(by=person("theo.lindqvist"), grant=grant, why="because")
    end_grant(by=person("ruth.okafor"), grant=grant, why="not needed any more")

    with pytest.raises(PermitEnded) as ended:
        resume(viewing.permit_id, by=person("ana.mercer"))
    assert ended.value.sentence == "not needed any more"


def test_time_ends_a_grant_and_the_clerk_enters_it_once(city: Committed) -> None:
    watch("cam01")

    with clock.set_to(clock.now() + timedelta(minutes=61)):
        assert grants.end_run_out() == 1
        assert grants.end_run_out() == 0

    assert events() == ["view.permitted", "grant.ended"]


def test_exigent_access_opens_at_once_and_owes_a_justification(city: Committed) -> None:
    ana = person("ana.mercer")
    basis = open_incident(
        by=ana, number="", kind="shots fired", title="", priority=1, place="x", lon=-90.19, lat=38.62
    ).basis
    open_viewing(
        by=ana,
        basis=basis.id,
        cameras=[camera("cam01").id],
        purpose=Purpose.CRIME_IN_PROGRESS,
        exigent=True,
        offence_class=OffenceClass.WEAPONS,
        reason="A man fires at people on the corner",
    )

    owed = Obligation.objects.get(kind="justify")
    assert owed.due_at - clock.now() == timedelta(days=7)
    with pytest.raises(BadInput):
        justify_exigent(by=ana, obligation=owed.id, answer="it was urgent")
    justify_exigent(
        by=ana,
        obligation=owed.id,
        answer="Shots were heard by four callers and nobody else could see the corner",
    )
    owed.refresh_from_db()
    assert owed.discharged_by_id == ana.id
    assert events()[-2:] == ["exigent.opened", "exigent.justified"]


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


def sent(camera_id: UUID, viewing: Viewing, size: int) -> dict[UUID, Count]:
    """The counts of a socket that has room and sent ``size`` bytes of one camera."""
    sessions.reserve(viewing.id, camera_id)
    return {camera_id: Count(room=sessions.RESERVE_STEP, sent=size)}


def test_bytes_entered_are_those_sent_when_the_viewing_ends_cleanly(city: Committed) -> None:
    viewing, first = watch("cam01"), camera("cam01").id

    assert sessions.settle(viewing.id, sent(first, viewing, 1000))
    assert sessions.end(viewing.id, "closed by the viewer")
    assert not sessions.end(viewing.id, "again")

    entry = said()[-1]
    assert (entry["event"], entry["bytes"], entry["exact"]) == ("view.ended", 1000, True)
    assert Delivered.objects.get().reserved == 1000


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


def test_five_minutes_of_watching_are_entered_as_going_on(city: Committed) -> None:
    viewing = watch("cam01")

    with clock.set_to(clock.now() + timedelta(minutes=5)):
        sessions.write_down(viewing.id, {})
        sessions.write_down(viewing.id, {})

    assert events() == ["view.permitted", "view.continued"]


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
