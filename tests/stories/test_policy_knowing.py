"""Who may know that a thing exists: each kind x each relation to it. Whoever may not is answered as if it
were not there, so that nobody learns from a refusal.
"""

from __future__ import annotations

import pytest

from policy.facttypes import PersonFacts, ResourceFacts
from policy.guard import may_know
from policy.vocabulary import Kind, Ref
from rtcc.ids import uuid7

# Every member sees on a list that there are such things.
FOR_MEMBERS = {
    Kind.CAMERA, Kind.AGREEMENT, Kind.POLICY, Kind.SYSTEM, Kind.LOG, Kind.REPORT, Kind.FOOTAGE,
    Kind.DESTRUCTION,
}  # fmt: skip
THING = uuid7()
OURS, OTHERS, OWNER = "agency:ours", "agency:others", "organisation:owner"


def staff(agency: str = OURS, **more: object) -> PersonFacts:
    facts = {
        "roles": frozenset({"analyst"}),
        "organisation_ids": frozenset({f"of {agency}"}),
        "agency_id": agency,
    }
    return PersonFacts(**({"id": "somebody", "org_classes": frozenset({"agency"})} | facts | more))  # type: ignore[arg-type]


def thing(kind: Kind, **more: str) -> ResourceFacts:
    facts = {"owner_id": OWNER, "agency_id": OURS, "subject_id": "its subject", "opened_by": "who opened it"}
    return ResourceFacts(kind=kind, id=str(THING), **(facts | more))  # type: ignore[arg-type]


# Who asks, and whether they may know of a thing that is not for all members.
RELATIONS: dict[str, tuple[PersonFacts, bool]] = {
    "its agency's staff": (staff(), True),
    "another agency's staff": (staff(OTHERS), False),
    "a partner that is not its owner": (staff("none", org_classes=frozenset({"partner"})), False),
    "its owner": (staff("none", organisation_ids=frozenset({OWNER})), True),
    "its subject, elsewhere": (staff(OTHERS, id="its subject"), True),
    "who opened it, elsewhere": (staff(OTHERS, id="who opened it"), True),
    "oversight": (staff("none", org_classes=frozenset({"oversight"})), True),
    "a prosecutor": (staff("none", org_classes=frozenset({"prosecutor"})), False),
}


@pytest.mark.parametrize("who", RELATIONS)
@pytest.mark.parametrize("kind", Kind)
def test_who_may_know_of_a_thing(kind: Kind, who: str) -> None:
    person, known = RELATIONS[who]
    assert may_know(Ref(kind, THING), person, thing(kind)) is (known or kind in FOR_MEMBERS)


@pytest.mark.parametrize("kind", Kind)
def test_nobody_knows_of_what_is_not_there_or_not_known(kind: Kind) -> None:
    ref = Ref(kind, THING)
    assert not may_know(ref, staff(), None)
    nobody = PersonFacts(id="nobody")
    assert not may_know(ref, nobody, thing(kind))
    # Two facts that are both unknown are not the same fact.
    assert not may_know(ref, nobody, ResourceFacts(kind=kind, id=str(THING)))
    strange = ResourceFacts(kind=kind, id=str(THING), owner_id="none", agency_id="none", opened_by="none")
    outsider = staff("none")
    assert may_know(ref, outsider, strange) is (kind in FOR_MEMBERS)
