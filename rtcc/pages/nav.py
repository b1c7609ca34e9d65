"""Where each role can go. A link here is a convenience: what a person may do is decided by guard alone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from policy.vocabulary import Role

_WATCH = frozenset({Role.ANALYST, Role.SUPERVISOR})
_ALL = frozenset(Role)
_READ_LOG = frozenset({Role.AUDITOR, Role.OUTSIDE_REVIEWER})
_PARTNER = frozenset({Role.PARTNER})
_READ_REPORT = _READ_LOG | {Role.PARTNER}
_APPROVE = frozenset({Role.LEGAL_REVIEWER, Role.AUDITOR, Role.POLICY_OWNER, Role.OPERATOR})
_DESK = frozenset({Role.RECORDS_OFFICER, Role.LEGAL_REVIEWER, Role.SUPERVISOR, Role.AUDITOR})
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
    Link("Board", "/board/", "columns-gap", frozenset({Role.SUPERVISOR})),
    Link("Approvals", "/board/approvals/", "check-circle", _APPROVE),
    Link("Incidents", "/incidents/", "exclamation-triangle", _WATCH),
    Link("Wall", "/wall/", "grid-3x3", _WATCH),
    Link("Pictures", "/inbox/", "eye", frozenset({Role.OFFICER})),
    Link("Sent pictures", "/bulletins/", "upload", _WATCH),
    Link("Cameras", "/cameras/", "camera-video", _ALL),
    Link("Go back", "/playback/", "clock-history", _WATCH | {Role.RECORDS_OFFICER}),
    Link("Due", "/due/", "hourglass-split", _WATCH),
    Link("Access report", "/oversight/report/", "journal-text", _READ_LOG),
    Link("Verify", "/oversight/verify/", "shield-check", _READ_LOG),
    Link("Who watches now", "/oversight/now/", "eye", _READ_LOG),
    Link("Requests", "/requests/", "clipboard-check", _DESK),
    Link("Kill switch", "/kill-switch/", "exclamation-octagon", _STOP),
    Link("Exports", "/exports/", "file-earmark-arrow-down", _DESK),
    Link("Status", "/status/", "activity", frozenset({Role.OPERATOR})),
    Link("People", "/people/", "people", frozenset({Role.OPERATOR, Role.SUPERVISOR})),
    Link("Retention", "/retention/", "archive", _ALL - {Role.OFFICER}),
    Link("Policy", "/policy/", "file-earmark-text", _ALL),
    Link("Erasure", "/oversight/erasure/", "trash3", frozenset({Role.LEGAL_REVIEWER})),
)


# What waits behind a link, for the person who sees it; upper rooms say it (`count_for`).
_counts: dict[str, tuple[frozenset[Role], Callable[[UUID], int]]] = {}


def count_for(url: str, roles: frozenset[Role], count: Callable[[UUID], int]) -> None:
    """Let the link to ``url`` carry a number for people with these roles."""
    _counts[url] = (roles, count)


# So many links stand in the bar; the others wait under one name beside them.
IN_THE_BAR = 7


def nav_for(roles: Collection[Role], path: str, person: UUID) -> dict[str, Any]:
    """The bar of somebody with these roles: ``first`` and ``more`` links, and ``within``, the label of the
    current one where it is among the others.
    """
    links = links_for(roles, path, person)
    first, more = (links, []) if len(links) <= IN_THE_BAR + 1 else (links[:IN_THE_BAR], links[IN_THE_BAR:])
    within = next((link["label"] for link in more if link["current"]), "")
    return {"first": first, "more": more, "within": within}


def links_for(roles: Collection[Role], path: str, person: UUID) -> list[dict[str, Any]]:
    """The links of somebody with these roles; the one of ``path`` is marked."""
    held = frozenset(roles)
    found = []
    for link in LINKS:
        if link.roles & held:
            row: dict[str, Any] = {"label": link.label, "url": link.url, "icon": link.icon}
            row["current"] = path.startswith(link.url)
            counted, count = _counts.get(link.url, (frozenset(), None))
            if count is not None and counted & held:
                row["count"] = count(person)
            found.append(row)
    return found
