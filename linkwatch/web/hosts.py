"""Whose turn it is: the one place that keeps us polite.

Every request, the archives' too, is made inside `async with hosts.turn(url)`. It waits for a free
place at the host, then for the host's back-off and interval, then for one of the program's own
slots, in that order; so nothing that merely waits keeps others from working.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from linkwatch.clock import Clock
from linkwatch.web.headroom import Headroom
from linkwatch.web.slots import Slots
from linkwatch.web.url import host_of, name_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How one host is treated."""

    concurrency: int  # requests at the same time
    interval_s: float  # from the start of one request to the start of the next
    timeout_s: float
    user_agent: str


class NotNowError(Exception):
    """The host asked not to be disturbed for longer than the caller is ready to wait."""

    def __init__(self, host: str, wait_s: float) -> None:
        super().__init__(f"{host} is to be left alone for {wait_s:.0f} s more")
        self.host = host
        self.wait_s = wait_s


class _Host:
    __slots__ = ("left_alone_until_s", "next_turn_s", "places")

    def __init__(self, concurrency: int) -> None:
        self.places = asyncio.Semaphore(concurrency)
        # On the monotonic clock: the host's own wish, and our interval.
        self.left_alone_until_s = float("-inf")
        self.next_turn_s = float("-inf")


class Hosts:
    """Turns at hosts, for one event loop."""

    def __init__(self, manners: Callable[[str], Manners], *, slots: int, clock: Clock) -> None:
        """`manners` tells how to treat a host, by its name (no port)."""
        self._manners = manners
        self.slots = slots  # requests at the same time
        self._slots = Slots(slots)
        self._freed = asyncio.Event()
        self.headroom = Headroom(slots, self._freed.set)
        self._clock = clock
        self._hosts: dict[str, _Host] = {}

    def manners(self, url: str) -> Manners:
        """How the host of a URL is treated."""
        return self._manners(name_of(url))

    def wait_s(self, url: str) -> float:
        """Seconds that the host of a URL is still to be left alone; 0 if it may be asked."""
        host = self._hosts.get(host_of(url))
        return max(0.0, host.left_alone_until_s - self._clock.monotonic_s()) if host else 0.0

    def all_taken(self) -> bool:
        """Whether a further request would have to wait for one of the program's slots."""
        return self._slots.free == 0

    async def room(self) -> None:
        """Wait until another check can be begun: so many are under way as we keep up with."""
        while self._slots.taken >= self.headroom.now:
            self._freed.clear()
            await self._freed.wait()

    def back_off(self, url: str, seconds: float) -> None:
        """Leave the host of a URL alone for so long, all its links; a longer wish stands."""
        self._leave_alone(self._host(url), seconds)

    def hold(self, key: str, seconds: float) -> None:
        """Leave a host alone from the start, as it asked in an earlier cycle. `key`: name:port."""
        manners = self._manners(key.rpartition(":")[0])
        self._leave_alone(self._hosts.setdefault(key, _Host(manners.concurrency)), seconds)

    def _leave_alone(self, host: _Host, seconds: float) -> None:
        until_s = self._clock.monotonic_s() + seconds
        host.left_alone_until_s = max(host.left_alone_until_s, until_s)

    def backing_off(self) -> dict[str, float]:
        """Seconds still to wait, by host key, for the hosts that have to be left alone."""
        now_s = self._clock.monotonic_s()
        waits = {key: host.left_alone_until_s - now_s for key, host in self._hosts.items()}
        return {key: wait_s for key, wait_s in waits.items() if wait_s > 0}

    def turn(self, url: str, *, patience_s: float = float("inf"), urgent: bool = False) -> _Turn:
        """`async with` this: a turn at the host of a URL; it gives the host's manners.

        An `urgent` one gets its slot before those that are not. Raises NotNowError if the host
        wants to be left alone for longer than `patience_s`; our own interval is waited for,
        however long it is.
        """
        return _Turn(self, url, patience_s, urgent)

    async def _take(
        self, url: str, host: _Host, manners: Manners, *, patience_s: float, urgent: bool
    ) -> None:
        """Wait until the host may be asked, and take a slot."""
        clock = self._clock
        while True:
            while (wait_s := self._wait_s(host)) > 0:
                wished_s = host.left_alone_until_s - clock.monotonic_s()
                if wished_s > patience_s:
                    raise NotNowError(host_of(url), wished_s)
                await clock.sleep(wait_s)
            await self._slots.acquire(urgent=urgent)
            if self._wait_s(host) <= 0:
                host.next_turn_s = clock.monotonic_s() + manners.interval_s
                return
            self._give_back()  # others of this host got their slots first

    def _give_back(self) -> None:
        self._slots.release()
        self._freed.set()

    def _wait_s(self, host: _Host) -> float:
        return max(host.left_alone_until_s, host.next_turn_s) - self._clock.monotonic_s()

    def _host(self, url: str) -> _Host:
        key = host_of(url)
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = _Host(self.manners(url).concurrency)
        return host


class _Turn:
    """One turn. A class, since a generator that does the same costs twice as much a request."""

    __slots__ = ("_host", "_hosts", "_patience_s", "_urgent", "_url")

    def __init__(self, hosts: Hosts, url: str, patience_s: float, urgent: bool) -> None:
        self._hosts = hosts
        self._url = url
        self._patience_s = patience_s
        self._urgent = urgent

    async def __aenter__(self) -> Manners:
        hosts, url = self._hosts, self._url
        manners = hosts.manners(url)
        self._host = hosts._host(url)
        await self._host.places.acquire()
        try:
            await hosts._take(
                url, self._host, manners, patience_s=self._patience_s, urgent=self._urgent
            )
        except BaseException:
            self._host.places.release()
            raise
        return manners

    async def __aexit__(self, *exc: object) -> None:
        self._hosts._give_back()
        self._host.places.release()
