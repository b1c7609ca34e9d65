"""Cursor pages: rows that arrive while somebody reads neither shift a page nor are read twice."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from rtcc.errors import BadInput

PAGE, MOST = 50, 200


class CursorPage(CursorPagination):
    """Newest first by id (UUIDv7, RFC 9562, so by time); a view may name another unique field."""

    page_size = PAGE
    page_size_query_param = "limit"
    max_page_size = MOST
    ordering = "-id"

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        return (getattr(view, "ordering", self.ordering),)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, DataError, OverflowError) as error:
            raise BadInput("That is no cursor of this list.", field="cursor") from error
