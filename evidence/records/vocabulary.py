"""The words of the requests desk. Values are stored in rows and entries: members are added, never renamed.

Kinds and states are those of governance, section 3 (Missouri Sunshine Law, RSMo chapter 610).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RequestKind(StrEnum):
    """Who asks, as far as the law treats them differently."""

    RECORDS_REQUEST = "records_request"
    PERSON_IN_VIDEO = "person_in_video"
    CIVIL_CLAIM = "civil_claim"
    PROSECUTOR = "prosecutor"
    DISCOVERY = "discovery"
    DEFENCE_SUBPOENA = "defence_subpoena"
    WARRANT = "warrant"
    CIVIL_SUBPOENA = "civil_subpoena"
    PRESERVATION_LETTER = "preservation_letter"
    IMMIGRATION_SUBPOENA = "immigration_subpoena"
    INTERNAL_AFFAIRS = "internal_affairs"
    OVERSIGHT = "oversight"
    PARTNER_OWNER = "partner_owner"
    MEDIA = "media"
    OTHER_AGENCY = "other_agency"


KIND_SAYS: Mapping[RequestKind, str] = {
    RequestKind.RECORDS_REQUEST: "Public record",
    RequestKind.PERSON_IN_VIDEO: "Person in the pictures",
    RequestKind.CIVIL_CLAIM: "Involved person with a claim",
    RequestKind.PROSECUTOR: "Prosecutor",
    RequestKind.DISCOVERY: "Discovery in a criminal case",
    RequestKind.DEFENCE_SUBPOENA: "Subpoena of the defence",
    RequestKind.WARRANT: "Search warrant or court order",
    RequestKind.CIVIL_SUBPOENA: "Civil subpoena",
    RequestKind.PRESERVATION_LETTER: "Letter that asks to preserve",
    RequestKind.IMMIGRATION_SUBPOENA: "Subpoena of an immigration authority",
    RequestKind.INTERNAL_AFFAIRS: "Internal affairs",
    RequestKind.OVERSIGHT: "Oversight body",
    RequestKind.PARTNER_OWNER: "Owner of a camera",
    RequestKind.MEDIA: "Media",
    RequestKind.OTHER_AGENCY: "Another agency",
}
# Under which law somebody of a kind usually asks; the form fills it in, the desk may correct it.
LAWS: Mapping[RequestKind, str] = {
    RequestKind.RECORDS_REQUEST: "RSMo 610.023",
    RequestKind.PERSON_IN_VIDEO: "RSMo 610.100",
    RequestKind.CIVIL_CLAIM: "RSMo 610.100.4",
    RequestKind.PROSECUTOR: "Prosecutor's request",
    RequestKind.DISCOVERY: "Brady v. Maryland; Missouri Supreme Court Rule 25.03",
    RequestKind.DEFENCE_SUBPOENA: "Subpoena",
    RequestKind.WARRANT: "Warrant or order of a court",
    RequestKind.CIVIL_SUBPOENA: "Subpoena",
    RequestKind.PRESERVATION_LETTER: "Duty to preserve",
    RequestKind.IMMIGRATION_SUBPOENA: "Administrative subpoena: to counsel first",
    RequestKind.INTERNAL_AFFAIRS: "Department order",
    RequestKind.OVERSIGHT: "Demonstration charter, article 9",
    RequestKind.PARTNER_OWNER: "Partner agreement",
    RequestKind.MEDIA: "RSMo 610.023",
    RequestKind.OTHER_AGENCY: "Agency request",
}
# Who asks for a public record, so that the Sunshine Law sets the day (RSMo 610.023.3). The others come with a
# paper or an order of their own; their day is the department's.
SUNSHINE = frozenset(
    {
        RequestKind.RECORDS_REQUEST, RequestKind.PERSON_IN_VIDEO, RequestKind.CIVIL_CLAIM, RequestKind.MEDIA,
    }
)  # fmt: skip
# What the public form offers; the others come with a paper that somebody has to read.
PUBLIC_KINDS = (
    (RequestKind.RECORDS_REQUEST, "I want to see a public record"),
    (RequestKind.PERSON_IN_VIDEO, "I am in the pictures"),
    (RequestKind.CIVIL_CLAIM, "I was part of it and have a claim"),
    (RequestKind.MEDIA, "I work for a newspaper or a station"),
)


class Channel(StrEnum):
    """How a request came in."""

    STAFF = "staff"
    PUBLIC = "public"


class State(StrEnum):
    """Where a request stands. ``overdue`` is no state: it is computed."""

    RECEIVED = "received"
    PRESERVED = "preserved"
    ACKNOWLEDGED = "acknowledged"
    NEEDS_CLARIFICATION = "needs_clarification"
    ASSIGNED = "assigned"
    SEARCHING = "searching"
    NO_RECORDS = "no_records"
    NOT_CUSTODIAN = "not_custodian"
    LEGAL_REVIEW = "legal_review"
    FEE_ESTIMATED = "fee_estimated"
    AWAITING_PAYMENT = "awaiting_payment"
    REDACTING = "redacting"
    SECOND_REVIEW = "second_review"
    APPROVED = "approved"
    RELEASED_FULL = "released_full"
    RELEASED_PARTIAL = "released_partial"
    DENIED = "denied"
    APPEALED = "appealed"
    LITIGATION = "litigation"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


STATE_SAYS: Mapping[State, str] = {
    State.RECEIVED: "received",
    State.PRESERVED: "footage held",
    State.ACKNOWLEDGED: "acknowledged",
    State.NEEDS_CLARIFICATION: "waits for the requester",
    State.ASSIGNED: "assigned",
    State.SEARCHING: "being searched",
    State.NO_RECORDS: "no record found",
    State.NOT_CUSTODIAN: "another office has it",
    State.LEGAL_REVIEW: "in legal review",
    State.FEE_ESTIMATED: "fee estimated",
    State.AWAITING_PAYMENT: "waits for payment",
    State.REDACTING: "being redacted",
    State.SECOND_REVIEW: "in second review",
    State.APPROVED: "approved for release",
    State.RELEASED_FULL: "released in full",
    State.RELEASED_PARTIAL: "released in part",
    State.DENIED: "denied",
    State.APPEALED: "appealed",
    State.LITIGATION: "in litigation",
    State.WITHDRAWN: "withdrawn",
    State.CLOSED: "closed",
}


class Act(StrEnum):
    """What is done to a request. All but the last three move it to another state."""

    PRESERVE = "preserve"
    ACKNOWLEDGE = "acknowledge"
    ASK_BACK = "ask_back"
    CLARIFY = "clarify"
    ASSIGN = "assign"
    SEARCH = "search"
    FIND_NOTHING = "find_nothing"
    NAME_CUSTODIAN = "name_custodian"
    SEND_TO_LEGAL = "send_to_legal"
    ESTIMATE_FEE = "estimate_fee"
    ASK_PAYMENT = "ask_payment"
    TAKE_PAYMENT = "take_payment"
    WAIVE_FEE = "waive_fee"
    REDACT = "redact"
    REVIEW = "review"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    RELEASE_FULL = "release_full"
    RELEASE_PARTIAL = "release_partial"
    DENY = "deny"
    APPEAL = "appeal"
    LITIGATE = "litigate"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    DELAY = "delay"
    NOTE = "note"
    CONFIRM_HOLD = "confirm_hold"


ACT_SAYS: Mapping[Act, str] = {
    Act.PRESERVE: "Hold the footage",
    Act.ACKNOWLEDGE: "Acknowledge",
    Act.ASK_BACK: "Ask the requester",
    Act.CLARIFY: "The requester answered",
    Act.ASSIGN: "Take it on",
    Act.SEARCH: "Search",
    Act.FIND_NOTHING: "Answer: no record",
    Act.NAME_CUSTODIAN: "Name the office that has it",
    Act.SEND_TO_LEGAL: "To legal review",
    Act.ESTIMATE_FEE: "Estimate the fee",
    Act.ASK_PAYMENT: "Ask for payment",
    Act.TAKE_PAYMENT: "Payment came",
    Act.WAIVE_FEE: "Waive the fee",
    Act.REDACT: "Clear for redaction",
    Act.REVIEW: "To second review",
    Act.SEND_BACK: "Back to redaction",
    Act.APPROVE: "Approve for release",
    Act.RELEASE_FULL: "Released in full",
    Act.RELEASE_PARTIAL: "Released in part",
    Act.DENY: "Deny",
    Act.APPEAL: "It was appealed",
    Act.LITIGATE: "It is in court",
    Act.WITHDRAW: "The requester withdrew",
    Act.CLOSE: "Close",
    Act.DELAY: "Tell of a delay",
    Act.NOTE: "Write a note",
    Act.CONFIRM_HOLD: "Confirm the hold",
}


class CloseReason(StrEnum):
    """Why a request was closed: one of a list, because counts are made of it."""

    ANSWERED_IN_FULL = "answered_in_full"
    ANSWERED_IN_PART = "answered_in_part"
    DENIED = "denied"
    NO_RECORD = "no_record"
    OTHER_CUSTODIAN = "other_custodian"
    WITHDRAWN = "withdrawn"
    NO_ANSWER_FROM_REQUESTER = "no_answer_from_requester"
    FEE_NOT_PAID = "fee_not_paid"
    DUPLICATE = "duplicate"


CLOSE_SAYS: Mapping[CloseReason, str] = {
    CloseReason.ANSWERED_IN_FULL: "answered in full",
    CloseReason.ANSWERED_IN_PART: "answered in part",
    CloseReason.DENIED: "denied",
    CloseReason.NO_RECORD: "there is no record",
    CloseReason.OTHER_CUSTODIAN: "another office has it",
    CloseReason.WITHDRAWN: "withdrawn by the requester",
    CloseReason.NO_ANSWER_FROM_REQUESTER: "the requester did not answer",
    CloseReason.FEE_NOT_PAID: "the fee was not paid",
    CloseReason.DUPLICATE: "the same request stands already",
}


class HoldState(StrEnum):
    """How the hold of a request stands; computed, never stored."""

    NOTHING_TO_HOLD = "nothing_to_hold"
    STANDS = "stands"
    WAITS = "waits"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    RELEASED = "released"


HOLD_SAYS: Mapping[HoldState, str] = {
    HoldState.NOTHING_TO_HOLD: "no camera saw the place then",
    HoldState.STANDS: "held",
    HoldState.WAITS: "held, a supervisor has to confirm",
    HoldState.UNCONFIRMED: "held, not confirmed in time: oversight was told",
    HoldState.CONFIRMED: "held, confirmed",
    HoldState.RELEASED: "released",
}
