"""Copies for dead links, many at a time: each goes up the ladder, all within one budget of time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from linkwatch.archive.access import Access, tell_nobody
from linkwatch.archive.archives import Archives
from linkwatch.archive.ladder import Ladder
from linkwatch.archive.pace import Paces
from linkwatch.archive.threads import Threads
from linkwatch.clock import Clock
from linkwatch.model import Lookup, Wanted
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts

if TYPE_CHECKING:
    from linkwatch.archive.wayback import Wayback

_CONCURRENCY = 2
_THREADS = 4  # twice as many: one that hangs to its own time limit must not end all asking


async def rescue(
    wanted: Iterable[Wanted],
    *,
    archives: Archives,
    hosts: Hosts,
    clock: Clock,
    found: Callable[[str, Lookup], Awaitable[None]],
    budget_s: float,
    paces: Paces,
    keep: Callable[[], Awaitable[None]],
    waiting: Callable[[str], None] = tell_nobody,
) -> None:
    """Ask the archives for a copy of each link; `found` hears of every one, asked or not.

    `found` may be called for a second link while it is busy with a first; `keep` writes the paces
    down; `waiting` hears what is being waited for. Ends about when `budget_s` is over, whatever
    the archives do; what was not asked by then is `queued`.
    """
    links = iter(wanted)
    access = Access(
        paces=paces,
        hosts=hosts,
        clock=clock,
        ends_s=clock.monotonic_s() + budget_s,
        keep=keep,
        waiting=waiting,
    )
    threads = Threads(_THREADS)
    wayback = await threads.run(lambda: _open(archives, clock))
    try:
        async with Client(
            allow_private=archives.allow_private,
            proxy=archives.proxy,
            nameservers=archives.nameservers,
        ) as client:
            ladder = Ladder(archives, access, client, wayback, threads)

            async def work() -> None:
                for want in links:
                    await found(want.url, await ladder.lookup(want))

            workers = [asyncio.create_task(work()) for _ in range(_CONCURRENCY)]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
    finally:
        wayback.close()


def _open(archives: Archives, clock: Clock) -> Wayback:
    from linkwatch.archive.wayback import Wayback

    return Wayback(
        availability_url=archives.availability_url,
        cdx_url=archives.cdx_url,
        user_agent=archives.user_agent,
        timeout_s=archives.timeout_s,
        allow_private=archives.allow_private,
        proxy=archives.proxy,
        utc_now=clock.utc_now,
    )
