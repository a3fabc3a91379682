"""Asking the web for the links of one cycle, and again where the silence may be our own.

The rim's part of a sweep: what history remembers goes in, what was found goes to its writer, and a
few more questions tell a web that is silent from a network that is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from random import Random

from linkwatch.checker.fetch import Fetcher
from linkwatch.checker.siblings import Siblings
from linkwatch.checker.source import Outlook
from linkwatch.checker.sweep import sweep
from linkwatch.desk import Desk
from linkwatch.docket import Docket
from linkwatch.errors import LinkwatchError
from linkwatch.evidence import Weight, weigh
from linkwatch.history.checks import any_answer
from linkwatch.history.cycles import answered_lately, checked_on, comparisons, void_run
from linkwatch.history.hosts import host_memories, save_host_memories
from linkwatch.history.links import ids_of, queue_links, witnesses
from linkwatch.history.writer import ResultWriter
from linkwatch.keeping import Keeping
from linkwatch.model import CheckResult
from linkwatch.void import Comparison, doubted, gone_dark, slept, why_void
from linkwatch.web.client import Client
from linkwatch.wiring import probes_off

_WAITING_A_SLOT = 4  # checks under way for each request under way: the others wait for something
_NO_END = float("inf")


class Asking:
    """All the requests of one cycle but the archive's."""

    def __init__(self, desk: Desk, *, cycle_id: int, chance: Random) -> None:
        """`chance`: for made-up addresses."""
        self._desk = desk
        self._store = desk.store
        self._thread = desk.thread
        self._clock = desk.clock
        self._id = cycle_id
        self._siblings = Siblings(clock=desk.clock, chance=chance)
        self.copies = Keeping(desk.config, desk.store, desk.thread, cycle_id=cycle_id)
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
        self._desk.progress.checking(waiting)
        writer = ResultWriter(
            self._store, self._thread, cycle_id=self._id, saved=self._desk.progress.saved
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
        config = self._desk.config
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
                nameservers=self._desk.nameservers,
            ) as client:
                return await sweep(
                    docket,
                    fetcher=Fetcher(
                        client=client,
                        hosts=self._desk.hosts,
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
                    at_once=self._desk.hosts.slots * _WAITING_A_SLOT,
                    until_s=until_s,
                )
        except BaseExceptionGroup as group:
            raise _first(group) from group

    async def recall(self) -> None:
        """Recall what hosts taught us, and settle what copies of pages a killed cycle left."""
        await self.copies.recall()
        self._siblings.recall(await self._thread.run(host_memories, self._store))

    async def remember(self) -> None:
        """Keep for later cycles what hosts wish and taught; of a void one, nothing is kept."""
        await self._desk.keep_wishes()
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
