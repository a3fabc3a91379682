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
from functools import cached_property
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from linkwatch.checker.source import Outlook
from linkwatch.citing import cite
from linkwatch.clock import Clock
from linkwatch.config import Config
from linkwatch.desk import Desk, desk_of
from linkwatch.ends import crowded
from linkwatch.errors import StoreError
from linkwatch.history.checks import add_mark, ends
from linkwatch.history.copies import any_pending
from linkwatch.history.cycles import (
    begin_cycle,
    close_aborted,
    comparisons,
    end_cycle,
    set_void,
    void_run,
)
from linkwatch.history.ledger import roots
from linkwatch.history.links import queue_due
from linkwatch.history.lookups import never_asked
from linkwatch.history.overrules import dead_in, note_covered
from linkwatch.history.saves import any_unsaved
from linkwatch.history.store import Store
from linkwatch.judging import judge_cycles
from linkwatch.model import Ending, Mark, Sign
from linkwatch.progress import Progress
from linkwatch.pruning import Pruned, after_a_cycle, step
from linkwatch.report.inert import terminal
from linkwatch.report.markdown import markdown_pieces
from linkwatch.report.summary import one_line, summarize
from linkwatch.report.write import refuse_foreign, write_atomically
from linkwatch.scan import Scanned, roots_of, scan
from linkwatch.void import why_void
from linkwatch.web.archived import archive_of
from linkwatch.web.limits import open_connections
from linkwatch.wiring import kept_whole, ledger_of, policy_of

if TYPE_CHECKING:
    from linkwatch.archiving import Archiving
    from linkwatch.asking import Asking

log = logging.getLogger("linkwatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a cycle."""

    checked: int
    dead: int  # mentioned and dead; with PATHs, in them
    postponed: int  # links whose hosts want to be left alone, or archives that are silent
    unfinished: int  # links for which there was no time
    void: str | None
    line: str  # how things stand


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
    open_ = desk_of(
        config,
        clock=clock,
        progress=progress,
        nameservers=nameservers,
        slots=min(config.check.concurrency, open_connections()),
    )
    async with open_ as desk:
        cycle_id = await desk.thread.run(_begin, desk.store, clock.utc_now())
        cycle = _Cycle(desk, cycle_id, chance=chance)
        try:
            return await cycle.run(paths, cwd=cwd, everything=everything)
        finally:
            await cycle.close()


def _begin(store: Store, now: datetime) -> int:
    """Open a cycle, after closing what a killed process left open."""
    for killed in close_aborted(store, now):
        why = why_void(comparisons(store, killed), voids=void_run(store, killed))
        set_void(store, killed, why)
    return begin_cycle(store, now)


class _Cycle:
    """One round. What asks the web and the archives is imported where there is somebody to ask:
    when nothing is due, it would be most of the cycle's work."""

    def __init__(self, desk: Desk, cycle_id: int, *, chance: Random) -> None:
        self._desk = desk
        self._config = desk.config
        self._store = desk.store
        self._thread = desk.thread
        self._clock = desk.clock
        self._policy = policy_of(desk.config)
        self._id = cycle_id
        self._chance = chance
        self._asks = False  # the web is asked in this cycle, or copies of pages are looked after

    @cached_property
    def _asking(self) -> Asking:
        from linkwatch.asking import Asking

        return Asking(self._desk, cycle_id=self._id, chance=self._chance)

    @cached_property
    def _archiving(self) -> Archiving:
        from linkwatch.archiving import Archiving

        return Archiving(self._desk)

    async def close(self) -> None:
        """Let go of everything."""
        if self._asks:
            await self._asking.copies.close()

    async def run(self, paths: Sequence[Path], *, cwd: Path, everything: bool) -> Result:
        run, store, clock = self._thread.run, self._store, self._clock
        started_at = clock.utc_now()
        until_s = clock.monotonic_s() + self._config.check.budget
        log.info("cycle=%d event=start", self._id)
        outlook = Outlook(postponed=0, unfinished=0)
        scanned: Scanned | None = None
        stopped = False
        try:
            scanned = await self._scan(paths, cwd, started_at)
            # What a killed one left, and a changed policy.
            await run(judge_cycles, store, self._policy, cycle_id=self._id, up_to=self._id - 1)
            notes = scanned.notes if paths else None
            due = await run(queue_due, store, started_at, everything=everything, notes=notes)
            keeping = self._config.archive.local or await run(any_pending, store)
            self._asks = due > 0 or keeping
            if self._asks:
                await self._asking.recall()
                outlook = await self._asking.ask(due, started_at, notes, until_s=until_s)
        except asyncio.CancelledError:
            stopped = True
        except Exception:
            await self._settle(hurry=True)
            await run(end_cycle, store, self._id, Ending.ABORTED, clock.utc_now())
            raise
        void = await self._settle(hurry=stopped)
        if self._asks and void is None:
            await self._asking.remember()
        ending = Ending.ABORTED if stopped else Ending.FINISHED
        checked = await run(end_cycle, store, self._id, ending, clock.utc_now())
        if stopped or scanned is None:
            raise asyncio.CancelledError
        line = await self._tell()
        if void is None:
            line = await self._rescue(line)
            line = await self._save(line)
            await self._roll_up()
        dead = await run(dead_in, store, scanned.notes if paths else None)
        log.info("cycle=%d event=end checked=%d dead=%d void=%s", self._id, checked, dead, void)
        return Result(
            checked=checked,
            dead=dead,
            postponed=outlook.postponed,
            unfinished=outlook.unfinished,
            void=void,
            line=line,
        )

    async def _settle(self, *, hurry: bool) -> str | None:
        """Judge what was found, unless it says more about us than about the web: why, if so."""
        run, store = self._thread.run, self._store
        void = await self._asking.why_void() if self._asks else None
        await run(set_void, store, self._id, void)
        if void is None:
            if self._asks:
                await run(self._look_at_ends)
            await run(judge_cycles, store, self._policy, cycle_id=self._id, up_to=self._id)
            await run(note_covered, store)
            if self._config.archive.enabled and (dead := await run(never_asked, store)):
                await run(self._archiving.queue, dead)
        if self._asks:
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
                tell=self._desk.progress.scanned,
            )
        finally:
            stop.set()
        for trouble in scanned.troubles:
            self._desk.progress.trouble(trouble)
        return scanned

    async def _rescue(self, line: str) -> str:
        """Ask the archives, now that the cycle is over and told: however long they take."""
        if not self._config.archive.enabled:
            return line
        try:
            now = self._clock.utc_now()
            wanted = await cite(self._thread, self._store, self._config, now)
            if not wanted:
                return line
            await self._archiving.rescue(wanted)
        except asyncio.CancelledError:
            await self._tell()
            raise
        await self._desk.keep_wishes()
        return await self._tell()

    async def _save(self, line: str) -> str:
        """Save pages before they die, where that is wanted; what was submitted survives us."""
        if self._config.archive.save == "none" and not await self._thread.run(
            any_unsaved, self._store
        ):
            return line
        from linkwatch.publishing import Publishing

        told = await Publishing(self._archiving).save()
        await self._desk.keep_wishes()
        return await self._tell() if told.news else line

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

    async def _tell(self) -> str:
        """Write the report; how things stand, in one line."""
        return await self._thread.run(self._report)

    def _report(self) -> str:
        path = self._config.report_path
        refuse_foreign(path)
        with self._store.reading():
            ledger = ledger_of(self._store, self._config)
            summary = summarize(ledger)
            write_atomically(path, markdown_pieces(ledger, summary, report_dir=path.parent))
            return one_line(summary)
