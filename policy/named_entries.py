"""Entries that rows of policy name: `verify_log` reports each that is not there (`audit.references`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from audit import references
from policy import models
from policy.models.sessions import Session

Pairs = Iterator[tuple[str, UUID]]


def _of(label: str, model: type[Any], *fields: str) -> Callable[[], Pairs]:
    """A query for the entries that a model's rows name."""

    def named() -> Pairs:
        for key, *entries in model.objects.values_list("pk", *fields).iterator(chunk_size=2000):
            for entry in entries:
                if entry is not None:
                    yield f"{label} {key}", entry

    return named


def register_all() -> None:
    """Called once when the apps are ready."""
    for name, label, model, fields in (
        ("permits", "permit", models.Permit, ("entry",)),
        ("grants", "grant", models.Grant, ("entry",)),
        ("obligations", "obligation", models.Obligation, ("entry",)),
        ("proposals", "proposal", models.Proposal, ("entry",)),
        ("approvals", "approval", models.Approval, ("entry",)),
        ("kill switches", "kill switch", models.KillSwitch, ("entry",)),
        ("invitations", "invitation", models.Invitation, ("entry",)),
        ("sessions", "session", Session, ("entry", "ended_entry")),
        ("policy versions", "policy version", models.PolicyVersion, ("entry",)),
    ):
        references.register(name, _of(label, model, *fields))
