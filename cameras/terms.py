"""What an agreement grants, as a value, and whether other terms grant less. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cameras.hours import Window
from policy.vocabulary import Mode, Purpose

WEEK_MINUTES = 7 * 24 * 60
_REACH = {Mode.REGISTRY: 0, Mode.ON_REQUEST: 1, Mode.CONDITIONAL: 2, Mode.ALWAYS: 3}


@dataclass(frozen=True, kw_only=True)
class AgreementTerms:
    """The terms of one agreement. ``ends_at`` None: until further notice; ``agency_copies_days`` None: as
    policy says.
    """

    mode: Mode
    hours: frozenset[Window]
    purposes: frozenset[Purpose]
    cameras: frozenset[UUID]
    notify_owner: bool
    onward_sharing: bool
    number_told: bool
    agency_copies_days: int | None
    ends_at: datetime | None
    review_on: date
    revoked: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the entry: what the terms are, in words that a reader of the log understands."""
        return {
            "mode": str(self.mode),
            "hours": [str(window) for window in sorted(self.hours, key=lambda w: (w.weekday, w.opens))],
            "purposes": sorted(self.purposes),
            "cameras": sorted(str(camera) for camera in self.cameras),
            "notify_owner": self.notify_owner,
            "onward_sharing": self.onward_sharing,
            "number_told": self.number_told,
            "agency_copies_days": self.agency_copies_days,
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
            "review_on": self.review_on.isoformat(),
            "revoked": self.revoked,
        }


def narrows(old: AgreementTerms, new: AgreementTerms) -> bool:
    """Whether ``new`` only takes rights of watching away: then a partner may make the change alone."""
    if new.revoked:
        return True
    return not old.revoked and all(
        (
            _REACH[new.mode] <= _REACH[old.mode],
            open_minutes(new) <= open_minutes(old),
            new.purposes <= old.purposes,
            new.cameras <= old.cameras,
            new.notify_owner or not old.notify_owner,
            old.onward_sharing or not new.onward_sharing,
            # A number is closed while its case is active: an owner cannot ask itself into it.
            old.number_told == new.number_told,
            _at_most(new.agency_copies_days, old.agency_copies_days),
            _at_most(new.ends_at, old.ends_at),
            # Putting the review off would let terms stand that the owner's other half has to look at.
            new.review_on <= old.review_on,
        )
    )


def open_minutes(terms: AgreementTerms) -> frozenset[int]:
    """Minutes of the local week (0 is Monday 00:00) in which a camera may be watched or asked for."""
    if terms.mode is Mode.REGISTRY:
        return frozenset()
    if terms.hours or terms.mode is Mode.CONDITIONAL:
        return minutes_of(terms.hours)
    return frozenset(range(WEEK_MINUTES))


def lends_within(terms: AgreementTerms, hours: frozenset[Window]) -> bool:
    """Whether an owner may lend in these hours under the agreement: none of them is beyond it."""
    return not terms.revoked and minutes_of(hours) <= open_minutes(terms)


def minutes_of(hours: Iterable[Window]) -> frozenset[int]:
    """Minutes of the local week in which any of the windows is open."""
    return frozenset(minute for window in hours for minute in _minutes(window))


def _minutes(window: Window) -> list[int]:
    start = window.weekday * 1440 + window.opens.hour * 60 + window.opens.minute
    length = (window.closes.hour - window.opens.hour) * 60 + window.closes.minute - window.opens.minute
    return [(start + step) % WEEK_MINUTES for step in range(length if length > 0 else length + 1440)]


def _at_most(new: Any, old: Any) -> bool:
    """Whether ``new`` is no more than ``old``, where None has no limit."""
    return old is None or (new is not None and new <= old)
