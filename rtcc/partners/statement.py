"""The monthly statement: every access of a month with its receipts, as CSV, JSON, PDF and a zip of proofs."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import typst

from audit.keyfiles import log_vkey, verifiers
from audit.models import Leaf
from audit.receipts import make_receipt
from audit.tiles import TileFiles
from policy.models import Organisation
from rtcc import clock, spreadsheet
from rtcc.config import config
from rtcc.errors import BadInput
from rtcc.oversight.exporting import AT_ONCE, as_json
from rtcc.oversight.report import Row, page
from rtcc.oversight.tiers import Reader
from rtcc.pages.templatetags.room import duration
from rtcc.partners.accesses import COLUMNS, OUTCOMES, Month, basis, cells, how, local
from rtcc.partners.models import Ask
from rtcc.partners.vocabulary import AskWants

_TEMPLATE = Path(__file__).with_name("statement.typ")
# A month beyond this is a list for a machine: the list of accesses gives it day by day.
MOST_ROWS = 5000


@dataclass(frozen=True)
class Said:
    """One step of asking an owner to let its camera be watched, with its entry."""

    at: datetime
    camera: str
    what: str
    entry: UUID


def _said(reader: Reader, month: Month) -> tuple[Said, ...]:
    """What owners were asked and said in a month, the oldest first. One query."""
    rows = Ask.objects.of_owners(reader.owners or ()).filter(wants=AskWants.WATCH).for_list()
    found = [
        Said(at, row.camera.name, what, entry)
        for row in rows
        for at, what, entry in (
            (row.asked_at, f"asked to watch, {row.purpose.replace('_', ' ')}", row.entry),
            (
                row.answered_at,
                f"let the agency watch until {local(row.until)}" if row.until else "said no",
                row.answered_entry,
            ),
            (row.taken_back_at, "took the yes back", row.taken_back_entry),
        )
        if at is not None and entry is not None and month.starts_at <= at < month.ends_at
    ]
    return tuple(sorted(found, key=lambda each: each.at))


@dataclass(frozen=True)
class Statement:
    """What happened on an owner's cameras in one month."""

    owners: tuple[str, ...]
    month: Month
    rows: tuple[Row, ...]
    said: tuple[Said, ...] = ()

    @property
    def allowed(self) -> list[Row]:
        return [row for row in self.rows if row.outcome == "permit"]

    @property
    def refused(self) -> int:
        return sum(row.outcome == "deny" for row in self.rows)

    @property
    def seconds(self) -> int:
        return sum(row.seconds or 0 for row in self.allowed)

    @cached_property
    def purposes(self) -> list[tuple[str, int, int]]:
        """Purpose, accesses and seconds, the most frequent first."""
        count = Counter(row.purpose or "not stated" for row in self.allowed)
        return [
            (
                name,
                number,
                sum(row.seconds or 0 for row in self.allowed if (row.purpose or "not stated") == name),
            )
            for name, number in count.most_common()
        ]

    @property
    def entries(self) -> list[UUID]:
        """The entries behind the rows, each once."""
        of_rows = (key for row in self.rows for key in (row.entry, row.end_entry) if key)
        return list(dict.fromkeys([*of_rows, *(each.entry for each in self.said)]))


def statement_of(reader: Reader, month: Month) -> Statement:
    """All accesses of the month, the oldest first. Raises BadInput where there are too many for one paper."""
    asked, rows = month.question, list[Row]()
    while True:
        found = page(reader, asked, size=AT_ONCE)
        rows += found.rows
        if len(rows) > MOST_ROWS:
            raise BadInput(
                f"{month.title} has more than {MOST_ROWS} accesses. Take the CSV of who looked instead."
            )
        if found.after is None:
            break
        asked = replace(asked, before=found.after)
    owners = Organisation.objects.filter(id__in=reader.owners or ()).values_list("name", flat=True)
    return Statement(tuple(owners), month, tuple(reversed(rows)), _said(reader, month))


def as_csv(statement: Statement) -> str:
    return "".join(
        spreadsheet.line(values)
        for values in (COLUMNS, *(cells(row, config.origin) for row in statement.rows))
    )


def as_document(statement: Statement) -> dict[str, Any]:
    """The statement for programs."""
    return {
        "owner": list(statement.owners),
        "month": str(statement.month),
        "made_at": clock.now().isoformat(),
        "accesses": len(statement.allowed),
        "refused": statement.refused,
        "seconds": statement.seconds,
        "log": {"name": config.log_name, "verifiers": [str(key) for key in verifiers()]},
        "rows": [as_json(row) | {"basis": basis(row)} for row in statement.rows],
        "asked": [
            {"at": each.at.isoformat(), "camera": each.camera, "what": each.what, "entry": str(each.entry)}
            for each in statement.said
        ],
    }


def as_pdf(statement: Statement) -> bytes:
    """One paper for people, set by typst. What is named in it arrives as data: no name is ever markup."""
    data = {
        "owner": ", ".join(statement.owners),
        "month": statement.month.title,
        "made": local(clock.now()),
        "accesses": len(statement.allowed),
        "refused": statement.refused,
        "watched": duration(statement.seconds) if statement.seconds else "nothing",
        "log": config.log_name,
        "purposes": [[name, str(count), duration(seconds)] for name, count, seconds in statement.purposes],
        "rows": [_pdf_row(row) for row in statement.rows],
        "asked": [[local(each.at), each.camera, each.what, str(each.entry)] for each in statement.said],
    }
    made: bytes = typst.compile(_TEMPLATE.read_bytes(), sys_inputs={"data": json.dumps(data)})
    return made


def _pdf_row(row: Row) -> dict[str, str]:
    shown = row.cameras or row.refused
    return {
        "at": local(row.at) + (", demo history" if row.seeded else ""),
        "cameras": ", ".join(shown),
        "how": how(row),
        "long": duration(row.seconds) if row.seconds is not None else "",
        "why": " · ".join(filter(None, (row.purpose, basis(row)))),
        "outcome": OUTCOMES.get(row.outcome, row.outcome),
        "sentence": row.rule_sentence if row.outcome == "deny" else "",
        "who": f"{row.who}, {row.role}" if row.role else row.who,
        "entry": str(row.entry),
    }


_READ_ME = """\
Proofs of {month} for {owner}

Each .tlog-proof file is the receipt of one entry of the log {log}: the entry's digests, its place, and the
path to a signed checkpoint. Which access an entry is about stands in statement.csv, in the columns "entry"
and "end entry". A receipt is checked offline, without asking this system: take a checker of C2SP tlog-proof
(c2sp.org/tlog-proof) and these keys, which you should have from somewhere else too:

{keys}
{missing}"""


def as_proofs(statement: Statement) -> bytes:
    """A zip: the statement as CSV, a receipt for each entry behind it, and how to check them."""
    receipts = dict(_receipts(statement.entries))
    missing = [key for key in statement.entries if key not in receipts]
    text = _READ_ME.format(
        month=statement.month.title,
        owner=", ".join(statement.owners),
        log=config.log_name,
        keys="\n".join(str(key) for key in verifiers()),
        missing=f"\n{len(missing)} entries wait for their place in the log; take this again in a minute.\n"
        if missing
        else "",
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", text)
        archive.writestr("statement.csv", as_csv(statement))
        for key, receipt in receipts.items():
            archive.writestr(f"receipts/{key}.tlog-proof", receipt)
    return made.getvalue()


def _receipts(entries: Iterable[UUID]) -> Iterable[tuple[UUID, str]]:
    """Receipts of the entries that have their place. One query; the tree is read from its files."""
    files, vkey = TileFiles(config.tiles_dir), log_vkey()
    for leaf in Leaf.objects.filter(entry__in=list(entries)).order_by("index"):
        found = make_receipt(leaf.index, files, vkey)
        if found is not None:
            yield leaf.entry, found.text()
