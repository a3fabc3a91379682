"""Time and chance as arguments: tests of a month take no time, and repeat."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What linkwatch asks of time."""

    def utc_now(self) -> datetime:
        """The time for the record: aware, UTC."""

    def monotonic_s(self) -> float:
        """A reading for measuring durations; its zero means nothing.

        On Linux and macOS it stands still while the machine sleeps, which is how sleep is noticed.
        """

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking the event loop."""


class SystemClock:
    """The machine's own time."""

    def utc_now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
