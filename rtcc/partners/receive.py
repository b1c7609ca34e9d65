"""The door through which a file is handed in: an ASGI application beside Django, which would first write
the whole body, as it came, into a temporary file. Here it is refused before its first byte, or at the byte
that is one too many, and is encrypted before it touches the disk.

`POST /partner/asked/<ask>/file?name=...&starts_at=2026-11-20T12:00&twice=`, the file as the body. Origin,
session and permission are asked here, as the wall's socket does.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs
from uuid import UUID

from django.db import connections
from django.utils.dateparse import parse_datetime

from evidence.vault.workfile import CHUNK, WorkFile
from policy.actors import Whereabouts, whereabouts
from policy.models import Session
from policy.offers import is_offered
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, Conflict, DomainError, NotFound, Refused, Unavailable
from rtcc.live.signed_in import SignedIn, session_key_of, signed_in
from rtcc.live.threads import Desk
from rtcc.local_time import NEVER_WAS, instants_of
from rtcc.logs import log
from rtcc.middleware import problem
from rtcc.partners.actions.hand_in import hand_in
from rtcc.partners.ask_views import most_bytes
from rtcc.partners.models import Ask
from rtcc.partners.probe import check_name
from rtcc.partners.vocabulary import AskState

PATH = re.compile(r"/partner/asked/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/file")
# Files under way at once in one process: each takes its length of disk, and a thread while it is looked into.
MOST_AT_ONCE = 2
SPARE_BYTES = 2 << 30
# Between two pieces of the body. A browser on a slow line sends every few hundred milliseconds.
SILENT_S = 60.0
# On the average, once the first minute is over: a body that trickles would hold one of the few places.
LEAST_BYTES_PER_S = 8 << 10
_desk = Desk("upload", MOST_AT_ONCE + 1)
_under_way: set[UUID] = set()
_log = log("web")
T = TypeVar("T")


class TooLarge(DomainError):
    """The file is longer than the policy takes."""

    code = "too_large"
    status = 413


@dataclass(frozen=True)
class Arriving:
    """What is known of a file before its first byte."""

    session_key: str
    who: SignedIn
    where: Whereabouts
    ask: UUID
    name: str
    starts_at: datetime
    most: int


def is_upload(scope: dict[str, Any]) -> bool:
    """Whether this request is for this door."""
    return scope["type"] == "http" and PATH.fullmatch(scope["path"]) is not None


async def receive_upload(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application of the door."""
    try:
        status, body = 201, await _take(scope, receive)
    except DomainError as error:
        status, body = error.status, problem(error)
    except ConnectionAbortedError:
        return
    data = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    # What is left of a refused body is not read: the connection ends with the answer.
    headers += [(b"cache-control", b"no-store"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})


async def _take(scope: dict[str, Any], receive: Any) -> dict[str, Any]:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["method"] != "POST":
        raise Refused("A file is handed in by POST.")
    if headers.get("origin") != config.origin:
        raise Refused("This did not come from a page of this site.")
    arriving = await _in_thread(_admit, scope, headers)
    length = headers.get("content-length", "")
    if length and (not length.isdigit() or int(length) > arriving.most):
        raise _too_large(arriving.most)
    if arriving.who.person.id in _under_way or len(_under_way) >= MOST_AT_ONCE:
        raise Unavailable("Another file is just being handed in. Try again when it is done.")
    _under_way.add(arriving.who.person.id)
    try:
        with WorkFile(config.data / "uploads") as file:
            await _fill(file, receive, arriving.most)
            return await _in_thread(_finish, arriving, file)
    except OSError as error:
        if isinstance(error, ConnectionAbortedError):
            raise
        _log.error("upload_not_written", error=type(error).__name__)
        raise Unavailable("There is no room for this file just now. The operator has been told.") from error
    finally:
        _under_way.discard(arriving.who.person.id)


async def _fill(file: WorkFile, receive: Any, most: int) -> None:
    """Write the body down as it comes, a megabyte at a time. Raises TooLarge at the byte that is too many."""
    waiting, more = bytearray(), True
    began_s = time.monotonic()
    while more:
        try:
            message = await asyncio.wait_for(receive(), SILENT_S)
        except TimeoutError as error:
            raise ConnectionAbortedError from error
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        waiting += message.get("body", b"")
        more = message.get("more_body", False)
        if file.length + len(waiting) > most:
            raise _too_large(most)
        check_pace(file.length + len(waiting), time.monotonic() - began_s)
        if waiting and (len(waiting) >= CHUNK or not more):
            await _desk.do(file.write, bytes(waiting))
            waiting.clear()


def check_pace(length: int, passed_s: float) -> None:
    """Raise Unavailable for a body of which so little has come in so long."""
    if passed_s > SILENT_S and length < passed_s * LEAST_BYTES_PER_S:
        raise Unavailable("The file came too slowly and was given up. Try again on a better connection.")


def _too_large(most: int) -> TooLarge:
    return TooLarge(
        f"A file may have {most >> 20} MB. Cut it to the time that was asked for, or hand it in in parts.",
        field="file",
    )


async def _in_thread(act: Callable[..., T], *arguments: object) -> T:
    """Run database work in a thread, in the context of the caller."""
    return await _desk.do(partial(copy_context().run, _closing, act, *arguments))


def _closing(act: Callable[..., T], *arguments: object) -> T:
    """Database work in a thread that keeps no connection: uploads are rare."""
    try:
        return act(*arguments)
    finally:
        connections.close_all()


def _admit(scope: dict[str, Any], headers: dict[str, str]) -> Arriving:
    """Who hands in what, if they may. Raises before a byte of the file is read."""
    found = PATH.fullmatch(scope["path"])
    assert found is not None
    key = session_key_of(headers.get("cookie", "")) or ""
    who = _still_signed_in(key)
    ask = UUID(found[1])
    where = Whereabouts(
        session=str(who.session),
        mfa=Session.objects.filter(id=who.session, mfa=True).exists(),
        device=headers.get("user-agent", "")[:200] or None,
        address=(scope.get("client") or (None,))[0],
    )
    given = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
    name = Path(given.get("name", "").replace("\x00", "").replace("\\", "/")).name[:200]
    check_name(name)
    token = whereabouts.set(where)
    try:
        if not is_offered(who.person, Action.UPLOAD_FOOTAGE, Ref(Kind.UPLOAD, ask)):
            raise NotFound
    finally:
        whereabouts.reset(token)
    if Ask.objects.filter(id=ask, state=AskState.DECLINED).exists():
        raise Conflict("You said no to this request already.")
    most = most_bytes()
    disk = os.statvfs(config.data)
    # Once as it arrives, once as an asset; what arrived goes when the asset stands.
    if disk.f_bavail * disk.f_frsize < 2 * _length(headers, most) + SPARE_BYTES:
        raise Unavailable("There is no room for this file just now. The operator has been told.")
    return Arriving(key, who, where, ask, name, _starts_at(given), most)


def _still_signed_in(key: str) -> SignedIn:
    who = signed_in(key) if key else None
    if who is None:
        raise Refused("Sign in first.")
    return who


def _length(headers: dict[str, str], most: int) -> int:
    """Bytes that the file will take: what it says, or the most where it does not say."""
    said = headers.get("content-length", "")
    return min(int(said), most) if said.isdigit() else most


def _starts_at(given: dict[str, str]) -> datetime:
    """When the first picture was taken, as typed on the room's clock. Raises BadInput."""
    try:
        typed = parse_datetime(given.get("starts_at", ""))
        found = instants_of(typed.replace(tzinfo=None), clock.city()) if typed else ()
    except (ValueError, OverflowError) as error:
        raise BadInput("That is no time that a clock showed.", field="starts_at") from error
    if typed is None:
        raise BadInput("Say when the recording begins, by its own clock.", field="starts_at")
    if not found:
        raise BadInput(NEVER_WAS, field="starts_at")
    which = given.get("twice", "")
    if len(found) > 1 and which not in ("0", "1"):
        raise BadInput("That hour came twice that night. Say which of the two.", field="twice")
    return found[int(which)] if len(found) > 1 else found[0]


def _finish(arriving: Arriving, file: WorkFile) -> dict[str, Any]:
    """The whole file is there: look into it and take it. Hours may have passed since it was asked for."""
    file.finish()
    _still_signed_in(arriving.session_key)
    token = whereabouts.set(arriving.where)
    try:
        upload = hand_in(
            by=arriving.who.person,
            ask=arriving.ask,
            file=file,
            name=arriving.name,
            starts_at=arriving.starts_at,
        )
    finally:
        whereabouts.reset(token)
    return {"upload": str(upload.id), "sha256": upload.sha256, "entry": str(upload.entry)}
