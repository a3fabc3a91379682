"""What a cycle and the archive's commands have in common: archives asked, answers kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from linkwatch.archive.pace import Paces
from linkwatch.archive.rescue import rescue
from linkwatch.archive.savable import why_not_told
from linkwatch.citing import cite_link
from linkwatch.clock import Clock
from linkwatch.config import Config
from linkwatch.desk import Desk, desk_of
from linkwatch.errors import LinkwatchError
from linkwatch.history.lookups import is_dead, queue, wanted_of
from linkwatch.history.paces import read_paces, save_paces
from linkwatch.history.snapshots import offered, save_lookup, with_copies
from linkwatch.history.store import Store, require_history
from linkwatch.history.writer import StoreThread
from linkwatch.model import Lookup, Outcome, Wanted
from linkwatch.progress import Progress
from linkwatch.report.archives import Found
from linkwatch.web.url import link_of
from linkwatch.wiring import archives_of

_RESCUE_BUDGET_S = 120.0  # what was not asked by then is asked at the next check
_BY_HAND_S = 3600.0  # a person who waits can stop it
_FEW = 4  # requests at a time, by hand


class Archiving:
    """The archives, and what asking them takes, for whoever holds the cycle's lock."""

    def __init__(self, desk: Desk) -> None:
        self.config = desk.config
        self.store = desk.store
        self.thread = desk.thread
        self.clock = desk.clock
        self.progress = desk.progress
        self.hosts = desk.hosts
        self.archives = archives_of(desk.config, nameservers=desk.nameservers)

    def queue(self, links: Sequence[str]) -> None:
        """Write down that archives are to be asked about these. In the store's thread."""
        asked = [url for url in links if why_not_told(url, self.archives) is None]
        queue(self.store, asked, self.clock.utc_now())

    async def rescue(self, wanted: Sequence[Wanted]) -> None:
        """Look for copies of these dead links."""
        self.progress.rescuing(len(wanted))
        wanted = await self.thread.run(with_copies, self.store, wanted)
        await self.look_for(wanted, budget_s=_RESCUE_BUDGET_S)

    async def look_for(
        self, wanted: Sequence[Wanted], *, budget_s: float, keep: bool = True
    ) -> dict[str, Lookup]:
        """Look for a copy of each of these links; what came of it, by link, which history keeps
        unless told otherwise."""
        run, store, clock = self.thread.run, self.store, self.clock
        paces = await self.paces()
        told: dict[str, Lookup] = {}

        async def found(url: str, lookup: Lookup) -> None:
            told[url] = lookup
            if keep:
                await run(save_lookup, store, url, lookup, clock.utc_now())
            if lookup.outcome is not Outcome.QUEUED:
                self.progress.rescued(url, lookup)

        await rescue(
            wanted,
            archives=self.archives,
            hosts=self.hosts,
            clock=clock,
            found=found,
            budget_s=budget_s,
            paces=paces,
            keep=self.keeping(paces),
            waiting=self.progress.waiting,
        )
        return told

    def keeping(self, paces: Paces) -> Callable[[], Awaitable[None]]:
        """Writes down how the archives were asked."""

        async def keep() -> None:
            now = self.clock.utc_now()
            kept = [pace.keep(now) for pace in paces.all()]
            await self.thread.run(save_paces, self.store, kept)

        return keep

    async def paces(self) -> Paces:
        """How the archives were asked lately, by whatever process."""
        paces = Paces(
            wayback_url=self.archives.wayback_url,
            availability_url=self.archives.availability_url,
            clock=self.clock,
        )
        paces.recall(await self.thread.run(read_paces, self.store), self.clock.utc_now())
        return paces


@asynccontextmanager
async def outside_a_cycle(
    config: Config,
    *,
    clock: Clock,
    progress: Progress,
    nameservers: Sequence[str] = (),
    must_exist: bool = False,
) -> AsyncIterator[tuple[Archiving, Store, StoreThread]]:
    """The archives for a command of its own, alone on the database. Raises LinkwatchError.

    `must_exist`: there is to be a history already.
    """
    if not config.archive.enabled:
        raise LinkwatchError("archive.enabled is false in the configuration: no archive is asked.")
    if must_exist:
        require_history(config.database)
    open_ = desk_of(config, clock=clock, progress=progress, nameservers=nameservers, slots=_FEW)
    async with open_ as desk:
        yield Archiving(desk), desk.store, desk.thread


async def look_up(
    config: Config,
    url: str,
    at: datetime | None,
    *,
    clock: Clock,
    progress: Progress,
    nameservers: Sequence[str] = (),
) -> Found:
    """What the archives have of a URL, close to its citation, or to `at`.

    History keeps the answer if it knows the link, and the question was the citation's.
    """
    link = link_of(url)
    now = clock.utc_now()
    open_ = outside_a_cycle(config, clock=clock, progress=progress, nameservers=nameservers)
    async with open_ as (archiving, store, thread):
        noted = await cite_link(thread, store, config, link, now)
        from_day = ""
        want = noted or Wanted(url=link, cited_at=now, cited_from=None, failed_at=now)
        if at is not None:
            want, from_day = (
                replace(want, cited_at=at, cited_from=None),
                "the day that you asked for",
            )
        elif noted is None:
            from_day = "today, as no note has taken it"
        dead = await thread.run(is_dead, store, link)
        wanted = await thread.run(with_copies, store, [want])
        progress.looking(link)
        lookup = (await archiving.look_for(wanted, budget_s=_BY_HAND_S, keep=at is None))[link]
        if at is None and not dead and lookup.snapshot is None and lookup.next_at is not None:
            # It is asked about again when it dies, whenever that is.
            await thread.run(save_lookup, store, link, replace(lookup, next_at=now), now)
    return Found(lookup=lookup, dead=dead, from_day=from_day)


async def look_again(
    config: Config,
    urls: Sequence[str],
    *,
    clock: Clock,
    progress: Progress,
    nameservers: Sequence[str] = (),
) -> list[tuple[Wanted, Lookup]]:
    """What the copies show today that reports offer: of all links, or of some.

    Raises LinkwatchError for a URL that has none, and where there is no history.
    """
    open_ = outside_a_cycle(
        config, clock=clock, progress=progress, nameservers=nameservers, must_exist=True
    )
    async with open_ as (archiving, store, thread):
        known = await thread.run(offered, store)
        links = list(dict.fromkeys(link_of(url) for url in urls)) or known
        for link in links:
            if link not in known:
                raise LinkwatchError(f"History knows no copy of {link}.")
        now = clock.utc_now()
        wanted = [want for link in links if (want := await thread.run(wanted_of, store, link, now))]
        wanted = await thread.run(with_copies, store, wanted, anew=True)
        progress.opening(len(wanted))
        told = await archiving.look_for(wanted, budget_s=_BY_HAND_S)
    return [(want, told[want.url]) for want in wanted]
