"""``./run first_link``: a one-time link for one of the first two people of a system without any.

There is no default password. Whoever can run commands on this machine can make the first operator, and then a
second person who can approve; after that, people are invited on the page People by two persons together.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from policy.accounts.invitations import APPROVING, first_people, invite_first
from policy.vocabulary import Role
from rtcc.config import config
from rtcc.errors import Conflict


class Command(BaseCommand):
    # Not one of the site's pages is asked for.
    requires_system_checks = ()
    help = "Print a one-time link that makes one of the first two people. It works for one hour."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--role",
            choices=[str(role) for role in APPROVING],
            default="operator",
            help="operator if not given",
        )
        parser.add_argument(
            "--if-nobody", action="store_true", help="print nothing where there is somebody already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if config.demo:
            raise CommandError("The demonstration has its people; anybody signs in there by one click.")
        if options["if_nobody"] and first_people():
            return
        try:
            token = invite_first(Role(options["role"]))
        except Conflict as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(f"{config.origin}/welcome/{token}/")
