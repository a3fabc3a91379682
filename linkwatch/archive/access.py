"""The one door through which archives are asked.

A question waits here for its place in the service's budget and for the host's turn, has a time
limit, gets a second try where the first met a passing fault, and what its answer means for the
questions after it is learned: a 429 or a refused connection ends all asking of that archive, and
so does silence where it has not said a word yet.

Nothing here can hold up anything else: all of it ends when its time is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from linkwatch.archive.answers import ArchiveDown, ArchiveGarbled, Unasked
from linkwatch.archive.pace import Pace, Paces, Service
from linkwatch.archive.threads import NoThreadError
from linkwatch.clock import Clock
from linkwatch.errors import ArchiveBusy, ArchiveError
from linkwatch.model import Outcome
from linkwatch.web.hosts import Hosts, NotNowError
from linkwatch.web.retry import RetryPolicy, retrying

T = TypeVar("T")

log = logging.getLogger("linkwatch")

_LONG_S = 5.0  # a wait that a person who watches wants explained
_TOLD_EVERY_S = 10.0
_PATIENCE_S = 30.0  # waiting for a host's interval is fine, waiting for its back-off is not
_ONCE_MORE = RetryPolicy(tries=2, first_wait_s=2.0)
_NEVER_MORE = RetryPolicy(tries=1)


async def _keep_nothing() -> None:
    pass


def tell_nobody(what: str) -> None:
    """For those whom nobody watches."""


class Access:
    """What everything that asks archives shares, until its time is over."""

    def __init__(
        self,
        *,
        paces: Paces,
        hosts: Hosts,
        clock: Clock,
        ends_s: float,
        keep: Callable[[], Awaitable[None]] = _keep_nothing,
        waiting: Callable[[str], None] = tell_nobody,
    ) -> None:
        """`ends_s`: on the monotonic clock. `keep` writes the paces down; it is waited for before
        a request leaves, so that not even a killed process spends a budget twice. `waiting` hears
        what is being waited for, where that takes long."""
        self.paces = paces
        self.clock = clock
        self._hosts = hosts
        self._ends_s = ends_s
        self._keep = keep
        self._waiting = waiting
        self._told_s: float | None = None
        self._speaking: set[str] = set()  # archives that have answered anything
        self._silent: dict[str, set[Service]] = {}  # of the others: what was asked in vain

    @property
    def left_s(self) -> float:
        """Seconds until the time is over; negative, when it is."""
        return self._ends_s - self.clock.monotonic_s()

    async def ask(
        self,
        url: str,
        service: Service,
        question: Callable[[], Awaitable[T]],
        *,
        timeout_s: float,
        twice: bool = True,
        about: str | None = None,
    ) -> T | ArchiveError:
        """The answer to a question about which `url` is asked, or why there is none.

        `question` makes one request, and raises ArchiveError. `twice`: it may be put again.
        `about`: the page whose copy is asked for.
        """
        pace = self.paces.of(url)

        async def ask() -> T | ArchiveError:  # tenacity 9.2.1 does not await what a lambda returns
            return await self._once(pace, url, service, question, timeout_s)

        answer = await retrying(
            ask,
            again=lambda answer: isinstance(answer, ArchiveDown) and answer.passing,
            asked_s=lambda _answer: None,
            policy=_ONCE_MORE if twice else _NEVER_MORE,
            clock=self.clock,
            before_wait=lambda _answer, _wait_s: None,
        )
        await self._learn(pace, url, service, answer, about)
        return answer

    async def _once(
        self,
        pace: Pace,
        url: str,
        service: Service,
        question: Callable[[], Awaitable[T]],
        timeout_s: float,
    ) -> T | ArchiveError:
        if hindered := self.hindrance(url, service):
            return hindered
        endpoint = pace.endpoint(service)
        if (wait_s := endpoint.wait_s()) >= _LONG_S:
            self.tell(
                f"{pace.archive} ({service}) has had its share of questions for this minute:"
                f" waiting for {wait_s:.0f} s"
            )
        place_s = await endpoint.place(until_s=self._ends_s)
        if place_s is None:
            return Unasked(Outcome.QUEUED, "there was no time left to ask")
        await self._keep()
        if hindered := self.hindrance(url, service):  # another question met one meanwhile
            return hindered
        try:
            async with self._hosts.turn(url, patience_s=_PATIENCE_S):
                endpoint.left(place_s)
                return await self._timed(pace, service, question, timeout_s)
        except NotNowError as exc:
            return self.hindrance(url, service) or Unasked(
                Outcome.RATE_LIMITED, str(exc), wait_s=exc.wait_s
            )

    def hindrance(self, url: str, service: Service) -> Unasked | None:
        """Why a service is not to be asked now, if it is not."""
        pace = self.paces.of(url)
        stop = pace.stopped() or pace.endpoint(service).resting()
        if stop:
            wait_s = stop.until_s - self.clock.monotonic_s()
            return Unasked(stop.outcome, stop.detail, wait_s=wait_s)
        wait_s = self._hosts.wait_s(url)
        if wait_s > _PATIENCE_S:  # told so by somebody who checked a link there
            return Unasked(
                Outcome.RATE_LIMITED, "the archive wants to be left alone", wait_s=wait_s
            )
        return None

    def tell(self, what: str) -> None:
        """Say what is being waited for, unless something was said just now."""
        now_s = asyncio.get_running_loop().time()
        if self._told_s is None or now_s - self._told_s >= _TOLD_EVERY_S:
            self._told_s = now_s
            self._waiting(what)

    async def _timed(
        self, pace: Pace, service: Service, question: Callable[[], Awaitable[T]], timeout_s: float
    ) -> T | ArchiveError:
        """The answer to a question that leaves now; a wait for it is told, and all is logged."""
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        what = f"waiting for {pace.archive} to answer ({service}, {timeout_s:.0f} s at most)"
        telling = loop.call_later(_LONG_S, self.tell, what)
        try:
            answer = await self._in_time(question, timeout_s)
        finally:
            telling.cancel()
        said = repr(str(answer)) if isinstance(answer, ArchiveError) else "ok"
        log.debug(
            "archive asked=%s service=%s ms=%d said=%s",
            *(pace.archive, service, 1000 * (loop.time() - start_s), said),
        )
        return answer

    async def _in_time(
        self, question: Callable[[], Awaitable[T]], timeout_s: float
    ) -> T | ArchiveError:
        limit_s = min(timeout_s, self.left_s)
        if limit_s <= 0:
            return Unasked(Outcome.QUEUED, "there was no time left to ask")
        try:
            return await asyncio.wait_for(question(), limit_s)
        except TimeoutError:
            if limit_s < timeout_s:
                return Unasked(Outcome.QUEUED, "the archive had no time left to answer")
            return ArchiveDown("the archive did not answer in time", silent=True)
        except NoThreadError:
            return ArchiveDown("earlier questions to the archive still hang", silent=True)
        except ArchiveError as exc:
            return exc

    async def _learn(
        self, pace: Pace, url: str, service: Service, answer: object, about: str | None
    ) -> None:
        """What an answer means for the questions after it."""
        endpoint = pace.endpoint(service)
        match answer:
            case Unasked():
                return
            case ArchiveBusy():
                self._stop(pace, url, Outcome.RATE_LIMITED, answer.retry_after_s, str(answer))
            case ArchiveDown() if answer.shut or answer.retry_after_s:
                self._stop(pace, url, Outcome.UNAVAILABLE, answer.retry_after_s, str(answer))
            case ArchiveDown() if answer.silent and self._mute(pace, service):
                self._stop(pace, url, Outcome.UNAVAILABLE, None, str(answer))
            case ArchiveDown():
                endpoint.failed(Outcome.UNAVAILABLE, str(answer), silent=answer.silent, about=about)
            case ArchiveGarbled():
                endpoint.failed(Outcome.MALFORMED, str(answer), about=about)
            case _:
                self._speaking.add(pace.archive)
                endpoint.answered()
                pace.answered()
                return
        await self._keep()

    def _mute(self, pace: Pace, service: Service) -> bool:
        """Whether an archive said nothing to anything so far: to two services, or its only one."""
        if pace.archive in self._speaking:
            return False
        silent = self._silent.setdefault(pace.archive, set())
        silent.add(service)
        return len(silent) > 1 or len(pace.endpoints) <= 2

    def _stop(
        self, pace: Pace, url: str, outcome: Outcome, asked_s: float | None, detail: str
    ) -> None:
        seconds = pace.stop(outcome, asked_s, detail)
        for one in {url, *self.paces.addresses(pace)}:
            self._hosts.back_off(one, seconds)
