"""Asking the web for the links of one cycle, and again where the silence may be our own.

The rim's part of a sweep: what history remembers goes in, what was found goes to its writer, and a
few more questions tell a web that is silent from a network that is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from linkwatch.checker.fetch import Fetcher
from linkwatch.checker.siblings import Siblings
from linkwatch.checker.sweep import Outlook, sweep
from linkwatch.clock import Clock
from linkwatch.config import Config
from linkwatch.docket import Docket
from linkwatch.errors import LinkwatchError
from linkwatch.evidence import Weight, weigh
from linkwatch.history.checks import any_answer
from linkwatch.history.cycles import answered_lately, checked_on, comparisons, void_run
from linkwatch.history.hosts import (
    host_memories,
    not_before,
    save_host_memories,
    save_not_before,
)
from linkwatch.history.links import ids_of, queue_links, witnesses
from linkwatch.history.store import Store
from linkwatch.history.writer import ResultWriter, StoreThread
from linkwatch.keeping import Keeping
from linkwatch.model import CheckResult
from linkwatch.progress import Progress
from linkwatch.void import Comparison, doubted, gone_dark, slept, why_void
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts
from linkwatch.web.limits import open_connections
from linkwatch.wiring import manners_of, probes_off

_WAITING_A_SLOT = 4  # checks under way for each request under way: the others wait for something
_NO_END = float("inf")
_WORTH_KEEPING_S = 5.0  # shorter wishes of hosts are over before the next cycle


class Asking:
    """All the requests of one cycle but the archive's."""

    def __init__(
        self,
        config: Config,
        store: Store,
        thread: StoreThread,
        clock: Clock,
        progress: Progress,
        *,
        cycle_id: int,
        nameservers: Sequence[str],
        chance: Random,
    ) -> None:
        """`nameservers`: in place of the system's; `chance`: for made-up addresses."""
        self._config = config
        self._store = store
        self._thread = thread
        self._clock = clock
        self._progress = progress
        self._id = cycle_id
        self._nameservers = nameservers
        self._slots = min(config.check.concurrency, open_connections())
        self.hosts = Hosts(manners_of(config), slots=self._slots, clock=clock)
        self._siblings = Siblings(clock=clock, chance=chance)
        self.copies = Keeping(config, store, thread, cycle_id=cycle_id)
        self._asleep = False  # the machine slept while links were asked
        self._dark = False  # the network went away while links were asked

    async def ask(
        self, due: int, now: datetime, notes: frozenset[int] | None, *, until_s: float
    ) -> Outlook:
        """Ask all the links that wait, and others where silence has to be told from our trouble.

        `due`: how many wait. At `until_s` (monotonic) no further check is started.
        """
        run, store, clock = self._thread.run, self._store, self._clock
        wall, monotonic_s = clock.utc_now(), clock.monotonic_s()
        outlook = await self._check(due, until_s)
        if due and not await run(any_answer, store, self._id):
            # Failing links are due daily, often alone: is it they that are silent, or we?
            others = await run(witnesses, store, self._id, now, notes=notes)
            await self._check(await run(queue_links, store, others))
        found = await run(comparisons, store, self._id)
        hosts = doubted(found) if await self._why_void(found) is None else []
        if hosts:
            await self._ask_again(hosts)
        self._asleep = slept(
            (clock.utc_now() - wall).total_seconds(), clock.monotonic_s() - monotonic_s
        )
        return outlook

    async def _ask_again(self, hosts: Sequence[str]) -> None:
        """Many hosts fell silent together: ask them a second time, if anybody still answers."""
        run, store = self._thread.run, self._store
        again: list[CheckResult] = []

        async def hear(_docket: Docket, result: CheckResult) -> None:
            again.append(result)  # and no further: one that is unlucky now keeps its good answer

        lately = await run(ids_of, store, await run(answered_lately, store, self._id))
        await run(queue_links, store, lately)
        await self._sweep(hear)
        self._dark = gone_dark(again)
        if not self._dark:
            silent = await run(ids_of, store, await run(checked_on, store, self._id, hosts))
            await self._check(await run(queue_links, store, silent))

    async def _check(self, waiting: int, until_s: float = _NO_END) -> Outlook:
        """Ask the links that wait, and keep what comes."""
        if not waiting:
            return Outlook(postponed=0, unfinished=0)
        self._progress.checking(waiting)
        writer = ResultWriter(
            self._store, self._thread, cycle_id=self._id, saved=self._progress.saved
        )

        async def keep(docket: Docket, result: CheckResult) -> None:
            await writer.put(docket[result.url].id, result)

        try:
            return await self._sweep(keep, until_s)
        finally:
            await writer.close()

    async def _sweep(
        self, hear: Callable[[Docket, CheckResult], Awaitable[None]], until_s: float = _NO_END
    ) -> Outlook:
        config = self._config
        docket = Docket(self._store, self._thread, with_fragments=config.check.fragments)

        def doubtful(result: CheckResult) -> bool:
            return weigh(result).weight is Weight.HARD and not docket[result.url].dead

        async def hand(result: CheckResult) -> None:
            await hear(docket, result)
            if result.inferred or result.confirmed or not doubtful(result):
                docket.forget(result.url)  # else it is asked once more

        try:
            async with Client(
                allow_private=config.check.allow_private_networks,
                proxy=config.check.proxy,
                nameservers=self._nameservers,
            ) as client:
                return await sweep(
                    docket,
                    fetcher=Fetcher(
                        client=client,
                        hosts=self.hosts,
                        clock=self._clock,
                        max_redirects=config.check.max_redirects,
                        before=docket.before,
                        fragments=docket.fragments,
                        probes_off=probes_off(config),
                        siblings=self._siblings,
                        wayback_url=config.archive.wayback_url,
                        keeper=self.copies if config.archive.local else None,
                    ),
                    hand=hand,
                    doubtful=doubtful,
                    at_once=self._slots * _WAITING_A_SLOT,
                    until_s=until_s,
                )
        except BaseExceptionGroup as group:
            raise _first(group) from group

    async def recall(self, now: datetime) -> None:
        """Leave those alone that asked for it in an earlier cycle; recall what hosts taught us.

        And settle what copies of pages a killed cycle left.
        """
        await self.copies.recall()
        self._siblings.recall(await self._thread.run(host_memories, self._store))
        for host, until in (await self._thread.run(not_before, self._store, now)).items():
            self.hosts.hold(host, (until - now).total_seconds())

    async def remember(self, *, void: bool) -> None:
        """Keep for later cycles what hosts wish and taught; not what our own trouble made of it."""
        if void:
            return
        now = self._clock.utc_now()
        wishes = {
            host: now + timedelta(seconds=wait_s)
            for host, wait_s in self.hosts.backing_off().items()
            if wait_s > _WORTH_KEEPING_S
        }
        await self._thread.run(save_not_before, self._store, wishes, now)
        await self._thread.run(save_host_memories, self._store, self._siblings.learned)

    def is_honest(self, url: str) -> bool:
        """Whether the link's host is known to mean its answers."""
        return self._siblings.is_honest(url)

    async def why_void(self) -> str | None:
        """One sentence on why what was found must not be judged; None if it may be."""
        return await self._why_void(await self._thread.run(comparisons, self._store, self._id))

    async def _why_void(self, found: Sequence[Comparison]) -> str | None:
        return why_void(
            found,
            voids=await self._thread.run(void_run, self._store, self._id),
            asleep=self._asleep,
            dark=self._dark,
        )


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The exception to speak of, of several that ended a sweep together."""
    ours = group.subgroup(LinkwatchError)
    found: BaseException = ours or group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
