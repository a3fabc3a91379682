"""A sweep ends, whatever the moment in which a host is given up.

No sockets here: the moments that matter are single steps of the event loop.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import cast

import pytest

from linkwatch.checker.fetch import Fetcher
from linkwatch.checker.source import Listed
from linkwatch.checker.sweep import Sweep
from linkwatch.clock import SystemClock
from linkwatch.model import CheckResult, Fault
from linkwatch.web.hosts import Hosts, Manners
from linkwatch.web.retry import RetryPolicy

_AT = datetime(2026, 1, 5, tzinfo=UTC)
_MANNERS = Manners(concurrency=3, interval_s=0.0, timeout_s=0.5, user_agent="test/1")


class _Steps:
    """In place of a fetcher: each check takes some steps of the loop, and mostly times out."""

    def __init__(self, seed: int) -> None:
        self.hosts = Hosts(lambda _name: _MANNERS, slots=9, clock=SystemClock())
        self.retry = RetryPolicy()
        self.clock = SystemClock()
        self.wayback_url = ""
        self._random = random.Random(seed)

    async def check(self, link: str, *_others: object, urgent: bool = False) -> CheckResult:
        for _ in range(self._random.randrange(4)):
            await asyncio.sleep(0)
        if self._random.random() < 0.1:
            return CheckResult(url=link, at=_AT, elapsed_ms=1, status=200)
        return CheckResult(url=link, at=_AT, elapsed_ms=1, fault=Fault.TIMEOUT)


@pytest.mark.parametrize("seed", range(60))
def test_every_link_is_told_of_once_and_the_sweep_ends(seed: int) -> None:
    links = [f"http://h{n % 4}.test/{n}" for n in range(120)]
    told: list[str] = []

    async def hand(result: CheckResult) -> None:
        await asyncio.sleep(0)
        told.append(result.url)

    async def main() -> None:
        async with asyncio.timeout(5):
            await Sweep(cast("Fetcher", _Steps(seed)), hand, at_once=10).run(Listed(links))

    asyncio.run(main())
    assert sorted(told) == sorted(links)
