"""Running the event loop: uvloop where it exists, and Ctrl-C as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program to its end. Ctrl-C cancels it, lets it tidy up, and is raised again."""
    try:
        import uvloop
    except ImportError:  # Windows, PyPy
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
