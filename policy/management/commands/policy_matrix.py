"""Write docs/generated/policy-matrix.md from the starter version of the policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from policy.matrix import render
from policy.publish import load_starter

MATRIX = Path(__file__).resolve().parents[3] / "docs" / "generated" / "policy-matrix.md"


class Command(BaseCommand):
    help = "Write docs/generated/policy-matrix.md: who may do what, for which purpose, on whose camera."

    def handle(self, *args: Any, **options: Any) -> None:
        MATRIX.parent.mkdir(parents=True, exist_ok=True)
        MATRIX.write_text(render(load_starter()), "utf-8")
        self.stdout.write(f"{MATRIX} is written.")
