"""Letters to requesters: acknowledgement, delay, fee, denial, no record. Each names
its law, and what can be checked.

The words are data to the typesetting program, never markup: whatever somebody called themselves stays text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import typst

from audit import receipts
from evidence.records.absence import Finding
from evidence.records.models import Request
from evidence.records.vocabulary import SUNSHINE, Act
from policy import publish
from rtcc.errors import NotFound

_TEMPLATE = Path(__file__).with_name("letter.typ")


class LetterKind(StrEnum):
    ACKNOWLEDGEMENT = "acknowledgement"
    DELAY = "delay"
    FEE = "fee"
    DENIAL = "denial"
    NO_RECORD = "no-record"

    @property
    def says(self) -> str:
        return f"Letter: {self.value.replace('-', ' ')}"


@dataclass(frozen=True)
class Proof:
    """An entry that proves a sentence, and its place in the log if it has one by now."""

    entry: UUID
    index: int | None


@dataclass(frozen=True)
class Line:
    """One stretch of time of one camera in an answer."""

    camera: str
    span: str
    sentence: str
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True)
class Letter:
    """The text of one letter; ``lines`` are the findings of a "no record"."""

    kind: LetterKind
    title: str
    number: str
    to: str
    date: str
    paragraphs: tuple[str, ...]
    citations: tuple[str, ...]
    lines: tuple[Line, ...] = field(default=())


def local(at: datetime, row: Request, shape: str = "%A, %B %-d, %Y at %H:%M %Z") -> str:
    """An instant as the clock of the place asked about shows it."""
    return at.astimezone(row.clock).strftime(shape)


def _asked(row: Request) -> str:
    same_day = row.starts_at.astimezone(row.clock).date() == row.ends_at.astimezone(row.clock).date()
    until = local(row.ends_at, row, "%H:%M %Z" if same_day else "%A, %B %-d, %Y at %H:%M %Z")
    return f"pictures of {row.place} from {local(row.starts_at, row)} until {until}"


def citation(rule: str) -> str:
    """Where the number of a parameter's row stands, in words."""
    rows = publish.active().parameters.rows
    return next((f"{each.citation} ({each.authority})" for each in rows if each.id == rule), rule)


def _acknowledgement(row: Request) -> Letter:
    cameras = row.cameras.values("camera").distinct().count()
    held = (
        f"The footage of {cameras} camera{'s' if cameras > 1 else ''} was held when your request came: it is "
        "not destroyed while the request is open."
        if cameras
        else "No camera of the register saw that place at that time, so there was nothing to hold."
    )
    return _letter(
        row, LetterKind.ACKNOWLEDGEMENT, f"We have your request {row.number}",
        (
            f"On {local(row.received_at, row)} you asked for {_asked(row)} ({row.law}).",
            held,
            f"You will have an answer by {local(row.due_at, row)}. Nothing that we wait for moves that day.",
        ),
        (citation(row.due_rule),),
        row.received_at,
    )  # fmt: skip


def _delay(row: Request) -> Letter:
    step = row.steps.filter(act=Act.DELAY).last()
    if step is None or row.delay_until is None:
        raise NotFound("Nobody was told of a delay of this request.")
    return _letter(
        row, LetterKind.DELAY, f"Your request {row.number} takes longer",
        (
            f"You asked for {_asked(row)}. An answer was due by {local(row.due_at, row)}.",
            f"It takes longer, because: {row.delay_cause}",
            f"The earliest date and time at which the record will be there is {local(row.delay_until, row)}.",
        ),
        (_delay_law(row),),
        step.at,
    )  # fmt: skip


def _delay_law(row: Request) -> str:
    """What asks for the two sentences of a delay: the law, or the rule that set the day."""
    if row.kind in SUNSHINE:
        return "RSMo 610.023.3: a delay states its cause, and the earliest date and time"
    return citation(row.due_rule)


def _fee(row: Request) -> Letter:
    step = row.steps.filter(act=Act.ESTIMATE_FEE).last()
    if step is None:
        raise NotFound("No fee was estimated for this request.")
    minutes, dollars = step.data["staff_minutes"], step.data["fee_cents"] / 100
    is_waived = row.steps.filter(act=Act.WAIVE_FEE).exists()
    return _letter(
        row, LetterKind.FEE, f"What your request {row.number} costs",
        (
            f"You asked for {_asked(row)} ({row.law}).",
            f"Finding and copying it takes about {minutes} minute{'s' if minutes != 1 else ''} of staff "
            f"time. We estimate ${dollars:.2f} for that. The time of attorneys is not counted.",
            "This fee was waived: you pay nothing."
            if is_waived
            else "The fee can be waived where the answer helps the public to understand what its government "
            "does and is not asked for as a business. If that is so, write to us why.",
        ),
        (citation(step.data["rule"]),),
        step.at,
    )  # fmt: skip


def _denial(row: Request) -> Letter:
    step = row.steps.filter(act=Act.DENY).last()
    if step is None:
        raise NotFound("This request was not denied.")
    public = row.kind in SUNSHINE
    contest = "Whoever is refused a public record may ask a circuit court to decide (RSMo 610.027)."
    return _letter(
        row, LetterKind.DENIAL, f"Your request {row.number} is denied",
        (
            f"You asked for {_asked(row)} ({row.law}).",
            f"It is denied, because: {step.note}",
            "If you disagree, write to us and say that you appeal." + (f" {contest}" if public else ""),
        ),
        ("RSMo 610.023.4: a denial states its grounds and the provision of law",) if public else (row.law,),
        step.at,
    )  # fmt: skip


def _no_record(row: Request) -> Letter:
    step = row.steps.filter(act=Act.FIND_NOTHING).last()
    if step is None:
        raise NotFound("It was not answered that there is no record.")
    found = [Finding.from_json(body) for body in step.data["findings"]]
    return _letter(
        row, LetterKind.NO_RECORD, f"There is no record for your request {row.number}",
        (
            f"You asked for {_asked(row)} ({row.law}). We looked at each camera that could see it.",
            "There is no record. For each camera and time below it is said why, with the entries of the "
            "public log that prove it. Each has a receipt, which anybody can check without us.",
        ),
        (row.law, "Demonstration order 1.2, section 12 (how long footage is kept)"),
        step.at,
        tuple(_line(each, row) for each in found),
    )  # fmt: skip


def _line(found: Finding, row: Request) -> Line:
    return Line(
        found.name, part_words(found, row), found.sentence, tuple(proof_of(entry) for entry in found.entries)
    )


def part_words(found: Finding, row: Request) -> str:
    """The time of a finding on the clock of the place; the day where it is not said by the beginning."""
    same = found.starts_at.astimezone(row.clock).date() == found.ends_at.astimezone(row.clock).date()
    until = local(found.ends_at, row, "%H:%M:%S %Z" if same else "%Y-%m-%d %H:%M:%S %Z")
    return f"{local(found.starts_at, row, '%Y-%m-%d %H:%M:%S')} to {until}"


def proof_of(entry: UUID) -> Proof:
    receipt = receipts.proof(entry)
    return Proof(entry, receipt.index if receipt else None)


def _letter(
    row: Request, kind: LetterKind, title: str, paragraphs: tuple[str, ...], citations: tuple[str, ...],
    at: datetime, lines: tuple[Line, ...] = (),
) -> Letter:  # fmt: skip
    to = ", ".join(part for part in (row.requester, row.organisation) if part)
    return Letter(kind, title, row.number, to, local(at, row, "%B %-d, %Y"), paragraphs, citations, lines)


_WRITE: Mapping[LetterKind, Callable[[Request], Letter]] = {
    LetterKind.ACKNOWLEDGEMENT: _acknowledgement,
    LetterKind.DELAY: _delay,
    LetterKind.FEE: _fee,
    LetterKind.DENIAL: _denial,
    LetterKind.NO_RECORD: _no_record,
}


# The act that each letter tells of.
_AFTER: Mapping[LetterKind, Act] = {
    LetterKind.ACKNOWLEDGEMENT: Act.ACKNOWLEDGE,
    LetterKind.DELAY: Act.DELAY,
    LetterKind.FEE: Act.ESTIMATE_FEE,
    LetterKind.DENIAL: Act.DENY,
    LetterKind.NO_RECORD: Act.FIND_NOTHING,
}


def letter(row: Request, kind: LetterKind) -> Letter:
    """The text of a letter. Raises NotFound where there is nothing to say yet."""
    return _WRITE[kind](row)


def letters_of(row: Request) -> list[LetterKind]:
    """The letters that there are."""
    acts = set(row.steps.values_list("act", flat=True))
    return [kind for kind, act in _AFTER.items() if act in acts]


def pdf(text: Letter) -> bytes:
    """The letter as PDF."""
    words = json.dumps(asdict(text), default=str)
    made = typst.compile(str(_TEMPLATE), format="pdf", sys_inputs={"letter": words})
    assert isinstance(made, bytes)
    return made
