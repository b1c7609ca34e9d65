"""What a person reads of the log: which entries, and which of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.vocabulary import FIELDS_V1, TIERS_READ_BY, Tier
from cameras.models import Camera, Designation
from policy.facts import REPORT
from policy.models import Membership, Person
from policy.vocabulary import Kind, Ref, Role
from rtcc import clock

# Who is not named here reads what the public reads.
TIER_OF_ROLE: dict[Role, Tier] = {
    Role.ANALYST: Tier.PUBLIC,
    Role.SUPERVISOR: Tier.PUBLIC,
    Role.RECORDS_OFFICER: Tier.PUBLIC,
    Role.LEGAL_REVIEWER: Tier.PUBLIC,
    Role.AUDITOR: Tier.FULL,
    Role.OUTSIDE_REVIEWER: Tier.PSEUDONYMOUS,
    Role.PARTNER: Tier.PUBLIC,
    Role.POLICY_OWNER: Tier.PUBLIC,
    Role.OPERATOR: Tier.PUBLIC,
    Role.OFFICER: Tier.PUBLIC,
    Role.SYSTEM: Tier.PUBLIC,
}
_ORDER = [Tier.PUBLIC, Tier.PSEUDONYMOUS, Tier.FULL]

# Beyond what the public reads, an owner is told who (by a stable pseudonym and role) saw what of its own
# cameras and for how long; never a name or anybody else's camera, and the number of a case only where the
# agreement of the camera says so.
_OWNER_READS = frozenset(
    {
        "act", "actor_pseudonym", "actor_role", "agency", "owner", "owner_name", "footage_from", "footage_to",
        "seconds", "exact", "agreement", "permit", "parent",
    }
)  # fmt: skip
_OF_CAMERAS = ("cameras", "camera_names", "touches")


@dataclass(frozen=True)
class Reader:
    """A person as a reader of the log. ``owners``: only what touched cameras of these; None: all entries."""

    person: Person
    tier: Tier
    owners: frozenset[UUID] | None = None
    cameras: tuple[UUID, ...] = ()
    # Those of them whose agreement tells the owner the number of the incident or case.
    numbers: frozenset[UUID] = frozenset()

    @property
    def names(self) -> bool:
        return self.tier is Tier.FULL

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What the reading is an act on: an owner reads about cameras, the others read the report."""
        return tuple(Ref(Kind.CAMERA, camera) for camera in self.cameras) or (REPORT,)

    def sees(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of an entry that this reader may know; empty where the entry is none of theirs.

        Beside the log's fields it may hold ``refused``: cameras of theirs that were asked for and refused
        while others were shown, each with the rule.
        """
        if self.owners is None:
            return self._by_tier(said) | {"refused": _refused(said)}
        touches = [touch for touch in said.get("touches") or () if self._owns(touch)]
        if not touches:
            return {}
        seen = {name: value for name, value in self._by_tier(said).items() if name not in _OF_CAMERAS}
        seen |= {name: said[name] for name in _OWNER_READS if name in said}
        seen["touches"] = touches
        seen["cameras"] = list(dict.fromkeys(touch["camera"] for touch in touches))
        if any(UUID(camera) in self.numbers for camera in seen["cameras"]) and "basis_number" in said:
            seen["basis_number"] = said["basis_number"]
        own = {f"{Kind.CAMERA}:{camera}" for camera in seen["cameras"]}
        seen["refused"] = {ref: rule for ref, rule in _refused(said).items() if ref in own}
        return seen

    def _owns(self, touch: Mapping[str, Any]) -> bool:
        return touch["camera"] is not None and touch["owner"] in {str(owner) for owner in self.owners or ()}

    def _by_tier(self, said: Mapping[str, Any]) -> dict[str, Any]:
        allowed = TIERS_READ_BY[self.tier]
        seen = {name: value for name, value in said.items() if FIELDS_V1[name].tier in allowed}
        if not self.names and said.get("object_kind") == Kind.PERSON:
            # The id of a person is their name to whoever has met it once.
            seen.pop("object_id", None)
        return seen


def _refused(said: Mapping[str, Any]) -> dict[str, str]:
    """What was refused in an act that was permitted for the rest: the thing, and the rule."""
    found: dict[str, str] = (said.get("detail") or {}).get("refused") or {}
    return found


def tier_of(person: Person) -> Tier:
    """The widest tier that one of the person's roles reads."""
    return reader_of(person).tier


def reader_of(person: Person) -> Reader:
    """How a person reads the log now. A partner who reads nothing more is held to its own cameras."""
    rows = list(
        Membership.objects.of_person(person.id).valid_at(clock.now()).values_list("role", "organisation_id")
    )
    tier = max((TIER_OF_ROLE[Role(role)] for role, _ in rows), key=_ORDER.index, default=Tier.PUBLIC)
    owners = frozenset(organisation for role, organisation in rows if role == Role.PARTNER)
    if tier is not Tier.PUBLIC or not owners:
        return Reader(person, tier)
    cameras = Camera.objects.owned_by(owners).order_by("code").values_list("id", flat=True)
    told = Designation.objects.valid_at(clock.now()).filter(
        camera__owner__in=owners, agreement__number_told=True
    )
    numbers = frozenset(told.values_list("camera__id", flat=True))
    return Reader(person, tier, owners, tuple(cameras), numbers)
