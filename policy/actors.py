"""Who acts: a person, or a process of the system itself. There is no act without an actor."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from policy.models import Person
from policy.vocabulary import Action


@dataclass(frozen=True)
class SystemActor:
    """A process that acts because time has come, under its own name in the log."""

    process: str

    @property
    def key(self) -> str:
        return f"system:{self.process}"


Actor = Person | SystemActor


@dataclass(frozen=True)
class Whereabouts:
    """From where an act comes. It is entered, and only `mfa` is a fact that rules read.

    ``session`` is the id of the row of the session (`policy.models.Session`). ``scopes``: with an API token,
    the acts that it was made for; None where the person acts themselves (`policy.scopes`).
    """

    session: str | None = None
    mfa: bool = False
    device: str | None = None
    address: str | None = None
    scopes: frozenset[Action] | None = None


NOWHERE = Whereabouts()
whereabouts: ContextVar[Whereabouts] = ContextVar("watchlight_whereabouts", default=NOWHERE)


def actor_key(actor: Actor) -> str:
    """How entries and permits name an actor: a person's id, or ``system:<process>``."""
    return actor.key if isinstance(actor, SystemActor) else str(actor.id)


def actor_person_id(actor: Actor) -> UUID | None:
    """The person's id, or None for a process."""
    return None if isinstance(actor, SystemActor) else actor.id
