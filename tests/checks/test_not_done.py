"""What the public is promised not to be done: no package able to do it stands in a lock or is imported."""

from __future__ import annotations

import ast
import json
import re

import pytest

from rtcc.public.not_done import NOT_DONE
from tests.checks.tree import ROOT, texts

WORDS = frozenset(word for each in NOT_DONE for word in each.words)
LOCKS = ("requirements.lock", "requirements-test.lock")


def named(name: str) -> frozenset[str]:
    """Words of the promise that a package's or module's name holds: "opencv-python" holds "opencv"."""
    parts = re.split(r"[^a-z0-9]+", name.lower())
    return WORDS & {*parts, *(re.sub(r"\d+$", "", part) for part in parts), "".join(parts)}


@pytest.mark.parametrize(
    "name",
    ["face_recognition", "dlib", "insightface", "openalpr", "fast-alpr", "easyocr", "ultralytics",
     "opencv-python-headless", "onnxruntime-gpu", "torch", "@vladmandic/face-api"],
)  # fmt: skip
def test_a_package_that_could_do_it_is_noticed(name: str) -> None:
    assert named(name)


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_a_package_that_recognises(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text().splitlines() if "==" in line and line[0] not in " #"]
    assert lines
    assert not {line.split("==")[0]: found for line in lines if (found := named(line.split("==")[0]))}


def test_no_front_end_package_recognises() -> None:
    lock = json.loads((ROOT / "rtcc/pages/package-lock.json").read_text())
    assert not {name: found for name in lock["packages"] if (found := named(name))}


def test_no_program_of_ours_imports_one_that_recognises() -> None:
    found: dict[str, frozenset[str]] = {}
    for path, text in texts(".py"):
        for node in ast.walk(ast.parse(text)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found |= {f"{path}: {name}": words for name in names if (words := named(name.split(".")[0]))}
    assert not found
