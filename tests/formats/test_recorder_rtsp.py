"""The recorder speaks RTSP as the specifications say, and as cameras do."""

from __future__ import annotations

import re

import pytest

from evidence.recorder.auth import Authenticator, Credentials
from evidence.recorder.client import AllowAddress, Client, GoElsewhere, TakeVideo
from evidence.recorder.reconnect import Backoff
from evidence.recorder.rtsp import MAX_BODY, MAX_HEAD, Framer, Message, check_url, join_control
from evidence.recorder.sdp import choose_video, parse
from evidence.recorder.states import GapReason, ProtocolError
from tests.recorder_source import URL, answer, interleaved

SDP = (
    "v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=2\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n"
)
H264 = frozenset({"H264"})


class Talk:
    """A client and a camera, face to face, without a network."""

    def __init__(self, authenticator: Authenticator | None = None, sdp: str = SDP, url: str = URL) -> None:
        self.client = Client(url, authenticator or Authenticator(None), H264)
        self.framer = Framer(self.client.received)
        self.sdp = sdp
        self.requests: list[str] = []
        self.client.start()

    def hear(self, data: bytes) -> None:
        assert self.framer.feed(bytearray(data), len(data)) == len(data)

    def say(self) -> str:
        request = bytes(self.client.outgoing).decode()
        self.client.outgoing.clear()
        self.requests.append(request)
        return request

    def on(self, **extra: str) -> str:
        """One request, answered."""
        request = self.say()
        self.hear(answer(request.encode(), self.sdp, extra=extra))
        return request

    def refuse(self, status: int, **headers: str) -> str:
        request = self.say()
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        cseq = re.search(r"CSeq: \d+", request)
        assert cseq is not None
        self.hear("\r\n".join([f"RTSP/1.0 {status} No", cseq[0], *lines, "", ""]).encode())
        return request


def field(request: str, name: str) -> str:
    match = re.search(rf'{name}="?([^",\r]*)"?', request)
    assert match is not None
    return match[1]


def test_a_session_is_options_describe_setup_of_the_video_alone_and_play() -> None:
    talk = Talk()
    lines = [talk.on().split("\r\n")[0] for _ in range(4)]
    assert lines == [
        f"OPTIONS {URL} RTSP/1.0",
        f"DESCRIBE {URL} RTSP/1.0",
        f"SETUP {URL}/trackID=1 RTSP/1.0",
        f"PLAY {URL}/ RTSP/1.0",
    ]
    assert isinstance(talk.client.wish, TakeVideo)
    assert (talk.client.wish.channel, talk.client.wish.rtcp_channel) == (0, 1)


def test_sound_is_never_asked_for() -> None:
    talk = Talk()
    for _ in range(4):
        talk.on()
    assert "m=audio" in SDP
    assert not any("trackID=2" in request for request in talk.requests)


def test_the_session_is_kept_alive_at_half_its_time_and_ended_at_the_end() -> None:
    talk = Talk()
    for _ in range(4):
        talk.on()
    assert talk.client.keep_alive_every_s == 15.0
    talk.client.keep_alive()
    request = talk.on()
    assert request.startswith(f"GET_PARAMETER {URL}/ ")
    assert "Session: 12345678\r\n" in request
    talk.client.teardown()
    assert talk.say().startswith(f"TEARDOWN {URL}/ ")


def test_a_forgotten_session_ends_the_connection() -> None:
    talk = Talk()
    for _ in range(4):
        talk.on()
    talk.client.keep_alive()
    with pytest.raises(ProtocolError) as caught:
        talk.refuse(454)
    assert caught.value.reason is GapReason.CLOSED_BY_CAMERA


@pytest.mark.parametrize(
    "algorithm, expected",
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest_answers_are_those_of_rfc_7616(algorithm: str, expected: str) -> None:
    """RFC 7616, 3.9.1."""
    authenticator = Authenticator(
        Credentials("Mufasa", "Circle of Life"),
        cnonce=lambda: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    authenticator.challenged(
        [
            f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
            'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        ]
    )
    header = authenticator.authorization("GET", "/dir/index.html") or ""
    assert field(header, " response") == expected
    assert "nc=00000001" in header


def test_digest_without_qop_is_that_of_rfc_2617() -> None:
    authenticator = Authenticator(Credentials("Mufasa", "Circle Of Life"))
    authenticator.challenged(
        ['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"']
    )
    header = authenticator.authorization("GET", "/dir/index.html") or ""
    assert field(header, " response") == "670fd8c2df070c60b045671b8b24ff02"
    assert "cnonce" not in header


def test_the_strongest_offered_scheme_is_taken_and_the_count_rises() -> None:
    talk = Talk(Authenticator(Credentials("user", "secret")))
    talk.on()
    talk.refuse(
        401, WWW_Authenticate='Basic realm="a", Digest realm="a", nonce="n", algorithm=SHA-256, qop="auth"'
    )
    assert "algorithm=SHA-256" in (first := talk.on())
    assert "nc=00000001" in first
    assert "nc=00000002" in talk.on()


def test_basic_is_sent_only_when_the_camera_asks_for_nothing_better() -> None:
    talk = Talk(Authenticator(Credentials("user", "secret")))
    assert "Authorization" not in talk.on()
    talk.refuse(401, WWW_Authenticate='Basic realm="a"')
    assert "Authorization: Basic dXNlcjpzZWNyZXQ=" in talk.on()


def test_basic_can_be_forbidden() -> None:
    talk = Talk(Authenticator(Credentials("user", "secret"), allow_basic=False))
    talk.on()
    with pytest.raises(ProtocolError) as caught:
        talk.refuse(401, WWW_Authenticate='Basic realm="a"')
    assert caught.value.reason is GapReason.AUTH_FAILED


def test_a_stale_nonce_is_renewed_and_a_second_refusal_is_the_end() -> None:
    talk = Talk(Authenticator(Credentials("user", "secret")))
    talk.on()
    talk.refuse(401, WWW_Authenticate='Digest realm="a", nonce="1", qop="auth"')
    talk.refuse(401, WWW_Authenticate='Digest realm="a", nonce="2", qop="auth", stale=TRUE')
    with pytest.raises(ProtocolError) as caught:
        talk.refuse(401, WWW_Authenticate='Digest realm="a", nonce="3", qop="auth"')
    assert caught.value.reason is GapReason.AUTH_FAILED


def test_a_camera_that_calls_every_nonce_stale_is_given_up() -> None:
    talk = Talk(Authenticator(Credentials("user", "secret")))
    challenges = [f'Digest realm="a", nonce="{number}", stale=true' for number in range(5)]
    for challenge in challenges[:-1]:
        talk.refuse(401, WWW_Authenticate=challenge)
    with pytest.raises(ProtocolError):
        talk.refuse(401, WWW_Authenticate=challenges[-1])


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(Credentials("user", "secret"))


@pytest.mark.parametrize(
    "status, reason",
    [(403, "auth_failed"), (404, "not_found"), (453, "refused"), (503, "refused"), (500, "protocol_error")],
)
def test_a_refusal_has_a_reason(status: int, reason: str) -> None:
    talk = Talk()
    talk.on()
    with pytest.raises(ProtocolError) as caught:
        talk.refuse(status)
    assert caught.value.reason == reason


def test_a_redirect_is_a_wish_to_go_elsewhere() -> None:
    talk = Talk()
    talk.on()
    talk.refuse(302, Location="rtsp://127.0.0.9:9554/other")
    assert talk.client.wish == GoElsewhere("rtsp://127.0.0.9:9554/other")


def test_a_control_url_on_another_host_waits_until_it_is_allowed() -> None:
    talk = Talk(sdp=SDP.replace("control:trackID=1", "control:rtsp://127.0.0.9:8554/t"))
    talk.on()
    talk.on()
    assert talk.client.wish == AllowAddress("rtsp://127.0.0.9:8554/t")
    assert not talk.client.outgoing
    talk.client.address_allowed()
    assert talk.on().startswith("SETUP rtsp://127.0.0.9:8554/t ")


def test_h265_is_recognised_and_refused_with_its_reason() -> None:
    talk = Talk(sdp=SDP.replace("H264", "H265"))
    talk.on()
    with pytest.raises(ProtocolError) as caught:
        talk.on()
    assert caught.value.reason is GapReason.CODEC_NOT_SUPPORTED
    assert "H265" in caught.value.detail


def test_h265_parameter_sets_are_read_from_its_description() -> None:
    body = (
        b"v=0\nm=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\n"
        b"a=fmtp:98 sprop-vps=QAE=; sprop-sps=QgE=;sprop-pps=RAE=\n"
    )
    assert [nal[0] for nal in parse(body).media[0].parameter_sets()] == [0x40, 0x42, 0x44]
    assert choose_video(parse(body), frozenset({"H265"})).encoding == "H265"


def test_a_camera_without_video_says_so() -> None:
    with pytest.raises(ProtocolError) as caught:
        choose_video(parse(b"v=0\r\nm=audio 0 RTP/AVP 0\r\n"), H264)
    assert caught.value.reason is GapReason.NO_VIDEO


@pytest.mark.parametrize(
    "base, control, joined",
    [
        ("rtsp://h/a/", "trackID=1", "rtsp://h/a/trackID=1"),
        ("rtsp://h/a", "trackID=1", "rtsp://h/a/trackID=1"),
        ("rtsp://h/a?b=c", "trackID=1", "rtsp://h/a?b=c/trackID=1"),
        ("rtsp://h/a", "*", "rtsp://h/a"),
        ("rtsp://h/a", "", "rtsp://h/a"),
        ("rtsp://h:1/a", "/b/c", "rtsp://h:1/b/c"),
        ("rtsp://h/a", "rtsp://g/b", "rtsp://g/b"),
    ],
)
def test_control_attributes_are_joined_to_their_base(base: str, control: str, joined: str) -> None:
    assert join_control(base, control) == joined


@pytest.mark.parametrize(
    "url",
    [
        "http://h/a",
        "rtsp://",
        "rtsp://u:p@h/a",
        "rtsp://h/a b",
        "rtsp://h/\r\nX: y",
        "rtsp://h:99999/",
        "rtsp://[/",
    ],
)
def test_impossible_addresses_are_refused(url: str) -> None:
    with pytest.raises(ProtocolError):
        check_url(url)


def test_messages_and_frames_are_split_wherever_the_network_cuts_them() -> None:
    data = (
        interleaved(0, b"one")
        + b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 4\r\nX-A: 1\r\n continued\r\nX-A: 2\r\n\r\nbody"
        + b"\r\n"
        + interleaved(5, b"nobody listens")
        + b"OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 8\r\n\r\n"
        + interleaved(0, b"")
        + interleaved(0, b"two")
    )
    for step in (1, 2, 3, 7, 50, len(data)):
        messages: list[Message] = []
        payloads: list[bytes] = []
        framer = Framer(messages.append)
        framer.sinks[0] = lambda buffer, start, stop: payloads.append(bytes(buffer[start:stop]))  # noqa: B023
        held = b""
        for at in range(0, len(data), step):
            held += data[at : at + step]
            held = held[framer.feed(bytearray(held), len(held)) :]
        assert held == b""
        assert payloads == [b"one", b"", b"two"]
        assert [message.body for message in messages] == [b"body", b""]
        assert messages[0].headers["x-a"] == ["1 continued", "2"]
        assert messages[1].method == "OPTIONS"


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nno colon here\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1),
        b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 65 + b"\r\n",
        b"RTSP/1.0 200 OK\r\nX: " + b"y" * MAX_HEAD,
    ],
)
def test_what_is_not_rtsp_ends_the_connection(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        Framer(lambda message: None).feed(bytearray(data), len(data))


def test_waiting_times_double_up_to_half_a_minute_and_start_over_after_a_good_connection() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.delay_s(0.0) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.delay_s(60.0) == 0.5


def test_waiting_times_are_spread() -> None:
    assert Backoff(lambda: 0.0).delay_s(0.0) == 0.25
