"""What whoever works on a history shares: its store and the thread of that, a clock, the hosts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from linkwatch.clock import Clock
from linkwatch.config import Config
from linkwatch.history.hosts import not_before, save_not_before
from linkwatch.history.store import Store, one_at_a_time
from linkwatch.history.writer import StoreThread
from linkwatch.progress import Progress
from linkwatch.web.hosts import Hosts
from linkwatch.wiring import manners_of

_WORTH_KEEPING_S = 5.0  # shorter wishes of hosts are over before the next cycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """For one holder of the cycle's lock."""

    config: Config
    store: Store
    thread: StoreThread
    clock: Clock
    progress: Progress
    hosts: Hosts
    nameservers: Sequence[str]  # in place of the system's, if any

    async def recall_wishes(self) -> None:
        """Leave those alone that asked for it in an earlier cycle."""
        now = self.clock.utc_now()
        for host, until in (await self.thread.run(not_before, self.store, now)).items():
            self.hosts.hold(host, (until - now).total_seconds())

    async def keep_wishes(self) -> None:
        """Keep for later cycles which hosts want to be left alone."""
        now = self.clock.utc_now()
        wishes = {
            host: now + timedelta(seconds=wait_s)
            for host, wait_s in self.hosts.backing_off().items()
            if wait_s > _WORTH_KEEPING_S
        }
        await self.thread.run(save_not_before, self.store, wishes, now)


@asynccontextmanager
async def desk_of(
    config: Config, *, clock: Clock, progress: Progress, nameservers: Sequence[str], slots: int
) -> AsyncIterator[Desk]:
    """A desk, alone on the configured database. `slots`: requests at a time.

    Raises StoreError if it can't be used, or somebody else holds the lock.
    """
    thread = StoreThread()
    try:
        with one_at_a_time(config.database):
            store = await thread.run(Store, config.database)
            try:
                desk = Desk(
                    config=config,
                    store=store,
                    thread=thread,
                    clock=clock,
                    progress=progress,
                    hosts=Hosts(manners_of(config), slots=slots, clock=clock),
                    nameservers=nameservers,
                )
                await desk.recall_wishes()
                yield desk
            finally:
                await thread.run(store.close)
    finally:
        thread.close()
