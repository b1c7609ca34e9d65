"""``./run make_keys``: make the keys of the log that are missing; never replaces one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from audit.keyfiles import make_log_keys
from audit.pseudonym import make_year_key
from rtcc import clock


class Command(BaseCommand):
    # This process serves no pages; a fault in them must not keep it from starting.
    requires_system_checks = ()
    help = "Make the log's key, the witness's key and the pseudonym keys of this year and the next."

    def handle(self, *args: Any, **options: Any) -> None:
        for key in make_log_keys():
            self.stdout.write(f"made {key}")
        year = clock.now().year
        for each in (year, year + 1):
            if make_year_key(each):
                self.stdout.write(f"made the pseudonym key of {each}")
