"""Permits as the doors see them: what is covered, until when, and under which entry.

`policy.guard` makes one and arms it after the commit; `resume` is the only other way to one. Vault
and relay refuse a permit that is not armed. The row guards against mistakes in our own code, not
against a web process that somebody has taken over: such a process can write rows itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.record import Touch
from policy.actors import Actor, actor_key
from policy.denied import Denied
from policy.models import Permit as PermitRow
from policy.vocabulary import Action, Kind, ObligationKind, Ref
from rtcc import clock
from rtcc.errors import Refused
from rtcc.ids import uuid7
from rtcc.logs import log

_log = log("policy")
# What a permit's row is read with, to see whether it stands.
TOGETHER = ("grant", "person", "session")


class NotArmed(RuntimeError):
    """A door was given a permit whose entry is not committed: a mistake in our code."""


class PermitEnded(Refused):
    """The permit has run out, was ended, belongs to somebody else, or does not cover what is asked."""

    code = "permit_ended"


@dataclass(frozen=True)
class Covered:
    """One thing a permit covers; for footage, the interval of it (aware, UTC); and what its door must do."""

    ref: Ref
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    obligations: tuple[ObligationKind, ...] = ()

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"kind": str(self.ref.kind), "id": str(self.ref.id)}
        body["obligations"] = [str(kind) for kind in self.obligations]
        if self.starts_at and self.ends_at:
            body |= {"from": self.starts_at.isoformat(), "to": self.ends_at.isoformat()}
        return body

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Covered:
        ref = Ref(Kind(body["kind"]), UUID(body["id"]))
        owed = tuple(ObligationKind(kind) for kind in body["obligations"])
        if "from" not in body:
            return cls(ref, obligations=owed)
        return cls(ref, datetime.fromisoformat(body["from"]), datetime.fromisoformat(body["to"]), owed)


@dataclass
class Permit:
    """A permit in this process. While guard's block runs, the body adds what the entry shall say."""

    id: UUID
    action: Action
    actor: Actor
    entry_id: UUID
    covers: tuple[Covered, ...]
    obligations: tuple[ObligationKind, ...]
    expires_at: datetime
    refused: dict[Ref, Denied] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    touches: list[Touch] = field(default_factory=list)
    grant_id: UUID | None = None
    basis_id: UUID | None = None
    _armed: bool = False
    _after: list[Callable[[], object]] = field(default_factory=list)

    def enter(self, **fields: Any) -> None:
        """Add fields to the entry of this act (inside guard's block only)."""
        if self._armed:
            raise RuntimeError("the entry is committed; it cannot say more")
        self.fields |= fields

    def touch(self, touches: Iterable[Touch]) -> None:
        """Add rows to the index of reports (inside guard's block only)."""
        if self._armed:
            raise RuntimeError("the entry is committed; it cannot say more")
        self.touches.extend(touches)

    def after(self, act: Callable[[], object]) -> None:
        """Call ``act`` once the entry is committed. Its failure is logged and changes no entry."""
        self._after.append(act)

    def arm(self) -> None:
        """Guard's alone: the entry is committed."""
        self._armed = True
        for act in self._after:
            try:
                act()
            except Exception as error:  # noqa: BLE001  what follows an act must not undo it
                _log.error("after_act_failed", action=str(self.action), error=type(error).__name__)

    def require(
        self, action: Action, ref: Ref, *, starts_at: datetime | None = None, ends_at: datetime | None = None
    ) -> None:
        """Raise unless this permit is armed, stands, is for ``action`` and covers ``ref`` (and interval)."""
        if not self._armed:
            raise NotArmed(f"permit {self.id} is not armed")
        if self.action is not action:
            raise PermitEnded("This permit is for something else.")
        if clock.now() >= self.expires_at:
            raise PermitEnded("The time of this permit is over. Ask again.")
        for covered in self.covers:
            if covered.ref != ref:
                continue
            if starts_at is None or covered.starts_at is None:
                return
            if ends_at is None or covered.ends_at is None:
                continue
            if covered.starts_at <= starts_at and ends_at <= covered.ends_at:
                return
        raise PermitEnded("This permit does not cover that camera or that time.")

    def carry_out(self, ref: Ref, able: frozenset[ObligationKind]) -> None:
        """Raise unless the door can carry out what the permit demands for ``ref``; a door says what it can.

        What is demanded for one camera (a mask) does not close the others of the same permit.
        """
        demanded = {kind for covered in self.covers if covered.ref == ref for kind in covered.obligations}
        unable = sorted(demanded - able)
        if unable:
            words = ", ".join(kind.replace("_", " ") for kind in unable)
            raise PermitEnded(f"This way of showing it cannot do what the permit demands: {words}.")


def read(row: PermitRow, actor: Actor) -> Permit:
    """The permit of a committed row; the row was committed with its entry, so it is armed."""
    return Permit(
        id=row.id,
        action=Action(row.action),
        actor=actor,
        entry_id=row.entry,
        covers=tuple(Covered.from_json(body) for body in row.covers),
        obligations=tuple(ObligationKind(kind) for kind in row.obligations),
        expires_at=row.expires_at,
        grant_id=row.grant_id,
        basis_id=row.basis_id,
        _armed=True,
    )


def find(permit_id: UUID) -> PermitRow | None:
    """The committed row, or None."""
    return PermitRow.objects.select_related(*TOGETHER).filter(id=permit_id).first()


def check_stands(row: PermitRow, actor: Actor) -> None:
    """Raise PermitEnded unless the row is this actor's and neither it nor its session has ended."""
    if row.actor != actor_key(actor):
        raise PermitEnded("This permit is somebody else's.")
    if row.ended_at is not None:
        raise PermitEnded(row.ended_why or "This permit was ended.")
    if row.session and row.session.ended_at is not None:
        raise PermitEnded(row.session.ended_why)
    if row.grant and (row.grant.ended_at is not None or clock.now() >= row.grant.ends_at):
        raise PermitEnded(row.grant.ended_why or "The time of this grant is over.")
    if clock.now() >= row.expires_at:
        raise PermitEnded("The time of this permit is over. Ask again.")


def new_id() -> UUID:
    """The id of a permit that guard is about to write."""
    return uuid7()
