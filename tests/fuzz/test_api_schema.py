"""Schemathesis over the schema: no 500, and no answer that the schema does not know, for several roles."""

from __future__ import annotations

from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rtcc.api import docs
from rtcc.api.tokens import SCOPES
from tests.api import token_of
from tests.city import city
from tests.conftest import Committed

__all__ = ["city"]

# An analyst acts, an auditor reads the log, a partner sees its own, a records officer has the desk.
PEOPLE = ("ana.mercer", "miriam.adler", "lena.fontaine", "grace.tamayo")
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 2


def test_no_answer_is_a_500_or_outside_of_the_schema(city: Committed) -> None:
    schema = schemathesis.openapi.from_dict(docs.document())
    schema.app = WSGIHandler()
    asked: dict[str, set[int]] = {}
    for username in PEOPLE:
        headers = {"Authorization": f"Bearer {token_of(username, *SCOPES)[1]}", "Host": "localhost"}
        for found in schema.get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()
            asked.setdefault(operation.label, set()).update(_try(operation, headers))
    assert len(asked) > 25
    # So that the test cannot pass by being refused everywhere: lists and questions were answered.
    assert sum(200 in statuses for statuses in asked.values()) >= 8, asked


def _try(operation: Any, headers: dict[str, str]) -> set[int]:
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Case[Any]) -> None:
        answer = case.call_and_validate(base_url="http://localhost", headers=headers, checks=CHECKS)
        statuses.add(answer.status_code)

    ask()
    return statuses
