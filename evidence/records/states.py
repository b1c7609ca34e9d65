"""State x act -> state, whose desk a request lies on, and what to do next. The one table of the desk.

governance, section 3: received -> preserved -> acknowledged -> [needs_clarification] -> assigned -> searching
-> [no_records | not_custodian] -> legal_review -> [fee_estimated -> awaiting_payment] -> redacting ->
second_review -> approved -> released_full | released_partial | denied -> [appealed | litigation] -> closed;
withdrawn stands beside. Who may is decided by the policy (`order-requests-*`); `DESK` says the same for
lists, and a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from evidence.records.vocabulary import ACT_SAYS, STATE_SAYS, Act, State
from policy.vocabulary import Role
from rtcc.errors import Conflict


def _or_out(acts: dict[Act, State]) -> dict[Act, State]:
    """These, or the requester withdraws."""
    return acts | {Act.WITHDRAW: State.WITHDRAWN}


def _answered() -> dict[Act, State]:
    return {Act.CLOSE: State.CLOSED, Act.APPEAL: State.APPEALED, Act.LITIGATE: State.LITIGATION}


# Acts that leave a request where it is; possible while it is open.
STAYING = frozenset({Act.DELAY, Act.NOTE, Act.CONFIRM_HOLD})
# Writing down what the requester says and is told: not bound to the desk that a request lies on.
SPEAKING = frozenset({Act.NOTE, Act.CLARIFY, Act.WITHDRAW, Act.DELAY})

NEXT: Mapping[State, Mapping[Act, State]] = MappingProxyType(
    {
        State.RECEIVED: _or_out({Act.PRESERVE: State.PRESERVED}),
        State.PRESERVED: _or_out({Act.ACKNOWLEDGE: State.ACKNOWLEDGED}),
        State.ACKNOWLEDGED: _or_out({Act.ASSIGN: State.ASSIGNED, Act.ASK_BACK: State.NEEDS_CLARIFICATION}),
        State.NEEDS_CLARIFICATION: _or_out({Act.CLARIFY: State.ACKNOWLEDGED, Act.CLOSE: State.CLOSED}),
        State.ASSIGNED: _or_out(
            {
                Act.SEARCH: State.SEARCHING,
                Act.ASSIGN: State.ASSIGNED,
                Act.ASK_BACK: State.NEEDS_CLARIFICATION,
            }
        ),
        State.SEARCHING: _or_out(
            {
                Act.SEND_TO_LEGAL: State.LEGAL_REVIEW,
                Act.FIND_NOTHING: State.NO_RECORDS,
                Act.NAME_CUSTODIAN: State.NOT_CUSTODIAN,
                Act.ASK_BACK: State.NEEDS_CLARIFICATION,
            }
        ),
        State.NO_RECORDS: _or_out({Act.CLOSE: State.CLOSED, Act.SEND_TO_LEGAL: State.LEGAL_REVIEW}),
        State.NOT_CUSTODIAN: _or_out({Act.CLOSE: State.CLOSED, Act.SEND_TO_LEGAL: State.LEGAL_REVIEW}),
        State.LEGAL_REVIEW: _or_out(
            {
                Act.REDACT: State.REDACTING,
                Act.ESTIMATE_FEE: State.FEE_ESTIMATED,
                Act.DENY: State.DENIED,
                Act.CLOSE: State.CLOSED,
            }
        ),
        State.FEE_ESTIMATED: _or_out(
            {Act.ASK_PAYMENT: State.AWAITING_PAYMENT, Act.WAIVE_FEE: State.REDACTING}
        ),
        State.AWAITING_PAYMENT: _or_out(
            {
                Act.TAKE_PAYMENT: State.REDACTING,
                Act.WAIVE_FEE: State.REDACTING,
                Act.CLOSE: State.CLOSED,
            }
        ),
        State.REDACTING: _or_out({Act.REVIEW: State.SECOND_REVIEW}),
        State.SECOND_REVIEW: _or_out(
            {
                Act.APPROVE: State.APPROVED,
                Act.SEND_BACK: State.REDACTING,
                Act.DENY: State.DENIED,
            }
        ),
        State.APPROVED: _or_out(
            {
                Act.RELEASE_FULL: State.RELEASED_FULL,
                Act.RELEASE_PARTIAL: State.RELEASED_PARTIAL,
                Act.DENY: State.DENIED,
            }
        ),
        State.RELEASED_FULL: _answered(),
        State.RELEASED_PARTIAL: _answered(),
        State.DENIED: _answered(),
        State.APPEALED: {
            Act.CLOSE: State.CLOSED,
            Act.SEND_TO_LEGAL: State.LEGAL_REVIEW,
            Act.LITIGATE: State.LITIGATION,
        },
        State.LITIGATION: {Act.CLOSE: State.CLOSED, Act.SEND_TO_LEGAL: State.LEGAL_REVIEW},
        State.WITHDRAWN: {Act.CLOSE: State.CLOSED},
        State.CLOSED: {},
    }
)

_RECORDS = frozenset({Role.RECORDS_OFFICER})
_LEGAL = frozenset({Role.LEGAL_REVIEWER})
DESK: Mapping[State, frozenset[Role]] = MappingProxyType(
    dict.fromkeys(State, _RECORDS)
    | {State.LEGAL_REVIEW: _LEGAL, State.SECOND_REVIEW: _LEGAL}
    | {State.APPEALED: _RECORDS | _LEGAL, State.LITIGATION: _RECORDS | _LEGAL}
)
# The one button of a request; the others stand behind "something else".
FIRST: Mapping[State, Act] = MappingProxyType(
    {state: next(iter(acts)) if acts else Act.NOTE for state, acts in NEXT.items()}
)

# The law's answer was given, or none is owed any more: such a request is never overdue.
ANSWERED = frozenset(
    {
        State.NO_RECORDS, State.NOT_CUSTODIAN, State.RELEASED_FULL, State.RELEASED_PARTIAL, State.DENIED,
        State.APPEALED, State.LITIGATION, State.WITHDRAWN, State.CLOSED,
    }
)  # fmt: skip
OPEN = frozenset(State) - {State.CLOSED}
ENDED = frozenset({State.WITHDRAWN, State.CLOSED})
# Its basis is closed: nothing is shown or goes out under it. An appeal or a lawsuit opens a denied one again.
SHUT = ENDED | {State.DENIED}
# Acts of the desk's own work; the first is done while a request is taken in, the last by a supervisor.
NOT_BY_HAND = frozenset({Act.PRESERVE, Act.CONFIRM_HOLD})


def after(state: State, act: Act) -> State:
    """The state that the act leads to. Raises Conflict, in words, where it leads nowhere from here."""
    if act in STAYING and state in OPEN:
        return state
    there = NEXT[state].get(act)
    if there is None:
        raise Conflict(
            f"The request is {STATE_SAYS[state]} by now; "
            f"\N{LEFT DOUBLE QUOTATION MARK}{ACT_SAYS[act]}\N{RIGHT DOUBLE QUOTATION MARK} is not possible "
            "from there. Load the page again."
        )
    return there


def possible(state: State) -> list[Act]:
    """What may be done by hand in this state, the usual first; notes and delays come with every open one."""
    return [act for act in NEXT[state] if act not in NOT_BY_HAND]
