"""From notes in a repository to the date with which the archives are asked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from linkwatch.citing import cite, cite_link
from linkwatch.history.snapshots import save_lookup
from linkwatch.history.store import Store
from linkwatch.history.writer import StoreThread
from linkwatch.model import CitedFrom, Lookup, Outcome, State
from linkwatch.notes.gitlog import Commit, Git
from tests.fakes.repository import Repository, needs_git
from tests.fakes.web import Reply
from tests.world import World

GONE = Reply(status=404, body=b"<title>Not found</title>")

pytestmark = needs_git


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        world.configure(archive={"enabled": False})
        yield world


@pytest.fixture
def repository(world: World) -> Repository:
    return Repository(world.folder / "notes")


class Counting(Git):
    """A git that counts the questions."""

    def __init__(self, slow: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.slow = slow

    async def brought_in(self, note: Path, *args: Any, **kwargs: Any) -> dict[str, Commit | None]:
        self.asked.append(note.name)
        if note.name in self.slow:
            raise TimeoutError
        return await super().brought_in(note, *args, **kwargs)


Dates = dict[str, tuple[str, CitedFrom | None]]


def dates(world: World, git: Git | None = None, budget_s: float = 20.0) -> Dates:
    """What `cite` finds, by the path of each link."""

    async def ask() -> Dates:
        thread = StoreThread()
        try:
            with Store(world.folder / "data" / "linkwatch.db") as store:
                now = world.clock.utc_now()
                found = await cite(
                    thread, store, world.config, now, budget_s=budget_s, git=git or Git()
                )
                return {
                    link.url.rpartition("/")[2]: (f"{link.cited_at:%Y-%m-%d}", link.cited_from)
                    for link in found
                }
        finally:
            thread.close()

    return asyncio.run(ask())


def test_a_dead_link_is_dated_by_the_best_that_its_notes_and_git_tell(
    world: World, repository: Repository
) -> None:
    pages = {name: world.web.page("a.example", f"/{name}", GONE) for name in "pqrstu"}
    world.note("one.md", f"{pages['p']} {pages['q']} {pages['r']}\n")
    world.note("two.md", f"---\ncreated: 2019-06-01\n---\n{pages['q']}\n{pages['t']}\n")
    repository.commit("2017-01-01")
    world.note("one.md", f"{pages['p']} {pages['q']} {pages['r']} (accessed 2014-02-03)\n")
    world.note("journals/2018_05_06.md", f"{pages['s']}\n{pages['p']}\n")  # not committed
    written = datetime(2012, 1, 1, tzinfo=UTC).timestamp()
    os.utime(world.note("three.md", pages["u"]), (written, written))
    world.check()

    assert dates(world) == {
        "p": ("2017-01-01", CitedFrom.GIT),  # the journal is of later
        "q": ("2017-01-01", CitedFrom.GIT),  # two.md says 2019
        "r": ("2014-02-03", CitedFrom.ACCESSED),
        "s": ("2018-05-06", CitedFrom.FILE),
        "t": ("2019-06-01", CitedFrom.FRONT_MATTER),
        "u": ("2012-01-01", CitedFrom.FILE),
    }


def test_git_is_asked_once_a_note_and_anew_only_for_a_new_link(
    world: World, repository: Repository
) -> None:
    p, q, r = (world.web.page("a.example", f"/{name}", GONE) for name in "pqr")
    alive = world.web.page("a.example", "/alive", Reply())
    world.note("a.md", f"{p} {q}")
    world.note("b.md", f"{p} (accessed 2019-01-01)")
    world.note("c.md", alive)
    repository.commit("2017-01-01")
    world.note("a.md", f"{p} {q} {r}")  # git does not know the last one
    world.check()
    git = Counting()
    expected: Dates = {
        "p": ("2017-01-01", CitedFrom.GIT),
        "q": ("2017-01-01", CitedFrom.GIT),
        "r": ("2026-01-05", CitedFrom.FIRST_SEEN),
    }

    assert [dates(world, git), dates(world, git)] == [expected, expected]
    assert git.asked == ["a.md"]

    s = world.web.page("a.example", "/s", GONE)
    world.note("a.md", f"{p} {q} {r} {s}")
    world.check()

    assert dates(world, git) == expected | {"s": ("2026-01-05", CitedFrom.FIRST_SEEN)}
    assert git.asked == ["a.md", "a.md"]


def test_links_that_there_is_no_time_for_wait_for_another_cycle(
    world: World, repository: Repository
) -> None:
    p, q, r = (world.web.page("a.example", f"/{name}", GONE) for name in "pqr")
    world.note("a.md", p)
    world.note("b.md", q)
    world.note("c.md", f"{q} {r} (accessed 2019-01-01)")
    repository.commit("2017-01-01")
    world.check()
    accessed: Dates = {"r": ("2019-01-01", CitedFrom.ACCESSED)}

    assert dates(world, budget_s=0.0) == accessed

    slow = Counting(slow=("a.md",))
    assert dates(world, slow) == accessed | {
        "p": ("2026-01-05", CitedFrom.FIRST_SEEN),  # it had as much time as it will ever get
        "q": ("2017-01-01", CitedFrom.GIT),
    }
    dates(world, slow)
    assert slow.asked == ["a.md", "b.md", "c.md"]


def test_a_note_that_goes_away_takes_along_what_git_said_of_it(
    world: World, repository: Repository
) -> None:
    page = world.web.page("a.example", "/p", GONE)
    world.note("a.md", page)
    note = world.note("b.md", page)
    repository.commit("2017-01-01")
    world.check()
    dates(world)
    note.unlink()

    world.check()

    with Store(world.folder / "data" / "linkwatch.db") as store:
        assert len(store.rows("select * from commits")) == 1


def test_a_cycle_asks_the_archive_for_the_copy_of_the_day(
    world: World, repository: Repository
) -> None:
    page = world.web.page("a.example", "/p", GONE)
    for stamp in ("20150101000000", "20170101000000", "20190101000000"):
        world.archive.capture(page, stamp)
    world.note("a.md", page)
    repository.commit("2017-06-01")
    world.configure(archive={"enabled": True})

    world.check()

    lookup = world.links[page].lookup
    assert lookup.snapshot and "20170101000000" in lookup.snapshot.url
    assert (f"{lookup.cited_at:%Y-%m-%d}", lookup.cited_from) == ("2017-06-01", CitedFrom.GIT)


def test_a_single_link_can_be_dated_however_it_stands(world: World, repository: Repository) -> None:
    alive = world.web.page("a.example", "/alive", Reply())
    gone = world.web.page("a.example", "/gone", GONE)
    world.note("a.md", f"{alive} {gone}")
    repository.commit("2017-01-01")
    world.check()
    world.pass_days(1)
    now = world.clock.utc_now()

    async def ask(url: str) -> Any:
        thread = StoreThread()
        try:
            with Store(world.folder / "data" / "linkwatch.db") as store:
                save_lookup(store, gone, Lookup(outcome=Outcome.FOUND), now)
                return await cite_link(thread, store, world.config, url, now)
        finally:
            thread.close()

    living, dead = asyncio.run(ask(alive)), asyncio.run(ask(gone))
    assert (living.url, living.cited_from, living.failed_at) == (alive, CitedFrom.GIT, now)
    assert world.state(gone) is State.DEAD
    assert (dead.cited_from, dead.failed_at) == (CitedFrom.GIT, world.links[gone].verdict.since)
    assert asyncio.run(ask("https://unknown.example/")) is None
