"""Whose turn it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from linkwatch.web.hosts import Hosts, Manners, NotNowError
from tests.fakes.clock import FakeClock

A, B = "http://a.test/x", "http://b.test/x"


def _manners(concurrency: int, interval_s: float) -> Callable[[str], Manners]:
    return lambda _name: Manners(
        concurrency=concurrency, interval_s=interval_s, timeout_s=20, user_agent="test"
    )


class Watcher:
    """Takes turns and writes down when they began, and how many there were at once."""

    def __init__(self, *, concurrency: int = 4, interval_s: float = 0.0, slots: int = 100) -> None:
        self.clock = FakeClock()
        self.hosts = Hosts(_manners(concurrency, interval_s), slots=slots, clock=self.clock)
        self.began_s: list[float] = []
        self.most = 0
        self._now = 0

    async def turn(self, url: str = A, *, lasts: int = 3, patience_s: float = 1e9) -> None:
        async with self.hosts.turn(url, patience_s=patience_s):
            self.began_s.append(self.clock.monotonic_s())
            self._now += 1
            self.most = max(self.most, self._now)
            for _ in range(lasts):
                await asyncio.sleep(0)
            self._now -= 1

    async def turns(self, *urls: str, lasts: int = 3) -> None:
        await asyncio.gather(*[self.turn(url, lasts=lasts) for url in urls])


def test_no_more_turns_at_a_host_than_its_concurrency() -> None:
    async def main() -> Watcher:
        watcher = Watcher(concurrency=3)
        await watcher.turns(*[A] * 20)
        return watcher

    watcher = asyncio.run(main())
    assert (watcher.most, len(watcher.began_s)) == (3, 20)


def test_a_host_is_a_name_and_a_port() -> None:
    async def main() -> int:
        watcher = Watcher(concurrency=1)
        await watcher.turns(A, "https://a.test/", "http://a.test:81/", "http://A.test.:80/y")
        return watcher.most

    assert asyncio.run(main()) == 3


def test_no_more_turns_in_all_than_there_are_slots() -> None:
    async def main() -> int:
        watcher = Watcher(slots=5)
        await watcher.turns(*[f"http://h{n}.test/" for n in range(30)])
        return watcher.most

    assert asyncio.run(main()) == 5


@pytest.mark.parametrize("slots", [1, 2, 100])
def test_the_interval_lies_between_the_beginnings_of_turns(slots: int) -> None:
    async def main() -> list[float]:
        watcher = Watcher(interval_s=0.1, slots=slots)
        await watcher.turns(*[A] * 10, lasts=20)
        return watcher.began_s

    began_s = asyncio.run(main())
    assert len(began_s) == 10
    assert all(later - earlier >= 0.1 - 1e-9 for earlier, later in pairwise(began_s))


def test_a_back_off_that_comes_while_waiting_for_a_slot_is_kept() -> None:
    async def main() -> list[float]:
        watcher = Watcher(slots=1)
        other = asyncio.ensure_future(watcher.turn(B, lasts=10))
        await asyncio.sleep(0)
        waiting = asyncio.ensure_future(watcher.turn(A))
        await asyncio.sleep(0)
        watcher.hosts.back_off(A, 30)
        await asyncio.gather(other, waiting)
        return watcher.began_s

    assert asyncio.run(main()) == [0.0, 30.0]


def test_who_waits_for_a_host_takes_no_slot_from_others() -> None:
    async def main() -> list[float]:
        watcher = Watcher(slots=1)
        watcher.hosts.back_off(A, 30)
        await watcher.turns(A, B)
        return watcher.began_s

    assert asyncio.run(main())[-1] == 30.0


def test_the_longer_wish_stands() -> None:
    async def main() -> tuple[float, float]:
        hosts = Watcher().hosts
        hosts.back_off(A, 30)
        hosts.back_off(A, 10)
        hosts.hold("a.test:80", 20)
        return hosts.wait_s(A), hosts.wait_s(B)

    assert asyncio.run(main()) == (30, 0)


def test_a_wait_beyond_our_patience_is_said_at_once() -> None:
    async def main() -> tuple[NotNowError, list[float]]:
        watcher = Watcher()
        watcher.hosts.hold("a.test:80", 61)
        with pytest.raises(NotNowError) as caught:
            await watcher.turn(patience_s=60)
        await watcher.turn(B, patience_s=60)
        assert watcher.hosts.backing_off() == {"a.test:80": 61}
        return caught.value, watcher.clock.slept_s

    error, slept_s = asyncio.run(main())
    assert (error.host, error.wait_s, slept_s) == ("a.test:80", 61, [])


def test_a_turn_that_fails_or_is_cancelled_frees_its_place() -> None:
    async def main() -> int:
        watcher = Watcher(concurrency=1, slots=1)

        async def fail() -> None:
            async with watcher.hosts.turn(A):
                raise ValueError

        with pytest.raises(ValueError):
            await fail()
        long = asyncio.ensure_future(watcher.turn(lasts=10**9))
        waiting = asyncio.ensure_future(watcher.turn())
        await asyncio.sleep(0)
        long.cancel()
        waiting.cancel()
        await asyncio.gather(long, waiting, return_exceptions=True)
        await asyncio.wait_for(watcher.turn(), 1)
        return len(watcher.began_s)

    assert asyncio.run(main()) == 2


def test_our_own_interval_is_waited_for_however_long_it_is() -> None:
    async def main() -> Watcher:
        watcher = Watcher(interval_s=120.0)
        for _ in range(2):
            await watcher.turn(A, patience_s=60.0)
        return watcher

    watcher = asyncio.run(main())
    assert watcher.began_s == [0.0, 120.0]
    assert watcher.hosts.backing_off() == {}
    assert watcher.hosts.wait_s(A) == 0.0


def test_who_waits_for_room_is_woken_by_a_slot_and_by_a_loop_that_is_in_time_again() -> None:
    async def main() -> None:
        hosts = Hosts(_manners(4, 0.0), slots=100, clock=FakeClock())
        for _ in range(50):
            hosts.headroom.note(1.0)
        held = [hosts.turn(f"http://h{n}.test/") for n in range(hosts.headroom.now)]
        for turn in held:
            await turn.__aenter__()

        waiting = asyncio.create_task(hosts.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        hosts.headroom.note(0.0)
        await asyncio.wait_for(waiting, 1)

        for _ in range(50):
            hosts.headroom.note(1.0)
        waiting = asyncio.create_task(hosts.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        await held.pop().__aexit__()
        await asyncio.wait_for(waiting, 1)
        for turn in held:
            await turn.__aexit__()

    asyncio.run(main())
