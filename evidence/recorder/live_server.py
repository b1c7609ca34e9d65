"""Live pictures for the web process, and for nobody else: a local socket in the recorder.

A peer is known by SO_PEERCRED (its user must be ours or one that is listed), names a permit, and the
recorder reads that permit's row itself: it must stand, be for live pictures, and cover the camera.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from cameras.models import Camera
from evidence.recorder.engine import Engine
from evidence.recorder.live import LiveChunk, LiveInit, LiveItem, LiveState, Subscription
from evidence.recorder.warden import Stream, Warden, require_live
from evidence.recorder.wire import FrameType, pack
from policy.parameters import NotInForce
from policy.permits import PermitEnded, check_stands, find, read
from policy.resume import actor_of, blind_limits
from policy.vocabulary import OrganisationClass
from rtcc.logs import log

MOST_REQUEST = 400
FIRST_LINE_S = 5.0
_CREDENTIALS = struct.Struct("3i")
_log = log("recorder")


class LiveServer:
    """Runs on an event loop in a thread of its own; reads subscriptions that the engine's thread fills."""

    def __init__(self, engine: Engine, path: Path, allowed_users: frozenset[int] | None = None) -> None:
        self._engine = engine
        self._path = path
        self._users = allowed_users or frozenset({os.getuid()})
        self._loop = asyncio.new_event_loop()
        self._warden = Warden()
        self._thread = threading.Thread(target=self._run, name="live-server", daemon=True)
        self._started = threading.Event()
        self._failure: OSError | None = None

    def start(self) -> None:
        """Returns once the socket answers. Raises OSError where it cannot be made."""
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._path.unlink(missing_ok=True)
            listening = asyncio.start_unix_server(self._serve, path=str(self._path))
            server = self._loop.run_until_complete(listening)
            self._path.chmod(0o600)
        except OSError as error:
            self._failure = error
            return
        finally:
            self._started.set()
        watching = self._loop.create_task(self._warden.run())
        self._loop.run_forever()
        watching.cancel()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self._is_known(writer):
                return
            line = await asyncio.wait_for(reader.readline(), FIRST_LINE_S)
            admitted = await asyncio.to_thread(self._admit, line)
            if isinstance(admitted, Answer):
                writer.write(admitted.frame())
                await writer.drain()
                return
            await self._stream(admitted, reader, writer)
        except (ConnectionError, TimeoutError, asyncio.LimitOverrunError, ValueError):
            # The viewer went, or never said what it wanted: there is nobody to tell.
            return
        finally:
            writer.close()

    def _is_known(self, writer: asyncio.StreamWriter) -> bool:
        peer = writer.get_extra_info("socket")
        raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _pid, user, _group = _CREDENTIALS.unpack(raw)
        if user not in self._users:
            _log.warning("live_peer_refused", user=user)
        return user in self._users

    def _admit(self, line: bytes) -> Admitted | Answer:
        """What is to be streamed, or the answer why not. Reads the permit on a connection of this thread."""
        try:
            if len(line) > MOST_REQUEST:
                return Answer("That request makes no sense.")
            body = json.loads(line)
            permit_id, camera = UUID(str(body["permit"])), UUID(str(body["camera"]))
            row = find(permit_id)
            if row is None:
                return Answer("There is no such permit.")
            actor = actor_of(row)
            check_stands(row, actor)
            require_live(read(row, actor), camera)
            owners = Camera.objects.filter(id=camera).values_list("owner__kind", flat=True)
            return Admitted(permit_id, camera, OrganisationClass.PARTNER in owners, blind_limits())
        except (ValueError, KeyError, TypeError, RecursionError):
            return Answer("That request makes no sense.")
        except (PermitEnded, NotInForce) as ended:
            return Answer(ended.sentence)
        except DatabaseFailure:
            return Answer("The database does not answer, so nobody can say that this is allowed.", again=True)
        finally:
            close_old_connections()

    async def _stream(
        self, admitted: Admitted, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        something = asyncio.Event()

        def notify() -> None:
            # The engine's thread must not fail because this one has ended.
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(something.set)

        try:
            subscription = self._engine.subscribe(str(admitted.camera), notify)
        except KeyError:
            writer.write(Answer("The recorder does not record this camera just now.", again=True).frame())
            await writer.drain()
            return
        forwarding = asyncio.ensure_future(self._forward(subscription, something, reader, writer))
        answers: list[Answer] = []

        def end(sentence: str, again: bool) -> None:
            answers.append(Answer(sentence, again))
            forwarding.cancel()

        stream = Stream(admitted.permit, admitted.camera, admitted.partner, end)
        self._warden.add(stream, admitted.blind)
        try:
            await asyncio.wait({forwarding})
            if not forwarding.cancelled():
                forwarding.result()
        finally:
            self._warden.remove(stream)
            subscription.close()
            forwarding.cancel()
        if answers:
            _part(writer, answers[0])

    async def _forward(
        self,
        subscription: Subscription,
        something: asyncio.Event,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Until the viewer goes. Waiting for it to read is what lets its queue drop to the next key frame."""
        gone = asyncio.ensure_future(reader.read(1))
        gone.add_done_callback(lambda _: something.set())
        try:
            while not gone.done():
                while (item := subscription.take()) is not None:
                    writer.write(frame_of(item))
                    await writer.drain()
                await something.wait()
                something.clear()
        finally:
            gone.cancel()


@dataclass(frozen=True)
class Admitted:
    """What a peer may be sent: one camera under one permit."""

    permit: UUID
    camera: UUID
    partner: bool
    blind: Mapping[bool, float]


@dataclass(frozen=True)
class Answer:
    """Why there are no pictures: for good, or for now, where the viewer asks ``again``."""

    sentence: str
    again: bool = False

    def frame(self) -> bytes:
        if self.again:
            return pack(FrameType.STATE, _json({"state": "away", "sentence": self.sentence}))
        return pack(FrameType.END, _json({"sentence": self.sentence}))


def _part(writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Say why nothing more comes. Pictures that a slow peer has not taken yet are dropped, not delivered."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    else:
        writer.write(answer.frame())


def _json(body: dict[str, object]) -> bytes:
    return json.dumps(body).encode()


def frame_of(item: LiveItem) -> bytes:
    """One item of the engine as it goes over the socket."""
    if isinstance(item, LiveInit):
        facts = item.facts
        head = {"codec": facts.codec, "width": facts.width, "height": facts.height, "timescale": 90000}
        return pack(FrameType.INIT, _json(head) + b"\n" + item.data)
    if isinstance(item, LiveChunk):
        return pack(FrameType.CHUNK, struct.pack(">dB", item.recorder_s, item.key) + item.data)
    assert isinstance(item, LiveState)
    if item.playing:
        return pack(FrameType.STATE, _json({"state": "playing"}))
    sentence = f"No pictures come from the camera ({item.reason.replace('_', ' ')}); trying again."
    return pack(FrameType.STATE, _json({"state": item.reason, "sentence": sentence}))
