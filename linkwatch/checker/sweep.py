"""Many links, in a good order.

One request to every host first, and no second until it has answered; then the host with the
longest queue. Only who would keep us waiting in the end goes on as soon as it has answered. So
everything overlaps that can, and a host that never answers costs one timeout, after which we know
about all its links: they get the same result, marked `inferred`.

A host's second connection is opened where no other host could use the slot, or where over one its
queue would not be done a timeout after the beginning: any sweep may last as long as that. Else its
next request waits for the connection that it has, which costs neither side a handshake.

No check is begun while we are late ourselves (`web.headroom`). Hops and retries go before first
requests (`web.slots`), so that what was begun comes to its end.

A single slow page must not silence its whole host. Where the first request was taken but stays
unanswered for half its time, one more link of that host is asked; only if that is silent as well
by the end of the first one's time, the host counts as silent. So does one that did answer, and
then let many links in a row wait in vain.

An archive is not one site: of its copies one may take a minute and the next a second. It takes as
many links in a row to call it silent, and then the others are left for the next cycle.

Links are taken from their source as they are needed, so that memory grows with the hosts that are
under way and not with the links that are due.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial

from linkwatch.checker.fetch import Fetcher
from linkwatch.checker.source import Listed, Outlook, Source
from linkwatch.evidence import Weight, weigh
from linkwatch.model import CheckResult, Fault
from linkwatch.web.archived import archive_of
from linkwatch.web.hosts import NotNowError
from linkwatch.web.url import host_of

_TIMEOUTS_IN_A_ROW = 8  # then a host that used to answer counts as silent
_HOSTS_A_LOAD = 256  # enough for all slots, in one query
_FIRST = 16  # links that come with a host: most have no more
_LOW = 8  # then more are loaded: seconds before the last one is asked, at the pace that is polite
_A_LOAD = 8192  # links in one query, of all hosts that need more; some MB
Hand = Callable[[CheckResult], Awaitable[None]]


class _Host:
    """One host's part of a sweep."""

    __slots__ = (
        *("archive", "asked", "filling", "key", "left", "long", "open", "queue", "running"),
        *("second", "served", "served_s", "silent", "taken", "timer", "unheard"),
    )

    def __init__(self, key: str, queue: deque[str], left: int, *, archive: bool) -> None:
        self.key = key
        self.archive = archive
        self.queue = queue
        self.taken = len(queue)
        self.left = left  # links that are still in the source
        self.filling = False
        self.running: dict[str, asyncio.Task[None]] = {}
        self.asked: set[str] = set()  # of those that run: the others wait for their turn
        self.open = False  # it answered: from now on as many at a time as its manners allow
        self.silent = False
        self.unheard = 0  # timeouts since its last answer
        self.long = False  # see `_is_long`
        self.served = 0  # links that were checked
        self.served_s = 0.0  # what they took
        self.timer: asyncio.TimerHandle | None = None
        self.second = False  # it is time for a second link, though the first has no answer

    @property
    def waiting(self) -> int:
        """How many of its links have not been started."""
        return len(self.queue) + self.left


class _Longest:
    """Hosts by the length of their queues. What is out of date is passed over when it comes up."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, _Host]] = []
        self._pushes = 0

    def push(self, host: _Host) -> None:
        self._pushes += 1
        heapq.heappush(self._heap, (-host.waiting, self._pushes, host))

    def pop(self, may_start: Callable[[_Host], bool]) -> _Host | None:
        while self._heap:
            length, _, host = heapq.heappop(self._heap)
            if -length == host.waiting and may_start(host):
                return host
        return None


class Sweep:
    """One pass over some links. Use once."""

    def __init__(
        self,
        fetcher: Fetcher,
        hand: Hand,
        *,
        at_once: int,
        done: Callable[[str], None] = lambda _host: None,
        until_s: float = float("inf"),
    ) -> None:
        """`hand` gets every result as it comes, and is waited for. `at_once` bounds the checks
        under way, those included that wait for a turn or a retry. `done` is told the key of a host
        that has no more links. At `until_s` (monotonic) no further check is started."""
        self._fetcher = fetcher
        self._hand = hand
        self._done = done
        self._until_s = until_s
        self._places = asyncio.Semaphore(at_once)
        self._hosts: dict[str, _Host] = {}  # those under way
        self._untried: deque[tuple[str, int]] = deque()
        self._fresh: deque[_Host] = deque()  # with their first links, and not asked yet
        self._idle = _Longest()  # hosts of which nothing is under way
        self._busy = _Longest()
        self._long = _Longest()  # hosts that would keep us waiting, if asked one by one
        self._low: deque[_Host] = deque()  # with more links in the source than in their queues
        self._filler: asyncio.Task[None] | None = None
        self._early: set[str] = set()  # hosts that answered, at the end of a redirect, before
        self._under_way = 0
        self._news = asyncio.Event()
        self._postponed = 0
        self._unfinished = 0

    async def run(self, source: Source) -> Outlook:
        """Check every link. Cancelling it stops at once; results not handed over are lost."""
        self._source = source
        self._began_s = self._fetcher.clock.monotonic_s()
        self._untried.extend(await source.hosts())
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                watch = group.create_task(self._fetcher.hosts.headroom.watch())
                while True:
                    await self._places.acquire()
                    await self._fetcher.hosts.room()
                    host = await self._next()
                    if host is None:
                        break
                    self._start(host)
                watch.cancel()
        finally:
            for host in self._hosts.values():
                if host.timer is not None:
                    host.timer.cancel()
        return Outlook(postponed=self._postponed, unfinished=self._unfinished)

    async def _next(self) -> _Host | None:
        """The host whose link goes next; None when all is done."""
        while True:
            if self._fetcher.clock.monotonic_s() >= self._until_s:
                self._leave_the_rest()
            host = self._long.pop(self._may_start)
            if host is not None:
                return host
            if not self._fresh and self._untried:
                await self._load()
            if self._fresh:
                host = self._fresh.popleft()
                if host.running or not self._may_start(host):
                    continue  # a redirect led there meanwhile, and it went ahead
                return host
            host = self._idle.pop(self._may_start)
            if host is None and not self._fetcher.hosts.all_taken():
                host = self._busy.pop(self._may_start)
            if host is not None:
                return host
            if not self._under_way:
                return None
            self._news.clear()
            await self._news.wait()

    def _leave_the_rest(self) -> None:
        self._unfinished += sum(count for _, count in self._untried)
        self._untried.clear()
        self._fresh.clear()
        for host in self._hosts.values():
            self._unfinished += host.waiting
            host.queue.clear()
            host.left = 0

    async def _load(self) -> None:
        """The next hosts that were not asked yet, with their first links."""
        some = dict(self._untried.popleft() for _ in range(min(_HOSTS_A_LOAD, len(self._untried))))
        found = await self._source.take(dict.fromkeys(some, 0), _FIRST)
        for key, count in some.items():
            queue = deque(found.get(key, ()))
            if not queue:
                continue
            archive = archive_of(queue[0], self._fetcher.wayback_url) is not None
            host = _Host(key, queue, count - len(queue), archive=archive)
            if key in self._early:
                self._early.discard(key)
                host.open = True
            self._hosts[key] = host
            self._fresh.append(host)

    def _fill(self, host: _Host) -> None:
        """See to it that a host's queue does not run dry."""
        if host.left and not host.filling and len(host.queue) < _LOW:
            host.filling = True
            self._low.append(host)
            if self._filler is None:
                self._under_way += 1
                self._filler = self._group.create_task(self._fill_all())
                self._filler.add_done_callback(lambda _task: self._filled())

    def _filled(self) -> None:
        self._filler = None
        self._under_way -= 1
        self._news.set()

    async def _fill_all(self) -> None:
        """Fill the queues that are low, many with one query."""
        while self._low:
            some = [self._low.popleft() for _ in range(min(_HOSTS_A_LOAD, len(self._low)))]
            await self._more(*some)
            for host in some:
                host.filling = False
                self._offer(host)

    async def _more(self, *hosts: _Host) -> None:
        """The next links of some hosts."""
        most = max(_FIRST, _A_LOAD // len(hosts))
        found = await self._source.take({host.key: host.taken for host in hosts}, most)
        for host in hosts:
            links = found.get(host.key, ())
            if host.left:  # else they were left for the next cycle meanwhile
                host.taken += len(links)
                host.left = host.left - len(links) if links else 0
                host.queue.extend(links)

    def _may_start(self, host: _Host) -> bool:
        if not host.queue or host.silent:
            return False
        limit = self._fetcher.hosts.manners(host.queue[0]).concurrency
        return len(host.running) < (limit if host.open else min(limit, 1 + host.second))

    def _offer(self, host: _Host) -> None:
        if self._may_start(host):
            kind = self._idle if not host.running else self._busy
            (self._long if self._is_long(host) else kind).push(host)
        self._news.set()

    def _is_long(self, host: _Host) -> bool:
        """Whether a host would keep everybody waiting in the end, asked one link at a time."""
        manners = self._fetcher.hosts.manners(host.queue[0])
        pace_s = max(host.served_s / host.served if host.served else 0.0, manners.interval_s)
        passed_s = self._fetcher.clock.monotonic_s() - self._began_s
        host.long = passed_s + host.waiting * pace_s > manners.timeout_s
        return host.long

    def _start(self, host: _Host) -> None:
        link = host.queue.popleft()
        self._fill(host)
        self._under_way += 1
        task = host.running[link] = self._group.create_task(self._check(host, link))
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
        key = host_of(url)
        host = self._hosts.get(key)
        if host is not None:
            host.unheard = 0
            if not host.open:
                host.open = True
                self._offer(host)
        elif self._untried:
            self._early.add(key)

    async def _check(self, host: _Host, link: str) -> None:
        try:
            sent = partial(host.asked.add, link)
            result = await self._fetcher.check(link, self._heard, sent, urgent=host.long)
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
        if not host.running and not host.waiting and self._hosts.pop(host.key, None) is not None:
            if host.timer is not None:
                host.timer.cancel()
            self._done(host.key)

    def _postpone(self, host: _Host, link: str) -> None:
        self._postponed += 1
        if self._fetcher.hosts.wait_s(link) > self._fetcher.retry.longest_wait_s:
            self._postpone_all(host)

    def _postpone_all(self, host: _Host) -> None:
        self._postponed += host.waiting
        host.queue.clear()
        host.left = 0

    async def _rest(self, host: _Host) -> AsyncIterator[str]:
        """All the links of a host that have not been started."""
        while host.waiting:
            if host.filling and self._filler is not None:
                await asyncio.wait([self._filler])
            elif not host.queue:
                await self._more(host)
            while host.queue:
                yield host.queue.popleft()

    async def _learn(self, host: _Host, result: CheckResult) -> None:
        """Hand a result over, and take from it what it says of the host's other links."""
        host.served += 1
        host.served_s += result.elapsed_ms / 1000
        timed_out = not result.hops and result.fault is Fault.TIMEOUT
        if timed_out:
            host.unheard += 1
        if timed_out and self._is_silent(host):
            host.silent = True
            others = list(host.running)
            for task in host.running.values():
                task.cancel()
            host.running.clear()
            await self._hand(result)
            if host.archive:
                self._postponed += len(others)
                self._postpone_all(host)
                return
            inferred = replace(result, inferred=True)
            for link in others:
                await self._hand(_unasked(inferred, link))
            async for link in self._rest(host):
                await self._hand(_unasked(inferred, link))
        elif not result.hops and result.fault is Fault.DNS:
            # The name system was asked about the name, and the name is all these links': its
            # answer is a fact about each of them, not an inference.
            host.silent = True
            await self._hand(result)
            async for link in self._rest(host):
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
    source: Source,
    *,
    fetcher: Fetcher,
    hand: Hand,
    doubtful: Callable[[CheckResult], bool],
    at_once: int,
    until_s: float = float("inf"),
) -> Outlook:
    """Check all links and hand over each result as it comes.

    A result that `doubtful` picks is handed over at once too, and its link asked a second time
    when all others are done; if the second answer says the same kind of thing, the result is
    handed over again as `confirmed`, and if the link now answers, that answer takes its place.
    At `until_s` (monotonic) no further check is started.
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

    def pass_over(hand: Hand) -> Sweep:
        done = fetcher.client.let_go
        return Sweep(fetcher, hand, at_once=at_once, done=done, until_s=until_s)

    outlook = await pass_over(note_doubt).run(source)
    if first:
        await fetcher.client.resolver.forget_failures()
        fetcher.unanswered.clear()
        await pass_over(settle).run(Listed(first))
    return outlook
