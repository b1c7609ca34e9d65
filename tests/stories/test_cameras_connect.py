"""Stories of "Connect": a stream is tested under a permit, and what goes wrong is said in one sentence."""

from __future__ import annotations

import dataclasses
import io
import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from PIL import Image

from audit.models import Disclosure
from audit.record import record
from audit.vocabulary import Event
from cameras import addresses, probing
from cameras.actions.pause_camera import pause_camera
from cameras.actions.test_stream import test_stream as connect
from cameras.addresses import Address
from cameras.models import Camera, Device, Mask, Stream
from cameras.models.devices import Credentials
from cameras.probe import FAILURES, Failed, Found, probe
from cameras.simulated.city import SimulatedCity
from cameras.simulated.digest import DigestGate
from cameras.vocabulary import Codec, StreamRole
from policy.guard import Denied
from policy.models import Person
from rtcc import clock
from rtcc.config import Network, config
from rtcc.errors import Conflict
from tests.city import NOON, city
from tests.conftest import Committed
from tests.recorder_source import encode

__all__ = ["city"]


LOGIN = Credentials("demo", "a password: with / and @")


@pytest.fixture(scope="module")
def streets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCity]:
    """A camera at /cam01 (and the same pictures at /cam09) behind digest authentication."""
    clip = tmp_path_factory.mktemp("clip") / "clip.mp4"
    encode(clip, size=(320, 240), rate=10, frames=40, gop=10)
    with SimulatedCity(gate=DigestGate(LOGIN.user, LOGIN.password)) as city:
        for name in ("cam01", "cam09"):
            city.add(name, clip)
        yield city


def ask(city: SimulatedCity, path: str = "/cam01", login: Credentials | None = LOGIN) -> Found | Failed:
    return probe(Address("127.0.0.1", city.port), path, login, seconds=30)


def test_connecting_shows_codec_size_rate_and_a_still(streets: SimulatedCity) -> None:
    found = ask(streets)
    assert isinstance(found, Found)
    assert (found.codec, found.width, found.height) == (Codec.H264, 320, 240)
    assert found.frame_rate == pytest.approx(10, rel=0.05)
    assert Image.open(io.BytesIO(found.still)).size == (320, 240)


def test_each_failure_is_one_plain_sentence(streets: SimulatedCity) -> None:
    assert ask(streets, login=Credentials("demo", "wrong")) == Failed(FAILURES["unauthorized"])
    assert ask(streets, login=None) == Failed(FAILURES["unauthorized"])
    assert ask(streets, path="/cam99") == Failed(FAILURES["not_found"])
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert probe(Address("127.0.0.1", port), "/x", None, seconds=30) == Failed(FAILURES["unreachable"])


def test_a_redirect_is_cut_and_nobody_is_called_at_the_other_address(streets: SimulatedCity) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        streets.redirect("cam01", f"rtsp://127.0.0.1:{elsewhere.getsockname()[1]}/cam01")
        try:
            assert ask(streets) == Failed(FAILURES["redirected"])
        finally:
            streets.redirect("cam01", None)
        with pytest.raises(TimeoutError):
            elsewhere.accept()


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.0 200 OK\r\n\r\n", b"\x00" * 5000, b"$\x00\xff\xff" + b"x" * 99]
)
def test_a_camera_that_talks_nonsense_ends_in_a_sentence(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(answer)

        thread = threading.Thread(target=talk)
        thread.start()
        result = probe(Address("127.0.0.1", server.getsockname()[1]), "/x", LOGIN, seconds=30)
        thread.join()
    assert isinstance(result, Failed)
    assert result.sentence in FAILURES.values()


def test_the_child_process_imports_nothing_of_ours() -> None:
    source = Path(str(probing.__file__)).read_text()
    for room in ("cameras", "policy", "audit", "rtcc", "django"):
        assert f"import {room}" not in source
        assert f"from {room}" not in source


@pytest.fixture
def devices(city: Committed, streets: SimulatedCity, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo city, its cameras' devices pointed at this test's streets."""
    here = dataclasses.replace(config, camera_networks=(Network("127.0.0.1/32", streets.port, streets.port),))
    monkeypatch.setattr(addresses, "config", here)


def camera(code: str, port: int) -> Camera:
    """The demo camera, on a device that answers at the port."""

    found: Camera = Camera.objects.by_code(code).select_related("device").get()
    with transaction.atomic():
        device = Device.objects.get(id=found.device_id)
        device.port = port
        device.keep(LOGIN)
        device.save()
        record(Event.CAMERA_CHANGED, actor="system:test")
    return found


def said(event: str) -> dict[str, Any]:
    """All fields of the newest entry of an event."""
    entry = Disclosure.objects.filter(field="event", value=json.dumps(event)).latest("entry").entry
    return {row.field: json.loads(row.value) for row in Disclosure.objects.filter(entry=entry)}


def person(username: str) -> Person:
    return Person.objects.get(username=username)


def test_an_operator_connects_and_the_entry_says_what_was_found_and_shown(
    devices: None, streets: SimulatedCity
) -> None:
    row = camera("cam01", streets.port)
    tested = connect(by=person("sam.whitlock"), camera=row.id, role=StreamRole.RECORD)
    assert tested.found is not None
    entry = said("stream.tested")
    assert entry["bytes"] == len(tested.found.still) > 0
    assert entry["outcome"] == "permit"
    assert entry["permit"] == said("act.permitted")["permit"]
    stream = Stream.objects.get(camera=row, role=StreamRole.RECORD)
    assert (stream.codec, stream.width, stream.height, stream.tested_at) == ("h264", 320, 240, NOON)


def test_an_analyst_cannot_connect(devices: None, streets: SimulatedCity) -> None:
    with pytest.raises(Denied):
        connect(by=person("ana.mercer"), camera=camera("cam01", streets.port).id, role=StreamRole.RECORD)


def test_outside_the_partners_hours_the_stream_is_tested_but_no_still_is_shown(
    devices: None, streets: SimulatedCity
) -> None:
    row = camera("cam09", streets.port)
    tested = connect(by=person("sam.whitlock"), camera=row.id, role=StreamRole.RECORD)
    assert tested.found is not None
    assert tested.found.still == b""
    assert said("stream.tested")["bytes"] == 0
    with clock.set_to(NOON + timedelta(hours=10)):
        assert connect(by=person("sam.whitlock"), camera=row.id, role=StreamRole.RECORD).found.still  # type: ignore[union-attr]


def test_a_masked_camera_shows_no_still(devices: None, streets: SimulatedCity) -> None:

    row = camera("cam01", streets.port)
    with transaction.atomic():
        Mask.objects.create(camera=row, starts_at=NOON, polygon=[[0, 0], [1, 0], [1, 1]], reason="a home")
        record(Event.CAMERA_CHANGED, actor="system:test")
    tested = connect(by=person("sam.whitlock"), camera=row.id, role=StreamRole.RECORD)
    assert tested.found is not None
    assert tested.found.still == b""


def test_nobody_connects_to_a_paused_camera(devices: None, streets: SimulatedCity) -> None:
    row = camera("cam09", streets.port)
    pause_camera(by=person("lena.fontaine"), camera=row.id)
    with pytest.raises(Conflict):
        connect(by=person("sam.whitlock"), camera=row.id, role=StreamRole.RECORD)


def test_an_address_outside_the_networks_is_never_called(devices: None, streets: SimulatedCity) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        row = camera("cam01", elsewhere.getsockname()[1])
        tested = connect(by=person("sam.whitlock"), camera=row.id, role=StreamRole.RECORD)
        assert tested.found is None
        assert "outside the networks" in tested.sentence
        assert said("stream.tested")["outcome"] == "error"
        with pytest.raises(TimeoutError):
            elsewhere.accept()
