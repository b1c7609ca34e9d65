"""Making an export: taken by lease, in steps that can each be repeated; whoever takes over goes on.

    begin     decided again in the name of who asked; its footage is kept from here on
    wait      until that entry has its place in the published log
    measure   each media file is read once: hash, index, proofs; one row for each file that is done
    state     documents and manifest are made, and the manifest's hash is entered, in one commit
    wait      until that entry has its receipt
    write     the package goes into the vault as an asset of its own; every file is hashed again on the way
    finish    one commit: the package belongs to the export, its keep is released

Between reads it is asked whether the export may go on: stopped by a person, not permitted, or taken over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from audit.record import record
from audit.standing import check_log_follows
from audit.vocabulary import Event, Outcome
from evidence.assets import give_up, own_end, write_asset
from evidence.exports import deciding, documents, package
from evidence.exports.actions.begin_export import begin_export
from evidence.exports.draw import cameras_of, interval_of, runs_of
from evidence.exports.ending import Stopped, TakenOver, end
from evidence.exports.media import RunReader
from evidence.exports.models import Export, ExportDocument, ExportPart
from evidence.exports.package import Media
from evidence.exports.proofs import NotYet, receipt_of, shown
from evidence.exports.states import ExportState
from evidence.models import Asset, AssetKind
from evidence.vault.door import FootageBroken
from evidence.vault.errors import VaultFailure
from policy import permits
from policy.actors import SystemActor
from policy.denied import Denied, Hidden
from policy.permits import Permit
from policy.vocabulary import Purpose, Recipient
from rtcc import clock
from rtcc.errors import DomainError, Unavailable
from rtcc.ids import uuid7
from rtcc.logs import log

WORKER = SystemActor("worker")
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 8
ASK_EVERY_S = 1.0
WAIT_S = 10.0
_log = log("exports")


def carry_out(export: UUID, *, wait_s: float = WAIT_S) -> bool:
    """Carry on with one export that nobody else holds; whether it came to an end of its own."""
    now = clock.now()
    taken = Export.objects.free_at(now).filter(id=export)
    if not taken.update(leased_until=now + LEASE, attempts=F("attempts") + 1):
        return False
    row = Export.objects.select_related("asked_by", "proposal", "basis").get(id=export)
    try:
        with deciding.InSession(row.session, row.mfa):
            return _Work(row, wait_s).run()
    except TakenOver:
        return False
    except NotYet:
        # The log is a little behind: the clock of the background work sends it again.
        Export.objects.filter(id=export).update(leased_until=None, attempts=F("attempts") - 1)
        return False
    except Stopped as stopped:
        return end(row, ExportState.STOPPED, stopped.sentence)
    except (Denied, Hidden, DomainError) as refusal:
        return _refused(row, refusal)
    except (VaultFailure, OSError) as error:
        _log.error("export_stuck", export=str(export), error=type(error).__name__)
        if row.attempts < MOST_ATTEMPTS:
            Export.objects.filter(id=export).update(leased_until=now + LEASE)
            return False
        return end(row, ExportState.FAILED, "The store could not be read or written. Tell the operator.")


def _refused(row: Export, refusal: DomainError) -> bool:
    """What can pass is tried again; what was decided ends the export with its sentence."""
    passes = isinstance(refusal, Unavailable) and not isinstance(refusal, FootageBroken)
    if passes and row.attempts < MOST_ATTEMPTS:
        Export.objects.filter(id=row.id).update(leased_until=clock.now() + timedelta(seconds=5))
        _log.warning("export_waits", export=str(row.id), reason=refusal.sentence)
        return False
    begun = Export.objects.filter(id=row.id, entry__isnull=False).exists()
    state = ExportState.STOPPED if begun else ExportState.REFUSED
    if begun and isinstance(refusal, FootageBroken):
        state = ExportState.FAILED
    return end(row, state, refusal.sentence)


class _Work:
    """One worker's turn on one export."""

    def __init__(self, row: Export, wait_s: float) -> None:
        self.row = row
        self._wait_s = wait_s
        self._asked_s = 0.0
        self._done = 0
        self._step = ""

    def run(self) -> bool:
        check_log_follows()
        if self.row.state == ExportState.APPROVED:
            begin_export(export=self.row.id)
            self.row.refresh_from_db()
        self.permit = self._permit()
        self._say("waiting for the log")
        self._wait(self.row.entry)
        parts = self._measured()
        if self.row.manifest_entry is None:
            self._state(parts)
        self._say("waiting for the log")
        self._wait(self.row.manifest_entry)
        self._finish(self._written(parts))
        return True

    def _permit(self) -> Permit:
        found = permits.find(UUID(str(self.row.permit_id)))
        if found is None or found.ended_at is not None:
            raise Stopped("Its permit was ended.")
        return permits.read(found, self.row.asked_by)

    def _wait(self, entry: UUID | None) -> None:
        """Until the entry has its place in the published log. Raises NotYet after some seconds."""
        assert entry is not None
        until = time.monotonic() + self._wait_s
        while True:
            self.go_on()
            try:
                receipt_of(entry)
                return
            except NotYet:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.2)

    def go_on(self) -> None:
        """Once a second: hold the lease, write down how far it is, and ask whether it may go on."""
        now_s = time.monotonic()
        if now_s - self._asked_s < ASK_EVERY_S:
            return
        self._asked_s = now_s
        held = Export.objects.filter(id=self.row.id, state=ExportState.RUNNING, attempts=self.row.attempts)
        done = min(self._done, self.row.total)
        if not held.update(leased_until=clock.now() + LEASE, done=done, step=self._step):
            raise TakenOver
        if held.filter(stop_asked=True).exists():
            raise Stopped(held.values_list("sentence", flat=True).first() or "Stopped.")
        row = self.row
        asked = deciding.Asked(
            row.asked_by, row.basis_id, Purpose(row.purpose), Recipient(row.recipient_class),
            interval_of(row.drawn), row.reason,
        )  # fmt: skip
        deciding.check(asked, cameras_of(row.drawn), row.proposal)

    def _say(self, step: str) -> None:
        self._step, self._asked_s = step, 0.0
        self.go_on()

    def _progress(self, count: int) -> None:
        self._done += count

    def _measured(self) -> list[ExportPart]:
        """A row for each media file, made where it is missing."""
        done = {part.number: part for part in self.row.parts.all()}
        runs = runs_of(self.row.drawn)
        for number, (span, run) in enumerate(runs, start=1):
            if number in done:
                self._done += run["bytes"]
                continue
            self._say(f"reading and checking file {number} of {len(runs)}")
            with RunReader(self.permit, span, run, self.go_on, self._progress) as reader:
                part = reader.measure()
            done[number] = ExportPart.objects.create(
                export=self.row, number=number, sha256=part.sha256, size=part.size, moov=part.moov,
                proofs=part.proofs,
            )  # fmt: skip
        return [done[number] for number in sorted(done)]

    def _state(self, parts: list[ExportPart]) -> None:
        """Documents, and the entry of the manifest's hash, in one commit."""
        self._say("writing the manifest")
        made = documents.make(self.row, parts)
        digest = package.sha256(made["data/manifest.json"])
        with transaction.atomic(durable=True):
            held = Export.objects.select_for_update(of=("self",)).filter(
                id=self.row.id, manifest_entry__isnull=True, attempts=self.row.attempts
            )
            if not held.exists():
                raise TakenOver
            entry = record(
                Event.EXPORT_STATED,
                outcome=Outcome.PERMIT,
                actor=WORKER.key,
                actor_role="system",
                parent=self.row.entry,
                permit=self.row.permit_id,
                basis=self.row.basis_id,
                object_kind="export",
                object_id=self.row.id,
                count=len(parts),
                detail={"export": str(self.row.id), "manifest_sha256": digest},
            )
            ExportDocument.objects.filter(export=self.row).delete()
            ExportDocument.objects.bulk_create(
                ExportDocument(export=self.row, path=path, content=content) for path, content in made.items()
            )
            self.row.manifest_entry, self.row.manifest_sha256 = entry.id, digest
            self.row.save(update_fields=["manifest_entry", "manifest_sha256"])

    def _written(self, parts: list[ExportPart]) -> Asset:
        """The package in the vault; the same one where a worker was killed between its commit and ours."""
        there: Asset | None = Asset.objects.filter(id=self.row.package).first()
        if there is not None:
            return there
        self._say("writing the package")
        give_up(self.row.package)
        # The key of a write that was cut is destroyed for good, so that each try has an id of its own.
        self.row.package = uuid7()
        self.row.save(update_fields=["package"])
        begins, ends = interval_of(self.row.drawn)
        end_at, rule = own_end(AssetKind.PACKAGE, clock.now())
        name = f"export-{self.row.basis.number or self.row.basis.kind}-{str(self.row.id)[-8:]}"
        name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
        return write_asset(
            AssetKind.PACKAGE,
            permit=self.permit,
            source=f"export-{str(self.row.id)[-12:]}",
            starts_at=begins,
            ends_at=ends,
            chunks=self._chunks(name, parts),
            owner=self.row.basis.agency_id,
            media_type="application/zip",
            name=f"{name}.zip",
            destroy_after=end_at,
            destroy_rule=rule,
            parents=[
                UUID(segment["asset"]) for _, run in runs_of(self.row.drawn) for segment in run["segments"]
            ],
            asset_id=self.row.package,
        )

    def _chunks(self, name: str, parts: list[ExportPart]) -> Iterator[bytes]:
        made = {each.path: bytes(each.content) for each in self.row.documents.all()}
        entry = self.row.manifest_entry
        assert entry is not None
        receipt = receipt_of(entry)
        said = shown(entry, receipt, ("time", "event", "detail"))
        files = {
            "log/manifest.json": documents.as_json(said),
            "log/manifest.tlog-proof": receipt.text().encode(),
        }
        media = [
            Media(f"data/media/{documents.stem(part.number, span, run)}.mp4", part.size, part.sha256,
                  self._media(span, run, bytes(part.moov)))
            for part, (span, run) in zip(parts, runs_of(self.row.drawn), strict=True)
        ]  # fmt: skip
        at = datetime.fromisoformat(said_time(self.row))
        for chunk in package.stream(name, made, media, files, at):
            self.go_on()
            yield chunk
        # Asked once more before the package is committed, however lately it was asked.
        self._asked_s = 0.0
        self.go_on()

    def _media(self, span: dict[str, object], run: dict[str, object], moov: bytes) -> Iterator[bytes]:
        with RunReader(self.permit, span, run, self.go_on, self._progress) as reader:
            yield from reader.chunks(moov)

    def _finish(self, asset: Asset) -> None:
        end(self.row, ExportState.READY, "", asset)


def said_time(row: Export) -> str:
    """The instant in the package's files: when it was asked for, so that it is always the same."""
    return row.asked_at.isoformat()


def mark_approved(row: Export) -> bool:
    """Let the workers begin. Whoever is second finds it done; background work does it too."""
    if row.proposal.approvals.exclude(person=row.proposal.proposed_by).count() < row.proposal.needs:
        return False
    marked = Export.objects.filter(id=row.id, state=ExportState.PROPOSED).update(state=ExportState.APPROVED)
    if marked:
        send(row.id)
    return bool(marked)


def send(export: UUID) -> None:
    """Tell the workers. If the broker does not answer, the clock of the background work sends it again."""
    # Not imported above: the workers' app reads the settings, which read the apps, which read this.
    from rtcc.worker import app

    try:
        app.send_task("exports.carry_out", [str(export)], retry=False)
    except OperationalError as error:
        _log.warning("broker_away", export=str(export), error=type(error).__name__)


def carry_on() -> int:
    """Send again what nobody holds: a worker died, the broker lost it, or the log was behind."""
    for row in Export.objects.waiting(clock.now()).filter(proposal__approvals__isnull=False)[:10]:
        mark_approved(row)
    rows = list(Export.objects.free_at(clock.now()).values_list("id", flat=True)[:10])
    for export in rows:
        send(export)
    return len(rows)
