"""Roles as readable data: what each is called, and what such a person does here.

What a role may do is in the policy version (`policy/starter`), where it can be read with its authority.
"""

from __future__ import annotations

from dataclasses import dataclass

from policy.vocabulary import Role


@dataclass(frozen=True)
class RoleText:
    """A title and one sentence in plain words."""

    title: str
    description: str


ROLES: dict[Role, RoleText] = {
    Role.ANALYST: RoleText(
        "Analyst", "Watches live on an open incident, marks what matters and tells units."
    ),
    Role.SUPERVISOR: RoleText("Supervisor", "Verifies numbers, sees who watches what, and stops it."),
    Role.RECORDS_OFFICER: RoleText("Records officer", "Answers requests for footage, with proof."),
    Role.LEGAL_REVIEWER: RoleText(
        "Legal reviewer", "Places and releases holds with another person; approves exports."
    ),
    Role.AUDITOR: RoleText(
        "Oversight auditor", "Reads who watched what and why, with names, and checks the proof."
    ),
    Role.OUTSIDE_REVIEWER: RoleText(
        "Outside reviewer", "Reads the same under pseudonyms, and checks the proof."
    ),
    Role.PARTNER: RoleText(
        "Partner", "Owns cameras, sees each access to them, and pauses them with one press."
    ),
    Role.POLICY_OWNER: RoleText("Policy owner", "Writes the rules and publishes them with a second person."),
    Role.OPERATOR: RoleText(
        "Operator", "Installs, registers cameras and keeps the system running; sees no footage."
    ),
    Role.OFFICER: RoleText("Officer", "Gets pictures of an incident on a phone, on the way there."),
    Role.SYSTEM: RoleText("System", "A process that acts because time has come."),
}
