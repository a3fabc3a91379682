from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from linkwatch.archive.threads import in_thread


def test_what_the_work_returns_is_returned() -> None:
    assert asyncio.run(in_thread(lambda: 42)) == 42


def test_what_the_work_raises_is_raised() -> None:
    def work() -> int:
        raise LookupError("no")

    with pytest.raises(LookupError):
        asyncio.run(in_thread(work))


def test_a_hung_thread_is_left_behind_at_once() -> None:
    let_go = threading.Event()

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(in_thread(let_go.wait), 0.05)

    started_s = time.monotonic()
    asyncio.run(scenario())
    assert time.monotonic() - started_s < 10
    let_go.set()  # and what it delivers finds no loop any more, which harms nobody


def test_a_hung_thread_does_not_keep_the_program_from_ending() -> None:
    code = """if True:
        import asyncio, time
        from linkwatch.archive.threads import in_thread
        async def scenario():
            try:
                await asyncio.wait_for(in_thread(lambda: time.sleep(60)), 0.05)
            except TimeoutError:
                print("ended")
        asyncio.run(scenario())"""
    ended = subprocess.run(
        [sys.executable, "-c", code], timeout=10, check=True, capture_output=True, text=True
    )
    assert ended.stdout.strip() == "ended"
