"""What a check costs, counted rather than timed.

A slow machine, a busy one and a new one all execute the same lines of ours for the same page, so a
regression of the hot path shows here and nowhere else in the tests. The limits are what was counted
(744 and 776 lines a link) plus a fifth: who makes the path longer on purpose raises them in the
same change, and says why. Lines of libraries don't count: for those `make bench` has a clock.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, Self

import pytest

import linkwatch
from linkwatch.checker.fetch import Fetcher
from linkwatch.checker.siblings import Siblings
from linkwatch.checker.source import Listed
from linkwatch.checker.sweep import sweep
from linkwatch.clock import SystemClock
from linkwatch.model import CheckResult
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts, Manners
from linkwatch.web.page import read_page
from linkwatch.web.signs import Seen, signs
from tests.conftest import Run
from tests.fakes.dns import FakeDNS
from tests.fakes.web import FakeWeb, Reply

OURS = str(Path(linkwatch.__file__).parent)
MANNERS = Manners(concurrency=4, interval_s=0.0, timeout_s=10.0, user_agent="test/1")
LINKS = 60
PAGE = (
    "<!doctype html><title>Notes on links</title><link rel=canonical href=/notes>"
    "<h1>Notes on links</h1>"
    + "<p>Words of a page, as pages have them, and <a href=/more>more of them</a>.</p>\n"
    * 60
).encode()
HTML = [("Content-Type", "text/html; charset=utf-8")]


class Lines:
    """`with Lines() as lines:` counts the lines of ours that this thread executes."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        return self._line if frame.f_code.co_filename.startswith(OURS) else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any]:
        self.count += event == "line"
        return self._line


def _counted(act: Callable[[], object]) -> int:
    with Lines() as lines:
        act()
    return lines.count


def _read(url: str) -> None:
    page = read_page(PAGE, content_type="text/html", url=url)
    seen = Seen(
        link=url,
        final_url=url,
        hops=(),
        status=200,
        headers={"content-type": "text/html", "server": "nginx"},
        cookies=frozenset(),
        body=PAGE,
        page=page,
    )
    assert signs(seen) == ()


def test_the_lines_counted_are_the_same_every_time() -> None:
    _read("https://a.example/articles/0")
    first = _counted(lambda: _read("https://a.example/articles/1"))
    assert first == _counted(lambda: _read("https://a.example/articles/2")) > 100


def test_reading_a_page() -> None:
    _read("https://a.example/articles/0")
    assert _counted(lambda: _read("https://a.example/articles/1")) <= 300  # 251 counted


@pytest.mark.parametrize(("with_neighbours", "limit"), [(False, 900), (True, 1000)])
def test_checking_a_link_from_the_source_to_the_hand(
    with_neighbours: bool, limit: int, web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    page = Reply(headers=HTML, body=PAGE)
    links = [web.page(f"h{n % 6}.test", f"/articles/{n}", page) for n in range(LINKS)]
    results: list[CheckResult] = []

    async def hand(result: CheckResult) -> None:
        results.append(result)

    async def main() -> int:
        clock = SystemClock()
        hosts = Hosts(lambda _name: MANNERS, slots=16, clock=clock)
        async with Client(allow_private=True, nameservers=dns.nameservers) as client:
            siblings = Siblings(clock=clock, chance=Random(1)) if with_neighbours else None
            fetcher = Fetcher(
                client=client, hosts=hosts, clock=clock, max_redirects=10, siblings=siblings
            )

            async def whole(some: list[str]) -> None:
                await sweep(
                    Listed(some),
                    fetcher=fetcher,
                    hand=hand,
                    doubtful=lambda _result: False,
                    at_once=64,
                )

            await whole(links[:6])  # connections, names and caches
            with Lines() as lines:
                await whole(links[6:])
        return lines.count // (LINKS - 6)

    counted = run(main())
    assert len(results) == LINKS
    assert {result.status for result in results} == {200}
    assert counted <= limit
