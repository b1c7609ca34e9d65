"""A segment on disk: what is sealed, what can be proved of it, and that no plaintext touches the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from evidence.vault import cmaf, fragments, merkle, wraps
from evidence.vault.descriptor import AssetDescriptor, Period, from_text, to_text
from evidence.vault.errors import NotAFragment, NotInStore, SpoolBusy, Tampered, WriterBroken
from evidence.vault.repair import Recovered, recover
from evidence.vault.seal import SealedSegment
from evidence.vault.segmentfile import SegmentWriter, prove_fragment, write_whole
from evidence.vault.spool import Spool, read_entry
from evidence.vault.states import FileState
from evidence.vault.tink import BlockReader
from tests.vault_footage import STARTS_AT, Place, asset, box, init_segment, piece, pieces


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def spool(place: Place) -> Iterator[Spool]:
    with place.spool() as held:
        yield held


def test_what_was_appended_is_what_the_vault_gives_back(place: Place) -> None:
    made = pieces(24, 30_000)
    sealed = place.record(made)
    assert place.plaintext(sealed) == init_segment() + b"".join(each.data for each in made)
    assert sealed.seal.ends_at == made[-1].starts_at + timedelta(seconds=made[-1].duration_90k / 90_000)


def test_each_fragment_is_one_gop_and_the_first_carries_the_init_segment(place: Place) -> None:
    made = pieces(10, 30_000, gop=4)
    sealed = place.record(made)
    found = sealed.fragments
    assert [each.key for each in found] == [True] * 3
    assert found[0].length == sealed.init_length + sum(len(each.data) for each in made[:4])
    assert [each.start_90k for each in found] == [0, 36_000, 72_000]
    assert [each.duration_90k for each in found] == [36_000, 36_000, 18_000]
    assert found[-1].offset + found[-1].length == sealed.seal.plain_bytes
    whole = place.plaintext(sealed)
    assert whole[found[1].offset :][: found[1].length] == b"".join(each.data for each in made[4:8])
    assert len(sealed.index) == 12 * 3


def test_the_seal_can_be_checked_without_a_key(place: Place) -> None:
    sealed = place.record(pieces(24, 30_000))
    stored = (place.root / "footage" / "sealed" / str(sealed.location)).read_bytes()
    assert hashlib.sha256(stored).digest() == sealed.seal.ciphertext_sha256
    assert len(stored) == sealed.seal.ciphertext_bytes == place.store().size(sealed.location)
    assert hashlib.sha256(sealed.index).digest() == sealed.seal.index_sha256


def test_each_fragment_is_proved_and_nothing_else_is(place: Place) -> None:
    sealed = place.record(pieces(28, 5_000, gop=4))
    whole, key = place.plaintext(sealed), place.key_of(sealed)
    with place.store().open_read(sealed.location) as file:
        reader = BlockReader(file, key, sealed.asset.canonical())
        proofs = [prove_fragment(reader, key, sealed, number) for number in range(7)]
        with pytest.raises(IndexError):
            prove_fragment(reader, key, sealed, 7)
    for number, (fragment, proof) in enumerate(zip(sealed.fragments, proofs, strict=True)):
        plaintext = whole[fragment.offset :][: fragment.length]
        assert merkle.proves(proof, plaintext, sealed.seal.merkle_root)
        assert not merkle.proves(proof, plaintext[:-1], sealed.seal.merkle_root)
        assert not merkle.proves(proofs[number - 1], plaintext, sealed.seal.merkle_root)
        assert not merkle.proves(proof, plaintext, bytes(32))


@pytest.mark.parametrize("count", range(1, 20))
def test_paths_lead_to_the_root_for_any_number_of_fragments(count: int) -> None:
    key = wraps.new_key()
    contents = [bytes([number]) * 3 for number in range(count)]
    entries = [
        hashlib.sha256(wraps.salt(key, number) + each).digest() for number, each in enumerate(contents)
    ]
    root = merkle.root_of(entries)
    for number, content in enumerate(contents):
        proof = merkle.FragmentProof(number, count, wraps.salt(key, number), merkle.path_of(entries, number))
        assert merkle.proves(proof, content, root)


def test_seals_chain_within_a_lease_epoch(place: Place) -> None:
    first = place.record(pieces(4, 1_000))
    later = STARTS_AT + timedelta(minutes=1)
    moved = [
        each.__class__(each.data, each.starts_at + timedelta(minutes=1), each.duration_90k, each.key)
        for each in pieces(4, 1_000)
    ]
    second = place.record(moved, asset(2, starts_at=later), previous=first.seal.hash())
    assert first.seal.previous is None
    assert second.seal.previous == first.seal.hash()
    assert SealedSegment.from_json(second.to_json()) == second
    assert SealedSegment.from_json(second.to_json()).seal.hash() == second.seal.hash()


def test_no_plaintext_touches_the_disk(place: Place, spool: Spool) -> None:
    made = pieces(12, 40_000)
    writer = place.open(spool, place.store())
    needles = [init_segment()[-40:], *(each.data[-64:] for each in made)]
    for each in made:
        writer.append(each.data, each.starts_at, each.duration_90k, each.key)
        on_disk = b"".join(path.read_bytes() for path in place.root.rglob("*") if path.is_file())
        assert not any(needle in on_disk for needle in needles)
    writer.close(None)
    on_disk = b"".join(path.read_bytes() for path in place.root.rglob("*") if path.is_file())
    assert not any(needle in on_disk for needle in [*needles, place.period_key])


def test_the_wrapped_key_is_on_disk_before_the_first_byte(place: Place, spool: Spool) -> None:
    writer = place.open(spool, place.store())
    entry = read_entry(place.root / "spool", writer.asset.id)
    assert entry.wrapped_key == writer.wrapped_key
    assert entry.sealed is None
    writer.discard()
    assert spool.entries() == []
    assert list(place.store().work()) == []


def test_an_open_segment_is_read_up_to_what_was_published(place: Place, spool: Spool) -> None:
    made, store = pieces(8, 40_000), place.store()
    writer = place.open(spool, store)
    told = init_segment()
    for each in made:
        writer.append(each.data, each.starts_at, each.duration_90k, each.key)
        told += each.data
        entry = read_entry(place.root / "spool", writer.asset.id)
        key = wraps.unwrap_key(place.period_key, entry.wrapped_key, entry.asset)
        with store.open_growing(entry.asset.id) as file:
            reader = BlockReader.growing(file, key, entry.asset.canonical(), writer.published_length)
            assert reader.length == writer.published_length
            assert reader.read(0, reader.length) == told[: reader.length]
        assert len(told) - writer.published_length <= 65_520
    writer.close(None)


def test_a_piece_that_is_not_whole_or_out_of_order_is_refused_and_leaves_no_trace(
    place: Place, spool: Spool
) -> None:
    made = pieces(6, 2_000, gop=2)
    writer = place.open(spool, place.store())
    with pytest.raises(ValueError, match="key frame"):
        writer.append(made[1].data, STARTS_AT, 9_000, key=False)
    with pytest.raises(ValueError, match="begins when the segment begins"):
        writer.append(made[0].data, STARTS_AT + timedelta(seconds=1), 9_000, key=True)
    for each in made[:4]:
        writer.append(each.data, each.starts_at, each.duration_90k, each.key)
    bad = [
        made[4].data[:-1],
        made[4].data + b"x",
        b"",
        box(b"mdat", b"x"),
        made[4].data + box(b"moof"),
        init_segment(),
    ]
    for data in bad:
        with pytest.raises(NotAFragment):
            writer.append(data, made[4].starts_at, 9_000, key=True)
    for starts_at in (STARTS_AT, STARTS_AT - timedelta(seconds=1)):
        with pytest.raises(ValueError, match="before"):
            writer.append(made[4].data, starts_at, 9_000, key=True)
    sealed = writer.close(None)
    assert place.plaintext(sealed) == init_segment() + b"".join(each.data for each in made[:4])


def test_an_init_segment_that_recovery_could_not_read_is_refused(place: Place, spool: Spool) -> None:
    for init in (
        b"",
        box(b"ftyp"),
        init_segment() + b"x",
        box(b"ftyp") + box(b"moov"),
        piece(0, 1, b"x", key=True),
    ):
        with pytest.raises(NotAFragment):
            SegmentWriter.open(asset(), place.period_key, place.store(), spool, init=init)
    assert spool.entries() == []


def test_a_closed_or_abandoned_writer_writes_no_more(place: Place, spool: Spool) -> None:
    made = pieces(1, 1_000)[0]
    closed, abandoned = place.open(spool, place.store()), place.open(spool, place.store(), asset(2))
    for writer in (closed, abandoned):
        writer.append(made.data, made.starts_at, made.duration_90k, made.key)
    closed.close(None)
    abandoned.abandon()
    for writer in (closed, abandoned):
        with pytest.raises(WriterBroken):
            writer.append(made.data, made.starts_at, made.duration_90k, made.key)
        with pytest.raises(WriterBroken):
            writer.close(None)


def test_an_empty_segment_is_not_sealed(place: Place, spool: Spool) -> None:
    writer = place.open(spool, place.store())
    with pytest.raises(ValueError, match="discarded"):
        writer.close(None)
    writer.discard()


def test_a_still_is_sealed_whole_and_made_again_after_a_kill(place: Place, spool: Spool) -> None:
    still = asset(3, kind="still")
    sealed = write_whole(still, place.period_key, place.store(), spool, b"jpeg" * 50_000)
    assert place.plaintext(sealed) == b"jpeg" * 50_000
    assert recover(spool, place.store(), lambda _: place.period_key, lambda _: None) == [
        Recovered(sealed, FileState.AWAITING_ROW)
    ]
    with pytest.raises(ValueError, match="piece by piece"):
        write_whole(asset(4), place.period_key, place.store(), spool, b"x")


def test_one_spool_has_one_process(place: Place, spool: Spool) -> None:
    with pytest.raises(SpoolBusy):
        place.spool()


def test_an_asset_id_is_used_once(place: Place, spool: Spool) -> None:
    store = place.store()
    place.open(spool, store).abandon()
    before = spool.entries()
    with pytest.raises(FileExistsError):
        place.open(spool, store)
    assert spool.entries() == before


def test_a_forgotten_entry_is_gone(place: Place) -> None:
    sealed = place.record(pieces(2, 100))
    with place.spool() as held:
        held.forget(sealed.asset.id)
        held.forget(sealed.asset.id)
        assert held.entries() == []
    with pytest.raises(NotInStore):
        read_entry(place.root / "spool", sealed.asset.id)


def test_another_assets_file_does_not_open(place: Place) -> None:
    sealed = place.record(pieces(4, 1_000))
    with place.store().open_read(sealed.location) as file, pytest.raises(Tampered):
        BlockReader(file, place.key_of(sealed), asset(2).canonical())


def test_the_packed_index_gives_back_the_same_fragments() -> None:
    index = fragments.FragmentIndex(700)
    for start in range(0, 900_000, 45_000):
        index.add(1_000 + start // 1_000, start, 45_000, key=start % 90_000 == 0)
    assert fragments.unpack(fragments.pack(index.fragments)) == index.fragments
    assert index.length == 700 + sum(1_000 + start // 1_000 for start in range(0, 900_000, 45_000))


def test_ticks_and_instants_agree_to_the_microsecond() -> None:
    for microseconds in (0, 1, 11, 12, 999_999, 59_999_999):
        instant = STARTS_AT + timedelta(microseconds=microseconds)
        back = fragments.to_instant(fragments.to_ticks(instant, STARTS_AT), STARTS_AT)
        assert abs(back - instant) <= timedelta(microseconds=6)


def test_a_descriptor_is_the_same_bytes_wherever_it_is_read() -> None:
    one = asset(1)
    assert AssetDescriptor.from_json(one.to_json()) == one
    assert one.canonical() == (
        b'{"id":"00000000-0000-0000-0000-000000000001","kind":"segment","lease_epoch":7,'
        b'"period_s":86400,"period_starts_at":"2026-11-22T00:00:00.000000Z","source":"camera-12",'
        b'"starts_at":"2026-11-22T15:00:00.000000Z"}'
    )
    assert from_text(to_text(STARTS_AT)) == STARTS_AT
    with pytest.raises(ValueError, match="time zone"):
        to_text(datetime(2026, 11, 22))  # noqa: DTZ001
    for source in ("../etc", "Camera", "", "a/b", "-a"):
        with pytest.raises(ValueError, match="small letters"):
            AssetDescriptor("segment", UUID(int=1), source, STARTS_AT, 1, Period.of(datetime.now(UTC)))


def test_the_scan_finds_the_pieces_that_were_made() -> None:
    made = pieces(9, 500, gop=3)
    whole = init_segment() + b"".join(each.data for each in made)
    found = cmaf.scan(lambda offset, length: whole[offset : offset + length], len(whole))
    assert found.init_length == len(init_segment())
    assert [each.length for each in found.pieces] == [len(each.data) for each in made]
    assert [each.key for each in found.pieces] == [each.key for each in made]
    assert [each.duration_90k for each in found.pieces] == [each.duration_90k for each in made]
    for cut in range(len(whole)):
        fewer = cmaf.scan(lambda offset, length: whole[offset : offset + length], cut)
        assert fewer.pieces == found.pieces[: len(fewer.pieces)]
        assert fewer.init_length + sum(each.length for each in fewer.pieces) <= cut
