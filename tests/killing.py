"""Runs work in a forked process that may be killed, also at a chosen durable step: before the nth write,
sync, rename, unlink or creation it makes.

Nothing in the product knows of it. A write may also be torn: its first half reaches the file, then the
process dies.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from typing import Any

STEPS = ("pwrite", "fsync", "fdatasync", "ftruncate", "rename", "link", "unlink", "mkdir", "rmdir", "open")


def survives(work: Callable[[], object]) -> bool:
    """Run `work` in a child process; False if it was killed (SIGKILL) on the way.

    Raises AssertionError when `work` fails in any other way; its traceback is on the standard error stream.
    """
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001
            # Whatever it was, the child must not go on as a second test run; the parent reports it.
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return True


def finishes(work: Callable[[], object], *, kill_at: int, torn: bool = False) -> bool:
    """Run `work` in a child that dies at its `kill_at`th step (1 is the first); whether it got to its end."""

    def until_killed() -> None:
        _arm(kill_at, torn)
        work()

    return survives(until_killed)


def every_kill(work: Callable[[int], Callable[[], object]], *, torn: bool = False) -> Iterator[int]:
    """Kill `work(n)` at step n for n = 1, 2, ... until one run gets to its end; yields n after each, that
    one too.
    """
    number = 1
    while not finishes(work(number), kill_at=number, torn=torn):
        yield number
        number += 1
    yield number


def _arm(kill_at: int, torn: bool) -> None:
    left = kill_at

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            if name == "open" and not arguments[1] & os.O_CREAT:
                return real(*arguments, **named)
            left -= 1
            if left == 0:
                if torn and name == "pwrite":
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2], arguments[2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        return step

    for name in STEPS:
        setattr(os, name, counted(name, getattr(os, name)))
