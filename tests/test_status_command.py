"""`linkwatch status`, as a user meets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkwatch.history.checks import save_results
from linkwatch.history.cycles import begin_cycle
from linkwatch.history.hosts import save_not_before
from linkwatch.history.store import Store, one_at_a_time
from tests.checks import seen
from tests.fakes.archive import FakeArchive
from tests.fakes.web import FakeWeb, Reply
from tests.test_cli import GONE, Ran, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with FakeWeb() as web, FakeArchive() as archive:
        shop = Shop(tmp_path, web, archive)
        shop.config()
        yield shop


def rows(ran: Ran) -> dict[str, str]:
    """What stands beside each label."""
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.partition("\n\n")[0].splitlines()
    return {line[:12].strip(): line[12:] for line in lines}


def test_status_tells_from_history_alone_how_things_stand(shop: Shop) -> None:
    alive = shop.web.page("a.localhost", "/", Reply())
    note = shop.note("a.md", f"{alive} {shop.web.page('a.localhost', '/dead', GONE)}")
    shop.run("check", "--quiet")
    asked = len(shop.web.requests)
    note.unlink()

    ran = shop.run("status")

    told = rows(ran)
    assert told["links"] == "2 in 1 note: 1 dead, 1 alive"
    assert told["checked"].endswith("(just now)")
    assert told["due"].startswith("0 now, then 0 within a day, 2 within a week; the next at ")
    assert told["database"].startswith(f"{shop.folder / 'data' / 'linkwatch.db'} (")
    assert ran.out.splitlines()[-1].split()[-4:] == ["2", "1", "0", "0"]
    assert "left alone" not in told
    assert len(shop.web.requests) == asked


def test_status_needs_a_history(shop: Shop) -> None:
    ran = shop.run("status")
    assert (ran.code, ran.out) == (1, "")
    assert "run `linkwatch check` first" in ran.err
    assert not (shop.folder / "data").exists()


def test_status_speaks_in_the_middle_of_a_cycle(shop: Shop) -> None:
    url = shop.web.page("a.localhost", "/", Reply())
    shop.note("a.md", url)
    shop.run("check", "--quiet")
    database, now = shop.folder / "data" / "linkwatch.db", datetime.now(UTC)
    with one_at_a_time(database), Store(database) as store:
        cycle_id = begin_cycle(store, now)
        save_results(store, cycle_id, {url: 1}, [seen(200, url=url)])
        save_not_before(store, {"slow.localhost:443": now + timedelta(hours=30)}, now)
        with store.writing():
            told = rows(shop.run("status"))
    assert told["running"].endswith("(just now): 1 checked so far")
    assert told["left alone"].startswith("slow.localhost until ")
    assert told["left alone"].endswith("(in 29 h)")


def test_status_says_that_a_cycle_was_killed(shop: Shop) -> None:
    url = shop.web.page("a.localhost", "/", Reply())
    shop.note("a.md", url)
    shop.run("check", "--quiet")
    database, now = shop.folder / "data" / "linkwatch.db", datetime.now(UTC)
    with Store(database) as store:
        cycle_id = begin_cycle(store, now)
        save_results(store, cycle_id, {url: 1}, [seen(200, url=url)])
    told = rows(shop.run("status"))
    assert "running" not in told
    assert told["cut short"].endswith("(just now), with 1 checked so far")


def test_status_says_why_the_last_cycle_does_not_count(shop: Shop) -> None:
    shop.note("a.md", "\n".join(f"http://s{i}.localhost:1/" for i in range(3)))
    shop.run("check", "--quiet")

    ran = shop.run("status")

    told = rows(ran)
    assert told["checked"] == "never yet"
    assert "The last cycle does not count: none of the 3 hosts answered" in ran.out
    assert told["due"].startswith("3 now, ")
    assert ran.out.rstrip().endswith("not counted")
