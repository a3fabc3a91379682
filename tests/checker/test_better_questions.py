"""Asking a site's own service instead of its page: when, and what happens where it fails.

The services themselves stand on port 443, where no fake can: here a probe of the test's own asks
a fake one. What the real rows ask and read is told by test_probes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from linkwatch.checker import fetch as fetching
from linkwatch.checker.fetch import Fetcher
from linkwatch.checker.probes import Probe, Reading, Reply, When
from linkwatch.model import CheckResult, Says
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts, Manners
from tests.conftest import Run
from tests.fakes.clock import FakeClock
from tests.fakes.dns import FakeDNS
from tests.fakes.web import NEVER, FakeWeb, Request
from tests.fakes.web import Reply as Page

MANNERS = Manners(concurrency=4, interval_s=0.0, timeout_s=0.3, user_agent="test/1")
SAYS = {
    b"there": Reading(says=Says.ALIVE),
    b"gone": Reading(says=Says.GONE),
    b"moved": Reading(says=Says.MOVED, url="https://site.example/new"),
}
Check = Callable[..., list[CheckResult]]


def read(_link: str, reply: Reply) -> Reading | None:
    return SAYS.get(reply.body) if reply.status == 200 else None


@pytest.fixture
def probe(web: FakeWeb, monkeypatch: pytest.MonkeyPatch) -> dict[str, Probe]:
    """The one row of the table; tests may change it."""
    row = Probe(
        name="test",
        when=When.FIRST,
        question=lambda link: web.url("service.example", f"/about?{link.rpartition('/')[2]}"),
        read=read,
    )
    table = {"row": row}
    monkeypatch.setattr(fetching, "probe_for", lambda _link, _off=(): table["row"])
    return table


@pytest.fixture
def check(web: FakeWeb, dns: FakeDNS, run: Run) -> Check:
    def check(*links: str) -> list[CheckResult]:
        async def main() -> list[CheckResult]:
            clock = FakeClock()
            hosts = Hosts(lambda _name: MANNERS, slots=10, clock=clock)
            async with Client(allow_private=True, nameservers=dns.nameservers) as client:
                fetcher = Fetcher(client=client, hosts=hosts, clock=clock, max_redirects=10)
                return [await fetcher.check(link) for link in links]

        return run(main())

    return check


def service(web: FakeWeb, reply: Page | Callable[[Request], Page]) -> None:
    web.page("service.example", "*", reply)


def test_what_the_service_says_is_the_result_and_the_page_is_not_asked(
    web: FakeWeb, probe: dict[str, Probe], check: Check
) -> None:
    service(web, Page(body=b"gone"))
    (result,) = check(web.page("site.example", "/x", Page()))

    assert (result.probe, result.says, result.status) == ("test", Says.GONE, 200)
    assert web.asked("site.example") == 0


def test_a_new_address_is_where_the_link_leads(
    web: FakeWeb, probe: dict[str, Probe], check: Check
) -> None:
    service(web, Page(body=b"moved"))
    (result,) = check(web.page("site.example", "/x", Page()))

    assert (result.says, result.final_url) == (Says.MOVED, "https://site.example/new")


@pytest.mark.parametrize(
    "reply",
    [
        Page(status=500),
        Page(status=429, headers=[("Retry-After", "3600")]),
        Page(status=302, headers=[("Location", "/login")]),
        Page(body=b"<html>what?"),
        Page(drop=True),
        NEVER,
    ],
)
def test_a_service_that_fails_decides_nothing_and_the_page_is_asked(
    web: FakeWeb, probe: dict[str, Probe], check: Check, reply: Page
) -> None:
    service(web, reply)
    results = check(
        web.page("site.example", "/x", Page()), web.page("site.example", "/y", Page(status=404))
    )

    assert [(result.says, result.status) for result in results] == [(None, 200), (None, 404)]


@pytest.mark.parametrize(("reply", "questions"), [(NEVER, 3), (Page(body=b"no sense"), 6)])
def test_a_service_that_never_says_anything_is_not_asked_for_every_link(
    web: FakeWeb, probe: dict[str, Probe], check: Check, reply: Page, questions: int
) -> None:
    service(web, reply)
    check(*(web.page("site.example", f"/{n}", Page()) for n in range(10)))

    assert web.asked("service.example") == questions


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        (Page(), 0),
        (Page(status=404), 0),
        (NEVER, 0),
        (Page(status=403), 1),
        (Page(status=429), 1),
        (Page(status=501), 1),
    ],
)
def test_a_service_for_those_who_are_refused_is_asked_by_nobody_else(
    web: FakeWeb, probe: dict[str, Probe], check: Check, page: Page, asked: int
) -> None:
    probe["row"] = replace(probe["row"], when=When.REFUSED)
    service(web, Page(body=b"there"))
    (result,) = check(web.page("site.example", "/x", page))

    assert web.asked("service.example") == asked
    assert (result.says is Says.ALIVE) is bool(asked)


def test_a_question_for_the_page_itself_is_not_put_twice(
    web: FakeWeb, probe: dict[str, Probe], check: Check
) -> None:
    probe["row"] = replace(probe["row"], question=lambda link: link)
    links = [web.page("site.example", f"/{n}", Page()) for n in range(10)]

    results = check(*links)

    assert web.asked("site.example") == 10
    assert {result.fingerprint is not None for result in results} == {True}


def test_a_page_that_is_always_200_says_so_where_its_service_failed(
    web: FakeWeb, probe: dict[str, Probe], check: Check
) -> None:
    probe["row"] = replace(probe["row"], hollow=True)
    service(web, Page(status=500))
    (result,) = check(web.page("site.example", "/x", Page()))

    assert [mark.sign.value for mark in result.marks] == ["hollow"]
