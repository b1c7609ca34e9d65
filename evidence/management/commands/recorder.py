"""``./run recorder``: the process that records and serves live pictures to the web process."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from evidence.recorder.service import Recorder


class Command(BaseCommand):
    help = "Record all cameras of the registry, and serve live pictures on a local socket."

    def handle(self, *args: Any, **options: Any) -> None:
        recorder = Recorder()

        def end(number: int, frame: FrameType | None) -> None:
            recorder.stop()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        recorder.run()
