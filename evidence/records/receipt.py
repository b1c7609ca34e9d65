"""What whoever asked sees of their request, in plain words, and which proofs they may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.models import Keep
from evidence.records import letters, tokens
from evidence.records.absence import Finding
from evidence.records.cards import span_words
from evidence.records.models import Request, Step
from evidence.records.states import ANSWERED, ENDED, NEXT
from evidence.records.vocabulary import Act, HoldState, State
from rtcc import clock
from rtcc.config import config

PATH = "/request/receipt/"
_APPEAL = "If you think that is wrong, you may appeal, or ask a court."
# How it stands, and what happens next.
SAYS: Mapping[State, tuple[str, str]] = {
    State.RECEIVED: ("We have your request.", "The footage is being held."),
    State.PRESERVED: ("We have your request.", "A records officer reads it and tells you so."),
    State.ACKNOWLEDGED: ("We have read your request.", "Somebody is named who looks for the footage."),
    State.NEEDS_CLARIFICATION: (
        "We asked you something and wait for your answer.",
        "Answer us at the address from which we wrote. The day by which we answer you stays as it is.",
    ),
    State.ASSIGNED: ("Somebody works on your request.", "They look for the footage."),
    State.SEARCHING: (
        "We are looking for the footage.",
        "You are told what there is, or why there is nothing.",
    ),
    State.NO_RECORDS: ("There is no record.", f"The reasons stand below, with their proof. {_APPEAL}"),
    State.NOT_CUSTODIAN: ("Another office has it.", "Our letter says which one. Ask there."),
    State.LEGAL_REVIEW: (
        "A lawyer looks at what the law lets us give you.",
        "You are told what you get, what it costs, or why not.",
    ),
    State.FEE_ESTIMATED: ("We worked out what it costs.", "We write to you about the payment."),
    State.AWAITING_PAYMENT: ("We wait for your payment.", "When it is there, your copy is made."),
    State.REDACTING: ("Your copy is being made.", "A second person looks at it before it goes out."),
    State.SECOND_REVIEW: ("A second person looks at your copy.", "Then you get it, or are told why not."),
    State.APPROVED: ("Your copy may go out.", "You get it in the way that you told us."),
    State.RELEASED_FULL: ("You were given all of it.", "We close your request."),
    State.RELEASED_PARTIAL: (
        "You were given a part of it.",
        f"Our letter says what is missing, and by which law. {_APPEAL}",
    ),
    State.DENIED: ("We said no.", f"Our letter says why, and by which law. {_APPEAL}"),
    State.APPEALED: ("You have appealed.", "It is looked at again, by a lawyer."),
    State.LITIGATION: ("It lies with a court.", "We do what the court decides."),
    State.WITHDRAWN: ("The request was withdrawn.", "Nothing more is done for it."),
    State.CLOSED: ("The request is closed.", "Nothing more is done for it."),
}


def link(code: str) -> str:
    """The address of a receipt. A browser keeps what follows `#` to itself: it stands in no access log."""
    return f"{config.origin}{PATH}#{code}"


def can_withdraw(row: Request) -> bool:
    return Act.WITHDRAW in NEXT[State(row.state)]


def page(row: Request, code: str) -> dict[str, Any]:
    """What the holder of the code may see: state, due date, what comes next, and what proves "no record"."""
    state = State(row.state)
    shown = tokens.grouped(tokens.plain(code))
    says, comes_next = SAYS[state]
    step: Step | None = row.steps.filter(act=Act.FIND_NOTHING).last()
    proofs = [Finding.from_json(body) for body in step.data["findings"]] if step is not None else []
    return {
        "row": row,
        "code": shown,
        "link": link(shown),
        "says": says,
        "comes_next": comes_next,
        "owed": state not in ANSWERED,
        "overdue": row.overdue_at(clock.now()),
        "span": span_words(row),
        "cameras": row.cameras.values("camera").distinct().count(),
        "hold": _hold_says(row),
        "can_withdraw": can_withdraw(row),
        "proofs": [(letters.part_words(each, row), each) for each in proofs],
        "fee": f"{row.fee_cents / 100:.2f}" if row.fee_cents else "",
        "room_zone": row.zone,
    }


def _hold_says(row: Request) -> str:
    state = row.hold_state()
    if state is HoldState.NOTHING_TO_HOLD:
        return "No camera saw that place at that time, so there was nothing to keep."
    keep: Keep | None = row.narrowed_to or row.hold
    if keep is None or keep.released_at is not None:
        return "It is not kept for your request any more. Two persons agreed on that, and the log says who."
    if State(row.state) in ENDED:
        return "It is still kept. It goes back to its usual time when two persons have agreed to that."
    return "What they recorded then is kept: nothing destroys it while your request is open."


def entries_of(row: Request) -> set[str]:
    """Entries whose receipts the holder of the code may take: of the request, and of what answers it."""
    found = {str(row.entry)}
    for step in row.steps.filter(act=Act.FIND_NOTHING):
        found |= {entry for body in step.data["findings"] for entry in body["entries"]}
    return found
