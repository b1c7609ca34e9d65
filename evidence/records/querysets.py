"""Questions about requests."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat

from evidence.records.states import ANSWERED, DESK, ENDED
from evidence.records.vocabulary import State
from policy.vocabulary import Role


class RequestQuerySet(models.QuerySet[Any]):
    """Questions about requests. ``answer_by`` is the due date, or what a letter of delay promised."""

    def for_list(self) -> Self:
        return (
            self.select_related("basis__agency", "hold", "assigned_to")
            .annotate(answer_by=Coalesce(F("delay_until"), F("due_at")))
            .order_by("answer_by", "basis_id")
        )

    def in_line(self) -> Self:
        """By the due date too, as one text of each row that no other has: cursors need it so."""
        due = Func(
            F("answer_by"), template="to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS')"
        )
        place = Concat(due, Value(" "), Cast("basis_id", models.TextField()), output_field=models.TextField())
        return self.annotate(place_in_line=place).order_by("place_in_line")

    def of_agencies(self, agencies: Collection[UUID]) -> Self:
        return self.filter(basis__agency_id__in=agencies)

    def numbered(self, words: str) -> Self:
        return self.filter(basis__number__icontains=words)

    def open(self) -> Self:
        return self.exclude(state__in=ENDED)

    def needing(self, keep: UUID) -> Self:
        """The request that is not over and whose hold this is: the narrower one, where a supervisor found
        that enough. One that was denied may be appealed, and needs its footage until it is closed.
        """
        own = models.Q(hold_id=keep, narrowed_to__isnull=True) | models.Q(narrowed_to_id=keep)
        return self.open().filter(own)

    def over(self) -> Self:
        return self.filter(state__in=ENDED)

    def unanswered(self) -> Self:
        return self.exclude(state__in=ANSWERED)

    def overdue_at(self, instant: datetime) -> Self:
        return self.unanswered().filter(
            Q(delay_until__isnull=True, due_at__lt=instant) | Q(delay_until__lt=instant)
        )

    def on_desk_of(self, roles: Collection[Role]) -> Self:
        return self.open().filter(state__in=[state for state in State if DESK[state] & set(roles)])

    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def hold_waits(self) -> Self:
        """Holds beyond the caps that no supervisor has confirmed, and that stand."""
        return self.filter(
            confirm_by__isnull=False, confirmed_at__isnull=True, hold__released_at__isnull=True
        )

    def to_tell_at(self, instant: datetime) -> Self:
        """Of these, those whose time for confirming is over and of which oversight was not told."""
        return self.hold_waits().filter(confirm_by__lte=instant, unconfirmed_entry__isnull=True)

    def of_requester_since(self, address: str, contact: str, since: datetime) -> Self:
        """Requests from one network address or contact (both as pseudonyms) since an instant."""
        same = Q(requester_address=address) if address else Q()
        if contact:
            same |= Q(requester_key=contact)
        return self.filter(same, received_at__gt=since) if same else self.none()
