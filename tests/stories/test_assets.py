"""Stills, clips, packages and uploads: written encrypted, handed out by account, destroyed on time."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from audit.record import record
from audit.vocabulary import Event
from evidence import asset_account, assets
from evidence.actions.place_hold import place_hold
from evidence.actions.read_asset import read_asset
from evidence.asset_account import AssetAccount
from evidence.assets import own_end, sweep, write_asset
from evidence.catalogue.verify import Level, verify_footage
from evidence.models import Asset, AssetKind, AssetReading, AssetWriting, Disposition
from evidence.retention import destruction, shredding
from evidence.vault.asset_door import open_asset
from evidence.vault.door import FootageDestroyed
from policy.denied import Denied, Hidden
from policy.guard import guard
from policy.models import Basis, Organisation
from policy.permits import Permit, PermitEnded
from policy.vocabulary import Action, BasisKind, Kind, Purpose, Ref
from rtcc import clock
from tests.city import NOON, camera, city, events, person, said
from tests.conftest import Committed
from tests.keeping import key_lives
from tests.minutes import record_minutes, store
from tests.recording import vault

__all__ = ["city", "vault"]

pytestmark = pytest.mark.usefixtures("city", "vault")
OFFICER = "grace.tamayo"
CONTENT = random.Random(7).randbytes(3_000_000)


def request(agency: str = "City Police") -> Basis:
    """A request for footage, as the records desk opens it."""
    with transaction.atomic():
        record(Event.ACT_PERMITTED, actor="system:test")
        return Basis.objects.create(
            kind=BasisKind.REQUEST,
            agency=Organisation.objects.get(memberships__person=person(OFFICER)),
            number=f"R-{uuid4().hex[:6]}",
            title="Footage of the corner",
            opened_at=NOON - timedelta(days=1),
            opened_by=person(OFFICER),
        )


def permit(basis: Basis) -> Permit:
    with guard(
        Action.SEARCH,
        by=person(OFFICER),
        on=Ref(Kind.CAMERA, camera("cam01").id),
        basis=basis.id,
        purpose=Purpose.RECORDS_REQUEST,
    ) as given:
        pass
    return given


def chunks(content: bytes = CONTENT, size: int = 70_001) -> Iterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


def write(
    kind: AssetKind = AssetKind.PACKAGE, source: str = "export-1", chunks: Iterator[bytes] | None = None
) -> Asset:
    end, rule = own_end(kind, clock.now())
    return write_asset(
        kind,
        permit=permit(request()),
        source=source,
        starts_at=NOON - timedelta(minutes=5),
        ends_at=NOON - timedelta(minutes=5),
        chunks=chunks or globals()["chunks"](),
        owner=None,
        media_type="application/zip",
        name="R-1.zip",
        destroy_after=end,
        destroy_rule=rule,
        parents=[Ref(Kind.CAMERA, camera("cam01").id)],
    )


def received(asset: UUID, *, upto: int | None = None) -> bytes:
    given, reading = read_asset(by=person(OFFICER), asset=asset)
    account, got = AssetAccount(reading.id), b""
    with open_asset(given, asset, account) as reader:
        for piece in reader.pieces():
            got += piece
            account.sent(len(piece))
            if upto is not None and len(got) >= upto:
                break
    account.end("the connection ended")
    return got


def test_what_was_written_comes_back_by_the_door_alone_and_the_log_counts_the_bytes(vault: Path) -> None:
    row = write()

    assert received(row.id) == CONTENT
    assert bytes(row.plain_sha256) == hashlib.sha256(CONTENT).digest()
    on_disk = [path.read_bytes() for path in vault.rglob("*") if path.is_file()]
    assert not any(CONTENT[:64] in content or CONTENT[1_000_000:1_000_064] in content for content in on_disk)
    written, opened, read = said()[-3:]
    assert [one["event"] for one in (written, opened, read)] == [
        "asset.written",
        "asset.opened",
        "asset.read",
    ]
    assert written["detail"]["seal_sha256"] == bytes(row.seal_sha256).hex()
    assert (read["bytes"], read["exact"]) == (len(CONTENT), True)
    reading = AssetReading.objects.get()
    assert reading.reserved == reading.sent == len(CONTENT)
    assert verify_footage(Level.HASH).ok


def test_bytes_received_are_entered_also_when_the_reader_breaks_off_or_vanishes() -> None:
    row = write()
    got = received(row.id, upto=1)
    assert len(got) <= said()[-1]["bytes"] == len(got)

    given, reading = read_asset(by=person(OFFICER), asset=row.id)
    reader = open_asset(given, row.id, AssetAccount(reading.id))
    assert reader.read(2_000_000, 10) == CONTENT[2_000_000:2_000_010]
    reader.close()
    with clock.set_to(NOON + timedelta(minutes=2)):
        assert asset_account.sweep() == 1
    assert said()[-1]["event"] == "asset.read"
    assert said()[-1]["bytes"] >= 10
    assert said()[-1]["exact"] is False
    with pytest.raises(PermitEnded):
        AssetAccount(reading.id).reserve(row.id, 1)


def test_only_who_may_and_only_under_a_permit_of_its_own_opens_it() -> None:
    row = write()
    with pytest.raises((Denied, Hidden)):
        read_asset(by=person("ana.mercer"), asset=row.id)
    with pytest.raises(PermitEnded):
        open_asset(permit(request()), row.id, AssetAccount(uuid4()))
    reading, account = read_asset(by=person(OFFICER), asset=row.id)
    other = write(source="export-2")
    with pytest.raises(PermitEnded, match="does not cover"):
        open_asset(reading, other.id, AssetAccount(account.id))
    with clock.set_to(reading.expires_at), pytest.raises(PermitEnded, match="is over"):
        open_asset(reading, row.id, AssetAccount(account.id))


def test_a_killed_write_leaves_nothing(vault: Path) -> None:
    def cut() -> Iterator[bytes]:
        yield CONTENT
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(chunks=cut())
    assert not list(store().work())

    # A process that dies leaves what stood at that instant: here without its own tidying up.
    def kill(*_: object) -> None:
        raise SystemExit

    before = assets._drop, assets._commit
    assets._drop, assets._commit = kill, kill  # type: ignore[assignment]
    try:
        with pytest.raises(SystemExit):
            write()
    finally:
        assets._drop, assets._commit = before
    left = AssetWriting.objects.get()
    assert len(list(store().sealed())) == 1
    assert key_lives(left.key_name)
    assert sweep() == 0, "it may still be at work"
    with clock.set_to(NOON + timedelta(minutes=6)):
        assert sweep() == 1
    assert not list(store().sealed())
    assert not key_lives(left.key_name)
    assert not AssetWriting.objects.exists()
    assert not Asset.objects.exists()
    assert "asset.written" not in events()
    assert verify_footage(Level.SIZE).ok


def test_it_is_destroyed_at_its_own_end_by_the_same_procedure() -> None:
    row = write()
    with clock.set_to(row.destroy_after - timedelta(seconds=1)):
        assert destruction.run() == {}
    with clock.set_to(row.destroy_after):
        assert destruction.run() == {"proved": 1}
        shredding.run()
    disposition = Disposition.objects.get()
    assert (disposition.what, disposition.count, disposition.rule) == ("assets", 1, "package_keep@2020-01-01")
    assert disposition.beyond_recovery_at is not None
    row.refresh_from_db()
    assert (row.tombstone, row.wrapped_key) == (disposition.id, None)
    assert not store().has(row.location)
    assert not key_lives(row.key_name)
    with pytest.raises(FootageDestroyed):
        received(row.id)
    assert verify_footage(Level.SIZE).ok


def test_a_hold_on_it_or_on_the_time_of_its_camera_keeps_it() -> None:
    package = write()
    still = write(AssetKind.STILL, source=str(camera("cam01").id))
    for cameras, held in (([camera("cam01").id], []), ([], [package.id])):
        place_hold(
            by=person(OFFICER),
            cameras=cameras,
            assets=held,
            starts_at=NOON - timedelta(minutes=6),
            ends_at=NOON,
            authority="Circuit Court, order",
            matter="2611-CC00042",
        )
    with clock.set_to(package.destroy_after + timedelta(days=1)):
        assert destruction.run() == {}
    assert Asset.objects.standing().count() == 2
    assert still.camera == camera("cam01").id


def test_a_changed_row_or_file_is_named(city: Committed) -> None:
    row = write(AssetKind.STILL, source=str(camera("cam01").id))
    record_minutes(camera("cam01"), NOON - timedelta(minutes=2))
    path = next(path for path in store()._root.rglob(str(row.id)))
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    found = [str(fault) for fault in verify_footage(Level.HASH).faults]
    assert any(str(row.id) in fault and "was changed" in fault for fault in found)
