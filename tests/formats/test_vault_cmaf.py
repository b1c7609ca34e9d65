"""Recovery reads the index out of real fragmented MP4, made by a muxer that is not ours."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from evidence.recorder.states import GapReason
from evidence.vault import tink
from evidence.vault.cmaf import check_init, check_piece, scan
from evidence.vault.repair import Recovered, recover
from evidence.vault.segmentfile import SegmentWriter
from tests.recorder_source import Rig, encode, read_clip
from tests.vault_footage import Place, asset

FRAMES = 60
GOP = 15


def fragmented_mp4(movflags: str, frag_frames: int) -> bytes:
    """60 frames at 20 a second, a key frame every 15, cut as the flags say."""
    output = io.BytesIO()
    options = {"movflags": movflags, "frag_duration": str(frag_frames * 50_000)}
    with av.open(output, "w", format="mp4", options=options) as container:
        stream = container.add_stream(
            "libx264", rate=20, options={"g": str(GOP), "bf": "2", "sc_threshold": "0"}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.time_base = Fraction(1, 20)
        rng = np.random.default_rng(1)
        for _ in range(FRAMES):
            picture = rng.integers(0, 255, (96, 160, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return output.getvalue()


@pytest.fixture(scope="module")
def gops() -> bytes:
    return fragmented_mp4("frag_keyframe+empty_moov+default_base_moof+skip_trailer", 1_000)


def test_gops_of_another_muxer_are_found_with_their_times(gops: bytes) -> None:
    found = scan(lambda offset, length: gops[offset : offset + length], len(gops))
    assert len(found.pieces) == FRAMES // GOP
    assert all(piece.key for piece in found.pieces)
    assert [piece.start_90k for piece in found.pieces] == [number * GOP * 4_500 for number in range(4)]
    assert [piece.duration_90k for piece in found.pieces] == [GOP * 4_500] * 4
    assert found.init_length + sum(piece.length for piece in found.pieces) == len(gops)
    check_init(gops[: found.init_length])
    check_piece(gops[found.init_length :])


def test_single_frames_of_another_muxer_are_found_with_their_key_flags() -> None:
    data = fragmented_mp4("frag_every_frame+empty_moov+default_base_moof+skip_trailer", 1)
    found = scan(lambda offset, length: data[offset : offset + length], len(data))
    assert len(found.pieces) == FRAMES
    assert [number for number, piece in enumerate(found.pieces) if piece.key] == [0, 15, 30, 45]
    assert all(after.start_90k - before.start_90k == 4_500 for before, after in pairwise(found.pieces))


def test_a_cut_anywhere_gives_the_whole_pieces_before_it(gops: bytes) -> None:
    whole = scan(lambda offset, length: gops[offset : offset + length], len(gops))
    for cut in range(0, len(gops), 97):
        found = scan(lambda offset, length: gops[offset : offset + length], cut)
        assert found.pieces == whole.pieces[: len(found.pieces)]
        ends = found.init_length + sum(piece.length for piece in found.pieces)
        assert ends <= cut


def test_recovery_reads_the_recorders_own_fragments_as_the_recorder_told_them(tmp_path: Path) -> None:
    clip = read_clip(encode(tmp_path / "clip.mp4", b_frames=1))
    rig = Rig(clip)
    rig.play(clip.units)
    rig.camera.end(GapReason.CLOSED_BY_CAMERA, "over", rig.now_s)
    recorded = rig.sink.segments[0]
    outcomes = []
    for way in ("closed", "killed"):
        place = Place(tmp_path / way)
        with place.spool() as spool:
            which = asset(starts_at=recorded.fragments[0][1])
            writer = SegmentWriter.open(which, place.period_key, place.store(), spool, init=recorded.init)
            for data, starts_at, duration_s, key in recorded.fragments:
                writer.append(data, starts_at, round(duration_s * 90_000), key)
            if way == "closed":
                writer.close(None)
            else:
                writer.abandon()
            outcomes += recover(spool, place.store(), place.key_for, lambda _: None)
    closed, killed = outcomes
    assert isinstance(closed, Recovered)
    assert isinstance(killed, Recovered)
    told, found = closed.sealed.fragments, killed.sealed.fragments
    assert 0 <= len(told) - len(found) <= 1 + tink.BLOCK_BYTES // min(each.length for each in told)
    for ours, theirs in zip(found, told, strict=False):
        assert (ours.offset, ours.length, ours.key) == (theirs.offset, theirs.length, theirs.key)
        assert abs(ours.start_90k - theirs.start_90k) <= 90
        assert abs(ours.duration_90k - theirs.duration_90k) <= 90
