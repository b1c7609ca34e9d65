"""The words that views and acts use to ask for cameras, placements and agreements."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, Prefetch, Q, Subquery

from cameras.vocabulary import Recording, StreamRole

if TYPE_CHECKING:
    from cameras.geometry import Box


class IntervalQuerySet(models.QuerySet[Any]):
    """Rows that hold from an instant until another, or until further notice."""

    def valid_at(self, instant: datetime) -> Self:
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=instant), starts_at__lte=instant)

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> Self:
        """Rows that hold at some instant of [starts_at, ends_at)."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=starts_at), starts_at__lt=ends_at)


class PlacementQuerySet(IntervalQuerySet):
    """Questions about where cameras stand."""

    def with_ids(self, ids: Collection[UUID]) -> Self:
        return self.filter(id__in=list(ids))

    def near(self, box: Box) -> Self:
        """Placements whose point lies in a box of degrees (a cheap first cut for geometry)."""
        return self.filter(lat__range=(box.south, box.north), lon__range=(box.west, box.east))

    def of_camera(self, camera: UUID) -> Self:
        return self.filter(camera__id=camera)

    def of_active_cameras(self) -> Self:
        return self.filter(camera__retired_at__isnull=True)


class AgreementQuerySet(IntervalQuerySet):
    """Questions about agreements."""

    def in_force_at(self, instant: datetime) -> Self:
        """Agreements that have begun, have not ended and were not revoked."""
        return self.valid_at(instant).filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=instant))

    def due_for_review(self, on: Any) -> Self:
        return self.filter(review_on__lte=on, revoked_at__isnull=True)


class CameraQuerySet(models.QuerySet[Any]):
    """Questions about cameras."""

    def active(self) -> Self:
        return self.filter(retired_at__isnull=True)

    def with_ids(self, ids: Collection[UUID]) -> Self:
        return self.filter(id__in=ids)

    def by_code(self, code: str) -> Self:
        return self.filter(code=code)

    def by_code_in(self, codes: Collection[str]) -> Self:
        return self.filter(code__in=codes)

    def owned_by(self, organisations: Collection[UUID]) -> Self:
        return self.filter(owner_id__in=organisations)

    def matching(self, words: str) -> Self:
        """Cameras whose name, code, owner or area holds every word."""
        found = self
        for word in words.replace("\x00", " ").split()[:8]:
            found = found.filter(
                Q(name__icontains=word)
                | Q(code__icontains=word)
                | Q(owner__name__icontains=word)
                | Q(placements__ends_at__isnull=True, placements__area__name__icontains=word)
            )
        return found.distinct()

    def with_terms(self, instant: datetime) -> Self:
        """Cameras with all that a list or a page shows, in a constant number of queries.

        Each then has ``placements_now``, ``designations_now``, ``masks_now`` (lists; of the first two one or
        none), ``streams`` and ``health``.
        """
        from cameras.models import Designation, Mask, Placement

        placements = Placement.objects.valid_at(instant).select_related("site", "area")
        designations = Designation.objects.valid_at(instant).select_related("agreement__owner")
        return self.select_related("owner", "device", "health", "paused_by").prefetch_related(
            "streams",
            Prefetch("placements", queryset=placements, to_attr="placements_now"),
            Prefetch("masks", queryset=Mask.objects.valid_at(instant), to_attr="masks_now"),
            Prefetch(
                "designations",
                queryset=designations.prefetch_related("agreement__hours", "agreement__lent_hours"),
                to_attr="designations_now",
            ),
        )

    def connectable(self) -> Self:
        """Cameras that a recorder may hold a connection to: neither retired nor paused."""
        return self.filter(retired_at__isnull=True, paused_at__isnull=True)

    def recorded(self) -> Self:
        return self.connectable().exclude(recording=Recording.NEVER)

    def with_codec(self) -> Self:
        """Adds ``codec``: what the stream that is watched was found to carry."""
        from cameras.models import Stream

        streams = Stream.objects.filter(camera=OuterRef("pk"), role__in=[StreamRole.LIVE, StreamRole.RECORD])
        return self.annotate(codec=Subquery(streams.order_by("role").values("codec")[:1]))
