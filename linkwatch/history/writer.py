"""The one writer: a thread that owns the store, and a queue of results before it.

A batch is what comes within a moment, so that batches grow by themselves when results come fast,
and a slow link is on disk as soon as it is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from linkwatch.history.checks import save_results
from linkwatch.history.store import Store
from linkwatch.model import CheckResult

P = ParamSpec("P")
R = TypeVar("R")

_GATHER_S = 0.05  # results wait so long for others, as a commit costs more than they do
_BATCH = 500  # but no longer than until there are so many
_WAITING = 2000  # results that may wait; a sweep that is faster than the disk is held up


class StoreThread:
    """Runs everything that touches the store in one thread, off the event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def run(self, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `act` in the store's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: act(*args, **kwargs))

    def close(self) -> None:
        """Wait for what is running, then end the thread."""
        self._pool.shutdown(wait=True)


class ResultWriter:
    """Commits results in batches. What it tells `saved` of is on disk."""

    def __init__(
        self,
        store: Store,
        thread: StoreThread,
        *,
        cycle_id: int,
        saved: Callable[[Sequence[CheckResult]], None],
    ) -> None:
        self._store = store
        self._thread = thread
        self._cycle_id = cycle_id
        self._saved = saved
        self._queue: asyncio.Queue[tuple[int, CheckResult] | None] = asyncio.Queue(_WAITING)
        self._error: Exception | None = None
        self._task = asyncio.create_task(self._write())

    async def put(self, link_id: int, result: CheckResult) -> None:
        """Hand over a link's result; waits while too many are waiting.

        Raises what the writing raised.
        """
        if self._error is not None:
            raise self._error
        await self._queue.put((link_id, result))

    async def close(self) -> None:
        """Write what is left. Raises StoreError if it could not be written."""
        await self._queue.put(None)
        await self._task
        if self._error is not None:
            raise self._error

    async def _gather(self, batch: list[tuple[int, CheckResult] | None]) -> None:
        """Add what comes soon, until the end or a full batch."""
        try:
            async with asyncio.timeout(_GATHER_S):
                while len(batch) < _BATCH and batch[-1] is not None:
                    batch.append(await self._queue.get())
        except TimeoutError:
            pass

    async def _write(self) -> None:
        last = False
        while not last:
            batch = [await self._queue.get()]
            if batch != [None]:
                await self._gather(batch)
            last = batch[-1] is None
            items = [item for item in batch if item is not None]
            if items and self._error is None:
                try:
                    ids = {result.url: link_id for link_id, result in items}
                    results = [result for _, result in items]
                    await self._thread.run(save_results, self._store, self._cycle_id, ids, results)
                    self._saved(results)
                except Exception as exc:  # noqa: BLE001 - raised by `put` and `close`
                    self._error = exc  # and go on emptying the queue, so that nobody waits in it
