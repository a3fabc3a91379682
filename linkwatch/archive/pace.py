"""How much an archive may be asked: one budget an endpoint, and one brake for them all.

The Internet Archive answers a network that asks too often with 429, and one that does not listen
with an hour without connections, doubling each time (its staff, edgi-govdata-archiving/wayback
137). So budgets stay below what is allowed, and the first 429 ends all asking.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from linkwatch.clock import Clock
from linkwatch.model import Outcome

_WINDOW_S = 60.0
_TICK_S = 0.001  # less is no time: sums of floats may never quite reach the end of a wait
_SHORTEST_STOP_S = 60.0
_LONGEST_STOP_S = 86_400.0
_STRIKES = 3  # failures in a row after which an endpoint is taken to be ill, not unlucky
_REST_S = 600.0


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the archive is not asked, and until when (on the monotonic clock)."""

    outcome: Outcome
    until_s: float
    detail: str


class Endpoint:
    """One service of the archive: its address, its budget of requests, its health."""

    def __init__(self, url: str, *, per_minute: int, clock: Clock) -> None:
        self.url = url
        self.per_minute = per_minute
        self._clock = clock
        self._starts_s: deque[float] = deque()
        self._failures = 0
        self._rest: Stop | None = None

    async def place(self, *, until_s: float) -> bool:
        """Wait for a place in the budget; False if there is none until then.

        Bursts are fine: any 60 s hold at most so many requests, however they are spread.
        """
        while True:
            now_s = self._clock.monotonic_s()
            while self._starts_s and self._left_s(now_s) <= _TICK_S:
                self._starts_s.popleft()
            if now_s >= until_s:
                return False
            if len(self._starts_s) < self.per_minute:
                self._starts_s.append(now_s)
                return True
            wait_s = self._left_s(now_s)
            if now_s + wait_s >= until_s:
                return False
            await self._clock.sleep(wait_s)

    def _left_s(self, now_s: float) -> float:
        """How long the oldest request still counts."""
        return self._starts_s[0] + _WINDOW_S - now_s

    def answered(self) -> None:
        """It made sense."""
        self._failures = 0

    def failed(self, outcome: Outcome, detail: str) -> None:
        """It made none; three in a row, and the endpoint gets ten minutes of rest."""
        self._failures += 1
        if self._failures >= _STRIKES:
            self._failures = 0
            self._rest = Stop(outcome, self._clock.monotonic_s() + _REST_S, detail)

    def resting(self) -> Stop | None:
        """The rest that the endpoint is taking, if it is."""
        rest = self._rest
        return rest if rest and rest.until_s > self._clock.monotonic_s() else None


class Pace:
    """What one archive was asked lately, and when it may be asked again.

    A program that runs on keeps it from one rescue to the next, so that budgets and the doubling
    of stops hold from cycle to cycle. Not for use by two event loops at once.
    """

    def __init__(self, *, availability_url: str, cdx_url: str, clock: Clock) -> None:
        # The index allows 30 a minute and network, its clients are asked to run at 80 % of that;
        # of availability no number is published, and its throttle comes in episodes.
        self.availability = Endpoint(availability_url, per_minute=20, clock=clock)
        self.cdx = Endpoint(cdx_url, per_minute=24, clock=clock)
        self._clock = clock
        self._stops = 0  # in a row, without an answer in between
        self._stop: Stop | None = None

    def stopped(self) -> Stop | None:
        """The stop that holds, if one does."""
        stop = self._stop
        return stop if stop and stop.until_s > self._clock.monotonic_s() else None

    def stop(self, outcome: Outcome, asked_s: float | None, detail: str) -> float:
        """Ask nothing more of this archive for a while; gives the seconds.

        A minute at least, twice as long each time it happens again, and as long as the archive
        asks if that is longer. Two requests that were under way together are one time.
        """
        now_s = self._clock.monotonic_s()
        running = self.stopped()
        if running is None:
            own_s = min(_SHORTEST_STOP_S * 2.0 ** min(self._stops, 20), _LONGEST_STOP_S)
            self._stops += 1
        else:
            own_s = running.until_s - now_s
        seconds = max(own_s, asked_s or 0.0)
        self._stop = Stop(outcome, now_s + seconds, detail)
        return seconds

    def answered(self) -> None:
        """The archive speaks to us: the next stop is a first one again."""
        if self.stopped() is None:
            self._stops = 0
