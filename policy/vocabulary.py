"""The words of policy. Values are stored in entries: members are added, never renamed or reused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Action(StrEnum):
    """What a person can do. Each member has a rule (`policy/starter`) and a default sentence."""

    VIEW_LIVE = "view_live"
    PLAYBACK = "playback"
    SEARCH = "search"
    BOOKMARK = "bookmark"
    SNAPSHOT = "snapshot"
    EXPORT = "export"
    SHARE = "share"
    REDACT = "redact"
    LIFT_MASK = "lift_mask"
    HOLD = "hold"
    RELEASE_HOLD = "release_hold"
    PLACE_KEEP = "place_keep"
    DESTROY = "destroy"
    OPEN_INCIDENT = "open_incident"
    OPEN_GRANT = "open_grant"
    RENEW_GRANT = "renew_grant"
    END_GRANT = "end_grant"
    VERIFY_BASIS = "verify_basis"
    JUSTIFY_EXIGENT = "justify_exigent"
    APPROVE = "approve"
    REGISTER_CAMERA = "register_camera"
    CHANGE_CAMERA = "change_camera"
    TEST_STREAM = "test_stream"
    CHANGE_AGREEMENT = "change_agreement"
    LEND_HOURS = "lend_hours"
    PAUSE_CAMERA = "pause_camera"
    RESUME_CAMERA = "resume_camera"
    CHANGE_MEMBERSHIP = "change_membership"
    CHANGE_POLICY = "change_policy"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    RELEASE_ACCOUNT = "release_account"
    VIEW_REPORT = "view_report"
    VERIFY_LOG = "verify_log"
    VIEW_REGISTRY = "view_registry"
    ADMINISTER = "administer"
    KILL_SWITCH = "kill_switch"
    CHANGE_ERASURE = "change_erasure"
    RECOVER_LOG = "recover_log"
    OPEN_ASSET = "open_asset"
    ASK_FOOTAGE = "ask_footage"
    UPLOAD_FOOTAGE = "upload_footage"
    ISSUE_TOKEN = "issue_token"
    REVOKE_TOKEN = "revoke_token"
    SEND_PICTURE = "send_picture"
    RECEIVE_PICTURE = "receive_picture"
    REVOKE_PICTURE = "revoke_picture"
    DECLINE = "decline"
    OPEN_REQUEST = "open_request"
    WORK_REQUEST = "work_request"
    VIEW_REQUEST = "view_request"
    CONSENT = "consent"
    REVIEW_EXIGENT = "review_exigent"
    ASSIGN_UNIT = "assign_unit"


class Role(StrEnum):
    """What a membership makes of a person; described in `policy/roles.py`."""

    ANALYST = "analyst"
    SUPERVISOR = "supervisor"
    RECORDS_OFFICER = "records_officer"
    LEGAL_REVIEWER = "legal_reviewer"
    AUDITOR = "auditor"
    OUTSIDE_REVIEWER = "outside_reviewer"
    PARTNER = "partner"
    POLICY_OWNER = "policy_owner"
    OPERATOR = "operator"
    OFFICER = "officer"
    SYSTEM = "system"


class Purpose(StrEnum):
    """The published list of purposes. A use that is not on it is prohibited."""

    EMERGENCY_CALL = "emergency_call"
    CRIME_IN_PROGRESS = "crime_in_progress"
    INVESTIGATION = "investigation"
    MISSING_PERSON = "missing_person"
    TRAFFIC_SAFETY = "traffic_safety"
    EVENT_SAFETY = "event_safety"
    RECORDS_REQUEST = "records_request"
    AUDIT_REVIEW = "audit_review"
    TRAINING = "training"
    MAINTENANCE = "maintenance"
    SYSTEM_DUTY = "system_duty"


class Kind(StrEnum):
    """What an act is done on."""

    CAMERA = "camera"
    BASIS = "basis"
    GRANT = "grant"
    PERSON = "person"
    MEMBERSHIP = "membership"
    VIEWING = "viewing"
    AGREEMENT = "agreement"
    POLICY = "policy"
    KEEP = "keep"
    DESTRUCTION = "destruction"
    REPORT = "report"
    LOG = "log"
    SYSTEM = "system"
    FOOTAGE = "footage"
    PROPOSAL = "proposal"
    ASSET = "asset"
    UPLOAD = "upload"
    TOKEN = "token"
    BULLETIN = "bulletin"
    REQUEST = "request"


class OwnerClass(StrEnum):
    PUBLIC = "public"
    PARTNER = "partner"


class OrganisationClass(StrEnum):
    AGENCY = "agency"
    PARTNER = "partner"
    OVERSIGHT = "oversight"
    COURT = "court"
    PROSECUTOR = "prosecutor"
    OTHER = "other"


class Mode(StrEnum):
    """How a partner lends a camera: a pin on the map; asked each time; in stated hours; always."""

    REGISTRY = "registry"
    ON_REQUEST = "on_request"
    CONDITIONAL = "conditional"
    ALWAYS = "always"


class Recipient(StrEnum):
    """To whom footage goes out."""

    PROSECUTOR = "prosecutor"
    COURT = "court"
    COUNSEL = "counsel"
    INTERNAL_AFFAIRS = "internal_affairs"
    OWN_AGENCY = "own_agency"
    OTHER_AGENCY = "other_agency"
    PARTNER = "partner"
    PUBLIC = "public"


class BasisKind(StrEnum):
    INCIDENT = "incident"
    CASE = "case"
    EVENT = "event"
    REQUEST = "request"
    REVIEW = "review"
    TRAINING = "training"
    MAINTENANCE = "maintenance"


class Verification(StrEnum):
    VERIFIED = "verified"
    PENDING = "pending"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class GrantState(StrEnum):
    PENDING = "pending"
    VERIFIED = "verified"
    ENDED = "ended"


class ObligationKind(StrEnum):
    JUSTIFY = "justify"
    SECOND_PERSON = "second_person"
    WATERMARK = "watermark"
    MASK_ON = "mask_on"
    NO_AUDIO = "no_audio"
    NOTIFY_OWNER = "notify_owner"
    NOTIFY_OVERSIGHT = "notify_oversight"
    EXPIRE_AFTER = "expire_after"


class OffenceClass(StrEnum):
    VIOLENT_FELONY = "violent_felony"
    WEAPONS = "weapons"
    ROBBERY = "robbery"
    BURGLARY = "burglary"
    VEHICLE_THEFT = "vehicle_theft"
    MISSING_OR_ENDANGERED = "missing_or_endangered"
    TRAFFIC_INJURY = "traffic_injury"
    OTHER = "other"


@dataclass(frozen=True, order=True)
class Ref:
    """One thing that an act is on."""

    kind: Kind
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"
