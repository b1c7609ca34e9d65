"""The wall's one WebSocket: an ASGI application that checks origin, session and permit itself.

Client: ``{"op": "open", "tile": 0, "viewing": uuid, "camera": uuid}``, ``{"op": "close", "tile": 0}``.
Server: binary frames (`evidence.recorder.wire`), and JSON ``{"tile", "event", "sentence"}`` for what happens.
Tiles of several viewings (several incidents) share the socket; each belongs to one basis.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket as hosts
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections

from cameras.models import Camera
from policy.models import Person
from policy.permits import Permit, PermitEnded
from policy.resume import resume
from policy.vocabulary import OrganisationClass
from rtcc.config import config
from rtcc.errors import DomainError
from rtcc.live import sessions
from rtcc.live.models import Viewing
from rtcc.live.relay import Relay

PATH = "/live/socket"
MOST_MESSAGE = 2000
MOST_TILE = 15
PROCESS = f"{hosts.gethostname()}:{os.getpid()}"
_REFUSED = 4403


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _person(cookie: str) -> Person | None:
    """The signed-in person of a session cookie."""
    try:
        morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
        if morsel is None:
            return None
        found = SessionStore(session_key=morsel.value).get(SESSION_KEY)
        return Person.objects.filter(pk=found, is_active=True).first() if found else None
    finally:
        close_old_connections()


def _resume(viewing: UUID, person: Person) -> tuple[Permit, frozenset[UUID]]:
    """The viewing's permit, decided again; and which of its cameras are partners'."""
    try:
        row = Viewing.objects.open().of_person(person.id).filter(id=viewing).first()
        if row is None:
            raise PermitEnded("This viewing is over. Open the incident again.")
        permit = resume(row.permit_id, by=person)
        sessions.attach(viewing, PROCESS)
        ids = [covered.ref.id for covered in permit.covers]
        partners = Camera.objects.filter(id__in=ids, owner__kind=OrganisationClass.PARTNER)
        return permit, frozenset(partners.values_list("id", flat=True))
    finally:
        close_old_connections()


class Wall:
    """One socket: its person, and one relay per viewing."""

    def __init__(self, person: Person, send: Any) -> None:
        self.person = person
        self._send = send
        self._lock = asyncio.Lock()
        self.relays: dict[UUID, Relay] = {}
        self.of_tile: dict[int, UUID] = {}

    async def send_bytes(self, message: bytes) -> None:
        async with self._lock:
            await self._send({"type": "websocket.send", "bytes": message})

    async def tell(self, tile: int, event: str, sentence: str) -> None:
        text = json.dumps({"tile": tile, "event": event, "sentence": sentence})
        async with self._lock:
            await self._send({"type": "websocket.send", "text": text})

    async def obey(self, text: str) -> None:
        """One message of the page. What makes no sense is answered, never ignored."""
        try:
            body = json.loads(text)
            op, tile = body["op"], int(body["tile"])
            if not 0 <= tile <= MOST_TILE:
                raise ValueError("tile")
            viewing, camera = (UUID(body["viewing"]), UUID(body["camera"])) if op == "open" else (None, None)
        except (ValueError, KeyError, TypeError):
            await self.tell(-1, "error", "That message makes no sense.")
            return
        if op == "close":
            await self._close(tile)
        elif op == "open" and viewing and camera:
            try:
                await self._open(tile, viewing, camera)
            except DomainError as error:
                await self.tell(tile, "ended", error.sentence)

    async def _open(self, tile: int, viewing: UUID, camera: UUID) -> None:
        await self._close(tile)
        relay = self.relays.get(viewing)
        if relay is None or relay.ended is not None:
            async with ThreadSensitiveContext():
                permit, partners = await sync_to_async(_resume)(viewing, self.person)
            relay = Relay(viewing, permit, self.send_bytes, self.tell, partners)
            self.relays[viewing] = relay
            relay.start()
        self.of_tile[tile] = viewing
        await relay.open(tile, camera)

    async def _close(self, tile: int) -> None:
        viewing = self.of_tile.pop(tile, None)
        if viewing in self.relays:
            await self.relays[viewing].close(tile)

    async def end(self) -> None:
        for relay in self.relays.values():
            await relay.leave()


async def _admit(scope: dict[str, Any]) -> Person | None:
    """Origin exactly ours, and a signed-in session; else nobody."""
    headers = _headers(scope)
    if scope["path"] != PATH or headers.get("origin") != config.origin:
        return None
    async with ThreadSensitiveContext():
        return await sync_to_async(_person)(headers.get("cookie", ""))


async def wall_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application of the wall's socket."""
    assert (await receive())["type"] == "websocket.connect"
    person = await _admit(scope)
    if person is None:
        await send({"type": "websocket.close", "code": _REFUSED, "reason": "sign in on this site first"})
        return
    await send({"type": "websocket.accept"})
    wall = Wall(person, send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text") or ""
            if len(text) > MOST_MESSAGE:
                await send({"type": "websocket.close", "code": 1009})
                return
            await wall.obey(text)
    finally:
        await wall.end()
