"""Who somebody is. Nothing about what they may do: that is Cedar's alone."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest

from policy.models import Person


class Backend(BaseBackend):
    """Password check against an account that is active and not locked; grants no permissions."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> Person | None:
        if username is None or password is None:
            return None
        try:
            person = Person.objects.get(username=username)
        except (Person.DoesNotExist, ValueError):
            # As slow as a wrong password, so that the answer's time names no account.
            Person().set_password(password)
            return None
        # Django's own method would write a stronger hash at once: a change of state without an entry.
        if not check_password(password, person.password) or not person.is_active or person.locked_at:
            return None
        return person

    def get_user(self, user_id: Any) -> Person | None:
        return Person.objects.filter(pk=user_id, is_active=True).first()
