"""RTP, RTCP, H.264 and MP4 tables, each alone."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import pytest

from evidence.recorder import sps
from evidence.recorder.boxes import init_length, parse_fragments, walk
from evidence.recorder.fragments import Sample, chunk, fragment
from evidence.recorder.h264 import Depacketiser, ParameterSets, nal_units, slice_types
from evidence.recorder.rtp import Receiver, parse_rtcp
from evidence.recorder.states import GapReason, ProtocolError
from tests.recorder_source import EPOCH_S, Rig, Wire, encode, read_clip

IDR = b"\x65\x88" + bytes(40)
SLICE = b"\x41\x9a" + bytes(20)


class Desk:
    """Payloads in, units out."""

    def __init__(self) -> None:
        self.units: list[tuple[bytes, int, bool, bool]] = []
        self.depacketiser = Depacketiser(
            ParameterSets(), lambda data, at, key, damaged: self.units.append((bytes(data), at, key, damaged))
        )
        self.receiver = Receiver(96, self.depacketiser)
        self.wire = Wire(base=0)

    def feed(self, packet: bytes) -> None:
        self.receiver.packet(bytearray(packet), 4, len(packet))

    def nals(self) -> list[list[bytes]]:
        return [[bytes(nal) for nal in nal_units(data)] for data, _, _, _ in self.units]


def test_single_units_aggregates_and_fragments_come_back_as_they_were() -> None:
    desk = Desk()
    sei, large = b"\x06\x05\x01\x00\x80", b"\x65\x88" + bytes(range(256)) * 20
    stap = b"\x18" + b"".join(struct.pack(">H", len(nal)) + nal for nal in (sei, IDR))
    desk.feed(desk.wire.packet(stap, 0, True))
    for packet in desk.wire.unit([sei, large], 3000):
        desk.feed(packet)
    desk.feed(desk.wire.packet(SLICE, 6000, True))
    assert desk.nals() == [[sei, IDR], [sei, large], [SLICE]]
    assert [key for _, _, key, _ in desk.units] == [True, True, False]


def test_a_unit_ends_at_a_new_time_stamp_when_the_marker_is_missing() -> None:
    desk = Desk()
    for number in range(3):
        desk.feed(desk.wire.packet(SLICE, number * 3000, False))
    assert len(desk.units) == 2


def test_parameter_sets_sent_ahead_with_a_marker_belong_to_the_next_picture() -> None:
    desk = Desk()
    pps = b"\x68\xee\x3c\x80"
    desk.feed(desk.wire.packet(pps, 0, True))
    desk.feed(desk.wire.packet(IDR, 3000, True))
    assert desk.nals() == [[pps, IDR]]


def test_time_stamps_run_on_across_their_wrap() -> None:
    desk = Desk()
    desk.wire.base = 0xFFFF_FFFF - 4000
    for number in range(4):
        desk.feed(desk.wire.packet(SLICE, number * 3000, True))
    times = [at for _, at, _, _ in desk.units]
    assert [b - a for a, b in pairwise(times)] == [3000] * 3


def test_header_extensions_contributors_and_padding_are_left_out() -> None:
    desk = Desk()
    header = struct.pack(">BBHII", 0x80 | 0x20 | 0x10 | 1, 0x80 | 96, 1, 0, 1) + bytes(4)
    extension = struct.pack(">HH", 0xBEDE, 2) + bytes(8)
    desk.feed(bytes(4) + header + extension + IDR + b"\0\0\3")
    assert desk.nals() == [[IDR]]


def test_other_payload_types_are_no_loss() -> None:
    desk = Desk()
    desk.feed(desk.wire.packet(IDR, 0, True))
    desk.wire.payload_type = 97
    desk.feed(desk.wire.packet(IDR, 0, True))
    desk.wire.payload_type = 96
    desk.feed(desk.wire.packet(SLICE, 3000, True))
    assert [damaged for _, _, _, damaged in desk.units] == [False, False]
    assert desk.receiver.lost_packets == 0


def test_after_a_loss_units_are_damaged_until_a_whole_key_frame() -> None:
    desk = Desk()
    packets = [
        desk.wire.packet(nal, n * 3000, True) for n, nal in enumerate([IDR, SLICE, SLICE, SLICE, IDR, SLICE])
    ]
    for number, packet in enumerate(packets):
        if number != 2:
            desk.feed(packet)
    assert [damaged for _, _, _, damaged in desk.units] == [False, False, True, False, False]
    assert desk.receiver.lost_packets == 1


def test_a_sender_report_tells_camera_time() -> None:
    packet = Wire(base=5).report(EPOCH_S + 0.25, 100)
    report = parse_rtcp(bytearray(packet), 4, len(packet))
    assert report is not None
    assert report.camera_time_s == pytest.approx(EPOCH_S + 0.25, abs=1e-6)
    assert report.wire_timestamp == 105


def test_a_camera_without_a_clock_has_no_camera_time() -> None:
    packet = Wire().report(-2_208_988_800, 0)
    assert parse_rtcp(bytearray(packet), 4, len(packet)) is None


def test_a_goodbye_ends_the_connection() -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_rtcp(bytearray(b"\x81\xcb\x00\x01\x00\x00\x00\x01"), 0, 8)
    assert caught.value.reason is GapReason.CLOSED_BY_CAMERA


@pytest.mark.parametrize(
    "size, b_frames, profile, codec",
    [
        ((160, 96), 0, "baseline", "avc1.42C0"),
        ((320, 180), 2, "main", "avc1.4D40"),
        ((642, 362), 3, "high", "avc1.6400"),
    ],
)
def test_sequence_parameters_are_those_the_encoder_was_told(
    tmp_path: Path, size: tuple[int, int], b_frames: int, profile: str, codec: str
) -> None:
    path = encode(
        tmp_path / "clip.mp4", frames=10, rate=8, size=size, b_frames=b_frames,
        options={"profile": profile, "x264-params": "b-adapt=0:b-pyramid=none:scenecut=0"},
    )  # fmt: skip
    parsed = sps.parse(read_clip(path).sps)
    assert (parsed.width, parsed.height) == size
    assert parsed.codec.startswith(codec)
    assert parsed.frame_ticks == 90_000 // 8
    assert parsed.reorder_frames == (1 if b_frames else 0)


def test_slice_types_and_idr_are_told_apart(tmp_path: Path) -> None:
    clip = read_clip(encode(tmp_path / "clip.mp4", frames=11, b_frames=1))
    types = [
        slice_types(b"".join(struct.pack(">I", len(nal)) + nal for nal in unit.nals))[0]
        for unit in clip.units
    ]
    assert types[0] == 2
    assert {0, 1} <= set(types)


def test_a_fragment_reads_back_with_its_times() -> None:
    samples = [
        Sample(b"a" * 5, 1000, 1200, True, False, 0.0),
        Sample(b"b" * 3, 1100, 1050, False, False, 0.0),
        Sample(b"c" * 7, 1250, 1300, False, False, 0.0),
    ]
    data = fragment(3, samples, 400, 1400, EPOCH_S)
    (piece,) = parse_fragments(data)
    assert (piece.start, piece.stop, piece.decode_time, piece.duration, piece.key) == (
        0,
        len(data),
        600,
        400,
        True,
    )
    assert [data[s.start : s.start + s.size] for s in piece.samples] == [b"aaaaa", b"bbb", b"ccccccc"]
    assert [(s.decode_time, s.duration, s.composition_offset) for s in piece.samples] == [
        (600, 100, 200), (700, 150, -50), (850, 150, 50),
    ]  # fmt: skip


def test_a_fragment_tells_the_recorder_time_of_its_first_frame() -> None:
    data = fragment(1, [Sample(b"x", 0, 90, True, False, 0.0)], 0, 10, EPOCH_S)
    kind, _, content, _ = next(walk(data, 0, len(data)))
    track, ntp, media_time = struct.unpack_from(">IQQ", data, content + 4)
    assert (kind, track, media_time) == (b"prft", 1, 90)
    assert ntp / 2**32 - 2_208_988_800 == pytest.approx(EPOCH_S, abs=1e-6)


def test_a_chunk_is_a_fragment_of_one_frame() -> None:
    data = chunk(9, Sample(b"frame", 700, 650, False, False, 0.0), 200, 90)
    (piece,) = parse_fragments(data)
    (sample,) = piece.samples
    assert (piece.decode_time, sample.duration, sample.composition_offset, sample.key) == (
        500,
        90,
        -50,
        False,
    )
    assert data[sample.start : sample.start + sample.size] == b"frame"


def test_what_is_cut_short_at_the_end_is_left_aside(tmp_path: Path) -> None:
    rig = Rig(clip := read_clip(encode(tmp_path / "clip.mp4", frames=30)))
    rig.play(clip.units)
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    data = rig.sink.segments[0].bytes
    whole = parse_fragments(data)
    assert len(whole) == 3
    assert whole[0].start == init_length(data)
    assert parse_fragments(data[:-1]) == whole[:2]
    assert parse_fragments(data[: whole[1].stop]) == whole[:2]
