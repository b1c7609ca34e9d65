"""Rows of the registry, written inside an act. Nothing here decides or records; the acts do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from cameras.details import CameraDetails, PlacementDetails, StreamDetails
from cameras.hours import Window
from cameras.models import Agreement, Area, Camera, Designation, Device, Placement, Site, Stream
from cameras.terms import AgreementTerms
from cameras.vocabulary import Codec, StreamRole
from policy.models import Organisation
from policy.vocabulary import Mode, Purpose
from rtcc.errors import BadInput, Conflict, NotFound


def add_camera(details: CameraDetails, at: datetime) -> Camera:
    """Device, camera, streams and first placement. Raises BadInput or Conflict naming the field."""
    owner = Organisation.objects.filter(id=details.owner).first()
    if owner is None:
        raise BadInput("There is no such organisation.", field="owner")
    stream = details.stream
    device = Device(code=details.code, host=stream.host, port=stream.port, maker=stream.maker)
    device.keep(stream.credentials)
    try:
        with transaction.atomic():
            device.save(force_insert=True)
            camera = Camera.objects.create(
                code=details.code,
                name=details.name.strip(),
                owner=owner,
                device=device,
                recording=details.recording,
                retention_class=details.retention_class,
                purpose=details.purpose.strip(),
                registered_at=at,
            )
    except IntegrityError as error:
        raise Conflict(f"The code {details.code} is taken.", field="code") from error
    set_paths(camera, stream)
    add_placement(camera, details.placement, at)
    return camera


def set_paths(camera: Camera, stream: StreamDetails) -> None:
    """Write both streams; one whose path changes carries unknown facts until it is connected again."""
    for role, path in ((StreamRole.RECORD, stream.path), (StreamRole.LIVE, stream.live_path or stream.path)):
        row = Stream.objects.filter(camera=camera, role=role).first() or Stream(camera=camera, role=role)
        if row.path != path:
            row.path, row.codec, row.tested_at = path, Codec.UNKNOWN, None
            row.width = row.height = row.frame_rate = None
            row.save()


def set_device(camera: Camera, stream: StreamDetails) -> None:
    """Write the device's address; credentials only where new ones are given."""
    device = camera.device
    device.host, device.port, device.maker = stream.host, stream.port, stream.maker or device.maker
    if stream.credentials is not None:
        device.keep(stream.credentials)
    device.save()


def add_placement(camera: Camera, details: PlacementDetails, at: datetime) -> Placement:
    """End the placement that holds and begin this one at the instant."""
    site = Site.objects.filter(id=details.site).first()
    area = Area.objects.filter(id=details.area).first() if details.area else None
    if site is None:
        raise BadInput("There is no such site.", field="site")
    if details.area and area is None:
        raise BadInput("There is no such area.", field="area")
    Placement.objects.filter(camera=camera).valid_at(at).update(ends_at=at)
    return Placement.objects.create(
        camera=camera,
        starts_at=at,
        lon=details.lon,
        lat=details.lat,
        bearing_deg=details.bearing_deg,
        field_of_view=details.field_of_view,
        site=site,
        area=area,
        sensitivity=sorted(details.sensitivity),
        marking=details.marking,
        purpose=details.purpose.strip(),
    )


def find_camera(camera: UUID) -> Camera:
    """The camera with owner and device. Raises NotFound."""
    row = Camera.objects.filter(id=camera).select_related("owner", "device").first()
    if row is None:
        raise NotFound
    return row  # type: ignore[no-any-return]


def find_camera_by_code(code: str) -> Camera:
    """The camera with owner and device. Raises NotFound."""
    row = Camera.objects.by_code(code).select_related("owner", "device").first()
    if row is None:
        raise NotFound
    return row  # type: ignore[no-any-return]


def find_agreement_by_code(code: str) -> Agreement:
    """The agreement with its parties. Raises NotFound."""
    row = Agreement.objects.filter(code=code).select_related("owner", "agency").first()
    if row is None:
        raise NotFound
    return row  # type: ignore[no-any-return]


def read_terms(agreement: Agreement, at: datetime) -> AgreementTerms:
    """The terms as they stand."""
    designated = Designation.objects.filter(agreement=agreement).valid_at(at)
    return AgreementTerms(
        mode=Mode(agreement.mode),
        hours=frozenset(row.window for row in agreement.hours.all()),
        purposes=frozenset(Purpose(purpose) for purpose in agreement.purposes),
        cameras=frozenset(designated.values_list("camera__id", flat=True)),
        notify_owner=agreement.notify_owner,
        onward_sharing=agreement.onward_sharing,
        number_told=agreement.number_told,
        agency_copies_days=agreement.agency_copies_days,
        ends_at=agreement.ends_at,
        review_on=agreement.review_on,
        revoked=agreement.revoked_at is not None,
    )


def write_terms(agreement: Agreement, terms: AgreementTerms, at: datetime, *, by: Any) -> None:
    """Write the terms. Raises BadInput for a camera of somebody else, or under another agreement."""
    agreement.mode = terms.mode
    agreement.purposes = sorted(terms.purposes)
    agreement.notify_owner = terms.notify_owner
    agreement.onward_sharing = terms.onward_sharing
    agreement.number_told = terms.number_told
    agreement.agency_copies_days = terms.agency_copies_days
    agreement.ends_at = terms.ends_at
    agreement.review_on = terms.review_on
    if terms.revoked and agreement.revoked_at is None:
        agreement.revoked_at, agreement.revoked_by = at, by
    agreement.save()
    agreement.hours.all().delete()
    for window in terms.hours:
        agreement.hours.create(weekday=window.weekday, opens=window.opens, closes=window.closes)
    _designate(agreement, terms.cameras, at)


def write_lent(agreement: Agreement, hours: frozenset[Window]) -> None:
    """Write the hours in which the owner lends within the agreement; none: in all that are agreed."""
    agreement.lent_hours.all().delete()
    for window in hours:
        agreement.lent_hours.create(weekday=window.weekday, opens=window.opens, closes=window.closes)


def _designate(agreement: Agreement, cameras: frozenset[UUID], at: datetime) -> None:
    standing = {row.camera.id: row for row in agreement.designations.valid_at(at).select_related("camera")}
    for camera, row in standing.items():
        if camera not in cameras:
            row.ends_at = at
            row.save(update_fields=["ends_at"])
    for row in Camera.objects.filter(id__in=cameras - standing.keys()):
        if row.owner_id != agreement.owner_id:
            raise BadInput(f"{row.name} does not belong to {agreement.owner}.", field="cameras")
        try:
            with transaction.atomic():
                Designation.objects.create(agreement=agreement, camera=row, starts_at=at)
        except IntegrityError as error:
            raise BadInput(f"{row.name} stands under another agreement.", field="cameras") from error
