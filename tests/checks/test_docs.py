"""The documents say what is there: each test, file and command that they name exists."""

from __future__ import annotations

import os
import re
import tomllib

import pytest
from django.core.management import get_commands

from rtcc.onebox import options
from tests.checks.tree import DOCS, ROOT, files, names_of_tests, pages, texts, words_in_code

# The field's words, each with one meaning (docs/glossary.md owns them).
WORDS = (
    "device", "camera", "stream", "placement", "site", "area", "partner", "agreement", "purpose", "basis",
    "permit", "grant", "obligation", "exigent access", "asset", "segment", "block", "fragment", "gap", "seal",
    "keep", "hold", "disposition", "request", "exemption", "redaction", "release", "incident", "call", "unit",
    "bulletin", "event", "entry", "checkpoint", "witness", "receipt", "disclosure", "indicator", "finding",
    "epoch",
)  # fmt: skip
MOST_LINES = 400
# What one page has to hold together, or what a tool writes.
LONG = {
    "policy/starter/order.cedar",
    "policy/starter/examples.toml",
    "policy/starter/parameters.toml",
    "docs/invariants.md",
    "CHANGELOG.md",
    "LICENSE",
    # Each is handed out as one file that needs nothing beside it.
    "evidence/exports/verifier/verify.html",
    "evidence/exports/verifier/verify.py",
}
PLANNED = tomllib.loads((DOCS / "planned.toml").read_text())


@pytest.mark.parametrize("page", sorted(pages()))
def test_each_test_that_a_page_names_exists(page: str) -> None:
    named = words_in_code(pages()[page], r"\btest_[a-z0-9_]+\b(?!\.py)")
    assert not named - names_of_tests(), f"{page} names tests that are not there"


@pytest.mark.parametrize("page", sorted(pages()))
def test_each_file_that_a_page_links_to_or_names_exists(page: str) -> None:
    folder = (ROOT / page).parent
    links = {link for link in re.findall(r"\]\(([^)#\s]+)", pages()[page]) if "://" not in link}
    missing = {link for link in links if not (folder / link).exists()}
    named = words_in_code(
        pages()[page], r"(?<![\w/.~-])((?:audit|policy|cameras|evidence|rtcc|tests|docs)/[\w./-]*\w\.\w+)"
    )
    missing |= {name for name in named if not (ROOT / name).exists()}
    assert not missing, f"{page} points to files that are not there"


@pytest.mark.parametrize("page", sorted(pages()))
def test_each_management_command_that_a_page_names_exists(page: str) -> None:
    named = words_in_code(pages()[page], r"\./run ([a-z][a-z_]+)")
    assert not named - set(get_commands()), f"{page} names commands that are not there"


def test_the_two_commands_of_the_readme_are_there() -> None:
    readme = pages()["README.md"]
    for command in ("run", "test"):
        assert re.search(rf"^\./{command}\b", readme, re.M), command
        assert os.access(ROOT / command, os.X_OK), command


def test_the_readme_has_every_option_of_the_start_and_no_other() -> None:
    known = {word for action in options._parser()._actions for word in action.option_strings}
    named = words_in_code(pages()["README.md"], r"(?<![\w-])--[a-z][a-z-]+")
    assert known - {"-h", "--help"} <= named
    assert named - known <= {"--json", "--level", "--log-key"}  # of verify_log, verify_footage and verify.py


def test_each_adversary_is_answered_by_a_test() -> None:
    """An adversary's section names a test, or says in so many words that nothing stops them."""
    sections = re.split(r"^### ", pages()["docs/threat-model.md"], flags=re.M)[1:]
    assert len(sections) >= 14
    for section in sections:
        title = section.splitlines()[0]
        assert re.search(r"`test_\w+`|no test", section), title
        for part in ("Can", "Shows"):
            assert f"**{part}" in section, f"{title}: what they can do, and what shows it"


def test_each_invariant_names_its_keeper_and_its_test() -> None:
    text = pages()["docs/invariants.md"]
    numbered = re.split(r"^\*\*(\d+)\.\*\* ", text, flags=re.M)
    numbers = [int(number) for number in numbered[1::2]]
    assert numbers == list(range(1, len(numbers) + 1))
    for number, body in zip(numbers, numbered[2::2], strict=True):
        body = re.split(r"^#", body, flags=re.M)[0]
        assert "Kept by" in body, number
        assert re.search(r"Breaks: .*`test_\w+`|no test", body, re.S), number


def test_the_glossary_has_every_word_once() -> None:
    said = re.findall(r"^\*\*([a-z -]+)\*\*", (DOCS / "glossary.md").read_text(), re.M)
    assert len(said) == len(set(said))
    assert not set(WORDS) - set(said)
    assert said == sorted(said), "in the order of the alphabet"


def test_each_page_is_reached_from_the_index() -> None:
    index = pages()["docs/README.md"]
    for page in pages():
        if page.startswith("docs/") and page != "docs/README.md":
            assert f"({page.removeprefix('docs/')})" in index, page


def test_each_decision_says_what_else_was_looked_at_and_what_follows() -> None:
    numbers = []
    for path in sorted((DOCS / "decisions").glob("*.md")):
        numbers.append(int(path.name[:4]))
        found = re.findall(r"^## (.+)$", path.read_text(), re.M)
        assert found == ["Context", "Options looked at", "Decision", "Consequences"], path.name
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("key", sorted(PLANNED))
def test_what_is_called_planned_is_not_there_yet(key: str) -> None:
    """When it arrives, its row in docs/planned.toml and each mark in the pages are taken out."""
    row = PLANNED[key]
    there = [path for path in row.get("files", ()) if any(ROOT.glob(path))]
    for path, word in row.get("words", {}).items():
        folder = [text for name, text in texts() if name == path or name.startswith(f"{path}/")]
        there += [f"{word} in {path}"] if any(word in text for text in folder) else []
    marked = [page for page, text in pages().items() if f"(planned: {key})" in text]
    assert not there, f"{there[0]} is there: rewrite what {', '.join(marked) or 'no page'} says of {key}"


def test_each_mark_of_something_planned_has_its_row() -> None:
    marks = {mark for text in pages().values() for mark in re.findall(r"\(planned: ([a-z-]+)\)", text)}
    assert marks - {"key"} == set(PLANNED)


def test_no_file_is_so_long_that_nobody_reads_it() -> None:
    long = [
        f"{name}: {text.count(chr(10))} lines"
        for name, text in texts(".py", ".js", ".css", ".html", ".md", ".toml", ".cedar", ".sql")
        if text.count("\n") > MOST_LINES
        and name not in LONG
        and "/migrations/" not in name
        and not name.startswith("docs/generated/")
    ]
    assert not long, "\n".join(long)


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the machine's business (pip's and npm's own settings)."""
    hosts = [".".join(parts) for parts in (
        ("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"), ("yarnpkg", "com"),
        ("npmmirror", "com"), ("jsdelivr", "net"), ("unpkg", "com"), ("cdnjs", "cloudflare", "com"),
    )]  # fmt: skip
    found = [f"{name}: {host}" for name, text in texts() for host in hosts if host in text]
    assert not found, "\n".join(found)


def test_no_file_knows_a_developers_machine() -> None:
    own = re.compile(r"(?<![\w.>}-])/(?:home|Users|work|tmp/wl)/\w|[A-Z]:\\Users")
    found = [f"{name}: {match[0]}" for name, text in texts() for match in own.finditer(text)]
    own_root = str(ROOT) + "/"
    found += [f"{name}: {own_root}" for name, text in texts() if own_root in text]
    assert not found, "\n".join(found)


def test_the_licence_stands_in_full() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(files()) > 100
