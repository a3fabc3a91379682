"""A small pool of threads for work that may hang, which nobody ever has to wait for.

A thread can't be cancelled, and `concurrent.futures` joins its threads when the interpreter ends:
with the loop's own executor, a silent server that was given up after 2 s held `asyncio.run` for
its full 20 s. These threads are daemons, one a call. Those whose caller has given up count until
they end: an archive that hangs can't fill the process with them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class NoThreadError(Exception):
    """All threads of the pool hang."""


class Threads:
    """So many threads at the most. For one event loop."""

    def __init__(self, most: int) -> None:
        self._places = threading.Semaphore(most)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. Cancelled, it returns at once and leaves `work` alone.

        Raises NoThreadError, at once, where none is free.
        """
        if not self._places.acquire(blocking=False):
            raise NoThreadError
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def deliver(put: Callable[[Any], None], what: object) -> None:
            if not future.done():
                put(what)

        def run() -> None:
            try:
                result = work()
            except BaseException as exc:  # noqa: BLE001  it is raised where the result is awaited
                self._places.release()
                post(future.set_exception, exc)
            else:
                self._places.release()
                post(future.set_result, result)

        def post(put: Callable[[Any], None], what: object) -> None:
            try:
                loop.call_soon_threadsafe(deliver, put, what)
            except RuntimeError:
                pass  # the loop has ended; nobody is waiting any more

        threading.Thread(target=run, name="linkwatch-archive", daemon=True).start()
        return await future
