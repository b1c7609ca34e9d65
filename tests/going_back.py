"""Going back as stories do it: a grant, a playback, and a player that counts its bytes."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from evidence.actions.open_playback import open_playback
from evidence.models import Playback
from evidence.playback.stream import FootageStream
from policy.permits import Permit
from policy.resume import resume
from policy.vocabulary import Purpose
from rtcc.live.actions.open_viewing import open_viewing
from tests.city import NOON, camera, incident, person
from tests.recorder_source import pictures

# The incident is from before; the grant that opens at noon reaches ten minutes back.
BEGINS = NOON - timedelta(minutes=5, seconds=-20)
CAM = "cam01"


def watch(*codes: str) -> UUID:
    """A grant on these cameras, as an analyst gets one."""
    viewing, _ = open_viewing(
        by=person("ana.mercer"),
        basis=incident().basis_id,
        cameras=[camera(code).id for code in codes or (CAM,)],
        purpose=Purpose.EMERGENCY_CALL,
    )
    found = viewing.permit.grant_id
    assert found is not None
    return UUID(str(found))


def play(
    starts_at: datetime = BEGINS, ends_at: datetime = BEGINS + timedelta(minutes=4), *codes: str
) -> Playback:
    playback, _ = open_playback(
        by=person("ana.mercer"),
        basis=incident().basis_id,
        cameras=[camera(code).id for code in codes or (CAM,)],
        starts_at=starts_at,
        ends_at=ends_at,
        purpose=Purpose.EMERGENCY_CALL,
    )
    return playback


def permit_of(playback: Playback) -> Permit:
    return resume(playback.permit_id, by=person("ana.mercer"))


@dataclass
class Received:
    """What a player got: its bytes, and the frames in them."""

    size: int = 0
    heads: list[dict[str, object]] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    ended: str = ""

    def pictures(self) -> list[str]:
        return [digest for file in self.files for _, digest in pictures(file)]


def read(data: bytes) -> Received:
    received, at = Received(size=len(data)), 0
    while at < len(data):
        kind, length = struct.unpack_from(">BI", data, at)
        payload = data[at + 5 : at + 5 + length]
        at += 5 + length
        if kind == 1:
            head, init = payload.split(b"\n", 1)
            received.heads.append(json.loads(head))
            received.files.append(init)
        elif kind == 2:
            received.times.append(struct.unpack_from(">d", payload)[0])
            received.files[-1] += payload[9:]
        else:
            received.ended = json.loads(payload)["sentence"]
    return received


async def _collect(parts: AsyncIterator[bytes], most: int | None) -> bytes:
    found = b""
    async for part in parts:
        found += part
        if most is not None and len(found) >= most:
            await parts.aclose()  # type: ignore[attr-defined]
            break
    return found


def fetch(
    playback: Playback, starts_at: datetime, ends_at: datetime, *, code: str = CAM, most: int | None = None
) -> Received:
    """One request of a player; ``most``: it goes away after that many bytes."""
    stream = FootageStream(
        permit_of(playback), playback.id, camera(code).id, (playback.starts_at, playback.ends_at)
    )
    stream.open(starts_at, ends_at, None)
    return read(asyncio.run(_collect(stream.body(), most)))
