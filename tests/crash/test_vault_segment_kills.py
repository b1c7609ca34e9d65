"""Kill the recorder, and then its recovery, at every step: nothing sealed is lost, and no nonce seals two
plaintexts.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.vault import merkle, tink
from evidence.vault.errors import KeyDestroyed, KeyMissing
from evidence.vault.fragments import Fragment
from evidence.vault.repair import Lost, Outcome, Recovered, Waiting, recover
from evidence.vault.seal import SealedSegment
from evidence.vault.segmentfile import entries_of
from evidence.vault.states import FileState, Found, SpoolState, WorkState, holding, state_of
from tests.killing import every_kill, finishes
from tests.vault_footage import Place, asset, init_segment, pieces

MADE = pieces(10, 45_000, gop=3)
WHOLE = init_segment() + b"".join(each.data for each in MADE)
PERIOD_KEY = bytes(range(32))


@dataclass
class Recording:
    """One recording in its own folder, with what the killed processes reported and sealed."""

    place: Place

    @property
    def reports(self) -> Path:
        return self.place.root / "reports"

    @property
    def ledger(self) -> Path:
        return self.place.root / "ledger"

    def record(self) -> None:
        """As the recorder does it: open, append, sync now and then, close, commit the row, forget."""
        report, store = self._report(), self.place.store()
        self._keep_ledger()
        with self.place.spool() as spool:
            writer = self.place.open(spool, store)
            for number, each in enumerate(MADE):
                writer.append(each.data, each.starts_at, each.duration_90k, each.key)
                report("appended")
                if number % 4 == 3:
                    writer.sync()
            writer.close(None)
            report("sealed")
            spool.forget(asset().id)
            report("forgotten")

    def recover(self) -> list[Outcome]:
        self._keep_ledger()
        with self.place.spool() as spool:
            return recover(spool, self.place.store(), lambda _: PERIOD_KEY, lambda _: None)

    def reported(self) -> list[str]:
        return self.reports.read_text().split() if self.reports.exists() else []

    def check_nonces(self) -> None:
        """Each (stream, index, last) ever sealed, whoever sealed it, was sealed over one plaintext."""
        sealed: dict[str, set[str]] = defaultdict(set)
        for line in self.ledger.read_text().splitlines() if self.ledger.exists() else []:
            nonce, plaintext = line.split()
            sealed[nonce].add(plaintext)
        assert all(len(plaintexts) == 1 for plaintexts in sealed.values())

    def _report(self) -> Callable[[str], object]:
        return lambda word: _append(self.reports, f"{word}\n")

    def _keep_ledger(self) -> None:
        real, ledger = tink.BlockCipher.seal, self.ledger

        def seal(self: tink.BlockCipher, index: int, plaintext: bytes | memoryview, *, last: bool) -> bytes:
            stream = hashlib.sha256(self.header).hexdigest()[:16]
            line = f"{stream}-{index}-{last} {hashlib.sha256(plaintext).hexdigest()}\n"
            _append(ledger, line)
            return real(self, index, plaintext, last=last)

        tink.BlockCipher.seal = seal  # type: ignore[method-assign]


def _append(path: Path, line: str) -> None:
    """Through the io module, whose writes are no steps at which to be killed."""
    with path.open("a") as file:
        file.write(line)


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], Recording]:
    numbers = itertools.count()

    def make() -> Recording:
        root = tmp_path / str(next(numbers))
        root.mkdir()
        place = Place(root, PERIOD_KEY)
        place.store()
        place.spool().close()
        return Recording(place)

    return make


@pytest.fixture(autouse=True)
def own_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `_keep_ledger` puts in place in this process ends with the test."""
    monkeypatch.setattr(tink.BlockCipher, "seal", tink.BlockCipher.seal)


def check_sealed(recording: Recording, sealed: SealedSegment) -> list[Fragment]:
    """The seal holds on the stored bytes, by every one of its parts; returns its fragments."""
    place = recording.place
    stored = (place.root / "footage" / "sealed" / str(sealed.location)).read_bytes()
    assert hashlib.sha256(stored).digest() == sealed.seal.ciphertext_sha256
    plaintext, key = place.plaintext(sealed), place.key_of(sealed)
    assert plaintext == WHOLE[: len(plaintext)]
    entries = entries_of(lambda offset, length: plaintext[offset : offset + length], key, sealed.fragments)
    assert merkle.root_of(entries) == sealed.seal.merkle_root
    assert list(place.store().work()) == []
    return list(sealed.fragments)


def ends_of_pieces() -> list[int]:
    return list(itertools.accumulate((len(each.data) for each in MADE), initial=len(init_segment())))


def check_after(recording: Recording, outcomes: list[Outcome]) -> None:
    """What must hold whenever a recovery got to its end."""
    reported = recording.reported()
    appended = ends_of_pieces()[reported.count("appended")]
    recording.check_nonces()
    if not outcomes:
        assert "sealed" in reported or not reported
        if "sealed" in reported:
            assert list(recording.place.store().sealed())
        return
    (outcome,) = outcomes
    if isinstance(outcome, Lost):
        assert "sealed" not in reported
        assert appended <= tink.PLAIN_BYTES
        assert list(recording.place.store().work()) == list(recording.place.store().sealed()) == []
        return
    assert isinstance(outcome, Recovered)
    found = check_sealed(recording, outcome.sealed)
    covered = found[-1].offset + found[-1].length
    kept = outcome.sealed.seal.plain_bytes
    assert kept > appended - tink.PLAIN_BYTES - 1  # Less than a block is lost to a kill.
    assert covered == max(end for end in ends_of_pieces() if end <= kept)
    if "sealed" in reported:
        assert kept == covered == len(WHOLE)


@pytest.mark.parametrize("torn", [False, True])
def test_a_recorder_killed_at_any_step_loses_nothing_sealed(
    fresh: Callable[[], Recording], torn: bool
) -> None:
    recordings = [fresh() for _ in range(100)]
    kinds = set()
    for number in every_kill(lambda n: recordings[n].record, torn=torn):
        recording = recordings[number]
        outcomes = recording.recover()
        check_after(recording, outcomes)
        again = recording.recover()
        check_after(recording, again)
        assert [bare(each) for each in again] == [bare(each) for each in outcomes]
        kinds |= {each.was for each in outcomes if not isinstance(each, Waiting)}
    assert {FileState.ANNOUNCED, FileState.HOLLOW, FileState.BROKEN, FileState.FINISHED} <= kinds
    assert {FileState.SEALED, FileState.AWAITING_ROW} <= kinds


def bare(outcome: Outcome) -> object:
    """An outcome without how it came about: what two recoveries must agree on."""
    return outcome.sealed if isinstance(outcome, Recovered) else outcome.asset


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("first_kill", [9, 14, 20, 24, 26, 28, 30])
def test_a_recovery_killed_at_any_step_is_finished_by_the_next(
    fresh: Callable[[], Recording], first_kill: int, torn: bool
) -> None:
    for second_kill in itertools.count(1):
        recording = fresh()
        assert not finishes(recording.record, kill_at=first_kill, torn=torn)
        done = finishes(recording.recover, kill_at=second_kill, torn=torn)
        check_after(recording, recording.recover())
        check_after(recording, recording.recover())
        if done:
            break


def test_a_recovery_killed_in_the_middle_is_found_as_resealing(fresh: Callable[[], Recording]) -> None:
    seen = set()
    for second_kill in range(1, 40):
        recording = fresh()
        assert not finishes(recording.record, kill_at=20)
        if finishes(recording.recover, kill_at=second_kill, torn=True):
            break
        seen |= {each.was for each in recording.recover() if isinstance(each, Recovered)}
    assert {FileState.BROKEN, FileState.RESEALING, FileState.FINISHED, FileState.SEALED} <= seen


def broken_file(recording: Recording) -> Path:
    """A recorder killed after its last append: whole blocks and no end."""
    spool, store = recording.place.spool(), recording.place.store()
    writer = recording.place.open(spool, store)
    for each in MADE:
        writer.append(each.data, each.starts_at, each.duration_90k, each.key)
    writer.abandon()
    spool.close()
    return recording.place.root / "footage" / "work" / str(asset().id)


@pytest.mark.parametrize("damage", ["cut", "zeros", "old bytes"])
def test_whatever_a_power_cut_leaves_the_whole_blocks_before_it_are_kept(
    fresh: Callable[[], Recording], damage: str
) -> None:
    block = tink.BLOCK_BYTES
    for position in (0, 39, 40, 57, block - 1, block, block + 1, 2 * block + 7, 3 * block, 5 * block - 16):
        recording = fresh()
        path = broken_file(recording)
        data = path.read_bytes()
        rest = {
            "cut": b"",
            "zeros": bytes(len(data) - position),
            "old bytes": os.urandom(len(data) - position),
        }[damage]
        left = data[:position] + rest
        path.write_bytes(left)
        (outcome,) = recording.recover()
        kept = tink.plaintext_of(position // block)
        whole_pieces = [end for end in ends_of_pieces()[1:] if end <= kept]
        if not whole_pieces:
            assert isinstance(outcome, Lost)
            assert outcome.was is FileState.HOLLOW
            continue
        assert isinstance(outcome, Recovered)
        assert outcome.sealed.seal.plain_bytes == kept
        assert outcome.cut_bytes == len(left) - position // block * block
        found = check_sealed(recording, outcome.sealed)
        assert found[-1].offset + found[-1].length == whole_pieces[-1]
        recording.check_nonces()


def test_a_recovered_segment_tells_the_same_times_as_the_recorder_would(
    fresh: Callable[[], Recording],
) -> None:
    recording, whole = fresh(), fresh()
    broken_file(recording)
    (outcome,) = recording.recover()
    assert isinstance(outcome, Recovered)
    told = whole.place.record(MADE).fragments
    found = outcome.sealed.fragments
    assert found[:-1] == told[: len(found) - 1]
    assert found[-1].start_90k == told[len(found) - 1].start_90k


def test_recovered_segments_chain_to_the_last_seal_that_has_a_row(fresh: Callable[[], Recording]) -> None:
    recording = fresh()
    broken_file(recording)
    with recording.place.spool() as spool:
        (outcome,) = recover(spool, recording.place.store(), lambda _: PERIOD_KEY, lambda _: bytes(31) + b"x")
    assert isinstance(outcome, Recovered)
    assert outcome.sealed.seal.previous == bytes(31) + b"x"


def test_without_its_key_a_broken_file_is_left_alone_and_with_a_destroyed_one_it_is_a_gap(
    fresh: Callable[[], Recording],
) -> None:
    recording = fresh()
    before = broken_file(recording).read_bytes()

    def missing(_: object) -> bytes:
        raise KeyMissing("the disk is away")

    def destroyed(_: object) -> bytes:
        raise KeyDestroyed("on purpose")

    with recording.place.spool() as spool:
        store = recording.place.store()
        assert isinstance(recover(spool, store, missing, lambda _: None)[0], Waiting)
        assert isinstance(recover(spool, store, lambda _: bytes(32), lambda _: None)[0], Waiting)
        assert (recording.place.root / "footage" / "work" / str(asset().id)).read_bytes() == before
        assert isinstance(recover(spool, store, destroyed, lambda _: None)[0], Lost)
        assert list(store.work()) == []


def test_a_sealed_file_that_somebody_removed_is_an_alarm(fresh: Callable[[], Recording]) -> None:
    recording = fresh()
    sealed = recording.place.record(MADE)
    (recording.place.root / "footage" / "sealed" / str(sealed.location)).unlink()
    assert recording.recover() == [Lost(sealed.asset, FileState.MISSING)]


def test_contradictions_are_reported_and_nothing_is_touched(fresh: Callable[[], Recording]) -> None:
    recording = fresh()
    sealed = recording.place.record(MADE)
    path = recording.place.root / "footage" / "sealed" / str(sealed.location)
    double = recording.place.root / "footage" / "work" / str(sealed.asset.id)
    double.write_bytes(path.read_bytes())
    (outcome,) = recording.recover()
    assert isinstance(outcome, Waiting)
    assert outcome.was is FileState.CONTRADICTORY
    assert path.exists()
    assert double.exists()


def test_exactly_one_state_holds_for_whatever_stands_on_disk() -> None:
    seen = set()
    for spool, work, sealed, journal in itertools.product(
        SpoolState, WorkState, (False, True), (False, True)
    ):
        found = Found(spool, work, sealed, journal)
        assert len(holding(found)) <= 1
        seen.add(state_of(found))
    assert seen == set(FileState)
