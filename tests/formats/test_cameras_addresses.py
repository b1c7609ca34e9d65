"""Where streams may be opened: only in the configured networks, whatever name or redirect is given."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from cameras.addresses import Address, AddressRefused, control_path, is_allowed, redirected, resolve
from rtcc.config import Network

HERE = (Network("127.0.0.1/32", 8554, 8654),)
CITY = (Network("10.20.0.0/16", 554, 554), Network("fd00:20::/32", 554, 8554))


@pytest.mark.parametrize(
    "ip, port, expected",
    [
        ("127.0.0.1", 8554, True),
        ("127.0.0.1", 8654, True),
        ("127.0.0.1", 8655, False),
        ("127.0.0.1", 22, False),
        ("127.0.0.2", 8554, False),
        ("169.254.169.254", 8554, False),
        ("::1", 8554, False),
    ],
)
def test_address_and_port_must_both_be_in_the_network(ip: str, port: int, expected: bool) -> None:
    assert is_allowed(Address(ip, port), HERE) is expected


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "::ffff:127.0.0.1"])
def test_other_spellings_lead_to_the_address_that_was_checked(host: str) -> None:
    assert resolve(host, 8554, HERE) == Address("127.0.0.1", 8554)


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.2", "::", "10.20.0.1", "2852039166", ""])
def test_an_address_outside_is_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        resolve(host, 8554, HERE)


def test_no_network_configured_refuses_everything() -> None:
    with pytest.raises(AddressRefused):
        resolve("127.0.0.1", 8554, ())


def test_a_name_is_asked_for_once_and_the_checked_address_is_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A resolver that names the camera first and the metadata service afterwards (DNS rebinding).
    answers = [["10.20.3.4"], ["169.254.169.254"]]

    def resolver(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    assert resolve("camera.example", 554, CITY) == Address("10.20.3.4", 554)
    assert len(answers) == 1
    with pytest.raises(AddressRefused):
        resolve("camera.example", 554, CITY)


def test_of_several_answers_only_an_allowed_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolver(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("192.0.2.1", "10.20.3.4")]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    assert resolve("camera.example", 554, CITY).ip == "10.20.3.4"


def test_a_redirect_is_checked_like_any_other_address() -> None:
    assert redirected("rtsp://127.0.0.1:8560/other?x=1", HERE) == (Address("127.0.0.1", 8560), "/other?x=1")
    for url in (
        "rtsp://192.0.2.1:8560/",
        "rtsp://u:p@127.0.0.1:8560/",
        "http://127.0.0.1:8560/",
        "rtsp://[bad/",
    ):
        with pytest.raises(AddressRefused):
            redirected(url, HERE)


@pytest.mark.parametrize(
    "control, expected",
    [
        ("trackID=1", "/cam01/trackID=1"),
        ("*", "/cam01"),
        ("", "/cam01"),
        ("rtsp://127.0.0.1:8554/cam01/track1", "/cam01/track1"),
    ],
)
def test_a_control_address_stays_on_its_connection(control: str, expected: str) -> None:
    assert control_path("rtsp://127.0.0.1:8554/cam01", control) == expected


@pytest.mark.parametrize(
    "control", ["rtsp://127.0.0.1:8555/x", "rtsp://10.0.0.1:8554/x", "http://127.0.0.1:8554/"]
)
def test_a_control_address_elsewhere_is_refused(control: str) -> None:
    with pytest.raises(AddressRefused):
        control_path("rtsp://127.0.0.1:8554/cam01", control)
