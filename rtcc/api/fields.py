"""What the API's documents are made of: instants, intervals, refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from rtcc.errors import BadInput

# Outside of these nothing was recorded, and a database's own limits are far away.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Instant(serializers.DateTimeField):
    """An instant with its zone (RFC 3339); without one it is UTC."""

    def __init__(self, **words: Any) -> None:
        super().__init__(default_timezone=UTC, **words)

    def to_internal_value(self, value: Any) -> datetime:
        found: datetime = super().to_internal_value(value)
        if not EARLIEST <= found < LATEST:
            raise serializers.ValidationError("This lies outside of the years 2000 to 2199.")
        return found.astimezone(UTC)


class Interval(serializers.Serializer[Any]):
    """[from, to), as the parameters of an address."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "from": Instant(help_text="inclusive"),
            "to": Instant(help_text="exclusive"),
            **super().get_fields(),
        }

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["from"] >= given["to"]:
            raise BadInput("The end lies before the beginning.", field="to")
        return given


class Problem(serializers.Serializer[Any]):
    """What is wrong (RFC 9457). A refusal of policy also names its rule, and the entry that it is."""

    type = serializers.CharField(help_text="about:blank# and the kind of problem")
    title = serializers.CharField(help_text="one sentence for people")
    status = serializers.IntegerField()
    field = serializers.CharField(required=False, help_text="what cannot be used")
    fields_wrong = serializers.DictField(required=False, help_text="per field, what cannot be used")
    rule = serializers.CharField(required=False, help_text="id of the rule that refused")
    sentence = serializers.CharField(required=False)
    citation = serializers.CharField(required=False)
    way_out = serializers.CharField(required=False, help_text="what would make it lawful")
    entry_id = serializers.UUIDField(required=False, allow_null=True, help_text="the entry of this refusal")
    entry = serializers.CharField(required=False, help_text="its page")
    way_url = serializers.CharField(required=False, help_text="the page on which the way out begins")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        found = super().get_fields()
        found["fields"] = found.pop("fields_wrong")
        return found
