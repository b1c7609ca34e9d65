"""Where policy versions come from: the files of the starter version, or the row in force.

A version that decides has been loaded whole: compiled, and its worked examples run. Loaded versions are
kept by hash in the process; the row in force is asked for at every decision, because a publication has to
count at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from policy.cedar import PARTS, BadPolicy, LoadedVersion, compile_parts, version_hash
from policy.examples import check_examples
from rtcc import clock

if TYPE_CHECKING:
    from policy.models.people import Person
    from policy.models.versions import PolicyVersion

STARTER = Path(__file__).parent / "starter"


class NoPolicy(LookupError):
    """No policy version is in force, so nothing can be decided."""


class PolicyTampered(RuntimeError):
    """The parts of a row do not have the hash under which they were published."""


def load(parts: Mapping[str, str]) -> LoadedVersion:
    """Compile a version and run its examples. Raises BadPolicy, BadParameters or BadExample."""
    version = compile_parts(parts)
    check_examples(version)
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
    from policy.models.versions import PolicyVersion

    published = PolicyVersion.objects.in_force_at(instant).values_list("hash", flat=True).first()
    if published is None:
        raise NoPolicy("no policy version has been published; run the set-up first")
    return _by_hash(published)


@lru_cache(maxsize=8)
def _by_hash(published: str) -> LoadedVersion:
    from policy.models.versions import PolicyVersion

    row = PolicyVersion.objects.filter(hash=published).order_by("published_at").first()
    if row is None or version_hash(row.parts) != published:
        raise PolicyTampered(f"policy version {published[:12]} does not hold the parts it was published with")
    return load(row.parts)


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
    )  # fmt: skip
