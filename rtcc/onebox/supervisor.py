"""Keeps the processes of one box running: starts them in order, starts a crashed one again, stops all in
reverse.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from rtcc.onebox import children, logfiles
from rtcc.onebox.progress import Stop, complain

_READY_S = 60.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
# A process that ran this long was healthy: its next crash is a first one again.
_HEALTHY_S = 60.0
_CRASHES_AT_START = 3
_ASKING_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody asked this process to stop. Not an Exception, so that nothing on the way takes it for a
    failure.
    """


def answers_at(where: str) -> Callable[[], bool]:
    """A question whether something accepts connections at a socket's path or at ``tcp:<port>``; "" always
    does.
    """
    family = socket.AF_INET if where.startswith("tcp:") else socket.AF_UNIX
    address: object = ("127.0.0.1", int(where[4:])) if family == socket.AF_INET else where

    def ask() -> bool:
        if not where:
            return True
        with socket.socket(family) as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(address) == 0  # type: ignore[arg-type]

    return ask


@dataclass(frozen=True)
class Service:
    """What to start, with what environment, how to know that it works, and how it is stopped."""

    name: str
    title: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    ready: Callable[[], bool]
    stop: signal.Signals = signal.SIGTERM
    patience_s: float = 10.0
    # Runs before each start, to clear what a killed predecessor left.
    before: Callable[[], object] = lambda: None


@dataclass
class _Child:
    service: Service
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    crashes: int = 0
    due: float = field(default=0.0)

    def start(self) -> None:
        self.service.before()
        descriptor = logfiles.open_for(self.log)
        try:
            self.process = children.spawn(
                self.service.argv, self.service.environment, death_signal=self.service.stop, output=descriptor
            )
        finally:
            os.close(descriptor)
        self.started = time.monotonic()

    def ended(self) -> int | None:
        """The exit status of a process that has ended since the last question."""
        if self.process is None or self.process.poll() is None:
            return None
        return self.process.returncode

    def crashed(self) -> float:
        """Take note of a crash; how many seconds to wait before the next start."""
        assert self.process is not None
        # What its own children were doing ends with it: a second set must not run beside the first.
        children.end_group(self.process.pid, signal.SIGKILL, 1.0)
        self.process = None
        now = time.monotonic()
        self.crashes = 1 if now - self.started > _HEALTHY_S else self.crashes + 1
        pause = min(_FIRST_PAUSE_S * 2.0 ** (self.crashes - 1), _LONGEST_PAUSE_S)
        self.due = now + pause
        return pause


def _how(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


class Supervisor:
    """The running children, in the order of their start. Use from the main thread (see `children.spawn`)."""

    def __init__(self, run: Path, logs: Path) -> None:
        self._logs = logs
        self._children: list[_Child] = []
        self._register = children.Register(run / "processes.json")
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def catch_signals(self) -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal raise `Interrupted` here."""

        def interrupt(_number: int, _frame: FrameType | None) -> None:
            raise Interrupted

        for number in _ASKING_TO_STOP:
            signal.signal(number, interrupt)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)

    def end_leftovers(self) -> list[str]:
        """End what a killed supervisor left running; the names."""
        return self._register.end_leftovers()

    def start(self, *services: Service) -> None:
        """Start ``services`` in order and wait until all of them work. Raises Stop with the log of one
        that does not.
        """
        fresh = [_Child(service, self._logs / f"{service.name}.log") for service in services]
        for child in fresh:
            self._children.append(child)
            child.start()
        self._write_register()
        until = time.monotonic() + _READY_S
        for child in fresh:
            while not (child.process is not None and child.process.poll() is None and child.service.ready()):
                self._look_after(child, at_start=True)
                if time.monotonic() > until:
                    raise Stop(self._failure(child, f"did not answer within {_READY_S:.0f} s"))
                self._wait(0.05)

    def watch(self) -> None:
        """Look after the children until somebody asks to stop (`Interrupted`)."""
        while True:
            self._wait(1.0)
            self.look()

    def look(self) -> None:
        """Look after every child once: start again what has stopped, turn over what has grown."""
        for child in self._children:
            self._look_after(child)
            logfiles.turn_over(child.log)

    def stop(self) -> None:
        """Stop all children, the last started first. Further signals are ignored until it is done."""
        before = {number: signal.signal(number, signal.SIG_IGN) for number in _ASKING_TO_STOP}
        while self._children:
            self._stop_one(self._children.pop())
        self._register.path.unlink(missing_ok=True)
        for number, handler in before.items():
            signal.signal(number, handler)

    def _stop_one(self, child: _Child) -> None:
        if child.process is not None:
            child.process.send_signal(child.service.stop)
            try:
                child.process.wait(child.service.patience_s)
            except subprocess.TimeoutExpired:
                complain(
                    f"{child.service.title} did not stop in {child.service.patience_s:.0f} s and was killed."
                )
                child.process.kill()
                child.process.wait()
            children.end_group(child.process.pid, signal.SIGKILL, 1.0)

    def _look_after(self, child: _Child, at_start: bool = False) -> None:
        status = child.ended()
        if status is not None:
            pause = child.crashed()
            if at_start and child.crashes >= _CRASHES_AT_START:
                raise Stop(
                    self._failure(child, f"stopped {child.crashes} times at its start ({_how(status)})")
                )
            complain(
                f"{child.service.title} stopped ({_how(status)}) and starts again in {pause:g} s. "
                f"Its log: {child.log}"
            )
        if child.process is None and time.monotonic() >= child.due:
            child.start()
            self._write_register()

    def _failure(self, child: _Child, what: str) -> str:
        return f"{logfiles.tail(child.log)}\n\n{child.service.title} {what}. Above: the end of {child.log}"

    def _write_register(self) -> None:
        self._register.write(
            {child.service.name: child.process.pid for child in self._children if child.process is not None}
        )

    def _wait(self, seconds: float) -> None:
        poller = select.poll()
        poller.register(self._wake_read, select.POLLIN)
        if poller.poll(seconds * 1000):
            os.read(self._wake_read, 4096)
