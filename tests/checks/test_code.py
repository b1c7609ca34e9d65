"""The checks of the whole tree, as tests: each runs the tool a developer would run and shows its words."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("rtcc", "evidence", "policy", "audit", "cameras", "tests")


def _passes(*words: str) -> None:
    """Run a program of the environment over the tree; fail with what it says."""
    done = subprocess.run(
        [sys.executable, str(Path(sys.executable).with_name(words[0])), *words[1:]],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        pytest.fail(done.stdout[-8000:], pytrace=False)


def _ruff(*words: str) -> None:
    """Ruff is a program of its own, not a Python one."""
    program = Path(sys.executable).with_name("ruff")
    done = subprocess.run([program, *words, "."], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail((done.stdout + done.stderr)[-8000:], pytrace=False)


def test_the_code_is_formatted() -> None:
    _ruff("format", "--check")


def test_the_linter_finds_nothing() -> None:
    _ruff("check", "--output-format", "concise")


def test_the_types_are_right() -> None:
    _passes("mypy", "--no-error-summary", *ROOMS, "manage.py")


def test_the_templates_are_clean() -> None:
    _passes("djlint", "rtcc", "--lint", "--quiet")


def test_imports_point_down_only() -> None:
    _passes("lint-imports", "--no-cache", "--no-logo")


def test_only_record_writes_to_the_log() -> None:
    """Besides it, recovery puts back entries that the tiles still hold, after two persons have agreed."""
    by_rows = r"(Entry|Disclosure|Pending)\.objects\.(bulk_)?(create|get_or_create|update_or_create)"
    makes = by_rows + "|INTO audit_(entry|disclosure|pending)"
    writers = {
        str(path.relative_to(ROOT))
        for room in ("audit", "policy", "cameras", "evidence", "rtcc")
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts and re.search(makes, path.read_text())
    }
    assert writers == {"audit/record.py", "audit/recovery.py"}


def test_one_place_writes_csv() -> None:
    """It leaves no formula for a spreadsheet to run, whoever asks for the file."""
    writers = {
        str(path.relative_to(ROOT))
        for room in ("audit", "policy", "cameras", "evidence", "rtcc")
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"\bcsv\.(writer|DictWriter)", path.read_text())
    }
    assert writers == {"rtcc/spreadsheet.py"}


def test_no_test_flushes_the_database() -> None:
    """TRUNCATE meets the log's triggers: a test that commits uses the fixture ``committed``."""
    found = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "django_db":
                words = {word.arg for word in node.keywords}
                found += [f"{where}: {word}" for word in words & {"transaction", "reset_sequences"}]
            if isinstance(node, ast.arg) and node.arg in ("transactional_db", "live_server"):
                found.append(f"{where}: {node.arg}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_the_locks_are_hashed_and_name_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert lines
    for line in lines:
        assert "==" in line, f"{line} is not pinned"
    assert text.count("==") <= text.count("--hash=sha256:")


def test_what_runs_is_what_is_tested() -> None:
    """Each package of the running system has the same version in the tests' environment."""

    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}

    assert pins("requirements.lock") <= pins("requirements-test.lock")


def test_front_end_packages_come_from_the_lock_alone() -> None:
    text = (ROOT / "rtcc" / "pages" / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert '"integrity": "sha512-' in text


def test_every_package_finds_what_it_needs() -> None:
    """The locks are installed without resolving: what one Python needs and another does not must stand in
    them.
    """
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail(done.stdout, pytrace=False)
