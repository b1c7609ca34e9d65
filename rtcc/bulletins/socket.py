"""The telephone's WebSocket for a live picture.

Client: ``{"op": "open", "viewing": uuid}`` once, then ``{"op": "ready"}`` for each picture that has arrived;
``{"op": "here"}`` is answered at once.
Server: ``f64be camera time | JPEG``, and JSON ``{"event", "sentence"}``: ``waiting``, ``held``,
``unconfirmed``, ``confirmed``, ``ended``, ``here``. Nothing is sent ahead of `ready`: a slow network gets
the newest picture, fewer times.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseFailure

from cameras.models import Camera
from policy.permits import Permit, PermitEnded
from policy.publish import active
from rtcc import clock
from rtcc.bulletins.mark import mark_of
from rtcc.bulletins.models import Opening
from rtcc.errors import DomainError
from rtcc.live.drawn import MarkWords
from rtcc.live.marked import MarkedRelay, place_on_this_machine
from rtcc.live.signed_in import SignedIn
from rtcc.live.socket import (
    HERE,
    MOST_MESSAGE,
    NOT_OURS,
    SILENT,
    TOO_LONG,
    admit,
    asks_whether_here,
    hold_little,
    resume_viewing,
)
from rtcc.live.threads import desk
from rtcc.logs import log

PATH = "/live/phone"
_log = log("web")


def _asked(text: str) -> tuple[str, UUID | None] | None:
    """The operation and its viewing; None for what makes no sense."""
    try:
        body = json.loads(text)
        if body["op"] == "open":
            return "open", UUID(str(body["viewing"]))
        return ("ready", None) if body["op"] == "ready" else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _about(viewing: UUID, who: SignedIn) -> tuple[Permit, frozenset[UUID], UUID, MarkWords, int]:
    """Permit, partners' cameras, camera, mark, and how many places the machine has. Raises PermitEnded."""
    found = Opening.objects.select_related("bulletin__basis", "bulletin__recipient", "bulletin__sender")
    opening = found.filter(permit_id=viewing, bulletin__recipient_id=who.person.id).first()
    if opening is None:
        raise PermitEnded("This picture is over. Open it again.")
    permit, partners = resume_viewing(viewing, who)
    bulletin = opening.bulletin
    camera = Camera.objects.get(id=bulletin.camera)
    most = active().parameters.count("phones_live_at_once", clock.now())
    return permit, partners, camera.id, mark_of(bulletin, camera.name), most


class Phone:
    """One socket of one telephone: one picture."""

    def __init__(self, who: SignedIn, send: Any) -> None:
        self.who = who
        self._send = send
        self._turn = asyncio.Lock()
        self._relay: MarkedRelay | None = None
        self._place = ExitStack()

    async def send_bytes(self, message: bytes, claim: Callable[[], bool]) -> None:
        async with self._turn:
            if claim():
                await self._send({"type": "websocket.send", "bytes": message})

    async def tell(self, tile: int, event: str, sentence: str) -> None:
        async with self._turn:
            text = json.dumps({"event": event, "sentence": sentence})
            await self._send({"type": "websocket.send", "text": text})

    async def obey(self, text: str) -> None:
        if asks_whether_here(text):
            await self.tell(0, HERE, "")
            return
        asked = _asked(text)
        if asked is None:
            await self.tell(0, "error", "That message makes no sense.")
        elif asked[1] is None:
            if self._relay is not None:
                self._relay.ready()
        elif self._relay is None:
            try:
                await self._open(asked[1])
            except DomainError as error:
                await self.tell(0, "ended", error.sentence)
            except DatabaseFailure as error:
                _log.warning("open_unanswered", error=type(error).__name__)
                await self.tell(0, "ended", SILENT)

    async def _open(self, viewing: UUID) -> None:
        permit, partners, camera, mark, most = await desk.do(_about, viewing, self.who)
        self._place.enter_context(place_on_this_machine(most))
        relay = MarkedRelay(viewing, permit, self.who, self.send_bytes, self.tell, partners, mark=mark)
        self._relay = relay
        relay.start()
        await relay.show(camera)

    async def end(self) -> None:
        try:
            if self._relay is not None:
                await self._relay.leave()
        finally:
            self._place.close()


async def phone_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application of the telephone's socket."""
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
    phone = Phone(who, send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text") or ""
            if len(text) > MOST_MESSAGE:
                await send({"type": "websocket.close", "code": TOO_LONG})
                return
            await phone.obey(text)
    except OSError:
        return  # the telephone has gone while it was being told something
    finally:
        await phone.end()
