"""``./run confirm_root_backup FILE``: show that the escrowed copy of the root key is the one in use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rtcc.errors import BadInput
from rtcc.onebox.escrow import confirm


class Command(BaseCommand):
    # Not one of the site's pages is asked for.
    requires_system_checks = ()
    help = "Compare the escrowed copy of the root key with the one in use, and note that they are the same."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("copy", type=Path, help="the copy, on the medium on which it is kept")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            confirm(options["copy"])
        except BadInput as error:
            raise CommandError(error.sentence) from error
        self.stdout.write("The copy is the root key in use. Put the medium back where it is kept.")
