"""Lists of what is there. Each looks at the register (`cameras.looking`), an act that is entered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from cameras.looking import look
from policy.models import Person
from rtcc.errors import NotFound


class Listed(ListAPIView[Any], ABC):
    """GET is a page of the list. `rows_of` says what the person may know of; `look` is the act that is
    entered, another one where looking at this list is an act of its own.
    """

    filter_backends = (DjangoFilterBackend,)
    filterset_class: Any = None
    ordering = "-id"

    @abstractmethod
    def rows_of(self, person: Person) -> QuerySet[Any]:
        """What the person may know of. It is asked after `look`."""

    def look(self, request: Request) -> None:
        """Raises Denied."""
        look(request)

    def get_queryset(self) -> QuerySet[Any]:
        person = self.request.user
        # The schema is made without anybody who asks.
        if not isinstance(person, Person):
            return self.serializer_class.Meta.model.objects.none()  # type: ignore[union-attr,no-any-return]
        return self.rows_of(person)

    def get(self, request: Request, *arguments: Any, **words: Any) -> Response:
        self.look(request)
        return self.list(request, *arguments, **words)


def one(rows: QuerySet[Any], **key: Any) -> Any:
    """The row, or NotFound: also for one that the person may not know of."""
    row = rows.filter(**key).first()
    if row is None:
        raise NotFound()
    return row
