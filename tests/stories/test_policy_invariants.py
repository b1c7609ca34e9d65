"""What no policy can edit, row by row, against a policy that permits everything to everybody.

The rows are written out here and not taken from the code, so that a word lost there is missed here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from policy.cedar import LoadedVersion, compile_parts
from policy.decide import Allow, Deny, decide
from policy.examples import read_examples
from policy.facttypes import Facts
from policy.publish import load_starter, starter_parts
from policy.vocabulary import Action
from tests.stories.test_policy_versions import FREE_FOR_ALL

FOOTAGE = (
    "view_live", "playback", "snapshot", "send_picture", "receive_picture", "lift_mask", "export", "share",
    "open_asset", "search", "bookmark", "place_keep", "redact",
)  # fmt: skip
ASKED = {"context.approvals": 1, "context.approver_ids": frozenset({"lee"})}
OVERSIGHT, NOT_KNOWN = frozenset({"oversight"}), frozenset({"unknown"})
MIAS = {
    "resource.subject_id": "mia", "resource.id": "mia", "context.approver_org_classes": frozenset({"agency"}),
}  # fmt: skip

ROWS: list[tuple[str, str, dict[str, Any]]] = [
    *[("invariant-basis", act, ASKED | {"context.basis_open": False}) for act in FOOTAGE],
    *[("invariant-basis", act, ASKED | {"context.basis_kind": "none"}) for act in FOOTAGE],
    *[("invariant-basis", act, ASKED | {"context.basis_kind": "unknown"}) for act in FOOTAGE],
    *[
        ("invariant-two-persons", act, {"context.approvals": number, "context.approver_ids": who})
        for act in ("lift_mask", "release_hold", "recover_log", "change_erasure", "change_policy")
        for number, who in ((0, frozenset()), (1, frozenset({"ana"})))
    ],
    *[
        ("invariant-oversight-independent", act,
         MIAS | {"resource.kind": kind, "resource.subject_org_classes": classes})
        for act in ("change_membership", "administer")
        for kind in ("person", "membership")
        for classes in (OVERSIGHT, NOT_KNOWN)
    ],
    *[
        ("invariant-no-self-approval", act, {name: who})
        for act in ("approve", "verify_basis")
        for name, who in (("resource.opened_by", "ana"), ("resource.opened_by", "unknown"),
                          ("resource.subject_id", "ana"))
    ],
    *[
        ("invariant-no-self-approval", act, {"resource.kind": "membership", "resource.subject_id": who})
        for act in ("change_membership", "release_account")
        for who in ("ana", "unknown")
    ],
    ("invariant-hold", "destroy", {"resource.held": True}),
    *[
        ("invariant-log", act, {"resource.kind": "log"})
        for act in ("administer", "destroy", "change_camera", "change_policy", "export")
    ],
    *[
        ("invariant-exigent-justified", act, {"context.exigent": True})
        for act in ("view_live", "playback", "open_grant", "renew_grant")
    ],
]  # fmt: skip


@cache
def lawless() -> LoadedVersion:
    parts = starter_parts()
    parts |= {"floor.cedar": "", "parity.cedar": "", "agreements.cedar": "", "order.cedar": FREE_FOR_ALL}
    return compile_parts(parts)


@cache
def favourable() -> Facts:
    """Ana, an open incident, somebody else's thing, and a second person's yes."""
    starter = load_starter()
    cases = read_examples(starter.parts["examples.toml"], starter.rules)
    facts = next(case.facts for case in cases if case.facts.person.id == "ana" and case.case == "permit")
    return with_facts(facts, ASKED | {"resource.opened_by": "olu", "resource.subject_id": "olu"})


def with_facts(facts: Facts, changed: dict[str, Any]) -> Facts:
    for name, value in changed.items():
        part, _, attribute = name.partition(".")
        facts = replace(facts, **{part: replace(getattr(facts, part), **{attribute: value})})
    return facts


@pytest.mark.parametrize(("rule", "act", "changed"), ROWS)
def test_no_policy_permits_what_an_invariant_forbids(rule: str, act: str, changed: dict[str, Any]) -> None:
    before = decide(Action(act), favourable(), lawless())
    assert isinstance(before, Allow), "or the row would say nothing"

    answer = decide(Action(act), with_facts(favourable(), changed), lawless())

    assert isinstance(answer, Deny)
    assert answer.rule == rule
