"""One round: scan the notes, check what is due, judge, rescue, report.

The rim of the house: it wires the wings together and decides nothing itself.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from linkwatch.archive.rescue import Pace, rescue
from linkwatch.checker.fetch import Fetcher
from linkwatch.checker.sweep import sweep
from linkwatch.clock import Clock
from linkwatch.config import Config
from linkwatch.errors import LinkwatchError
from linkwatch.evidence import Weight, weigh
from linkwatch.history.checks import (
    DueLink,
    any_answer,
    due,
    not_before,
    save_not_before,
    witnesses,
)
from linkwatch.history.cycles import (
    begin_cycle,
    close_aborted,
    comparisons,
    end_cycle,
    mark_judged,
    set_void,
)
from linkwatch.history.ledger import roots
from linkwatch.history.lookups import bereft, save_lookup
from linkwatch.history.mentions import dead_in
from linkwatch.history.store import Store, one_at_a_time
from linkwatch.history.verdicts import Judged, save_verdicts, unjudged
from linkwatch.history.writer import ResultWriter, StoreThread
from linkwatch.model import CheckResult, Ending, Ledger, Lookup, Outcome, State
from linkwatch.notes.vault import Trouble
from linkwatch.report.markdown import render_markdown
from linkwatch.report.write import refuse_foreign, write_atomically
from linkwatch.scan import Scanned, roots_of, scan
from linkwatch.verdict import judge, next_check, skipped
from linkwatch.void import why_void
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts
from linkwatch.web.limits import open_connections
from linkwatch.wiring import archives_of, ledger_of, manners_of, policy_of

log = logging.getLogger("linkwatch")

_WAITING_A_SLOT = 4  # checks under way for each request under way: the others wait for something
_RESCUE_BUDGET_S = 120.0  # what was not asked by then is asked in the next cycle
_WORTH_KEEPING_S = 5.0  # shorter wishes of hosts are over before the next cycle


class Progress(Protocol):
    """Who watches a cycle. Called from the event loop, but `scanned` from the store's thread."""

    def scanned(self, notes: int) -> None:
        """So many notes have been looked at."""

    def trouble(self, trouble: Trouble) -> None:
        """Something below the notes could not be read."""

    def checking(self, links: int) -> None:
        """So many links are about to be checked."""

    def saved(self, results: Sequence[CheckResult]) -> None:
        """These checks are done, and on disk."""

    def rescuing(self, links: int) -> None:
        """The archives are about to be asked for so many dead links."""

    def rescued(self, url: str, lookup: Lookup) -> None:
        """An archive answered, or could not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a cycle."""

    checked: int
    dead: int  # mentioned and dead; with PATHs, in them
    postponed: int  # links whose hosts want to be left alone for now
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
    pace: Pace | None = None,
    nameservers: Sequence[str] = (),
) -> Result:
    """One cycle on the configured database, alone on it.

    `paths`: only these notes (relative to `cwd`); `everything`: what is not due too; `pace`: the
    archive's budgets, where they outlive the cycle; `nameservers`: in place of the system's.
    Cancelling it keeps all that was done. Raises LinkwatchError.
    """
    refuse_foreign(config.report_path)  # before an hour of work, and again before writing
    thread = StoreThread()
    try:
        with one_at_a_time(config.database):
            store = await thread.run(Store, config.database)
            try:
                cycle = _Cycle(config, store, thread, clock, progress, nameservers)
                return await cycle.run(paths, cwd=cwd, everything=everything, pace=pace)
            finally:
                await thread.run(store.close)
    finally:
        thread.close()


class _Cycle:
    def __init__(
        self,
        config: Config,
        store: Store,
        thread: StoreThread,
        clock: Clock,
        progress: Progress,
        nameservers: Sequence[str],
    ) -> None:
        self._config = config
        self._store = store
        self._thread = thread
        self._clock = clock
        self._progress = progress
        self._nameservers = nameservers
        self._policy = policy_of(config)
        self._slots = min(config.check.concurrency, open_connections())
        self._hosts = Hosts(manners_of(config), slots=self._slots, clock=clock)
        self._id = 0

    async def run(
        self, paths: Sequence[Path], *, cwd: Path, everything: bool, pace: Pace | None
    ) -> Result:
        run, store, clock = self._thread.run, self._store, self._clock
        started_at = clock.utc_now()
        for killed in await run(close_aborted, store, started_at):
            why = why_void(await run(comparisons, store, killed))
            await run(set_void, store, killed, why)
        self._id = await run(begin_cycle, store, started_at)
        log.info("cycle=%d event=start", self._id)
        await self._heed_hosts(started_at)
        postponed: tuple[str, ...] = ()
        scanned: Scanned | None = None
        stopped = False
        try:
            scanned = await self._scan(paths, cwd, started_at)
            await run(self._judge, self._id - 1)  # what a killed one left, a changed policy
            notes = scanned.notes if paths else None
            links = await run(due, store, started_at, everything=everything, notes=notes)
            postponed = await self._check(links)
            if links and not await run(any_answer, store, self._id):
                # Failing links are due daily, often alone: is it they that are silent, or we?
                await self._check(await run(witnesses, store, self._id, started_at, notes=notes))
        except asyncio.CancelledError:
            stopped = True
        except Exception:
            await self._settle()
            await run(end_cycle, store, self._id, Ending.ABORTED, clock.utc_now())
            raise
        void = await self._settle()
        if void is None and not stopped:
            try:
                await self._rescue(pace)
            except asyncio.CancelledError:
                stopped = True
        await self._remember_hosts()
        ending = Ending.ABORTED if stopped else Ending.FINISHED
        await run(end_cycle, store, self._id, ending, clock.utc_now())
        if stopped or scanned is None:
            raise asyncio.CancelledError
        ledger = await run(ledger_of, store, self._config)
        await run(self._report, ledger)
        dead = await run(dead_in, store, scanned.notes if paths else None)
        checked = ledger.cycle.checked if ledger.cycle else 0
        log.info("cycle=%d event=end checked=%d dead=%d void=%s", self._id, checked, dead, void)
        return Result(
            checked=checked, dead=dead, postponed=len(postponed), void=void, ledger=ledger
        )

    async def _settle(self) -> str | None:
        """Judge what was found, unless it says more about us than about the web: why, if so."""
        void = why_void(await self._thread.run(comparisons, self._store, self._id))
        await self._thread.run(set_void, self._store, self._id, void)
        if void is None:
            await self._thread.run(self._judge, self._id)
        return void

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

    async def _check(self, links: Sequence[DueLink]) -> tuple[str, ...]:
        """Ask all the links; those that were left for the next cycle."""
        if not links:
            return ()
        self._progress.checking(len(links))
        config, clock = self._config, self._clock
        never_alive = {link.url for link in links if link.never_alive}

        def doubtful(result: CheckResult) -> bool:
            return result.url in never_alive and weigh(result).weight is Weight.HARD

        writer = ResultWriter(
            self._store,
            self._thread,
            cycle_id=self._id,
            ids={link.url: link.id for link in links},
            saved=self._progress.saved,
        )
        try:
            async with Client(
                allow_private=config.check.allow_private_networks,
                proxy=config.check.proxy,
                nameservers=self._nameservers,
            ) as client:
                outlook = await sweep(
                    [link.url for link in links],
                    fetcher=Fetcher(
                        client=client,
                        hosts=self._hosts,
                        clock=clock,
                        max_redirects=config.check.max_redirects,
                    ),
                    hand=writer.put,
                    doubtful=doubtful,
                    at_once=self._slots * _WAITING_A_SLOT,
                )
        except BaseExceptionGroup as group:
            raise _first(group) from group
        finally:
            await writer.close()
        return outlook.postponed

    async def _heed_hosts(self, now: datetime) -> None:
        """Leave those alone that asked for it in an earlier cycle."""
        for host, until in (await self._thread.run(not_before, self._store, now)).items():
            self._hosts.hold(host, (until - now).total_seconds())

    async def _remember_hosts(self) -> None:
        now = self._clock.utc_now()
        wishes = {
            host: now + timedelta(seconds=wait_s)
            for host, wait_s in self._hosts.backing_off().items()
            if wait_s > _WORTH_KEEPING_S
        }
        await self._thread.run(save_not_before, self._store, wishes, now)

    def _judge(self, up_to: int) -> None:
        """Bring the cached verdicts up to date with the checks of all cycles up to this one.

        Runs in the store's thread.
        """
        policy = self._policy
        digest = policy.digest
        batch: list[Judged] = []
        for case in unjudged(self._store, digest):
            verdict = skipped(case.url, policy) or judge(case.results, policy)
            real = [result for result in case.results if not result.inferred]
            again = None
            if case.last_cycle_at is not None and verdict.state is not State.SKIPPED:
                again = next_check(verdict.state, case.last_cycle_at, policy)
            batch.append(
                Judged(
                    link_id=case.link_id,
                    verdict=verdict,
                    policy=digest,
                    last_check_id=case.last_check_id,
                    last_check=real[-1].at if real else None,
                    next_check=again,
                    checks=len(real),
                )
            )
        save_verdicts(self._store, self._id, batch)
        mark_judged(self._store, up_to=up_to)

    async def _rescue(self, pace: Pace | None) -> None:
        config, clock = self._config, self._clock
        if not config.archive.enabled:
            return
        wanted = await self._thread.run(bereft, self._store, clock.utc_now())
        if not wanted:
            return
        self._progress.rescuing(len(wanted))

        async def found(url: str, lookup: Lookup) -> None:
            await self._thread.run(save_lookup, self._store, url, lookup, clock.utc_now())
            if lookup.outcome is not Outcome.QUEUED:
                self._progress.rescued(url, lookup)

        await rescue(
            wanted,
            archives=archives_of(config),
            hosts=self._hosts,
            clock=clock,
            found=found,
            budget_s=_RESCUE_BUDGET_S,
            pace=pace,
        )

    def _report(self, ledger: Ledger) -> None:
        path = self._config.report_path
        refuse_foreign(path)
        write_atomically(path, render_markdown(ledger, report_dir=path.parent))


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The exception to speak of, of several that ended a sweep together."""
    ours = group.subgroup(LinkwatchError)
    found: BaseException = ours or group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
