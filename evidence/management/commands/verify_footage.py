"""``./run verify_footage``: verify recorded footage; exit code 1 naming the place of each fault."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from cameras.models import Camera
from evidence.catalogue.verify import FootageVerification, Level, Range, verify_footage

MOST_SHOWN = 25


def _instant(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None:
        raise ArgumentTypeError("an instant is written 2026-11-22T15:00:00Z")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


class Command(BaseCommand):
    # This process serves no pages; a fault in them must not keep it from starting.
    requires_system_checks = ()
    help = "Verify rows, files, seals, gaps and minute entries of recorded footage. It repairs nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--level", choices=[level.value for level in Level], default=Level.SIZE.value,
            help="presence: files are there; size: and as large; hash: and byte for byte as sealed",
        )  # fmt: skip
        parser.add_argument("--camera", help="code or id of one camera")
        parser.add_argument("--from", dest="starts_at", type=_instant, help="begins at (UTC)")
        parser.add_argument("--to", dest="ends_at", type=_instant, help="ends before (UTC)")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the outcome as JSON")

    def handle(self, *args: Any, level: str, as_json: bool, **options: Any) -> None:
        within = Range(_camera(options["camera"]), options["starts_at"], options["ends_at"])
        progress = self._no_progress if as_json else self._progress
        result = verify_footage(Level(level), within, progress=progress)
        if as_json:
            self.stdout.write(json.dumps(result.as_json(), indent=2))
        else:
            self._say(result)
        if not result.ok:
            raise SystemExit(1)

    def _no_progress(self, done: int, total: int) -> None:
        """JSON readers want one document and nothing else."""

    def _progress(self, done: int, total: int) -> None:
        if self.stderr.isatty() or done == total:
            self.stderr.write(f"\r{done} of {total} segments", ending="\n" if done == total else "")

    def _say(self, result: FootageVerification) -> None:
        for title, findings in (("FAULT", result.faults), ("Notice", result.notices)):
            for finding in findings[:MOST_SHOWN]:
                self.stdout.write(f"{title}  {finding}")
            if len(findings) > MOST_SHOWN:
                self.stdout.write(f"{title}  ... and {len(findings) - MOST_SHOWN} more; --json lists them")
        for title, sentences in (("Proved:", result.proved), ("Not proved:", result.not_proved)):
            self.stdout.write(f"\n{title}")
            for sentence in sentences:
                self.stdout.write(f"  - {sentence}")
        said = "verifies" if result.ok else "DOES NOT VERIFY"
        self.stdout.write(f"\nThe footage {said} ({result.segments} segments, level {result.level}).")


def _camera(text: str | None) -> UUID | None:
    if text is None:
        return None
    found = Camera.objects.by_code(text).first()
    if found is not None:
        return UUID(str(found.id))
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError(f"There is no camera {text}.") from error
