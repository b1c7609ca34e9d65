"""What people of the room are told, in the starter version."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from policy.decide import Allow, Deny, MixedPersons, decide, decide_many
from policy.facttypes import ContextFacts, Facts, PersonFacts, ResourceFacts
from policy.publish import load_starter
from policy.vocabulary import Action, ObligationKind, Role

NOW = datetime(2026, 6, 15, 18, tzinfo=UTC)
ANA = PersonFacts(
    id="ana",
    roles=frozenset({Role.ANALYST}),
    organisation_ids=frozenset({"city"}),
    org_classes=frozenset({"agency"}),
    agency_id="city",
    rank=0,
    certified="yes",
    active=True,
    mfa=True,
)
BROADWAY = ResourceFacts(
    kind="camera",
    id="broadway",
    owner_id="city",
    owner_class="public",
    mode="always",
    hours_open=True,
    paused=False,
    retired=False,
    purposes_accepted=frozenset({"any"}),
    sensitivity=frozenset(),
    agreement_valid=True,
    recording=True,
    codec_supported=True,
    masked=False,
    held=False,
    agency_id="city",
    state="active",
    subject_id="none",
    subject_org_classes=frozenset(),
    opened_by="none",
    opener_rank=0,
    opener_organisation_ids=frozenset(),
)
GARAGE = replace(
    BROADWAY,
    id="garage",
    owner_id="garage-co",
    owner_class="partner",
    mode="conditional",
    purposes_accepted=frozenset({"emergency_call"}),
)
NOTHING = ContextFacts(now=NOW, purpose="none", basis_kind="none", grant_state="none", kill_switch=False)
INCIDENT = replace(
    NOTHING,
    purpose="emergency_call",
    basis_kind="incident",
    basis_verification="verified",
    basis_open=True,
    basis_agency_id="city",
)
GRANTED = replace(
    INCIDENT, grant_state="verified", grant_covers=True, grant_expires_in_s=600, history_allowed=True
)


def ask(
    action: Action,
    person: PersonFacts = ANA,
    on: ResourceFacts = BROADWAY,
    context: ContextFacts = GRANTED,
    **more: Any,
) -> Allow | Deny:
    facts = Facts(person=person, resource=on, context=replace(context, **more))
    return decide(action, facts, load_starter())


def owed(answer: Allow | Deny) -> dict[ObligationKind, int | None]:
    assert isinstance(answer, Allow)
    return {each.kind: each.within_s for each in answer.obligations}


def told(answer: Allow | Deny) -> str:
    assert isinstance(answer, Deny)
    assert all((answer.sentence, answer.citation, answer.way_out))
    return answer.rule


def test_an_analyst_without_an_incident_is_told_to_open_one() -> None:
    answer = ask(Action.VIEW_LIVE, context=NOTHING)

    assert told(answer) == "floor-basis"
    assert isinstance(answer, Deny)
    assert answer.sentence.startswith("You need an open incident or case")


def test_entering_an_incident_opens_the_cameras_before_a_grant_stands() -> None:
    assert owed(ask(Action.VIEW_LIVE, context=INCIDENT)) == {
        ObligationKind.EXPIRE_AFTER: 3600,
        ObligationKind.NO_AUDIO: None,
    }


def test_a_number_that_follows_gives_fifteen_minutes() -> None:
    answer = ask(Action.VIEW_LIVE, context=INCIDENT, basis_verification="pending")

    assert owed(answer)[ObligationKind.EXPIRE_AFTER] == 15 * 60


def test_exigent_access_opens_at_once_and_owes_a_justification_in_seven_days() -> None:
    answer = ask(
        Action.VIEW_LIVE,
        context=INCIDENT,
        basis_verification="unknown",
        exigent=True,
        has_reason=True,
        offence_class="robbery",
    )

    assert owed(answer)[ObligationKind.JUSTIFY] == 7 * 86400
    assert ObligationKind.NOTIFY_OVERSIGHT in owed(answer)


@pytest.mark.parametrize("verification", ["unknown", "pending"])
@pytest.mark.parametrize(("offence_class", "has_reason"), [("vehicle_theft", True), ("robbery", False)])
def test_exigent_access_needs_a_listed_class_and_a_sentence(
    verification: str, offence_class: str, has_reason: bool
) -> None:
    answer = ask(
        Action.VIEW_LIVE,
        context=INCIDENT,
        basis_verification=verification,
        exigent=True,
        has_reason=has_reason,
        offence_class=offence_class,
    )

    assert told(answer) == "order-exigent-offence"


def test_under_an_exigent_grant_one_goes_on_without_saying_it_all_again() -> None:
    under = replace(GRANTED, basis_verification="pending", grant_state="pending", exigent=True)

    assert ObligationKind.JUSTIFY in owed(ask(Action.PLAYBACK, context=under, footage_age_h=0))


def test_exigent_access_lasts_an_hour_even_while_its_number_follows() -> None:
    answer = ask(
        Action.VIEW_LIVE,
        context=INCIDENT,
        basis_verification="pending",
        exigent=True,
        has_reason=True,
        offence_class="robbery",
    )

    assert owed(answer)[ObligationKind.EXPIRE_AFTER] == 3600


def test_who_may_never_watch_is_not_told_to_wait_for_the_agreed_hours() -> None:
    officer = replace(ANA, roles=frozenset({Role.OFFICER}))
    answer = ask(Action.VIEW_LIVE, person=officer, on=replace(GARAGE, hours_open=False))

    assert told(answer) == "default-view_live"
    assert isinstance(answer, Deny)
    assert "agreement-hours" in answer.rules


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"hours_open": False}, "agreement-hours"),
        ({"mode": "registry"}, "agreement-registry-only"),
        ({"mode": "on_request"}, "agreement-on-request"),
        ({"paused": True}, "agreement-paused"),
        ({"agreement_valid": False}, "agreement-valid"),
        ({"purposes_accepted": frozenset({"traffic_safety"})}, "agreement-purposes"),
    ],
)
def test_a_partners_terms_are_told_by_name(changed: dict[str, Any], rule: str) -> None:
    assert isinstance(ask(Action.VIEW_LIVE, on=GARAGE), Allow)
    assert told(ask(Action.VIEW_LIVE, on=replace(GARAGE, **changed))) == rule


def test_a_partner_is_told_that_its_camera_was_watched() -> None:
    assert owed(ask(Action.VIEW_LIVE, on=GARAGE))[ObligationKind.NOTIFY_OWNER] == 86400


def test_a_pause_does_not_stop_what_the_law_asks_for() -> None:
    """A request reaches what was recorded; the owner's terms bind all other watching."""
    rosa = replace(ANA, id="rosa", roles=frozenset({Role.RECORDS_OFFICER}))
    answer = ask(
        Action.PLAYBACK,
        rosa,
        replace(GARAGE, paused=True),
        replace(
            NOTHING, purpose="records_request", basis_kind="request", basis_open=True, basis_agency_id="city"
        ),
    )

    assert isinstance(answer, Allow)


def test_a_request_gives_an_analyst_nothing_to_watch() -> None:
    """What exempts a request from terms and grants is for records officers, and for what was recorded."""
    request = replace(
        NOTHING, purpose="records_request", basis_kind="request", basis_open=True, basis_agency_id="city"
    )
    for action in (Action.VIEW_LIVE, Action.PLAYBACK, Action.SNAPSHOT, Action.BOOKMARK, Action.OPEN_GRANT):
        assert told(ask(action, on=replace(GARAGE, mode="registry"), context=request)).startswith("default-")


def test_history_from_before_the_grant_is_not_reached() -> None:
    assert isinstance(ask(Action.PLAYBACK, footage_age_h=0), Allow)
    assert told(ask(Action.PLAYBACK, history_allowed=False, footage_age_h=3)) == "order-history"


def test_a_masked_camera_is_permitted_only_with_its_mask() -> None:
    assert ObligationKind.MASK_ON in owed(ask(Action.VIEW_LIVE, on=replace(BROADWAY, masked=True)))


def test_a_picture_this_machine_cannot_show_is_refused_in_words() -> None:
    assert told(ask(Action.VIEW_LIVE, on=replace(BROADWAY, codec_supported=False))) == "order-codec"


def test_a_vote_of_ones_own_counts_for_nothing() -> None:
    clinic = replace(BROADWAY, sensitivity=frozenset({"clinic"}))

    assert (
        told(ask(Action.VIEW_LIVE, on=clinic, approvals=1, approver_ids=frozenset({"ana"})))
        == "floor-sensitive-place"
    )
    assert told(ask(Action.VIEW_LIVE, on=clinic, approvals=5)) == "floor-sensitive-place"
    assert isinstance(ask(Action.VIEW_LIVE, on=clinic, approvals=1, approver_ids=frozenset({"sam"})), Allow)


def test_the_kill_switch_is_told_before_all_else() -> None:
    assert told(ask(Action.VIEW_LIVE, context=NOTHING, kill_switch=True)) == "floor-kill-switch"


def test_everybody_can_always_sign_out() -> None:
    nobody = PersonFacts(id="gone")

    assert isinstance(ask(Action.SIGN_OUT, person=nobody, context=replace(NOTHING, kill_switch=True)), Allow)


def test_a_list_is_decided_in_its_order_and_only_for_one_person() -> None:
    facts = [
        Facts(person=ANA, resource=thing, context=GRANTED)
        for thing in (BROADWAY, replace(GARAGE, paused=True))
    ]

    assert [type(answer) for answer in decide_many(Action.VIEW_LIVE, facts, load_starter())] == [Allow, Deny]
    assert decide_many(Action.VIEW_LIVE, [], load_starter()) == []
    other = replace(facts[0], person=replace(ANA, id="ben"))
    with pytest.raises(MixedPersons):
        decide_many(Action.VIEW_LIVE, [facts[0], other], load_starter())


def test_before_a_parameter_is_in_force_nothing_is_permitted() -> None:
    assert told(ask(Action.VIEW_LIVE, now=datetime(2019, 1, 1, tzinfo=UTC))) == "engine-error"


@pytest.mark.parametrize("action", [Action.OPEN_GRANT, Action.RENEW_GRANT])
def test_a_grant_stands_on_a_basis_that_is_known_and_open(action: Action) -> None:
    own = replace(BROADWAY, kind="grant", subject_id="ana", opened_by="ana")

    assert isinstance(ask(action, on=own), Allow)
    for wrong in ({"basis_kind": "unknown"}, {"basis_open": False}, {"basis_agency_id": "county"}):
        assert isinstance(ask(action, on=own, **wrong), Deny)
