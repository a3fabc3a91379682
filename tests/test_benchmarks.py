"""What the benchmarks compute of what they measured; the measuring itself needs root."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks import bare, past, tree, verdicts, world
from benchmarks.floor import Manners, floor_s
from benchmarks.parts.profile import by_wing, rows_of
from benchmarks.profiled import by_place
from benchmarks.table import Mark, figure, judged, table
from benchmarks.world import Page
from linkwatch.history.store import Store

MANNERS = Manners(interval_s=0.1, concurrency=4, timeout_s=20.0)


def _page(fate: str = "ok", wait_s: float = 0.2, host: str = "h1.site.test") -> Page:
    return Page(f"http://{host}/{fate}", fate, wait_s)


@pytest.mark.parametrize(
    ("pages", "expected_s"),
    [
        ([], 0.0),
        ([_page()], 0.2),
        ([_page("moved")], 0.4),  # the redirect, then its end
        ([_page("down-once")], 0.4),
        ([_page("busy-once")], 1.4),  # it asks for a second
        ([_page()] * 101, 10.2),  # a hundred intervals, and the last answer
        ([_page("slow", 8.0)] * 8, 16.0),  # four at once, twice
        ([_page("void")] * 22, 20.0),  # one timeout, however many links
        ([_page("gone", 5.0), _page("badcert", 5.0, "h2.site.test")], 0.0),
        ([_page("mute"), *[_page(host="h2.site.test")] * 301], 30.2),
    ],
)
def test_the_floor_is_one_timeout_or_the_busiest_host(pages: list[Page], expected_s: float) -> None:
    assert floor_s(pages, MANNERS) == pytest.approx(expected_s)


def test_the_internet_like_world_has_silent_hosts_with_many_links() -> None:
    pages = world.internet(1000, 300, seed=1)
    assert len(pages) == len({page.url for page in pages}) == 1000
    many = Counter(page.host for page in pages if page.fate in {"void", "mute"})
    assert [count for _, count in many.most_common(2)] == [22, 22]


@pytest.mark.parametrize(
    ("mark", "value", "told"),
    [
        (Mark(most=0.25, of="lychee"), 0.25, "≤ 0.25× lychee: met"),
        (Mark(most=0.25, of="lychee"), 0.5, "≤ 0.25× lychee: missed by 100%"),
        (Mark(most=80, unit="MB"), 79.6, "≤ 80 MB: met"),
        (Mark(most=80, unit="MB"), 80.1, "≤ 80 MB: missed by 1%"),
    ],
)
def test_a_mark_tells_whether_it_is_met_or_by_how_much_not(
    mark: Mark, value: float, told: str
) -> None:
    assert mark.judge(value) == told


def test_a_mark_whose_figure_was_not_measured_is_left_out() -> None:
    assert judged((Mark(most=2), None), (Mark(most=2), 1.0)) == "≤ 2×: met"


def test_a_table_is_markdown() -> None:
    assert table(["us", "them"], [["time", figure(1.234, "s"), ""]]) == (
        "| | us | them |\n| --- | --- | --- |\n| time | 1.23 s | |"
    )


def test_verdicts_are_counted_by_fate() -> None:
    pages = [Page(f"http://a.test/{i}", fate) for i, fate in enumerate(["ok", "ok", "missing"])]
    expected = {"ok": frozenset({"alive"}), "missing": frozenset({"dead"})}
    said = {pages[0].url: "alive", pages[1].url: "dead"}
    truth = verdicts.judge(pages, said, expected)
    assert truth.right == 1
    assert truth.right_of("ok") == "1 of 2"
    assert not truth.is_all_right("ok")
    assert truth.false_alarms == ("ok: 1 of 2",)
    assert truth.others == ("404 called nothing: 1 of 1",)


def test_what_a_built_in_function_takes_is_its_callers() -> None:
    fetch = ("/x/site-packages/aiohttp/client.py", 1, "get")
    page = (str(Path(world.__file__).parents[1] / "linkwatch/web/page.py"), 2, "read")
    places = by_place(
        {
            fetch: (1, 1, 2.0, 4.0, {}),
            page: (1, 1, 1.0, 1.0, {}),
            ("~", 0, "<built-in method len>"): (
                *(2, 2, 1.0, 1.0),
                {fetch: (1, 1, 0.75, 0.75), page: (1, 1, 0.25, 0.25)},
            ),
            ("~", 0, "<method 'execute' of 'sqlite3.Cursor' objects>"): (1, 1, 3.0, 3.0, {}),
        }
    )
    assert places == {"aiohttp": 2.75, "linkwatch/web/page.py": 1.25, "sqlite": 3.0}


def test_a_profile_is_told_by_wing_and_sums_up() -> None:
    ours = {"linkwatch/web/a.py": 1.0, "linkwatch/web/b.py": 2.0, "aiohttp": 1.0, "tiny": 0.01}
    assert by_wing({"linkwatch/cycle.py": 1.0}) == {"linkwatch/*.py": 1.0}
    assert by_wing(ours) == {"linkwatch/web/": 3.0, "aiohttp": 1.0, "tiny": 0.01}
    rows = rows_of(ours, {"aiohttp": 0.5})
    assert [row[0] for row in rows] == ["linkwatch/web/", "aiohttp", "all others", "together"]
    assert rows[1] == ["aiohttp", "1.00 s", "25%", "0.50 s", "+0.50 s"]
    assert rows[-1][4] == "+3.51 s"


def _history(path: Path) -> Path:
    with Store(path):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        at = "2026-03-08T04:00:00.000Z"
        connection.execute(
            "insert into cycles (id, started_at, ending) values (1, ?, 'finished')", (at,)
        )
        for number, (elapsed_ms, second) in enumerate([(20_000, 0), (5_000, 16), (0, 0)], 1):
            connection.execute(
                "insert into links (id, url, host, first_seen, detail) values (?, ?, ?, ?, ?)",
                (number, f"http://h.void.test/{number}", "h.void.test:80", at, "not a time"),
            )
            connection.execute(
                "insert into checks (link_id, cycle_id, at, elapsed_ms) values (?, 1, ?, ?)",
                (number, f"2026-03-08T04:00:{second:02}.000Z", elapsed_ms),
            )
    return path


def test_a_silent_host_is_timed_from_its_first_request_to_the_end_of_its_last(
    tmp_path: Path,
) -> None:
    database = _history(tmp_path / "history.db")
    (silence,) = past.silences(database, ("void", "mute"))
    assert (silence.host, silence.links) == ("h.void.test:80", 3)
    assert silence.took_s == pytest.approx(21.0, abs=0.01)
    assert past.checked(database) == 3


def test_a_history_is_aged_in_all_its_times_and_in_nothing_else(tmp_path: Path) -> None:
    database = _history(tmp_path / "history.db")
    past.age(database, timedelta(days=7, hours=1))
    with closing(sqlite3.connect(database)) as connection:
        cycle = connection.execute("select started_at, finished_at from cycles").fetchone()
        check = connection.execute("select at from checks where link_id = 2").fetchone()
        link = connection.execute("select first_seen, detail from links").fetchone()
    assert cycle == ("2026-03-01T03:00:00.000Z", None)
    assert check == ("2026-03-01T03:00:16.000Z",)
    assert link == ("2026-03-01T03:00:00.000Z", "not a time")


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="reads Linux' /proc")
def test_a_look_at_this_process_finds_its_memory_and_files() -> None:
    me = os.getpid()
    assert me in tree.family(me)
    seen = tree.sample(me)
    assert seen.pss_mb > 1
    assert 0 < seen.files <= seen.file_limit
    assert tree.threads(me) >= 1


def test_the_bare_loop_fetches_every_page() -> None:
    asked: Counter[str] = Counter()

    async def page(request: web.Request) -> web.Response:
        asked[request.path] += 1
        return web.Response(text="well", status=404 if request.path == "/3" else 200)

    async def scenario() -> int:
        application = web.Application()
        application.router.add_get("/{page}", page)
        async with TestServer(application) as server:
            return await bare.fetch_all([str(server.make_url(f"/{i}")) for i in range(5)])

    assert asyncio.run(scenario()) == 4
    assert asked == {f"/{i}": 1 for i in range(5)}
