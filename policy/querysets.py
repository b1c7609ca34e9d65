"""The words that views and acts use to ask for people, bases, grants and what is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q


class MembershipQuerySet(models.QuerySet[Any]):
    """Questions about memberships."""

    def valid_at(self, instant: datetime) -> MembershipQuerySet:
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=instant), starts_at__lte=instant)

    def of_person(self, person: UUID) -> MembershipQuerySet:
        return self.filter(person_id=person)


class BasisQuerySet(models.QuerySet[Any]):
    """Questions about bases."""

    def open_at(self, instant: datetime) -> BasisQuerySet:
        return self.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=instant), opened_at__lte=instant)

    def with_number(self, number: str) -> BasisQuerySet:
        return self.filter(number__iexact=number)


class GrantQuerySet(models.QuerySet[Any]):
    """Questions about grants."""

    def standing_at(self, instant: datetime) -> GrantQuerySet:
        """Grants that have begun, have not been ended, and have not run out."""
        return self.filter(starts_at__lte=instant, ends_at__gt=instant, ended_at__isnull=True)

    def run_out_at(self, instant: datetime) -> GrantQuerySet:
        """Grants whose time is over and that nobody has ended yet."""
        return self.filter(ends_at__lte=instant, ended_at__isnull=True)

    def of_person(self, person: UUID) -> GrantQuerySet:
        return self.filter(person_id=person)

    def on_basis(self, basis: UUID) -> GrantQuerySet:
        return self.filter(basis_id=basis)

    def covering(self, camera: UUID) -> GrantQuerySet:
        return self.filter(cameras__camera=camera)


class ObligationQuerySet(models.QuerySet[Any]):
    """Questions about what is owed."""

    def open(self) -> ObligationQuerySet:
        return self.filter(discharged_at__isnull=True)

    def owed_by(self, person: UUID) -> ObligationQuerySet:
        return self.filter(person_id=person)

    def overdue_at(self, instant: datetime) -> ObligationQuerySet:
        return self.open().filter(due_at__lt=instant)


class SessionQuerySet(models.QuerySet[Any]):
    """Questions about who is signed in."""

    def open(self) -> SessionQuerySet:
        return self.filter(ended_at__isnull=True)

    def of_person(self, person: UUID) -> SessionQuerySet:
        return self.filter(person_id=person)

    def over_at(self, *, unseen_since: datetime, started_before: datetime) -> SessionQuerySet:
        """Open ones that have been idle, or have lasted, for too long."""
        return self.open().filter(Q(seen_at__lt=unseen_since) | Q(started_at__lt=started_before))


class InvitationQuerySet(models.QuerySet[Any]):
    """Questions about one-time links."""

    def usable_at(self, instant: datetime) -> InvitationQuerySet:
        return self.filter(used_at__isnull=True, expires_at__gt=instant)
