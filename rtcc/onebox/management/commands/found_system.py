"""``./run found_system``: put the starter policy into an empty system. ``./run --no-demo`` does it itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from rtcc.onebox.founding import found


class Command(BaseCommand):
    help = "Publish the starter policy version, unless a version is there."

    def handle(self, *args: Any, **options: Any) -> None:
        made = found()
        self.stdout.write("The starter policy is in force." if made else "A policy version is there already.")
