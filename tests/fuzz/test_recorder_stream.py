"""A whole connection of a hostile camera: only ProtocolError comes out, and what is kept is well made."""

from __future__ import annotations

import functools
import tempfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.recorder.boxes import init_length, parse_fragments
from evidence.recorder.states import GapReason, ProtocolError
from tests.recorder_source import Clip, Rig, encode, read_clip


@functools.cache
def clip() -> Clip:
    with tempfile.TemporaryDirectory() as folder:
        headers = {"x264-params": "repeat-headers=1:scenecut=0"}
        return read_clip(encode(Path(folder) / "clip.mp4", frames=20, gop=5, b_frames=2, options=headers))


EDIT = st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 40))


@given(st.lists(EDIT, max_size=6), st.integers(1, 5000))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mangled_connection_keeps_only_well_made_footage(
    edits: list[tuple[float, bytes, int]], step: int
) -> None:
    rig = Rig(clip())
    data = b"".join(packet for unit in clip().units for packet in rig.wire.unit(unit.nals, unit.pts))
    for place, new, drop in edits:
        at = int(place * len(data))
        data = data[:at] + new + data[at + drop :]
    with suppress(ProtocolError):
        for at in range(0, len(data), step):
            rig.clocks.monotonic_s = 1000 + 2.0 * at / len(data)
            rig.feed(data[at : at + step])
            rig.capture.check()
    rig.camera.end(GapReason.PROTOCOL_ERROR, "over", rig.now_s)
    assert rig.gaps[-1].ends_at is None
    for segment in rig.sink.segments:
        kept = segment.bytes
        assert init_length(kept) == len(segment.init)
        pieces = parse_fragments(kept)
        assert len(pieces) == len(segment.fragments)
        assert pieces[0].key
        times = [sample.decode_time for piece in pieces for sample in piece.samples]
        assert times == sorted(set(times))
        assert all(a[1] <= b[1] for a, b in pairwise(segment.fragments))
        assert all(duration_s >= 0 for _, _, duration_s, _ in segment.fragments)
