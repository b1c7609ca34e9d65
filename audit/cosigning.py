"""Asking witnesses (the log's side of C2SP tlog-witness v1.0.0). No Django."""

from __future__ import annotations

import base64
import http.client
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from audit.note import BadNote, Checkpoint, Note, Signature, VerifierKey

# A witness syncs what it cosigns before it answers.
TIMEOUT_S = 5.0
SIZE_TYPE = "text/x.tlog.size"
MAX_ANSWER_BYTES = 65_536

Prover = Callable[[int, int], list[bytes]]


class WitnessAway(Exception):
    """The witness does not answer, or not as a witness does; asking again later is right."""


class WitnessAhead(Exception):
    """The witness has cosigned a larger tree than the one it was shown."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__(f"the witness {name} has seen {size} leaves")
        self.name = name
        self.size = size


class SplitView(Exception):
    """The witness has cosigned a tree that ours did not grow from."""


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class WitnessClient:
    """One witness: its cosignature key and where it is. Remembers the size it last cosigned."""

    def __init__(self, key: VerifierKey, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.key = key
        self._url = url
        self._timeout_s = timeout_s
        self.size: int | None = None

    def cosign(self, note: Note, prove: Prover) -> Signature:
        """Have the note's checkpoint cosigned; ``prove(old, size)`` gives the consistency proof.

        Raises WitnessAway, WitnessAhead or SplitView.
        """
        shown = Checkpoint.parse(note.text)
        old = shown.size if self.size is None or self.size > shown.size else self.size
        status, kind, body = self._post(old, [] if old == shown.size else prove(old, shown.size), note)
        if status == 409 and kind == SIZE_TYPE:
            old = self._known_size(body, shown, old)
            status, kind, body = self._post(old, prove(old, shown.size) if old else [], note)
        if status == 422 or (status == 409 and old == shown.size):
            raise SplitView(f"the witness {self.key.name} knows another history of this log ({status})")
        if status != 200:
            raise WitnessAway(f"the witness {self.key.name} answered {status}")
        signature = self._verified(body, note)
        self.size = shown.size
        return signature

    def _known_size(self, body: bytes, shown: Checkpoint, old: int) -> int:
        """The size that a 409 names, where it is one that we can start from."""
        if not body.strip().isdigit():
            raise WitnessAway(f"the witness {self.key.name} named no size")
        known = int(body)
        if known > shown.size:
            self.size = None
            raise WitnessAhead(self.key.name, known)
        if known == shown.size == old:
            raise SplitView(f"the witness {self.key.name} has another root for {known} leaves")
        return known

    def _post(self, old: int, proof: list[bytes], note: Note) -> tuple[int, str, bytes]:
        lines = [f"old {old}", *(base64.b64encode(item).decode() for item in proof), "", str(note)]
        connection, prefix = self._connection()
        try:
            connection.request("POST", f"{prefix}/add-checkpoint", "\n".join(lines).encode())
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read(MAX_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise WitnessAway(f"the witness {self.key.name} does not answer: {error}") from error
        finally:
            connection.close()

    def _connection(self) -> tuple[http.client.HTTPConnection, str]:
        if self._url.startswith("unix:"):
            return _UnixConnection(self._url.removeprefix("unix:"), self._timeout_s), ""
        parts = urlsplit(self._url)
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return make(parts.hostname or "", parts.port, timeout=self._timeout_s), parts.path.rstrip("/")

    def _verified(self, body: bytes, note: Note) -> Signature:
        """The witness's own signature line among those it answered with."""
        try:
            answered = Note(note.text, tuple(Signature.parse(line) for line in body.decode().splitlines()))
            return answered.verified([self.key])[0]
        except (BadNote, UnicodeDecodeError) as error:
            raise WitnessAway(
                f"the witness {self.key.name} answered without a good cosignature: {error}"
            ) from error
