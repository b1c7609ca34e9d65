"""Database work for the event loop, in a few threads that keep their connections.

asgiref's thread for one call would cost a connection each time, and leaving it waits for the thread: a
database that hangs would then hold up every picture and every page of the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar, TypeVarTuple

from django.db import close_old_connections

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Desk:
    """Threads for one kind of work. They are made when they are needed and end with the process."""

    def __init__(self, name: str, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def do(self, act: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """Run ``act`` in a thread. Cancelling waits for nothing: the thread goes on to its end."""
        work = partial(_give_back, act, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _give_back(act: Callable[..., T], *arguments: object) -> T:
    """Run the act; a connection that broke in it is closed, and one that is old."""
    try:
        return act(*arguments)
    finally:
        close_old_connections()


# Byte accounts and the opening of views.
desk = Desk("live", 4)
# Whoever asks whether permits still stand must not queue behind an account that waits for a lock.
watch_desk = Desk("live-watch", 1)
