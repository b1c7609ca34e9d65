"""What must be there before it is needed: the next period's keys and the partitions of the next days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from evidence.recorder.roster import Roster
from evidence.vault.descriptor import Period
from evidence.vault.errors import VaultFailure
from evidence.vault.names import KeyName
from rtcc.logs import log

DAYS = 3
_log = log("recorder")


class Ahead:
    """From the middle of a key period on the next one's keys are made, so that recording never waits."""

    def __init__(self, make_key: Callable[[KeyName], object], roster: Roster) -> None:
        self._create, self._roster = make_key, roster
        self._made: dict[KeyName, datetime] = {}
        self._day: datetime | None = None

    def make(self, now: datetime) -> None:
        """Called every half second; does something twice a period and camera at most."""
        self._make_days(now)
        for camera in self._roster.names():
            terms = self._roster.terms(camera)
            if terms is None:
                continue
            period = Period.of(now, terms.period_s)
            if now < period.starts_at + timedelta(seconds=terms.period_s / 2):
                continue
            name = KeyName.of(camera, Period.of(period.ends_at, terms.period_s))
            if name not in self._made:
                self._make_key(name, period.ends_at)
        self._made = {name: at for name, at in self._made.items() if at > now}

    def _make_key(self, name: KeyName, until: datetime) -> None:
        try:
            self._create(name)
        except (VaultFailure, OSError) as error:
            # It is tried again when it is needed, and then the gap says why.
            _log.error("key_not_made", key=str(name), error=type(error).__name__)
        self._made[name] = until

    def _make_days(self, now: datetime) -> None:
        day = now.replace(hour=12, minute=0, second=0, microsecond=0)
        if self._day == day or (self._day is not None and now < day):
            return
        with connection.cursor() as cursor:
            for ahead in range(DAYS + 1):
                cursor.execute("SELECT evidence_make_day(%s::date)", [(now + timedelta(days=ahead)).date()])
        self._day = day
