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
        from policy.facts import register
        from policy.vocabulary import Kind
        from rtcc.partners.facts import ask_facts

        register(Kind.UPLOAD, ask_facts)
        references.register("partner desk", _entries_of_the_desk)


def _entries_of_the_desk() -> Iterator[tuple[str, UUID]]:
    from rtcc.partners.models import Ask, Notice, Upload

    for ask, entry, answered in Ask.objects.values_list("id", "entry", "answered_entry").iterator():
        yield f"ask {ask}", entry
        if answered is not None:
            yield f"answer to ask {ask}", answered
    for upload, entry in Upload.objects.values_list("id", "entry").iterator():
        yield f"upload {upload}", entry
    for notice, access, read in Notice.objects.values_list("id", "access", "read_entry").iterator():
        yield f"notice {notice}", access
        if read is not None:
            yield f"reading of notice {notice}", read
