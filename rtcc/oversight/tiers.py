"""Which tier of the log a person reads."""

from __future__ import annotations

from audit.vocabulary import Tier
from policy.models import Membership, Person
from policy.vocabulary import Role
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


def tier_of(person: Person) -> Tier:
    """The widest tier that one of the person's roles reads."""
    roles = Membership.objects.of_person(person.id).valid_at(clock.now()).values_list("role", flat=True)
    return max((TIER_OF_ROLE[Role(role)] for role in roles), key=_ORDER.index, default=Tier.PUBLIC)
