"""The schema (OpenAPI 3.1): every operation also answers problems, and every POST may be sent again."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_parameter_type
from drf_spectacular.utils import OpenApiParameter

from rtcc.api.fields import Problem
from rtcc.api.once import HEADER, LONGEST_KEY

PROBLEM = "application/problem+json"


class Operation(AutoSchema):
    """One operation as the schema says it."""

    def get_operation_id(self) -> str:
        """A word for what is done, such as ``grants_renew``."""
        found: str = super().get_operation_id()
        return found.removeprefix("api_v1_").removeprefix("v1_")

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        problem = self.resolve_serializer(Problem, "response")
        found["default"] = {
            "description": "It was not done; the problem says why.",
            "content": {PROBLEM: {"schema": problem.ref}},
        }
        return found

    def _get_parameters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._get_parameters()
        if self.method == "POST":
            found.append(
                build_parameter_type(
                    name=HEADER,
                    schema={
                        "type": "string",
                        "minLength": 1,
                        "maxLength": LONGEST_KEY,
                        "pattern": "^[!-~]+$",
                    },
                    location=OpenApiParameter.HEADER,
                    description="Your own name for this sending: the same one twice does one thing.",
                )
            )
        return found
