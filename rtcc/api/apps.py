"""The room of programs: tokens, the schema, and what `/api/v1/` answers."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "rtcc.api"
    label = "api"

    def ready(self) -> None:
        from audit import references
        from policy import facts
        from policy.vocabulary import Kind
        from rtcc.api.facts import load_tokens

        facts.register(Kind.TOKEN, load_tokens)
        references.register("tokens", _entries_of_tokens)


def _entries_of_tokens() -> Iterator[tuple[str, UUID]]:
    from rtcc.api.models import Token

    for token, entry, revoked in Token.objects.values_list("id", "entry", "revoked_entry").iterator():
        yield f"token {token}", entry
        if revoked is not None:
            yield f"end of token {token}", revoked
