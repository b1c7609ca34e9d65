"""The parity theorem: whatever is permitted on a partner's camera is permitted on a like camera of the city.

Like: all facts are the same but those that only a partner's camera has (owner class, agreement, mode, hours,
pause, purposes accepted). It is checked by enumeration over every act, role, purpose, basis kind, mode and
hour, and by the same over versions with a rule that breaks it, which must be found.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cedarpy import PolicySet, pst

from policy.cedar import LoadedVersion, compile_parts
from policy.decide import Allow, _Question, decide_many
from policy.facttypes import FOOTAGE, LEAVING, WATCHING, ContextFacts, Facts, PersonFacts, ResourceFacts
from policy.publish import load_starter, starter_parts
from policy.vocabulary import (
    Action,
    BasisKind,
    Kind,
    Mode,
    OrganisationClass,
    OwnerClass,
    Purpose,
    Role,
)

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
_ONLY_PARTNERS = re.compile(
    r"owner_class|\bmode\b|hours_open|paused|agreement_valid|purposes_accepted|owner_consent"
)
GROUPS = {
    "footage": FOOTAGE,
    "watching": WATCHING,
    "leaving": LEAVING,
    "granting": {Action.OPEN_GRANT, Action.RENEW_GRANT},
    "two_persons": set(Action),
}
# Who a person of each role works for; a partner owns the camera in question.
HOME = {
    Role.AUDITOR: OrganisationClass.OVERSIGHT,
    Role.OUTSIDE_REVIEWER: OrganisationClass.OVERSIGHT,
    Role.PARTNER: OrganisationClass.PARTNER,
}
BASES = (*BasisKind, "none")
PURPOSES = (*Purpose, "none")
HOURS = (12, 3)


def person(role: Role) -> PersonFacts:
    return PersonFacts(
        id="self", roles=frozenset({role}), organisation_ids=frozenset({"owner"}),
        org_classes=frozenset({HOME.get(role, OrganisationClass.AGENCY)}), agency_id="city", rank=3,
        certified="yes", on_shift="yes", active=True, mfa=True,
    )  # fmt: skip


def partners(kind: Kind, mode: Mode, opened: bool) -> ResourceFacts:
    """A partner's camera, to everything else as open as can be."""
    return ResourceFacts(
        kind=kind, id="camera", owner_id="owner", owner_class=OwnerClass.PARTNER, mode=mode,
        hours_open=opened,
        paused=False, retired=False, purposes_accepted=frozenset({"any"}), sensitivity=frozenset(),
        agreement_valid=True, recording=True, codec_supported=True, masked=False, held=False,
        agency_id="city",
        state="active", subject_id="self", subject_org_classes=frozenset(), opened_by="other",
        opener_rank=0, opener_organisation_ids=frozenset(),
        operators=frozenset({"self"}),
    )  # fmt: skip


def like(camera: ResourceFacts) -> ResourceFacts:
    """The same camera as the city's own: always lent, never paused, for every purpose."""
    return replace(
        camera, owner_class=OwnerClass.PUBLIC, mode=Mode.ALWAYS, hours_open=True, paused=False,
        agreement_valid=True, purposes_accepted=frozenset({"any"}),
    )  # fmt: skip


def situation(purpose: str, basis: str) -> ContextFacts:
    return ContextFacts(
        now=NOW, local_hour=12, purpose=purpose, basis_kind=basis, basis_verification="verified",
        basis_open=True, basis_agency_id="city", grant_state="verified", grant_covers=True,
        grant_expires_in_s=600, footage_age_h=1, history_allowed=True, exigent=False, offence_class="robbery",
        approvals=2, approver_ids=frozenset({"other-1", "other-2"}),
        owner_consent=True, restricts=True, kill_switch=False, has_reason=True, recipient_class="court",
    )  # fmt: skip


def situations() -> Iterator[ContextFacts]:
    """Every purpose on every kind of basis, by two persons and with a verified number."""
    for purpose, basis in itertools.product(PURPOSES, BASES):
        yield situation(str(purpose), str(basis))


def about_partners(version: LoadedVersion) -> dict[str, pst.Template]:
    """The rules of the law that read a fact which only a partner's camera has. All others answer alike for
    both cameras, so a difference can come from these alone.
    """
    law = version.law.to_pst().static_policies
    return {name: rule for name, rule in law.items() if _ONLY_PARTNERS.search(text_of(rule))}


def text_of(statement: pst.Template) -> str:
    """A rule as Cedar prints it, without what it says to people."""
    bare = replace(statement, annotations={})
    return str(PolicySet.from_pst(pst.PolicySet({}, {statement.id: bare}, ())))


def actions_of(statements: Iterable[pst.Template]) -> set[Action]:
    """The acts that these rules speak of."""
    found: set[Action] = set()
    for statement in statements:
        named = {str(uid.id) for uid in pst.entity_uids(statement) if str(uid.type).endswith("Action")}
        for name in named:
            found |= GROUPS[name] if name in GROUPS else {Action(name)}
        if not named:
            return set(Action)
    return found


def counterexamples(version: LoadedVersion, most: int = 3) -> list[str]:
    """Acts that a version permits on a partner's camera and not on a like camera of the city.

    Each rule about partners is asked alone, by every act it speaks of, purpose, kind of basis, mode and hour,
    on both cameras (and by every role, where one of them reads who acts). Where a forbid stops the city's
    camera alone, or a permit opens only the partner's, the whole version decides both, for every role.
    """
    rules = about_partners(version)
    alone = {name: replace(rule, effect="permit") for name, rule in rules.items()}
    asked = replace(version, law=PolicySet.from_pst(pst.PolicySet({}, alone, ())))
    found: list[str] = []
    who = list(Role) if any("principal." in text_of(rule) for rule in rules.values()) else [Role.ANALYST]
    for action, role in itertools.product(sorted(actions_of(rules.values())), who):
        things = THINGS if action in FOOTAGE else [*THINGS, *OTHER_THINGS]
        facts = [
            Facts(person=person(role), resource=thing, context=replace(case, local_hour=hour))
            for case in situations()
            for hour in HOURS
            for thing in things
            if thing.hours_open == (hour == 12)
        ]
        for partner, fires, on_city in fired(action, facts, asked):
            opens_more = any(
                (name in on_city and name not in fires)
                if rules[name].effect == "forbid"
                else (name in fires and name not in on_city)
                for name in rules
            )
            if not opens_more:
                continue
            for each in [role] if len(who) > 1 else Role:
                here = replace(partner, person=person(each))
                both = [here, replace(here, resource=like(here.resource))]
                ours, citys = (isinstance(answer, Allow) for answer in decide_many(action, both, version))
                if ours and not citys:
                    said = here.context
                    found.append(f"{each} {action} {here.resource.mode} {said.purpose} {said.basis_kind}")
                    if len(found) >= most:
                        return found
    return found


def fired(
    action: Action, facts: list[Facts], version: LoadedVersion
) -> Iterator[tuple[Facts, set[str], set[str]]]:
    """For each partner's facts: the rules that match, and those that match for the city's like camera."""
    citys = {facts_of: replace(facts_of, resource=like(facts_of.resource)) for facts_of in facts}
    whole = list(dict.fromkeys([*facts, *citys.values()]))
    parameters = version.parameters.in_force(version.parameters_read, NOW)
    results = _Question(action, whole, version, parameters).ask(version.law, range(len(whole)))
    names = {each: set(results[position].diagnostics.reasons) for position, each in enumerate(whole)}
    for each in facts:
        yield each, names[each], names[citys[each]]


THINGS = [partners(Kind.CAMERA, mode, opened) for mode in Mode for opened in (True, False)]
OTHER_THINGS = [replace(partners(Kind.CAMERA, mode, opened=True), kind=Kind.AGREEMENT) for mode in Mode]


def version_with(part: str, old: str, new: str) -> LoadedVersion:
    """The starter version with a few words of one part put in place of others."""
    parts = starter_parts()
    assert old in parts[part]
    return compile_parts({**parts, part: parts[part].replace(old, new, 1)})


def test_whatever_is_permitted_on_a_partners_camera_is_permitted_on_a_like_city_camera() -> None:
    version = load_starter()

    assert {"agreement-hours", "agreement-paused", "parity-time-box"} <= set(about_partners(version))
    assert counterexamples(version) == []


def test_rules_about_partners_only_forbid() -> None:
    """Agreements and parity can only take away: no permit of the version reads a fact of partners alone."""
    assert {rule.effect for rule in about_partners(load_starter()).values()} == {"forbid"}


A_SHORT_CUT = """@id("order-partners-for-records")
@authority("a mistake")
@citation("Demonstration of a mistake")
@says("Everybody goes back to partners' footage for the safety of traffic.")
permit (principal, action == Action::"playback", resource)
when { resource.owner_class == "partner" && context.purpose == "traffic_safety" };

"""


@pytest.mark.parametrize(
    ("part", "old", "new", "broken"),
    [
        ("order.cedar", '@id("order-live")', A_SHORT_CUT + '@id("order-live")', " playback "),
        (
            "floor.cedar",
            'unless { ["incident", "case", "event", "request"].contains(context.basis_kind) };',
            'unless { ["incident", "case", "event", "request"].contains(context.basis_kind) || '
            'resource.mode == "conditional" };',
            " conditional ",
        ),
    ],
)
def test_a_version_that_gives_more_on_a_partners_camera_is_found(
    part: str, old: str, new: str, broken: str
) -> None:
    assert any(broken in each for each in counterexamples(version_with(part, old, new), most=1))
