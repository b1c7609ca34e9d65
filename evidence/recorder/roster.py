"""Which cameras this recorder holds: read from the registry every two seconds, leased in the database.

Footage first: while the database is away the cameras of the last reading go on. A camera that was paused,
retired or moved to another address leaves the engine within the next reading.
"""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.db import DatabaseError, close_old_connections, connection

from cameras.addresses import AddressRefused as OutsideNetworks
from cameras.addresses import resolve as resolve_address
from cameras.facts import terms_of
from cameras.models import Camera
from cameras.vocabulary import Recording, StreamRole
from evidence.recorder.auth import Credentials
from evidence.recorder.camera import CameraSpec
from evidence.recorder.engine import Engine
from evidence.recorder.states import AddressRefused
from evidence.recorder.vault_sink import Terms
from evidence.vault.descriptor import DAY_S, HOUR_S
from policy.models import Grant
from policy.publish import active
from rtcc import clock
from rtcc.keys import KeyFailure
from rtcc.logs import log

EVERY_S = 2.0
LEASE = timedelta(seconds=30)
NAME = f"{socket.gethostname()}:{os.getpid()}"
_log = log("recorder")


@dataclass(frozen=True)
class Held:
    """One camera as last read. ``kept``: whether policy has it recorded just now."""

    spec: CameraSpec
    retention_class: str
    kept: bool
    terms: Terms


class Roster:
    """Keeps the engine's cameras what the registry says. ``run`` is a thread of its own."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._epochs: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, engine: Engine) -> None:
        self._thread = threading.Thread(target=self._run, args=(engine,), name="roster", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def terms(self, camera: str) -> Terms | None:
        """For the sink: None while the camera is not to be recorded."""
        held = self._held.get(camera)
        return held.terms if held and held.kept else None

    def retention_class(self, camera: str) -> str:
        held = self._held.get(camera)
        if held is not None:
            return held.retention_class
        # A segment that was finished after a crash, of a camera that is paused or retired by now.
        return str(Camera.objects.filter(id=camera).values_list("retention_class", flat=True).get())

    def held(self) -> dict[str, Held]:
        """A copy, for health and minute entries."""
        return dict(self._held)

    def _run(self, engine: Engine) -> None:
        while not self._stop.is_set():
            try:
                self.read(engine)
            except DatabaseError as error:
                _log.warning("roster_unread", error=type(error).__name__)
                close_old_connections()
            self._stop.wait(EVERY_S)

    def read(self, engine: Engine) -> None:
        """One reading: add, remove and change the engine's cameras."""
        now = clock.now()
        granted = set(Grant.objects.standing_at(now).values_list("cameras__camera", flat=True).distinct())
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
            if spec is not None:
                wanted[spec.id] = self._hold(spec, camera.retention_class, kept)
        self._apply(engine, wanted)

    def _hold(self, spec: CameraSpec, retention_class: str, kept: bool) -> Held:
        if spec.id not in self._epochs:
            self._epochs[spec.id] = take_lease(spec.id)
        span, _ = active().parameters.retention(retention_class, clock.now())
        period_s = HOUR_S if span < timedelta(days=1) else DAY_S
        return Held(spec, retention_class, kept, Terms(self._epochs[spec.id], period_s))

    def _apply(self, engine: Engine, wanted: dict[str, Held]) -> None:
        for camera in [name for name in self._held if name not in wanted]:
            del self._held[camera]
            engine.remove_camera(camera)
        for camera, held in wanted.items():
            before = self._held.get(camera)
            if before is not None and before.spec == held.spec:
                self._held[camera] = held
                continue
            if before is not None:
                engine.remove_camera(camera)
            self._held[camera] = held
            engine.add_camera(held.spec)
        renew_leases(list(self._held))


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


def take_lease(camera: str) -> int:
    """Take the camera's lease under a new epoch; returns the epoch."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO evidence_lease (camera, recorder, epoch, until) VALUES (%s, %s, 1, %s)"
            " ON CONFLICT (camera) DO UPDATE SET epoch = evidence_lease.epoch + 1,"
            " recorder = excluded.recorder, until = excluded.until RETURNING epoch",
            [camera, NAME, clock.now() + LEASE],
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def renew_leases(cameras: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE evidence_lease SET until = %s WHERE recorder = %s AND camera = ANY(%s::uuid[])",
            [clock.now() + LEASE, NAME, cameras],
        )
