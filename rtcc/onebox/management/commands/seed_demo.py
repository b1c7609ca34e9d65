"""`./run seed_demo`: put the demo city into a data folder that is marked as demo."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rtcc.errors import Conflict
from rtcc.onebox.history import live_through
from rtcc.onebox.requests import live_requests
from rtcc.onebox.seed import seed


class Command(BaseCommand):
    help = "Put the demo city into this data folder; what is there already stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cameras", type=int, default=12, help="how many cameras (12 if not given)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = seed(cameras=options["cameras"])
            made += live_through()
            made += live_requests()
        except Conflict as error:
            raise CommandError(error.sentence) from error
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(made.items()) if count)
        self.stdout.write(f"The demo city is there; added: {said or 'nothing'}.")
