"""Which cameras this recorder holds: read from the registry, leased in the database.

Every two seconds it asks whether anything has changed (the epoch, the number of cameras, the cameras under
grants) and then reads; without a change it reads a few seconds later, for what time alone changes (hours,
placements). Footage first: while the database is away the cameras of the last reading go on. A camera that
was paused, retired or moved to another address leaves the engine with the next reading.
"""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.db import DatabaseError, close_old_connections, transaction

from cameras.addresses import AddressRefused as OutsideNetworks
from cameras.addresses import resolve as resolve_address
from cameras.facts import terms_of
from cameras.models import Camera
from cameras.vocabulary import Recording, StreamRole
from evidence.models import Gap, Lease, Segment
from evidence.recorder.auth import Credentials
from evidence.recorder.camera import CameraSpec
from evidence.recorder.engine import Engine
from evidence.recorder.states import AddressRefused, ProtocolError
from evidence.recorder.vault_sink import Terms
from evidence.vault.descriptor import DAY_S, HOUR_S
from policy import epoch
from policy.models import Grant
from policy.publish import active
from rtcc import clock
from rtcc.config import config
from rtcc.keys import KeyFailure
from rtcc.logs import log

EVERY_S = 2.0
READ_S = 6.0
LEASE = timedelta(seconds=30)
# Whoever holds the lock of this spool folder is the one recorder of this name; an earlier one is dead.
NAME = f"{socket.gethostname()[:60]}:{hashlib.sha256(str(config.spool_dir).encode()).hexdigest()[:12]}"
_log = log("recorder")


@dataclass(frozen=True)
class Held:
    """One camera as last read. ``kept``: whether policy has it recorded just now; ``since``: from when on
    (None: since before this process)."""

    spec: CameraSpec
    retention_class: str
    kept: bool
    since: datetime | None
    terms: Terms


@dataclass(frozen=True)
class Taken:
    """A lease under a new epoch. ``left_at``: last sign of life of a recorder that held it and is gone."""

    epoch: int
    left_at: datetime | None


Explain = Callable[[UUID, datetime, datetime], None]
Release = Callable[[UUID, datetime], None]


class Roster:
    """Keeps the engine's cameras what the registry says. ``run`` is a thread of its own.

    ``explain(camera, left_at, now)`` is called for a camera taken over from a recorder that is gone;
    ``release(camera, now)`` for one that is not recorded any more.
    """

    def __init__(self, explain: Explain, release: Release) -> None:
        self._explain, self._release = explain, release
        self._held: dict[str, Held] = {}
        self._epochs: dict[str, int] = {}
        self._since: dict[str, datetime | None] = {}
        self._seen: tuple[object, ...] | None = None
        self._read_s = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, engine: Engine) -> None:
        self._thread = threading.Thread(target=self._run, args=(engine,), name="roster", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def terms(self, camera: str) -> Terms | None:
        """For the sink: None while the camera is not to be recorded."""
        held = self._held.get(camera)
        return held.terms if held and held.kept else None

    def retention_class(self, camera: str) -> str:
        """Raises Camera.DoesNotExist."""
        held = self._held.get(camera)
        if held is not None:
            return held.retention_class
        # A segment that was finished after a crash, of a camera that is paused or retired by now.
        return str(Camera.objects.filter(id=camera).values_list("retention_class", flat=True).get())

    def expected_since(self, instant: datetime) -> list[UUID]:
        """Cameras that are recorded now and were expected at ``instant`` already."""
        return [
            UUID(name)
            for name, held in dict(self._held).items()
            if held.kept and (held.since is None or held.since <= instant)
        ]

    def names(self) -> list[str]:
        """Cameras whose footage is kept just now."""
        return [name for name, held in dict(self._held).items() if held.kept]

    def _run(self, engine: Engine) -> None:
        while not self._stop.is_set():
            try:
                self._look(engine)
            except DatabaseError as error:
                _log.warning("roster_unread", error=type(error).__name__)
                close_old_connections()
            except Exception:  # noqa: BLE001  footage first: the cameras of the last reading go on
                _log.exception("roster_unread")
            self._stop.wait(EVERY_S)

    def _look(self, engine: Engine) -> None:
        now = clock.now()
        seen = (epoch.current(), Camera.objects.connectable().count(), frozenset(_granted(now)))
        if seen != self._seen or time.monotonic() - self._read_s >= READ_S:
            self.read(engine)
            self._seen, self._read_s = seen, time.monotonic()

    def read(self, engine: Engine) -> None:
        """One reading: add, remove and change the engine's cameras."""
        now = clock.now()
        granted = _granted(now)
        wanted: dict[str, Held] = {}
        for camera in Camera.objects.connectable().with_terms(now):
            placement = next(iter(camera.placements_now), None)
            designation = next(iter(camera.designations_now), None)
            terms = terms_of(camera, designation, placement, now)
            kept = {
                Recording.ALWAYS: True,
                Recording.NEVER: False,
                Recording.SCHEDULE: terms.hours_open,
                Recording.WHILE_GRANTED: camera.id in granted,
            }[Recording(camera.recording)]
            if not kept and camera.id not in granted:
                continue
            spec = _spec(camera)
            held = self._hold(spec, camera.retention_class, kept, now) if spec else None
            if held is not None:
                wanted[held.spec.id] = held
        self._apply(engine, wanted, now)

    def _hold(self, spec: CameraSpec, retention_class: str, kept: bool, now: datetime) -> Held | None:
        """The camera under its lease, or None while another recorder holds it."""
        if spec.id not in self._epochs:
            taken = take_lease(spec.id)
            if taken is None:
                return None
            if taken.left_at is not None and kept:
                self._explain(UUID(spec.id), taken.left_at, now)
                self._since[spec.id] = first_trace(spec.id)
            self._epochs[spec.id] = taken.epoch
        since = self._since.setdefault(spec.id, now) if kept else None
        return Held(
            spec, retention_class, kept, since, Terms(self._epochs[spec.id], _period_s(retention_class, now))
        )

    def _apply(self, engine: Engine, wanted: dict[str, Held], now: datetime) -> None:
        before = dict(self._held)
        for camera in [name for name in before if name not in wanted]:
            del self._held[camera]
            engine.remove_camera(camera)
            del self._epochs[camera]
            give_back(camera)
        for camera, held in wanted.items():
            was = before.get(camera)
            self._held[camera] = held
            if was is not None and was.spec != held.spec:
                engine.remove_camera(camera)
            if was is None or was.spec != held.spec:
                self._add(engine, held)
        for camera in [name for name in self._since if not (name in wanted and wanted[name].kept)]:
            del self._since[camera]
            self._release(UUID(camera), now)
        self._drop_lost(engine)

    def _add(self, engine: Engine, held: Held) -> None:
        try:
            engine.add_camera(held.spec)
        except ProtocolError as error:
            # An address that no recorder can open: one camera is dark, with this sentence, the others go on.
            _log.error("camera_impossible", camera=held.spec.id, detail=error.detail)
            del self._held[held.spec.id]

    def _drop_lost(self, engine: Engine) -> None:
        """A recorder that can reach the database and finds its lease gone stops that camera."""
        lost = set(self._held) - renew_leases(list(self._held))
        for camera in lost:
            _log.error("lease_lost", camera=camera)
            del self._held[camera]
            del self._epochs[camera]
            engine.remove_camera(camera)


def _granted(now: datetime) -> set[UUID]:
    """Cameras under a grant that stands."""
    return set(Grant.objects.standing_at(now).values_list("cameras__camera", flat=True).distinct())


def _period_s(retention_class: str, now: datetime) -> int:
    """How long a key period is. Where the policy cannot be read recording goes on, under keys of a day."""
    try:
        span, _ = active().parameters.retention(retention_class, now)
    except DatabaseError:
        raise
    except Exception:  # noqa: BLE001  footage first; whatever is wrong with the policy, it is said here
        _log.exception("policy_unread")
        return DAY_S
    return HOUR_S if span < timedelta(days=1) else DAY_S


def _spec(camera: Camera) -> CameraSpec | None:
    streams = {stream.role: stream for stream in camera.streams.all()}
    stream = streams.get(StreamRole.RECORD) or streams.get(StreamRole.LIVE)
    if stream is None:
        return None
    try:
        known = camera.device.credentials()
    except KeyFailure as error:
        _log.error("credentials_unreadable", camera=str(camera.id), error=type(error).__name__)
        return None
    return CameraSpec(
        id=str(camera.id),
        url=f"rtsp://{camera.device.host}:{camera.device.port}{stream.path}",
        credentials=Credentials(known.user, known.password) if known else None,
    )


def resolve(spec: CameraSpec, url: str) -> tuple[str, int]:
    """For the engine, at each connect and redirect: only allowed networks. Raises AddressRefused."""
    parts = urlsplit(url)
    try:
        address = resolve_address(parts.hostname or "", parts.port or 554)
    except OutsideNetworks as error:
        raise AddressRefused(error.sentence) from error
    return address.ip, address.port


def take_lease(camera: str) -> Taken | None:
    """Take the camera's lease under a new epoch; None while another recorder holds it."""
    now = clock.now()
    with transaction.atomic():
        row = Lease.objects.select_for_update().filter(camera=camera).first()
        if row is None:
            Lease.objects.create(camera=camera, recorder=NAME, epoch=1, until=now + LEASE)
            return Taken(1, None)
        if row.recorder not in ("", NAME) and row.until > now:
            return None
        left_at = row.until - LEASE if row.recorder else None
        row.recorder, row.epoch, row.until = NAME, row.epoch + 1, now + LEASE
        row.save(update_fields=["recorder", "epoch", "until"])
        return Taken(row.epoch, left_at)


def first_trace(camera: str) -> datetime | None:
    """When the first recorder of a camera began: nothing was expected of it before. None where all that is
    older was destroyed or nothing was written down yet.
    """
    begins = [
        rows.of_camera(UUID(camera)).order_by("starts_at").values_list("starts_at", flat=True).first()
        for rows in (Segment.objects, Gap.objects)
    ]
    return min((begin for begin in begins if begin is not None), default=None)


def give_back(camera: str) -> None:
    """The camera is not recorded any more: nobody needs to explain the time until somebody takes it again."""
    Lease.objects.filter(camera=camera, recorder=NAME).update(recorder="", until=clock.now())


def renew_leases(cameras: list[str]) -> set[str]:
    """Renew; returns the cameras whose lease is still ours."""
    ours = Lease.objects.filter(recorder=NAME, camera__in=cameras)
    ours.update(until=clock.now() + LEASE)
    return {str(camera) for camera in ours.values_list("camera", flat=True)}
