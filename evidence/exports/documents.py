"""The documents of a package: manifest, proofs, receipts, custody list, summary.

All of them are made at once, when every media file is measured, and stand as rows until the package is
written, so that a worker that takes over writes the same package.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import rfc8785

from audit.disclosures import read as read_disclosed
from audit.encoding import instant_text
from audit.models import Touch as TouchRow
from audit.vocabulary import Tier
from evidence.exports import summary
from evidence.exports.draw import interval_of, runs_of
from evidence.exports.models import Export, ExportPart
from evidence.exports.package import VERIFY_HTML, VERIFY_PY, sha256
from evidence.exports.proofs import MinuteLists, minutes, receipt_of, shown, trust
from evidence.exports.states import RECIPIENT_SAYS
from policy import publish
from policy.vocabulary import Recipient
from rtcc import clock
from rtcc.config import config

MOST_CUSTODY = 500


def stem(number: int, span: dict[str, Any], run: dict[str, Any]) -> str:
    """The name of a media file without its ending: number, camera, and when it begins (UTC)."""
    begins = datetime.fromisoformat(run["from"])
    return f"{number:03d}-{span['code']}-{begins:%Y%m%dT%H%M%SZ}"


def as_json(value: dict[str, Any]) -> bytes:
    """The same value gives the same bytes."""
    return json.dumps(value, indent=1, sort_keys=True).encode()


def make(export: Export, parts: Sequence[ExportPart]) -> dict[str, bytes]:
    """All documents below ``data/``. Raises NotYet while an entry has no receipt."""
    documents, media = {}, []
    lists = MinuteLists()
    for part, (span, run) in zip(parts, runs_of(export.drawn), strict=True):
        name = stem(part.number, span, run)
        proofs = dict(part.proofs)
        for each in proofs["segments"]:
            each |= lists.path(each["minute"], each["leaf"].encode())
        documents[f"data/proofs/{name}.json"] = rfc8785.dumps(proofs)
        media.append(_media(part, name, span, run))
    wanted = [segment["minute"] for each in media for segment in each["segments"]]
    documents |= _log_documents(export, wanted)
    documents["data/trust.txt"] = trust().encode()
    manifest = _manifest(export, media)
    custody = _custody(export)
    documents["data/custody.json"] = as_json(custody)
    documents["data/summary.pdf"] = summary.pdf(export, manifest, custody)
    manifest["files"] = {path: sha256(content) for path, content in sorted(documents.items())}
    manifest["files"] |= {each["file"]: each["sha256"] for each in media}
    documents["data/manifest.json"] = as_json(manifest)
    return documents


def _media(part: ExportPart, name: str, span: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    return {
        "file": f"data/media/{name}.mp4",
        "proofs": f"data/proofs/{name}.json",
        "sha256": part.sha256,
        "bytes": part.size,
        "native_bytes": run["bytes"],
        "camera": span["camera"],
        "code": span["code"],
        "name": span["name"],
        "owner": span["owner_name"],
        "from": run["from"],
        "to": run["to"],
        "segments": run["segments"],
    }


def _log_documents(export: Export, wanted: Sequence[str]) -> dict[str, bytes]:
    """Entries and receipts of the minutes, and of the act that asked for this export."""
    documents: dict[str, bytes] = {}
    entries, receipts = minutes(wanted)
    for text, said in entries.items():
        at = datetime.fromisoformat(text)
        said["receipt"] = f"data/receipts/minute-{at:%Y%m%dT%H%MZ}.tlog-proof"
        documents[said["receipt"]] = receipts[text].encode()
    documents["data/proofs/minutes.json"] = as_json(entries)
    asked = receipt_of(export.proposal.entry)
    said = shown(export.proposal.entry, asked, ("time", "event", "detail"))
    said["receipt"] = "data/receipts/asked.tlog-proof"
    documents[said["receipt"]] = asked.text().encode()
    documents["data/proofs/asked.json"] = as_json(said)
    return documents


def _manifest(export: Export, media: list[dict[str, Any]]) -> dict[str, Any]:
    approvals = list(export.proposal.approvals.select_related("person"))
    spans = export.drawn["spans"]
    return {
        "type": "watchlight.export",
        "version": 1,
        "export": str(export.id),
        "system": {
            "name": config.log_name.partition("/")[0],
            "log": config.log_name,
            "software": "Watchlight",
        },
        "basis": {
            "kind": export.basis.kind,
            "number": export.basis.number,
            "title": export.basis.title,
            "opened_at": instant_text(export.basis.opened_at),
        },
        "recipient": {
            "class": export.recipient_class,
            "class_says": RECIPIENT_SAYS[Recipient(export.recipient_class)],
            "name": export.recipient,
        },
        "legal_standard": export.standard,
        "reason": export.reason,
        "redacted": False,
        "asked": {
            "by": export.asked_by.display_name,
            "at": instant_text(export.asked_at),
            "entry": str(export.proposal.entry),
            "drawn_sha256": export.drawn_sha256,
        },
        "approved": [
            {"by": each.person.display_name, "at": instant_text(each.at), "entry": str(each.entry)}
            for each in approvals
        ],
        "begun": {"entry": str(export.entry)},
        "policy": publish.active().hash,
        "hash_algorithm": "SHA-256",
        "media": media,
        "gaps": [_named(span, gap) for span in spans for gap in span["gaps"]],
        "destroyed": [_named(span, each) for span in spans for each in span["destroyed"]],
        "asked_for": [
            {
                "camera": span["camera"],
                "name": span["name"],
                "from": span["asked_from"],
                "to": span["asked_to"],
            }
            for span in spans
        ],
        "verifiers": {
            "verify.html": sha256(VERIFY_HTML.read_bytes()),
            "verify.py": sha256(VERIFY_PY.read_bytes()),
        },
    }


def _named(span: dict[str, Any], what: dict[str, Any]) -> dict[str, Any]:
    return {"camera": span["camera"], "name": span["name"], **what}


def _custody(export: Export) -> dict[str, Any]:
    """What happened to this footage, as the log has it: acts that touched it, without names."""
    starts_at, ends_at = interval_of(export.drawn)
    cameras = {span["camera"]: span["name"] for span in export.drawn["spans"]}
    rows = TouchRow.objects.filter(
        camera__in=list(cameras), footage__overlap=(starts_at, ends_at), outcome="permit"
    ).order_by("entry")
    entries = [row.entry for row in rows[:MOST_CUSTODY]]
    said = read_disclosed(entries, Tier.PSEUDONYMOUS)
    events = [
        {
            "entry": str(row.entry),
            "event": row.event,
            "at": said.get(row.entry, {}).get("time"),
            "camera": cameras.get(str(row.camera), str(row.camera)),
            "actor": said.get(row.entry, {}).get("actor_pseudonym"),
            "role": said.get(row.entry, {}).get("actor_role"),
            "purpose": row.purpose,
        }
        for row in rows[:MOST_CUSTODY]
    ]
    events.sort(key=lambda event: (str(event["at"]), str(event["entry"])))
    return {
        "from": instant_text(starts_at),
        "to": instant_text(ends_at),
        "made_at": instant_text(clock.now()),
        "events": events,
        "complete": rows.count() <= MOST_CUSTODY,
        "how": "Entries of the log that touched this footage. Actors are pseudonyms of one year.",
    }
