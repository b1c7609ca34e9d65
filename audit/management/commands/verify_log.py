"""``./run verify_log``: verify the whole log; exit code 1 naming the place of each fault."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from audit.verify import Verification, verify

MOST_SHOWN = 25


class Command(BaseCommand):
    # This process serves no pages; a fault in them must not keep it from starting.
    requires_system_checks = ()
    help = "Verify the whole log against its tiles, checkpoints and cosignatures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the outcome as JSON")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        result = verify(progress=self._no_progress if as_json else self._progress)
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
            self.stderr.write(f"\r{done} of {total} leaves", ending="\n" if done == total else "")

    def _say(self, result: Verification) -> None:
        for title, findings in (("FAULT", result.faults), ("Notice", result.notices)):
            for finding in findings[:MOST_SHOWN]:
                self.stdout.write(f"{title}  {finding}")
            if len(findings) > MOST_SHOWN:
                self.stdout.write(f"{title}  ... and {len(findings) - MOST_SHOWN} more; --json lists them")
        for title, sentences in (("Proved:", result.proved), ("Not proved:", result.not_proved)):
            self.stdout.write(f"\n{title}")
            for sentence in sentences:
                self.stdout.write(f"  - {sentence}")
        self.stdout.write(
            f"\nThe log {'verifies' if result.ok else 'DOES NOT VERIFY'} ({result.size} leaves)."
        )
