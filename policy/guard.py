"""The first door: every act starts here, and nothing goes round it.

    with guard(Action.PLAYBACK, by=person, on=[Ref(Kind.CAMERA, id)], basis=basis_id) as permit:
        ...                       # changes of state, in the transaction of the entry
    vault.open(permit, ...)       # bytes come after the block, when the entry is committed

1. One durable transaction: facts are loaded here (rows locked only where the act changes something),
   the rules decide, the body runs, and the entry is recorded with it. 2. Commit. 3. The permit is armed,
and its `after` callbacks run. A refusal commits its entry and then raises. An act that fails rolls back,
and an entry of its own says so. No network, footage bytes or subprocess belongs inside the block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    transaction,
)

from audit.models import Entry
from audit.record import Touch, record
from audit.standing import why_it_lags
from audit.vocabulary import Event, Outcome
from policy import denials, entry_fields, epoch, facts, publish, scopes
from policy.actors import Actor, actor_key, actor_person_id, whereabouts
from policy.cedar import LoadedVersion
from policy.decide import Allow, Deny, decide
from policy.denied import Denied, Hidden
from policy.facts import Question, Standing
from policy.facttypes import Facts, PersonFacts, ResourceFacts
from policy.invariants import CITATION
from policy.models import Permit as PermitRow
from policy.models import Person
from policy.obligations import owe
from policy.permits import Covered, Permit, new_id
from policy.vocabulary import Action, Kind, OffenceClass, Purpose, Ref, Role
from rtcc import clock
from rtcc.errors import DomainError, Unavailable
from rtcc.ids import uuid7
from rtcc.logs import log

__all__ = ["Denied", "Hidden", "guard"]

_log = log("policy")
# A deadlock, or a database that was away: worth another try by the person; a body is never run twice.
AGAIN = "The database could not do it just now. Nothing was changed; try again."

# Acts that only look: they lock no row, and may be on several things at once.
LOOKS = frozenset(
    {
        Action.VIEW_LIVE,
        Action.PLAYBACK,
        Action.SEARCH,
        Action.SNAPSHOT,
        Action.SEND_PICTURE,
        Action.VIEW_REPORT,
        Action.VERIFY_LOG,
        Action.VIEW_REGISTRY,
        Action.TEST_STREAM,
        Action.VIEW_REQUEST,
    }
)
# What cannot be taken back waits while entries do not get their places in the log (architecture, "The log"):
# until it has a leaf, an entry could be removed unseen. Taking a right away does not wait.
FOLLOWS_LOG = frozenset(
    {
        Action.EXPORT,
        Action.SHARE,
        Action.DESTROY,
        Action.CHANGE_POLICY,
        Action.CHANGE_MEMBERSHIP,
    }
)
# An export is one act on all of its cameras: all are locked, and all are decided.
ON_SEVERAL = LOOKS | {Action.EXPORT}
# What every member may know to exist; the rest is known to its own agency, its subject, and oversight.
KNOWN_TO_MEMBERS = frozenset(
    {
        Kind.CAMERA,
        Kind.AGREEMENT,
        Kind.POLICY,
        Kind.SYSTEM,
        Kind.LOG,
        Kind.REPORT,
        Kind.FOOTAGE,
        Kind.DESTRUCTION,
    }
)


@contextmanager
def guard(
    action: Action,
    *,
    by: Actor,
    on: Sequence[Ref] | Ref,
    basis: UUID | None = None,
    purpose: Purpose | None = None,
    footage: tuple[datetime, datetime] | None = None,
    exigent: bool = False,
    offence_class: OffenceClass | None = None,
    reason: str = "",
    proposal: UUID | None = None,
    recipient_class: str = "none",
    restricts: bool = False,
    event: Event | None = None,
    fields: dict[str, Any] | None = None,
) -> Iterator[Permit]:
    """Decide, run the block, and record the decision in one transaction; yield the permit.

    ``footage`` is the interval of recording that is meant (aware, UTC, half open). Raises Denied (or
    Hidden, for who may not know that the thing exists) with its entry committed; with several things,
    only when none of them is permitted: ``permit.refused`` then names the others.
    """
    refs = (on,) if isinstance(on, Ref) else tuple(on)
    if not refs or (len(refs) > 1 and action not in ON_SEVERAL):
        raise ValueError(f"{action} is done on one thing")
    question = Question(
        action, by, refs, basis, purpose, footage, exigent, offence_class, reason, proposal,
        recipient_class, restricts,
    )  # fmt: skip
    act = _Act(question, event, fields or {})
    refusal: Denied | Hidden | None = None
    try:
        with transaction.atomic(durable=True):
            permit = act.answer()
            if isinstance(permit, Permit):
                yield permit
                act.close(permit)
            else:
                refusal = permit
    except (Denied, Hidden):
        raise
    except Exception as error:
        if not act.stands(error):
            act.failed(error)
            if isinstance(error, OperationalError | InterfaceError):
                raise Unavailable(AGAIN) from error
            raise
    if refusal is not None:
        raise refusal
    assert isinstance(permit, Permit)
    permit.arm()


class _Act:
    """One act on its way through the door."""

    def __init__(self, question: Question, event: Event | None, fields: dict[str, Any]) -> None:
        self.question = question
        self.event = event or entry_fields.PERMITTED[question.action]
        self.fields = fields
        self.at = clock.now()
        self.entry_id = uuid7()
        self.allows: dict[Ref, Allow] = {}
        self.refused: dict[Ref, Denied] = {}

    def answer(self) -> Permit | Denied | Hidden:
        """Load facts and decide; an armed-to-be permit, or the refusal with its entry recorded."""
        self.version = publish.active()
        self.person = facts.person_facts(self.question.by, self.at)
        self.standing = facts.standing(self.question, self.at)
        self.resources = facts.load(self.question.on, lock=self.question.action not in LOOKS)
        hidden = False
        for ref in self.question.on:
            resource = self.resources.get(ref)
            answer = decide_one(self.question.action, ref, self.person, resource, self.standing, self.version)
            if isinstance(answer, Allow):
                answer = _unless_log_lags(self.question, answer)
            if isinstance(answer, Allow):
                self.allows[ref] = answer
                continue
            hidden = hidden or not may_know(ref, self.person, resource)
            denied = Denied(answer.rule, answer.sentence, answer.citation, answer.way_out, self.entry_id)
            denied.on, denied.basis = ref, self.question.basis
            self.refused[ref] = denied
        if not self.allows:
            return self._refuse(hidden=hidden)
        return self._permit()

    def _permit(self) -> Permit:
        obligations = {spec.kind: spec for allow in self.allows.values() for spec in allow.obligations}
        self.rules = sorted({rule for allow in self.allows.values() for rule in allow.rules})
        return Permit(
            id=new_id(),
            action=self.question.action,
            actor=self.question.by,
            entry_id=self.entry_id,
            covers=tuple(self._covered(ref) for ref in self.allows),
            obligations=tuple(sorted(obligations)),
            expires_at=self._expires_at(),
            refused=self.refused,
            fields=dict(self.fields),
            grant_id=self.standing.grant.id if self.standing.grant else None,
            basis_id=self.standing.basis.id if self.standing.basis else None,
        )

    def _covered(self, ref: Ref) -> Covered:
        starts_at, ends_at = self.question.footage or (None, None)
        return Covered(ref, starts_at, ends_at, tuple(spec.kind for spec in self.allows[ref].obligations))

    def _expires_at(self) -> datetime:
        """The end of the grant, or of the permit's own time, whichever is sooner."""
        own = self.at + self.version.parameters.duration("permit_expiry", self.at)
        grant = self.standing.grant
        return min(own, grant.ends_at) if grant else own

    def close(self, permit: Permit) -> None:
        """After the body: the permit's row, what is owed, and the entry, in the body's transaction."""
        row = PermitRow.objects.create(
            id=permit.id,
            action=permit.action,
            actor=actor_key(self.question.by),
            person_id=actor_person_id(self.question.by),
            session_id=_session_of(self.question.by),
            basis_id=permit.basis_id,
            grant_id=permit.grant_id,
            purpose=self.standing.context.purpose if self.standing.context.purpose != "none" else "",
            covers=[covered.as_json() for covered in permit.covers],
            obligations=[str(kind) for kind in permit.obligations],
            rules=self.rules,
            policy=self.version.hash,
            epoch=epoch.current(),
            person_epoch=self.question.by.session_epoch if isinstance(self.question.by, Person) else 0,
            issued_at=self.at,
            expires_at=permit.expires_at,
            again_at=self.standing.again_at(
                permit.action, [covered.ref for covered in permit.covers], self.resources, self.at
            ),
            entry=self.entry_id,
        )
        specs = {spec.kind: spec for allow in self.allows.values() for spec in allow.obligations}
        owe(row, list(specs.values()), self.at)
        said = entry_fields.of_act(
            self.question, self.person, self.standing, self.resources, self.version, self.at
        )
        said |= {"permit": permit.id, "grant": permit.grant_id, "rules": self.rules}
        said |= {"obligations": [str(kind) for kind in permit.obligations]}
        if self.refused:
            said["detail"] = {"refused": {str(ref): denied.rule for ref, denied in self.refused.items()}}
        detail = {**said.get("detail", {}), **permit.fields.pop("detail", {})} or None
        record(
            self.event, outcome=Outcome.PERMIT, id=self.entry_id, touches=[*self._touches(), *permit.touches],
            **{**said, **permit.fields, "detail": detail},
        )  # fmt: skip

    def _refuse(self, *, hidden: bool) -> Denied | Hidden:
        """Record the refusal (or count it, from the 21st of a minute) and return it."""
        denied = next(iter(self.refused.values()))
        if denials.is_own_entry(self.question.by, self.at):
            said = entry_fields.of_act(
                self.question, self.person, self.standing, self.resources, self.version, self.at
            )
            record(
                entry_fields.REFUSED[self.question.action],
                outcome=Outcome.DENY,
                id=self.entry_id,
                touches=self._touches(),
                **{**said, **self.fields, "rules": [denied.rule], "rule_sentence": denied.sentence},
            )
        else:
            denied.entry_id = None
            denials.count(self.question.by, self.at, self.question.action, denied.rule)
        return Hidden(denied.entry_id) if hidden else denied

    def _touches(self) -> list[Touch]:
        """One row of the report's index for each camera asked for, at the instant of asking."""
        footage = self.question.footage
        return [
            Touch(
                camera=ref.id,
                footage=footage,
                actor=actor_key(self.question.by),
                basis=self.standing.basis.id if self.standing.basis else None,
                owner=owner_of(self.resources.get(ref)),
            )
            for ref in self.question.on
            if ref.kind is Kind.CAMERA
        ]

    def stands(self, error: Exception) -> bool:
        """Whether the act was committed and only the answer to COMMIT was lost: its entry is looked for on a
        new connection."""
        if not isinstance(error, OperationalError | InterfaceError):
            return False
        close_old_connections()
        try:
            return Entry.objects.filter(id=self.entry_id).exists()
        except DatabaseError:
            return False

    def failed(self, error: Exception) -> None:
        """Everything rolled back: an entry of its own says that the act was tried and failed."""
        try:
            self._enter_failure(error)
        except DatabaseError as silent:
            # With the database away there is no log to write to; nothing was done either.
            _log.error("failure_not_entered", action=str(self.question.action), error=type(silent).__name__)

    def _enter_failure(self, error: Exception) -> None:
        with transaction.atomic(durable=True):
            record(
                Event.ACT_ERROR,
                outcome=Outcome.ERROR,
                time=self.at,
                actor=actor_key(self.question.by),
                action=str(self.question.action),
                object_kind=str(self.question.on[0].kind),
                object_id=str(self.question.on[0].id),
                # Only our own errors' words are known to hold nothing private.
                reason=error.sentence if isinstance(error, DomainError) else type(error).__name__,
            )


def _session_of(by: Actor) -> str | None:
    """The session that the permit ends with; a process, and a command at the console, have none."""
    return whereabouts.get().session if isinstance(by, Person) else None


def owner_of(resource: ResourceFacts | None) -> UUID | None:
    """The organisation that owns the thing, where that is known."""
    if resource is None or resource.owner_id in ("none", "unknown"):
        return None
    return UUID(resource.owner_id)


def _unless_log_lags(question: Question, allow: Allow) -> Allow | Deny:
    """No for an act that has to wait for the log, while the log does not follow."""
    lags = question.action in FOLLOWS_LOG and not question.restricts and why_it_lags()
    if not lags:
        return allow
    way_out = "Ask an operator to look at the status page; try again when the log follows."
    return Deny("invariant-log-follows", lags, CITATION, way_out, ("invariant-log-follows",))


def decide_one(
    action: Action,
    ref: Ref,
    person: PersonFacts,
    resource: ResourceFacts | None,
    standing: Standing,
    version: LoadedVersion,
) -> Allow | Deny:
    """One decision on loaded facts; a thing that is not there is refused like one that is hidden, and what an
    API token was not made for whatever its person may do.
    """
    beyond = scopes.refusal(action)
    if beyond is not None and Role.SYSTEM not in person.roles:
        return beyond
    if resource is None:
        return Deny(
            "absent", "There is nothing here.", "Default deny", "Check the address or the list.", ("absent",)
        )
    context = standing.for_resource(ref)
    return decide(action, Facts(person=person, resource=resource, context=context), version)


def may_know(ref: Ref, person: PersonFacts, resource: ResourceFacts | None) -> bool:
    """Whether the person may know that this thing exists (build rule: each kind states it)."""
    if resource is None:
        return False
    if ref.kind in KNOWN_TO_MEMBERS:
        return bool(person.roles)
    return (
        "oversight" in person.org_classes
        or person.id in (resource.subject_id, resource.opened_by)
        or (resource.agency_id == person.agency_id and person.agency_id not in ("none", "unknown"))
        or resource.owner_id in person.organisation_ids
    )
