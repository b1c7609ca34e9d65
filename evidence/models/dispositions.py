"""Dispositions: what was destroyed, by which rule, and how far that has come."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from evidence.models.assets import Asset
from evidence.models.segments import Segment
from evidence.querysets import AssetQuerySet, DispositionQuerySet, SegmentQuerySet
from evidence.retention.states import STATE_SAYS, DispositionState
from evidence.vault.descriptor import Period
from evidence.vault.names import KeyName
from rtcc.ids import uuid7

_DECIDED = [
    s.value for s in DispositionState if s not in (DispositionState.PLANNED, DispositionState.GIVEN_UP)
]


class Disposition(models.Model):
    """One batch: footage of one camera and one key period, or assets of one custody, due by one rule.

    ``assets`` are ``[day, id]``; ``ranges`` and ``keeps_checked`` are for people who read the record.
    ``keys`` are the names of keys that could still open it when it was decided, ``keys_gone`` when each of
    them was destroyed on every replica of the key store.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    what = models.CharField(
        max_length=10, default="footage", choices=[("footage", "footage"), ("assets", "assets")]
    )
    camera = models.UUIDField(help_text="of assets: their custody, a camera or an asset's own id")
    state = models.CharField(max_length=20, choices=[(s.value, s.value) for s in DispositionState])
    retention_class = models.CharField(max_length=30)
    rule = models.CharField(max_length=80, help_text="id of the parameter row that set the time")
    policy = models.CharField(max_length=64, blank=True, help_text="hash of the version that decided")
    period_starts_at = models.DateTimeField()
    period_s = models.IntegerField()
    starts_at = models.DateTimeField(help_text="oldest footage")
    ends_at = models.DateTimeField(help_text="newest footage")
    due_at = models.DateTimeField(help_text="when the last of it was due")
    count = models.IntegerField()
    bytes = models.BigIntegerField(help_text="of ciphertext")
    assets = models.JSONField()
    ranges = models.JSONField(help_text="[[from, to], ...], ISO 8601 UTC")
    keeps_checked = models.JSONField(
        default=list, help_text="ids of keeps on this camera; none of them matched"
    )
    replicas = models.IntegerField(default=1, help_text="of the key store")
    keys = models.JSONField(default=list)
    keys_gone = models.JSONField(default=dict)
    planned_at = models.DateTimeField()
    tombstoned_at = models.DateTimeField(null=True, help_text="the decision and its entry were committed")
    segment_keys_at = models.DateTimeField(null=True, help_text="wrapped keys were cleared from the rows")
    bytes_gone_at = models.DateTimeField(null=True)
    proved_at = models.DateTimeField(null=True)
    beyond_recovery_at = models.DateTimeField(null=True, help_text="every key above it is destroyed")
    entry = models.UUIDField(null=True)
    proof_entry = models.UUIDField(null=True)
    keys_entry = models.UUIDField(null=True)

    objects = DispositionQuerySet.as_manager()

    class Meta:
        ordering = ("-planned_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in DispositionState]), name="disposition_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_DECIDED) | Q(entry__isnull=False, tombstoned_at__isnull=False),
                name="disposition_decided_has_entry",
            ),
            models.CheckConstraint(
                condition=~Q(state=DispositionState.PROVED)
                | Q(proved_at__isnull=False, proof_entry__isnull=False, bytes_gone_at__isnull=False),
                name="disposition_proved_has_entry",
            ),
            models.CheckConstraint(
                condition=Q(count__gt=0, ends_at__gt=F("starts_at")), name="disposition_of_something"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["camera", "starts_at"], name="disposition_camera_time"),
            models.Index(
                fields=["planned_at"],
                condition=Q(beyond_recovery_at__isnull=True),
                name="disposition_unfinished",
            ),
        ]

    class Privacy:
        public = (
            "id", "what", "camera", "state", "retention_class", "rule", "policy", "period_starts_at",
            "period_s", "starts_at", "ends_at", "due_at", "count", "bytes", "ranges", "keeps_checked",
            "replicas", "keys", "keys_gone", "planned_at", "tombstoned_at", "segment_keys_at",
            "bytes_gone_at", "proved_at", "beyond_recovery_at", "entry", "proof_entry", "keys_entry",
        )  # fmt: skip
        closed_while_active = ("assets",)

    @property
    def asset_names(self) -> list[tuple[date, UUID]]:
        """The segments or assets, as (day, id)."""
        return [(date.fromisoformat(day), UUID(name)) for day, name in self.assets]

    @property
    def things(self) -> SegmentQuerySet | AssetQuerySet:
        """The rows of what it names."""
        rows = Asset.objects if self.what == "assets" else Segment.objects
        return rows.of_assets(self.asset_names)

    @property
    def period(self) -> Period:
        return Period(self.period_starts_at, self.period_s)

    @property
    def period_key(self) -> str:
        """The name of the period key above this footage."""
        return str(KeyName.of(str(self.camera), self.period))

    @property
    def keys_left(self) -> set[str]:
        """Names of keys that could open it and are not destroyed yet."""
        return set(self.keys) - set(self.keys_gone)

    @property
    def sentence(self) -> str:
        return STATE_SAYS[DispositionState(self.state)]
