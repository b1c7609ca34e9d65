"""``./run eraser``: delete disclosures whose erasure was announced, rewrite the months that held them."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

import psycopg
from django.core.management.base import BaseCommand

from audit.eraser import Eraser
from rtcc import clock
from rtcc.config import config


class Command(BaseCommand):
    # This process serves no pages; a fault in them must not keep it from starting.
    requires_system_checks = ()
    help = "Delete announced disclosures (role eraser), and rewrite past months that held some."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--this-month", action="store_true", help="rewrite this month too; entries wait meanwhile"
        )

    def handle(self, *args: Any, this_month: bool, **options: Any) -> None:
        today = clock.now().date()
        with psycopg.connect(config.database_url, application_name="eraser") as connection:
            eraser = Eraser(connection)
            deleted = eraser.delete()
            names = eraser.rewrite(before=date.max if this_month else today.replace(day=1))
        self.stdout.write(f"{deleted} disclosures deleted; rewritten: {', '.join(names) or 'nothing'}")
