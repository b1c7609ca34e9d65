"""``./run`` inside the project's own environment: prepares the data, starts the processes, and stays with
them.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rtcc.onebox import frontend, processes, schema, simulation, tls
from rtcc.onebox.environment import Box, environment, free_port, port_is_free
from rtcc.onebox.layout import DataFolder
from rtcc.onebox.options import Options, parse
from rtcc.onebox.progress import Stop, complain, say, step
from rtcc.onebox.supervisor import Interrupted, Service, Supervisor, answers_at

OPEN_FILES = 65_536


def _embedded(box: Box) -> list[Service]:
    """PostgreSQL and Valkey."""
    cluster, valkey = box.cluster, box.valkey
    return [
        Service(
            "postgres",
            "Database",
            cluster.command(),
            cluster.environment(),
            cluster.answers,
            stop=signal.SIGINT,
            patience_s=30.0,
            before=cluster.end_leftover,
        ),
        Service(
            "valkey",
            "Broker",
            valkey.command(),
            valkey.environment(),
            answers_at(str(valkey.socket)),
            before=valkey.configure,
        ),
    ]


def _service(row: processes.Process, box: Box) -> Service:
    ready = processes.fill((row.ready,), box)[0]

    def drop_stale_socket() -> None:
        # A killed process leaves its socket, which answers nobody and stands in its successor's way.
        if ready.startswith("/"):
            Path(ready).unlink(missing_ok=True)

    return Service(
        row.name,
        row.title,
        [*processes.fill(row.argv, box), *_more_words(row, box)],
        environment(box, row.role),
        answers_at(ready),
        stop=row.stop,
        patience_s=row.patience_s,
        before=drop_stale_socket,
    )


def _more_words(row: processes.Process, box: Box) -> tuple[str, ...]:
    """What a row cannot know: real clips for the simulator, a certificate for the web pages."""
    if row.name == "cameras":
        (box.data.run / "titles.json").write_text(json.dumps(simulation.titles(box.options.cameras)))
        return () if box.options.video is None else ("--video", str(box.options.video))
    if row.name == "web" and not box.options.demo:
        certificate, key = _certificate(box)
        return ("--ssl-certfile", str(certificate), "--ssl-keyfile", str(key))
    return ()


def _certificate(box: Box) -> tuple[Path, Path]:
    if box.options.certificate is not None and box.options.certificate_key is not None:
        return box.options.certificate, box.options.certificate_key
    return tls.self_made(box.data.root / "tls", box.host, datetime.datetime.now(datetime.UTC))


def _prepare(box: Box, supervisor: Supervisor, quiet: bool) -> None:
    """Bring up the embedded services and bring the database to this code's shape."""
    with step("Database", quiet) as current:
        made = box.cluster.create()
        current.outcome = "made and started" if made else "started"
        database, broker = _embedded(box)
        supervisor.start(database, broker)
        box.cluster.make_roles()
        box.cluster.make_database("watchlight")
    with step("Tables", quiet) as current:
        current.outcome = "brought up to date" if _migrate(box) else "up to date"


def _migrate(box: Box) -> bool:
    wanted = schema.fingerprint()
    with box.cluster.connect() as connection:
        if schema.shape(connection, "watchlight") == wanted:
            return False
        schema.migrate(environment(box, "owner"))
        schema.mark(connection, "watchlight", wanted)
    return True


def _run_preparations(box: Box) -> None:
    notes = box.data.root / "prepared.json"
    known = json.loads(notes.read_text()) if notes.exists() else {}
    for row in processes.PREPARATIONS:
        wanted = processes.state_of(row, box)
        if known.get(row.name) == wanted or not row.fits(box.options.demo):
            continue
        with step(row.title) as current:
            argv = processes.manage(tuple(processes.fill(row.command, box)), box)
            result = subprocess.run(
                argv,
                env=environment(box, row.role),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            if result.returncode != 0:
                raise Stop(f"{result.stdout.strip()}\n\n{row.title}: this step failed; the reason is above.")
            current.outcome = "done"
        known[row.name] = wanted
        new = notes.with_suffix(".new")
        new.write_text(json.dumps(known, indent=1))
        new.rename(notes)


def _start(options: Options, supervisor: Supervisor, data: DataFolder) -> None:
    began = time.monotonic()
    left = supervisor.end_leftovers()
    if left:
        say(f"  Ended what an earlier start left running: {', '.join(left)}.")
    with step("Front-end packages") as current:
        current.outcome = "fetched" if frontend.install() else "ready"
    with step("Data folder and keys") as current:
        current.outcome = "found" if data.settled else "made"
        box = Box.of(data, options)
    check_simulator_port(box)
    (data.run / "port").write_text(str(options.port))
    _prepare(box, supervisor, quiet=False)
    _run_preparations(box)
    rows = [row for row in processes.PROCESSES if options.demo or not row.demo_only]
    with step("Processes") as current:
        supervisor.start(*(_service(row, box) for row in rows))
        current.outcome = ", ".join(row.name for row in rows)
    _greet(box, time.monotonic() - began)


def check_simulator_port(box: Box) -> None:
    """Raises Stop where somebody else answers at the address of our simulated cameras: the recorder would
    connect to them, and every camera of ours would say that its password is wrong.
    """
    port = box.birth.simulator_port
    if box.options.demo and not port_is_free(port):
        raise Stop(
            f"Port {port} of this machine is taken by another program, perhaps by the cameras of another"
            f" demonstration. The cameras of this data folder are registered there ({box.data.root}): stop"
            " the other program, or begin with another folder (--data DIR)."
        )


def _greet(box: Box, seconds: float) -> None:
    say(f"\nWatchlight is ready after {seconds:.1f} s:  {box.origin}\n")
    if box.options.demo:
        say("Sign in by one click as any of the demo's people: the first page lists them.")
        say("This is demo data. Everybody at this machine can sign in as anybody.")
    else:
        if box.options.certificate is None:
            shown = tls.fingerprint(_certificate(box)[0])
            say(f"The certificate was made by this machine; your browser will ask. Its SHA-256:\n  {shown}")
        _welcome(box)
    say(f"Logs: {box.data.logs}    Stop with Ctrl-C.")


def _welcome(box: Box) -> None:
    """How to sign in; to a system without people, the link that makes the first."""
    argv = processes.manage(("first_link", "--if-nobody"), box)
    asked = subprocess.run(argv, env=environment(box, "app"), capture_output=True, text=True)
    if asked.returncode != 0:
        raise Stop(f"{asked.stderr.strip()}\n\nThe link for the first operator could not be made; see above.")
    link = asked.stdout.strip()
    if not link:
        say("Sign in with your user name, password and one-time code.")
        return
    say("Nobody can sign in yet. This link makes the first operator; it works once, within the hour:")
    say(f"  {link}")
    say("Then, for a second person who can approve:  ./run --data DIR first_link --role supervisor")


def _serve(options: Options) -> int:
    data = DataFolder(options.data)
    data.bear(options.demo)
    claim = data.claim("run")
    if claim is None:
        raise Stop(
            f"{data.root} is in use by process {data.claimed_by()[1]}. Stop that one, or give --data DIR."
        )
    if not port_is_free(options.port, "127.0.0.1" if options.demo else "0.0.0.0"):
        free = free_port(options.port + 1)
        raise Stop(f"Port {options.port} is taken by another program. Try:  ./run --port {free}")
    supervisor = Supervisor(data.run, data.logs)
    supervisor.catch_signals()
    try:
        _start(options, supervisor, data)
        supervisor.watch()
    except Interrupted:
        say("\nStopping ...")
    finally:
        supervisor.stop()
    say("Stopped.")
    return 0


@contextmanager
def _borrowed(data: DataFolder, options: Options) -> Iterator[Box]:
    """The box for one command: the running one, or one whose embedded services are started for it."""
    while data.claim("command") is None:
        if data.claimed_by()[0] == "run":
            yield _running(data, options)
            return
        time.sleep(0.2)
    supervisor = Supervisor(data.run, data.logs)
    supervisor.catch_signals()
    try:
        supervisor.end_leftovers()
        box = Box.of(data, options)
        _prepare(box, supervisor, quiet=True)
        yield box
    finally:
        supervisor.stop()


def _running(data: DataFolder, options: Options) -> Box:
    """The box that another process runs; it may be just starting."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if data.settled and (box := Box.of(data, options)).cluster.answers():
            return box
        time.sleep(0.2)
    raise Stop("The system on this data folder is starting or stopping: its database does not answer.")


def _command(options: Options) -> int:
    data = DataFolder(options.data)
    if data.born:
        options = dataclasses.replace(options, demo=data.demo)
    data.bear(options.demo)
    port = data.run / "port"
    if port.exists():
        options = dataclasses.replace(options, port=int(port.read_text()))
    role = processes.COMMAND_ROLES.get(options.command[0], "app")
    with _borrowed(data, options) as box:
        child = subprocess.Popen(processes.manage(options.command, box), env=environment(box, role))
        while True:
            try:
                return child.wait()
            except (Interrupted, KeyboardInterrupt):
                child.send_signal(signal.SIGTERM)


def _open_many_files() -> None:
    """The recorder holds about three descriptors a camera and the web process some a viewer; most systems
    begin with 1,024 and let a process ask for more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def main() -> int:
    os.umask(0o077)
    _open_many_files()
    options = parse(sys.argv[1:])
    try:
        return _command(options) if options.command else _serve(options)
    except Stop as stop:
        complain(f"\n{stop}")
        return 1
    except (Interrupted, KeyboardInterrupt):
        return 130


if __name__ == "__main__":
    sys.exit(main())
