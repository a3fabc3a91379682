"""Who gets the next slot, and how many there are worth having."""

from __future__ import annotations

import asyncio
import time

from linkwatch.web.headroom import Headroom
from linkwatch.web.slots import Slots


def test_who_has_something_to_finish_goes_first() -> None:
    async def main() -> list[str]:
        slots = Slots(1)
        order: list[str] = []

        async def take(name: str, *, urgent: bool) -> None:
            await slots.acquire(urgent=urgent)
            order.append(name)
            assert slots.taken == 1
            await asyncio.sleep(0)
            slots.release()

        await slots.acquire(urgent=False)
        waiting = [take("first", urgent=False), take("second", urgent=False)]
        waiting += [take("hop", urgent=True), take("retry", urgent=True)]
        tasks = [asyncio.create_task(one) for one in waiting]
        await asyncio.sleep(0)
        slots.release()
        await asyncio.gather(*tasks)
        assert slots.taken == 0
        return order

    assert asyncio.run(main()) == ["hop", "retry", "first", "second"]


def test_a_slot_given_to_one_that_was_cancelled_is_passed_on() -> None:
    async def main() -> int:
        slots = Slots(1)
        await slots.acquire(urgent=False)
        gone = [asyncio.create_task(slots.acquire(urgent=n % 2 > 0)) for n in range(4)]
        left = asyncio.create_task(slots.acquire(urgent=False))
        await asyncio.sleep(0)
        gone[0].cancel()
        slots.release()  # to one that is cancelled in the same moment
        for task in gone:
            task.cancel()
        await asyncio.wait_for(left, 1)
        await asyncio.gather(*gone, return_exceptions=True)
        slots.release()
        await asyncio.wait_for(slots.acquire(urgent=False), 1)
        return slots.taken

    assert asyncio.run(main()) == 1


def test_less_is_begun_while_we_are_late_and_more_when_we_are_not() -> None:
    room = Headroom(256)
    began = room.now
    for _ in range(100):
        room.note(0.01)
    assert room.now == 256 > began
    room.note(0.5)
    assert 128 < room.now < 256
    for _ in range(100):
        room.note(0.5)
    assert room.now == 16
    assert Headroom(4).now == 4


def test_a_loop_that_is_held_up_is_noticed() -> None:
    async def main() -> int:
        room = Headroom(256)
        watch = asyncio.create_task(room.watch())
        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251 - this is what is to be noticed
        await asyncio.sleep(0.01)
        watch.cancel()
        return room.now

    assert asyncio.run(main()) < 64
