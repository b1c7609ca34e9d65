"""Carries out `rtcc.onebox.rights` in the database, and reads back what the catalogue says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.db import connections

from rtcc.onebox.postgres import user
from rtcc.onebox.rights import FUNCTIONS, MONTHS, TABLES, split

GRANTED = ("app", "sequencer", "eraser")
REQUIRE_ENTRY = "watchlight_require_entry"
TRIGGER = "requires_entry"

# Partitions are reached through their parent and have no rights of their own, except the default ones, which
# somebody may have to look into.
_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
        AND (NOT relispartition OR right(relname, 8) = '_default')
    ORDER BY relname"""
_FUNCTIONS = """
    SELECT proname || '(' || oidvectortypes(proargtypes) || ')', prokind FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace ORDER BY 1"""
_TABLE_RIGHTS = """
    SELECT relname, coalesce(rolname, 'PUBLIC'), privilege_type
    FROM pg_class, aclexplode(relacl) LEFT JOIN pg_roles ON pg_roles.oid = grantee
    WHERE relnamespace = 'public'::regnamespace AND grantee <> relowner
    UNION ALL
    SELECT relname, coalesce(rolname, 'PUBLIC'),
        privilege_type || '(' || string_agg(attname, ', ' ORDER BY attname) || ')'
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid, aclexplode(attacl)
        LEFT JOIN pg_roles ON pg_roles.oid = grantee
    WHERE relnamespace = 'public'::regnamespace
    GROUP BY relname, rolname, privilege_type"""
_CALLERS = """
    SELECT proname || '(' || oidvectortypes(proargtypes) || ')', coalesce(rolname, 'PUBLIC')
    FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
        LEFT JOIN pg_roles ON pg_roles.oid = grantee
    WHERE pronamespace = 'public'::regnamespace AND grantee <> proowner"""
_TRIGGERS = """
    SELECT relname, tgtype, (
        SELECT string_agg(attname, ', ' ORDER BY attname) FROM pg_attribute
        WHERE attrelid = tgrelid AND attnum = ANY (tgattr::int2[])
    ) FROM pg_trigger
        JOIN pg_class ON tgrelid = pg_class.oid JOIN pg_proc ON tgfoid = pg_proc.oid
    WHERE relnamespace = 'public'::regnamespace AND proname = %s AND tgdeferrable AND tginitdeferred
        AND tgparentid = 0  -- partitions take those of their table"""
# Bits of pg_trigger.tgtype (PostgreSQL, src/include/catalog/pg_trigger.h).
_TRIGGER_BITS = {"INSERT": 4, "DELETE": 8, "UPDATE": 16}


def _rows(cursor: Any, query: str, parameters: Iterable[object] = ()) -> list[tuple[Any, ...]]:
    cursor.execute(query, list(parameters))
    return list(cursor.fetchall())


_MONTH = re.compile(r"_y\d{4}m\d\d$")


def existing_tables(cursor: Any) -> set[str]:
    """Every table and view of ours; of partitions the default ones only."""
    return {name for (name,) in _rows(cursor, _TABLES)}


def catalogue_rights(cursor: Any) -> set[tuple[str, str, str]]:
    """What the catalogue grants to others than the owner: (table or sequence, database user, right).

    A month's partition of the disclosures counts as ``audit_disclosure_y*``: they are made as months come.
    """
    return {
        (_MONTH.sub("_y*", name), grantee, right) for name, grantee, right in _rows(cursor, _TABLE_RIGHTS)
    }


def wanted_rights() -> set[tuple[str, str, str]]:
    """The same, as the table in code wants it."""
    return {
        (name, user(role), word)
        for name, table in {**TABLES, **MONTHS}.items()
        for role in GRANTED
        for word in table.words(role)
    }


def catalogue_callers(cursor: Any) -> dict[str, frozenset[str]]:
    """Which function others than its owner may call, and who they are."""
    found: dict[str, set[str]] = {}
    for signature, caller in _rows(cursor, _CALLERS):
        found.setdefault(signature, set()).add(caller)
    return {signature: frozenset(callers) for signature, callers in found.items()}


def catalogue_triggers(cursor: Any) -> dict[str, str]:
    """Which changes of which table need an entry, by the triggers that stand."""
    found = {}
    for name, bits, columns in _rows(cursor, _TRIGGERS, [REQUIRE_ENTRY]):
        words = [word for word in ("INSERT", "UPDATE", "DELETE") if bits & _TRIGGER_BITS[word]]
        found[name] = ", ".join(
            f"UPDATE({columns})" if word == "UPDATE" and columns else word for word in words
        )
    return found


def wanted_triggers() -> dict[str, str]:
    """The same, as the table in code wants it."""
    return {name: table.entry for name, table in TABLES.items() if table.entry}


def apply(sender: AppConfig, using: str, **_signal: object) -> None:
    """After all migrations: take every right away, then give what is listed. Runs as owner, in one
    transaction.
    """
    quote = connections[using].ops.quote_name
    roles = ", ".join(quote(user(role)) for role in GRANTED)
    with connections[using].cursor() as cursor:
        statements = ["BEGIN"]
        for name in sorted(existing_tables(cursor)):
            statements.append(f"REVOKE ALL ON TABLE {quote(name)} FROM PUBLIC, {roles}")
            statements += [
                f"GRANT {word} ON TABLE {quote(name)} TO {quote(user(role))}"
                for role in GRANTED
                for word in (TABLES[name].words(role) if name in TABLES else ())
            ]
        statements += _function_statements(cursor, roles, quote)
        statements += _trigger_statements(cursor, quote)
        cursor.execute(";\n".join([*statements, "COMMIT"]))


def _function_statements(cursor: Any, roles: str, quote: Any) -> list[str]:
    statements = []
    for signature, kind in _rows(cursor, _FUNCTIONS):
        word = "PROCEDURE" if kind == "p" else "FUNCTION"
        statements.append(f"REVOKE ALL ON {word} {signature} FROM PUBLIC, {roles}")
        callers = FUNCTIONS.get(signature, ())
        statements += [f"GRANT EXECUTE ON {word} {signature} TO {quote(user(role))}" for role in callers]
    return statements


def _trigger_statements(cursor: Any, quote: Any) -> list[str]:
    """Put the deferred trigger on each table of state; nothing where the log's function does not exist
    yet.
    """
    cursor.execute("SELECT 1 FROM pg_proc WHERE proname = %s", [REQUIRE_ENTRY])
    if cursor.fetchone() is None:
        return []
    standing, wanted = catalogue_triggers(cursor), wanted_triggers()
    tables = existing_tables(cursor)
    statements = []
    for name in sorted(tables):
        if standing.get(name, "") == wanted.get(name, ""):
            continue
        statements.append(f"DROP TRIGGER IF EXISTS {TRIGGER} ON {quote(name)}")
        if name in wanted:
            words = split(wanted[name])
            changes = " OR ".join(word.replace("(", " OF ").rstrip(")") for word in words)
            statements.append(
                f"CREATE CONSTRAINT TRIGGER {TRIGGER} AFTER {changes} ON {quote(name)} "
                f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {REQUIRE_ENTRY}()"
            )
    return statements
