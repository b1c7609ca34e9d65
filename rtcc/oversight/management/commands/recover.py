"""``./run recover``: bring back published entries that a restore lost, once two signed-in persons say so."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from audit.recovery import Loss, find_loss
from policy.models import Proposal
from policy.vocabulary import Action
from rtcc import clock
from rtcc.config import config
from rtcc.errors import Conflict, DomainError
from rtcc.oversight.actions.propose_recovery import words_of
from rtcc.oversight.actions.recover_log import recover_log

POLL_S = 1.0


class Command(BaseCommand):
    # It runs while something is broken; a fault in the pages must not keep it from starting.
    requires_system_checks = ()
    help = "Bring back published entries of the log that a restore of the database lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--wait-minutes", type=int, default=60, help="how long to wait for two persons")

    def handle(self, *args: Any, wait_minutes: int, **options: Any) -> None:
        try:
            loss = find_loss()
        except Conflict as conflict:
            raise CommandError(conflict.sentence) from conflict
        self.stdout.write(
            f"{len(loss.bodies)} published entries (leaves {loss.start} to {loss.end - 1}) are not in the"
            " database. They come back as they were published; what they disclosed is lost, and an entry"
            " will say so.\n"
            f"An operator proposes it and somebody else approves it at {config.origin}/oversight/recover/\n"
            "Waiting for both ..."
        )
        until = clock.now() + timedelta(minutes=wait_minutes)
        while clock.now() < until:
            if self._done(loss):
                return
            close_old_connections()
            time.sleep(POLL_S)
        raise CommandError("Nobody approved it in time; nothing was changed.")

    def _done(self, loss: Loss) -> bool:
        """Act on a proposal that is approved; True once what was lost is back, by this or by the page."""
        try:
            find_loss()
        except Conflict:
            self.stdout.write("It is back: the sequencer has given the entries their leaves.")
            return True
        for proposal in _approved(loss):
            if proposal.proposed_by is None:
                continue
            try:
                entry = recover_log(by=proposal.proposed_by, proposal=proposal.id)
            except DomainError as error:
                raise CommandError(error.sentence) from error
            self.stdout.write(
                f"Brought back as entry {entry.id}. The sequencer gives the entries their leaves at its next"
                " start; then ./run verify_log says what is proved."
            )
            return True
        return False


def _approved(loss: Loss) -> list[Proposal]:
    """Open proposals to bring back exactly this, with a yes from somebody else than who proposed."""
    rows = Proposal.objects.filter(
        action=Action.RECOVER_LOG,
        executed_at__isnull=True,
        expires_at__gt=clock.now(),
        payload__words=words_of(loss),
        approvals__isnull=False,
    )
    return list(rows.select_related("proposed_by").distinct()[:1])
