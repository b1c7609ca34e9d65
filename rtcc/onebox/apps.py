"""The onebox room as a Django app: it gives the tables their rights after each migration."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OneboxConfig(AppConfig):
    name = "rtcc.onebox"
    label = "onebox"
    verbose_name = "One box"

    def ready(self) -> None:
        from rtcc.onebox import rights_apply

        # One room's signal is enough: it is sent when all migrations of all rooms are done.
        post_migrate.connect(rights_apply.apply, sender=self, dispatch_uid="rights")
