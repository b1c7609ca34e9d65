"""Media files of a package: read once to prove and measure, and again to be written; the same bytes twice."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import rfc8785

from evidence.catalogue.minute import leaf_line
from evidence.exports.index import MediaIndex, opening, sample_entry
from evidence.models import Segment
from evidence.recorder.boxes import parse_fragments
from evidence.recorder.states import ProtocolError
from evidence.vault.door import FootageBroken, FootageDestroyed
from evidence.vault.export_door import ExportView, Prover
from evidence.vault.fragments import to_ticks
from policy.permits import Permit


@dataclass(frozen=True)
class Part:
    """What the first reading of a media file found."""

    sha256: str
    size: int
    moov: bytes
    proofs: dict[str, Any]


class RunReader:
    """One gap-free run of one camera, under one permit. ``progress`` is told bytes as they are read."""

    def __init__(
        self,
        permit: Permit,
        span: dict[str, Any],
        run: dict[str, Any],
        go_on: Callable[[], None],
        progress: Callable[[int], None],
    ) -> None:
        self.run, self._progress = run, progress
        self.starts_at = datetime.fromisoformat(run["from"])
        interval = (self.starts_at, datetime.fromisoformat(run["to"]))
        self.view = ExportView(permit, UUID(span["camera"]), interval, go_on)

    def __enter__(self) -> RunReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.view.__exit__()

    def _rows(self) -> Iterator[tuple[Segment, dict[str, Any]]]:
        for said in self.run["segments"]:
            row = Segment.objects.of_assets([(date.fromisoformat(said["day"]), UUID(said["asset"]))]).first()
            if row is None or bytes(row.seal_sha256).hex() != said["seal_sha256"]:
                raise FootageBroken("A segment of this export is not what was approved. Tell the operator.")
            if row.tombstone is not None:
                raise FootageDestroyed(row.tombstone)
            yield row, said

    def measure(self) -> Part:
        """Read all of it once: hash, index and proofs. Raises FootageBroken, FootageDestroyed."""
        try:
            return self._measured()
        except (ProtocolError, ValueError, struct.error) as error:
            # What was sealed by the recorder can be read: this is something else.
            raise FootageBroken("A recording is not what was sealed. The operator has been told.") from error

    def _measured(self) -> Part:
        head = opening(self.run["bytes"])
        first = self.run["segments"][0]
        index = MediaIndex(first["width"], first["height"])
        digest, at = hashlib.sha256(head), len(head)
        proofs = []
        for row, said in self._rows():
            segment = _Segment(row, said, self.starts_at)
            file = self.view.file(row)
            prover = Prover(file)
            for number, _, data in self.view.fragments(file, 0, row.fragments - 1):
                prover.add(number, data)
                segment.look(number, data)
                if said["first_fragment"] <= number <= said["last_fragment"]:
                    digest.update(data)
                    segment.put(index, number, data, at)
                    at += len(data)
                    self._progress(len(data))
            prover.check(bytes(row.merkle_root))
            proofs.append(segment.proofs(prover))
            self.view.release(file)
        moov = index.moov()
        digest.update(moov)
        return Part(digest.hexdigest(), at + len(moov), moov, {"segments": proofs})

    def chunks(self, moov: bytes) -> Iterator[bytes]:
        """The bytes of the file, as `measure` hashed them."""
        yield opening(self.run["bytes"])
        for row, said in self._rows():
            file = self.view.file(row)
            for _, _, data in self.view.fragments(file, said["first_fragment"], said["last_fragment"]):
                yield data
                self._progress(len(data))
            self.view.release(file)
        yield moov


class _Segment:
    """One segment while it is read: where its frames lie and when they were."""

    def __init__(self, row: Segment, said: dict[str, Any], run_starts_at: datetime) -> None:
        self._row, self._said, self._begins = row, said, run_starts_at
        self._entry = b""
        self._zero = 0
        self._offsets: dict[int, tuple[int, int]] = {}

    def look(self, number: int, data: bytes) -> None:
        """Fragment 0 holds the init segment, and the decode time that the segment's beginning has."""
        if number == 0:
            self._entry = sample_entry(data[: self._row.init_length])
            frames = parse_fragments(data[self._row.init_length :])
            self._zero = frames[0].decode_time if frames else 0

    def put(self, index: MediaIndex, number: int, data: bytes, at: int) -> None:
        self._offsets[number] = (at, len(data))
        if self._row.starts_at >= self._begins:
            ticks = to_ticks(self._row.starts_at, self._begins)
        else:
            ticks = -to_ticks(self._begins, self._row.starts_at)
        index.add(parse_fragments(data), at=at, ticks=ticks - self._zero, description=self._entry)

    def proofs(self, prover: Prover) -> dict[str, Any]:
        """The seal and its leaf as the exact texts that were hashed, and each fragment's place and path."""
        fragments = []
        for number, (offset, length) in self._offsets.items():
            salt, path = prover.proof(number)
            fragments.append(
                {
                    "number": number,
                    "offset": offset,
                    "length": length,
                    "salt": salt.hex(),
                    "path": [node.hex() for node in path],
                }
            )
        return {
            "asset": str(self._row.id),
            "seal": rfc8785.dumps(self._row.sealed.seal.to_json()).decode(),
            "leaf": leaf_line(self._row).decode(),
            "minute": self._said["minute"],
            "count": self._row.fragments,
            "fragments": fragments,
        }
