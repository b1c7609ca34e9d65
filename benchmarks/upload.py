"""What does the web process need while somebody sends it ten gigabytes, and what does it answer?

    python -m benchmarks.upload [--gigabytes 10] [--taken 1]

The web server as one box starts it, and a client with a socket. Sent are: a file that says its length; one
that does not, which is read to the policy's limit and refused at the byte that is too many; one that is no
film and within the limit; the same body at another page. Memory is the process's proportional set size; the
client looks for the answer while it still sends, as a browser does.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks.verifier import Memory
from benchmarks.words import machine, table
from tests import live_site
from tests.live_site import Site
from tests.visitor import Visitor

PIECE = bytes(1 << 20)
PARTNERS = "cam11"
CITY = ZoneInfo("America/Chicago")


@dataclass
class Answer:
    """What came back: status, the sentence, how much was sent before, and for how long."""

    status: int
    text: str
    sent: int
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--taken", type=float, default=1, help="gigabytes of the file within the limit")
    asked = parser.parse_args()
    print(machine())
    with live_site.standalone(), live_site.surroundings(8554) as site:
        site.start_web()
        print(table(("what", "answer", "MB sent", "s", "MB before", "MB at most"), rows(site, asked)))


def rows(site: Site, asked: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """One for each kind of body."""
    door, partner = ask(site)
    most, within = int(asked.gigabytes * (1 << 30)), int(asked.taken * (1 << 30))
    for what, path, size, says in (
        ("says its length", door, most, True),
        ("does not say it", door, most, False),
        ("no film, within the limit", door, within, True),
        ("at another page", "/partner/", most, True),
        ("at another page, unsaid", "/partner/", most, False),
    ):
        memory = Memory([site.pid("web")])
        answer = send(site, partner, path, size, says)
        memory.end()
        assert not list((site.data.root / "uploads").glob("*")), "nothing stays of a refused file"
        print(f"{what}: {answer.status} {answer.text[:300]}", flush=True)
        yield (
            what, str(answer.status), f"{answer.sent / 1e6:.0f}", f"{answer.seconds:.1f}",
            f"{memory.first:.0f}", f"{memory.most:.0f}",
        )  # fmt: skip


def ask(site: Site) -> tuple[str, Visitor]:
    """An analyst asks a partner for footage; the address at which its file is handed in, and the partner."""
    analyst, partner = site.sign_in("ana.mercer"), Visitor(site.port)
    incident = re.search(r'action="/incidents/([0-9a-f-]{36})/watch/"', analyst.get("/incidents/").text)
    assert incident is not None
    # Not imported above: it needs the surroundings.
    from cameras.models import Camera

    began = datetime.now(CITY) - timedelta(hours=1)
    where, shape = f"/partner/asks/{incident[1]}/", "%Y-%m-%dT%H:%M"
    answer = analyst.post(
        where, camera=Camera.objects.get(code=PARTNERS).id, purpose="investigation",
        starts_at=began.strftime(shape), ends_at=(began + timedelta(minutes=5)).strftime(shape), note="a van",
    )  # fmt: skip
    assert answer.status == 302, answer.text
    partner.sign_in_as("Partner", "Marcus Hale")
    found = re.search(r"/partner/asked/([0-9a-f-]{36})/", partner.get("/partner/").text)
    assert found is not None, partner.get("/partner/").text
    return f"/partner/asked/{found[1]}/file?name=a.mp4&starts_at={began.strftime(shape)}", partner


def send(site: Site, visitor: Visitor, path: str, size: int, says: bool) -> Answer:
    """Send ``size`` bytes of zeros, with their length or in chunks, until there is an answer."""
    head = [
        f"POST {path} HTTP/1.1", f"Host: localhost:{site.port}", f"Origin: {site.origin}",
        f"Cookie: {visitor.cookie}", "Content-Type: application/octet-stream",
        f"Content-Length: {size}" if says else "Transfer-Encoding: chunked",
    ]  # fmt: skip
    began, sent = time.monotonic(), 0
    with socket.create_connection(("127.0.0.1", site.port), timeout=300) as wire:
        wire.sendall("\r\n".join([*head, "", ""]).encode())
        # A client that reads only after it has sent all would never know why it was cut off.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < size and not select.select([wire], [], [], 0)[0]:
                piece = PIECE[: size - sent]
                wire.sendall(piece if says else b"%x\r\n%b\r\n" % (len(piece), piece))
                sent += len(piece)
            if sent == size and not says:
                wire.sendall(b"0\r\n\r\n")
        answer = _read(wire)
    status = int(answer.split(b" ", 2)[1]) if answer else 0
    text = answer.partition(b"\r\n\r\n")[2].decode(errors="replace")
    return Answer(status, text, sent, time.monotonic() - began)


def _read(wire: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionResetError, TimeoutError):
        while piece := wire.recv(65536):
            found += piece
            if b"}" in piece:
                break
    return found


if __name__ == "__main__":
    main()
