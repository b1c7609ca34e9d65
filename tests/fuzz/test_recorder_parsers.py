"""Whatever a camera sends, the recorder's parsers raise ProtocolError or nothing, and keep little."""

from __future__ import annotations

import struct
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.recorder import sdp, sps
from evidence.recorder.auth import Authenticator, Credentials, parse_challenges
from evidence.recorder.boxes import init_length, parse_fragments
from evidence.recorder.client import Client
from evidence.recorder.fragments import Sample, fragment
from evidence.recorder.h264 import MAX_UNIT, Depacketiser, ParameterSets, nal_units, slice_types
from evidence.recorder.rtp import Receiver, parse_rtcp
from evidence.recorder.rtsp import MAX_PENDING, Framer, check_url, join_control
from evidence.recorder.states import ProtocolError
from evidence.recorder.timeline import Timeline
from tests.recorder_source import URL, Clip, Wire, answer, sdp_of

SPS = bytes.fromhex("674d401e965201405ff2ffe0100010c800000fa00001388 0".replace(" ", ""))
PPS = bytes.fromhex("68ee3c80")
TEXT = st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=255), max_size=300)
GARBAGE = st.binary(max_size=2000)


def mangled(data: bytes) -> st.SearchStrategy[bytes]:
    """Good bytes with a few of them changed, removed or doubled: gets deeper than noise does."""
    edit = st.tuples(st.integers(0, max(len(data) - 1, 0)), st.binary(max_size=4), st.integers(0, 8))

    def apply(edits: list[tuple[int, bytes, int]]) -> bytes:
        out = data
        for at, new, drop in edits:
            out = out[:at] + new + out[at + drop :]
        return out

    return st.lists(edit, max_size=4).map(apply)


MESSAGE = answer(b"DESCRIBE rtsp://h/ RTSP/1.0\r\nCSeq: 2\r\n\r\n", sdp_of(Clip((), SPS, PPS, ())))
DESCRIPTION = sdp_of(Clip((), SPS, PPS, ()), sound=True).encode()
CHALLENGE = 'Digest realm="a b", nonce="x\\"y", qop="auth,auth-int", algorithm=SHA-256, Basic realm=z'
FRAGMENT = fragment(
    1, [Sample(b"abc", 0, 5, True, False, 0.0), Sample(b"de", 9, 9, False, False, 0.0)], 0, 20, 1.0
)


@given(st.one_of(GARBAGE, mangled(MESSAGE), mangled(MESSAGE * 2)), st.integers(1, 200))
def test_rtsp(data: bytes, step: int) -> None:
    framer = Framer(lambda message: None)
    framer.sinks[0] = lambda buffer, start, stop: None
    held = b""
    with suppress(ProtocolError):
        for at in range(0, len(data), step):
            held += data[at : at + step]
            used = framer.feed(bytearray(held), len(held))
            assert 0 <= used <= len(held)
            held = held[used:]
    assert len(held) <= MAX_PENDING + step


@given(st.lists(mangled(MESSAGE), max_size=6))
def test_rtsp_client(answers: list[bytes]) -> None:
    client = Client(URL, Authenticator(Credentials("u", "p")), frozenset({"H264"}))
    client.start()
    framer = Framer(client.received)
    with suppress(ProtocolError):
        for data in answers:
            framer.feed(bytearray(data), len(data))
            client.keep_alive()
    assert len(client.outgoing) < 100_000
    assert all(line.isascii() for line in bytes(client.outgoing).split(b"\r\n") if line[:4] == b"SETU")


@given(st.one_of(TEXT, mangled(CHALLENGE.encode()).map(lambda data: data.decode("latin-1"))))
def test_challenges(text: str) -> None:
    authenticator = Authenticator(Credentials("ü", "p"))
    with suppress(ProtocolError):
        parse_challenges([text])
        authenticator.challenged([text])
        authenticator.authorization("SETUP", URL)


@given(st.one_of(GARBAGE, mangled(DESCRIPTION)))
def test_descriptions(data: bytes) -> None:
    with suppress(ProtocolError):
        media = sdp.choose_video(sdp.parse(data), frozenset({"H264"}))
        media.parameter_sets()
        media.packetization_mode()


@given(TEXT, TEXT)
def test_urls(base: str, control: str) -> None:
    with suppress(ProtocolError):
        check_url(base)
    with suppress(ProtocolError):
        check_url(join_control(URL, control))


@given(st.one_of(st.binary(min_size=1, max_size=1100), mangled(SPS).filter(bool)))
def test_sequence_parameter_sets(nal: bytes) -> None:
    with suppress(ProtocolError):
        sps.parse(nal)
    with suppress(ProtocolError):
        sps.parameter_set_id(nal)


@given(st.binary(max_size=200))
def test_control_packets(data: bytes) -> None:
    with suppress(ProtocolError):
        parse_rtcp(bytearray(data), 0, len(data))


PACKETS = [packet[4:] for packet in Wire().unit([SPS, PPS, b"\x65\x88" + bytes(3000)], 0)]


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(PACKETS), *map(mangled, PACKETS)), max_size=20)
)
def test_packets(packets: list[bytes]) -> None:
    units: list[bytes] = []

    def on_unit(data: bytearray, timestamp: int, key: bool, damaged: bool) -> None:
        assert timestamp >= 0
        units.append(bytes(data))

    parameters = ParameterSets()
    receiver = Receiver(96, Depacketiser(parameters, on_unit))
    with suppress(ProtocolError):
        for packet in packets:
            receiver.packet(bytearray(packet), 0, len(packet))
    for unit in units:
        assert nal_units(unit)
        with suppress(ProtocolError):
            slice_types(unit)


def test_a_frame_without_end_is_refused() -> None:
    receiver = Receiver(96, Depacketiser(ParameterSets(), lambda *unit: None))
    wire = Wire()
    packets = 0
    with suppress(ProtocolError):
        for packets in range(MAX_UNIT // 60_000 + 10):
            packet = wire.packet(b"\x7c" + (b"\x85" if not packets else b"\x05") + bytes(60_000), 0, False)
            receiver.packet(bytearray(packet), 4, len(packet))
    assert packets < MAX_UNIT // 60_000 + 2


@given(st.binary(max_size=200))
def test_access_units(data: bytes) -> None:
    with suppress(ProtocolError):
        nal_units(data)
    with suppress(ProtocolError):
        slice_types(data)


@given(st.one_of(GARBAGE, mangled(FRAGMENT), mangled(FRAGMENT * 3)))
def test_fragments(data: bytes) -> None:
    with suppress(ProtocolError):
        parse_fragments(data)
    with suppress(ProtocolError):
        init_length(data)


@given(
    st.lists(st.tuples(st.integers(-30_000, 30_000), st.floats(0, 0.5)), min_size=1, max_size=60),
    st.one_of(st.none(), st.integers(0, 16)),
)
@settings(max_examples=200)
def test_decode_times_always_rise(steps: list[tuple[int, float]], depth: int | None) -> None:
    timeline = Timeline(None, depth)
    pts, now, last = 1 << 32, 0.0, -1
    with suppress(ProtocolError):
        for step, wait in steps:
            pts, now = max(pts + step, 0), now + wait
            dts = timeline.stamp(pts, now)
            assert dts > last
            last = dts


def test_the_mangled_inputs_are_good_before_they_are_mangled() -> None:
    assert sps.parse(SPS).width
    assert len(parse_fragments(FRAGMENT)) == 1
    assert len(parse_challenges([CHALLENGE])) == 2
    assert struct.unpack(">I", FRAGMENT[:4])[0]
