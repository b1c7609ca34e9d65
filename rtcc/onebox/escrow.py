"""The root key's copy: without it a lost disk is lost footage, so somebody has to show that there is one."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput
from rtcc.keys import KEY_BYTES, provider

FILE = "root-backup.json"


def confirm(copy: Path) -> datetime:
    """Compare the escrowed copy with the root in use, byte for byte by hash; note and enter that it matches.

    Raises BadInput where it cannot be read or is another key.
    """
    try:
        with copy.open("rb") as file:
            found = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{copy} cannot be read: {error.strerror}") from error
    fingerprint = provider().fingerprint()
    if hashlib.sha256(found).hexdigest() != fingerprint:
        raise BadInput(f"{copy} is not the root key that is in use. Copy {config.keys_dir / 'root'} again.")
    now = clock.now()
    with transaction.atomic(durable=True):
        record(
            Event.ACT_PERMITTED,
            outcome=Outcome.PERMIT,
            actor="system:console",
            action="administer",
            purpose="system_duty",
            object_kind="system",
            detail={"what": "the escrowed copy of the root key was compared", "fingerprint": fingerprint},
        )
    new = config.keys_dir / f".{FILE}.{os.getpid()}"
    new.write_text(json.dumps({"fingerprint": fingerprint, "confirmed_at": now.isoformat()}))
    new.rename(config.keys_dir / FILE)
    return now


def confirmed_at() -> datetime | None:
    """When a copy of the root key in use was last shown; None where it never was, or of an earlier key."""
    try:
        said = json.loads((config.keys_dir / FILE).read_text())
    except FileNotFoundError:
        return None
    if said["fingerprint"] != provider().fingerprint():
        return None
    return datetime.fromisoformat(said["confirmed_at"])
