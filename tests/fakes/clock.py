"""A clock that is moved by hand, and by whoever sleeps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)  # a Monday


class FakeClock:
    """Sleeping moves it on at once: a month of waiting takes no time."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed_s = 0.0
        self._asleep_s = 0.0
        self.slept_s: list[float] = []  # each sleep, in order

    def utc_now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_s + self._asleep_s)

    def monotonic_s(self) -> float:
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self._passed_s += seconds

    def sleep_through(self, seconds: float) -> None:
        """The whole machine sleeps: only the wall clock goes on. Negative: it was set back."""
        self._asleep_s += seconds
