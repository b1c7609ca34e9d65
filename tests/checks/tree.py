"""The files of the project, as the checks of documents read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ROOMS = ("rtcc", "evidence", "policy", "audit", "cameras")
# What is made by ./run, ./test or a tool; the rest is source.
_MADE = {
    line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if not line.startswith("#")
}
_MADE |= {".git"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the source, pictures too."""
    return tuple(sorted(_walk(ROOT)))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        inside = str(path.relative_to(ROOT))
        if path.name in _MADE or inside in _MADE or path.is_symlink():
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def texts(*endings: str) -> Iterator[tuple[str, str]]:
    """Path and content of each text file; only those with one of the endings, if any is given."""
    for path in files():
        if endings and path.suffix not in endings:
            continue
        try:
            yield str(path.relative_to(ROOT)), path.read_text("utf-8")
        except UnicodeDecodeError:
            continue


def pages() -> dict[str, str]:
    """The documents that people read, by path; generated ones are left out."""
    found = {name: text for name, text in texts(".md") if not name.startswith("docs/generated/")}
    return {name: text for name, text in found.items() if "/" not in name or name.startswith("docs/")}


@cache
def names_of_tests() -> frozenset[str]:
    """The name of each test function."""
    names: set[str] = set()
    for name, text in texts(".py"):
        if name.startswith("tests/"):
            names |= {
                node.name
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
            }
    return frozenset(names)


def words_in_code(text: str, pattern: str) -> set[str]:
    """What matches ``pattern`` inside a document's `code` marks and blocks."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.S)
    return {match for piece in code for match in re.findall(pattern, piece)}
