"""Bringing a database to the shape of this code: migrations run as owner, and only when something changed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from rtcc.onebox.options import ROOT
from rtcc.onebox.progress import Stop

# Migrations, what runs after them, and the packages that bring migrations of their own.
_PATTERNS = (
    "*/migrations/*.sql",
    "*/migrations/*.py",
    "rtcc/*/migrations/*.py",
    "*/apps.py",
    "rtcc/*/apps.py",
    "rtcc/onebox/rights*.py",
    "rtcc/settings.py",
    "requirements.lock",
)


def _sources() -> Iterator[Path]:
    for pattern in _PATTERNS:
        yield from sorted(ROOT.glob(pattern))


def fingerprint() -> str:
    """A hash over everything that decides the shape of the database."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def shape(connection: psycopg.Connection, database: str) -> str | None:
    """The fingerprint that ``database`` was brought to; it is kept in the database itself, so it goes
    where that goes.
    """
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = connection.execute(query, [database]).fetchone()
    return row[0] if row else None


def mark(connection: psycopg.Connection, database: str, found: str) -> None:
    """Write down in ``database`` that it has the shape ``found``."""
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
    connection.execute(statement.format(sql.Identifier(database), sql.Literal(found)))


def migrate(owner: Mapping[str, str]) -> None:
    """Run Django's migrations in the environment ``owner``. Raises Stop with Django's words where one
    fails.
    """
    # Django's checks load every page of the site; they are a test, not a part of each start.
    words = ("migrate", "--no-input", "--skip-checks", "--verbosity", "0")
    argv = [sys.executable, str(ROOT / "manage.py"), *words]
    done = subprocess.run(argv, env=dict(owner), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Stop(
            f"{done.stdout.strip()}\n\nThe database could not be brought up to date; the reason is above."
        )
