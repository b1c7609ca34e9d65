"""How long does the offline verifier take for a package of 4 GB, and in how much memory?

Makes a synthetic package (zeros for pictures, a log of its own; the file is sparse), opens `verify.html` from
a `file://` address in Chromium, gives it the zip file, and reads the memory of the page's process meanwhile;
then the Python verifier does the same.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from audit.encoding import disclose, entry_body
from audit.merkle import Tree, leaf_hash, prove_inclusion
from audit.note import ED25519, Checkpoint, Note, SigningKey
from evidence.exports.package import VERIFY_HTML, VERIFY_PY, Media, sha256, stream
from tests.chromium import executable

FRAGMENT = 4 << 20
SALT = bytes(32)
AT = datetime(2026, 11, 22, 15, tzinfo=UTC)
TEXT = "2026-11-22T15:00:00.000000Z"
CAMERA = "01a204a2-39a0-7f43-a7c3-989dde4bec28"


def _zeros(count: int) -> Iterator[bytes]:
    piece = bytes(FRAGMENT)
    for _ in range(count):
        yield piece


def _entry(**fields: Any) -> tuple[bytes, dict[str, str]]:
    said = disclose(fields)
    return entry_body(said), {each.name: each.disclosure() for each in said if each.name in fields}


class _Log:
    """A log of three entries: a minute, the asking, and the manifest."""

    def __init__(self) -> None:
        self.key = SigningKey.generate("benchmark.example/log", ED25519)
        self.bodies: list[bytes] = []

    def receipt(self, index: int) -> str:
        tree = Tree(leaf_hash(body) for body in self.bodies)
        checkpoint = Checkpoint(self.key.name, len(self.bodies), tree.root())
        note = Note(checkpoint.text(), (self.key.sign(checkpoint.text()),))
        path = [
            base64.b64encode(item).decode() for item in prove_inclusion(index, len(self.bodies), tree.node)
        ]
        return "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *path, "", str(note)])


def _segment(count: int) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """What the manifest says of the one segment, its proofs, and its line in the minute."""
    entry = hashlib.sha256(SALT + bytes(FRAGMENT)).digest()
    tree = Tree(leaf_hash(entry) for _ in range(count))
    asset = {"kind": "segment", "id": CAMERA, "source": CAMERA, "starts_at": TEXT, "lease_epoch": 1}
    seal = json.dumps(
        {"asset": asset, "ends_at": TEXT, "fragments": count, "merkle_root": tree.root().hex(),
         "previous": None, "ciphertext_sha256": "00"}
    )  # fmt: skip
    line = json.dumps({"camera": CAMERA, "id": CAMERA, "seal": sha256(seal.encode())}).encode()
    fragments = [
        {"number": n, "offset": n * FRAGMENT, "length": FRAGMENT, "salt": SALT.hex(),
         "path": [node.hex() for node in prove_inclusion(n, count, tree.node)]}
        for n in range(count)
    ]  # fmt: skip
    proofs = {
        "asset": CAMERA, "seal": seal, "leaf": line.decode(), "minute": TEXT, "count": count,
        "fragments": fragments, "minute_index": 0, "minute_count": 1, "minute_path": [],
    }  # fmt: skip
    said = {
        "asset": CAMERA, "from": TEXT, "to": TEXT, "segment_from": TEXT, "segment_to": TEXT,
        "first_fragment": 0, "last_fragment": count - 1, "seal_sha256": sha256(seal.encode()),
        "ciphertext_sha256": "00",
    }  # fmt: skip
    return said, proofs, line


def make(path: Path, gigabytes: float) -> int:
    """Write the package; returns its size."""
    count = int(gigabytes * (1 << 30)) // FRAGMENT
    said, proofs, line = _segment(count)
    log = _Log()
    minute, minute_said = _entry(time=TEXT, event="footage.sealed", detail={"root": leaf_hash(line).hex()})
    asked, asked_said = _entry(time=TEXT, event="act.permitted")
    whole = hashlib.sha256()
    for piece in _zeros(count):
        whole.update(piece)
    media: dict[str, Any] = {
        "file": "data/media/001.mp4", "proofs": "data/proofs/001.json", "sha256": whole.hexdigest(),
        "bytes": count * FRAGMENT, "camera": CAMERA, "from": TEXT, "to": TEXT, "segments": [said],
    }  # fmt: skip
    documents = {
        "data/trust.txt": f"log {log.key.verifier}\nquorum none\n".encode(),
        "data/proofs/001.json": json.dumps({"segments": [proofs]}).encode(),
    }
    log.bodies = [minute, asked]
    # The tree grows by the manifest's entry; earlier receipts stay good for the smaller checkpoint.
    entries = ((0, "minute", minute, minute_said), (1, "asked", asked, asked_said))
    for index, name, body, shown in entries:
        receipt = f"data/receipts/{name}.tlog-proof"
        documents[receipt] = log.receipt(index).encode()
        entry = {"body": body.decode(), "disclosures": shown, "receipt": receipt}
        key = "data/proofs/minutes.json" if name == "minute" else "data/proofs/asked.json"
        documents[key] = json.dumps({TEXT: entry} if name == "minute" else entry).encode()
    files = {name: sha256(content) for name, content in documents.items()} | {media["file"]: media["sha256"]}
    manifest = json.dumps({"media": [media], "gaps": [], "files": files}).encode()
    documents["data/manifest.json"] = manifest
    stated, stated_said = _entry(
        time=TEXT, event="export.stated", detail={"manifest_sha256": sha256(manifest)}
    )
    log.bodies.append(stated)
    entered = {
        "log/manifest.json": json.dumps({"body": stated.decode(), "disclosures": stated_said}).encode(),
        "log/manifest.tlog-proof": log.receipt(2).encode(),
    }
    part = Media(media["file"], media["bytes"], media["sha256"], _zeros(count))
    with path.open("wb") as file:
        for chunk in stream("export-benchmark", documents, [part], entered, AT):
            # Zeros are left as holes, so that 4 GB need no 4 GB of disk.
            if len(chunk) == FRAGMENT and not any(chunk):
                file.seek(len(chunk), os.SEEK_CUR)
            else:
                file.write(chunk)
        file.truncate()
    return path.stat().st_size


def _pss_mb(process: int) -> float:
    try:
        rows = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(row.split()[1]) for row in rows if row.startswith("Pss:")) / 1024


class Memory:
    """The largest proportional set size of a page's process while it works."""

    def __init__(self, processes: list[int]) -> None:
        self.most = self.first = max((_pss_mb(each) for each in processes), default=0.0)
        self._processes, self._over = processes, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            self.most = max([self.most, *(_pss_mb(each) for each in self._processes)])

    def end(self) -> None:
        self._over.set()
        self._thread.join()


def in_chromium(package: Path) -> tuple[float, float, float, str]:
    """Seconds, memory before and at most (MB), and the verdict."""
    flags = ["--no-sandbox", "--disable-background-networking"]
    with sync_playwright() as playwright:
        before = set(_chromium_pages())
        browser = playwright.chromium.launch(executable_path=executable(), args=flags)
        page = browser.new_page()
        page.goto(VERIFY_HTML.as_uri())
        memory = Memory(sorted(set(_chromium_pages()) - before))
        began = time.monotonic()
        page.set_input_files("#zip", package)
        page.wait_for_selector("#verdict.good, #verdict.bad", timeout=1_800_000)
        took = time.monotonic() - began
        memory.end()
        verdict = page.locator("#verdict").inner_text().splitlines()[0]
        browser.close()
    return took, memory.first, memory.most, verdict


def _chromium_pages() -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if b"--type=renderer" in words:
            found.append(int(path.parent.name))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=4.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "export.zip"
        size = make(package, given.gigabytes)
        print(f"package: {size / (1 << 30):.2f} GiB")
        took, first, most, verdict = in_chromium(package)
        print(f"Chromium: {took:.0f} s, page process {first:.0f} MB before, {most:.0f} MB at most: {verdict}")
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-I", str(VERIFY_PY), str(package)], check=False)
        print(f"Python: {time.monotonic() - began:.0f} s, exit code {done.returncode}")


if __name__ == "__main__":
    main()
