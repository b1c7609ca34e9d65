"""Writing a version before anybody proposes it. A draft decides nothing; its text is kept whatever is wrong
with it, so that a refusal loses nothing that was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from policy import publish
from policy.cedar import PARTS, BadPolicy, LoadedVersion, compile_parts, version_hash
from policy.examples import BadExample, Failure, failures
from policy.models import Person, PolicyDraft, PolicyVersion
from policy.parameters import BadParameters
from policy.publishing.numbers import NewValue, set_number
from rtcc import clock
from rtcc.errors import BadInput, NotFound

# The shipped version has 70,000 characters in all.
MOST_CHARACTERS = 400_000


@dataclass(frozen=True)
class Checked:
    """What is known of a draft's text: the version it makes, or the sentence why it makes none."""

    hash: str
    version: LoadedVersion | None
    trouble: str
    failures: tuple[Failure, ...]
    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether it may be proposed."""
        return self.version is not None and not self.failures and not self.missing


def begin(by: Person, parts: Mapping[str, str], begun_from: str) -> PolicyDraft:
    """A draft that begins with these parts. Precondition: the caller asked whether ``by`` may propose."""
    now = clock.now()
    draft: PolicyDraft = PolicyDraft.objects.create(
        parts=dict(parts), begun_from=begun_from, made_by=by, made_at=now, changed_at=now
    )
    return draft


def begin_in_force(by: Person) -> PolicyDraft:
    """A draft that begins with the version in force."""
    in_force = publish.in_force_hash()
    row = PolicyVersion.objects.filter(hash=in_force).latest("published_at")
    return begin(by, row.parts, in_force)


def begin_shipped(by: Person) -> PolicyDraft:
    """A draft that begins with the version that this release ships."""
    return begin(by, publish.starter_parts(), publish.load_starter().hash)


def find(by: Person, draft: UUID) -> PolicyDraft:
    """One's own draft; another's is shown with its proposal. Raises NotFound."""
    row = PolicyDraft.objects.filter(id=draft, made_by=by).first()
    if row is None:
        raise NotFound()
    return row


def put_parts(draft: PolicyDraft, texts: Mapping[str, str]) -> None:
    """Keep these parts' new texts. Raises BadInput for a part that no version has, or too much text."""
    unknown = sorted(set(texts) - set(PARTS))
    if unknown:
        raise BadInput(f"{unknown[0]} is no part of a version; its parts are {', '.join(PARTS)}.")
    parts = {**draft.parts, **{name: text.replace("\r\n", "\n") for name, text in texts.items()}}
    if sum(map(len, parts.values())) > MOST_CHARACTERS:
        raise BadInput(f"That is too much text: a version has at most {MOST_CHARACTERS:,} characters.")
    draft.parts, draft.changed_at = parts, clock.now()
    draft.save(update_fields=["parts", "changed_at"])


def put_number(draft: PolicyDraft, value: NewValue) -> None:
    """Give a number another value from a day on. Raises BadInput naming the field."""
    text = set_number(draft.parts["parameters.toml"], value)
    put_parts(draft, {"parameters.toml": text})


def check(parts: Mapping[str, str]) -> Checked:
    """Compile the text and run its examples: everything that keeps it from being proposed."""
    return _check(frozenset(parts.items()))


@lru_cache(maxsize=16)
def _check(items: frozenset[tuple[str, str]]) -> Checked:
    """Remembered, because a page asks again each time it is looked at, and a check takes half a second."""
    parts = dict(items)
    hashed = version_hash(parts)
    try:
        version = compile_parts(parts)
        failed = tuple(failures(version))
    except (BadPolicy, BadParameters, BadExample) as error:
        return Checked(hashed, None, str(error), (), ())
    wanted = {row.key for row in publish.load_starter().parameters.rows}
    missing = wanted - {row.key for row in version.parameters.rows}
    return Checked(hashed, version, "", failed, tuple(sorted(missing)))
