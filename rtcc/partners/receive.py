"""The door through which a file is handed in: an ASGI application beside Django, which would first write
the whole body, as it came, into a temporary file. Here it is refused before its first byte, or at the byte
that is one too many, and is encrypted before it touches the disk.

A `Door` is one address of it and says who comes in there: `PAGE` a signed-in person, as the wall's socket
does; `rtcc.api.handing_in` a program. All else is the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs
from uuid import UUID

from django.db import InterfaceError, OperationalError, connections
from django.utils.dateparse import parse_datetime

from evidence.vault.workfile import CHUNK, WorkFile
from policy.actors import Whereabouts, whereabouts
from policy.models import Person, Session
from policy.offers import is_offered
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, DatabaseAway, DomainError, NotFound, Refused, Unavailable
from rtcc.live.signed_in import session_key_of, signed_in
from rtcc.live.threads import Desk
from rtcc.local_time import NEVER_WAS, instants_of
from rtcc.logs import log
from rtcc.middleware import PROBLEM, problem
from rtcc.partners.actions.hand_in import check_began, check_waits, hand_in
from rtcc.partners.ask_views import most_bytes
from rtcc.partners.models import Ask
from rtcc.partners.probe import check_name

# How the id of the ask stands in an address.
ASK = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
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
class Comer:
    """Who hands something in, and where they sit."""

    person: Person
    where: Whereabouts


@dataclass(frozen=True)
class Arriving:
    """What is known of a file before its first byte."""

    comer: Comer
    ask: UUID
    name: str
    starts_at: datetime
    most: int


@dataclass(frozen=True)
class Door:
    """One address of the door, an ASGI application. The one group of ``path`` is the ask.

    ``who`` answers by scope and headers who comes, or raises: it is asked before the first byte and, since
    hours may pass, after the last. ``starts_at`` reads the parameters for when the recording begins; ``says``
    makes the document of an error.
    """

    path: re.Pattern[str]
    who: Callable[[dict[str, Any], Mapping[str, str]], Comer]
    starts_at: Callable[[Mapping[str, str]], datetime]
    says: Callable[[DomainError], dict[str, Any]] = problem

    def is_for(self, scope: dict[str, Any]) -> bool:
        """Whether this request is for this door."""
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        return is_post and self.path.fullmatch(scope["path"]) is not None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        kind, more = "application/json", dict[str, str]()
        try:
            status, body = 201, await self._take(scope, receive)
        except DomainError as error:
            status, body, kind, more = error.status, self.says(error), PROBLEM, dict(error.headers)
        except ConnectionAbortedError:
            return
        data = json.dumps(body).encode()
        # What is left of a refused body is not read: the connection ends with the answer.
        more |= {"Content-Type": kind, "Content-Length": str(len(data)), "Cache-Control": "no-store"}
        more["Connection"] = "close"
        headers = [(name.lower().encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    async def _take(self, scope: dict[str, Any], receive: Any) -> dict[str, Any]:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        arriving = await _in_thread(self._admit, scope, headers)
        length = headers.get("content-length", "")
        if length and (not length.isdigit() or int(length) > arriving.most):
            raise _too_large(arriving.most)
        person = arriving.comer.person.id
        if person in _under_way or len(_under_way) >= MOST_AT_ONCE:
            raise Unavailable("Another file is just being handed in. Try again when it is done.")
        _under_way.add(person)
        try:
            with WorkFile(config.data / "uploads") as file:
                await _fill(file, receive, arriving.most)
                return await _in_thread(self._finish, arriving, file, scope, headers)
        except OSError as error:
            if isinstance(error, ConnectionAbortedError):
                raise
            _log.error("upload_not_written", error=type(error).__name__)
            raise Unavailable(
                "There is no room for this file just now. The operator has been told."
            ) from error
        finally:
            _under_way.discard(person)

    def _admit(self, scope: dict[str, Any], headers: Mapping[str, str]) -> Arriving:
        """Who hands in what, if they may. Raises before a byte of the file is read."""
        found = self.path.fullmatch(scope["path"])
        assert found is not None
        comer, ask = self.who(scope, headers), UUID(found[1])
        if headers.get("content-type", "").lower().startswith("multipart/"):
            raise BadInput("Send the file itself as the body, not in a form.", field="file")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = {name: values[-1] for name, values in query.items()}
        name = Path(given.get("name", "").replace("\x00", "").replace("\\", "/")).name[:200]
        check_name(name)
        with sitting(comer.where):
            if not is_offered(comer.person, Action.UPLOAD_FOOTAGE, Ref(Kind.UPLOAD, ask)):
                raise NotFound
        starts_at, most = self.starts_at(given), most_bytes()
        check_waits(Ask.objects.get(id=ask))
        check_began(starts_at)
        _check_room(headers, most)
        return Arriving(comer, ask, name, starts_at, most)

    def _finish(
        self, arriving: Arriving, file: WorkFile, scope: dict[str, Any], headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """The whole file is there: look into it and take it, from whoever comes in here still."""
        file.finish()
        comer = self.who(scope, headers)
        with sitting(comer.where):
            upload = hand_in(
                by=comer.person,
                ask=arriving.ask,
                file=file,
                name=arriving.name,
                starts_at=arriving.starts_at,
            )
        return {"upload": str(upload.id), "sha256": upload.sha256, "entry": str(upload.entry)}


@contextmanager
def sitting(where: Whereabouts) -> Iterator[None]:
    """The acts inside are done from there."""
    token = whereabouts.set(where)
    try:
        yield
    finally:
        whereabouts.reset(token)


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
    """Database work in a thread that keeps no connection: uploads are rare. Raises DatabaseAway."""
    try:
        return act(*arguments)
    except (OperationalError, InterfaceError) as error:
        raise DatabaseAway from error
    finally:
        connections.close_all()


def _check_room(headers: Mapping[str, str], most: int) -> None:
    """Raise Unavailable where the file would leave too little of the disk."""
    disk = os.statvfs(config.data)
    # Once as it arrives, once as an asset; what arrived goes when the asset stands.
    if disk.f_bavail * disk.f_frsize < 2 * _length(headers, most) + SPARE_BYTES:
        raise Unavailable("There is no room for this file just now. The operator has been told.")


def _length(headers: Mapping[str, str], most: int) -> int:
    """Bytes that the file will take: what it says, or the most where it does not say."""
    said = headers.get("content-length", "")
    return min(int(said), most) if said.isdigit() else most


def _signed_in_here(scope: dict[str, Any], headers: Mapping[str, str]) -> Comer:
    """Who sits at the page. Raises Refused where it is another site's, or nobody is signed in."""
    if headers.get("origin") != config.origin:
        raise Refused("This did not come from a page of this site.")
    key = session_key_of(headers.get("cookie", ""))
    who = signed_in(key) if key else None
    if who is None:
        raise Refused("Sign in first.")
    mfa = Session.objects.filter(id=who.session, mfa=True).exists()
    return Comer(who.person, Whereabouts(str(who.session), mfa, *seat(scope, headers)))


def seat(scope: dict[str, Any], headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Device and address, as entries have them."""
    return headers.get("user-agent", "")[:200] or None, (scope.get("client") or (None,))[0]


def _typed(given: Mapping[str, str]) -> datetime:
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


# `POST /partner/asked/<ask>/file?name=...&starts_at=2026-11-20T12:00&twice=`, the file as the body.
PAGE = Door(re.compile(f"/partner/asked/{ASK}/file"), _signed_in_here, _typed)
