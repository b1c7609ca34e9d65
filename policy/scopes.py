"""Scopes: what an API token was made for. A token gives what its person may do, and of that these acts alone.

The check stands beside Cedar and not in it, so that no policy version can widen a token: it only refuses.
"""

from __future__ import annotations

from django.db import transaction

from audit.record import record
from audit.vocabulary import Outcome
from policy import denials, entry_fields
from policy.actors import actor_key, whereabouts
from policy.decide import Deny
from policy.denied import Denied
from policy.models import Person
from policy.vocabulary import Action
from rtcc import clock

RULE = "token-scope"


def refusal(action: Action) -> Deny | None:
    """Why the token in use does not reach ``action``; None where it does, or where no token is in use."""
    allowed = whereabouts.get().scopes
    if allowed is None or action in allowed:
        return None
    return Deny(
        RULE,
        f"This API token was not made for this act ({action.replace('_', ' ')}).",
        "Demonstration order 1.2, section 2.3",
        "Use a token with this scope. Its person makes one on the page API tokens.",
        (RULE,),
    )


def require(action: Action, by: Person) -> None:
    """For what goes on without an act of its own, such as reading under a permit given earlier.

    Raises Denied, with its entry committed.
    """
    beyond = refusal(action)
    if beyond is None:
        return
    at, where = clock.now(), whereabouts.get()
    with transaction.atomic(durable=True):
        entry = None
        if denials.is_own_entry(by, at):
            entry = record(
                entry_fields.REFUSED[action],
                outcome=Outcome.DENY,
                time=at,
                actor=actor_key(by),
                actor_name=by.display_name,
                action=str(action),
                session=where.session,
                mfa=where.mfa,
                device=where.device,
                address=where.address,
                rules=[beyond.rule],
                rule_sentence=beyond.sentence,
            )
        else:
            denials.count(by, at, action, beyond.rule)
    raise Denied(beyond.rule, beyond.sentence, beyond.citation, beyond.way_out, entry.id if entry else None)
