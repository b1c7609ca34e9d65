"""The witness's answers (C2SP tlog-witness v1.0.0), over HTTP on loopback or a unix socket. No Django."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from audit.merkle import EMPTY_ROOT, BadProof, check_consistency
from audit.note import BadNote, BadSignature, Checkpoint, Note, SigningKey, VerifierKey
from audit.witness.store import Store

MAX_REQUEST_BYTES = 65_536
MAX_PROOF_LINES = 63
IDLE_S = 30.0
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_MONITOR = re.compile(r"/([0-9a-f]{64})/checkpoint")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: str
    kind: str = TEXT_TYPE


@dataclass(frozen=True)
class Request:
    """A parsed add-checkpoint request; nothing in it is verified."""

    old: int
    proof: list[bytes]
    note: Note

    @classmethod
    def parse(cls, data: bytes) -> Request:
        """Raise BadNote where the request is not of the specified form."""
        head, gap, note = data.partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        old = _OLD.fullmatch(lines[0])
        if not gap or old is None or len(lines) - 1 > MAX_PROOF_LINES:
            raise BadNote("a request is an old size, at most 63 proof lines, an empty line and a checkpoint")
        try:
            proof = [base64.b64decode(line, validate=True) for line in lines[1:]]
        except (binascii.Error, ValueError) as error:
            raise BadNote(f"a proof line is not base64: {error}") from error
        if any(len(item) != 32 for item in proof):
            raise BadNote("a proof line is not a hash")
        return cls(int(old[1]), proof, Note.parse(note))


class Witness:
    """Cosigns checkpoints of the logs it knows, each only if it grew from the last one it cosigned."""

    def __init__(
        self, store: Store, key: SigningKey, logs: Mapping[str, VerifierKey], now_s: Callable[[], int]
    ) -> None:
        self._store = store
        self._key = key
        self._logs = logs
        self._now_s = now_s
        # Comparing and persisting are one step: two requests at once must not roll a log back.
        self._one_at_a_time = threading.Lock()

    def add_checkpoint(self, data: bytes) -> Answer:
        """Answer a request; what is cosigned is on disk before this returns."""
        try:
            request = Request.parse(data)
            checkpoint = Checkpoint.parse(request.note.text)
        except BadNote as error:
            return Answer(400, f"{error}\n")
        log = self._logs.get(checkpoint.origin)
        if log is None:
            return Answer(404, "unknown log\n")
        try:
            signatures = request.note.verified([log])
        except BadSignature as error:
            return Answer(403, f"{error}\n")
        if request.old > checkpoint.size:
            return Answer(400, "the old size is larger than the checkpoint\n")
        with self._one_at_a_time:
            refusal = self._refusal(request, checkpoint, log)
            if refusal is not None:
                return refusal
            cosignature = self._key.cosign(request.note.text, self._now_s())
            self._store.keep(log, Note(request.note.text, (*signatures, cosignature)))
        return Answer(200, cosignature.line())

    def _refusal(self, request: Request, checkpoint: Checkpoint, log: VerifierKey) -> Answer | None:
        known = self._store.latest(log)
        conflict = Answer(409, f"{known.size}\n", SIZE_TYPE)
        if request.old != known.size:
            return conflict
        if checkpoint.size == known.size and checkpoint.root != known.root:
            # The same size with another root: a split view. v1.0.0 answers 409 here, later drafts 422.
            return conflict
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            return Answer(422, "the empty tree has another root\n")
        try:
            check_consistency(known.size, checkpoint.size, known.root, checkpoint.root, request.proof)
        except BadProof as error:
            return Answer(422, f"{error}\n")
        return None

    def latest(self, path: str) -> Answer:
        """``/<sha256 of the origin>/checkpoint``: the last note cosigned for a log."""
        match = _MONITOR.fullmatch(path)
        for log in self._logs.values():
            if match and hashlib.sha256(log.name.encode()).hexdigest() == match[1]:
                note = self._store.note(log)
                if note is not None:
                    return Answer(200, str(note))
        return Answer(404, "nothing here\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    witness: Witness

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_REQUEST_BYTES:
            self.close_connection = True
            return self._answer(Answer(413, "too long\n"))
        data = self.rfile.read(int(length))
        if self.path != "/add-checkpoint":
            return self._answer(Answer(404, "nothing here\n"))
        return self._answer(self.witness.add_checkpoint(data))

    def do_GET(self) -> None:
        self._answer(self.witness.latest(self.path))

    def _answer(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "local"

    def log_message(self, format: str, *args: Any) -> None:
        """One request a second or more would bury what matters; refusals are in the answers."""


class _UnixServer(ThreadingHTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        # HTTPServer.server_bind asks for a host name, which a unix socket has not.
        Path(str(self.server_address)).unlink(missing_ok=True)
        self.socket.bind(self.server_address)
        Path(str(self.server_address)).chmod(0o600)
        self.server_name, self.server_port = "localhost", 0


def make_server(witness: Witness, listen: str) -> HTTPServer:
    """A server on ``unix:/path`` or ``host:port`` (loopback only unless the host says otherwise)."""
    handler = type("Handler", (_Handler,), {"witness": witness})
    if listen.startswith("unix:"):
        return _UnixServer(listen.removeprefix("unix:"), handler)  # type: ignore[arg-type]  # a path is its address
    host, _, port = listen.rpartition(":")
    return ThreadingHTTPServer((host or "127.0.0.1", int(port)), handler)
