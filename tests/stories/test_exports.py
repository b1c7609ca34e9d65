"""Exports: two persons, a package that proves itself, and everything that can come in between."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import av
import pytest
from django.db import transaction
from django.http import StreamingHttpResponse

from audit.record import record as enter
from audit.vocabulary import Event
from evidence import assets
from evidence.catalogue.verify import Level, verify_footage
from evidence.exports import deciding, documents, job, package
from evidence.exports.actions.approve_export import approve_export
from evidence.exports.actions.propose_export import propose_export
from evidence.exports.actions.stop_export import stop_export
from evidence.exports.draw import interval_of
from evidence.exports.media import RunReader
from evidence.exports.models import Export, ExportDocument, ExportPart
from evidence.exports.states import ExportState
from evidence.models import Asset, AssetWriting, Keep
from evidence.retention import destruction
from policy.denied import Denied
from policy.models import Basis
from policy.vocabulary import BasisKind, Purpose, Recipient
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, Conflict, Refused
from tests.asking import ask, corner
from tests.checks.test_addresses import client
from tests.city import NOON, camera, city, events, person, said
from tests.exporting import (
    BEGINS,
    CAM,
    OFFICER,
    SECOND,
    approved,
    download,
    footage,
    machine,
    made,
    propose,
    request,
    span,
    verdict,
    work,
)
from tests.log_machine import LogMachine
from tests.minutes import MINUTE
from tests.recorder_source import Clip
from tests.recording import clip, vault

__all__ = ["city", "clip", "footage", "machine", "vault"]


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as bag:
        return {name.split("/", 1)[1]: bag.read(name) for name in bag.namelist()}


def laid_out(files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def listed_anew(files: dict[str, bytes]) -> dict[str, bytes]:
    """Every list that holds no signature, made anew over what the files are now."""
    sha = package.sha256
    manifest = json.loads(files["data/manifest.json"])
    for media in manifest["media"]:
        media["sha256"] = sha(files[media["file"]])
    manifest["files"] = {name: sha(files[name]) for name in manifest["files"]}
    files = {**files, "data/manifest.json": documents.as_json(manifest)}
    payload = {name: content for name, content in files.items() if name.startswith("data/")}
    files["manifest-sha256.txt"] = "".join(f"{sha(payload[n])}  {n}\n" for n in sorted(payload)).encode()
    tags = [name for name in files if not name.startswith("data/") and name != "tagmanifest-sha256.txt"]
    files["tagmanifest-sha256.txt"] = "".join(f"{sha(files[n])}  {n}\n" for n in sorted(tags)).encode()
    return files


def flipped(files: dict[str, bytes], name: str, at: int) -> dict[str, bytes]:
    content = bytearray(files[name])
    content[at] ^= 1
    return {**files, name: bytes(content)}


def test_a_package_proves_itself_and_any_changed_byte_is_found(
    footage: LogMachine, clip: Clip, tmp_path: Path
) -> None:
    export = made(footage)
    assert export.state == ExportState.READY, (export.state, export.sentence, export.step)
    content = download(export)

    zipped = tmp_path / "export.zip"
    zipped.write_bytes(content)
    code, words = verdict(zipped)
    assert code == 0, words
    files = unpacked(content)
    assert verdict(laid_out(files, tmp_path / "folder"))[0] == 0

    # The log counts the bytes that went out, and says who agreed.
    read = said()[-1]
    assert (read["event"], read["bytes"], read["exact"]) == ("asset.read", len(content), True)
    manifest = json.loads(files["data/manifest.json"])
    assert [each["by"] for each in manifest["approved"]] == [person(SECOND).display_name]
    assert files["data/summary.pdf"].startswith(b"%PDF")
    keep = Keep.objects.get(id=str(export.keep_id))
    assert keep.released_at is not None

    # The film plays, and its pictures are those of the source: from second 20 to second 80.
    media = manifest["media"][0]["file"]
    with av.open(io.BytesIO(files[media]), "r") as film:
        shown = [hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in film.decode(video=0)]
        assert film.duration == pytest.approx(60_000_000, abs=500_000)
    source = [digest for _, digest in clip.pictures]
    assert len(shown) == 300
    assert len(source) == 600

    receipt = next(name for name in files if "minute-" in name)
    for number, (name, at) in enumerate(
        [
            (media, len(files[media]) // 2),
            (media, len(files[media]) - 1),
            ("data/manifest.json", 200),
            (receipt, 40),
            ("log/manifest.tlog-proof", 60),
            ("data/summary.pdf", 500),
            ("data/trust.txt", 60),
            ("verify.py", 900),
        ]
    ):
        code, words = verdict(laid_out(flipped(files, name, at), tmp_path / f"changed-{number}"))
        assert code == 1, name
        assert "DOES NOT VERIFY" in words, name

    # Media altered, and every list made anew: the log and the seals say otherwise.
    forged = listed_anew(flipped(files, media, len(files[media]) // 2))
    code, words = verdict(laid_out(forged, tmp_path / "forged"))
    assert code == 1
    assert "not the manifest whose hash stands in the log" in words
    faults = verify_footage(Level.HASH).faults
    # The other cameras of the city were not recorded in this story.
    assert all("it was expected" in fault.sentence for fault in faults)


def test_footage_altered_before_the_export_is_never_packed_as_if_it_were_whole(footage: LogMachine) -> None:
    """Somebody with the keys and the database writes other pictures and makes every hash of the row anew."""
    from evidence.models import Segment
    from evidence.vault.footage_keys import key_store, segment_key
    from evidence.vault.tink import seal as seal_stream
    from tests.minutes import store

    export = approved()
    row = Segment.objects.order_by("starts_at").first()
    assert row is not None
    path = next(path for path in store()._root.rglob(str(row.id)))
    key = segment_key(row, key_store())
    path.chmod(0o600)
    path.write_bytes(seal_stream(key, row.asset.canonical(), bytes(row.plain_bytes)))

    ended = work(footage, export.id, turns=12)

    assert ended.state == ExportState.FAILED
    assert "not what was sealed" in ended.sentence
    assert not Asset.objects.exists()


def test_killed_at_each_step_it_is_taken_up_and_comes_out_whole(
    footage: LogMachine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = approved()
    at, drop = [NOON], assets._drop

    def killed(where: Any, name: str, *, after: bool = False) -> None:
        """The worker dies there; nothing of its tidying up is done."""
        real: Callable[..., Any] = getattr(where, name)

        def die(*args: Any, **words: Any) -> Any:
            if after:
                real(*args, **words)
            monkeypatch.setattr(assets, "_drop", gone)
            raise SystemExit

        def gone(*_: Any) -> bool:
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr(where, name, die)
            with clock.set_to(at[0]):
                for _ in range(4):
                    try:
                        job.carry_out(export.id, wait_s=0)
                    except SystemExit:
                        break
                    footage.sequence()
                else:
                    pytest.fail(f"{name} was never reached")
        monkeypatch.setattr(assets, "_drop", drop)
        at[0] += timedelta(seconds=70)

    killed(job, "begin_export")
    killed(job, "begin_export", after=True)
    killed(RunReader, "measure", after=True)
    killed(documents, "make", after=True)
    killed(package, "stream", after=True)
    assert AssetWriting.objects.count() == 1
    killed(assets, "_commit")
    killed(job, "end")
    assert Asset.objects.count() == 1
    with clock.set_to(at[0]):
        ended = work(footage, export.id, turns=3)
        assert ended.state == ExportState.READY, ended.sentence
        packed = tmp_path / "export.zip"
        packed.write_bytes(download(ended))
    assert verdict(packed)[0] == 0
    assert events().count("export.begun") == events().count("export.stated") == 1
    assert events().count("export.made") == events().count("asset.written") == 1
    assert not ExportPart.objects.exists()
    assert not ExportDocument.objects.exists()
    assert not AssetWriting.objects.exists()


def test_who_asks_who_agrees_and_who_may_receive(footage: LogMachine) -> None:
    basis = request()
    with pytest.raises(Denied, match="nothing is hidden"):
        propose(basis, to=Recipient.PUBLIC)
    with pytest.raises(Denied):
        propose_export(
            by=person("ana.mercer"), basis=basis.id, spans=[span()], recipient_class=Recipient.COURT,
            recipient="Court", standard="Order", reason="x",
        )  # fmt: skip
    export = propose(basis)
    again = propose_export(
        by=person(OFFICER), basis=basis.id, spans=[span()], recipient_class=Recipient.COURT,
        recipient="Court", standard="Order", reason="a double click", export=export.id,
    )  # fmt: skip
    assert again == export
    with pytest.raises(Denied):
        approve_export(by=person(OFFICER), export=export.id)
    approve_export(by=person(SECOND), export=export.id)
    with pytest.raises(Conflict):
        approve_export(by=person(SECOND), export=export.id)
    with pytest.raises(Conflict, match="has approved this already"):
        approve_export(by=person("owen.birch"), export=export.id)
    assert events().count("export.begun") == 0
    assert work(footage, export.id).state == ExportState.READY
    assert events().count("export.begun") == 1


def test_intervals_without_footage_and_across_gaps(footage: LogMachine) -> None:
    with pytest.raises(BadInput, match="has no footage of that time"):
        propose(None, span(-3000, -2000))
    with pytest.raises(BadInput, match="has no footage of that time"):
        propose(None, span(20, 80, "cam02"))
    with pytest.raises(BadInput, match="lies ahead"):
        propose(None, span(3600, 3700))
    export = propose(None, span(100, 200))
    (drawn,) = export.drawn["spans"]
    assert drawn["runs"][0]["to"] < drawn["asked_to"]
    assert [gap["reason"] for gap in drawn["gaps"]] == ["stopped"]
    # Nothing of the time that was asked for is passed over in silence, nor what lies before recording.
    (early,) = propose(None, span(-600, 100)).drawn["spans"]
    never = early["gaps"][0]
    assert (never["from"], never["reason"]) == (early["asked_from"], "never_recorded")


def test_what_happens_between_the_yes_and_the_package(footage: LogMachine) -> None:
    """Withdrawn before it begins and while it runs, stopped by a person, destroyed meanwhile."""
    withdrawn = request()
    early, late = approved(withdrawn), approved(second := request())
    close(withdrawn)
    assert work(footage, early.id).state == ExportState.REFUSED
    assert "not open" in Export.objects.get(id=early.id).sentence
    job.carry_out(late.id, wait_s=0)
    assert Export.objects.get(id=late.id).state == ExportState.RUNNING
    with clock.set_to(NOON + timedelta(days=31)):
        assert destruction.run() == {}, "a running export keeps its footage"
    close(second)
    ended = work(footage, late.id)
    assert (ended.state, Asset.objects.count()) == (ExportState.STOPPED, 0)
    assert Keep.objects.get(id=str(ended.keep_id)).released_at is not None

    stopped = approved()
    job.carry_out(stopped.id, wait_s=0)
    stop_export(by=person(SECOND), export=stopped.id)
    ended = work(footage, stopped.id)
    assert (ended.state, ended.sentence) == (
        ExportState.STOPPED,
        f"Stopped by {person(SECOND).display_name}.",
    )

    waiting = propose()
    with clock.set_to(NOON + timedelta(days=31)):
        destruction.run()
        with pytest.raises(BadInput, match="was destroyed"):
            propose()
    approve_export(by=person(SECOND), export=waiting.id)
    ended = work(footage, waiting.id)
    assert ended.state == ExportState.REFUSED
    assert "destroyed" in ended.sentence


def test_what_was_approved_is_exported_and_nothing_else_that_stands_there_later(footage: LogMachine) -> None:
    basis = request()
    small, whole = propose(basis, span(20, 50)), propose(basis)
    assert small.drawn_sha256 != whole.drawn_sha256
    approve_export(by=person(SECOND), export=small.id)
    with transaction.atomic():
        enter(Event.ACT_PERMITTED, actor="system:test")
        Export.objects.filter(id=small.id).update(drawn=whole.drawn, drawn_sha256=whole.drawn_sha256)

    ended = work(footage, small.id)
    assert (ended.state, Asset.objects.count()) == (ExportState.REFUSED, 0)
    assert "has changed since the export was asked for" in ended.sentence


def close(basis: Basis) -> None:
    with transaction.atomic():
        enter(Event.ACT_PERMITTED, actor="system:test")
        Basis.objects.filter(id=basis.id).update(closed_at=NOON - timedelta(seconds=1))


def test_a_partners_pause_stops_a_case_and_not_a_lawful_request(footage: LogMachine) -> None:
    partner = next(c for c in map(camera, [f"cam{n:02d}" for n in range(1, 13)]) if c.owner.kind == "partner")
    export = propose()
    interval = interval_of(export.drawn)
    with transaction.atomic():
        enter(Event.CAMERA_PAUSED, actor="system:test", cameras=[partner.id])
        type(partner).objects.filter(id=partner.id).update(paused_at=NOON, paused_by=person(SECOND))
    for kind, purpose in (
        (BasisKind.REQUEST, Purpose.RECORDS_REQUEST),
        (BasisKind.CASE, Purpose.INVESTIGATION),
    ):
        asked = deciding.Asked(
            person(OFFICER), request(kind).id, purpose, Recipient.PROSECUTOR, interval, "Discovery"
        )
        if kind is BasisKind.REQUEST:
            deciding.check(asked, [partner.id])
        else:
            with pytest.raises(Refused, match="owner has paused"):
                deciding.check(asked, [partner.id])


def test_the_pages_carry_a_request_to_the_package(footage: LogMachine) -> None:
    """From the form to the file, by the officer and, on the phone, by the supervisor."""
    basis = ask(place=corner(CAM), starts_at=BEGINS, ends_at=BEGINS + 2 * MINUTE).basis
    officer, second = client(OFFICER), client(SECOND)
    zone = "%Y-%m-%dT%H:%M:%S"
    form = {
        "export": str(uuid4()),
        "basis": str(basis.id),
        "cameras": [str(camera(CAM).id)],
        "starts_at": (BEGINS + timedelta(seconds=20)).astimezone(config.city_zone).strftime(zone),
        "ends_at": (BEGINS + timedelta(seconds=300)).astimezone(config.city_zone).strftime(zone),
        "recipient_class": "public",
        "recipient": "A. Doe",
        "standard": "Rule 25.03",
        "reason": "Discovery",
    }
    filled = officer.get("/exports/new/", {"basis": str(basis.id), "camera": CAM}).content.decode()
    assert f'value="{basis.id}" selected' in filled
    assert "waits for redaction" in officer.post("/exports/new/", form).content.decode()
    for _ in range(2):
        answer = officer.post("/exports/new/", form | {"recipient_class": "prosecutor"})
        assert answer.status_code == 302
    export = Export.objects.get()
    page = officer.get(answer["Location"]).content.decode()
    assert "gap" in page
    assert "Approve exactly this" not in page
    assert "Approve exactly this" in second.get(answer["Location"]).content.decode()
    assert client("lena.fontaine").get(answer["Location"]).status_code == 404
    assert second.post(f"/exports/{export.id}/approve/").status_code == 302
    assert second.post(f"/exports/{export.id}/approve/").status_code == 409
    work(footage, export.id)
    assert officer.get(f"/exports/{export.id}/state/")["HX-Refresh"] == "true"
    assert second.post(f"/exports/{export.id}/download/").status_code == 403
    answer = officer.post(f"/exports/{export.id}/download/")
    got = asyncio.run(_all(cast(StreamingHttpResponse, answer).streaming_content))
    assert len(got) == int(answer["Content-Length"]) == said()[-1]["bytes"]
    assert "all of it was sent" in officer.get(f"/exports/{export.id}/").content.decode()
    assert str(basis.number) in officer.get("/exports/").content.decode()


async def _all(stream: Any) -> bytes:
    return b"".join([piece async for piece in stream])
