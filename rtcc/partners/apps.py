"""The partner's own desk."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "rtcc.partners"
    label = "partners"

    def ready(self) -> None:
        from audit import references
        from policy.facts import register, register_consents
        from policy.vocabulary import Kind
        from rtcc.partners.consents import consents
        from rtcc.partners.facts import ask_facts

        register(Kind.UPLOAD, ask_facts)
        register_consents(consents)
        references.register("partner desk", _entries_of_the_desk)


def _entries_of_the_desk() -> Iterator[tuple[str, UUID]]:
    from rtcc.partners.models import Ask, Notice, Upload

    asks = Ask.objects.values_list("id", "entry", "answered_entry", "taken_back_entry")
    for ask, entry, answered, taken_back in asks.iterator():
        yield f"ask {ask}", entry
        if answered is not None:
            yield f"answer to ask {ask}", answered
        if taken_back is not None:
            yield f"yes taken back of ask {ask}", taken_back
    for upload, entry in Upload.objects.values_list("id", "entry").iterator():
        yield f"upload {upload}", entry
    for notice, access, read in Notice.objects.values_list("id", "access", "read_entry").iterator():
        yield f"notice {notice}", access
        if read is not None:
            yield f"reading of notice {notice}", read
