"""Open a package, still, clip or upload, to have its bytes handed out."""

from __future__ import annotations

from uuid import UUID

from evidence.asset_account import open_reading
from evidence.models import Asset, AssetReading
from policy.guard import guard
from policy.models import Person
from policy.permits import Permit
from policy.vocabulary import Action, BasisKind, Kind, Purpose, Ref
from rtcc.errors import NotFound


def read_asset(*, by: Person, asset: UUID, reason: str = "") -> tuple[Permit, AssetReading]:
    """The permit and the account with which `open_asset` hands the bytes out, on the basis it was made for.

    Raises NotFound, Denied.
    """
    row = Asset.objects.select_related("basis").filter(id=asset).first()
    if row is None:
        raise NotFound()
    request = row.basis is not None and row.basis.kind == BasisKind.REQUEST
    with guard(
        Action.OPEN_ASSET,
        by=by,
        on=Ref(Kind.ASSET, row.id),
        basis=row.basis_id,
        purpose=Purpose.RECORDS_REQUEST if request else Purpose.INVESTIGATION,
        reason=reason,
    ) as permit:
        permit.enter(bytes=row.plain_bytes, detail={"kind": row.kind, "name": row.name})
    return permit, open_reading(permit, row)
