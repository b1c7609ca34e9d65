"""What the simulated cameras send: RTP that others read, without a seam at the loop's end."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import av
import pytest

from cameras.simulated.city import SimulatedCity
from cameras.simulated.clock import ClockCamera
from cameras.simulated.loop import AccessUnit, Loop, read_loop
from cameras.simulated.rtp import NTP_EPOCH_S
from cameras.simulated.scenes import read_barcode
from cameras.simulated.server import RtspServer
from tests.formats.simulated_city import city, scenes, units
from tests.formats.simulated_client import Packet, RtspClient

__all__ = ["city", "scenes"]

VIDEO = Path(__file__).parents[3] / "shared" / "video"
QUICK = {"rtsp_transport": "tcp", "analyzeduration": "200000", "fflags": "nobuffer"}
LAP = 2 * 90_000


def apart(later: int, earlier: int) -> int:
    """Ticks from one RTP timestamp to another, which may have passed 2^32."""
    return (later - earlier + (1 << 31)) % (1 << 32) - (1 << 31)


@pytest.mark.parametrize("name", ["plain", "reordered"])
def test_ffmpeg_decodes_every_picture_in_order_across_the_loop_end(
    city: SimulatedCity, scenes: dict[str, Path], name: str
) -> None:
    city.add("other", scenes[name])
    with av.open(city.url("other"), options=QUICK) as container:
        frames = list(islice(container.decode(video=0), 50))
    numbers = [read_barcode(frame.to_ndarray(format="gray")) for frame in frames]
    assert [(b - a) % 30 for a, b in pairwise(numbers)] == [1] * 49
    assert 29 in numbers[:-1]
    times = [Fraction(int(frame.pts or 0)) for frame in frames]
    assert {b - a for a, b in pairwise(times)} == {6000}


@pytest.mark.parametrize("name", ["plain", "reordered"])
def test_pictures_go_out_in_decode_order_stamped_with_presentation_time(
    city: SimulatedCity, scenes: dict[str, Path], name: str
) -> None:
    city.add("other", scenes[name])
    loop = read_loop(scenes[name])
    with RtspClient(city.url("other")) as client:
        client.play()
        received = units(client, 40)
    start = next(i for i, unit in enumerate(loop.units) if list(unit.nals) == received[0][1])
    base = loop.units[start].pts
    for i, (timestamp, nals, _) in enumerate(received, start):
        unit = loop.units[i % 30]
        assert nals == list(unit.nals)
        assert apart(timestamp, received[0][0]) == i // 30 * LAP + unit.pts - base


def test_a_stream_begins_at_a_key_picture_with_its_parameter_sets_together(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as client:
        client.play()
        _, nals, packets = units(client, 1)[0]
    assert [nal[0] & 31 for nal in nals[:2]] == [7, 8]
    assert nals[-1][0] & 31 == 5
    assert packets[0].payload[0] & 31 == 24
    assert all(packet.payload[0] & 31 == 28 for packet in packets[1:])
    assert len(packets) > 3
    assert max(len(packet.payload) for packet in packets) <= 1400
    assert [packet.marker for packet in packets] == [False] * (len(packets) - 1) + [True]


def test_sequence_numbers_run_on_and_sender_reports_tell_the_time_every_five_seconds(
    city: SimulatedCity,
) -> None:
    media: list[Packet] = []
    reports: list[tuple[float, Packet, int]] = []
    with RtspClient(city.url("cam01")) as client:
        client.play()
        for packet in client.packets():
            if packet.channel == 0:
                media.append(packet)
            else:
                reports.append((time.time(), packet, len(media)))
            if len(reports) == 2:
                break
    assert [(b.sequence - a.sequence) % 65536 for a, b in pairwise(media)] == [1] * (len(media) - 1)
    read = []
    for heard_s, packet, count in reports:
        kind, ssrc, whole, fraction, ticks, packets = struct.unpack_from(">xB2xIIIII", packet.data)
        assert kind == 200
        assert ssrc == int.from_bytes(media[0].data[8:12])
        assert packets == count
        wall_s = whole - NTP_EPOCH_S + fraction / 2**32
        assert abs(heard_s - wall_s) < 0.5
        read.append((wall_s, ticks))
    elapsed_s = read[1][0] - read[0][0]
    assert 4.9 < elapsed_s < 5.3
    assert apart(read[1][1], read[0][1]) / 90_000 == pytest.approx(elapsed_s, abs=0.02)
    # A picture without reordering is sent when it was taken: its stamp is nearly the report's.
    assert abs(apart(media[0].timestamp, read[0][1])) < 0.2 * 90_000


def test_play_tells_the_sequence_number_and_timestamp_that_then_come(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as client:
        info = client.play()[-1].all("RTP-Info")[0]
        first = next(packet for packet in client.packets() if packet.channel == 0)
    assert info == f"url={city.url('cam01')}/trackID=0;seq={first.sequence};rtptime={first.timestamp}"


def test_two_watchers_have_streams_of_their_own_of_the_same_pictures(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as one, RtspClient(city.url("cam01")) as two:
        one.play()
        two.play()
        assert city.watchers("cam01") == 2
        first, second = units(one, 20), units(two, 20)
    assert first[0][2][0].data[8:12] != second[0][2][0].data[8:12]
    shared = [nals for _, nals, _ in second]
    assert [nals for _, nals, _ in first if nals in shared]


def test_sound_is_described_and_sent_to_who_sets_it_up(city: SimulatedCity, scenes: dict[str, Path]) -> None:
    city.add("sound", scenes["sound"])
    sound = read_loop(scenes["sound"]).sound
    assert sound is not None
    with RtspClient(city.url("sound")) as client:
        assert b"a=rtpmap:97 MPEG4-GENERIC/48000/1\r\n" in client.ask("DESCRIBE").body
        client.play("trackID=0", "trackID=1")
        # More than a lap, so that the seam is in it.
        heard = list(islice((p for p in client.packets() if p.channel == 2), 120))
    expected = [unit.data for unit in sound.units]
    at = expected.index(heard[0].payload[4:])
    for i, packet in enumerate(heard, at):
        assert packet.payload[:2] == b"\x00\x10"
        assert int.from_bytes(packet.payload[2:4]) >> 3 == len(packet.payload) - 4
        assert packet.payload[4:] == expected[i % len(expected)]
    gaps = {apart(b.timestamp, a.timestamp) for a, b in pairwise(heard)}
    assert 1024 in gaps
    assert all(0 < gap <= 2048 for gap in gaps)


def test_sound_is_not_sent_to_who_sets_up_only_the_picture(
    city: SimulatedCity, scenes: dict[str, Path]
) -> None:
    city.add("sound", scenes["sound"])
    with RtspClient(city.url("sound")) as client:
        client.play()
        assert {packet.channel for packet in islice(client.packets(), 60)} <= {0, 1}


def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on() -> None:
    picture = AccessUnit((b"\x67\x42\xc0\x1e", b"\x68\xce", b"\x65" + os.urandom(400_000)), 0, 0, True)
    heavy = Loop((picture,), b"\x67\x42\xc0\x1e", b"\x68\xce", 64, 64, 4500, None)
    with SimulatedCity(buffer_limit=1 << 18) as city:
        city.add("heavy", heavy)
        with RtspClient(city.url("heavy")) as slow, RtspClient(city.url("heavy")) as reading:
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.play()
            reading.play()
            pictures = reading.access_units()
            while city.watchers("heavy") == 2:
                next(pictures)
            assert city.wait_for("left", camera="heavy")["reason"] == "slow client"
            assert len(list(islice(pictures, 10))) == 10


@pytest.mark.asyncio
async def test_the_clock_is_encoded_only_while_it_is_watched_and_shows_the_time() -> None:
    server = RtspServer()
    clock = ClockCamera(width=320, height=184)
    server.add(clock)
    port = await server.listen()

    def watch() -> list[int]:
        late_ms = []
        with av.open(f"rtsp://127.0.0.1:{port}/clock", options=QUICK) as container:
            for frame in islice(container.decode(video=0), 30):
                late_ms.append(round(time.time() * 1000) - read_barcode(frame.to_ndarray(format="gray")))
        return late_ms

    try:
        assert not clock.encoding
        late_ms = await asyncio.to_thread(watch)
        # The first pictures waited until FFmpeg had probed the stream.
        assert 0 <= min(late_ms) < 500
        while clock.watchers or clock.encoding:
            await asyncio.sleep(0.01)
    finally:
        await server.close()


@pytest.mark.skipif(not VIDEO.exists(), reason="real footage is not on this machine")
@pytest.mark.parametrize("clip", ["car-detection.mp4", "one-by-one-person-detection.mp4"])
def test_real_footage_decodes_to_the_pictures_of_its_file(city: SimulatedCity, clip: str) -> None:
    city.add("real", VIDEO / clip)
    with av.open(city.url("real"), options=QUICK) as container:
        shown = [f.to_ndarray(format="gray") for f in islice(container.decode(video=0), 15)]
    with av.open(str(VIDEO / clip)) as container:
        source = {f.to_ndarray(format="gray").tobytes() for f in islice(container.decode(video=0), 200)}
    assert all(picture.tobytes() in source for picture in shown)
