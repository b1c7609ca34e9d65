"""What stands around every request: connections given back in time, and errors turned into answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from rest_framework import exceptions
from rest_framework.response import Response

from policy.guard import Denied
from policy.vocabulary import Kind
from rtcc.errors import DomainError, NotFound
from rtcc.logs import log

Answer = HttpResponseBase
_log = log("web")
PROBLEM = "application/problem+json"


def _close() -> None:
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete() if connection.in_atomic_block else connection.close()


class ReleaseConnection:
    """Close the database connection when the answer is made, and before a streaming body starts.

    Under ASGI each request has a thread of its own, and nobody uses its connection again: left open it would
    wait for the garbage collector, and a burst of requests would take every connection there is. Without it
    (tests, commands) a thread goes on, and so does its connection, but for a stream that lives for minutes.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer | Awaitable[Answer]:
        if self.is_async:
            return self._later(request)
        response: Answer = self.get_response(request)
        if response.streaming or isinstance(request, ASGIRequest):
            _close()
        return response

    async def _later(self, request: HttpRequest) -> Answer:
        response: Answer = await self.get_response(request)
        await sync_to_async(_close)()
        return response


# The rule whose way out is a page of ours: where an owner is asked to let its camera be watched.
ASKED_EACH_TIME = "agreement-on-request"


def _way_url(error: Denied) -> str:
    """The page on which the way out begins; empty where there is none."""
    if error.rule != ASKED_EACH_TIME or error.on is None or error.basis is None:
        return ""
    page = reverse("partners:asks", args=[error.basis])
    return f"{page}?camera={error.on.id}#watch" if error.on.kind is Kind.CAMERA else page


def problem(error: DomainError) -> dict[str, Any]:
    """The error as a problem document (RFC 9457)."""
    body: dict[str, Any] = {
        "type": f"about:blank#{error.code}",
        "title": error.sentence,
        "status": error.status,
    }
    if error.field:
        body["field"] = error.field
    if isinstance(error, Denied):
        body |= {
            "sentence": error.sentence,
            "rule": error.rule,
            "citation": error.citation,
            "way_out": error.way_out,
            "entry_id": str(error.entry_id) if error.entry_id else None,
        }
        if error.entry_id:
            body["entry"] = reverse("entry", args=[error.entry_id])
        if way_url := _way_url(error):
            body["way_url"] = way_url
    return body


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asks."""
    return "application/json" in request.headers.get("Accept", "") or request.path.startswith("/api/")


def as_problem(error: DomainError) -> JsonResponse:
    """The error as an answer to a program."""
    return JsonResponse(problem(error), status=error.status, content_type=PROBLEM, headers=error.headers)


def answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The one map from errors to pages (or JSON where JSON was asked for)."""
    if wants_json(request):
        return as_problem(error)
    if isinstance(error, Denied):
        context = {
            "sentence": error.sentence,
            "rule": error.rule,
            "citation": error.citation,
            "way_out": error.way_out,
            "entry_id": error.entry_id,
            "way_url": _way_url(error),
        }
        return render(request, "refusal.html", context, status=error.status)
    template = "404.html" if isinstance(error, NotFound) else "error.html"
    return render(request, template, {"error": error}, status=error.status)


class AnswerErrors:
    """Turns a DomainError into its answer. Any other error stays a bare 500 without its text."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, DomainError):
            return answer(request, error)
        if isinstance(error, Http404):
            return answer(request, NotFound())
        return None


def _wrong(fields: dict[str, Any]) -> str:
    """One sentence; per field the others stand beside it."""
    names = ", ".join(str(name) for name in fields if name not in ("body", "non_field_errors"))
    return f"This cannot be used: {names}." if names else "This cannot be used."


# What acts call the ends of an interval, and what a program sends them as.
_SENT_AS = {"starts_at": "from", "ends_at": "to"}


def problem_for_programs(error: DomainError) -> dict[str, Any]:
    """The error as a problem document that names fields as programs send them."""
    error.field = _SENT_AS.get(error.field, error.field) if error.field else None
    return problem(error)


def answer_api_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """The same map for REST framework views: every answer that is no success is a problem document."""
    from rest_framework.views import exception_handler

    if isinstance(error, Http404):
        error = NotFound()
    if isinstance(error, DomainError):
        body = problem_for_programs(error)
        return Response(body, status=error.status, content_type=PROBLEM, headers=dict(error.headers))
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied("Not allowed.")
    response = exception_handler(error, context)
    if response is None:
        return None
    body = {"status": response.status_code}
    if isinstance(error, exceptions.ValidationError):
        fields = error.detail if isinstance(error.detail, dict) else {"body": error.detail}
        body |= {"type": "about:blank#bad_input", "title": _wrong(fields), "fields": fields}
    elif isinstance(error, exceptions.APIException):
        body |= {"type": f"about:blank#{error.default_code}", "title": str(error.detail)}
    response.data, response.content_type = body, PROBLEM
    return response
