"""The processes of one box and the work before their start, as tables. A new process is a new row.

Words in braces are filled in at the start: ``{python}`` ``{root}`` ``{data}`` ``{sockets}`` ``{keys}``
``{witness}`` ``{address}`` ``{port}`` ``{sim_port}`` ``{cameras}``.
"""

from __future__ import annotations

import hashlib
import signal
import sys
from dataclasses import dataclass

from rtcc.onebox.environment import Box
from rtcc.onebox.options import ROOT

_MANAGE = ("{python}", "{root}/manage.py")


@dataclass(frozen=True)
class Process:
    """One long-running process. Without a ``role`` it gets no settings and no database.

    ``ready`` is a socket's path or ``tcp:{port}``: it answers there once it works.
    """

    name: str
    title: str
    argv: tuple[str, ...]
    role: str
    ready: str = ""
    demo_only: bool = False
    stop: signal.Signals = signal.SIGTERM
    patience_s: float = 10.0


@dataclass(frozen=True)
class Preparation:
    """A management command that runs before the processes: once in the life of a data folder, or when
    files change.

    ``again_when`` are patterns of files below the project; where it is empty, the command runs once for
    good.
    """

    name: str
    title: str
    command: tuple[str, ...]
    role: str
    demo_only: bool = False
    production_only: bool = False
    again_when: tuple[str, ...] = ()

    def fits(self, demo: bool) -> bool:
        """Whether it belongs to a demonstration, or to a system that is none."""
        return not (self.production_only if demo else self.demo_only)


PREPARATIONS: tuple[Preparation, ...] = (
    Preparation("log-keys", "Keys of the log", ("make_keys",), "app"),
    Preparation("policy", "Starter policy", ("found_system",), "app", production_only=True),
    Preparation(
        "demo",
        "Demo city",
        ("seed_demo", "--cameras", "{cameras}"),
        "app",
        demo_only=True,
        # The rules too: a demonstration takes a newer release's at its next start (decision 0009).
        again_when=("rtcc/onebox/demo/*.toml", "policy/starter/*"),
    ),
    Preparation(
        "static",
        "Static files",
        ("collectstatic", "--no-input", "--clear", "--verbosity", "0"),
        "app",
        again_when=("rtcc/pages/static/**/*", "requirements.lock"),
    ),
)

# In the order of their start; they are stopped in reverse. PostgreSQL and Valkey come before all of them.
PROCESSES: tuple[Process, ...] = (
    Process(
        "cameras",
        "Simulated cameras",
        (
            *("{python}", "-m", "cameras.simulated", "--host", "127.0.0.1", "--port", "{sim_port}"),
            *("--cameras", "{cameras}", "--cache", "{data}/scenes", "--titles", "{data}/run/titles.json"),
            *("--user", "demo", "--password-file", "{keys}/simulator-password"),
        ),
        role="",
        ready="tcp:{sim_port}",
        demo_only=True,
    ),
    Process(
        "witness",
        "Witness of the log",
        (
            *("{python}", "-m", "audit.witness", "--data", "{witness}", "--key", "{keys}/witness.key"),
            *("--log", "{keys}/log.vkey", "--listen", "unix:{sockets}/witness.sock"),
        ),
        role="",
        ready="{sockets}/witness.sock",
    ),
    Process("sequencer", "Sequencer of the log", (*_MANAGE, "sequencer"), "sequencer"),
    Process(
        "recorder",
        "Recorder",
        (*_MANAGE, "recorder"),
        "app",
        ready="{sockets}/live.sock",
        patience_s=20.0,
    ),
    Process(
        "web",
        "Web pages",
        (
            *(
                "{python}",
                "-m",
                "uvicorn",
                "rtcc.asgi:application",
                "--host",
                "{address}",
                "--port",
                "{port}",
            ),
            *("--lifespan", "off", "--ws", "websockets", "--ws-per-message-deflate", "false"),
            *(
                "--timeout-graceful-shutdown",
                "3",
                "--no-proxy-headers",
                "--no-server-header",
                "--no-access-log",
            ),
        ),
        "app",
        ready="tcp:{port}",
    ),
    Process(
        "worker",
        "Background work",
        (
            *("{python}", "-m", "celery", "-A", "rtcc.worker", "worker", "--concurrency", "2"),
            *("--without-mingle", "--without-gossip", "--loglevel", "INFO"),
        ),
        "app",
        patience_s=20.0,
    ),
    Process(
        "beat",
        "Clock of the background work",
        ("{python}", "-m", "celery", "-A", "rtcc.worker", "beat", "--schedule", "{data}/run/beat"),
        "app",
    ),
)

# Which database role a management command has when it is started by hand; every other has `app`.
COMMAND_ROLES = {
    "migrate": "owner",
    "sqlmigrate": "owner",
    "showmigrations": "owner",
    "dbshell": "owner",
    "sequencer": "sequencer",
    "eraser": "eraser",
}


def state_of(row: Preparation, box: Box) -> str:
    """What a preparation was done for; it is done again when this changes."""
    digest = hashlib.sha256(" ".join(fill(row.command, box)).encode())
    for pattern in row.again_when:
        for path in sorted(ROOT.glob(pattern)):
            found = path.stat()
            digest.update(f"{path.relative_to(ROOT)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest() if row.again_when else "once"


def fill(words: tuple[str, ...], box: Box) -> list[str]:
    """Put this box's values into the words of a row."""
    values = {
        "python": sys.executable,
        "root": ROOT,
        "data": box.data.root,
        "sockets": box.data.sockets,
        "keys": box.data.keys,
        "witness": box.data.witness,
        "address": box.address,
        "port": box.options.port,
        "sim_port": box.birth.simulator_port,
        "cameras": box.options.cameras,
    }
    return [word.format_map(values) for word in words]


def manage(command: tuple[str, ...], box: Box) -> list[str]:
    """The words that run a management command as it is given."""
    return [*fill(_MANAGE, box), *command]
