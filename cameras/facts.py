"""What rules may read about cameras and agreements; a constant number of queries for any number of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from guardian.models import UserObjectPermission

from cameras.hours import is_open
from cameras.models import Agreement, Camera, Designation, Mask, Placement, Stream
from cameras.vocabulary import Codec, Recording, StreamRole
from policy.facttypes import NONE, UNKNOWN, ResourceFacts
from policy.vocabulary import Kind, Mode, OrganisationClass, OwnerClass
from rtcc import clock

# What a browser of the room plays without a transcode.
SHOWN = frozenset({Codec.H264})
ANY = frozenset({"any"})
_NOBODY: dict[str, Any] = {"subject_id": NONE, "subject_org_classes": frozenset(), "opened_by": NONE}


@dataclass(frozen=True)
class Terms:
    """On which terms a camera may be watched at one instant."""

    mode: str
    hours_open: bool
    purposes: frozenset[str]
    valid: bool
    agency_id: str
    agreement: Agreement | None


def terms_of(
    camera: Camera, designation: Designation | None, placement: Placement | None, at: datetime
) -> Terms:
    """The terms of a camera from its designation (agreement and hours loaded) and its placement's clock.

    A partner's camera without an agreement is a pin on the map. Hours cannot be read without a site, so a
    camera that stands nowhere is closed.
    """
    if camera.owner_class is OwnerClass.PUBLIC:
        return Terms(Mode.ALWAYS, True, ANY, True, str(camera.owner_id), None)
    if designation is None:
        return Terms(Mode.REGISTRY, False, frozenset(), False, NONE, None)
    agreement = designation.agreement
    windows = [row.window for row in agreement.hours.all()]
    if windows:
        opened = placement is not None and is_open(windows, placement.site.zone, at)
    else:
        # Only a conditional agreement must state hours; one without any is never open.
        opened = agreement.mode != Mode.CONDITIONAL
    # What the owner lends of them just now; hours that were agreed away since count for nothing.
    lent = [row.window for row in agreement.lent_hours.all()]
    if lent:
        opened = opened and placement is not None and is_open(lent, placement.site.zone, at)
    return Terms(
        agreement.mode,
        opened,
        frozenset(agreement.purposes),
        in_force(agreement, at),
        str(agreement.agency_id),
        agreement,
    )


def in_force(agreement: Agreement, at: datetime) -> bool:
    """Whether the agreement has begun, has not ended and was not revoked."""
    begun = agreement.starts_at <= at and (agreement.ends_at is None or agreement.ends_at > at)
    return begun and (agreement.revoked_at is None or agreement.revoked_at > at)


def camera_facts(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """Facts of each camera that exists (nine queries). Rows are locked in id order, cameras only."""
    at = clock.now()
    rows = Camera.objects.filter(id__in=ids).order_by("id").select_related("owner")
    cameras: list[Camera] = list(rows.select_for_update(of=("self",)) if lock else rows)
    numbers = [camera.number for camera in cameras]
    placements = _one_each(Placement.objects.valid_at(at).filter(camera__in=numbers).select_related("site"))
    designated = Designation.objects.valid_at(at).filter(camera__in=numbers).select_related("agreement")
    designations = _one_each(designated.prefetch_related("agreement__hours", "agreement__lent_hours"))
    masked = set(Mask.objects.valid_at(at).filter(camera__in=numbers).values_list("camera_id", flat=True))
    codecs = codecs_of(cameras)
    operators = operators_of(cameras)
    return {
        camera.id: _facts(
            camera,
            terms_of(camera, designations.get(camera.number), placements.get(camera.number), at),
            placements.get(camera.number),
            masked=camera.number in masked,
            codec=codecs.get(camera.id, Codec.UNKNOWN),
            operators=operators.get(camera.id, frozenset()),
        )
        for camera in cameras
    }


def codecs_of(cameras: Sequence[Camera]) -> dict[UUID, Codec]:
    """What the stream that is watched was found to carry: the live one, else the recorded one."""
    streams = Stream.objects.filter(camera__in=[camera.id for camera in cameras])
    by_role = {(stream.camera_id, stream.role): Codec(stream.codec) for stream in streams}
    return {
        camera.id: by_role.get((camera.id, role), Codec.UNKNOWN)
        for camera in cameras
        for role in (StreamRole.RECORD, StreamRole.LIVE)
        if (camera.id, role) in by_role
    }


def operators_of(cameras: Sequence[Camera]) -> dict[UUID, frozenset[str]]:
    """Who holds the object permission to operate each camera (one query, by django-guardian)."""
    held: dict[UUID, set[str]] = {}
    rows = UserObjectPermission.objects.filter(
        object_pk__in=[str(camera.id) for camera in cameras],
        content_type__app_label="cameras",
        permission__codename="operate_camera",
    )
    for camera, person in rows.values_list("object_pk", "user_id"):
        held.setdefault(UUID(camera), set()).add(str(person))
    return {camera: frozenset(people) for camera, people in held.items()}


def _one_each(rows: Any) -> dict[int, Any]:
    """Rows by camera number; the database lets one camera have one at a time."""
    return {row.camera_id: row for row in rows}


def _facts(
    camera: Camera,
    terms: Terms,
    placement: Placement | None,
    *,
    masked: bool,
    codec: Codec,
    operators: frozenset[str],
) -> ResourceFacts:
    retired = camera.retired_at is not None
    paused = camera.paused_at is not None
    return ResourceFacts(
        kind=Kind.CAMERA,
        id=str(camera.id),
        owner_id=str(camera.owner_id),
        owner_class=camera.owner_class,
        mode=terms.mode,
        hours_open=terms.hours_open,
        paused=paused,
        retired=retired,
        purposes_accepted=terms.purposes,
        sensitivity=frozenset(placement.sensitivity) if placement else frozenset({UNKNOWN}),
        agreement_valid=terms.valid,
        recording=camera.recording != Recording.NEVER and not paused and not retired,
        codec_supported=codec in SHOWN,
        masked=masked,
        agency_id=terms.agency_id,
        state="retired" if retired else "paused" if paused else "active",
        operators=operators,
        **_NOBODY,
    )


def agreement_facts(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """Facts of each agreement that exists (one query)."""
    at = clock.now()
    rows = Agreement.objects.filter(id__in=ids).order_by("id").select_related("owner")
    return {
        row.id: ResourceFacts(
            kind=Kind.AGREEMENT,
            id=str(row.id),
            owner_id=str(row.owner_id),
            owner_class=OwnerClass.PUBLIC
            if row.owner.kind == OrganisationClass.AGENCY
            else OwnerClass.PARTNER,
            mode=row.mode,
            hours_open=True,
            paused=False,
            retired=False,
            purposes_accepted=frozenset(row.purposes),
            sensitivity=frozenset(),
            agreement_valid=in_force(row, at),
            codec_supported=True,
            masked=False,
            held=False,
            agency_id=str(row.agency_id),
            state="in_force" if in_force(row, at) else "revoked" if row.revoked_at else "not_in_force",
            **_NOBODY,
        )
        for row in (rows.select_for_update(of=("self",)) if lock else rows)
    }
