"""One-click sign-in of the demonstration: on a demo folder, on loopback, by POST, or not at all."""

from __future__ import annotations

from ipaddress import ip_address
from uuid import UUID

from django.contrib.auth import login, logout
from django.http import HttpRequest

from policy.models import Membership, Person
from rtcc import clock
from rtcc.config import config
from rtcc.errors import NotFound

# What a proxy adds. With one in between, "loopback" says nothing about where the person sits.
FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")


def is_offered(request: HttpRequest) -> bool:
    """Whether this request may sign in without a password. Each condition stands alone on its line."""
    if not config.demo or not (config.data / "DEMO").is_file() or (config.data / "PRODUCTION").exists():
        return False
    if request.headers.get("Host") != f"localhost:{config.port}":
        return False
    if any(header in request.headers for header in FORWARDING):
        return False
    return is_loopback(request)


def is_loopback(request: HttpRequest) -> bool:
    """Whether the peer sits on this machine."""
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def people() -> list[Membership]:
    """One membership per demo person, in the order of roles."""
    memberships = Membership.objects.valid_at(clock.now()).select_related("person", "organisation")
    return list(memberships.filter(person__is_active=True).order_by("role", "person__display_name"))


def sign_in_as(request: HttpRequest, person: UUID) -> Person:
    """Sign in as one person of the demonstration. Raises NotFound where it is not offered."""
    if not is_offered(request):
        raise NotFound()
    found = Person.objects.filter(id=person, is_active=True).first()
    if found is None:
        raise NotFound()
    # Whoever was signed in here before has left: one session ends, the other begins, each with its entry.
    logout(request)
    login(request, found, backend="policy.accounts.backend.Backend")
    return found
