"""Many links, in a good order.

One request to every host first, and no second until it has answered; then the host with the
longest queue. So everything overlaps that can, and a host that never answers costs one timeout,
after which we know about all its links: they get the same result, marked `inferred`.

A single slow page must not silence its whole host. Where the first request was taken but stays
unanswered for half its time, one more link of that host is asked; only if that is silent as well
by the end of the first one's time, the host counts as silent. So does one that did answer, and
then let many links in a row wait in vain.

An archive is not one site: of its copies one may take a minute and the next a second. It takes as
many links in a row to call it silent, and then the others are left for the next cycle.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from linkwatch.checker.fetch import Fetcher
from linkwatch.evidence import Weight, weigh
from linkwatch.model import CheckResult, Fault
from linkwatch.web.archived import archive_of
from linkwatch.web.hosts import NotNowError
from linkwatch.web.url import host_of

_TIMEOUTS_IN_A_ROW = 8  # then a host that used to answer counts as silent
Hand = Callable[[CheckResult], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a sweep left behind."""

    postponed: tuple[str, ...]  # their hosts want to be left alone, or are archives and silent


class _Host:
    """One host's part of a sweep."""

    __slots__ = (
        *("archive", "asked", "key", "open", "queue", "running", "second", "silent", "timer"),
        "unheard",
    )

    def __init__(self, key: str, *, archive: bool) -> None:
        self.key = key
        self.archive = archive
        self.queue: deque[str] = deque()
        self.running: dict[str, asyncio.Task[None]] = {}
        self.asked: set[str] = set()  # of those that run: the others wait for their turn
        self.open = False  # it answered: from now on as many at a time as its manners allow
        self.silent = False
        self.unheard = 0  # timeouts since its last answer
        self.timer: asyncio.TimerHandle | None = None
        self.second = False  # it is time for a second link, though the first has no answer


class Sweep:
    """One pass over some links. Use once."""

    def __init__(self, fetcher: Fetcher, hand: Hand, *, at_once: int) -> None:
        """`hand` gets every result as it comes, and is waited for. `at_once` bounds the checks
        under way, those included that wait for a turn or a retry."""
        self._fetcher = fetcher
        self._hand = hand
        self._places = asyncio.Semaphore(at_once)
        self._hosts: dict[str, _Host] = {}
        self._untried: deque[_Host] = deque()
        self._longest: list[tuple[int, int, _Host]] = []  # a heap; stale entries are skipped
        self._pushes = 0
        self._under_way = 0
        self._news = asyncio.Event()
        self._postponed: list[str] = []

    async def run(self, links: Iterable[str]) -> Outlook:
        """Check every link. Cancelling it stops at once; results not handed over are lost."""
        for link in dict.fromkeys(links):
            key = host_of(link)
            if key not in self._hosts:
                archive = archive_of(link, self._fetcher.wayback_url) is not None
                self._hosts[key] = _Host(key, archive=archive)
            self._hosts[key].queue.append(link)
        self._untried.extend(sorted(self._hosts.values(), key=lambda h: -len(h.queue)))
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._places.acquire()
                    host = await self._next()
                    if host is None:
                        break
                    self._start(group, host)
        finally:
            for host in self._hosts.values():
                if host.timer is not None:
                    host.timer.cancel()
        return Outlook(postponed=tuple(self._postponed))

    async def _next(self) -> _Host | None:
        """The host whose link goes next; None when all is done."""
        while True:
            if self._untried:
                return self._untried.popleft()
            while self._longest:
                length, _, host = heapq.heappop(self._longest)
                if -length == len(host.queue) and self._may_start(host):
                    return host
            if not self._under_way:
                return None
            self._news.clear()
            await self._news.wait()

    def _may_start(self, host: _Host) -> bool:
        if not host.queue or host.silent:
            return False
        limit = self._fetcher.hosts.manners(host.queue[0]).concurrency
        return len(host.running) < (limit if host.open else min(limit, 1 + host.second))

    def _offer(self, host: _Host) -> None:
        if self._may_start(host):
            self._pushes += 1
            heapq.heappush(self._longest, (-len(host.queue), self._pushes, host))
        self._news.set()

    def _start(self, group: asyncio.TaskGroup, host: _Host) -> None:
        link = host.queue.popleft()
        self._under_way += 1
        task = host.running[link] = group.create_task(self._check(host, link))
        # Not at the end of the coroutine: a task that is cancelled before its first step has none.
        task.add_done_callback(lambda _task: self._finished(host, link))
        if host.open:
            self._offer(host)
        elif host.timer is None and host.queue:
            half_s = self._fetcher.hosts.manners(link).timeout_s / 2
            loop = asyncio.get_running_loop()
            host.timer = loop.call_later(half_s * 1.05, self._ask_a_second, host)

    def _ask_a_second(self, host: _Host) -> None:
        host.second = True
        self._offer(host)

    def _heard(self, url: str) -> None:
        """An answer came from a host, to one of its own links or at the end of a redirect."""
        host = self._hosts.get(host_of(url))
        if host is not None:
            host.unheard = 0
            if not host.open:
                host.open = True
                self._offer(host)

    async def _check(self, host: _Host, link: str) -> None:
        try:
            sent = partial(host.asked.add, link)
            result = await self._fetcher.check(link, self._heard, sent)
        except NotNowError:
            if link in host.running:
                self._postpone(host, link)
            return
        except asyncio.CancelledError:
            if link in host.running:
                raise
            return  # its result has been inferred
        if host.running.pop(link, None) is not None:
            await self._learn(host, result)

    def _finished(self, host: _Host, link: str) -> None:
        host.running.pop(link, None)
        host.asked.discard(link)
        self._under_way -= 1
        self._places.release()
        self._offer(host)

    def _postpone(self, host: _Host, link: str) -> None:
        self._postponed.append(link)
        if self._fetcher.hosts.wait_s(link) > self._fetcher.retry.longest_wait_s:
            self._postponed.extend(host.queue)
            host.queue.clear()

    async def _learn(self, host: _Host, result: CheckResult) -> None:
        """Hand a result over, and take from it what it says of the host's other links."""
        timed_out = not result.hops and result.fault is Fault.TIMEOUT
        if timed_out:
            host.unheard += 1
        if timed_out and self._is_silent(host):
            host.silent = True
            others = [*host.running, *host.queue]
            host.queue.clear()
            for task in host.running.values():
                task.cancel()
            host.running.clear()
            await self._hand(result)
            if host.archive:
                self._postponed.extend(others)
                return
            for link in others:
                await self._hand(replace(_unasked(result, link), inferred=True))
        elif not result.hops and result.fault is Fault.DNS:
            # The name system was asked about the name, and the name is all these links': its
            # answer is a fact about each of them, not an inference.
            same = list(host.queue)
            host.queue.clear()
            await self._hand(result)
            for link in same:
                await self._hand(_unasked(result, link))
        else:
            if not timed_out:
                host.open = True
            await self._hand(result)

    def _is_silent(self, host: _Host) -> bool:
        if host.open or host.archive:
            return host.unheard >= _TIMEOUTS_IN_A_ROW
        alone = host.second and host.unheard == 1 and not host.asked & host.running.keys()
        return not (alone and (host.queue or host.running))  # else a second one goes first


def _unasked(result: CheckResult, link: str) -> CheckResult:
    """What a result says of another link of the same host."""
    return replace(result, url=link, attempts=0, elapsed_ms=0, final_url=None)


async def sweep(
    links: Iterable[str],
    *,
    fetcher: Fetcher,
    hand: Hand,
    doubtful: Callable[[CheckResult], bool],
    at_once: int,
) -> Outlook:
    """Check all links and hand over each result as it comes.

    A result that `doubtful` picks is handed over at once too, and its link asked a second time
    when all others are done; if the second answer says the same kind of thing, the result is
    handed over again as `confirmed`, and if the link now answers, that answer takes its place.
    """
    first: dict[str, CheckResult] = {}
    answered = False

    async def note_doubt(result: CheckResult) -> None:
        nonlocal answered
        answered = answered or result.status is not None or bool(result.hops)
        if not result.inferred and doubtful(result):
            first[result.url] = result
        await hand(result)

    async def settle(second: CheckResult) -> None:
        before = first[second.url]
        attempts = before.attempts + second.attempts
        if second.inferred:
            return
        if second.fault is Fault.DNS and not answered:
            return  # a name system that denies every name, as some do offline, proves nothing
        if doubtful(second):
            await hand(replace(second, at=before.at, attempts=attempts, confirmed=True))
        elif weigh(second).weight is Weight.HEALTHY:
            await hand(replace(second, attempts=attempts))

    outlook = await Sweep(fetcher, note_doubt, at_once=at_once).run(links)
    if first:
        await fetcher.client.resolver.forget_failures()
        fetcher.unanswered.clear()
        await Sweep(fetcher, settle, at_once=at_once).run(list(first))
    return outlook
