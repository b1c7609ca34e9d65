"""The bulletins: pictures that go from the wall to an officer's phone."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class BulletinsConfig(AppConfig):
    name = "rtcc.bulletins"
    label = "bulletins"

    def ready(self) -> None:
        from audit import references
        from policy.facts import register
        from policy.vocabulary import Kind, Role
        from rtcc.bulletins.facts import bulletin_facts
        from rtcc.pages.nav import count_for

        register(Kind.BULLETIN, bulletin_facts)
        count_for("/inbox/", frozenset({Role.OFFICER}), _unopened)
        references.register("bulletins", _entries_of_bulletins)
        references.register("openings of bulletins", _entries_of_openings)


def _entries_of_bulletins() -> Iterator[tuple[str, UUID]]:
    from rtcc.bulletins.models import Bulletin

    for bulletin, *entries in Bulletin.objects.values_list(
        "id", "entry", "answered_entry", "revoked_entry"
    ).iterator():
        for entry in entries:
            if entry is not None:
                yield f"bulletin {bulletin}", entry


def _entries_of_openings() -> Iterator[tuple[str, UUID]]:
    from rtcc.bulletins.models import Opening

    for permit, entry in Opening.objects.values_list("permit_id", "entry").iterator():
        yield f"opening of a bulletin {permit}", entry


def _unopened(person: UUID) -> int:
    """Pictures that wait for the person's first look."""
    from rtcc import clock
    from rtcc.bulletins.models import Bulletin

    return int(Bulletin.objects.to_person(person).unopened().standing_at(clock.now()).count())
