"""Running the event loop: uvloop where it exists, and Ctrl-C as it should be."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program to its end. Ctrl-C cancels it, lets it tidy up, and is raised again."""
    _collect_less()
    result: list[T] = []

    async def whole() -> None:
        # The result stays out of the task: in setting up and taking down its SIGINT handler,
        # asyncio.Runner makes Python format the repr of the task, twice. With a ledger of
        # 20,000 links in it, that took seconds and 70 MB.
        result.append(await main)

    try:
        import uvloop
    except ImportError:  # Windows, PyPy
        asyncio.run(whole())
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(whole())
    return result[0]


def _collect_less() -> None:
    """Spare the garbage collector what lives for the whole cycle.

    What was imported never dies, and a cycle holds hundreds of thousands of small objects in
    which there is little to find: at the default thresholds looking took a fifth of the CPU time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
