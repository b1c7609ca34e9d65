"""``kill -9`` at random over a system that works: recorder, worker, sequencer, web and database, in a seeded
order, while an analyst watches. Afterwards the log and the footage verify, nothing stands outside the state
table, and no viewer has received more bytes than are entered.

    python -m benchmarks.killing [--kills 40] [--seed 2026] [--data DIR]

The system is started by ``./run`` on a data folder of its own; it mends itself after each kill.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException

from benchmarks.words import machine
from rtcc.onebox.environment import free_port
from rtcc.onebox.options import ROOT
from tests.live_site import small_scene, until
from tests.protocol_client import WallClient
from tests.visitor import Visitor

CAMERAS = 12
# How each of them is told from the others, by its command line.
VICTIMS = {
    "recorder": "manage.py recorder",
    "worker": "rtcc.worker worker",
    "sequencer": "manage.py sequencer",
    "web": "uvicorn rtcc.asgi",
    "database": "/bin/postgres -D",
}
# After the last kill: sweepers, a whole minute to seal, and pauses of the supervisor.
SETTLE_S = 150.0
ASK = """
import json
from django.db.models import Sum
from rtcc.live.models import Delivered, Viewing
from audit.models import Disclosure
found = {}
for row in Viewing.objects.all():
    said = dict(Disclosure.objects.filter(entry=row.ended_entry).values_list("field", "value"))
    total = Delivered.objects.filter(viewing=row).aggregate(total=Sum("reserved"))["total"] or 0
    found[str(row.id)] = {"ended": row.ended_at is not None, "bytes": json.loads(said.get("bytes", "null")),
                          "exact": json.loads(said.get("exact", "null")), "account": total}
print("ANSWER " + json.dumps(found))
"""
STATES = """
import json
from evidence.models import KeepWrap, Segment
from evidence.retention.states import Found, state_of
from evidence.vault.examine import Shelf
store, outside = Shelf(), []
wrapped = set(KeepWrap.objects.values_list("segment", flat=True))
for row in Segment.objects.all():
    found = Found(row.tombstone is not None, row.wrapped_key is not None, row.id in wrapped,
                  store.has(row.location))
    if state_of(found) is None:
        outside.append(f"segment {row.id}: {found}")
print("ANSWER " + json.dumps(outside))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    print(machine(), flush=True)
    with contextlib.ExitStack() as stack:
        folder = options.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wl-kill-")))
        faults = soak(folder, options.kills, options.seed)
    print("\n".join(faults) or "No fault.")
    raise SystemExit(1 if faults else 0)


def soak(folder: Path, kills: int, seed: int) -> list[str]:
    """Start, kill, settle, verify; the faults in words, none when all is well."""
    with running(folder) as system:
        analyst = Analyst(system.port)
        analyst.start()
        until(lambda: analyst.total > 100_000, 180, "the first pictures")
        counted = system.kill_some(kills, seed)
        print(f"{sum(counted.values())} kills, seed {seed}: {dict(counted)}", flush=True)
        time.sleep(20)
        analyst.stop()
        time.sleep(SETTLE_S)
        faults = conservation(analyst.received, system.ask(ASK))
        faults += system.ask(STATES)
        print(f"{analyst.total / 1e6:.1f} MB received in {len(analyst.received)} viewings", flush=True)
        for command in (("verify_log",), ("verify_footage", "--level", "hash")):
            faults += system.verify(*command)
    return faults


def conservation(received: Counter[str], entered: dict[str, dict[str, object]]) -> list[str]:
    """Per viewing: bytes received <= bytes entered, and equal where the entry says exact."""
    faults = []
    for viewing, size in received.items():
        row = entered.get(viewing)
        if row is None or not row["ended"]:
            faults.append(f"viewing {viewing}: {size} bytes received, and no entry of its end")
        elif size > int(str(row["bytes"])) or (row["exact"] and size != row["bytes"]):
            faults.append(
                f"viewing {viewing}: {size} bytes received, {row['bytes']} entered, exact {row['exact']}"
            )
    return faults


class System:
    """What ``./run`` keeps running."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
        self._process, self._folder, self.port = process, folder, port

    def kill_some(self, kills: int, seed: int) -> Counter[str]:
        """Kill in a seeded order; each is waited for when it is just being started anew."""
        choice = random.Random(seed)
        counted: Counter[str] = Counter()
        for number in range(kills):
            time.sleep(choice.uniform(1, 8))
            name = choice.choice(list(VICTIMS))
            until(partial(self.find, name), 120, f"the restart of {name}")
            pid = self.find(name)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                counted[name] += 1
            print(f"  {number + 1:2d} killed {name}", flush=True)
        return counted

    def verify(self, *command: str) -> list[str]:
        """The faults that a command of verification finds."""
        done = subprocess.run(self._words(*command, "--json"), cwd=ROOT, capture_output=True, text=True)
        body = json.loads(done.stdout[done.stdout.index("{") :])
        print(f"{command[0]}: exit {done.returncode}, {body.get('counts') or ''}", flush=True)
        if done.returncode == 0:
            return []
        return [f"{command[0]}: {fault}" for fault in body["faults"]] or [f"{command[0]} failed"]

    def ask(self, program: str) -> Any:
        """What a few lines of Python in the system's own surroundings answer, as JSON."""
        done = subprocess.run(
            self._words("shell", "-v", "0", "-c", program), cwd=ROOT, capture_output=True, text=True
        )
        answer = next((line for line in done.stdout.splitlines() if line.startswith("ANSWER ")), None)
        assert answer is not None, done.stderr[-2000:]
        return json.loads(answer.removeprefix("ANSWER "))

    def _words(self, *command: str) -> list[str]:
        return [str(ROOT / "run"), "--data", str(self._folder), *command]

    def find(self, name: str) -> int:
        """The process of that kind which the supervisor itself started; 0 where there is none."""
        for pid in children_of(self._process.pid):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if VICTIMS[name] in words:
                    return pid
        return 0


def children_of(pid: int) -> list[int]:
    """Direct children of a process, of each of its threads."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in path.read_text().split()]
    return found


@contextlib.contextmanager
def running(folder: Path) -> Iterator[System]:
    """The system on a data folder; its clips are small, so that killing is what costs."""
    port = free_port(8160)
    clips = folder.with_name(f"{folder.name}-clips")
    clips.mkdir(exist_ok=True)
    for number in (1, 2):
        target = clips / f"{number}.mp4"
        if not target.exists():
            target.write_bytes(small_scene(number).read_bytes())
    said = folder.with_name(f"{folder.name}.said")
    with said.open("w") as output:
        process = subprocess.Popen(
            [str(ROOT / "run"), "--data", str(folder), "--port", str(port), "--video", str(clips)],
            cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        until(
            lambda: "Watchlight is ready" in said.read_text() or process.poll() is not None, 600, "the start"
        )
        if process.poll() is not None:
            sys.exit(said.read_text())
        yield System(process, folder, port)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(90)


class Analyst(threading.Thread):
    """Enters on an incident and watches; opens everything again after whatever happens."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._over = threading.Event()
        self.received: Counter[str] = Counter()
        self._current: tuple[WallClient, list[dict[str, str]]] | None = None

    @property
    def total(self) -> int:
        now = self._current
        return sum(self.received.values()) + (now[0].bytes if now else 0)

    def run(self) -> None:
        while not self._over.is_set():
            # Whatever is down just now comes back; a person presses the button again.
            with contextlib.suppress(OSError, AssertionError, http.client.HTTPException, WebSocketException,
                                     KeyError, IndexError, TimeoutError):  # fmt: skip
                self._watch()
            self._over.wait(1)

    def stop(self) -> None:
        self._over.set()
        self.join(30)

    def _watch(self) -> None:
        visitor = Visitor(self._port)
        page = visitor.get("/sign-in/")
        button = re.search(r'value="([0-9a-f-]{36})">\s*<span class="title">Analyst<', page.text)
        assert button is not None
        assert visitor.post("/sign-in/demo/", person=button[1]).status == 302
        incidents = re.findall(r'action="/incidents/([0-9a-f-]{36})/watch/"', visitor.get("/incidents/").text)
        assert visitor.post(f"/incidents/{incidents[0]}/watch/").status == 302
        tiles = visitor.tiles()
        client = WallClient(self._port, visitor.cookie, keep=False)
        self._current = (client, tiles)
        try:
            opened = client.open_all(tiles)
            while not self._over.wait(0.2) and client.closed is None:
                if all(tile.ended for tile in opened):
                    break
        finally:
            client.leave()
            self._current = None
            for asked, tile in zip(tiles, opened, strict=True):
                self.received[asked["viewing"]] += tile.size


if __name__ == "__main__":
    main()
