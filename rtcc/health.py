"""How the system is doing: a line per part, in numbers for machines and in plain words for whoever is awake.

Nothing here is a secret or names a person or a camera. An answer is kept for two seconds, so that asking
often costs nothing.
"""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import redis
from django.db import Error as DatabaseFailure
from django.db import connection
from django.db.models import Max, Q, Sum

from audit import standing as log_standing
from cameras.models import Camera, CameraHealth
from cameras.vocabulary import HealthState, Recording
from evidence.models import Disposition
from policy.lag import lag
from policy.publish import NoPolicy, PolicyTampered
from rtcc import advice, clock
from rtcc.advice import Advice
from rtcc.config import config
from rtcc.keys import KeyFailure, provider
from rtcc.onebox import escrow, heartbeat

KEPT_S = 2.0
BEAT_STALE_S = 60.0
RECORDER_STALE = timedelta(seconds=20)
WITNESS_STALE_S = 300.0
LEAST_FREE_BYTES = 1 << 30
FEW_DAYS = 7.0


class State(StrEnum):
    """How a part stands. A warning stands beside work that goes on; a failure stops some of it."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Part:
    """One part: what is so, and what to do about it. ``numbers`` go to machines."""

    name: str
    title: str
    state: State
    says: str
    do: Advice | None = None
    numbers: Mapping[str, float | int | bool | None] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The command to begin with; empty where nothing is to be done."""
        return self.do.command.replace("DATA", str(config.data)) if self.do else ""

    def remedy(self) -> dict[str, str]:
        """What to do, for whoever reads the lines; nothing while all is well."""
        return {"do": " ".join(self.do.says.split()), "command": self.do.command} if self.do else {}


@dataclass(frozen=True)
class Health:
    """All parts at one instant."""

    at: datetime
    parts: tuple[Part, ...]

    @property
    def state(self) -> State:
        states = {part.state for part in self.parts}
        return next(state for state in (State.FAILED, State.WARNING, State.OK) if state in states)

    def as_json(self) -> dict[str, Any]:
        return {
            "status": self.state,
            "checked_at": self.at.isoformat(timespec="seconds"),
            "parts": {
                part.name: {"state": part.state, "says": part.says, **part.numbers, **part.remedy()}
                for part in self.parts
            },
        }


def database() -> Part:
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    took_ms = round((time.monotonic() - began) * 1000, 1)
    return Part("database", "Database", State.OK, "answers", numbers={"answer_ms": took_ms})


def broker() -> Part:
    try:
        with redis.Redis.from_url(config.broker_url, socket_timeout=1, socket_connect_timeout=1) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        return Part(
            "broker",
            "Broker",
            State.FAILED,
            f"does not answer ({type(error).__name__})",
            advice.BROKER,
        )
    return Part("broker", "Broker", State.OK, "answers")


def store() -> Part:
    folder = config.store_dir if config.store_dir.exists() else config.data
    disk = shutil.disk_usage(folder)
    days = _days_left(disk.free)
    numbers = {"free_bytes": disk.free, "total_bytes": disk.total, "disk_days_left": days}
    free = f"{disk.free / (1 << 30):.0f} GiB free"
    do = advice.STORE
    if disk.free < LEAST_FREE_BYTES:
        return Part("store", "Footage store", State.FAILED, f"is full: {free}", do, numbers)
    if days is not None and days < FEW_DAYS:
        says = f"{free}, which lasts {days:.1f} days at the rate of now"
        return Part("store", "Footage store", State.WARNING, says, do, numbers)
    lasts = f", enough for {days:.0f} days" if days is not None else ", and it does not grow"
    return Part("store", "Footage store", State.OK, free + lasts, numbers=numbers)


def _days_left(free: int) -> float | None:
    """Days until the disk is full: what is recorded now, less what was destroyed in the last day."""
    now = clock.now()
    kbit = CameraHealth.objects.filter(state=HealthState.UP).aggregate(Sum("kbit_per_s"))["kbit_per_s__sum"]
    destroyed = Disposition.objects.filter(bytes_gone_at__gt=now - timedelta(days=1)).aggregate(Sum("bytes"))
    a_day = (kbit or 0.0) * 1000 / 8 * 86400 - (destroyed["bytes__sum"] or 0)
    return round(free / a_day, 1) if a_day > 0 else None


def keys() -> Part:
    try:
        keeper = provider()
        opened = keeper.unwrap(keeper.wrap(b"health", context=b"health"), context=b"health")
    except (KeyFailure, OSError) as error:
        return Part(
            "keys",
            "Keys",
            State.FAILED,
            f"the root key cannot be used ({type(error).__name__})",
            advice.KEYS,
        )
    if opened != b"health":
        return Part("keys", "Keys", State.FAILED, "what is sealed does not open as it was", advice.KEYS)
    return Part("keys", "Keys", State.OK, "open and close")


def root_key_backup() -> Part:
    at = escrow.confirmed_at()
    if at is None:
        return Part(
            "root_key_backup",
            "Copy of the root key",
            State.WARNING,
            "nobody has shown that a copy exists",
            advice.ROOT_KEY_BACKUP,
            {"confirmed": False},
        )
    says = f"shown on {at:%Y-%m-%d}"
    return Part("root_key_backup", "Copy of the root key", State.OK, says, numbers={"confirmed": True})


def sequencer() -> Part:
    found = log_standing.standing()
    numbers = {
        "running": found.running,
        "size": found.size,
        "waiting": found.waiting,
        "oldest_waiting_s": round(found.oldest_waiting_s, 1),
        "alarms": len(found.alarms),
    }
    do = advice.SEQUENCER
    if found.alarms:
        return Part("sequencer", "Log", State.FAILED, " ".join(found.alarms), do, numbers)
    if not found.running:
        return Part("sequencer", "Log", State.FAILED, "the sequencer does not report", do, numbers)
    says = f"{found.size} entries have their place, {found.waiting} wait"
    return Part("sequencer", "Log", State.OK, says, numbers=numbers)


def witness() -> Part:
    found = log_standing.standing()
    now_s = clock.now().timestamp()
    fresh = [
        one
        for one in found.witnesses
        if not one.trouble and one.cosigned_s is not None and now_s - one.cosigned_s < WITNESS_STALE_S
    ]
    numbers = {"cosigning": len(fresh), "total": len(found.witnesses)}
    if found.witnesses and len(fresh) == len(found.witnesses):
        return Part("witness", "Witnesses", State.OK, f"{len(fresh)} of {len(fresh)} cosign", numbers=numbers)
    says = f"{len(fresh)} of {len(found.witnesses)} cosign" if found.witnesses else "none is known"
    return Part(
        "witness",
        "Witnesses",
        State.WARNING,
        says,
        advice.WITNESS,
        numbers,
    )


def recorder() -> Part:
    """Of the cameras that are to send pictures now, how many do. The others rest, and are not called: their
    schedule is closed, or they are recorded while somebody is granted.
    """
    recorded = Camera.objects.recorded()
    rows = CameraHealth.objects.filter(camera__in=recorded)
    newest = rows.aggregate(Max("checked_at"))["checked_at__max"]
    called = rows.filter(checked_at__gt=clock.now() - RECORDER_STALE).values("camera")
    total = recorded.filter(Q(recording=Recording.ALWAYS) | Q(id__in=called)).count()
    resting = recorded.count() - total
    reports = newest is None or clock.now() - newest < RECORDER_STALE
    up = rows.filter(state=HealthState.UP).count() if reports else 0
    numbers = {"cameras_up": up, "cameras_total": total}
    if not _answers() or (total and not reports):
        return Part(
            "recorder",
            "Recorder",
            State.FAILED,
            "does not report",
            advice.RECORDER,
            numbers,
        )
    says = f"{up} of {total} cameras send pictures" + (f"; {resting} rest" if resting else "")
    if up == total:
        return Part("recorder", "Recorder", State.OK, says, numbers=numbers)
    return Part(
        "recorder",
        "Recorder",
        State.FAILED if not up else State.WARNING,
        says,
        advice.CAMERAS,
        numbers,
    )


def policy() -> Part:
    try:
        behind = lag()
    except (NoPolicy, PolicyTampered) as error:
        return Part("policy", "Policy", State.FAILED, str(error), advice.POLICY_BROKEN, {"usable": False})
    numbers = {"usable": not behind.trouble, "acts_unknown": len(behind.acts)}
    if behind.trouble:
        return Part("policy", "Policy", State.FAILED, behind.trouble, advice.POLICY_BROKEN, numbers)
    if behind:
        return Part("policy", "Policy", State.WARNING, behind.sentence, advice.POLICY, numbers)
    return Part("policy", "Policy", State.OK, "in force, and written for this release", numbers=numbers)


def _answers() -> bool:
    """Whether the recorder accepts connections on its socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(config.live_socket)) == 0


def worker() -> Part:
    age = heartbeat.age_s()
    numbers = {"beat_age_s": None if age is None else round(age, 1)}
    if age is not None and age < BEAT_STALE_S:
        return Part("worker", "Background work", State.OK, "goes on", numbers=numbers)
    says = "has not begun" if age is None else f"has stood still for {age:.0f} s"
    return Part(
        "worker",
        "Background work",
        State.FAILED,
        says,
        advice.WORKER,
        numbers,
    )


# In the order in which they are shown; those that need the database are not asked while it is away.
_WITHOUT_DATABASE: tuple[Callable[[], Part], ...] = (broker, keys, worker)
_WITH_DATABASE: tuple[Callable[[], Part], ...] = (
    sequencer,
    witness,
    recorder,
    store,
    policy,
    root_key_backup,
)


def _look() -> Health:
    now = clock.now()
    try:
        parts = [database(), *(ask() for ask in _WITHOUT_DATABASE), *(ask() for ask in _WITH_DATABASE)]
    except DatabaseFailure as error:
        away = Part(
            "database",
            "Database",
            State.FAILED,
            f"does not answer ({type(error).__name__})",
            advice.DATABASE,
        )
        parts = [away, *(ask() for ask in _WITHOUT_DATABASE)]
    return Health(now, tuple(parts))


_lock = threading.Lock()
_kept: tuple[float, Health] | None = None


def health() -> Health:
    """How the system is doing, at most two seconds ago."""
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > KEPT_S:
            _kept = (time.monotonic(), _look())
        return _kept[1]
