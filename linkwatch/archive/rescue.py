"""Copies for dead links: who is asked, how often, and what the answers add up to.

For each link the availability service first, which is quick, and the index (CDX) where that did
not settle it, which is slow. Only the two together can say that there is no copy: availability
says so of archived pages too, and an outage can look like an empty index.

Nothing here can hold up anything else: there is a budget of time for the whole, a limit for each
request, and requests run in threads that nobody waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from ada_url import URL

from linkwatch.archive.answers import ArchiveDown, ArchiveGarbled, Capture
from linkwatch.archive.choose import choose, end_of_day, not_after, usable
from linkwatch.archive.pace import Endpoint, Pace
from linkwatch.archive.threads import in_thread
from linkwatch.clock import Clock
from linkwatch.errors import ArchiveBusy, ArchiveError, ArchiveRefused
from linkwatch.model import Lookup, Outcome, Snapshot, Wanted
from linkwatch.web.archived import archive_of
from linkwatch.web.guard import literal, outside_dns, private_name
from linkwatch.web.hosts import Hosts, NotNowError
from linkwatch.web.retry import RetryPolicy, retrying
from linkwatch.web.url import host_of, name_of, request_url

if TYPE_CHECKING:  # waybackpy and requests take a fifth of a second that only a rescue is to pay
    from linkwatch.archive.wayback import Wayback

__all__ = ["Archives", "Pace", "Wanted", "pace_for", "rescue"]

T = TypeVar("T")

_CONCURRENCY = 2
_ROWS = 200  # of the index a question, some 30 kB
_PATIENCE_S = 30.0  # waiting for a host's interval is fine, waiting for its back-off is not
_ONCE_MORE = RetryPolicy(tries=2, first_wait_s=2.0)

_ASK_AGAIN = {  # where the archive itself names no time
    Outcome.NOT_ARCHIVED: timedelta(days=7),
    Outcome.NO_GOOD_COPY: timedelta(days=30),
    Outcome.EXCLUDED: timedelta(days=30),
    Outcome.RATE_LIMITED: timedelta(hours=1),
    Outcome.UNAVAILABLE: timedelta(hours=1),
    Outcome.MALFORMED: timedelta(hours=6),
    Outcome.QUEUED: timedelta(0),
}
_A_BETTER_ONE = timedelta(days=1)  # a copy was found, but the index could not be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Archives:
    """Where to ask, and how."""

    wayback_url: str
    availability_url: str
    user_agent: str
    timeout_s: float = 60.0  # for one request; the index has been seen to need 52 s
    allow_private: bool = False
    proxy: str | None = None

    @property
    def cdx_url(self) -> str:
        """The index, which lives below the playback's address."""
        return self.wayback_url.rstrip("/") + "/cdx/search/cdx"


class _Unasked(ArchiveError):
    """No request was made, or none that had the time it needed."""

    def __init__(self, outcome: Outcome, message: str, *, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.wait_s = wait_s  # until the archive may be asked


@dataclass(frozen=True, slots=True)
class Finding:
    """What the answers about one link add up to."""

    outcome: Outcome
    capture: Capture | None = None
    detail: str = ""
    perhaps_better: bool = False  # the capture will do, but the index could not be asked


def pace_for(archives: Archives, *, clock: Clock) -> Pace:
    """A pace to keep from one `rescue` to the next, in a program that runs on."""
    return Pace(availability_url=archives.availability_url, cdx_url=archives.cdx_url, clock=clock)


async def rescue(
    wanted: Iterable[Wanted],
    *,
    archives: Archives,
    hosts: Hosts,
    clock: Clock,
    found: Callable[[str, Lookup], Awaitable[None]],
    budget_s: float,
    pace: Pace | None = None,
) -> None:
    """Ask the archive for a copy of each link; `found` hears of every one, asked or not.

    `found` may be called for a second link while it is busy with a first. Ends about when
    `budget_s` is over, whatever the archive does; what was not asked by then is `queued`.
    """
    links = iter(wanted)
    round_ = _Round(
        archives=archives,
        hosts=hosts,
        clock=clock,
        pace=pace or pace_for(archives, clock=clock),
        ends_s=clock.monotonic_s() + budget_s,
    )

    async def work() -> None:
        for want in links:
            await found(want.url, await round_.lookup(want))

    workers = [asyncio.create_task(work()) for _ in range(_CONCURRENCY)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        round_.close()


class _Round:
    """One rescue: the same archive, budget and pace for all its links."""

    def __init__(
        self, *, archives: Archives, hosts: Hosts, clock: Clock, pace: Pace, ends_s: float
    ) -> None:
        self._archives = archives
        self._hosts = hosts
        self._clock = clock
        self._pace = pace
        self._ends_s = ends_s
        self._service: Wayback | None = None
        self._opening = asyncio.Lock()

    def close(self) -> None:
        if self._service:
            self._service.close()

    async def lookup(self, want: Wanted) -> Lookup:
        """All that is asked about one link."""
        why = not_for_archives(want.url, self._archives)
        if why:
            return self._told(want, Finding(Outcome.NOT_ASKED, detail=why))
        url = request_url(want.url) or want.url
        pace = self._pace
        near = await self._ask(pace.availability, lambda s: s.nearest(url, want.cited_at))
        if settled(near, want):
            return self._told(want, weigh(near, [], want), near)
        if isinstance(near, _Unasked) and near.outcome is Outcome.QUEUED:
            return self._told(want, _failing(near), near)
        rows = await self._ask(pace.cdx, lambda s: s.captures(url, want.cited_at, limit=_ROWS))
        if crowded(rows, want):
            day = end_of_day(want.cited_at)
            earlier = await self._ask(
                pace.cdx, lambda s: s.captures(url, want.cited_at, limit=_ROWS, until=day)
            )
            if isinstance(rows, list) and isinstance(earlier, list):
                rows = earlier + rows
        return self._told(want, weigh(near, rows, want), near, rows)

    def _told(self, want: Wanted, finding: Finding, *answers: object) -> Lookup:
        now = self._clock.utc_now()
        asked = any(not isinstance(answer, _Unasked) for answer in answers)
        return Lookup(
            outcome=finding.outcome,
            asked_at=now if asked else None,
            next_at=self._next_at(finding, answers, now),
            snapshot=self._snapshot(finding.capture) if finding.capture else None,
            cited_at=want.cited_at,
            cited_from=want.cited_from,
            detail=finding.detail,
        )

    def _next_at(
        self, finding: Finding, answers: tuple[object, ...], now: datetime
    ) -> datetime | None:
        if finding.perhaps_better:
            return now + _A_BETTER_ONE
        if finding.outcome in (Outcome.RATE_LIMITED, Outcome.UNAVAILABLE, Outcome.MALFORMED):
            stop = self._pace.stopped()
            stopped_s = stop.until_s - self._clock.monotonic_s() if stop else 0.0
            waits_s = [a.wait_s for a in answers if isinstance(a, _Unasked)]
            if wait_s := max([stopped_s, *waits_s]):
                return now + timedelta(seconds=wait_s)
        again = _ASK_AGAIN.get(finding.outcome)
        return None if again is None else now + again

    def _snapshot(self, capture: Capture) -> Snapshot:
        base = self._archives.wayback_url.rstrip("/")
        return Snapshot(
            archive=name_of(base),
            timestamp=capture.timestamp,
            url=f"{base}/web/{capture.timestamp:%Y%m%d%H%M%S}/{capture.original}",
            status=capture.status,
            verified=False,
        )

    async def _ask(self, endpoint: Endpoint, question: Callable[[Wayback], T]) -> T | ArchiveError:
        """The answer, after a second try where the first met a passing fault."""

        async def ask() -> T | ArchiveError:  # tenacity 9.2.1 does not await what a lambda returns
            return await self._ask_once(endpoint, question)

        answer = await retrying(
            ask,
            again=lambda answer: isinstance(answer, ArchiveDown) and answer.passing,
            asked_s=lambda _answer: None,
            policy=_ONCE_MORE,
            clock=self._clock,
            before_wait=lambda _answer, _wait_s: None,
        )
        self._learn(endpoint, answer)
        return answer

    async def _ask_once(
        self, endpoint: Endpoint, question: Callable[[Wayback], T]
    ) -> T | ArchiveError:
        if hindered := self._hindrance(endpoint):
            return hindered
        if not await endpoint.place(until_s=self._ends_s):
            return _Unasked(Outcome.QUEUED, "there was no time left to ask")
        if hindered := self._hindrance(endpoint):  # the other worker met one meanwhile
            return hindered
        try:
            async with self._hosts.turn(endpoint.url, patience_s=_PATIENCE_S):
                return await self._in_time(question)
        except NotNowError as exc:
            return self._hindrance(endpoint) or _Unasked(
                Outcome.RATE_LIMITED, str(exc), wait_s=exc.wait_s
            )

    def _hindrance(self, endpoint: Endpoint) -> _Unasked | None:
        """Why an endpoint is not to be asked now, if it is not."""
        stop = self._pace.stopped() or endpoint.resting()
        if stop:
            wait_s = stop.until_s - self._clock.monotonic_s()
            return _Unasked(stop.outcome, stop.detail, wait_s=wait_s)
        wait_s = self._hosts.wait_s(endpoint.url)
        if wait_s > _PATIENCE_S:  # told so by somebody who checked a link there
            return _Unasked(
                Outcome.RATE_LIMITED, "the archive wants to be left alone", wait_s=wait_s
            )
        return None

    async def _in_time(self, question: Callable[[Wayback], T]) -> T | ArchiveError:
        async with self._opening:
            if self._service is None:
                self._service = await in_thread(self._open)
        service = self._service
        left_s = self._ends_s - self._clock.monotonic_s()
        limit_s = min(self._archives.timeout_s, left_s)
        if limit_s <= 0:
            return _Unasked(Outcome.QUEUED, "there was no time left to ask")
        try:
            return await asyncio.wait_for(in_thread(lambda: question(service)), limit_s)
        except TimeoutError:
            if limit_s < self._archives.timeout_s:
                return _Unasked(Outcome.QUEUED, "the archive had no time left to answer")
            return ArchiveDown("the archive did not answer in time")
        except ArchiveError as exc:
            return exc

    def _open(self) -> Wayback:
        from linkwatch.archive.wayback import Wayback

        return Wayback(
            availability_url=self._archives.availability_url,
            cdx_url=self._archives.cdx_url,
            user_agent=self._archives.user_agent,
            timeout_s=self._archives.timeout_s,
            allow_private=self._archives.allow_private,
            proxy=self._archives.proxy,
            utc_now=self._clock.utc_now,
        )

    def _learn(self, endpoint: Endpoint, answer: object) -> None:
        """What an answer means for the questions after it."""
        match answer:
            case _Unasked():
                pass
            case ArchiveBusy():
                self._stop(Outcome.RATE_LIMITED, answer.retry_after_s, str(answer))
            case ArchiveDown() if answer.shut or answer.retry_after_s:
                self._stop(Outcome.UNAVAILABLE, answer.retry_after_s, str(answer))
            case ArchiveDown():
                endpoint.failed(Outcome.UNAVAILABLE, str(answer))
            case ArchiveGarbled():
                endpoint.failed(Outcome.MALFORMED, str(answer))
            case _:
                endpoint.answered()
                self._pace.answered()

    def _stop(self, outcome: Outcome, asked_s: float | None, detail: str) -> None:
        seconds = self._pace.stop(outcome, asked_s, detail)
        for url in (self._archives.availability_url, self._archives.wayback_url):
            self._hosts.back_off(url, seconds)


def not_for_archives(url: str, archives: Archives) -> str | None:
    """Why no archive is to hear of a link, in a sentence; None if one may be asked.

    Links to private hosts are only told to an archive that is itself at a private address.
    """
    try:
        parsed = URL(url)
    except ValueError:
        return "This URL can't be read."
    if request_url(url) is None:
        return "This URL can't be read."
    if parsed.username or parsed.password:
        return "The URL holds a user name or password, which no archive is told."
    name = name_of(url)
    if host_of(url) == host_of(archives.wayback_url) or archive_of(url) is not None:
        return "This is an archive's page itself."
    if outside_dns(name):
        return "The host is outside the public web."
    private = private_name(name) or ("." not in name and literal(name) is None)
    if private and not _is_private(archives):
        return "The host is a private one, which no public archive is told."
    return None


def _is_private(archives: Archives) -> bool:
    services = (archives.wayback_url, archives.availability_url)
    return archives.allow_private and all(private_name(name_of(url)) for url in services)


def settled(near: object, want: Wanted) -> bool:
    """Whether what availability gave is the best there can be, so that the index is not needed.

    It gives the nearest capture of all; if that is a good one from before the citation, then no
    other is nearer.
    """
    return (
        isinstance(near, Capture)
        and usable(near, failed_at=want.failed_at)
        and not_after(near, want.cited_at)
    )


def crowded(rows: object, want: Wanted) -> bool:
    """Whether the index may hold older captures that newer ones kept from being listed.

    It repeats rows at times and those are dropped, so half a page counts as a full one.
    """
    return (
        isinstance(rows, list)
        and len(rows) >= _ROWS // 2
        and not any(settled(row, want) for row in rows)
    )


def weigh(
    near: Capture | ArchiveError | None, rows: list[Capture] | ArchiveError, want: Wanted
) -> Finding:
    """What the two answers say together: `near` is availability's, `rows` are the index's."""
    captures = [near] if isinstance(near, Capture) else []
    failed = isinstance(rows, ArchiveError)
    if isinstance(rows, list):
        captures += rows
    if isinstance(rows, ArchiveRefused):
        return _failing(rows)
    best = choose(captures, cited_at=want.cited_at, failed_at=want.failed_at)
    if best and failed:
        return Finding(
            Outcome.FOUND,
            best,
            "The archive's index could not be asked; a closer copy may exist.",
            perhaps_better=True,
        )
    if best:
        return Finding(Outcome.FOUND, best)
    if isinstance(rows, ArchiveError):
        return _failing(rows)
    if captures:
        return Finding(
            Outcome.NO_GOOD_COPY,
            detail="The archive has copies, but none of a working page from before it failed.",
        )
    if near is None:
        return Finding(Outcome.NOT_ARCHIVED, detail="The archive has no copy of this page.")
    assert isinstance(near, ArchiveError)
    return _failing(near)  # one witness is not enough to say that there is nothing


def _failing(error: ArchiveError) -> Finding:
    text = str(error)
    detail = f"{text[:1].upper()}{text[1:]}."
    match error:
        case _Unasked():
            return Finding(error.outcome, detail=detail)
        case ArchiveRefused():
            return Finding(Outcome.EXCLUDED, detail=detail)
        case ArchiveBusy():
            return Finding(Outcome.RATE_LIMITED, detail=detail)
        case ArchiveGarbled():
            return Finding(Outcome.MALFORMED, detail=detail)
        case _:
            return Finding(Outcome.UNAVAILABLE, detail=detail)
