"""How many requests at once this process can keep up with.

Where answers come faster than they are read they wait in our own event loop: hosts look slower than
they are, time limits run out that no server missed, and whoever has the longest queue is asked at a
crawl. So the loop's delay is watched, and fewer requests are begun while it is long: many less at
once when it is, a few more at a time when it is not, as TCP does with a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_LOOK_S = 0.05
_LATE_S = 0.1  # a third of what a page usually takes: so much is not noticed
_FEWEST = 16
_START = 64
_MORE = 8  # at each look: all slots of the default configuration after a second and a half
_LESS = 0.8


class Headroom:
    """A number of requests between a few and `most`."""

    def __init__(self, most: int, grew: Callable[[], object] = lambda: None) -> None:
        """`grew` is called when there is room for more."""
        self._most = most
        self._grew = grew
        self._fewest = min(_FEWEST, most)
        self.now = min(_START, most)

    def note(self, late_s: float) -> None:
        """The loop was so late."""
        if late_s > _LATE_S:
            self.now = max(self._fewest, int(self.now * _LESS))
        elif self.now < self._most:
            self.now = min(self._most, self.now + _MORE)
            self._grew()

    async def watch(self) -> None:
        """Look at the loop, until cancelled. In real time, whatever clock the others go by."""
        loop = asyncio.get_running_loop()
        while True:
            asleep_s = loop.time()
            await asyncio.sleep(_LOOK_S)
            self.note(loop.time() - asleep_s - _LOOK_S)
