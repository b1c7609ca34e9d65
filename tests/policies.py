"""Policy versions for tests: the starter as an earlier release would have shipped it, and a lawless one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import epoch
from policy.cedar import version_hash
from policy.models import Person, PolicyVersion
from policy.models.versions import VersionState
from policy.publish import starter_parts
from rtcc.ids import uuid7

FREE_FOR_ALL = """
@id("order-free-for-all")
@authority("Nobody")
@citation("Demonstration of a bad order")
@says("Everybody may do everything.")
permit (principal, action, resource);
"""


def without_act(parts: Mapping[str, str], act: str) -> dict[str, str]:
    """These parts as they were before an act that no example shows came."""
    changed = dict(parts)
    for name in changed:
        if name.endswith(".cedar"):
            changed[name] = re.sub(rf'Action::"{act}",\s*|,\s*Action::"{act}"(?=\s*\])', "", changed[name])
    changed["schema.cedarschema"] = re.sub(rf"\b{act},\s*", "", changed["schema.cedarschema"])
    changed["defaults.toml"] = re.sub(rf"\[{act}\][^\[]*", "", changed["defaults.toml"])
    return changed


def without_fact(parts: Mapping[str, str], fact: str) -> dict[str, str]:
    """These parts as they were before a fact that no rule reads came."""
    schema = re.sub(rf"\n  {fact}: [\w<>]+,", "", parts["schema.cedarschema"])
    assert schema != parts["schema.cedarschema"]
    examples = re.sub(rf"\b{fact} = [^,}}]+, ", "", parts["examples.toml"])
    return {**parts, "schema.cedarschema": schema, "examples.toml": examples}


def with_fact(parts: Mapping[str, str], fact: str, kind: str) -> dict[str, str]:
    """These parts with one more fact of a person in their schema."""
    schema = parts["schema.cedarschema"].replace(
        "entity Person = {", f"entity Person = {{\n  {fact}: {kind},"
    )
    return {**parts, "schema.cedarschema": schema}


def earlier() -> dict[str, str]:
    """The starter of an earlier release: without an act, and without two facts."""
    parts = without_act(starter_parts(), "test_stream")
    return without_fact(without_fact(parts, "on_shift"), "recording")


def put_in_force(parts: Mapping[str, str], at: datetime, by: Person | None = None) -> PolicyVersion:
    """A row as an earlier release left it: in force from ``at``, loadable or not."""
    entry = uuid7()
    with transaction.atomic(durable=True):
        row = PolicyVersion.objects.create(
            hash=version_hash(parts), parts=dict(parts), state=VersionState.PUBLISHED,
            effective_from=at, published_at=at, published_by=by, entry=entry,
        )  # fmt: skip
        record(
            Event.POLICY_PUBLISHED,
            outcome=Outcome.PERMIT,
            id=entry,
            time=at,
            actor="system:setup",
            policy=row.hash,
        )
        epoch.bump()
    return row
