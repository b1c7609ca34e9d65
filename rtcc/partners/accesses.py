"""An owner's list of accesses: the filters it is asked by, and each access as a line of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rtcc import clock
from rtcc.errors import BadInput
from rtcc.oversight.question import Asked
from rtcc.oversight.report import Row
from rtcc.pages.context import ROOM_ZONE
from rtcc.pages.templatetags.room import duration

ZONE = ZoneInfo(ROOM_ZONE)
FILTERS = ("camera", "purpose", "outcome", "watched_from", "watched_to")
COLUMNS = (
    "began", "ended", "camera", "how", "how long", "seconds", "purpose", "basis", "outcome", "why refused",
    "who", "role", "footage from", "footage to", "entry", "end entry", "receipt",
    "demo history",
)  # fmt: skip
OUTCOMES = {"permit": "allowed", "deny": "refused", "error": "failed", "abandoned": "abandoned"}


def asked_of(given: Mapping[str, str]) -> Asked:
    """The owner's question. Days are whole days of the room. Raises BadInput."""
    filters = {name: given.get(name, "") for name in FILTERS}
    for name in ("watched_from", "watched_to"):
        if filters[name]:
            filters[name] = _end_of_day(filters[name], name, last=name == "watched_to")
    return Asked.of(filters | {"before": given.get("before", "")})


def _end_of_day(text: str, field: str, *, last: bool) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("Write a day such as 2026-11-22.", field=field) from error
    start = datetime.combine(day + timedelta(days=int(last)), datetime.min.time(), tzinfo=ZONE)
    # Intervals of the search are closed: a day ends just before the next begins.
    return (start - timedelta(microseconds=int(last))).astimezone(UTC).isoformat()


@dataclass(frozen=True)
class Month:
    """One calendar month of the room."""

    year: int
    month: int

    @classmethod
    def of(cls, text: str) -> Month:
        """`2026-11`; empty: the present one. Raises BadInput for others, and for months to come."""
        now = clock.now().astimezone(ZONE)
        if not text:
            return cls(now.year, now.month)
        try:
            day = date.fromisoformat(f"{text}-01")
        except ValueError as error:
            raise BadInput("Write a month such as 2026-11.", field="month") from error
        if (day.year, day.month) > (now.year, now.month) or day.year < 2000:
            raise BadInput("There is no statement of that month.", field="month")
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def title(self) -> str:
        return f"{date(self.year, self.month, 1):%B %Y}"

    @property
    def starts_at(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=ZONE).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        following = Month(self.year + self.month // 12, self.month % 12 + 1)
        return following.starts_at

    @property
    def question(self) -> Asked:
        """All accesses in this month."""
        last = self.ends_at - timedelta(microseconds=1)
        return Asked.of({"watched_from": self.starts_at.isoformat(), "watched_to": last.isoformat()})


def months_back(count: int) -> list[Month]:
    """The present month and those before it."""
    months = [Month.of("")]
    while len(months) < count:
        before = months[-1]
        months.append(Month(before.year - (before.month == 1), (before.month - 2) % 12 + 1))
    return months


def how(row: Row) -> str:
    """What kind of access, in a word or two."""
    if row.action == "playback":
        return "recorded footage"
    if row.action == "view_live" or row.event == "exigent.opened":
        return "live"
    return (row.action or row.event).replace("_", " ")


def basis(row: Row) -> str:
    """The reason as the agreement lets the owner know it."""
    if not row.basis_kind or row.basis_kind == "none":
        return ""
    return f"{row.basis_kind} {row.number}".strip()


def cells(row: Row, origin: str) -> tuple[Any, ...]:
    """The access as the values of a line of a CSV file."""
    shown = row.cameras or row.refused
    footage = row.footage or (None, None)
    return (
        local(row.at), "" if row.running else local(row.until), "; ".join(shown), how(row),
        duration(row.seconds) if row.seconds is not None else "", row.seconds, row.purpose, basis(row),
        "cut off" if row.event == "view.continued" else OUTCOMES.get(row.outcome, row.outcome),
        row.rule_sentence if row.outcome == "deny" else "", row.who, row.role, local(footage[0]),
        local(footage[1]), row.entry, row.end_entry, f"{origin}/entries/{row.entry}/receipt/",
        "yes" if row.seeded else "",
    )  # fmt: skip


def local(at: datetime | None) -> str:
    """An instant on the room's clock, with its offset, so that the repeated hour is told apart."""
    return "" if at is None else f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S %Z}"
