"""A whole small system for a test or a benchmark: simulated cameras, the recorder and the web process on a
database of their own, with real commits, on loopback.

    with site(["cam01", "cam11"]) as running:
        visitor = running.sign_in("ana.mercer")

`standalone()` makes the surroundings for a program that is no test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from audit.status import State, Status
from cameras.simulated.city import SimulatedCity
from cameras.simulated.digest import DigestGate
from cameras.simulated.scenes import SceneSpec, make_scene
from rtcc.onebox.environment import free_port
from rtcc.onebox.layout import DataFolder, socket_folder
from rtcc.onebox.options import ROOT
from rtcc.onebox.supervisor import answers_at
from tests import cluster
from tests.conftest import Committed, close_connections, own_database
from tests.visitor import Visitor

SCENES = cluster.FOLDER / "scenes"
FIRST_PORT = 8160
START_S = 120.0
# As `rtcc.onebox.processes` starts it.
WEB = (
    *("--lifespan", "off", "--ws", "websockets", "--ws-per-message-deflate", "false"),
    *("--timeout-graceful-shutdown", "3", "--no-proxy-headers", "--no-server-header", "--no-access-log"),
)


def small_scene(seed: int = 7) -> Path:
    """A clip of 2 seconds, drawn once and kept beside the tests' cluster; frames carry bar codes 0 to 29."""
    spec = SceneSpec(
        f"CAM{seed:02d}", "4th & Market", seed, 320, 184, seconds=2.0, profile="baseline", kbit_per_s=400
    )
    return make_scene(spec, SCENES)


def until(true: Callable[[], Any], seconds: float = 60.0, what: str = "it") -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.02)


@dataclass
class Site:
    """The running system. ``cameras`` are simulated in this process where ``city`` is there."""

    database: Committed
    data: DataFolder
    sockets: Path
    port: int
    simulator_port: int
    city: SimulatedCity | None = None
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def live_socket(self) -> Path:
        return self.sockets / "live.sock"

    def environment(self, role: str = "app") -> dict[str, str]:
        """The whole environment of a process of this system."""
        return self.database.environment(role) | {
            "WATCHLIGHT_DATA_DIR": str(self.data.root),
            "WATCHLIGHT_PORT": str(self.port),
            "WATCHLIGHT_ORIGIN": self.origin,
            "WATCHLIGHT_LIVE_SOCKET": str(self.live_socket),
            "WATCHLIGHT_SIM_PORT": str(self.simulator_port),
            "WATCHLIGHT_CAMERA_NETWORKS": f"127.0.0.1/32:{self.simulator_port}",
            "WATCHLIGHT_WITNESSES": f"{(self._keys / 'witness.vkey').read_text().strip()}@{self._witness}",
        }

    @property
    def _keys(self) -> Path:
        """Keys are those of the test's process, which seeded."""
        return cluster.BOX.data.keys

    @property
    def _witness(self) -> str:
        return f"unix:{self.sockets / 'witness.sock'}"

    def start_log(self) -> None:
        """Witness and sequencer, for tests that export, publish a policy or change roles: where entries get
        no leaves, such acts are refused after a minute, and a slow machine takes longer for a file of tests.
        """
        key, log = self._keys / "witness.key", self._keys / "log.vkey"
        words = ["--data", str(self.data.witness), "--key", str(key), "--log", str(log)]
        argv = [sys.executable, "-m", "audit.witness", *words, "--listen", self._witness]
        self._start("witness", argv, str(self.sockets / "witness.sock"))
        self._start("sequencer", [sys.executable, str(ROOT / "manage.py"), "sequencer"], "", role="sequencer")

        def signs() -> bool:
            status = Status.read(self.data.root / "run")
            return status is not None and status.state is State.RUNNING

        until(signs, START_S, "the start of the log")

    def start_recorder(self) -> None:
        self._start("recorder", [sys.executable, str(ROOT / "manage.py"), "recorder"], str(self.live_socket))

    def start_web(self) -> None:
        address = ["--host", "127.0.0.1", "--port", str(self.port)]
        argv = [sys.executable, "-m", "uvicorn", "rtcc.asgi:application", *address, *WEB]
        self._start("web", argv, f"tcp:{self.port}")

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def kill(self, name: str) -> None:
        """As a power cut would: no last word."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> None:
        process = self._processes.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(30)

    def stop_all(self) -> None:
        for name in reversed(list(self._processes)):
            self.stop(name)

    def sign_in(self, username: str) -> Visitor:
        """A visitor who has signed in as this person, by the demo's own page."""
        visitor = Visitor(self.port)
        visitor.sign_in(username)
        return visitor

    def log_of(self, name: str) -> str:
        return (self.data.logs / f"{name}.log").read_text()

    def collect_static(self) -> None:
        words = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--no-input", "--verbosity", "0"]
        subprocess.run(words, env=self.environment(), check=True)

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Nobody but a superuser reaches the database: all connections are cut and new ones refused."""
        with cluster.CLUSTER.connect() as superuser:
            _admit(superuser, self.database.name, "false")
            superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [self.database.name],
            )
            try:
                yield
            finally:
                _admit(superuser, self.database.name, "true")
                # The test's own connection was cut with the others.
                close_connections()

    def _start(self, name: str, argv: Sequence[str], ready: str, *, role: str = "app") -> None:
        """Start a process and wait until it answers at ``ready``, where it answers anywhere."""
        with (self.data.logs / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                argv, env=self.environment(role), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        if not ready:
            return
        process, answers = self._processes[name], answers_at(ready)

        def started() -> bool:
            assert process.poll() is None, self.log_of(name)[-4000:]
            return answers()

        until(started, START_S, f"the start of {name}")


def _admit(superuser: psycopg.Connection[Any], database: str, whether: str) -> None:
    superuser.execute(f'ALTER DATABASE "{database}" WITH ALLOW_CONNECTIONS {whether}')


@contextmanager
def site(
    films: Mapping[str, Path], *, clock_camera: bool = False, for_browsers: bool = False
) -> Iterator[Site]:
    """The demo city on a database of its own, seeded now; cameras named in ``films`` send, others do not.

    With `for_browsers` the pages have their scripts and styles.
    """
    with ExitStack() as stack:
        from rtcc.onebox.seed import simulator_password

        gate = DigestGate("demo", simulator_password())
        city = stack.enter_context(SimulatedCity(gate=gate))
        for code, film in films.items():
            city.add(code, film)
        if clock_camera:
            city.add_clock()
        made = stack.enter_context(surroundings(city.port))
        made.city = city
        if for_browsers:
            made.collect_static()
        made.start_recorder()
        made.start_web()
        yield made


@contextmanager
def surroundings(simulator_port: int, *, cameras: int = 12) -> Iterator[Site]:
    """Database, keys, seed and folders of a system whose cameras are at ``simulator_port``; no process."""
    from audit.keyfiles import make_log_keys
    from rtcc.config import config
    from rtcc.onebox.seed import seed

    known = config.sim_port
    with ExitStack() as stack:
        database = stack.enter_context(own_database())
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watchlight-site-")))
        data = DataFolder(root / "data")
        data.bear(demo=True)
        make_log_keys()
        # The seed writes the simulator's port into the registry; it is another one here.
        object.__setattr__(config, "sim_port", simulator_port)
        stack.callback(object.__setattr__, config, "sim_port", known)
        seed(cameras=cameras)
        port = free_port(FIRST_PORT + os.getpid() % 400)
        made = Site(database, data, socket_folder(root / "run"), port, simulator_port)
        stack.callback(made.stop_all)
        yield made


@contextmanager
def standalone() -> Iterator[None]:
    """The surroundings of a test for a program: Django, and a share in the tests' cluster."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rtcc.settings")
    use = cluster.share()
    import django

    django.setup()
    try:
        yield
    finally:
        cluster.leave(use)


@pytest.fixture(scope="module")
def live_site(django_test_environment: None, django_db_blocker: Any) -> Iterator[Site]:
    """One running system for the stories of a module: two cameras of the city and one of a partner."""
    films = {"cam01": small_scene(1), "cam02": small_scene(2), "cam11": small_scene(11)}
    with django_db_blocker.unblock(), site(films) as running:
        yield running
