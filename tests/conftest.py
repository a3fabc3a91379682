"""What tests of several rooms share: a web and a name server on loopback, and both event loops."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Protocol, TypeVar

import pytest

from tests.fakes.dns import FakeDNS
from tests.fakes.web import FakeWeb

# Where a shell starts us in the background, SIGINT is ignored, and our children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


T = TypeVar("T")


class Run(Protocol):
    """Runs a coroutine on a fresh event loop."""

    def __call__(self, main: Coroutine[Any, Any, T]) -> T: ...


def _runner(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> Run:
    def run(main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(main)

    return run


@pytest.fixture
def run() -> Run:
    return _runner(asyncio.new_event_loop)


@pytest.fixture(params=["asyncio", "uvloop"])
def run_on_each(request: pytest.FixtureRequest) -> Run:
    """For what the two event loops are known to tell in different words."""
    if request.param == "asyncio":
        return _runner(asyncio.new_event_loop)
    uvloop = pytest.importorskip("uvloop")
    return _runner(uvloop.new_event_loop)


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as web:
        yield web


@pytest.fixture(scope="session")
def _name_server() -> Iterator[FakeDNS]:
    with FakeDNS() as dns:  # once, since it takes half a second to stop
        yield dns


@pytest.fixture
def dns(_name_server: FakeDNS) -> FakeDNS:
    _name_server.addresses.clear()
    _name_server.gone.clear()
    _name_server.broken.clear()
    _name_server.down = False
    _name_server.asked.clear()
    return _name_server
