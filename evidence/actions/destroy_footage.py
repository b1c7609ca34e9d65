"""Decide that a planned batch of footage is destroyed: tombstones and the entry, in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from audit.record import Touch
from cameras.models import Camera
from evidence.models import Asset, Disposition, KeepWrap, Segment
from evidence.retention import keeping
from evidence.retention.due import ranges_of
from evidence.retention.states import DispositionState, check_transition
from evidence.vault.footage_keys import key_above, opens
from evidence.vault.names import KeyName
from policy import publish
from policy.actors import SystemActor
from policy.guard import guard
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock
from rtcc.config import config
from rtcc.errors import Conflict


def destroy_footage(*, by: SystemActor, disposition: UUID) -> Disposition:
    """Put the tombstones of a planned disposition. Guard has locked custody and read all keeps by then.

    Raises Denied where a keep stands on any of it, Conflict where nothing of it is due any more.
    """
    with guard(
        Action.DESTROY, by=by, on=Ref(Kind.DESTRUCTION, disposition), purpose=Purpose.SYSTEM_DUTY
    ) as permit:
        row: Disposition = Disposition.objects.select_for_update().get(id=disposition)
        check_transition(DispositionState(row.state), DispositionState.TOMBSTONED)
        now = clock.now()
        segments = list(row.things.due_at(now).rooted().order_by("starts_at", "id"))
        if not segments:
            raise Conflict("Nothing of this is due any more.")
        _put_tombstones(row, segments)
        standing = keeping.standing_on(row.camera, row.starts_at, row.ends_at, now)
        row.keeps_checked = sorted({str(interval.keep_id) for interval in standing})
        row.state, row.tombstoned_at, row.entry = DispositionState.TOMBSTONED, now, permit.entry_id
        row.policy, row.replicas = publish.active().hash, len(config.period_keys_dirs)
        row.save()
        camera = Camera.objects.select_related("owner").filter(id=row.camera).first()
        if camera is not None:
            footage = (row.starts_at, row.ends_at)
            permit.touch([Touch(camera=camera.id, footage=footage, owner=camera.owner_id)])
            permit.enter(
                cameras=[str(camera.id)],
                camera_names=[camera.name],
                owner=str(camera.owner_id),
                owner_name=camera.owner.name,
            )
        permit.enter(
            footage_from=row.starts_at,
            footage_to=row.ends_at,
            count=row.count,
            authority=row.rule,
            detail=_detail(row),
        )
    return row


def _put_tombstones(row: Disposition, segments: Sequence[Segment | Asset]) -> None:
    """Tombstones, and what the record says of the footage; keys that can still open it are written down."""
    row.assets = [[segment.day.isoformat(), str(segment.id)] for segment in segments]
    row.things.update(tombstone=row.id)
    row.ranges = ranges_of(segments)
    row.count, row.bytes = len(segments), sum(segment.ciphertext_bytes for segment in segments)
    row.starts_at = min(segment.starts_at for segment in segments)
    row.ends_at = max(segment.ends_at for segment in segments)
    names = {key_above(segment) for segment in segments if segment.wrapped_key is not None}
    wraps = KeepWrap.objects.filter(segment__in=[segment.id for segment in segments])
    names |= {KeyName.keep(keep) for keep in wraps.values_list("keep_id", flat=True)}
    row.keys = sorted(str(name) for name in names if opens(name))


def _detail(row: Disposition) -> dict[str, object]:
    return {
        "step": "tombstone",
        "disposition": str(row.id),
        "what": row.what,
        "rule": row.rule,
        "retention_class": row.retention_class,
        "ranges": row.ranges[:200],
        "bytes_of_ciphertext": row.bytes,
        "keeps_checked": row.keeps_checked[:200],
        "keys": row.keys,
    }
