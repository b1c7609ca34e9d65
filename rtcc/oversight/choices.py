"""What the report's form offers to choose from, as far as its reader may know it."""

from __future__ import annotations

from typing import Any

from audit.vocabulary import Outcome
from cameras.cards import card_of, place_of
from cameras.models import Camera
from policy.models import Membership, Organisation
from policy.vocabulary import Purpose, Role
from rtcc import clock
from rtcc.config import config
from rtcc.oversight.question import HISTORY, WHAT
from rtcc.oversight.tiers import Reader

OUTCOME_SAYS: dict[Outcome, str] = {
    Outcome.PERMIT: "permitted",
    Outcome.DENY: "refused",
    Outcome.ERROR: "failed",
    Outcome.ABANDONED: "abandoned",
}
# Whoever has these roles watches; the list of names to choose from is theirs.
_WATCHERS = (Role.ANALYST, Role.SUPERVISOR, Role.RECORDS_OFFICER, Role.OPERATOR)
_MOST_NAMES = 300


def of(reader: Reader) -> dict[str, Any]:
    """Choices of the form, and the cameras for its map. A constant number of queries."""
    at = clock.now()
    cameras = Camera.objects.with_terms(at).order_by("code")
    if reader.owners is not None:
        cameras = cameras.owned_by(reader.owners)
    cards = [card_of(camera, at) for camera in cameras]
    owners = Organisation.objects.filter(cameras__isnull=False).distinct()
    if reader.owners is not None:
        owners = owners.filter(id__in=reader.owners)
    return {
        "cameras": [(card.code, card.name) for card in cards],
        "places": [place_of(card) for card in cards],
        "owners": [(row.code, row.name) for row in owners],
        "people": _names() if reader.names else [],
        "purposes": [(str(each), each.replace("_", " ")) for each in Purpose],
        "outcomes": [(str(each), says) for each, says in OUTCOME_SAYS.items()],
        "whats": list(WHAT.items()) if reader.owners is None else [],
        "histories": list(HISTORY.items()) if config.demo else [],
    }


def _names() -> list[str]:
    rows = Membership.objects.filter(role__in=_WATCHERS).order_by("person__display_name")
    return list(dict.fromkeys(rows.values_list("person__display_name", flat=True)[:_MOST_NAMES]))
