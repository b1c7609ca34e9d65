"""What an entry may say: events, outcomes and the fields of schema version 1.

The tables are append-only. A name, once used, keeps its meaning for as long as an entry that uses it
can be checked; a retired one stays here. A change of a version's fields is a new version.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """What happened, as ``noun.verb``. Append-only: never rename, never reuse."""

    VIEW_PERMITTED = "view.permitted"
    VIEW_CONTINUED = "view.continued"
    VIEW_ENDED = "view.ended"
    VIEW_REFUSED = "view.refused"
    PLAYBACK_PERMITTED = "playback.permitted"
    PLAYBACK_ENDED = "playback.ended"
    ACT_PERMITTED = "act.permitted"
    ACT_REFUSED = "act.refused"
    ACT_ERROR = "act.error"
    GRANT_OPENED = "grant.opened"
    GRANT_RENEWED = "grant.renewed"
    GRANT_ENDED = "grant.ended"
    EXIGENT_OPENED = "exigent.opened"
    EXIGENT_JUSTIFIED = "exigent.justified"
    INCIDENT_OPENED = "incident.opened"
    BOOKMARK_PLACED = "bookmark.placed"
    KEEP_PLACED = "keep.placed"
    KEEP_RELEASED = "keep.released"
    HOLD_PLACED = "hold.placed"
    HOLD_RELEASED = "hold.released"
    FOOTAGE_SEALED = "footage.sealed"
    FOOTAGE_GAP = "footage.gap"
    FOOTAGE_DESTROYED = "footage.destroyed"
    CAMERA_REGISTERED = "camera.registered"
    CAMERA_CHANGED = "camera.changed"
    CAMERA_PAUSED = "camera.paused"
    CAMERA_RESUMED = "camera.resumed"
    STREAM_TESTED = "stream.tested"
    AGREEMENT_CHANGED = "agreement.changed"
    MEMBERSHIP_CHANGED = "membership.changed"
    POLICY_PUBLISHED = "policy.published"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    SESSION_FAILED = "session.failed"
    ACCOUNT_LOCKED = "account.locked"
    ACCOUNT_RELEASED = "account.released"
    REPORT_VIEWED = "report.viewed"
    LOG_VERIFIED = "log.verified"
    LOG_RECOVERED = "log.recovered"
    DISCLOSURE_ERASED = "disclosure.erased"
    DENIED_COUNTED = "denied.counted"
    APPROVAL_GIVEN = "approval.given"
    KILLSWITCH_SET = "killswitch.set"
    SYSTEM_STARTED = "system.started"
    DATA_SEEDED = "data.seeded"
    OBLIGATION_DUE = "obligation.due"
    OBLIGATION_DISCHARGED = "obligation.discharged"
    ACCOUNT_INVITED = "account.invited"
    ACCOUNT_OPENED = "account.opened"
    ACCOUNT_SECURED = "account.secured"
    EXPORT_BEGUN = "export.begun"
    EXPORT_STATED = "export.stated"
    EXPORT_MADE = "export.made"
    EXPORT_ENDED = "export.ended"
    ASSET_WRITTEN = "asset.written"
    ASSET_OPENED = "asset.opened"
    ASSET_READ = "asset.read"
    HOURS_LENT = "hours.lent"
    FOOTAGE_ASKED = "footage.asked"
    FOOTAGE_UPLOADED = "footage.uploaded"
    FOOTAGE_DECLINED = "footage.declined"
    NOTICE_READ = "notice.read"
    TOKEN_ISSUED = "token.issued"
    TOKEN_REVOKED = "token.revoked"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_RENAMED = "passkey.renamed"
    PASSKEY_REMOVED = "passkey.removed"
    BULLETIN_SENT = "bulletin.sent"
    BULLETIN_OPENED = "bulletin.opened"
    BULLETIN_ANSWERED = "bulletin.answered"
    BULLETIN_REVOKED = "bulletin.revoked"
    PROPOSAL_DECLINED = "proposal.declined"
    REQUEST_OPENED = "request.opened"
    REQUEST_WORKED = "request.worked"
    REQUEST_VIEWED = "request.viewed"
    HOLD_CONFIRMED = "hold.confirmed"
    HOLD_UNCONFIRMED = "hold.unconfirmed"
    CALENDAR_CHANGED = "calendar.changed"
    CONSENT_ASKED = "consent.asked"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_TAKEN_BACK = "consent.taken_back"
    EXIGENT_REVIEWED = "exigent.reviewed"
    UNIT_ASSIGNED = "unit.assigned"
    UNIT_CLEARED = "unit.cleared"


class Outcome(StrEnum):
    """How an act came out."""

    PERMIT = "permit"
    DENY = "deny"
    ERROR = "error"
    ABANDONED = "abandoned"


class Tier(StrEnum):
    """Who may read a field: each tier reads its own fields and those of the tiers before it."""

    PUBLIC = "public"
    PSEUDONYMOUS = "pseudonymous"
    FULL = "full"


TIERS_READ_BY: dict[Tier, frozenset[Tier]] = {
    Tier.PUBLIC: frozenset({Tier.PUBLIC}),
    Tier.PSEUDONYMOUS: frozenset({Tier.PUBLIC, Tier.PSEUDONYMOUS}),
    Tier.FULL: frozenset(Tier),
}


class Release(StrEnum):
    """How a field stands under a records request."""

    OPEN = "open"
    CLOSED = "closed"  # while the case is active
    PERSONNEL = "personnel"
    SECURITY = "security"
    VICTIM = "victim"


@dataclass(frozen=True)
class Field:
    """Who may read a field, how it stands under a records request, and what it says."""

    tier: Tier
    release: Release
    says: str


_PUB, _PSE, _FULL = Tier.PUBLIC, Tier.PSEUDONYMOUS, Tier.FULL
_OPEN, _CLOSED, _PERS, _SEC, _VIC = Release

FIELDS_V1: dict[str, Field] = {
    "time": Field(_PUB, _OPEN, "the instant of the act, UTC"),
    "event": Field(_PUB, _OPEN, "what happened (Event)"),
    "outcome": Field(_PUB, _OPEN, "how it came out (Outcome)"),
    "act": Field(_PSE, _OPEN, "id shared by all entries of one question by one person"),
    "parent": Field(_PSE, _OPEN, "id of the act or entry that led to this one"),
    "actor": Field(_FULL, _PERS, "person id, or system:<process>"),
    "actor_pseudonym": Field(_PSE, _OPEN, "stable name within a year, HMAC(year key, actor)"),
    "actor_name": Field(_FULL, _PERS, "name at the time"),
    "actor_role": Field(_PSE, _PERS, "role that the decision used"),
    "actor_rank": Field(_PSE, _PERS, "rank at the time"),
    "agency": Field(_PSE, _OPEN, "organisation of the actor"),
    "unit": Field(_PSE, _PERS, "unit of the actor"),
    "on_shift": Field(_PSE, _PERS, "yes, no or unknown"),
    "certification": Field(_PSE, _PERS, "yes, no or unknown"),
    "session": Field(_PSE, _SEC, "id of the signed-in session"),
    "mfa": Field(_PSE, _SEC, "whether a second factor was given"),
    "device": Field(_FULL, _SEC, "what the browser calls itself"),
    "address": Field(_FULL, _SEC, "network address"),
    "action": Field(_PUB, _OPEN, "the action that was asked for"),
    "object_kind": Field(_PUB, _OPEN, "kind of thing acted on"),
    "object_id": Field(_PSE, _CLOSED, "id of the thing acted on"),
    "cameras": Field(_PSE, _CLOSED, "ids of the cameras touched"),
    "camera_names": Field(_PSE, _CLOSED, "their names at the time"),
    "touches": Field(_PSE, _CLOSED, "per camera: placement, when watched, which footage, owner, basis"),
    "footage_from": Field(_PSE, _CLOSED, "start of the footage"),
    "footage_to": Field(_PSE, _CLOSED, "end of the footage"),
    "owner": Field(_PSE, _OPEN, "organisation that owns the thing"),
    "owner_name": Field(_PSE, _OPEN, "its name at the time"),
    "zone": Field(_PSE, _CLOSED, "area of the thing"),
    "sensitivity": Field(_PSE, _CLOSED, "what stands there that needs care"),
    "ptz": Field(_PSE, _CLOSED, "preset, zoom, mask"),
    "purpose": Field(_PUB, _OPEN, "purpose code"),
    "offence_class": Field(_PUB, _OPEN, "class of offence"),
    "basis": Field(_PSE, _CLOSED, "id of the basis"),
    "basis_kind": Field(_PUB, _OPEN, "kind of the basis"),
    "basis_number": Field(_PSE, _CLOSED, "case or call number"),
    "basis_verification": Field(_PUB, _OPEN, "verified, pending, refused or unknown"),
    "basis_verified_by": Field(_FULL, _PERS, "who verified it, and when"),
    "authority": Field(_PSE, _OPEN, "document that gives authority"),
    "approver": Field(_FULL, _PERS, "who approved, and when"),
    "exigent": Field(_PUB, _OPEN, "exigent access: basis, due, discharged"),
    "policy": Field(_PUB, _OPEN, "hash of the policy version"),
    "rules": Field(_PUB, _OPEN, "ids of the rules that matched"),
    "rule_sentence": Field(_PUB, _OPEN, "what the rule says, in plain words"),
    "obligations": Field(_PUB, _OPEN, "what the permit owes"),
    "facts": Field(_FULL, _PERS, "the facts that the decision read"),
    "permit": Field(_PSE, _OPEN, "id of the permit"),
    "grant": Field(_PSE, _OPEN, "id of the grant"),
    "count": Field(_PUB, _OPEN, "how many results or attempts"),
    "seconds": Field(_PSE, _OPEN, "seconds of pictures delivered"),
    "bytes": Field(_PSE, _OPEN, "bytes delivered"),
    "exact": Field(_PSE, _OPEN, "whether bytes is exact or an upper bound"),
    "recipient": Field(_FULL, _CLOSED, "who received it: person, organisation"),
    "legal_standard": Field(_PUB, _OPEN, "standard under which it was given out"),
    "agreement": Field(_PSE, _OPEN, "id of the agreement"),
    "reason": Field(_FULL, _VIC, "short narrative by the actor"),
    "reviewer": Field(_FULL, _PERS, "review: state, by, at, disposition"),
    "clock_offset_ms": Field(_PUB, _OPEN, "measured offset of the clock, milliseconds"),
    "seeded": Field(_PUB, _OPEN, "true for demo history made with a set clock"),
    "detail": Field(_FULL, _CLOSED, "what belongs to this event alone"),
}

SCHEMA_VERSION = 1
FIELDS_OF_VERSION: dict[int, dict[str, Field]] = {1: FIELDS_V1}

# The fields that the index of touches copies; erasing one of them erases the entry's touches.
TOUCH_FIELDS = frozenset({"time", "touches", "actor", "outcome", "event", "purpose", "basis", "owner"})
