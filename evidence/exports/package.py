"""The package: a BagIt folder (RFC 8493) in one zip64 file, stored without compression, written as a stream.

<name>/bagit.txt, bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt
<name>/READ-ME.txt, verify.html, verify.py      for the recipient
<name>/log/manifest.json, log/manifest.tlog-proof   the entry that states the hash of data/manifest.json
<name>/data/manifest.json, data/summary.pdf, data/custody.json, data/trust.txt
<name>/data/media/*.mp4, data/proofs/*.json, data/receipts/*.tlog-proof
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtcc.errors import Unavailable

HERE = Path(__file__).parent
VERIFY_HTML = HERE / "verifier" / "verify.html"
VERIFY_PY = HERE / "verifier" / "verify.py"
READ_ME = """This package holds video footage and the proof that it is what was recorded.

To check it: open verify.html in a browser (Chrome, Edge, Firefox or Safari; no network is needed), and
give it the zip file as you received it, or the unpacked folder.
Or run:  python3 verify.py <zip file or folder>

The media files in data/media play in any player. data/summary.pdf says in words what is in the package.
A verifier that comes with a package could lie together with it: take verify.html or verify.py from the
agency's publications, and compare the log's key that it shows with the one that the agency publishes.
"""


@dataclass(frozen=True)
class Media:
    """A media file of the package: path below the bag, size, SHA-256, and its bytes."""

    path: str
    size: int
    sha256: str
    chunks: Iterable[bytes]


class _Sink(io.RawIOBase):
    """Takes what the zip writer writes, and gives it on."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _tags(
    name: str, data: Mapping[str, tuple[str, int]], log: Mapping[str, bytes], at: datetime
) -> dict[str, bytes]:
    """The files beside the payload; the tag manifest last, over the others."""
    size = sum(length for _, length in data.values())
    tags = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": (
            f"Bag-Software-Agent: Watchlight\nBagging-Date: {at:%Y-%m-%d}\nExternal-Identifier: {name}\n"
            f"Payload-Oxum: {size}.{len(data)}\n"
        ).encode(),
        "manifest-sha256.txt": "".join(
            f"{digest}  {path}\n" for path, (digest, _) in sorted(data.items())
        ).encode(),
        "READ-ME.txt": READ_ME.encode(),
        "verify.html": VERIFY_HTML.read_bytes(),
        "verify.py": VERIFY_PY.read_bytes(),
        **log,
    }
    listed = "".join(f"{sha256(content)}  {path}\n" for path, content in sorted(tags.items()))
    return {**tags, "tagmanifest-sha256.txt": listed.encode()}


def stream(
    name: str,
    documents: Mapping[str, bytes],
    media: Iterable[Media],
    log: Mapping[str, bytes],
    at: datetime,
) -> Iterator[bytes]:
    """The zip file in pieces. ``documents`` and media paths begin with ``data/``; ``log`` with ``log/``.

    Raises Unavailable where a media file's bytes are not those that were measured.
    """
    files = list(media)
    data = {path: (sha256(content), len(content)) for path, content in documents.items()}
    data |= {each.path: (each.sha256, each.size) for each in files}
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as bag:
        for path, content in {**_tags(name, data, log, at), **documents}.items():
            bag.writestr(_info(f"{name}/{path}", at), content)
            yield sink.take()
        for each in files:
            yield from _media(bag, sink, name, each, at)
    yield sink.take()


def _media(bag: zipfile.ZipFile, sink: _Sink, name: str, media: Media, at: datetime) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with bag.open(_info(f"{name}/{media.path}", at), "w", force_zip64=True) as file:
        for chunk in media.chunks:
            digest.update(chunk)
            file.write(chunk)
            yield sink.take()
    if digest.hexdigest() != media.sha256:
        raise Unavailable(
            "A recording changed while it was exported. Nothing was handed out; tell the operator."
        )
    yield sink.take()


def _info(path: str, at: datetime) -> zipfile.ZipInfo:
    made = at.astimezone(UTC)
    info = zipfile.ZipInfo(path, (made.year, made.month, made.day, made.hour, made.minute, made.second))
    info.external_attr = 0o644 << 16
    return info
