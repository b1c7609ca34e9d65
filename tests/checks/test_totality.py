"""Nothing is left out: maps keyed by an enum have every member, and each field of each model has a class."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache

import pytest
from django.apps import apps
from django.db import models

from tests.checks.tree import ROOMS

# Maps that are partial on purpose, and why.
PARTIAL = {
    "evidence.records.actions.work_request._DO": "the other acts change the state alone",
    "evidence.vault.states._TABLE": "contradictory is what is left when no state of the table holds",
    "evidence.retention.destruction._NEXT": "the steps that follow a decision; the other states lead nowhere",
    "policy.entry_fields._OWN": "the total table PERMITTED is made from it; the others are act.permitted",
    "policy.matrix._ON": "every other act is on a camera",
    "rtcc.api.tokens.SCOPES": "a token is made only for acts that the API offers; Cedar decides over all",
    "policy.obligations.WHAT": "the other obligations are carried out by the door at once",
}
CLASSES = {"public", "pseudonymous", "by_field", "closed_while_active", "personnel", "security"}
# Packages whose tables we use and whose models we do not write.
THIRD_PARTY = {
    "account", "admin", "auth", "contenttypes", "guardian", "mfa", "sessions", "socialaccount",
}  # fmt: skip
# Fields that a package's base class brings and that nobody uses (rtcc/onebox/rights.py: no right to them).
UNUSED = {"policy.Person": {"groups", "user_permissions"}}
# A composite primary key is made of columns that are classified by their own names.
NO_COLUMN = (models.CompositePrimaryKey,)


@cache
def _modules() -> tuple[str, ...]:
    names = []
    for room in ROOMS:
        package = importlib.import_module(room)
        found = pkgutil.walk_packages(package.__path__, f"{room}.")
        names += [room, *(module.name for module in found)]
    left_out = ("__main__", ".migrations", "rtcc.asgi", "onebox.bootstrap", "onebox.testing")
    return tuple(name for name in names if not any(part in name for part in left_out))


def _maps() -> Iterator[tuple[str, Mapping[Enum, object]]]:
    """Each module's own mappings whose keys are members of one enum."""
    for name in _modules():
        module = importlib.import_module(name)
        for word, value in vars(module).items():
            if not isinstance(value, Mapping) or not value or word.startswith("__"):
                continue
            kinds = {type(key) for key in value}
            if len(kinds) == 1 and issubclass(next(iter(kinds)), Enum):
                yield f"{name}.{word}", value


def _own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label not in THIRD_PARTY]


@pytest.mark.parametrize(
    ("name", "table"), list(_maps()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_map_keyed_by_words_has_every_word(name: str, table: Mapping[Enum, object]) -> None:
    words = set(type(next(iter(table))))
    if name in PARTIAL:
        assert set(table) < words, f"{name} is total: take it out of the exceptions"
        return
    assert set(table) == words, f"{name} leaves out {sorted(str(word) for word in words - set(table))}"


def test_the_maps_of_roles_actions_events_and_kinds_are_found() -> None:
    """So that the test above cannot pass by finding nothing."""
    found = {type(next(iter(table))).__name__ for _, table in _maps()}
    assert {"Role", "Action", "Mode", "Tier", "FileState"} <= found


@pytest.mark.parametrize("model", _own_models(), ids=lambda model: model._meta.label)
def test_each_field_has_one_privacy_class(model: type[models.Model]) -> None:
    classes = {name: value for name, value in vars(model.Privacy).items() if not name.startswith("_")}  # type: ignore[attr-defined]
    assert set(classes) <= CLASSES, f"classes are {', '.join(sorted(CLASSES))}"
    listed = [name for names in classes.values() for name in names]
    fields = [
        field.name
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]
        if not isinstance(field, NO_COLUMN) and field.name not in UNUSED.get(model._meta.label, ())
    ]
    assert sorted(listed) == sorted(fields)


def test_every_third_party_exception_is_needed() -> None:
    labels = {model._meta.app_label for model in apps.get_models()}
    assert THIRD_PARTY - labels <= {"admin", "socialaccount"}
