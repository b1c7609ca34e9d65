"""A release comes; the version in force goes on by its own schema until two persons publish another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from policy import publish
from policy.actions.approve import approve
from policy.actions.propose import propose
from policy.actions.propose_policy import propose_policy
from policy.actions.publish_policy import publish_policy
from policy.cedar import LoadedVersion
from policy.denied import Denied
from policy.examples import BadExample
from policy.facts import ONE, POLICY, SYSTEM
from policy.facttypes import LEAVING
from policy.guard import FOLLOWS_LOG, guard
from policy.lag import lag
from policy.models import Permit as PermitRow
from policy.permits import Permit, PermitEnded
from policy.publish import load, load_published, load_starter, starter_parts
from policy.publishing import drafting
from policy.resume import resume
from policy.tasks import follow_policy
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock, health
from rtcc.health import State
from rtcc.onebox.processes import PREPARATIONS
from rtcc.onebox.seed import seed
from tests.city import NOON, camera, city, incident, person, said
from tests.conftest import Committed
from tests.policies import (
    FREE_FOR_ALL,
    earlier,
    put_in_force,
    with_fact,
    without_act,
)
from tests.watching import watch

__all__ = ["city"]

HALF_AN_HOUR_AGO = NOON - timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    publish._by_hash.cache_clear()
    health._kept = None
    yield
    publish._by_hash.cache_clear()
    health._kept = None


def try_a_stream() -> AbstractContextManager[Permit]:
    on = Ref(Kind.CAMERA, camera("cam01").id)
    return guard(Action.TEST_STREAM, by=person("nadia.brandt"), on=on, purpose=Purpose.MAINTENANCE)


def test_an_earlier_version_goes_on_by_its_own_schema_and_denies_what_it_does_not_know(
    city: Committed,
) -> None:
    row = put_in_force(earlier(), HALF_AN_HOUR_AGO)

    viewing = watch("cam01")
    permit = PermitRow.objects.get(id=viewing.permit_id)
    assert permit.policy == row.hash != load_starter().hash
    assert "on_shift" not in publish.active().known.person

    with pytest.raises(Denied) as refusal, try_a_stream():
        pass
    assert refusal.value.rule == "policy-does-not-know"
    assert row.hash[:12] in refusal.value.sentence
    assert "a second person publish" in refusal.value.way_out
    assert said()[-1]["rules"] == ["policy-does-not-know"]

    behind = lag()
    assert behind.acts == ("test_stream",)
    assert set(behind.facts) == {"on_shift", "recording"}
    assert "test stream" in health.policy().says
    assert health.policy().state is State.WARNING


def test_a_demonstration_publishes_the_newer_starter_when_it_starts(city: Committed) -> None:
    put_in_force(earlier(), HALF_AN_HOUR_AGO)
    viewing = watch("cam01")

    demo = next(each for each in PREPARATIONS if each.name == "demo")
    assert "policy/starter/*" in demo.again_when, "a start with newer rules has to come by here"
    made = seed()
    assert made["policy"] == 1
    entered = next(one for one in reversed(said(seed=True)) if one["event"] == "policy.published")
    assert (entered["actor"], entered["policy"]) == ("system:seed", load_starter().hash)
    with clock.set_to(NOON + timedelta(seconds=2)):
        assert follow_policy()
        assert not follow_policy()
        assert not lag()
        assert seed()["policy"] == 0
        with try_a_stream():
            pass
        resume(viewing.permit_id, by=person("ana.mercer"))
        assert health.policy().state is State.OK


def test_what_people_published_stays_until_people_publish_another(city: Committed) -> None:
    row = put_in_force(earlier(), HALF_AN_HOUR_AGO, by=person("irene.castellan"))

    assert seed()["policy"] == 0
    assert publish.in_force_hash() == row.hash
    assert lag().shipped_is_new


def test_a_version_that_reads_what_is_not_known_any_more_stops_everything_but_its_mending(
    city: Committed,
) -> None:
    viewing = watch("cam01")
    put_in_force(with_fact(starter_parts(), "shoe_size", "Long"), HALF_AN_HOUR_AGO)

    with pytest.raises(PermitEnded):
        resume(viewing.permit_id, by=person("ana.mercer"))
    with pytest.raises(
        Denied, match=r"reads facts that this release does not give .*Person\.shoe_size"
    ) as no:
        watch("cam02")
    assert no.value.rule == "policy-cannot-be-read"
    herself = Ref(Kind.PERSON, person("ana.mercer").id)
    for action in (Action.SIGN_IN, Action.SIGN_OUT):
        with guard(action, by=person("ana.mercer"), on=herself):
            pass
    assert health.policy().state is State.FAILED

    # The policy owner and the auditor publish what this release ships, and everything goes on.
    irene = person("irene.castellan")
    draft = drafting.begin_shipped(irene)
    asked = propose_policy(by=irene, draft=draft.id, begins=None, reason="the version in force is unusable")
    with pytest.raises(Denied):
        publish_policy(by=irene, proposal=asked.id)
    approve(by=person("miriam.adler"), proposal=asked.id)
    publish_policy(by=irene, proposal=asked.id)
    with clock.set_to(NOON + timedelta(seconds=2)):
        assert not lag()
        watch("cam02")


def test_a_published_version_is_not_refused_for_an_invariant_that_came_later() -> None:
    """Its example shows a permit that an invariant refuses today: the act is refused, not the version."""
    example = """
[scenario.held]
action = "destroy"
person = { id = "system:retention", roles = ["system"], active = true, mfa = true }
resource = { kind = "footage", id = "f", held = true }
context = { now = 2026-06-15T18:00:00Z, kill_switch = false }

[[example]]
rule = "order-free-for-all"
from = "held"
permit = {}
deny = {}
"""
    parts = starter_parts() | {"order.cedar": FREE_FOR_ALL, "examples.toml": example}
    parts |= {"floor.cedar": "", "parity.cedar": "", "agreements.cedar": ""}

    with pytest.raises(BadExample, match="invariant-hold"):
        load(parts)
    assert not load_published(parts).trouble


def test_a_number_that_an_earlier_version_does_not_set_is_asked_for_in_words() -> None:
    parts = starter_parts()
    parts["parameters.toml"] = parts["parameters.toml"].replace('"act_window"', '"some_window"')
    older: LoadedVersion = load(parts)
    with pytest.raises(Exception, match="A policy owner and a second person publish a version that sets it"):
        older.parameters.duration("act_window", NOON)


def test_an_act_is_taken_out_of_a_version_whole() -> None:
    """The words of these stories: without it nothing is left of the act in the parts."""
    assert "test_stream" not in "".join(without_act(starter_parts(), "test_stream").values())


def _approved(action: Action) -> UUID | None:
    """A second person's yes, where the act takes one under every policy."""
    if action is not Action.CHANGE_POLICY:
        return None
    words: dict[str, Any] = {"draft": str(ONE)}
    asked = propose(by=person("ruth.okafor"), action=action, on=POLICY, words=words, reason="because")
    approve(by=person("miriam.adler"), proposal=asked.id)
    return asked.id


def _on(action: Action) -> Ref:
    """Something that the act is done on and that stands in nobody's way."""
    if action in LEAVING:
        return Ref(Kind.CAMERA, camera("cam01").id)
    return POLICY if action is Action.CHANGE_POLICY else SYSTEM


@pytest.fixture
def lawless(city: Committed) -> Committed:
    """Everybody may everything, so that a refusal is the log's; its oldest entry has waited for a minute."""
    parts = starter_parts() | {"order.cedar": FREE_FOR_ALL}
    parts |= {"floor.cedar": "", "parity.cedar": "", "agreements.cedar": ""}
    parts["examples.toml"] = LAWLESS
    row = put_in_force(parts, HALF_AN_HOUR_AGO)
    assert publish.active().hash == row.hash
    with psycopg.connect(city.url("postgres"), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE audit_entry SET received_at = received_at - interval '61 s'")
    return city


LAWLESS = """
[scenario.any]
action = "sign_in"
person = { id = "somebody", active = true }
resource = { kind = "person", id = "somebody" }
context = { now = 2026-06-15T18:00:00Z }

[[example]]
rule = "order-free-for-all"
from = "any"
permit = {}
deny = { resource.kind = "log" }
"""


def test_what_cannot_be_taken_back_waits_while_the_log_does_not_follow(lawless: Committed) -> None:
    assert {
        Action.EXPORT, Action.SHARE, Action.DESTROY, Action.CHANGE_POLICY, Action.CHANGE_MEMBERSHIP,
    } <= FOLLOWS_LOG  # fmt: skip
    by, basis = person("ruth.okafor"), incident().basis_id
    for action in sorted(FOLLOWS_LOG):
        with (
            pytest.raises(Denied, match="has waited 6") as refusal,
            guard(action, by=by, on=_on(action), basis=basis, proposal=_approved(action)),
        ):
            pass
        assert refusal.value.rule == "invariant-log-follows", action
        assert "status page" in refusal.value.way_out
        assert said()[-1]["rules"] == ["invariant-log-follows"]
    # What takes a right away does not wait, and watching goes on.
    with guard(Action.CHANGE_MEMBERSHIP, by=by, on=SYSTEM, restricts=True):
        pass
    watch("cam01")

    with psycopg.connect(lawless.url("postgres"), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM audit_pending")
    for action in sorted(FOLLOWS_LOG):
        with guard(action, by=by, on=_on(action), basis=basis, proposal=_approved(action)):
            pass
