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
        register(Kind.ASSET, facts.asset_facts)
        references.register("assets", _entries_of_assets)
        references.register("readings of assets", _entries_of_readings)
        references.register("keeps", _entries_of_keeps)
        references.register("dispositions", _entries_of_dispositions)
        references.register("playbacks", _entries_of_playbacks)
        references.register("minute seals", _entries_of_minutes)


def _entries_of_assets() -> Iterator[tuple[str, UUID]]:
    from evidence.models import Asset

    for asset, entry in Asset.objects.values_list("id", "entry").iterator():
        yield f"asset {asset}", entry


def _entries_of_readings() -> Iterator[tuple[str, UUID]]:
    from evidence.models import AssetReading

    for reading, entry, ended in AssetReading.objects.values_list("id", "entry", "ended_entry").iterator():
        yield f"reading {reading}", entry
        if ended is not None:
            yield f"end of reading {reading}", ended


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


def _entries_of_playbacks() -> Iterator[tuple[str, UUID]]:
    from evidence.models import Playback

    for playback, entry, ended in Playback.objects.values_list("id", "entry", "ended_entry").iterator():
        yield f"playback {playback}", entry
        if ended is not None:
            yield f"end of playback {playback}", ended


def _entries_of_minutes() -> Iterator[tuple[str, UUID]]:
    from evidence.models import MinuteSeal

    for minute, entry in MinuteSeal.objects.values_list("minute", "entry").iterator():
        yield f"seal of minute {minute:%Y-%m-%d %H:%M} UTC", entry
