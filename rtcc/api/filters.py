"""What lists are narrowed by."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from cameras.vocabulary import HealthState
from evidence.exports.states import ExportState
from evidence.records.looking import Which
from evidence.records.vocabulary import RequestKind
from evidence.retention.states import KeepKind
from policy.vocabulary import BasisKind, GrantState, Verification
from rtcc import clock
from rtcc.partners.vocabulary import AskState


def _choices(words: type[Any]) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]


class CameraFilter(filters.FilterSet):  # type: ignore[misc]
    """Words of its code, name, owner or place."""

    q = filters.CharFilter(method="matching", max_length=100)

    def matching(self, rows: Any, _: str, words: str) -> Any:
        return rows.matching(words)


class PlacementFilter(filters.FilterSet):  # type: ignore[misc]
    """Placements of one camera, or those that stood at an instant."""

    camera = filters.CharFilter(field_name="camera__code", max_length=60)
    at = filters.IsoDateTimeFilter(method="standing")

    def standing(self, rows: Any, _: str, instant: Any) -> Any:
        return rows.valid_at(instant)


class HealthFilter(filters.FilterSet):  # type: ignore[misc]
    """Cameras by how they are doing."""

    state = filters.ChoiceFilter(field_name="health__state", choices=_choices(HealthState))


class IncidentFilter(filters.FilterSet):  # type: ignore[misc]
    """Incidents by number or priority."""

    number = filters.CharFilter(field_name="basis__number", max_length=60)
    priority = filters.NumberFilter(field_name="priority", min_value=1, max_value=5)


class BasisFilter(filters.FilterSet):  # type: ignore[misc]
    """Bases by number, kind and verification; ``open`` leaves out those that were closed."""

    number = filters.CharFilter(field_name="number", max_length=60)
    kind = filters.ChoiceFilter(field_name="kind", choices=_choices(BasisKind))
    verification = filters.ChoiceFilter(field_name="verification", choices=_choices(Verification))
    open = filters.BooleanFilter(method="only_open")

    def only_open(self, rows: Any, _: str, wanted: bool) -> Any:
        now = clock.now()
        return rows.open_at(now) if wanted else rows.exclude(id__in=rows.open_at(now).values("id"))


class GrantFilter(filters.FilterSet):  # type: ignore[misc]
    """Grants by basis and state."""

    basis = filters.UUIDFilter(field_name="basis_id")
    state = filters.ChoiceFilter(field_name="state", choices=_choices(GrantState))


class PlaybackFilter(filters.FilterSet):  # type: ignore[misc]
    """Playbacks that go on."""

    open = filters.BooleanFilter(field_name="ended_at", lookup_expr="isnull")


class RequestFilter(filters.FilterSet):  # type: ignore[misc]
    """Requests: a list of the desk (without it, those open), a kind, a part of the number."""

    which = filters.ChoiceFilter(choices=_choices(Which), method="of_the_reader")
    kind = filters.ChoiceFilter(field_name="kind", choices=_choices(RequestKind))
    number = filters.CharFilter(method="numbered", max_length=60)

    def of_the_reader(self, rows: Any, _: str, __: str) -> Any:
        """Chosen by the view, which knows who reads; here it is checked to be a word of the list."""
        return rows

    def numbered(self, rows: Any, _: str, words: str) -> Any:
        return rows.numbered(words)


class ExportFilter(filters.FilterSet):  # type: ignore[misc]
    """Exports of one basis, in one state, or that wait for a second person."""

    basis = filters.UUIDFilter(field_name="basis_id")
    state = filters.ChoiceFilter(field_name="state", choices=_choices(ExportState))
    waiting = filters.BooleanFilter(method="only_waiting")

    def only_waiting(self, rows: Any, _: str, wanted: bool) -> QuerySet[Any]:
        found: QuerySet[Any] = rows.waiting(clock.now())
        return found if wanted else rows.exclude(id__in=found.values("id"))


class ObligationFilter(filters.FilterSet):  # type: ignore[misc]
    """What is still owed, or what is not any more."""

    open = filters.BooleanFilter(field_name="discharged_at", lookup_expr="isnull")


class BulletinFilter(filters.FilterSet):  # type: ignore[misc]
    """Pictures of one basis, of one sending, or not answered yet."""

    basis = filters.UUIDFilter(field_name="basis_id")
    sending = filters.UUIDFilter(field_name="sending")
    answered = filters.BooleanFilter(field_name="answered_at", lookup_expr="isnull", exclude=True)


class KeepFilter(filters.FilterSet):  # type: ignore[misc]
    """Keeps by kind, basis, and whether they stand."""

    kind = filters.ChoiceFilter(field_name="kind", choices=_choices(KeepKind))
    basis = filters.UUIDFilter(field_name="basis_id")
    standing = filters.BooleanFilter(method="only_standing")

    def only_standing(self, rows: Any, _: str, wanted: bool) -> QuerySet[Any]:
        now = clock.now()
        found: QuerySet[Any] = rows.standing_at(now)
        return found if wanted else rows.exclude(id__in=found.values("id"))


class DispositionFilter(filters.FilterSet):  # type: ignore[misc]
    """Dispositions of one camera, or of footage from or until an instant."""

    camera = filters.UUIDFilter(field_name="camera")
    footage_from = filters.IsoDateTimeFilter(field_name="ends_at", lookup_expr="gt")
    footage_to = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="lt")


class AskFilter(filters.FilterSet):  # type: ignore[misc]
    """What owners are asked: on one basis, of one camera, by the state of the answer."""

    basis = filters.UUIDFilter(field_name="basis_id")
    camera = filters.UUIDFilter(field_name="camera_id")
    state = filters.ChoiceFilter(field_name="state", choices=_choices(AskState))
