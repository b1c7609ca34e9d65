"""What a reader asks the report: filters from the address, as a search of the index."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from audit.pseudonym import pseudonym
from audit.search import Interval, Question
from audit.vocabulary import Event, Outcome
from cameras.models import Camera, Placement
from cameras.nearest import seen_in
from policy.models import Basis, Organisation, Person
from policy.vocabulary import Purpose
from rtcc import clock
from rtcc.errors import BadInput
from rtcc.oversight.tiers import Reader
from rtcc.pages.context import ROOM_ZONE

# Nothing has this id: a filter that matches nothing finds nothing, instead of everything.
NOBODY = UUID(int=0)
# Pseudonyms of these years are looked back for.
_YEARS = 2
_MOST_CORNERS = 60
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

WATCHING = (
    Event.VIEW_PERMITTED, Event.EXIGENT_OPENED, Event.VIEW_REFUSED, Event.VIEW_CONTINUED, Event.VIEW_ENDED,
    Event.PLAYBACK_PERMITTED, Event.PLAYBACK_ENDED, Event.ACT_REFUSED,
)  # fmt: skip
# Written every minute by the recorder itself; nobody acts.
_MACHINERY = frozenset({Event.FOOTAGE_SEALED, Event.FOOTAGE_GAP})
ACTS = tuple(event for event in Event if event not in _MACHINERY)

WHAT = {"watching": "Watching", "acts": "All acts", "all": "Everything, also the recorder's own entries"}
HISTORY = {"both": "Real acts and demo history", "real": "Real acts", "demo": "Demo history"}
FILTERS = (
    "who", "camera", "place", "watched_from", "watched_to", "shown_from", "shown_to", "purpose", "number",
    "owner", "outcome", "what", "history",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The filters as they were asked; ``before`` continues a list."""

    filters: Mapping[str, str]
    before: UUID | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(ROOM_ZONE))

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Asked:
        """Read an address' query. Raises BadInput naming the field."""
        filters = {name: given.get(name, "").strip()[:2000] for name in FILTERS}
        _check_choice(filters, "what", WHAT)
        _check_choice(filters, "history", HISTORY)
        _check_choice(filters, "purpose", dict.fromkeys(Purpose))
        _check_choice(filters, "outcome", dict.fromkeys(Outcome))
        return cls({name: text for name, text in filters.items() if text}, _cursor(given.get("before", "")))

    @property
    def what(self) -> str:
        return self.filters.get("what", "watching")

    @property
    def history(self) -> str:
        return self.filters.get("history", "both")

    def search(self, reader: Reader, *, limit: int) -> Question:
        """The search that answers it, for this reader. Raises BadInput."""
        shown = self._interval("shown_from", "shown_to")
        events = {"watching": WATCHING, "acts": ACTS, "all": ()}[self.what]
        return Question(
            cameras=[] if "place" in self.filters else self._cameras(),
            places=self._places(shown),
            watched=self._interval("watched_from", "watched_to"),
            pictures=shown,
            actors=self._actors(reader),
            bases=self._bases(reader),
            owners=self._owners(reader),
            outcomes=self._one("outcome"),
            events=events,
            purposes=self._one("purpose"),
            seeded={"both": None, "real": False, "demo": True}[self.history],
            before=self.before,
            limit=limit,
        )

    def _one(self, name: str) -> list[str]:
        return [self.filters[name]] if name in self.filters else []

    def _interval(self, start: str, end: str) -> Interval | None:
        """Instants in the room's zone; either end may be open."""
        found = (self._instant(start), self._instant(end))
        if found == (None, None):
            return None
        if found[0] and found[1] and found[0] > found[1]:
            raise BadInput("The end lies before the beginning.", field=end)
        return found

    def _instant(self, name: str) -> datetime | None:
        if name not in self.filters:
            return None
        try:
            found = parse_datetime(self.filters[name])
        except ValueError:
            found = None
        if found is None:
            raise BadInput("Write a date and a time, such as 2026-11-22T15:00.", field=name)
        return (found.replace(tzinfo=self.zone) if found.tzinfo is None else found).astimezone(UTC)

    def _cameras(self) -> list[UUID]:
        if "camera" not in self.filters:
            return []
        found = Camera.objects.by_code(self.filters["camera"]).values_list("id", flat=True)
        return list(found) or [NOBODY]

    def _places(self, shown: Interval | None) -> list[tuple[UUID, Interval | None]]:
        """Cameras that stood or looked into the drawn place, each with when it did."""
        area = self.area()
        if area is None:
            return []
        starts_at, ends_at = shown or (None, None)
        until = ends_at or clock.now() + timedelta(days=1)
        there = dict.fromkeys(key for _, key in seen_in(area, starts_at or _EVER, until))
        rows = Placement.objects.with_ids(there).select_related("camera")
        if "camera" in self.filters:
            rows = rows.filter(camera__code=self.filters["camera"])
        return [(row.camera.id, (row.starts_at, row.ends_at)) for row in rows] or [(NOBODY, None)]

    def area(self) -> dict[str, Any] | None:
        """The drawn place as a GeoJSON polygon (RFC 7946). ``place`` is ``lon,lat;lon,lat;...``."""
        if "place" not in self.filters:
            return None
        try:
            ring = [
                [float(number) for number in corner.split(",")] for corner in self.filters["place"].split(";")
            ]
        except ValueError as error:
            raise BadInput("The place is not a list of corners.", field="place") from error
        fits = all(len(corner) == 2 and abs(corner[0]) <= 180 and abs(corner[1]) <= 90 for corner in ring)
        if not fits or not 3 <= len(ring) <= _MOST_CORNERS:
            raise BadInput(f"A place has 3 to {_MOST_CORNERS} corners on the map.", field="place")
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}

    def _actors(self, reader: Reader) -> list[str]:
        """Actors by name or username where the reader knows names, by pseudonym for everybody."""
        if "who" not in self.filters:
            return []
        asked, year = self.filters["who"], clock.now().year
        if asked.startswith("system:"):
            return [asked]
        people = Person.objects.values_list("id", flat=True)
        found = {
            str(key)
            for key in people
            if asked in {pseudonym(str(key), each) for each in range(year - _YEARS + 1, year + 1)}
        }
        if reader.names:
            named = people.filter(Q(display_name__icontains=asked) | Q(username__iexact=asked))
            found |= {str(key) for key in named}
        return sorted(found) or ["nobody"]

    def _bases(self, reader: Reader) -> list[UUID]:
        if "number" not in self.filters:
            return []
        if reader.owners is not None:
            raise BadInput("Numbers of cases are not part of what an owner reads.", field="number")
        return list(Basis.objects.with_number(self.filters["number"]).values_list("id", flat=True)) or [
            NOBODY
        ]

    def _owners(self, reader: Reader) -> list[UUID]:
        asked = Organisation.objects.filter(code=self.filters.get("owner", "")).values_list("id", flat=True)
        wanted = list(asked) or ([NOBODY] if "owner" in self.filters else [])
        if reader.owners is None:
            return wanted
        allowed = sorted(reader.owners)
        return ([owner for owner in wanted if owner in allowed] or [NOBODY]) if wanted else allowed

    def canonical(self) -> dict[str, str]:
        """What makes it this question: pages and refreshes of it are one act."""
        return dict(sorted(self.filters.items()))

    def key(self) -> str:
        return json.dumps(self.canonical(), separators=(",", ":"))


def _check_choice(filters: Mapping[str, str], name: str, choices: Mapping[Any, Any]) -> None:
    if filters[name] and filters[name] not in {str(choice) for choice in choices}:
        raise BadInput("Choose one of the list.", field=name)


def _cursor(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadInput("That is no place in the list.", field="before") from error
