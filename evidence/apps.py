"""The evidence room."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "evidence"
    label = "evidence"

    def ready(self) -> None:
        from audit import references
        from evidence.retention import facts
        from policy.facts import register
        from policy.vocabulary import Kind

        register(Kind.KEEP, facts.keep_facts)
        register(Kind.DESTRUCTION, facts.destruction_facts)
        register(Kind.FOOTAGE, facts.footage_facts)
        references.register("keeps", _entries_of_keeps)
        references.register("dispositions", _entries_of_dispositions)


def _entries_of_keeps() -> Iterator[tuple[str, UUID]]:
    from evidence.models import Keep

    for keep, placed, released in Keep.objects.values_list("id", "entry", "released_entry").iterator():
        yield f"keep {keep}", placed
        if released is not None:
            yield f"release of keep {keep}", released


def _entries_of_dispositions() -> Iterator[tuple[str, UUID]]:
    from evidence.models import Disposition

    rows = Disposition.objects.values_list("id", "entry", "proof_entry", "keys_entry")
    for disposition, *entries in rows.iterator():
        for entry in entries:
            if entry is not None:
                yield f"disposition {disposition}", entry
