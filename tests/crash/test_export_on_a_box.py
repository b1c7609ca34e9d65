"""A request for what was just recorded, to a package that an outsider verifies, on the whole running system:
``./run`` with its web server, Valkey, workers, recorder and sequencer, whose worker is killed on the way.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from benchmarks.killing import System, children_of, running
from tests.live_site import until
from tests.visitor import Visitor

CAMERAS = ("cam01", "cam02", "cam03", "cam11")
LASTS = timedelta(seconds=100)
CITY = ZoneInfo("America/Chicago")
ASK = """
import json
from audit.models import Disclosure
from evidence.exports.models import Export
from evidence.models import Asset, AssetWriting
from evidence.records.models import Request
from rtcc.bulletins.models import Bulletin
def said(event):
    rows = Disclosure.objects.filter(field="event", value=json.dumps(event)).values_list("entry", flat=True)
    fields = lambda row: Disclosure.objects.filter(entry=row).values_list("field", "value")
    return [{field: json.loads(value) for field, value in fields(row)} for row in rows]
row = Export.objects.select_related("keep", "asset").get()
hold = Request.objects.get(basis=row.basis_id).hold
print("ANSWER " + json.dumps({
    "export": {"state": row.state, "attempts": row.attempts, "kept_still": row.keep.released_at is None},
    "hold": {"stands": hold.released_at is None, "cameras": hold.intervals.count()},
    "packages": Asset.objects.filter(kind="package").count(), "writing": AssetWriting.objects.count(),
    "package": {"bytes": row.asset.plain_bytes, "sha256": bytes(row.asset.plain_sha256).hex()},
    "said": {each: said(each) for each in ("export.begun", "export.stated", "export.made", "asset.read")},
    "clips": [{"tries": each.tries, "made": each.asset is not None} for each in Bulletin.objects.all()],
    "clip_assets": Asset.objects.filter(kind="clip").count(),
}, default=str))
"""


def local(at: datetime) -> str:
    return at.astimezone(CITY).strftime("%Y-%m-%dT%H:%M:%S")


def visitor(system: System, title: str, name: str = "") -> Visitor:
    made = Visitor(system.port)
    made.sign_in_as(title, name)
    return made


def below(pid: int) -> list[int]:
    """All processes below this one."""
    found = children_of(pid)
    return found + [each for child in found for each in below(child)]


def words_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def kill(*pids: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def back_again(system: System, pid: int) -> None:
    """The supervisor has put another worker in its place."""
    until(lambda: system.find("worker") not in (0, pid), 60, "the restart of the worker")


def asked_publicly(system: System, begins: datetime) -> str:
    """Somebody who is not signed in asks for the footage round a corner; it is held when the answer comes.
    Returns the number.
    """
    public = Visitor(system.port)
    page = public.get("/request/").text
    code = re.search(r'name="code"[^>]*value="([^"]+)"', page)
    assert code is not None
    answer = public.post(
        "/request/", requester="Pat Doe", contact="pat@example.org", kind="civil_claim", near=CAMERAS[0],
        starts_at=local(begins), ends_at=local(begins + LASTS), wanted="a grey car",
        code=code[1],
    )  # fmt: skip
    number = re.search(r"Request (R-\d{4}-\d{4})", answer.text)
    assert number is not None, answer.text
    return number[1]


def proposed(officer: Visitor, number: str, begins: datetime) -> str:
    """The records officer fills the form in, until the footage is sealed and rooted in the log."""
    page = officer.get("/exports/new/?" + "&".join(f"camera={code}" for code in CAMERAS)).text
    basis = re.search(rf'<option value="([0-9a-f-]{{36}})"[^>]*>{number}:', page)
    assert basis is not None, page
    chosen = page[page.index('name="cameras"') : page.index("camera-places")]
    cameras = re.findall(r'<option value="([0-9a-f-]{36})" selected', chosen)
    assert len(cameras) == len(CAMERAS)
    form = {
        "export": uuid4(), "basis": basis[1], "cameras": cameras, "starts_at": local(begins),
        "ends_at": local(begins + LASTS), "recipient_class": "court", "recipient": "Circuit Court, A. Doe",
        "standard": "Rule 57.03", "reason": "Subpoena of the claimant",
    }  # fmt: skip
    answers = []

    def asked() -> bool:
        answers.append(officer.post("/exports/new/", **form))
        assert answers[-1].status == 302 or "not sealed in the log yet" in answers[-1].text, answers[-1].text
        return answers[-1].status == 302

    until_slowly(asked, 240, "footage that is sealed")
    return answers[-1].location


def until_slowly(true: Callable[[], bool], seconds: float, what: str) -> None:
    """As `until`, for what takes minutes and costs a request each time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not come within {seconds:.0f} s"
        time.sleep(2)


def killed_while(
    system: System, officer: Visitor, page: str, step: str, whom: Callable[[int], list[int]]
) -> None:
    """Kill the worker, or its children, as soon as the page says that it does this."""
    until(lambda: step in officer.get(f"{page}state/").text, 150, f"the step {step!r}")
    worker = system.find("worker")
    kill(*whom(worker))
    until(lambda: system.find("worker"), 60, "a worker")


def clip_sent_while_the_worker_dies(system: System) -> None:
    """An analyst sends a clip; the worker dies while its drawing program runs; the officer gets it."""
    analyst = visitor(system, "Analyst")
    incident = re.search(r'action="/incidents/([0-9a-f-]{36})/watch/"', analyst.get("/incidents/").text)
    assert incident is not None
    assert analyst.post(f"/incidents/{incident[1]}/watch/").status == 302
    tile = analyst.tiles()[0]
    known = analyst.get(f"/bulletins/to-whom/?grant={tile['grant']}").json()["recipients"]
    officer = next(each for each in known if each["unit"])
    worker = system.find("worker")
    sent = analyst.post(
        "/bulletins/send/", shape="clip", camera=tile["camera"], grant=tile["grant"], seconds=10,
        at=time.time() - 30, to=officer["id"],
    ).json()  # fmt: skip
    assert not sent["fault"], sent
    until(
        lambda: any("drawing.py" in words_of(each) for each in below(worker)), 30, "the drawing of the clip"
    )
    kill(worker)
    back_again(system, worker)
    token = sent["sent"][0]["link"].partition("#")[2]

    def made() -> bool:
        (row,) = analyst.get("/bulletins/state/").json()["sent"]
        assert not row["fault"], row
        return str(row["word"]) != "Being made"

    until_slowly(made, 200, "the clip")
    film = visitor(system, "Officer", officer["name"]).fetch("/p/open/", token=token)
    assert film[4:8] == b"ftyp"


def verify(folder: Path, package: Path, *more: str) -> tuple[int, str]:
    """The verifier for somebody who has nothing else: no site-packages, no environment, an empty folder."""
    empty = folder / "empty"
    empty.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), str(package), *more],
        env={}, cwd=empty, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def changed_bytes_are_named(folder: Path, content: bytes) -> None:
    whole = folder / "unpacked"
    with zipfile.ZipFile(io.BytesIO(content)) as bag:
        bag.extractall(whole)
    (root,) = whole.iterdir()
    assert verify(folder, whole)[0] == 0
    media = next((root / "data" / "media").iterdir())
    receipt = next(each for each in (root / "data").rglob("*.tlog-proof"))
    for path in (media, root / "data/manifest.json", receipt, root / "data/summary.pdf"):
        real = path.read_bytes()
        changed = bytearray(real)
        changed[len(real) // 2] ^= 1
        path.write_bytes(changed)
        code, said = verify(folder, whole)
        assert code == 1, path
        assert path.relative_to(root).as_posix() in said, (path, said)
        assert "DOES NOT VERIFY" in said
        path.write_bytes(real)


@pytest.mark.slow
def test_from_the_public_form_to_a_package_that_verifies_though_the_worker_is_killed(tmp_path: Path) -> None:
    with running(tmp_path / "data") as system:
        begins = datetime.now(UTC) + timedelta(seconds=2)
        until_slowly(lambda: datetime.now(UTC) > begins + LASTS, 130, "the end of that time")
        number = asked_publicly(system, begins)
        clip_sent_while_the_worker_dies(system)
        officer, second = visitor(system, "Records officer"), visitor(system, "Supervisor")
        page = proposed(officer, number, begins)
        assert second.post(f"{page}approve/").status == 302
        killed_while(system, officer, page, "reading and checking", lambda worker: [worker, *below(worker)])
        killed_while(system, officer, page, "writing the package", children_of)
        until_slowly(lambda: f"{page}download/" in officer.get(page).text, 180, "the package")
        content = officer.fetch(f"{page}download/")
        (tmp_path / "export.zip").write_bytes(content)
        (tmp_path / "verify.py").write_bytes(officer.get("/exports/verify.py").text.encode())
        code, words = verify(tmp_path, tmp_path / "export.zip")
        assert code == 0, words
        assert words.count("are as they were sealed") >= len(CAMERAS)
        changed_bytes_are_named(tmp_path, content)
        found = system.ask(ASK)
        faults = system.verify("verify_log") + system.verify("verify_footage", "--level", "hash")
    assert faults == []
    conserved(found, content)


def conserved(found: Any, content: bytes) -> None:
    """One export, begun, stated and made once; what went out is what the log says went out."""
    assert found["export"] == {"state": "ready", "attempts": found["export"]["attempts"], "kept_still": False}
    assert found["export"]["attempts"] >= 3, "killed twice, taken up twice"
    assert found["hold"]["stands"]
    assert found["hold"]["cameras"] >= 1
    said = found["said"]
    assert [len(said[event]) for event in ("export.begun", "export.stated", "export.made")] == [1, 1, 1]
    read = [each for each in said["asset.read"] if each["bytes"] == len(content)]
    assert [each["exact"] for each in read] == [True]
    assert found["package"]["bytes"] == len(content)
    assert (found["packages"], found["writing"]) == (1, 0)
    assert found["clips"] == [{"tries": 2, "made": True}]
    assert found["clip_assets"] == 1
