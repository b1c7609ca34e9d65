"""Where the newest footage of each camera is being written just now."""

from __future__ import annotations

from django.db import models


class OpenFile(models.Model):
    """The file that a camera's recorder began last. It may be sealed by now: then its row says more."""

    camera = models.UUIDField(primary_key=True)
    asset = models.UUIDField()
    starts_at = models.DateTimeField(help_text="recorder time")

    class Privacy:
        closed_while_active = ("camera", "asset", "starts_at")
