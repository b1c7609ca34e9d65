"""The log. Knows no other room; names things by id."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    label = "audit"
    verbose_name = "Log"

    def ready(self) -> None:
        from audit import references
        from audit.models import Erasure

        references.register(
            "erasures",
            lambda: (
                (f"erasure of {field} of entry {entry}", announced_by)
                for entry, field, announced_by in Erasure.objects.values_list(
                    "entry", "field", "announced_by"
                ).iterator()
            ),
        )
