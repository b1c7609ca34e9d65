"""How far the version in force is behind the release that runs.

The status page says it and the policy page offers what is shipped; two persons publish it (in a demo folder
the next start does).
"""

from __future__ import annotations

from dataclasses import dataclass

from policy import publish
from policy.models import PolicyVersion
from rtcc import clock


@dataclass(frozen=True)
class Lag:
    """What this release ships that the version in force was not written for.

    ``shipped_is_new``: the shipped version has changed since something was published here. The rest names
    what the version in force does not know: acts (denied until it does), facts, and numbers.
    """

    shipped_is_new: bool
    acts: tuple[str, ...]
    facts: tuple[str, ...]
    numbers: tuple[str, ...]
    trouble: str

    def __bool__(self) -> bool:
        return self.shipped_is_new or bool(self.acts or self.facts or self.numbers or self.trouble)

    @property
    def sentence(self) -> str:
        """In plain words; empty where nothing is behind."""
        if self.trouble:
            return self.trouble
        if self.acts:
            return f"The policy in force does not know {_listed(self.acts)}; such acts are refused."
        if self.numbers:
            return f"The policy in force does not set {_listed(self.numbers)}; what goes by it is refused."
        return "This release ships a newer policy than the one in force." if self else ""


def _listed(words: tuple[str, ...], most: int = 6) -> str:
    """A few words of a list, and how many more there are."""
    plain = [word.replace("_", " ") for word in words]
    rest = f" and {len(plain) - most} more" if len(plain) > most else ""
    return ", ".join(plain[:most]) + rest


def lag() -> Lag:
    """How far the version in force is behind this release. Raises NoPolicy."""
    version, shipped = publish.active(), publish.load_starter()
    row = PolicyVersion.objects.in_force_at(clock.now()).only("hash", "starter").first()
    seen = (row.starter or row.hash) if row else ""
    # A stand-in is cut from the shipped version: what the true one lacks cannot be told.
    own, ours = version.known, shipped.known
    groups = ((own.person, ours.person), (own.thing, ours.thing), (own.situation, ours.situation))
    numbers = {row.key for row in shipped.parameters.rows} - {row.key for row in version.parameters.rows}
    return Lag(
        shipped_is_new=seen != shipped.hash,
        acts=tuple(sorted(ours.acts - own.acts)),
        facts=tuple(sorted({fact for has, all_of in groups for fact in all_of - has})),
        numbers=tuple(sorted(numbers)),
        trouble=version.trouble,
    )
