from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from linkwatch.archive.threads import NoThreadError, Threads


def test_what_the_work_returns_is_returned() -> None:
    assert asyncio.run(Threads(1).run(lambda: 42)) == 42


def test_what_the_work_raises_is_raised() -> None:
    def work() -> int:
        raise LookupError("no")

    with pytest.raises(LookupError):
        asyncio.run(Threads(1).run(work))


def test_a_hung_thread_is_left_behind_at_once() -> None:
    let_go = threading.Event()

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Threads(1).run(let_go.wait), 0.05)

    started_s = time.monotonic()
    asyncio.run(scenario())
    assert time.monotonic() - started_s < 10
    let_go.set()  # and what it delivers finds no loop any more, which harms nobody


def test_a_hung_thread_does_not_keep_the_program_from_ending() -> None:
    code = """if True:
        import asyncio, time
        from linkwatch.archive.threads import NoThreadError, Threads
        async def scenario():
            try:
                await asyncio.wait_for(Threads(1).run(lambda: time.sleep(60)), 0.05)
            except TimeoutError:
                print("ended")
        asyncio.run(scenario())"""
    ended = subprocess.run(
        [sys.executable, "-c", code], timeout=10, check=True, capture_output=True, text=True
    )
    assert ended.stdout.strip() == "ended"


def test_hung_threads_count_until_they_end_and_then_no_more() -> None:
    let_go = threading.Event()

    async def scenario() -> int:
        threads = Threads(1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(let_go.wait), 0.02)
        with pytest.raises(NoThreadError):
            await threads.run(lambda: 1)
        let_go.set()
        while True:
            try:
                return await threads.run(lambda: 2)
            except NoThreadError:
                await asyncio.sleep(0.001)

    assert asyncio.run(scenario()) == 2
