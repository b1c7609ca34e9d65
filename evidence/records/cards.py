"""What the pages of requests are given: rows with words, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from cameras.geometry import outline
from cameras.models import Camera, Placement
from evidence.records import absence, business, calendar, letters
from evidence.records.absence import Finding, FindingKind
from evidence.records.actions.work_request import SAYS_WHY, usual_minutes
from evidence.records.looking import Reader
from evidence.records.models import Request
from evidence.records.states import DESK, FIRST, OPEN, SPEAKING, possible
from evidence.records.vocabulary import (
    ACT_SAYS,
    CLOSE_SAYS,
    HOLD_SAYS,
    Act,
    CloseReason,
    HoldState,
    State,
)
from policy.roles import ROLES
from policy.vocabulary import Role
from rtcc import clock, spreadsheet

SPEAKERS = frozenset({Role.RECORDS_OFFICER, Role.LEGAL_REVIEWER, Role.SUPERVISOR})
# Acts that need nothing typed: the list has their button, and the page their key.
AT_ONCE = frozenset(
    {
        Act.ACKNOWLEDGE, Act.ASSIGN, Act.SEARCH, Act.SEND_TO_LEGAL, Act.FIND_NOTHING, Act.ASK_PAYMENT,
        Act.TAKE_PAYMENT, Act.REDACT, Act.REVIEW, Act.APPROVE,
    }
)  # fmt: skip
# A copy is being made, looked at, or about to go out.
_COPYING = frozenset({State.LEGAL_REVIEW, State.REDACTING, State.SECOND_REVIEW, State.APPROVED})
# Why a request is closed, where the state says it already.
USUAL_REASON: Mapping[State, CloseReason | None] = dict.fromkeys(State) | {
    State.NO_RECORDS: CloseReason.NO_RECORD,
    State.NOT_CUSTODIAN: CloseReason.OTHER_CUSTODIAN,
    State.RELEASED_FULL: CloseReason.ANSWERED_IN_FULL,
    State.RELEASED_PARTIAL: CloseReason.ANSWERED_IN_PART,
    State.DENIED: CloseReason.DENIED,
    State.WITHDRAWN: CloseReason.WITHDRAWN,
    State.NEEDS_CLARIFICATION: CloseReason.NO_ANSWER_FROM_REQUESTER,
    State.AWAITING_PAYMENT: CloseReason.FEE_NOT_PAID,
}
_BARS: Mapping[FindingKind, str] = {
    FindingKind.THERE: "recorded",
    FindingKind.GAP: "gap-explained",
    FindingKind.DESTROYED: "destroyed",
    FindingKind.NEVER_RECORDED: "",
    FindingKind.NOT_THERE: "",
    FindingKind.UNEXPLAINED: "gap",
}


@dataclass(frozen=True)
class Button:
    """One act that a page offers, and what has to be typed with it."""

    act: Act
    says: str
    needs_note: bool
    at_once: bool
    reason: CloseReason | None = None


def button(act: Act, state: State) -> Button:
    reason = USUAL_REASON[state] if act is Act.CLOSE else None
    at_once = act in AT_ONCE or reason is not None
    words = f"Close: {CLOSE_SAYS[reason]}" if reason else ACT_SAYS[act]
    return Button(act, words, act in SAYS_WHY, at_once, reason)


def may(reader: Reader, act: Act, state: State) -> bool:
    """Whether the button is offered; pressing it asks guard."""
    return bool(reader.roles & (SPEAKERS if act in SPEAKING else DESK[state]))


def first_act(state: State, nothing_there: bool) -> Act | None:
    """What is to be done next, by anybody."""
    if state is State.SEARCHING and nothing_there:
        return Act.FIND_NOTHING
    return FIRST[state] if possible(state) else None


def next_words(row: Request, reader: Reader, act: Act | None) -> tuple[Button | None, str]:
    """The button of whoever may press it, or whom it waits for."""
    state = State(row.state)
    if act is None:
        return None, "nothing: it is closed"
    if may(reader, act, state):
        return button(act, state), ""
    whose = SPEAKERS if act in SPEAKING else DESK[state]
    names = " or ".join(ROLES[role].title.lower() for role in sorted(whose & {*DESK[state]} or whose))
    return None, f"waits for the {names}"


def hold_words(row: Request) -> dict[str, Any]:
    state = row.hold_state()
    level = {HoldState.WAITS: "warn", HoldState.UNCONFIRMED: "bad", HoldState.NOTHING_TO_HOLD: "plain"}
    return {"state": state, "says": HOLD_SAYS[state], "level": level.get(state, "good")}


def list_rows(rows: Iterable[Request], reader: Reader, now: datetime) -> list[dict[str, Any]]:
    """Rows of the list. What was found is looked up for those being searched alone."""
    is_holiday = calendar.holidays()
    return [_list_row(row, reader, now, is_holiday) for row in rows]


def _list_row(row: Request, reader: Reader, now: datetime, is_holiday: business.IsHoliday) -> dict[str, Any]:
    state = State(row.state)
    nothing = state is State.SEARCHING and not absence.is_there(absence.findings(row))
    offered, waits = next_words(row, reader, first_act(state, nothing))
    return {
        "row": row,
        "overdue": row.overdue_at(now),
        "days_left": business.business_days_left(now, row.told_until, row.clock, is_holiday),
        "next": offered,
        "waits": waits,
        "hold": hold_words(row),
        "span": span_words(row),
    }


def span_words(row: Request) -> str:
    """The time asked for, on the clock of the place."""
    same = row.starts_at.astimezone(row.clock).date() == row.ends_at.astimezone(row.clock).date()
    shape = "%H:%M %Z" if same else "%Y-%m-%d %H:%M %Z"
    return (
        f"{letters.local(row.starts_at, row, '%Y-%m-%d %H:%M')} to {letters.local(row.ends_at, row, shape)}"
    )


def request_page(row: Request, reader: Reader) -> dict[str, Any]:
    """The page of one request."""
    now, state = clock.now(), State(row.state)
    found = absence.findings(row)
    nothing = not absence.is_there(found)
    first = first_act(state, nothing)
    offered, waits = next_words(row, reader, first)
    others = [act for act in possible(state) if act is not first and may(reader, act, state)]
    if state in OPEN and may(reader, Act.NOTE, state):
        others += [Act.DELAY, Act.NOTE]
    return {
        "request": row,
        "overdue": row.overdue_at(now),
        "days_left": business.business_days_left(now, row.told_until, row.clock, calendar.holidays())
        if state in OPEN
        else 0,
        "span": span_words(row),
        "due_citation": letters.citation(row.due_rule),
        "cap_citation": letters.citation(row.confirm_rule) if row.confirm_rule else "",
        "next": offered,
        "waits": waits,
        "others": [button(act, state) for act in others],
        "reasons": [(str(each), CLOSE_SAYS[each]) for each in CloseReason],
        "usual_minutes": usual_minutes(row, now),
        "fee": f"{row.fee_cents / 100:.2f}" if row.fee_cents is not None else "",
        "hold": hold_words(row),
        "holds": [each for each in (row.hold, row.narrowed_to) if each is not None],
        "can_confirm": row.hold_state() in (HoldState.WAITS, HoldState.UNCONFIRMED)
        and Role.SUPERVISOR in reader.roles
        and row.basis.opened_by_id != reader.person.id,
        "cameras": _cameras(row, found),
        "nothing_there": nothing,
        "elsewhere": [each for each in found if each.kind is FindingKind.NOT_THERE],
        "letters": letters.letters_of(row),
        "steps": list(row.steps.select_related("by")),
        "releases": [each for each in (row.hold, row.narrowed_to) if each and each.released_entry],
        # Of what is made for it, those are told who work on requests (`evidence.exports.cards`).
        "exports": row.basis.exports.select_related("asset").order_by("asked_at")
        if reader.roles & SPEAKERS
        else [],
        "copying": state in _COPYING,
        "may_export": state in OPEN and Role.RECORDS_OFFICER in reader.roles,
        "map": map_of(row),
        "enough": [letters.local(at, row, "%Y-%m-%dT%H:%M") for at in (row.starts_at, row.ends_at)],
    }


def _cameras(row: Request, found: list[Finding]) -> list[dict[str, Any]]:
    """The cameras with what there is of each, and a bar of their time."""
    cameras = Camera.objects.select_related("owner").in_bulk(
        [each.camera for each in found if each.camera and each.kind is not FindingKind.NOT_THERE]
    )
    rows = []
    for key, group in groupby(found, key=lambda each: each.camera):
        if key not in cameras:
            continue
        parts = list(group)
        there = sum((p.ends_at - p.starts_at).total_seconds() for p in parts if p.kind is FindingKind.THERE)
        rows.append(
            {
                "camera": cameras[key],
                "parts": [(letters.part_words(each, row), each) for each in parts],
                "there_s": there,
                "bar": {
                    "start": row.starts_at,
                    "end": row.ends_at,
                    "spans": [
                        {"start": p.starts_at, "end": p.ends_at, "kind": _BARS[p.kind], "label": p.sentence}
                        for p in parts
                        if _BARS[p.kind]
                    ],
                },
            }
        )
    return sorted(rows, key=lambda each: (-each["there_s"], each["camera"].name))


def map_of(row: Request | None = None) -> dict[str, Any]:
    """Cameras for a map: those standing now, or those that saw the place of a request then; and the place."""
    if row is None:
        placements = Placement.objects.valid_at(clock.now()).of_active_cameras()
    else:
        placements = Placement.objects.with_ids([each.placement for each in row.cameras.all()])
    return {
        "places": [
            {
                "name": each.camera.name,
                "code": each.camera.code,
                "lon": each.lon,
                "lat": each.lat,
                "owner_class": str(each.camera.owner_class),
                "field_of_view": [list(corner) for corner in outline(each.field_of_view)],
            }
            for each in placements.select_related("camera__owner").order_by("camera__name")[:1000]
        ],
        "area": row.area["coordinates"][0][:-1] if row else None,
    }


# -- as a file --

_COLUMNS = ("number", "kind", "channel", "law", "place", "from", "to", "received", "due", "delayed until",
            "state", "overdue", "hold", "camera hours", "closed", "reason")  # fmt: skip


def csv_lines(rows: Iterable[Request], now: datetime) -> Iterator[str]:
    """The list as CSV (RFC 4180), without who asked; nothing in it is run by a spreadsheet."""
    yield spreadsheet.line(_COLUMNS)
    for row in rows:
        yield spreadsheet.line(
            (
                row.number, row.kind, row.channel, row.law, row.place, _stamp(row.starts_at),
                _stamp(row.ends_at), _stamp(row.received_at), _stamp(row.due_at), _stamp(row.delay_until),
                row.state,
                "yes" if row.overdue_at(now) else "no", row.hold_state(), f"{row.camera_hours:.2f}",
                _stamp(row.closed_at), row.close_reason,
            )
        )  # fmt: skip


def _stamp(at: datetime | None) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""
