"""How much an archive may be asked: one budget a service, and one brake for them all.

The Internet Archive answers a network that asks too often with 429, and one that does not listen
with an hour without connections, doubling each time (its staff, edgi-govdata-archiving/wayback
137). So budgets stay below what is allowed, and the first 429 ends all asking.

Everything in a process that speaks to archives shares one `Paces`, and history keeps it from one
process to the next: a restart, or a `check` by hand beside a timer, begins no budget anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from linkwatch.clock import Clock
from linkwatch.model import KeptPace, KeptStop, Outcome
from linkwatch.web.url import name_of

_WINDOW_S = 60.0
_TICK_S = 0.001  # less is no time: sums of floats may never quite reach the end of a wait
_SHORTEST_STOP_S = 60.0
_LONGEST_STOP_S = 86_400.0
_STRIKES = 3  # failures in a row after which a service is taken to be ill, not unlucky
_REST_S = 600.0


class Service(StrEnum):
    """What of an archive is asked; each has a budget of its own."""

    AVAILABILITY = "availability"
    CDX = "cdx"
    PLAYBACK = "playback"  # the TimeGate, and the copies themselves
    TIMEMAP = "timemap"
    SAVE = "save"
    SAVE_STATUS = "save_status"  # what became of it, and what the account may still do


# Requests a minute. The Internet Archive allows a network 30 for its index, TimeMaps included, and
# asks its clients to run at 80 % of that; 600 for playback, of which we take a tenth; 7 to savers
# with keys. Of availability no number is published, and its throttle comes in episodes; nor is one
# of asking after jobs.
WAYBACK_BUDGETS = {
    Service.AVAILABILITY: 20,
    Service.CDX: 24,
    Service.PLAYBACK: 60,
    Service.SAVE: 6,
    Service.SAVE_STATUS: 12,
}
# Other archives publish none, and most are small.
OTHER_BUDGETS = {Service.TIMEMAP: 12, Service.PLAYBACK: 20}


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an archive or a service is not asked, and until when (on the monotonic clock)."""

    outcome: Outcome
    until_s: float
    detail: str


class Endpoint:
    """One service of an archive: its budget of requests, its health."""

    def __init__(self, *, per_minute: int, clock: Clock) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._starts_s: deque[float] = deque()
        self._failures = 0
        self._failed_about: set[str] = set()  # the pages in question, of these failures
        self._rest: Stop | None = None

    async def place(self, *, until_s: float) -> float | None:
        """Wait for a place in the budget: the moment from which it counts; None: too late.

        Bursts are fine: any 60 s hold at most so many requests, however they are spread.
        """
        while True:
            now_s = self._clock.monotonic_s()
            wait_s = self.wait_s()
            if now_s + wait_s >= until_s:
                return None
            if not wait_s:
                self._starts_s.append(now_s)
                return now_s
            await self._clock.sleep(wait_s)

    def left(self, place_s: float) -> None:
        """The request for which the place was given leaves now, having waited for its turn."""
        starts_s = [*self._starts_s]
        if place_s in starts_s:
            starts_s.remove(place_s)
            self._starts_s = deque([*starts_s, self._clock.monotonic_s()])

    def wait_s(self) -> float:
        """Seconds until there is a place; 0: there is one."""
        self._forget_old()
        if len(self._starts_s) < self.per_minute:
            return 0.0
        return self._left_s(self._starts_s[-self.per_minute], self._clock.monotonic_s())

    @property
    def used(self) -> int:
        """How many requests of the last minute count."""
        self._forget_old()
        return len(self._starts_s)

    def _forget_old(self) -> None:
        now_s = self._clock.monotonic_s()
        while self._starts_s and self._left_s(self._starts_s[0], now_s) <= _TICK_S:
            self._starts_s.popleft()

    @staticmethod
    def _left_s(start_s: float, now_s: float) -> float:
        """How long a request still counts."""
        return start_s + _WINDOW_S - now_s

    def answered(self) -> None:
        """It made sense."""
        self._failures = 0
        self._failed_about.clear()

    def failed(
        self, outcome: Outcome, detail: str, *, silent: bool = False, about: str | None = None
    ) -> None:
        """It made none; three in a row, and the service gets ten minutes of rest.

        One is enough where it was `silent` to the end of our patience: that costs a minute each.
        `about`: the page in question. Several failures about one page are one: all its copies may
        be broken, and the service be well.
        """
        if about is None or about not in self._failed_about:
            self._failures += 1
        if about is not None:
            self._failed_about.add(about)
        if silent or self._failures >= _STRIKES:
            self._failures = 0
            self._failed_about.clear()
            self._rest = Stop(outcome, self._clock.monotonic_s() + _REST_S, detail)

    def resting(self) -> Stop | None:
        """The rest that the service is taking, if it is."""
        rest = self._rest
        return rest if rest and rest.until_s > self._clock.monotonic_s() else None

    def recall(self, starts: Iterable[datetime], rest: KeptStop | None, now: datetime) -> None:
        """Go on with the budget that another process left."""
        now_s = self._clock.monotonic_s()
        ages_s = ((now - start).total_seconds() for start in starts)
        self._starts_s = deque(sorted(now_s - max(0.0, age) for age in ages_s))
        self._rest = _running(rest, now, now_s, _REST_S) if rest else None

    def keep(self, now: datetime) -> tuple[tuple[datetime, ...], KeptStop | None]:
        """What another process needs to go on with it."""
        self._forget_old()
        now_s = self._clock.monotonic_s()
        starts = tuple(now - timedelta(seconds=now_s - start_s) for start_s in self._starts_s)
        rest = self.resting()
        return starts, _kept(rest, now, now_s) if rest else None


class Pace:
    """What one archive was asked lately, and when it may be asked again.

    Not for use by two event loops at once.
    """

    def __init__(self, archive: str, budgets: Mapping[Service, int], *, clock: Clock) -> None:
        self.archive = archive
        self.endpoints = {
            service: Endpoint(per_minute=number, clock=clock) for service, number in budgets.items()
        }
        self._clock = clock
        self._stops = 0
        self._stop: Stop | None = None

    def endpoint(self, service: Service) -> Endpoint:
        """A service's budget. The Wayback Machine's TimeMaps come out of that of its index."""
        if service is Service.TIMEMAP and service not in self.endpoints:
            service = Service.CDX
        return self.endpoints[service]

    def stopped(self) -> Stop | None:
        """The stop that holds, if one does."""
        stop = self._stop
        return stop if stop and stop.until_s > self._clock.monotonic_s() else None

    def stop(self, outcome: Outcome, asked_s: float | None, detail: str) -> float:
        """Ask nothing more of this archive for a while; gives the seconds.

        A minute at least, twice as long each time it happens again, and as long as the archive
        asks if that is longer. Two requests that were under way together are one time.
        """
        now_s = self._clock.monotonic_s()
        running = self.stopped()
        if running is None:
            own_s = min(_SHORTEST_STOP_S * 2.0 ** min(self._stops, 20), _LONGEST_STOP_S)
            self._stops += 1
        else:
            own_s = running.until_s - now_s
        seconds = max(own_s, asked_s or 0.0)
        self._stop = Stop(outcome, now_s + seconds, detail)
        return seconds

    def answered(self) -> None:
        """The archive speaks to us: the next stop is a first one again."""
        if self.stopped() is None:
            self._stops = 0

    def recall(self, kept: KeptPace, now: datetime) -> None:
        """Go on where another process stopped."""
        self._stops = kept.stops
        now_s = self._clock.monotonic_s()
        self._stop = _running(kept.stop, now, now_s, _LONGEST_STOP_S) if kept.stop else None
        for service, endpoint in self.endpoints.items():
            endpoint.recall(kept.starts.get(service, ()), kept.rests.get(service), now)

    def keep(self, now: datetime) -> KeptPace:
        """What another process needs to go on."""
        kept = {service: endpoint.keep(now) for service, endpoint in self.endpoints.items()}
        stop = self.stopped()
        return KeptPace(
            archive=self.archive,
            stops=self._stops,
            stop=_kept(stop, now, self._clock.monotonic_s()) if stop else None,
            starts={service: starts for service, (starts, _) in kept.items() if starts},
            rests={service: rest for service, (_, rest) in kept.items() if rest},
        )


class Paces:
    """The paces of all archives, by the names of their hosts."""

    def __init__(self, *, wayback_url: str, availability_url: str, clock: Clock) -> None:
        """The two addresses are of one archive, and what one of them wants is for both."""
        self._clock = clock
        self._addresses = (wayback_url, availability_url)
        self.wayback = Pace(name_of(wayback_url), WAYBACK_BUDGETS, clock=clock)
        self._all = {self.wayback.archive: self.wayback}
        self._by_host = {name_of(url): self.wayback for url in self._addresses}

    def of(self, url: str) -> Pace:
        """The pace of the archive that a URL belongs to."""
        name = name_of(url)
        if name not in self._by_host:
            self._by_host[name] = self._all[name] = Pace(name, OTHER_BUDGETS, clock=self._clock)
        return self._by_host[name]

    def addresses(self, pace: Pace) -> tuple[str, ...]:
        """Where an archive is asked, as far as the configuration says so."""
        return self._addresses if pace is self.wayback else ()

    def recall(self, kept: Iterable[KeptPace], now: datetime) -> None:
        """Go on where other processes stopped."""
        for one in kept:
            self.of(f"http://{one.archive}/").recall(one, now)

    def all(self) -> tuple[Pace, ...]:
        """Those that were asked for so far, the Wayback Machine's first."""
        return tuple(self._all.values())


def _running(kept: KeptStop, now: datetime, now_s: float, longest_s: float) -> Stop | None:
    """A stop that still holds. One that is longer than any may be is of a clock that was wrong."""
    left_s = (kept.until - now).total_seconds()
    return Stop(kept.outcome, now_s + left_s, kept.detail) if 0 < left_s <= longest_s else None


def _kept(stop: Stop, now: datetime, now_s: float) -> KeptStop:
    until = now + timedelta(seconds=stop.until_s - now_s)
    return KeptStop(outcome=stop.outcome, until=until, detail=stop.detail)
