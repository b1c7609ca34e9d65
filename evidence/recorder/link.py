"""One camera's TCP connection: non-blocking, read into a buffer that all cameras share."""

from __future__ import annotations

import errno
import socket

from evidence.recorder import rtsp
from evidence.recorder.capture import Capture
from evidence.recorder.states import GapReason, ProtocolError

RECEIVE_BUFFER = 1024 * 1024
"""Asked of the kernel, so that a camera that is read four times a second is never held up."""
READ_LIMIT = 1024 * 1024

_REASONS = {
    errno.ECONNREFUSED: GapReason.REFUSED,
    errno.ETIMEDOUT: GapReason.TIMEOUT,
    errno.ECONNRESET: GapReason.CLOSED_BY_CAMERA,
    errno.EPIPE: GapReason.CLOSED_BY_CAMERA,
}


class ReadBuffer:
    """The shared buffer: what one connection left unread, then one read."""

    def __init__(self) -> None:
        self.bytes = bytearray(rtsp.MAX_PENDING + READ_LIMIT)
        self.view = memoryview(self.bytes)


def connection_error(number: int) -> ProtocolError:
    """A failed system call on a camera's socket, as a sentence and a reason."""
    reason = _REASONS.get(number, GapReason.UNREACHABLE)
    name = errno.errorcode.get(number, str(number))
    return ProtocolError(f"the connection to the camera failed ({name})", reason)


class Link:
    """A socket and, once it is connected, the capture it feeds."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Begins to connect. Raises ProtocolError."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.capture: Capture | None = None
        self._tail = b""
        try:
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            failed = self.socket.connect_ex(address)
        except OSError:
            self.socket.close()
            raise
        if failed not in (0, errno.EINPROGRESS):
            self.socket.close()
            raise connection_error(failed)

    def connected(self) -> None:
        """The socket became writable: did it connect? Raises ProtocolError."""
        failed = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise connection_error(failed)

    def read(self, capture: Capture, shared: ReadBuffer) -> int:
        """One read, fed to the capture; returns how many bytes came. Raises ProtocolError, OSError."""
        held = len(self._tail)
        view = shared.view
        try:
            count = self.socket.recv_into(view[held : held + READ_LIMIT])
        except BlockingIOError:
            return 0
        if not count:
            raise ProtocolError("the camera closed the connection", GapReason.CLOSED_BY_CAMERA)
        if held:
            view[:held] = self._tail
        end = held + count
        used = capture.receive(shared.bytes, end)
        self._tail = bytes(view[used:end]) if used < end else b""
        return count

    def flush(self, outgoing: bytearray) -> None:
        """Sends what the socket takes; the rest is tried again with the next check."""
        if not outgoing:
            return
        try:
            sent = self.socket.send(outgoing)
        except BlockingIOError:
            return
        del outgoing[:sent]

    def close(self) -> None:
        self.socket.close()
