"""How the simulated cameras speak RTSP and who may listen (RFC 2326, 2617, 7616)."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from cameras.simulated.city import SimulatedCity
from cameras.simulated.digest import DigestGate, Verdict
from cameras.simulated.loop import read_loop
from cameras.simulated.rtsp import BadMessage, Interleaved, Reader, Request
from tests.formats.simulated_city import city, scenes, units
from tests.formats.simulated_client import RtspClient

__all__ = ["city", "scenes"]

TCP = "RTP/AVP/TCP;unicast;interleaved=0-1"
GATE = DigestGate("recorder", "correct horse", realm="Corner")


@pytest.fixture
def guarded(scenes: dict[str, Path]) -> Iterator[SimulatedCity]:
    with SimulatedCity(gate=GATE) as running:
        running.add("cam01", scenes["plain"])
        yield running


def test_the_description_names_the_codec_and_its_parameter_sets(
    city: SimulatedCity, scenes: dict[str, Path]
) -> None:
    loop = read_loop(scenes["plain"])
    with RtspClient(city.url("cam01")) as client:
        reply = client.ask("DESCRIBE", Accept="application/sdp")
    assert reply.all("Content-Base") == [city.url("cam01") + "/"]
    lines = reply.body.decode().split("\r\n")
    sets = ",".join(b64encode(nal).decode() for nal in (loop.sps, loop.pps))
    assert (
        f"a=fmtp:96 packetization-mode=1;profile-level-id={loop.sps[1:4].hex().upper()};"
        f"sprop-parameter-sets={sets}"
    ) in lines
    assert {"m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=framerate:15", "s=cam01"} <= set(lines)
    assert not [line for line in lines if line.startswith("m=audio")]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_right_password_opens_with_either_algorithm(guarded: SimulatedCity, algorithm: str) -> None:
    with RtspClient(guarded.url("cam01"), "recorder", "correct horse", algorithm) as client:
        assert client.ask_once("DESCRIBE").status == 401
        assert client.ask("DESCRIBE").status == 200
        client.play()
        assert units(client, 1)
        assert client.ask("GET_PARAMETER").status == 200


@pytest.mark.parametrize(
    "user, password", [("recorder", "wrong"), ("somebody", "correct horse"), ("recorder", "")]
)
def test_a_wrong_password_or_name_is_401_and_not_stale(
    guarded: SimulatedCity, user: str, password: str
) -> None:
    with RtspClient(guarded.url("cam01"), user, password) as client:
        reply = client.ask("DESCRIBE")
        assert reply.status == 401
        assert [c.partition("algorithm=")[2][:7] for c in reply.all("WWW-Authenticate")] == [
            "SHA-256",
            "MD5, qo",
        ]
        assert "stale" not in str(reply.headers)
        assert client.ask("SETUP", guarded.url("cam01") + "/trackID=0", Transport=TCP).status == 401


def test_ffmpeg_passes_with_the_password_and_fails_without(guarded: SimulatedCity) -> None:
    options = {"rtsp_transport": "tcp", "analyzeduration": "200000"}
    with av.open(
        guarded.url("cam01").replace("//", "//recorder:correct%20horse@"), options=options
    ) as container:
        assert container.streams.video[0].codec_context.width == 320
    with pytest.raises(av.HTTPUnauthorizedError):
        av.open(guarded.url("cam01").replace("//", "//recorder:wrong@"), options=options)


def test_an_old_nonce_is_stale_only_for_who_knows_the_password() -> None:
    def verdict(password: str, at_s: float) -> Verdict:
        client = RtspClient("rtsp://a/b", "recorder", password, challenge=GATE.challenges(100.0)[1])
        return GATE.check(
            client.credentials("PLAY", "rtsp://a/b"), method="PLAY", url="rtsp://a/b", now_s=at_s
        )

    assert verdict("correct horse", 100.0 + GATE.nonce_lifetime_s) is Verdict.ACCEPTED
    assert verdict("correct horse", 101.0 + GATE.nonce_lifetime_s) is Verdict.STALE
    assert verdict("wrong", 101.0 + GATE.nonce_lifetime_s) is Verdict.WRONG


def test_a_stale_nonce_is_answered_with_a_fresh_one(scenes: dict[str, Path]) -> None:
    with SimulatedCity(gate=replace(GATE, nonce_lifetime_s=-1.0)) as city:
        city.add("cam01", scenes["plain"])
        with RtspClient(city.url("cam01"), "recorder", "correct horse") as client:
            reply = client.ask("DESCRIBE")
    assert reply.status == 401
    assert all("stale=true" in challenge for challenge in reply.all("WWW-Authenticate"))


@pytest.mark.parametrize("change", ["method", "url", "nonce", "realm"])
def test_an_answer_is_good_only_for_what_it_was_made_for(change: str) -> None:
    client = RtspClient("rtsp://a/b", "recorder", "correct horse", challenge=GATE.challenges(5.0)[1])
    answer = client.credentials("PLAY", "rtsp://a/b")
    assert GATE.check(answer, method="PLAY", url="rtsp://a/b", now_s=5.0) is Verdict.ACCEPTED
    method, url = "PLAY", "rtsp://a/b"
    if change == "method":
        method = "TEARDOWN"
    elif change == "url":
        url = "rtsp://a/c"
    elif change == "nonce":
        answer = answer.replace('nonce="', 'nonce="1', 1)
    else:
        answer = answer.replace('realm="Corner"', 'realm="Other"')
    assert GATE.check(answer, method=method, url=url, now_s=5.0) is Verdict.WRONG


def test_each_mistake_has_its_own_status(city: SimulatedCity) -> None:
    track = city.url("cam01") + "/trackID=0"
    with RtspClient(city.url("cam01")) as client:
        assert client.ask("OPTIONS").all("Public")[0].split(", ")[0] == "OPTIONS"
        assert client.ask("DESCRIBE", city.url("nowhere")).status == 404
        assert client.ask("DESCRIBE", Accept="text/html").status == 406
        assert client.ask("ANNOUNCE").status == 501
        assert client.ask("PLAY").status == 454
        assert client.ask("SETUP", track, Transport="RTP/AVP;unicast;client_port=5000-5001").status == 461
        assert client.ask("SETUP", city.url("cam01") + "/trackID=1", Transport=TCP).status == 404
        client.play()
        assert client.ask("SETUP", track, Transport=TCP).status == 455
        client.session = "0000"
        assert client.ask("TEARDOWN").status == 454


def test_teardown_ends_the_media_and_leaves_the_connection(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as client:
        client.play()
        assert client.ask("TEARDOWN").status == 200
        assert city.watchers("cam01") == 0
        assert city.wait_for("left", camera="cam01")["reason"] == "teardown"
        client.session = None
        client.play()
        assert units(client, 1)


def test_who_talks_something_else_is_answered_400_and_cut_off(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as client:
        client.socket.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.reply().status == 400
        assert client.closed()


def test_a_client_that_falls_silent_is_dropped_after_the_timeout(scenes: dict[str, Path]) -> None:
    with SimulatedCity(session_timeout_s=4) as city:
        city.add("cam01", scenes["plain"])
        with RtspClient(city.url("cam01")) as client:
            setup = client.play()[0]
            assert setup.all("Session")[0].endswith(";timeout=4")
            # Receiver reports are a sign of life.
            until = time.monotonic() + 6
            while time.monotonic() < until:
                client.socket.sendall(b"$\x01\x00\x08\x80\xc9\x00\x01\x00\x00\x00\x00")
                units(client, 2)
            assert city.watchers("cam01") == 1
            assert city.wait_for("left", camera="cam01")["reason"] == "session timed out"


def test_a_camera_without_a_film_answers_503_until_it_has_one(
    city: SimulatedCity, scenes: dict[str, Path]
) -> None:
    city.add("later")
    with RtspClient(city.url("later")) as client:
        reply = client.ask("DESCRIBE")
        assert (reply.status, reply.all("Retry-After")) == (503, ["2"])
        city.show("later", scenes["plain"])
        assert client.ask("DESCRIBE").status == 200


def test_requests_are_read_however_they_are_cut() -> None:
    stream = (
        b"OPTIONS rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n"
        b"$\x01\x00\x03abc"
        b"GET_PARAMETER rtsp://a/b RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 4\r\n\r\nbody"
    )
    whole = list(Reader().feed(stream))
    reader = Reader()
    assert [m for byte in stream for m in reader.feed(bytes([byte]))] == whole
    assert whole[1] == Interleaved(1, b"abc")
    assert isinstance(whole[2], Request)
    assert whole[2].body == b"body"


@pytest.mark.parametrize(
    "data", [b"\x00" * 20_000, b"A B\r\n\r\n", b"A B RTSP/1.0\r\nContent-Length: -1\r\n\r\n"]
)
def test_a_message_that_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        list(Reader().feed(data))
