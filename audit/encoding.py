"""From fields to an entry and its disclosures, and back (RFC 8785 canonical JSON; RFC 9901 disclosures).

An entry's clear text names nothing: it is ``{"_sd": [digest...], "_sd_alg": "sha-256", "v": 1}``, the same
number of digests in each entry of a schema version. A disclosure is base64url(JSON [salt, name, value]);
its digest is base64url(SHA-256(disclosure)). Salts are 128 random bits per field.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import rfc8785

from audit.vocabulary import FIELDS_OF_VERSION, SCHEMA_VERSION

SALT_BYTES = 16
MAX_ENTRY_BYTES = 65_535
# A field's value is kept as one row of the database; a value larger than this is a file, not a fact.
MAX_VALUE_BYTES = 1_000_000
ALGORITHM = "sha-256"
NULL = "null"


class BadEntry(Exception):
    """An entry's bytes or a disclosure are not what the schema says; the message names the fault."""


def base64url(data: bytes) -> str:
    """Base64 with the URL alphabet and without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Disclosed:
    """One field with its salt (16 bytes) and its value as canonical JSON text."""

    name: str
    salt: bytes
    value: str

    def disclosure(self) -> str:
        """The disclosure of RFC 9901; canonical JSON, so the same from each reader."""
        return base64url(f'["{base64url(self.salt)}","{self.name}",{self.value}]'.encode())

    def digest(self) -> str:
        return base64url(hashlib.sha256(self.disclosure().encode("ascii")).digest())

    def read(self) -> Any:
        """The value as Python reads JSON."""
        return json.loads(self.value)


def instant_text(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds; naive instants are refused."""
    if instant.tzinfo is None:
        raise TypeError("an instant in the log carries its time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plain(value: Any) -> Any:
    """A value as JSON knows it: ids, instants and enums become text, sets become sorted lists."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"the log cannot hold a {type(value).__name__}")


def canonical(value: Any) -> str:
    """Canonical JSON text of a value."""
    return rfc8785.dumps(plain(value)).decode()


def disclose(fields: Mapping[str, Any], *, version: int = SCHEMA_VERSION) -> list[Disclosed]:
    """All fields of the schema version in its order, null where ``fields`` has none.

    Raises TypeError for a name that the schema does not know, so that a misspelled field cannot vanish.
    """
    schema = FIELDS_OF_VERSION[version]
    unknown = sorted(set(fields) - set(schema))
    if unknown:
        raise TypeError(f"schema version {version} has no field {', '.join(unknown)}")
    salts = os.urandom(SALT_BYTES * len(schema))
    disclosed = []
    for position, name in enumerate(schema):
        value = fields.get(name)
        text = NULL if value is None else canonical(value)
        if len(text) > MAX_VALUE_BYTES:
            raise TypeError(f"the field {name} is larger than {MAX_VALUE_BYTES} bytes")
        disclosed.append(Disclosed(name, salts[position * SALT_BYTES : (position + 1) * SALT_BYTES], text))
    return disclosed


def entry_body(disclosed: Iterable[Disclosed], *, version: int = SCHEMA_VERSION) -> bytes:
    """The bytes that become the leaf. They are kept, and never made again to be verified."""
    digests = sorted(field.digest() for field in disclosed)
    body = rfc8785.dumps({"_sd": digests, "_sd_alg": ALGORITHM, "v": version})
    if len(body) > MAX_ENTRY_BYTES:
        raise BadEntry(f"an entry has at most {MAX_ENTRY_BYTES} bytes, not {len(body)}")
    return body


@dataclass(frozen=True)
class Body:
    """What an entry's clear text says: schema version and digests."""

    version: int
    digests: tuple[str, ...]


def read_body(body: bytes) -> Body:
    """Read an entry's bytes strictly: three members, canonical, sorted, complete; raise BadEntry."""
    try:
        content = json.loads(body)
    except ValueError as error:
        raise BadEntry("the entry is not JSON") from error
    if not isinstance(content, dict) or set(content) != {"v", "_sd_alg", "_sd"}:
        raise BadEntry("the entry's clear text is not exactly v, _sd_alg and _sd")
    version, digests = content["v"], content["_sd"]
    if version not in FIELDS_OF_VERSION or content["_sd_alg"] != ALGORITHM:
        raise BadEntry("the entry is of an unknown schema version or algorithm")
    if not isinstance(digests, list) or not all(isinstance(d, str) and len(d) == 43 for d in digests):
        raise BadEntry("the entry's digests are not 256-bit values")
    if digests != sorted(set(digests)) or len(digests) != len(FIELDS_OF_VERSION[version]):
        raise BadEntry("the entry's digests are not sorted, not distinct, or not one per field")
    if rfc8785.dumps(content) != body:
        raise BadEntry("the entry is not canonical JSON")
    return Body(version, tuple(digests))
