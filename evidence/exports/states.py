"""The words of an export: its states, who may receive it, and the law that it goes by."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from policy.vocabulary import Recipient


class ExportState(StrEnum):
    """How far an export has come. One that nobody approved in time stays PROPOSED and has run out."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    RUNNING = "running"
    READY = "ready"
    REFUSED = "refused"
    STOPPED = "stopped"
    FAILED = "failed"


TRANSITIONS: Mapping[ExportState, frozenset[ExportState]] = MappingProxyType(
    {
        ExportState.PROPOSED: frozenset({ExportState.APPROVED, ExportState.STOPPED}),
        ExportState.APPROVED: frozenset({ExportState.RUNNING, ExportState.REFUSED, ExportState.STOPPED}),
        ExportState.RUNNING: frozenset({ExportState.READY, ExportState.STOPPED, ExportState.FAILED}),
        ExportState.READY: frozenset(),
        ExportState.REFUSED: frozenset(),
        ExportState.STOPPED: frozenset(),
        ExportState.FAILED: frozenset(),
    }
)
WORKING = (ExportState.APPROVED, ExportState.RUNNING)

STATE_SAYS: Mapping[ExportState, str] = {
    ExportState.PROPOSED: "waits for a second person",
    ExportState.APPROVED: "approved, about to begin",
    ExportState.RUNNING: "being made",
    ExportState.READY: "ready",
    ExportState.REFUSED: "refused when it was to begin",
    ExportState.STOPPED: "stopped",
    ExportState.FAILED: "failed",
}

RECIPIENT_SAYS: Mapping[Recipient, str] = {
    Recipient.PROSECUTOR: "Prosecutor",
    Recipient.COURT: "Court",
    Recipient.COUNSEL: "Counsel of a party",
    Recipient.INTERNAL_AFFAIRS: "Internal affairs",
    Recipient.OWN_AGENCY: "Our own agency",
    Recipient.OTHER_AGENCY: "Another agency",
    Recipient.PARTNER: "The camera's owner",
    Recipient.PUBLIC: "Requester, press or public",
}
# Who may be given footage on which nothing is hidden; the rule is the policy's (`order-export-recipient`).
UNREDACTED = (
    Recipient.PROSECUTOR,
    Recipient.COURT,
    Recipient.COUNSEL,
    Recipient.INTERNAL_AFFAIRS,
    Recipient.OWN_AGENCY,
)
