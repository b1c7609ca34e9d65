"""What every page says: who is signed in, where they can go, and what is true of the whole room."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from policy.accounts.sessions import idle_lock
from policy.models import KillSwitch, Membership, Person
from policy.roles import ROLES
from policy.vocabulary import Role
from rtcc import clock
from rtcc.config import config
from rtcc.pages.nav import nav_for

ROOM_ZONE = config.city_zone.key


def room(request: HttpRequest) -> dict[str, Any]:
    """Context of `base.html`. Three queries for who is signed in, none for who is not."""
    context: dict[str, Any] = {"room_zone": ROOM_ZONE, "nav": {}, "banners": []}
    person = getattr(request, "user", None)
    if not isinstance(person, Person):
        return context
    memberships = list(
        Membership.objects.of_person(person.id).valid_at(clock.now()).select_related("organisation")
    )
    first = memberships[0] if memberships else None
    context["idle_s"] = round(idle_lock(person.id).total_seconds())
    context["who"] = {
        "name": person.display_name,
        "role_title": ROLES[Role(first.role)].title if first else "No membership",
        "organisation": first.organisation.name if first else "",
        "sign_out_url": "/sign-out/",
    }
    context["nav"] = nav_for({Role(m.role) for m in memberships}, request.path, person.id)
    if any(m.role == Role.SUPERVISOR for m in memberships):
        context["banners"] += _locked_accounts()
    switch = KillSwitch.objects.filter(lifted_at__isnull=True).first()
    if switch is not None:
        context["banners"].append(
            {
                "level": "danger",
                "sentence": f"All watching is stopped: {switch.reason}. Nobody is shown a picture.",
            }
        )
    return context


def _locked_accounts() -> list[dict[str, str]]:
    """A supervisor is told of locked accounts: somebody stands before the door, or somebody else tries it."""
    count = Person.objects.filter(locked_at__isnull=False).count()
    if not count:
        return []
    noun = "account is" if count == 1 else "accounts are"
    return [
        {
            "level": "warning",
            "sentence": f"{count} {noun} locked after failed sign-ins.",
            "url": "/accounts/locked/",
            "action": "See and release",
        }
    ]
