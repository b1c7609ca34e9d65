"""The wall's one WebSocket: an ASGI application that checks origin, session and permit itself.

Client: ``{"op": "open", "tile": 0, "viewing": uuid, "camera": uuid}``, ``{"op": "close", "tile": 0}``, and
``{"op": "here"}``, which is answered at once: a page that hears nothing asks whether anybody is there.
Server: binary frames (`evidence.recorder.wire`), and JSON ``{"tile", "event", "sentence"}`` for what
happens: ``waiting``, ``held``, ``unconfirmed``, ``confirmed``, ``ended``, ``error``, ``here``. Tiles
of several viewings (several incidents) share the socket; each belongs to one basis.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket as sockets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseFailure

from cameras.models import Camera
from policy.permits import Permit, PermitEnded
from policy.publish import active
from policy.resume import resume
from policy.vocabulary import OrganisationClass
from rtcc.config import config
from rtcc.errors import DomainError
from rtcc.live import sessions
from rtcc.live.models import Viewing
from rtcc.live.relay import Relay
from rtcc.live.signed_in import SignedIn, session_key_of, signed_in
from rtcc.live.threads import desk
from rtcc.logs import log

PATH = "/live/socket"
HERE = "here"
MOST_MESSAGE = 2000
MOST_TILE = 8
PROCESS = f"{sockets.gethostname()[:40]}:{os.getpid()}"
# The page tells these from a lost network: it does not try again.
NOT_OURS, NOT_SIGNED_IN, TOO_LONG = 4403, 4401, 1009
SILENT = "The database does not answer, so nobody can say that this is allowed. Try again."
# Bytes that the kernel holds back unsent. They cannot be called back when a permit ends, and a picture that
# waits there is late.
UNSENT_BYTES = 64 * 1024
_log = log("web")


@dataclass(frozen=True)
class Order:
    """One message of the page: what to show in a tile, or nothing."""

    tile: int
    show: tuple[UUID, UUID] | None
    """Viewing and camera."""


def order_of(text: str) -> Order | None:
    """Read a message; None for what makes no sense."""
    try:
        body = json.loads(text)
        op, tile = body["op"], body["tile"]
        if type(tile) is not int or not 0 <= tile <= MOST_TILE:
            return None
        if op == "close":
            return Order(tile, None)
        if op == "open":
            return Order(tile, (UUID(str(body["viewing"])), UUID(str(body["camera"]))))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return None


def asks_whether_here(text: str) -> bool:
    """Whether a message asks for nothing but an answer."""
    try:
        return bool(json.loads(text)["op"] == HERE)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def resume_viewing(viewing: UUID, who: SignedIn) -> tuple[Permit, frozenset[UUID]]:
    """The viewing's permit, decided again; and which of its cameras are partners'. Raises PermitEnded."""
    row = Viewing.objects.wanted().of_person(who.person.id).filter(id=viewing).first()
    if row is None:
        raise PermitEnded("This viewing is over. Open the incident again.")
    # Compiling the policy takes a moment; the watcher should find it done.
    active()
    permit = resume(row.permit_id, by=who.person)
    sessions.attach(viewing, PROCESS)
    ids = [covered.ref.id for covered in permit.covers]
    partners = Camera.objects.filter(id__in=ids, owner__kind=OrganisationClass.PARTNER)
    return permit, frozenset(partners.values_list("id", flat=True))


class Wall:
    """One socket: its person, and one relay per viewing."""

    def __init__(self, who: SignedIn, send: Any) -> None:
        self.who = who
        self._send = send
        self._turn = asyncio.Lock()
        self._relays: dict[UUID, Relay] = {}
        self._of_tile: dict[int, Relay] = {}
        self._gone = False

    def gone(self) -> None:
        """The page has left, or is told to: nothing more is sent, and nothing counts as sent."""
        self._gone = True

    async def send_bytes(self, message: bytes, claim: Callable[[], bool]) -> None:
        """Send in turn; ``claim`` is asked when the turn has come. Raises OSError when the socket is gone."""
        async with self._turn:
            self._check_there()
            if claim():
                await self._send({"type": "websocket.send", "bytes": message})

    async def tell(self, tile: int, event: str, sentence: str) -> None:
        text = json.dumps({"tile": tile, "event": event, "sentence": sentence})
        async with self._turn:
            self._check_there()
            await self._send({"type": "websocket.send", "text": text})

    def _check_there(self) -> None:
        # A server takes a message after the end for a mistake; for us it is the ordinary end of a page.
        if self._gone:
            raise ConnectionResetError("the page has left")

    async def obey(self, text: str) -> None:
        """One message of the page. What makes no sense is answered, never ignored."""
        if asks_whether_here(text):
            await self.tell(-1, HERE, "")
            return
        order = order_of(text)
        if order is None:
            await self.tell(-1, "error", "That message makes no sense.")
            return
        relay = self._of_tile.pop(order.tile, None)
        if relay is not None:
            await relay.close(order.tile)
        if order.show is None:
            return
        try:
            await self._open(order.tile, *order.show)
        except DomainError as error:
            await self.tell(order.tile, "ended", error.sentence)
        except DatabaseFailure as error:
            _log.warning("open_unanswered", error=type(error).__name__)
            await self.tell(order.tile, "ended", SILENT)

    async def _open(self, tile: int, viewing: UUID, camera: UUID) -> None:
        relay = self._relays.get(viewing)
        if relay is None or relay.ended is not None:
            permit, partners = await desk.do(resume_viewing, viewing, self.who)
            if relay is not None:
                await relay.leave()
            relay = Relay(viewing, permit, self.who, self.send_bytes, self.tell, partners)
            self._relays[viewing] = relay
            relay.start()
        self._of_tile[tile] = relay
        await relay.open(tile, camera)

    async def end(self) -> None:
        await asyncio.gather(*(relay.leave() for relay in self._relays.values()))


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def admit(scope: dict[str, Any], path: str) -> SignedIn | int:
    """Origin exactly ours, and a signed-in session; else the code of the refusal."""
    headers = _headers(scope)
    if scope["path"] != path or headers.get("origin") != config.origin:
        return NOT_OURS
    key = session_key_of(headers.get("cookie", ""))
    who = await desk.do(signed_in, key) if key else None
    return who or NOT_SIGNED_IN


def hold_little(send: Any) -> None:
    """Keep the kernel's queue of unsent bytes short. ASGI has no word for it: uvicorn's own method knows the
    connection; behind another server the queue is as long as that server makes it.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is not None and connection.family in (sockets.AF_INET, sockets.AF_INET6):
        connection.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT, UNSENT_BYTES)


async def wall_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application of the wall's socket."""
    if (await receive())["type"] != "websocket.connect":
        return
    who = await admit(scope, PATH)
    if who == NOT_OURS:
        await send({"type": "websocket.close", "code": NOT_OURS, "reason": "not from this site"})
        return
    await send({"type": "websocket.accept"})
    if isinstance(who, int):
        # Said after the handshake: a refused handshake tells the page nothing.
        await send({"type": "websocket.close", "code": who, "reason": "sign in first"})
        return
    hold_little(send)
    wall = Wall(who, send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text") or ""
            if len(text) > MOST_MESSAGE:
                wall.gone()
                await send({"type": "websocket.close", "code": TOO_LONG})
                return
            await wall.obey(text)
    except OSError:
        return  # the page has gone while it was being told something
    finally:
        wall.gone()
        await wall.end()
