"""The sequencer: gives entries their leaves and publishes the tree.

The order, which the crash table in tests/crash/test_log_sequencer.py breaks at every arrow:

1. read the queue; one transaction inserts leaves, empties the queue, moves the head by compare-and-swap;
2. write the tiles (bundles first, then hashes from the lowest level up), each synced with its folder;
3. sign the checkpoint and put it in the place of the smaller one;
4. show it to the witnesses and publish it again with their cosignatures;
5. remember it.

What was committed in 1 and not published is published by `start`, with the same code. Tiles or witnesses
that know more than the database mean that the database was put back: then nothing is signed, and the alarm
stands until somebody looks. No Django.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import NoReturn

from audit.cosigning import SplitView, WitnessAhead, WitnessAway, WitnessClient
from audit.ledger import Broken, Head, Ledger, LostRace, extended
from audit.merkle import EMPTY_ROOT, leaf_hash, prove_consistency, tree_root
from audit.note import BadNote, Checkpoint, Note, Signature, SigningKey
from audit.publish import SplitCheckpoint, TileWriter, publish_checkpoint, read_checkpoint
from audit.status import WitnessStatus
from audit.tiles import BadTile, TileFiles, TileTree

BATCH_LIMIT = 5000


class Step(Enum):
    """The places between two effects of a batch; crash tests stop there."""

    QUEUE_READ = 1
    COMMITTED = 2
    TILES_WRITTEN = 3
    CHECKPOINT_SIGNED = 4
    CHECKPOINT_PUBLISHED = 5
    WITNESSES_ASKED = 6
    COSIGNATURES_PUBLISHED = 7
    REMEMBERED = 8


class Stop(Exception):
    """What was signed before contradicts what is there now; the sentence names the contradiction."""


class NoWitness(Exception):
    """Witnesses are configured and none answers; before the first signature after a start one must."""


@dataclass
class _Asked:
    """A witness, and what it said last."""

    client: WitnessClient
    status: WitnessStatus
    ask_again_s: float = 0.0


class Sequencer:
    """One log. ``now`` gives aware instants; ``at`` is told of each step that is done."""

    def __init__(
        self,
        ledger: Ledger,
        files: TileFiles,
        signer: SigningKey,
        witnesses: Sequence[WitnessClient],
        *,
        now: Callable[[], datetime],
        at: Callable[[Step], None] = lambda step: None,
        retry_s: float = 5.0,
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._signer = signer
        self._log = signer.verifier
        self._witnesses = [_Asked(client, WitnessStatus(client.key.name)) for client in witnesses]
        self._now = now
        self._at = at
        self._retry_s = retry_s
        self._writer: TileWriter | None = None
        self._head = Head(0, EMPTY_ROOT)
        self._note: Note | None = None

    @property
    def size(self) -> int:
        return self._writer.edge.size if self._writer else 0

    @property
    def witnesses(self) -> list[WitnessStatus]:
        return [asked.status for asked in self._witnesses]

    def start(self) -> None:
        """Find out whether it is safe to sign; publish what was committed. Raises Stop or NoWitness."""
        self._writer = self._note = None
        # Tiles before the head: another sequencer may be at work, and the head never goes back.
        try:
            published = read_checkpoint(self._files.folder, self._log)
        except BadNote as error:
            raise Stop(f"The published checkpoint is not ours: {error}.") from error
        checkpoint = published[0] if published else Checkpoint(self._log.name, 0, EMPTY_ROOT)
        reach = max(checkpoint.size, self._files.reach())
        head = self._ledger.head()
        if checkpoint.size > head.size:
            head = self._recovered(checkpoint, head)
        if reach > head.size:
            self._stop_behind("The tiles hold", reach, "the database was put back to an earlier state")
        note = published[1] if published else self._signed(checkpoint)
        cosignatures = self._ask_first(note, checkpoint)
        self._follow(checkpoint, head)
        if head.size > checkpoint.size or published is None:
            self._publish()
        else:
            self._note = note
            known = {(signature.name, signature.id) for signature in note.signatures}
            self._remember([new for new in cosignatures if (new.name, new.id) not in known])

    def _recovered(self, checkpoint: Checkpoint, head: Head) -> Head:
        """The head after published entries that `audit.recovery` brought back have their leaves again.

        Only entries that lead from the head to the signed root are taken, so nothing new is stated by it.
        """
        tree = TileTree(self._files, checkpoint.size)
        try:
            bodies = self._files.entries(head.size, checkpoint.size)
            whole = (
                tree_root(checkpoint.size, tree.node) == checkpoint.root
                and tree_root(head.size, tree.node) == head.root
                and all(leaf_hash(body) == tree.node(0, head.size + at) for at, body in enumerate(bodies))
            )
        except BadTile:
            return head
        if whole and self._ledger.give_back(head, bodies, checkpoint.root):
            return self._ledger.head()
        return head

    def _ask_first(self, note: Note, checkpoint: Checkpoint) -> list[Signature]:
        """Show each witness what we published last; one that has seen more knows that we were put back."""
        cosignatures, answered = [], 0
        tree = TileTree(self._files, checkpoint.size)
        for asked in self._witnesses:
            try:
                cosignatures.append(
                    self._ask(asked, note, lambda old, size: prove_consistency(old, size, tree.node))
                )
            except WitnessAhead as ahead:
                # Up to the head it means that tiles were lost, which are written again from the entries.
                self._check_behind(ahead)
            except WitnessAway:
                continue
            except BadTile as error:
                raise Stop(f"A tile that was published cannot be read: {error}.") from error
            answered += 1
        if self._witnesses and not answered:
            raise NoWitness("No witness answers: nothing new is signed until one does.")
        return cosignatures

    def _follow(self, checkpoint: Checkpoint, head: Head) -> None:
        """Bring the tiles from the published checkpoint to the head."""
        try:
            writer = TileWriter(self._files, checkpoint.size)
        except BadTile as error:
            raise Stop(f"A tile that was published cannot be read: {error}.") from error
        if writer.edge.root() != checkpoint.root:
            raise Stop(f"The tiles do not lead to the checkpoint of {checkpoint.size} leaves.")
        try:
            for bodies in self._ledger.bodies(checkpoint.size, head.size):
                writer.append(bodies)
        except Broken as error:
            raise Stop(f"The tiles cannot follow the database: {error}.") from error
        if writer.edge.root() != head.root:
            raise Stop(f"The entries in the database do not lead to its head of {head.size} leaves.")
        self._writer, self._head = writer, head

    def step(self, limit: int = BATCH_LIMIT) -> int:
        """Sequence what waits; returns how many entries got their leaf. Raises Stop."""
        if self._writer is None:
            raise RuntimeError("a sequencer is started before its first step")
        head = self._ledger.head()
        if head != self._head:
            self._catch_up(head)
            return 0
        batch = self._ledger.waiting(limit)
        self._at(Step.QUEUE_READ)
        if not batch:
            self._cosign()
            return 0
        root = extended(self._writer.edge, batch).root()
        try:
            self._head = self._ledger.append(head, batch, root)
        except LostRace:
            return 0
        self._at(Step.COMMITTED)
        self._writer.append([waiting.body for waiting in batch])
        self._at(Step.TILES_WRITTEN)
        self._publish()
        return len(batch)

    def _catch_up(self, head: Head) -> None:
        """Another sequencer moved the head, or somebody put the database back under our feet."""
        if head.size <= self._head.size:
            self._stop_behind(
                "The tiles hold", self._head.size, "the database was put back to an earlier state"
            )
        self._follow(Checkpoint(self._log.name, self._head.size, self._head.root), head)
        self._publish()

    def _signed(self, checkpoint: Checkpoint) -> Note:
        text = checkpoint.text()
        return Note(text, (self._signer.sign(text),))

    def _publish(self) -> None:
        """Sign and publish the tree as it is on disk, then have it cosigned."""
        note = self._signed(Checkpoint(self._log.name, self._head.size, self._head.root))
        self._at(Step.CHECKPOINT_SIGNED)
        self._put(note)
        self._note = note
        self._at(Step.CHECKPOINT_PUBLISHED)
        if self._witnesses:
            self._cosign()
        else:
            self._remember([])

    def _put(self, note: Note) -> None:
        try:
            publish_checkpoint(self._files.folder, note, self._log)
        except (SplitCheckpoint, BadNote) as error:
            raise Stop(f"The checkpoint cannot be published: {error}.") from error

    def _cosign(self) -> None:
        """Ask the witnesses that have not cosigned the latest checkpoint; those that failed after a pause."""
        if self._note is None:
            return
        note, now_s = self._note, self._now().timestamp()
        due = [
            asked
            for asked in self._witnesses
            if asked.client.size != self.size and asked.ask_again_s <= now_s
        ]
        if not due:
            return
        tree = TileTree(self._files, self.size)
        cosignatures: list[Signature] = []
        for asked in due:
            try:
                cosignatures.append(
                    self._ask(asked, note, lambda old, size: prove_consistency(old, size, tree.node))
                )
            except WitnessAway:
                continue
            except WitnessAhead as ahead:
                # Another sequencer may have been faster, which the head then shows too.
                self._check_behind(ahead)
        self._at(Step.WITNESSES_ASKED)
        if cosignatures:
            self._remember(cosignatures)

    def _remember(self, cosignatures: Sequence[Signature]) -> None:
        """Publish the latest checkpoint with further cosignatures; keep it for receipts and its time."""
        if self._note is None:
            return
        if cosignatures:
            self._note = self._note.with_signatures(cosignatures)
            self._put(self._note)
            self._at(Step.COSIGNATURES_PUBLISHED)
        keys = [asked.client.key for asked in self._witnesses]
        times_s = [s.cosigned_s for s in self._note.signatures if any(s.is_by(key) for key in keys)]
        if times_s or not keys:
            cosigned_at = datetime.fromtimestamp(min(times_s), UTC) if times_s else None
            self._ledger.keep_checkpoint(self.size, str(self._note), cosigned_at)
        self._at(Step.REMEMBERED)

    def _ask(self, asked: _Asked, note: Note, prove: Callable[[int, int], list[bytes]]) -> Signature:
        """Ask one witness and remember what it said. Raises WitnessAway, WitnessAhead or Stop."""
        before = asked.status
        try:
            signature = asked.client.cosign(note, prove)
        except SplitView as error:
            raise Stop(f"{error}: this log was signed in two versions, or put back and continued.") from error
        except WitnessAway as error:
            asked.ask_again_s = self._now().timestamp() + self._retry_s
            asked.status = WitnessStatus(before.name, before.size, before.cosigned_s, str(error))
            raise
        asked.status = WitnessStatus(before.name, asked.client.size, signature.cosigned_s)
        return signature

    def _check_behind(self, ahead: WitnessAhead) -> None:
        """Raise Stop if a witness has seen more than the database holds now."""
        if ahead.size > self._ledger.head().size:
            self._stop_behind(
                f"The witness {ahead.name} has seen",
                ahead.size,
                "the whole machine was put back to an earlier state",
            )

    def _stop_behind(self, who: str, seen: int, meaning: str) -> NoReturn:
        raise Stop(f"{who} {seen} leaves and the database holds {self._ledger.head().size}: {meaning}.")
