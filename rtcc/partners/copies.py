"""What the agency holds of an owner's footage, why, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min, Sum

from cameras.models import Camera
from evidence.models import Asset, KeepInterval, Segment
from evidence.retention.states import KEEP_SAYS, KeepKind
from policy import publish
from policy.models import Basis
from rtcc import clock
from rtcc.oversight.tiers import Reader

ASSET_SAYS = {
    "still": "still picture",
    "clip": "clip",
    "derivative": "copy made from it",
    "package": "export package",
    "upload": "file that you handed in",
}
MOST = 500


@dataclass(frozen=True)
class Footage:
    """Recorded footage of one camera that is there now, and when it dies by itself."""

    camera: str
    starts_at: datetime
    ends_at: datetime
    bytes: int
    dies_from: datetime
    dies_to: datetime
    rule: str


@dataclass(frozen=True)
class Copy:
    """One keep, hold or asset: what, why as the agreement allows, and until when (None: two persons)."""

    camera: str
    what: str
    why: str
    starts_at: datetime
    ends_at: datetime
    since: datetime
    until: datetime | None


def footage_of(reader: Reader) -> list[Footage]:
    """Recorded footage by camera and rule. Two queries."""
    names = _names(reader)
    rules = {
        row.id: f"kept {row.value} {row.unit}: {row.citation}" for row in publish.active().parameters.rows
    }
    rows = (
        Segment.objects.of_cameras(list(names))
        .standing()
        .order_by()
        .values("camera", "destroy_rule")
        .annotate(
            first=Min("starts_at"),
            last=Max("ends_at"),
            size=Sum("ciphertext_bytes"),
            dies_from=Min("destroy_after"),
            dies_to=Max("destroy_after"),
            count=Count("id"),
        )
    )
    found = [
        Footage(
            camera=names[row["camera"]],
            starts_at=row["first"],
            ends_at=row["last"],
            bytes=row["size"],
            dies_from=row["dies_from"],
            dies_to=row["dies_to"],
            rule=rules.get(row["destroy_rule"], row["destroy_rule"]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: each.camera)


def copies_of(reader: Reader) -> list[Copy]:
    """Keeps and holds on the owner's cameras, and assets of its footage, the newest first."""
    return sorted([*_keeps(reader), *_assets(reader)], key=lambda each: each.since, reverse=True)


def _keeps(reader: Reader) -> list[Copy]:
    names = _names(reader)
    rows = KeepInterval.objects.of_cameras(list(names)).standing_at(clock.now()).select_related("keep__basis")
    return [
        Copy(
            camera=names[row.camera],
            what=KEEP_SAYS[KeepKind(row.keep.kind)],
            why=_why(row.keep.basis, number=row.camera in reader.numbers),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            since=row.keep.placed_at,
            until=row.keep.expires_at,
        )
        for row in rows.order_by("-keep__placed_at")[:MOST]
    ]


def _assets(reader: Reader) -> list[Copy]:
    names = _names(reader)
    rows = Asset.objects.filter(owner__in=reader.owners or (), tombstone__isnull=True).select_related("basis")
    return [
        Copy(
            camera=names.get(row.camera, "several") if row.camera else "–",
            what=f"{ASSET_SAYS.get(row.kind, row.kind)}: {row.name}",
            why=_why(row.basis, number=row.camera in reader.numbers),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            since=row.made_at,
            until=row.destroy_after,
        )
        for row in rows.order_by("-made_at")[:MOST]
    ]


def _why(basis: Basis | None, *, number: bool) -> str:
    if basis is None:
        return "demanded by an authority"
    article = "an" if basis.kind[:1] in "aeiou" else "a"
    return f"{basis.kind} {basis.number}" if number and basis.number else f"{article} {basis.kind}"


def _names(reader: Reader) -> dict[UUID, str]:
    return dict(Camera.objects.owned_by(reader.owners or ()).values_list("id", "name"))
