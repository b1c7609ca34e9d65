"""The onebox room as a Django app: it gives the tables their rights after each migration."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class OneboxConfig(AppConfig):
    name = "rtcc.onebox"
    label = "onebox"
    verbose_name = "One box"

    def ready(self) -> None:
        from rtcc.onebox import rights_apply

        # Django sends the signal for each room with models, when the migrations of all are done; one will do.
        log = apps.get_app_config("audit")
        post_migrate.connect(rights_apply.apply, sender=log, dispatch_uid="rights")
