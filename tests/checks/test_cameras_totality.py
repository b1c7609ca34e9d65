"""Nothing of the registry is left out: fields have a class, words a sentence, acts one function."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest
from django.apps import apps
from django.db import models

from cameras import actions
from cameras.cards import MODE_SAYS
from cameras.terms import _REACH
from cameras.vocabulary import HEALTH_SAYS, RECORDING_SAYS, HealthState, Recording, RetentionClass
from policy.publish import load_starter
from policy.vocabulary import Mode

CLASSES = ("public", "closed_while_active", "personnel", "security")


@pytest.mark.parametrize("model", list(apps.get_app_config("cameras").get_models()), ids=lambda m: m.__name__)
def test_each_field_has_one_privacy_class(model: type[models.Model]) -> None:
    classes = vars(model.Privacy)  # type: ignore[attr-defined]
    listed = [name for group in CLASSES for name in classes.get(group, ())]
    fields = [*model._meta.local_fields, *model._meta.local_many_to_many]
    assert sorted(listed) == sorted(field.name for field in fields)


@pytest.mark.parametrize(
    "table, words",
    [(RECORDING_SAYS, Recording), (HEALTH_SAYS, HealthState), (MODE_SAYS, Mode), (_REACH, Mode)],
)
def test_each_word_has_its_row(table: dict[object, object], words: type) -> None:
    assert set(table) == set(words)  # type: ignore[call-overload]


def test_each_retention_class_has_its_parameter() -> None:
    assert {str(each) for each in RetentionClass} <= set(load_starter().parameters.retention_classes())


def _modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(actions.__path__)]


@pytest.mark.parametrize("name", _modules())
def test_each_module_of_acts_has_one_public_function_with_its_name_and_actor(name: str) -> None:
    module = importlib.import_module(f"cameras.actions.{name}")
    functions = [
        value
        for word, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not word.startswith("_")
    ]
    assert [function.__name__ for function in functions] == [name]
    parameters = inspect.signature(functions[0]).parameters
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters.values())
    assert parameters["by"].default is inspect.Parameter.empty
