"""The schema as a page for people: no script, so that our content security policy stays as it is."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView


@cache
def document() -> dict[str, Any]:
    """The schema; it is the same for everybody and for as long as the process runs."""
    found: dict[str, Any] = SchemaGenerator(  # type: ignore[no-untyped-call]
        api_version="1"
    ).get_schema(request=None, public=True)
    return found


class Schema(APIView):
    """The schema for programs."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> JsonResponse:
        return JsonResponse(document(), content_type="application/vnd.oai.openapi+json")


def _words(schema: dict[str, Any] | None) -> str:
    """A type in a few words, such as ``list of uuid`` or the name of a component."""
    schema = schema or {}
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for together in ("allOf", "oneOf", "anyOf"):
        if together in schema:
            return " or ".join(dict.fromkeys(_words(each) for each in schema[together]))
    if "enum" in schema:
        return ", ".join(str(each) for each in schema["enum"] if each is not None)
    kind = schema.get("type", "any")
    names = [each for each in (kind if isinstance(kind, list) else [kind]) if each != "null"]
    if names == ["array"]:
        return f"list of {_words(schema.get('items'))}"
    return str(schema.get("format") or " or ".join(names))


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = set(schema.get("required", ()))
    return [
        {
            "name": name,
            "type": _words(each),
            "required": name in required,
            "says": each.get("description", ""),
        }
        for name, each in schema.get("properties", {}).items()
    ]


def _operation(path: str, method: str, said: dict[str, Any]) -> dict[str, Any]:
    sent: dict[str, Any] = said.get("requestBody", {}).get("content", {})
    kind: str = next(iter(sent), "")
    body: dict[str, Any] = sent[kind]["schema"] if kind else {}
    is_file = body.get("format") == "binary"
    return {
        "id": said["operationId"],
        "method": method.upper(),
        "path": path,
        "says": said.get("description", ""),
        "parameters": [
            {
                "name": each["name"],
                "where": each["in"],
                "type": _words(each.get("schema")),
                "required": each.get("required", False),
                "says": each.get("description", ""),
            }
            for each in said.get("parameters", ())
        ],
        "body": _words(body) if body and not is_file else "",
        "file": kind if is_file else "",
        "answers": [
            {
                "status": status,
                "type": ", ".join(
                    f"{_words(each.get('schema'))} ({media})"
                    for media, each in answer.get("content", {}).items()
                ),
                "says": answer.get("description", ""),
            }
            for status, answer in said.get("responses", {}).items()
        ],
    }


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every address of the API, what it takes and what it answers, written from the schema itself."""
    schema = document()
    rooms: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            rooms.setdefault(said["tags"][0], []).append(_operation(path, method, said))
    parts = [
        {"name": name, "says": each.get("description", ""), "fields": _fields(each), "type": _words(each)}
        for name, each in schema["components"]["schemas"].items()
    ]
    context = {"rooms": rooms, "parts": parts, "says": schema["info"].get("description", "")}
    return render(request, "api/docs.html", context)
