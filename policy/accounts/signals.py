"""What Django and allauth report, answered in one place."""

from __future__ import annotations

from typing import Any

from allauth.mfa import signals as mfa
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from policy.accounts import lock, sessions
from policy.accounts.adapter import where_from
from policy.models import Person


def _code_failed(sender: Any, request: HttpRequest, user: Person, **_: Any) -> None:
    address, device = where_from(request)
    lock.note_failure(user.id, lock.WRONG_CODE, address=address, device=device)


def connect() -> None:
    """Called once when the apps are ready."""
    auth.user_logged_in.connect(sessions.begin, dispatch_uid="watchlight.begin")
    auth.user_logged_out.connect(sessions.finish, dispatch_uid="watchlight.finish")
    mfa.authentication_failed.connect(_code_failed, dispatch_uid="watchlight.code_failed")
