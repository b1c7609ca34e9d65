"""What is owed because an act was allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from policy.decide import ObligationSpec
from policy.models import Obligation
from policy.models import Permit as PermitRow
from policy.vocabulary import ObligationKind

# Owed by a person's later act; the others are carried out by the door itself, at once.
OWED_LATER = frozenset({ObligationKind.JUSTIFY, ObligationKind.NOTIFY_OWNER, ObligationKind.NOTIFY_OVERSIGHT})

WHAT = {
    ObligationKind.JUSTIFY: "Write why this exigent access could not wait",
    ObligationKind.NOTIFY_OWNER: "Tell the owner of the camera",
    ObligationKind.NOTIFY_OVERSIGHT: "Tell oversight",
}


def owe(permit: PermitRow, specs: Sequence[ObligationSpec], at: datetime) -> None:
    """Write down what the permit's obligations make somebody owe, once per grant and kind."""
    for spec in specs:
        if spec.kind not in OWED_LATER:
            continue
        if permit.grant_id and Obligation.objects.filter(grant_id=permit.grant_id, kind=spec.kind).exists():
            continue
        Obligation.objects.create(
            kind=spec.kind,
            person_id=permit.person_id,
            grant_id=permit.grant_id,
            what=WHAT[spec.kind],
            rule=spec.rules[0],
            due_at=at + timedelta(seconds=spec.within_s or 0),
            entry=permit.entry,
        )
