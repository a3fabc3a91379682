"""The program's own slots: how many requests there are at the same time, and whose is next."""

from __future__ import annotations

import asyncio
from collections import deque


class Slots:
    """A semaphore that lets those first who have something to finish.

    Many checks may wait to be begun; the hops and retries of those under way, and hosts that
    everybody would have to wait for, go before them. Use in one event loop.
    """

    def __init__(self, number: int) -> None:
        self.free = number
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self.taken = 0

    async def acquire(self, *, urgent: bool) -> None:
        """Take a slot; waits while there is none."""
        if self.free and not self._urgent:
            self.free -= 1
        else:
            mine = asyncio.get_running_loop().create_future()
            (self._urgent if urgent else self._others).append(mine)
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self._pass_on()  # it was given to us in the same moment
                raise
        self.taken += 1

    def release(self) -> None:
        """Give a slot back."""
        self.taken -= 1
        self._pass_on()

    def _pass_on(self) -> None:
        for waiting in (self._urgent, self._others):
            while waiting:
                next_one = waiting.popleft()
                if not next_one.done():
                    next_one.set_result(None)
                    return
        self.free += 1
