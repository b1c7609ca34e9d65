"""What the first public page says beside the cameras: who watches the watchers, and the kill switch."""

from __future__ import annotations

from typing import Any

from policy.models import KillSwitch, Organisation
from policy.vocabulary import OrganisationClass
from rtcc.public.kept import for_a_minute

MOST_PAST = 10


def about() -> dict[str, Any]:
    """Names of the agencies that run this and of the bodies that oversee it, and the switch."""
    return for_a_minute("about", _read) | the_switch()


def _read() -> dict[str, Any]:
    kinds = (OrganisationClass.AGENCY, OrganisationClass.OVERSIGHT)
    rows = list(Organisation.objects.filter(kind__in=kinds).order_by("name").values_list("kind", "name"))
    return {
        "agencies": [name for kind, name in rows if kind == OrganisationClass.AGENCY],
        "overseers": [name for kind, name in rows if kind == OrganisationClass.OVERSIGHT],
    }


def the_switch() -> dict[str, Any]:
    """Whether all watching is stopped, since when and why, and when it was before. Not by whom."""
    return for_a_minute("switch", _read_switch)


def _read_switch() -> dict[str, Any]:
    rows = list(
        KillSwitch.objects.values("reason", "set_at", "lifted_at").order_by("-set_at")[: MOST_PAST + 1]
    )
    return {
        "switch_on": next((row for row in rows if row["lifted_at"] is None), None),
        "switch_past": [row for row in rows if row["lifted_at"] is not None][:MOST_PAST],
    }
