"""Where policy versions come from: the files of the starter version, or the row in force.

A version that decides has been loaded whole: compiled, and its worked examples run. Loaded versions are
kept by hash in the process; the row in force is asked for at every decision, because a publication has to
count at once. A published version decides by its own schema for as long as it is in force; what this release
ships beside it is offered, and decides nothing until it is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from policy.cedar import PARTS, BadPolicy, LoadedVersion, compile_parts, version_hash
from policy.examples import BadExample, check_examples
from policy.parameters import BadParameters
from policy.vocabulary import Action
from rtcc import clock
from rtcc.logs import log

if TYPE_CHECKING:
    from policy.models.people import Person
    from policy.models.versions import PolicyVersion

STARTER = Path(__file__).parent / "starter"
# What goes on, by the shipped rules, while the version in force cannot be used.
MENDING = frozenset({Action.SIGN_IN, Action.SIGN_OUT, Action.CHANGE_POLICY, Action.APPROVE})
_log = log("policy")


class NoPolicy(LookupError):
    """No policy version is in force, so nothing can be decided."""


class PolicyTampered(RuntimeError):
    """The parts of a row do not have the hash under which they were published."""


def load(parts: Mapping[str, str]) -> LoadedVersion:
    """Compile a version and run its examples. Raises BadPolicy, BadParameters or BadExample."""
    version = compile_parts(parts)
    check_examples(version)
    return version


def load_published(parts: Mapping[str, str]) -> LoadedVersion:
    """Load a version that was published, perhaps under an earlier release: by its own schema and examples.

    Where this release no longer gives what it reads, the answer is the shipped version cut down to the acts
    that publish another one, with the reason as its ``trouble``: nobody is locked out of mending it, and
    nothing else goes on under rules that nobody published.
    """
    try:
        version = compile_parts(parts)
        check_examples(version, published=True)
    except (BadPolicy, BadParameters, BadExample) as error:
        trouble = (
            f"The policy in force, version {version_hash(parts)[:12]}, cannot be used by this release "
            f"({error}), so nothing is permitted but signing in and publishing another version."
        )
        _log.error("policy_cannot_be_used", version=version_hash(parts), error=str(error))
        return replace(load_starter(), actions=MENDING, trouble=trouble)
    return version


@lru_cache(maxsize=1)
def load_starter() -> LoadedVersion:
    """The starter version, from its files."""
    return load(starter_parts())


def starter_parts() -> dict[str, str]:
    return {part: (STARTER / part).read_text("utf-8") for part in PARTS}


def active() -> LoadedVersion:
    """The version in force now. Two queries the first time a hash is seen, then one. Raises NoPolicy."""
    return active_at(clock.now())


def active_at(instant: datetime) -> LoadedVersion:
    """The version in force at an instant. Raises NoPolicy, PolicyTampered."""
    return _by_hash(in_force_hash(instant))


def in_force_hash(instant: datetime | None = None) -> str:
    """The hash of the version in force at an instant (now). Raises NoPolicy."""
    from policy.models.versions import PolicyVersion

    rows = PolicyVersion.objects.in_force_at(instant or clock.now())
    published: str | None = rows.values_list("hash", flat=True).first()
    if published is None:
        raise NoPolicy("no policy version has been published; run the set-up first")
    return published


def says(published: str, rule: str) -> str:
    """What a rule of a published version says; empty for one that it does not have, such as an invariant.

    Raises PolicyTampered.
    """
    found = _by_hash(published).rules.get(rule)
    return found.says if found else ""


@lru_cache(maxsize=8)
def _by_hash(published: str) -> LoadedVersion:
    from policy.models.versions import PolicyVersion

    row = PolicyVersion.objects.filter(hash=published).order_by("published_at").first()
    if row is None or version_hash(row.parts) != published:
        raise PolicyTampered(f"policy version {published[:12]} does not hold the parts it was published with")
    return load_published(row.parts)


def store(
    version: LoadedVersion, *, published_by: Person | None, entry: UUID, effective_from: datetime
) -> PolicyVersion:
    """Write the publication of a version, inside the act that publishes it.

    Precondition: the caller is under guard for `change_policy`, `entry` is the act's entry in this
    transaction, and the caller bumps the epoch. `published_by` is None for the system's own set-up. Raises
    BadPolicy for a beginning in the past.
    """
    from policy.models.versions import PolicyVersion, VersionState

    now = clock.now()
    if effective_from < now:
        raise BadPolicy("a policy version begins now or later; what was decided stays decided")
    return PolicyVersion.objects.create(
        hash=version.hash, parts=dict(version.parts), state=VersionState.PUBLISHED,
        effective_from=effective_from, published_at=now, published_by=published_by, entry=entry,
        starter=load_starter().hash,
    )  # fmt: skip
