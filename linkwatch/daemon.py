"""The service: an alarm clock that runs cycles.

APScheduler only says when; a tick during a cycle is folded into the next one. The work itself is
ours to finish or to drop: at SIGTERM the cycle is cancelled, which keeps all that was done.

A cycle that came to nothing, since our network or our disk failed it, is tried again long before a
weekly schedule would: soon, then more and more patiently.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from linkwatch.clock import Clock
from linkwatch.config import Config
from linkwatch.crontab import parse
from linkwatch.cycle import run_cycle
from linkwatch.errors import LinkwatchError
from linkwatch.notify import Notifier, watchdog_s
from linkwatch.report.inert import terminal
from linkwatch.settings import Schedule
from linkwatch.watch import Silent

log = logging.getLogger("linkwatch")

_FIRST_RETRY_S = 600.0
_LONGEST_RETRY_S = 3600.0
_GLANCE_S = 60.0  # how late a tick may be that came while the machine slept


class Daemon:
    """One service, from its start to SIGTERM."""

    def __init__(self, load: Callable[[], Config], *, cwd: Path, clock: Clock) -> None:
        """`load` reads the configuration: now, and at every SIGHUP. Raises ConfigError here."""
        self._load = load
        self._config = load()
        self._cwd = cwd
        self._clock = clock
        self._notifier = Notifier()
        self._wake = asyncio.Event()
        self._scheduler: Any = None
        self._main: asyncio.Task[None] | None = None
        self._stopping = False
        self._retry_s = _FIRST_RETRY_S

    async def run(self) -> None:
        """Run cycles until SIGTERM, which ends it in good order; Ctrl-C ends it as any command."""
        loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        if sys.platform != "win32":
            loop.add_signal_handler(signal.SIGTERM, self._stop)
            loop.add_signal_handler(signal.SIGHUP, self._reload)
        self._scheduler = AsyncIOScheduler(event_loop=loop)
        self._plan()
        self._scheduler.start()
        beside = [asyncio.create_task(self._pulse()), asyncio.create_task(self._glance())]
        self._notifier.ready("started")
        self._wake.set()  # one cycle at the start: an interval first fires after its whole length
        try:
            while not self._stopping:
                await self._wake.wait()
                self._wake.clear()
                self._forget_retry()
                if await self._cycle():
                    self._retry_s = _FIRST_RETRY_S
                else:
                    self._try_again()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        finally:
            self._notifier.stopping()
            for task in beside:
                task.cancel()
            self._scheduler.shutdown(wait=False)
            log.info("event=stopped")

    def _plan(self) -> None:
        """Put the configured schedule in the place of any before, and of any retry."""
        self._scheduler.remove_all_jobs()
        self._retry_s = _FIRST_RETRY_S
        self._set("schedule", trigger_of(self._config.schedule))

    def _set(self, alarm: str, trigger: Any) -> None:
        self._scheduler.add_job(
            self._tick,
            trigger,
            id=alarm,
            replace_existing=True,
            misfire_grace_time=None,  # a late wake-up still runs: the default drops it after 1 s
            coalesce=True,
        )

    def _try_again(self) -> None:
        """Don't leave it at a cycle that came to nothing until the schedule comes round."""
        wait_s = min(self._retry_s, self._config.schedule.every or self._retry_s)
        self._retry_s = min(2 * self._retry_s, _LONGEST_RETRY_S)
        self._set("retry", DateTrigger(self._clock.utc_now() + timedelta(seconds=wait_s)))
        log.info("event=retry in_s=%d", wait_s)

    def _forget_retry(self) -> None:
        if self._scheduler.get_job("retry") is not None:
            self._scheduler.remove_job("retry")

    async def _tick(self) -> None:  # a plain function would be called in another thread
        self._wake.set()

    def _stop(self) -> None:
        self._stopping = True
        if self._main is not None:
            self._main.cancel()

    def _reload(self) -> None:
        self._notifier.reloading()
        try:
            config = self._load()
        except LinkwatchError as exc:
            log.error("event=reload result=refused why=%s", terminal(str(exc)))
            self._notifier.ready("the new configuration is bad; the old one stays")
            return
        self._config = config
        self._plan()
        self._wake.set()
        log.info("event=reload result=done")
        self._notifier.ready("configuration reloaded")

    async def _cycle(self) -> bool:
        """One cycle; what goes wrong with it is told. False if it is to be tried again soon."""
        self._notifier.status("checking")
        try:
            result = await run_cycle(
                self._config,
                cwd=self._cwd,
                clock=self._clock,
                progress=Silent(),
            )
        except LinkwatchError as exc:
            log.error("event=cycle result=failed why=%s", terminal(str(exc)))
            self._notifier.status(f"the last cycle failed: {exc}")
            return False
        except Exception:  # a bug must not end the service: the next tick is another chance
            log.exception("event=cycle result=bug")
            self._notifier.status("the last cycle failed: a bug, see the log")
            return True
        if result.void is not None:
            log.warning("event=cycle result=void why=%s", terminal(result.void))
            self._notifier.status(f"the last cycle does not count: {result.void}")
            return False
        self._notifier.status(result.line)
        return True

    async def _pulse(self) -> None:
        """Tell the watchdog that the event loop turns."""
        every_s = watchdog_s()
        while every_s is not None:
            self._notifier.alive()
            await self._clock.sleep(every_s)

    async def _glance(self) -> None:
        """Look at the wall clock now and then.

        Timers stand still while a laptop sleeps: the scheduler's own would make a weekly tick late
        by all the nights in between.
        """
        while True:
            await asyncio.sleep(_GLANCE_S)
            self._scheduler.wakeup()


def trigger_of(schedule: Schedule) -> Any:
    """APScheduler's trigger for a configured schedule, in local time."""
    if schedule.cron is None:
        assert schedule.every is not None
        return IntervalTrigger(seconds=max(1, round(schedule.every)))
    cron = parse(schedule.cron)
    time = {"minute": cron.minute, "hour": cron.hour, "month": cron.month}
    if cron.either_day:
        by_day = CronTrigger(**time, day=cron.day)
        return OrTrigger([by_day, CronTrigger(**time, day_of_week=cron.day_of_week)])
    return CronTrigger(**time, day=cron.day, day_of_week=cron.day_of_week)
