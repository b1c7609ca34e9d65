"""The rows of policy."""

from policy.models.basis import Basis
from policy.models.people import Membership, Organisation, Person
from policy.models.permits import (
    Approval,
    DenialCount,
    DenialMinute,
    Epoch,
    Grant,
    GrantCamera,
    KillSwitch,
    Obligation,
    Permit,
    Proposal,
)
from policy.models.sessions import FailedSignIn, Invitation, Session
from policy.models.versions import PolicyDraft, PolicyMatrix, PolicyVersion

__all__ = [
    "Approval",
    "Basis",
    "DenialCount",
    "DenialMinute",
    "Epoch",
    "FailedSignIn",
    "Grant",
    "GrantCamera",
    "Invitation",
    "KillSwitch",
    "Membership",
    "Obligation",
    "Organisation",
    "Permit",
    "Person",
    "PolicyDraft",
    "PolicyMatrix",
    "PolicyVersion",
    "Proposal",
    "Session",
]
