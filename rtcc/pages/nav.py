"""Where each role can go. A link here is a convenience: what a person may do is decided by guard alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from policy.vocabulary import Role

_WATCH = frozenset({Role.ANALYST, Role.SUPERVISOR})
_ALL = frozenset(Role)
_READ_LOG = frozenset({Role.AUDITOR, Role.OUTSIDE_REVIEWER})
_PARTNER = frozenset({Role.PARTNER})
_STOP = frozenset({Role.SUPERVISOR, Role.POLICY_OWNER, Role.AUDITOR, Role.LEGAL_REVIEWER})


@dataclass(frozen=True)
class Link:
    """One link of the bar, for whom, and its icon."""

    label: str
    url: str
    icon: str
    roles: frozenset[Role]


LINKS: tuple[Link, ...] = (
    Link("My cameras", "/partner/", "shop", _PARTNER),
    Link("Incidents", "/incidents/", "exclamation-triangle", _WATCH),
    Link("Cameras", "/cameras/", "camera-video", _ALL),
    Link("Go back", "/playback/", "clock-history", _WATCH),
    Link("Due", "/due/", "hourglass-split", _WATCH),
    Link("Policy", "/policy/", "file-earmark-text", _ALL),
    Link("Retention", "/retention/", "archive", _ALL - {Role.OFFICER}),
    Link("Access report", "/oversight/report/", "journal-text", _READ_LOG),
    Link("Erasure", "/oversight/erasure/", "trash3", frozenset({Role.LEGAL_REVIEWER})),
    Link("Verify", "/oversight/verify/", "shield-check", _READ_LOG),
    Link("Who watches now", "/oversight/now/", "eye", frozenset({Role.SUPERVISOR}) | _READ_LOG),
    Link("Status", "/status/", "activity", frozenset({Role.OPERATOR})),
    Link("Kill switch", "/kill-switch/", "exclamation-octagon", _STOP),
    Link("People", "/people/", "people", frozenset({Role.OPERATOR, Role.SUPERVISOR})),
)


def links_for(roles: Collection[Role], path: str) -> list[dict[str, Any]]:
    """The links of somebody with these roles; the one of ``path`` is marked."""
    held = frozenset(roles)
    return [
        {"label": link.label, "url": link.url, "icon": link.icon, "current": path.startswith(link.url)}
        for link in LINKS
        if link.roles & held
    ]
