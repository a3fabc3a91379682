"""One round: scan the notes, check what is due, judge, rescue, report.

The rim of the house: it wires the wings together and decides nothing itself.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from linkwatch.archiving import Archiving
from linkwatch.asking import Asking
from linkwatch.clock import Clock
from linkwatch.config import Config
from linkwatch.ends import crowded
from linkwatch.errors import StoreError
from linkwatch.history.checks import add_mark, ends
from linkwatch.history.cycles import (
    begin_cycle,
    close_aborted,
    comparisons,
    end_cycle,
    set_void,
    void_run,
)
from linkwatch.history.ledger import roots
from linkwatch.history.links import due
from linkwatch.history.overrules import dead_in, note_covered
from linkwatch.history.store import Store, one_at_a_time
from linkwatch.history.writer import StoreThread
from linkwatch.judging import judge_cycles
from linkwatch.model import Ending, Ledger, Mark, Sign
from linkwatch.progress import Progress
from linkwatch.pruning import Pruned, after_a_cycle, step
from linkwatch.publishing import Publishing
from linkwatch.report.inert import terminal
from linkwatch.report.markdown import render_markdown
from linkwatch.report.write import refuse_foreign, write_atomically
from linkwatch.scan import Scanned, roots_of, scan
from linkwatch.void import why_void
from linkwatch.web.archived import archive_of
from linkwatch.wiring import kept_whole, ledger_of, policy_of

log = logging.getLogger("linkwatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a cycle."""

    checked: int
    dead: int  # mentioned and dead; with PATHs, in them
    postponed: int  # links whose hosts want to be left alone, or archives that are silent
    void: str | None
    ledger: Ledger


async def run_cycle(
    config: Config,
    *,
    paths: Sequence[Path] = (),
    everything: bool = False,
    cwd: Path,
    clock: Clock,
    progress: Progress,
    nameservers: Sequence[str] = (),
    chance: Random = Random(),  # noqa: B008, S311 - for names that nobody else would think of
) -> Result:
    """One cycle on the configured database, alone on it.

    `paths`: only these notes (relative to `cwd`); `everything`: what is not due too;
    `nameservers`: in place of the system's; `chance`: for made-up addresses.
    Cancelling it keeps all that was done. Raises LinkwatchError.
    """
    refuse_foreign(config.report_path)  # before an hour of work, and again before writing
    thread = StoreThread()
    try:
        with one_at_a_time(config.database):
            store = await thread.run(Store, config.database)
            try:
                cycle_id = await thread.run(_begin, store, clock.utc_now())
                asking = Asking(
                    config,
                    store,
                    thread,
                    clock,
                    progress,
                    cycle_id=cycle_id,
                    nameservers=nameservers,
                    chance=chance,
                )
                archiving = Archiving(
                    config,
                    store,
                    thread,
                    clock,
                    progress,
                    hosts=asking.hosts,
                    nameservers=nameservers,
                )
                cycle = _Cycle(config, store, thread, clock, progress, cycle_id, asking, archiving)
                try:
                    return await cycle.run(paths, cwd=cwd, everything=everything)
                finally:
                    await asking.copies.close()
            finally:
                await thread.run(store.close)
    finally:
        thread.close()


def _begin(store: Store, now: datetime) -> int:
    """Open a cycle, after closing what a killed process left open."""
    for killed in close_aborted(store, now):
        why = why_void(comparisons(store, killed), voids=void_run(store, killed))
        set_void(store, killed, why)
    return begin_cycle(store, now)


class _Cycle:
    def __init__(
        self,
        config: Config,
        store: Store,
        thread: StoreThread,
        clock: Clock,
        progress: Progress,
        cycle_id: int,
        asking: Asking,
        archiving: Archiving,
    ) -> None:
        self._config = config
        self._store = store
        self._thread = thread
        self._clock = clock
        self._progress = progress
        self._policy = policy_of(config)
        self._id = cycle_id
        self._asking = asking
        self._archiving = archiving

    async def run(self, paths: Sequence[Path], *, cwd: Path, everything: bool) -> Result:
        run, store, clock = self._thread.run, self._store, self._clock
        started_at = clock.utc_now()
        log.info("cycle=%d event=start", self._id)
        await self._asking.recall(started_at)
        postponed: tuple[str, ...] = ()
        scanned: Scanned | None = None
        stopped = False
        try:
            scanned = await self._scan(paths, cwd, started_at)
            # What a killed one left, and a changed policy.
            await run(judge_cycles, store, self._policy, cycle_id=self._id, up_to=self._id - 1)
            notes = scanned.notes if paths else None
            links = await run(due, store, started_at, everything=everything, notes=notes)
            postponed = await self._asking.ask(links, started_at, notes)
        except asyncio.CancelledError:
            stopped = True
        except Exception:
            await self._settle(hurry=True)
            await run(end_cycle, store, self._id, Ending.ABORTED, clock.utc_now())
            raise
        void = await self._settle(hurry=stopped)
        await self._asking.remember(void=void is not None)
        ending = Ending.ABORTED if stopped else Ending.FINISHED
        await run(end_cycle, store, self._id, ending, clock.utc_now())
        if stopped or scanned is None:
            raise asyncio.CancelledError
        ledger = await self._tell()
        if void is None:
            ledger = await self._rescue(ledger)
            ledger = await self._save(ledger)
            await self._roll_up()
        dead = await run(dead_in, store, scanned.notes if paths else None)
        checked = ledger.cycle.checked if ledger.cycle else 0
        log.info("cycle=%d event=end checked=%d dead=%d void=%s", self._id, checked, dead, void)
        return Result(
            checked=checked, dead=dead, postponed=len(postponed), void=void, ledger=ledger
        )

    async def _settle(self, *, hurry: bool) -> str | None:
        """Judge what was found, unless it says more about us than about the web: why, if so."""
        void = await self._asking.why_void()
        await self._thread.run(set_void, self._store, self._id, void)
        if void is None:
            await self._thread.run(self._look_at_ends)
            await self._thread.run(
                judge_cycles, self._store, self._policy, cycle_id=self._id, up_to=self._id
            )
            await self._thread.run(note_covered, self._store)
        await self._asking.copies.settle(hurry=hurry)
        return void

    def _look_at_ends(self) -> None:
        """Mark the links that end where others of their site end. In the store's thread."""
        wayback_url = self._config.archive.wayback_url
        found = {
            key: end
            for key, end in ends(self._store, self._id).items()
            if archive_of(end.url, wayback_url) is None  # copies of one page end alike, and well
        }
        marked = [
            key
            for key in crowded(found)
            if found[key].before is not None or not self._asking.is_honest(found[key].url)
        ]
        if marked:
            add_mark(self._store, self._id, marked, Mark(Sign.SAME_END, "links"))

    async def _scan(self, paths: Sequence[Path], cwd: Path, now: datetime) -> Scanned:
        stop = threading.Event()
        known = await self._thread.run(roots, self._store)
        try:
            scanned = await self._thread.run(
                scan,
                self._store,
                roots_of(self._config, paths, cwd, known=known),
                config=self._config,
                cycle_id=self._id,
                now=now,
                whole=not paths,
                stop=stop,
                tell=self._progress.scanned,
            )
        finally:
            stop.set()
        for trouble in scanned.troubles:
            self._progress.trouble(trouble)
        return scanned

    async def _rescue(self, ledger: Ledger) -> Ledger:
        """Ask the archives, now that the cycle is over and told: however long they take."""
        asked = 0
        try:
            asked = await self._archiving.rescue()
        except asyncio.CancelledError:
            await self._tell()
            raise
        await self._asking.remember(void=False)  # what the archives' hosts wish
        return await self._tell() if asked else ledger

    async def _save(self, ledger: Ledger) -> Ledger:
        """Save pages before they die, where that is wanted; what was submitted survives us."""
        told = await Publishing(self._archiving).save()
        await self._asking.remember(void=False)
        return await self._tell() if told else ledger

    async def _roll_up(self) -> None:
        """Roll up old checks, a few links at a time, now that all else is done."""
        rolled = Pruned()
        steps = after_a_cycle(self._store, kept_whole(self._config), self._clock.utc_now())
        try:
            while pruned := await self._thread.run(step, steps):
                rolled += pruned
        except StoreError as exc:  # there is no hurry: the next cycle goes on with it
            log.warning("Old checks were not rolled up: %s", terminal(str(exc)))
        if rolled.checks:
            log.info("cycle=%d event=rolled_up checks=%d", self._id, rolled.checks)

    async def _tell(self) -> Ledger:
        ledger = await self._thread.run(ledger_of, self._store, self._config)
        await self._thread.run(self._report, ledger)
        return ledger

    def _report(self, ledger: Ledger) -> None:
        path = self._config.report_path
        refuse_foreign(path)
        write_atomically(path, render_markdown(ledger, report_dir=path.parent))
