"""Whole cycles over pages that have validators: asked whether they changed, and when believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linkwatch.history.store import Store
from linkwatch.model import State
from tests.fakes.web import Reply, Request
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        world.configure(archive={"enabled": False})
        yield world


TAG = '"v1"'
DATE = "Mon, 05 Jan 2026 04:00:00 GMT"
BODY = b"<title>A page</title><p>" + b"words of a page that is read " * 200


class Site:
    """A server with one page that does conditional requests."""

    def __init__(self, header: str, value: str) -> None:
        self.header, self.value = header, value
        self.body = BODY
        self.seen: list[dict[str, str]] = []

    @property
    def asked(self) -> str:
        """The header that asks about the validator."""
        return {"ETag": "if-none-match", "Last-Modified": "if-modified-since"}[self.header]

    def __call__(self, request: Request) -> Reply:
        self.seen.append(request.headers)
        headers = [(self.header, self.value)]
        if request.headers.get(self.asked) == self.value:
            return Reply(status=304, headers=headers, body=b"")
        return Reply(headers=headers, body=self.body)


@pytest.fixture(params=[("ETag", TAG), ("Last-Modified", DATE)], ids=["tag", "date"])
def site(request: pytest.FixtureRequest) -> Site:
    return Site(*request.param)


def _weekly(world: World, times: int) -> None:
    for _ in range(times):
        world.check()
        world.pass_days(7)


def _facts(world: World) -> list[tuple[int, str, str | None]]:
    with Store(world.config.database) as store:
        rows = store.rows("select status, digest, title, read_at from checks order by id")
        assert len({(row["digest"], row["title"]) for row in rows if row["status"] == 200}) == 1
        return [(row["status"], row["title"], row["read_at"]) for row in rows]


def test_an_unchanged_page_is_not_sent_again_and_its_link_is_well(world: World, site: Site) -> None:
    link = world.web.page("site.example", "/page", site)
    world.note("a.md", link)
    _weekly(world, 3)

    sent = [headers.get(site.asked) for headers in site.seen if "if" in " ".join(headers)]
    assert sent == [site.value, site.value]
    (first, *later) = _facts(world)
    assert first[2] is None
    assert [status for status, _, _ in later] == [200, 200]
    assert len({read_at for _, _, read_at in later}) == 1
    assert None not in {read_at for _, _, read_at in later}
    assert world.state(link) is State.ALIVE


def test_a_page_that_changed_is_sent_and_asked_about_as_it_is_now(world: World, site: Site) -> None:
    link = world.web.page("site.example", "/page", site)
    world.note("a.md", link)
    _weekly(world, 2)
    site.value = '"v2"' if site.header == "ETag" else DATE.replace("05", "06")
    _weekly(world, 2)

    assert site.seen[-1][site.asked] == site.value
    assert world.state(link) is State.ALIVE


def test_at_the_end_of_redirects_only_the_page_itself_is_asked_so(world: World) -> None:
    site = Site("ETag", TAG)
    end = world.web.page("b.example", "/page", site)
    hops: list[dict[str, str]] = []

    def lead(request: Request) -> Reply:
        hops.append(request.headers)
        return Reply(status=301, headers=[("Location", end)])

    link = world.web.page("a.example", "/", lead)
    world.note("a.md", link)
    _weekly(world, 2)

    assert site.seen[-1]["if-none-match"] == TAG
    assert not any("if-none-match" in headers for headers in hops)
    assert world.state(link) is State.MOVED
    assert world.links[link].final_url == end


def test_who_says_for_ever_that_nothing_changed_is_not_believed_for_ever(world: World) -> None:
    def liar(request: Request) -> Reply:
        if "if-none-match" in request.headers:
            return Reply(status=304, headers=[("ETag", TAG)], body=b"")
        seen["plain"] += 1
        return Reply(headers=[("ETag", TAG)], body=BODY) if seen["plain"] < 2 else Reply(status=404)

    seen: Counter[str] = Counter()
    link = world.web.page("site.example", "/page", liar)
    world.note("a.md", link)
    _weekly(world, 8)

    assert seen["plain"] > 1
    assert world.state(link) is not State.ALIVE


@pytest.mark.parametrize("status", [404, 412, 500, 400])
def test_bad_news_are_believed_of_a_plain_question_only(status: int, world: World) -> None:
    def confused(request: Request) -> Reply:
        if "if-none-match" in request.headers:
            return Reply(status=status)
        return Reply(headers=[("ETag", TAG)], body=BODY)

    link = world.web.page("site.example", "/page", confused)
    world.note("a.md", link)
    _weekly(world, 4)

    assert world.state(link) is State.ALIVE
    assert [status for status, _, _ in _facts(world)] == [200] * 4


def test_a_304_that_was_not_asked_for_is_no_page(world: World) -> None:
    link = world.web.page("site.example", "/page", Reply(status=304, body=b""))
    world.note("a.md", link)
    world.check()
    assert world.state(link) is State.SUSPECT


def _portal(_request: Request) -> Reply:
    return Reply(headers=[("ETag", '"portal"')], body=b"<title>Log in</title>")


def test_what_a_void_cycle_met_is_never_asked_with(world: World) -> None:
    site = Site("ETag", TAG)
    hosts = [f"h{n}.example" for n in range(6)]
    links = [world.web.page(host, "/page", site) for host in hosts]
    world.note("a.md", "\n".join(links))
    _weekly(world, 1)
    elsewhere = world.web.page("portal.example", "/", _portal)
    pages: list[Callable[[Request], Reply] | Reply] = [
        Reply(status=302, headers=[("Location", elsewhere)])
    ] * 6
    for host, page in zip(hosts, pages, strict=True):
        world.web.page(host, "/page", page)
    result = world.check()
    assert result.void is not None
    world.pass_days(7)
    for host in hosts:
        world.web.page(host, "/page", site)
    site.seen.clear()
    world.check()
    assert {headers.get("if-none-match") for headers in site.seen} == {TAG}
