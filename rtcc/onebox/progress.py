"""Progress in plain words: one line per step, with its seconds. Standard library only."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_WIDTH = 26


class Stop(Exception):
    """The start cannot go on; the message is a sentence for the person at the keyboard."""


class Step:
    """One step of the start; ``outcome`` is the word printed when it ends."""

    def __init__(self) -> None:
        self.outcome = "ready"


@contextmanager
def step(title: str, quiet: bool = False) -> Iterator[Step]:
    """Print ``title``, run the body, then print its outcome and how many seconds it took."""
    current = Step()
    began = time.monotonic()
    if not quiet:
        print(f"  {title:<{_WIDTH}}", end="", flush=True)
    try:
        yield current
    except BaseException:
        if not quiet:
            print("failed", flush=True)
        raise
    if not quiet:
        print(f"{current.outcome:<22}{time.monotonic() - began:6.1f} s", flush=True)


def say(sentence: str) -> None:
    """Print one line for the person at the keyboard."""
    print(sentence, flush=True)


def complain(sentence: str) -> None:
    """Print one line about something that went wrong."""
    print(sentence, file=sys.stderr, flush=True)
