"""Stories of the registry on the demo city: who registers, pauses and changes, and what the log says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import Disclosure
from cameras.actions.change_agreement import change_agreement
from cameras.actions.change_camera import CameraChange, change_camera
from cameras.actions.pause_camera import pause_camera
from cameras.actions.register_camera import register_camera
from cameras.actions.resume_camera import resume_camera
from cameras.details import CameraDetails, PlacementDetails, StreamDetails
from cameras.facts import camera_facts
from cameras.hours import Window
from cameras.models import Agreement, Camera, Designation, Device, Placement, Site, Stream
from cameras.models.devices import Credentials
from cameras.nearest import five_nearest, nearest
from cameras.terms import AgreementTerms
from cameras.vocabulary import Recording, RetentionClass, StreamRole
from cameras.writing import read_terms
from policy import epoch
from policy.guard import Denied
from policy.models import Organisation, Person
from policy.vocabulary import Mode
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, Conflict
from rtcc.onebox.seed import data, seed
from tests.city import NIGHT, NOON, city
from tests.conftest import Committed

__all__ = ["city"]


def person(username: str) -> Person:
    return Person.objects.get(username=username)


def camera(code: str) -> Camera:
    found: Camera = Camera.objects.by_code(code).get()
    return found


def events() -> list[str]:
    """The events of the log in the order of their entries, without those of the seed."""
    rows = (
        Disclosure.objects.filter(field__in=("event", "actor"))
        .order_by("entry")
        .values_list("entry", "field", "value")
    )
    said: dict[Any, dict[str, Any]] = {}
    for entry, field, value in rows:
        said.setdefault(entry, {})[field] = json.loads(value)
    return [one["event"] for one in said.values() if one["actor"] != "system:seed"]


def last_said(field: str) -> Any:
    """A field of the newest entry."""
    return json.loads(Disclosure.objects.filter(field=field).latest("entry").value)


def details(**changes: Any) -> CameraDetails:
    site = Site.objects.get(code="downtown")
    stream = StreamDetails(
        host="127.0.0.1",
        port=config.sim_port,
        path="/cam13",
        credentials=Credentials("demo", "pass-word-of-it"),
    )
    placement = PlacementDetails(
        site=site.id, lon=-90.1950, lat=38.6270, purpose="Collisions at the crossing."
    )
    known = CameraDetails(
        code="new-corner",
        name="New corner",
        owner=Organisation.objects.get(code="slmpd-demo").id,
        purpose="Collisions at the crossing.",
        recording=Recording.ALWAYS,
        retention_class=RetentionClass.STANDARD,
        stream=stream,
        placement=placement,
    )
    return replace(known, **changes)


def test_the_demo_city_stands_as_its_data_says_and_seeding_again_adds_nothing(city: Committed) -> None:
    assert Camera.objects.count() == 12
    owners = [row.owner.code for row in Camera.objects.select_related("owner")]
    assert owners.count("slmpd-demo") == 8
    assert Camera.objects.filter(retention_class=RetentionClass.DEMONSTRATION).count() == 2
    assert {Mode(row.mode) for row in Agreement.objects.all()} == {
        Mode.CONDITIONAL,
        Mode.ALWAYS,
        Mode.ON_REQUEST,
    }
    before = Disclosure.objects.count()
    assert seed().total() == 0
    assert Disclosure.objects.count() == before


def test_an_operator_registers_a_camera_and_the_log_says_that_it_is_expected(city: Committed) -> None:
    made = register_camera(by=person("sam.whitlock"), details=details())
    assert events() == ["camera.registered"]
    assert last_said("object_id") == str(made.id)
    assert last_said("detail")["recording"] == "always"
    assert Placement.objects.of_camera(made.id).valid_at(NOON).count() == 1
    assert {row.path for row in Stream.objects.filter(camera=made)} == {"/cam13"}


def test_an_analyst_cannot_register_a_camera_and_the_attempt_is_entered(city: Committed) -> None:
    with pytest.raises(Denied) as refusal:
        register_camera(by=person("ana.mercer"), details=details())
    assert refusal.value.citation
    assert refusal.value.way_out
    assert events() == ["act.refused"]
    assert not Camera.objects.by_code("new-corner").exists()


def test_credentials_are_stored_encrypted_and_open_only_for_their_own_device(city: Committed) -> None:
    made = register_camera(by=person("sam.whitlock"), details=details())
    device = Device.objects.get(cameras=made)
    assert device.wrapped_credentials is not None
    assert b"pass-word-of-it" not in bytes(device.wrapped_credentials)
    assert device.credentials() == Credentials("demo", "pass-word-of-it")
    assert "pass-word-of-it" not in repr(device.credentials())
    assert not Disclosure.objects.filter(value__contains="pass-word-of-it").exists()
    other = Device.objects.get(code="sim-cam01")
    other.wrapped_credentials = device.wrapped_credentials
    with pytest.raises(Exception, match="another purpose"):
        other.credentials()


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"code": "cam01"}, "code"),
        ({"purpose": "  "}, "purpose"),
        ({"stream": StreamDetails(host="169.254.169.254", port=18_554, path="/x")}, "host"),
        ({"stream": StreamDetails(host="127.0.0.1", port=22, path="/x")}, "port"),
        ({"stream": StreamDetails(host="127.0.0.1", port=18_554, path="x y")}, "path"),
    ],
)
def test_a_camera_that_cannot_be_is_refused_with_the_field_named(
    city: Committed, changes: Any, field: str
) -> None:
    with pytest.raises((BadInput, Conflict)) as wrong:
        register_camera(by=person("sam.whitlock"), details=details(**changes))
    assert wrong.value.field == field
    assert events() == ["act.error"]
    assert Camera.objects.count() == 12


def test_a_partner_pauses_its_own_camera_and_only_its_own(city: Committed) -> None:
    lena, own, others = person("lena.fontaine"), camera("cam09"), camera("cam11")
    began = epoch.current()
    pause_camera(by=lena, camera=own.id, why="Works in the arcade")
    assert epoch.current() == began + 1
    assert camera_facts([own.id], lock=False)[own.id].paused
    with pytest.raises(Conflict):
        pause_camera(by=lena, camera=own.id)
    resume_camera(by=lena, camera=own.id)
    assert not camera_facts([own.id], lock=False)[own.id].paused
    for stranger, target in ((lena, others), (person("ruth.okafor"), own)):
        with pytest.raises(Denied):
            pause_camera(by=stranger, camera=target.id)
    assert events() == ["camera.paused", "act.error", "camera.resumed", "act.refused", "act.refused"]


def test_moving_a_camera_makes_a_placement_and_keeps_the_old_one(city: Committed) -> None:
    row = camera("cam01")
    moved = PlacementDetails(
        site=Site.objects.get(code="downtown").id,
        lon=-90.2000,
        lat=38.6290,
        purpose="Crowds before the memorial.",
    )
    change_camera(by=person("sam.whitlock"), camera=row.id, change=CameraChange(placement=moved))
    before = Placement.objects.of_camera(row.id).valid_at(NOON - timedelta(seconds=1)).get()
    after = Placement.objects.of_camera(row.id).valid_at(NOON).get()
    assert (before.lon, after.lon) == (-90.19017, -90.2)
    assert before.ends_at == after.starts_at


def test_a_retired_camera_stays_retired(city: Committed) -> None:
    row, sam = camera("cam02"), person("sam.whitlock")
    change_camera(by=sam, camera=row.id, change=CameraChange(retire=True))
    assert camera_facts([row.id], lock=False)[row.id].retired
    assert row.id not in {one.id for one in Camera.objects.active()}
    with pytest.raises(Conflict):
        change_camera(by=sam, camera=row.id, change=CameraChange(name="Again"))


def test_another_path_makes_what_was_found_unknown_again(city: Committed) -> None:
    row = camera("cam03")
    stream = StreamDetails(host="127.0.0.1", port=config.sim_port, path="/elsewhere")
    assert camera_facts([row.id], lock=False)[row.id].codec_supported
    change_camera(by=person("sam.whitlock"), camera=row.id, change=CameraChange(stream=stream))
    assert not camera_facts([row.id], lock=False)[row.id].codec_supported
    assert camera("cam03").device.credentials() is not None


def test_hours_of_an_agreement_open_and_close_the_camera(city: Committed) -> None:
    row = camera("cam09")
    for at, expected in ((NOON, False), (NIGHT, True)):
        with clock.set_to(at):
            facts = camera_facts([row.id], lock=False)[row.id]
        assert facts.hours_open is expected
        assert (facts.mode, facts.owner_class, facts.agreement_valid) == ("conditional", "partner", True)
        assert facts.purposes_accepted == {"emergency_call", "crime_in_progress", "missing_person"}


def test_a_partners_camera_without_an_agreement_is_a_pin_on_the_map(city: Committed) -> None:
    owner = Organisation.objects.get(code="riverbend-parking-demo")
    made = register_camera(by=person("sam.whitlock"), details=details(owner=owner.id))
    facts = camera_facts([made.id], lock=False)[made.id]
    assert (facts.mode, facts.hours_open, facts.agreement_valid) == ("registry", False, False)
    assert facts.agency_id == "none"


def terms_of(code: str) -> tuple[Agreement, AgreementTerms]:
    agreement = Agreement.objects.get(code=code)
    return agreement, read_terms(agreement, clock.now())


def test_a_partner_narrows_its_agreement_alone_and_cannot_widen_it(city: Committed) -> None:
    lena = person("lena.fontaine")
    agreement, terms = terms_of("arcade-night")
    fewer = replace(terms, hours=frozenset({Window(4, time(20), time(2))}))
    change_agreement(by=lena, agreement=agreement.id, terms=fewer)
    assert terms_of("arcade-night")[1] == fewer
    with pytest.raises(Denied):
        change_agreement(by=lena, agreement=agreement.id, terms=terms)
    assert terms_of("arcade-night")[1] == fewer
    change_agreement(by=person("irene.castellan"), agreement=agreement.id, terms=terms)
    assert events() == ["agreement.changed", "act.refused", "agreement.changed"]
    assert last_said("detail")["before"]["hours"] == ["Fri 20:00-02:00"]


def test_revoking_ends_an_agreement_at_once_and_for_good(city: Committed) -> None:
    lena, row = person("lena.fontaine"), camera("cam09")
    agreement, terms = terms_of("arcade-night")
    change_agreement(by=lena, agreement=agreement.id, terms=replace(terms, revoked=True))
    assert not camera_facts([row.id], lock=False)[row.id].agreement_valid
    with pytest.raises(Conflict):
        change_agreement(by=person("irene.castellan"), agreement=agreement.id, terms=terms)


def test_a_camera_of_somebody_else_cannot_be_put_under_an_agreement(city: Committed) -> None:
    agreement, terms = terms_of("arcade-night")
    with pytest.raises(BadInput, match="does not belong"):
        change_agreement(
            by=person("irene.castellan"),
            agreement=agreement.id,
            terms=replace(terms, cameras=terms.cameras | {camera("cam01").id}),
        )
    with pytest.raises(BadInput, match="another agreement"):
        change_agreement(
            by=person("irene.castellan"),
            agreement=agreement.id,
            terms=replace(terms, cameras=terms.cameras | {camera("cam10").id}),
        )


def test_facts_take_as_many_queries_for_fifty_cameras_as_for_one(city: Committed) -> None:
    seed(cameras=50)
    ids = list(Camera.objects.values_list("id", flat=True))
    counts = []
    for some in (ids[:1], ids):
        with (
            transaction.atomic(),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            assert len(camera_facts(some, lock=True)) == len(some)
        counts.append(len(queries))
    # Of a partner's camera the agreed and the lent hours are asked for too.
    assert counts[0] >= counts[1] - 2
    assert counts[1] <= 8


def test_each_demo_call_is_seen_by_five_cameras_and_the_nearest_come_first(city: Committed) -> None:
    for incident in data("incidents")["incident"]:
        found = nearest(tuple(incident["point"]), clock.now())
        assert len(found) == 5
        assert [one.distance_m for one in found] == sorted(one.distance_m for one in found)
    assert next(one.code for one in five_nearest((-90.1920, 38.6281), clock.now())) == "cam04"


def test_what_a_moved_camera_sees_depends_on_when(city: Committed) -> None:
    row, place = camera("cam04"), (-90.1920, 38.6281)
    away = PlacementDetails(
        site=Site.objects.get(code="downtown").id, lon=-90.21, lat=38.63, purpose="Elsewhere."
    )
    change_camera(by=person("sam.whitlock"), camera=row.id, change=CameraChange(placement=away))
    assert "cam04" not in {one.code for one in five_nearest(place, NOON)}
    assert "cam04" in {one.code for one in five_nearest(place, NOON - timedelta(minutes=1))}


def placed(camera: Camera) -> Any:
    return Placement.objects.of_camera(camera.id)


def place_again(camera: Camera) -> None:
    Placement.objects.create(
        camera=camera, starts_at=NOON, lon=0, lat=0, site=Site.objects.get(), purpose="x"
    )


def designate_twice(camera: Camera) -> None:
    for agreement in Agreement.objects.all()[:2]:
        Designation.objects.create(agreement=agreement, camera=camera, starts_at=NOON)


def row_of(camera: Camera) -> Any:
    return Camera.objects.filter(id=camera.id)


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BROKEN = [
    ("placement_one_at_a_time", place_again),
    ("placement_bearing_in_circle", lambda c: placed(c).update(bearing_deg=360)),
    ("placement_ends_after_start", lambda c: placed(c).update(ends_at=LONG_AGO)),
    ("placement_on_earth", lambda c: placed(c).update(lat=91)),
    ("placement_sensitivity_known", lambda c: placed(c).update(sensitivity=["bakery"])),
    ("designation_one_at_a_time", designate_twice),
    ("camera_paused_at_and_by", lambda c: row_of(c).update(paused_at=NOON)),
    ("camera_purpose_written", lambda c: row_of(c).update(purpose="")),
    ("camera_recording_known", lambda c: row_of(c).update(recording="sometimes")),
    ("camera_number_given", lambda c: row_of(c).update(number=0)),
    ("stream_role_once", lambda c: Stream.objects.create(camera=c, role=StreamRole.RECORD, path="/two")),
    ("stream_path_absolute", lambda c: Stream.objects.filter(camera=c).update(path="no-slash")),
    ("device_port_in_range", lambda c: Device.objects.filter(cameras=c).update(port=0)),
    ("agreement_mode_known", lambda c: Agreement.objects.update(mode="sometimes")),
    ("agreement_purposes_known", lambda c: Agreement.objects.update(purposes=["curiosity"])),
]


def test_the_database_itself_refuses_what_can_never_be(city: Committed) -> None:
    row = camera("cam01")
    for name, broken in BROKEN:
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            broken(row)
