"""Watching live: what opens, what is refused, what ends, and what the log says of each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from audit.record import record
from audit.vocabulary import Event
from cameras.actions.pause_camera import pause_camera
from cameras.models import Mask
from policy import epoch, grants
from policy.actions.end_grant import end_grant
from policy.actions.justify_exigent import justify_exigent
from policy.actions.renew_grant import renew_grant
from policy.actions.verify_basis import verify_basis
from policy.denied import Denied
from policy.models import Grant, Membership, Obligation
from policy.models import Permit as PermitRow
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, Kind, OffenceClass, Purpose, Ref
from rtcc import clock
from rtcc.dispatch.actions.open_incident import open_incident
from rtcc.errors import BadInput
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.models import Viewing
from rtcc.live.relay import ABLE
from tests.city import NIGHT, camera, city, events, incident, person, said
from tests.conftest import Committed
from tests.watching import grant_of, watch

__all__ = ["city"]


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
