"""What a cycle and the archive's commands have in common: archives asked, answers kept."""

from __future__ import annotations

from collections.abc import Sequence

from linkwatch.archive.pace import Paces
from linkwatch.archive.rescue import rescue
from linkwatch.clock import Clock
from linkwatch.config import Config
from linkwatch.history.lookups import bereft
from linkwatch.history.paces import read_paces, save_paces
from linkwatch.history.snapshots import save_lookup, with_copies
from linkwatch.history.store import Store
from linkwatch.history.writer import StoreThread
from linkwatch.model import Lookup, Outcome, Wanted
from linkwatch.progress import Progress
from linkwatch.web.hosts import Hosts
from linkwatch.wiring import archives_of

_RESCUE_BUDGET_S = 120.0  # what was not asked by then is asked at the next check


class Archiving:
    """The archives, for whoever holds the cycle's lock."""

    def __init__(
        self,
        config: Config,
        store: Store,
        thread: StoreThread,
        clock: Clock,
        progress: Progress,
        *,
        hosts: Hosts,
        nameservers: Sequence[str],
    ) -> None:
        self._config = config
        self._store = store
        self._thread = thread
        self._clock = clock
        self._progress = progress
        self._hosts = hosts
        self._archives = archives_of(config, nameservers=nameservers)

    async def rescue(self) -> int:
        """Look for copies of the dead links that want one; how many were asked about."""
        if not self._config.archive.enabled:
            return 0
        wanted = await self._thread.run(bereft, self._store, self._clock.utc_now())
        if wanted:
            self._progress.rescuing(len(wanted))
            await self.look_for(wanted, budget_s=_RESCUE_BUDGET_S)
        return len(wanted)

    async def look_for(self, wanted: Sequence[Wanted], *, budget_s: float) -> None:
        """Look for a copy of each of these links, and keep what comes of it."""
        run, store, clock = self._thread.run, self._store, self._clock
        paces = await self._paces()

        async def found(url: str, lookup: Lookup) -> None:
            await run(save_lookup, store, url, lookup, clock.utc_now())
            if lookup.outcome is not Outcome.QUEUED:
                self._progress.rescued(url, lookup)

        async def keep() -> None:
            now = clock.utc_now()
            await run(save_paces, store, [pace.keep(now) for pace in paces.all()])

        await rescue(
            await run(with_copies, store, wanted),
            archives=self._archives,
            hosts=self._hosts,
            clock=clock,
            found=found,
            budget_s=budget_s,
            paces=paces,
            keep=keep,
        )

    async def _paces(self) -> Paces:
        """How the archives were asked lately, by whatever process."""
        paces = Paces(
            wayback_url=self._archives.wayback_url,
            availability_url=self._archives.availability_url,
            clock=self._clock,
        )
        paces.recall(await self._thread.run(read_paces, self._store), self._clock.utc_now())
        return paces
