"""The tests' own database cluster, and the environment in which the tests' code runs. Loaded before
Django's settings.

The cluster lies in ``.test-cluster`` and is kept between runs; for a run of `./test` it lies in the folder in
memory that `rtcc.onebox.testing` names, and goes with it. It is never the cluster of a data folder.
Durability is off, because what it holds can be made again. A template database is migrated as owner once
per shape of the schema; every test process works in a clone of it as the role `app`. Several runs may
share the cluster: each holds a shared lock, and the last one to end stops the server.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg import sql

from rtcc.keys import make_root
from rtcc.onebox import schema
from rtcc.onebox.environment import Birth, Box, base, settings
from rtcc.onebox.layout import DataFolder, private_folder, secret, socket_folder
from rtcc.onebox.options import ROOT, parse
from rtcc.onebox.postgres import Cluster
from rtcc.onebox.progress import Stop
from rtcc.onebox.testing import IN_MEMORY

_IN_MEMORY = os.environ.get(IN_MEMORY, "")
FOLDER = private_folder(Path(_IN_MEMORY) if _IN_MEMORY else ROOT / ".test-cluster")
CLUSTER = Cluster(
    FOLDER / "postgres",
    socket_folder(FOLDER / "run"),
    private_folder(FOLDER / "secrets"),
    {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "max_wal_size": "128MB",
    },
)
DATABASE = f"test_{os.getpid()}"
_SIMULATOR_PORT = 18_554


def _box() -> Box:
    """A data folder of this process alone, with keys, on the tests' cluster."""
    data = DataFolder(Path(tempfile.mkdtemp(prefix="watchlight-test-")))
    data.bear(demo=True)
    make_root(data.keys / "root")
    secret(data.secrets / "django-secret-key")
    birth = Birth("localhost", "watchlight.example/log", _SIMULATOR_PORT)
    return Box(data, parse([]), birth, CLUSTER)


BOX = _box()


def environment(role: str, database: str | None = None) -> dict[str, str]:
    """The environment of a process with ``role`` on this process's test database, or on ``database``."""
    return {**base(), **settings(BOX, role, database or DATABASE)}


# A worker of xdist inherits the settings of the process that started it; they are not its own.
for _name in [name for name in os.environ if name.startswith("WATCHLIGHT_")]:
    del os.environ[_name]
os.environ.update(settings(BOX, "app", DATABASE))


@contextmanager
def _locked() -> Iterator[None]:
    """Only one process at a time starts the server, makes a template or clones it."""
    with (FOLDER / "change.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _serve() -> None:
    """Start the server unless it runs. It outlives this process, because others may use it."""
    if (CLUSTER.folder / "postmaster.pid").exists() and CLUSTER.answers():
        return
    CLUSTER.end_leftover()
    CLUSTER.create()
    with (FOLDER / "postgres.log").open("ab") as log:
        subprocess.Popen(
            CLUSTER.command(tied=False),
            env=CLUSTER.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until = time.monotonic() + 60
    while not CLUSTER.answers():
        if time.monotonic() > until:
            raise Stop(f"The tests' database does not start; see {FOLDER / 'postgres.log'}")
        time.sleep(0.05)
    CLUSTER.make_roles()


def _template() -> str:
    """The name of the migrated template for the schema as it is now; made if it is missing."""
    wanted = schema.fingerprint()
    name = f"template_{wanted[:12]}"
    with CLUSTER.connect() as connection:
        known = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        if name in known:
            return name
        making = "template_being_made"
        CLUSTER.drop_database(making)
        CLUSTER.make_database(making)
        schema.migrate(environment("owner", making))
        statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(statement.format(sql.Identifier(making), sql.Identifier(name)))
        for old in known:
            if old.startswith("template_"):
                CLUSTER.drop_database(old)
    return name


def clone(name: str, like: str | None = None) -> None:
    """Make a database ``name`` as a copy of ``like``, to which nobody is connected, or of the template; start
    the server and migrate the template if need be.
    """
    with _locked():
        _serve()
        CLUSTER.clone_database(name, like or _template())


class _Use:
    """This run's share in the cluster."""

    def __init__(self) -> None:
        self._lock = (FOLDER / "users.lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def end(self) -> None:
        """Stop the server if nobody else uses it. Databases of runs that were killed are dropped with the
        last user.
        """
        self._lock.close()
        with _locked(), (FOLDER / "users.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if (CLUSTER.folder / "postmaster.pid").exists():
                # A machine that went down leaves the file without a server.
                if CLUSTER.answers():
                    self._drop_leftovers()
                CLUSTER.end_leftover()
            if _IN_MEMORY:
                shutil.rmtree(FOLDER)

    def _drop_leftovers(self) -> None:
        with CLUSTER.connect() as connection:
            query = "SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'"
            for (name,) in connection.execute(query).fetchall():
                CLUSTER.drop_database(name)


def share() -> _Use:
    """A share in the cluster for a program that is no test run; `leave` gives it up."""
    return _Use()


def leave(use: _Use) -> None:
    """Give up a share, and remove this process's data folder."""
    shutil.rmtree(BOX.data.root, ignore_errors=True)
    use.end()


_use = pytest.StashKey[_Use]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[_use] = _Use()


def pytest_unconfigure(config: pytest.Config) -> None:
    use = config.stash.get(_use, None)
    if use is not None:
        leave(use)
    else:
        shutil.rmtree(BOX.data.root, ignore_errors=True)
