"""Old checks rolled up in a history: nothing changes but its size, and nobody waits for it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from linkwatch.cli import cli
from linkwatch.config import load
from linkwatch.errors import StoreError
from linkwatch.history.anchors import missing
from linkwatch.history.checks import save_results
from linkwatch.history.copies import pending_copies, save_pending
from linkwatch.history.cycles import begin_cycle, end_cycle
from linkwatch.history.migrations import migrations
from linkwatch.history.overrules import save_testimony
from linkwatch.history.rollups import rolled_up
from linkwatch.history.store import Store, one_at_a_time
from linkwatch.judging import rejudge
from linkwatch.model import Ending, Fault, LocalCopy
from linkwatch.model import Testimony as Word  # pytest would take its name for a test class
from linkwatch.pruning import (
    Pruned,
    Space,
    after_a_cycle,
    in_words,
    make_room,
    prune,
    prune_by_hand,
)
from linkwatch.report.explain import explain
from linkwatch.telling import story_of
from linkwatch.verdict import Policy
from tests.checks import day, seen
from tests.fakes.web import Reply
from tests.history.past import POLICY, Past
from tests.test_drift import A as RIVER
from tests.test_drift import B as SHOP
from tests.world import World

A, B, C = "https://a.example/", "https://b.example/", "https://c.example/"
KEEP = timedelta(days=90)
WEEKS = 40


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    past = Past(tmp_path)
    yield past
    past.close()


def weekly(past: Past, *urls: str, weeks: int = WEEKS, first: int = 0, **facts: Any) -> None:
    """Cycles in which all is well; judged in one go at their end."""
    ids = past.ids
    *before, last = (7 * week for week in range(first, first + weeks))
    for on in before:
        cycle_id = begin_cycle(past.store, day(on))
        results = [seen(200, on, url=url, **facts) for url in urls]
        save_results(past.store, cycle_id, ids, results)
        end_cycle(past.store, cycle_id, Ending.FINISHED, day(on))
    past.cycle(last, [seen(200, last, url=url, **facts) for url in urls])


def rolled(past: Past, on: float = 7 * WEEKS, keep: timedelta = KEEP) -> Pruned:
    return sum(prune(past.store, keep, day(on)), start=Pruned())


def table(past: Past, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in past.store.rows(sql)]


def check_days(past: Past, url: str = A) -> list[float]:
    rows = past.store.rows(
        "select at from checks join links on links.id = link_id where url = ? order by checks.id",
        (url,),
    )
    known = {f"{day(n):%Y-%m-%d}": n for n in range(700)}
    return [known[row["at"][:10]] for row in rows]


def judged_anew(past: Past, policy: Policy = POLICY) -> list[tuple[Any, ...]]:
    """What links come to, without what the cache says and which program made it."""
    rejudge(past.store, policy, list(past.ids))
    return table(
        past,
        """select url, state, reason, since, detail, last_check_id, good_check_id, last_check,
           next_check, checks, changed_at, changed_from, changed_to, recoveries, lives_at
           from links order by url""",
    )


# What goes, and what is left in its place


def test_a_page_that_was_always_well_keeps_its_first_checks_and_the_young_ones(past: Past) -> None:
    past.note("a.md", A)
    weekly(past, A)

    assert rolled(past) == Pruned(checks=26, links=1)
    young = [7 * week for week in range(28, WEEKS)]  # from day 190 on
    assert check_days(past) == [0, 7, *young]
    assert past.store.rows("select checks from links")[0]["checks"] == WEEKS


def test_each_month_keeps_its_count(past: Past) -> None:
    past.note("a.md", A)
    weekly(past, A)
    rolled(past)

    rows = table(
        past,
        """select rollups.month, rollups.checks, substr(first_at, 1, 10), substr(last_at, 1, 10),
           mean_elapsed_ms, checks.at = (select min(at) from checks)
           from rollups join checks on checks.id = rollups.check_id order by month""",
    )
    assert rows[0] == ("2026-01", 2, "2026-01-19", "2026-01-26", 120, 1)
    assert rows[1] == ("2026-02", 4, "2026-02-02", "2026-02-23", 120, 1)
    assert sum(row[1] for row in rows) == 26


def test_counts_grow_when_it_is_done_again(past: Past) -> None:
    past.note("a.md", A)
    weekly(past, A, weeks=20)
    rolled(past, 140)
    weekly(past, A, weeks=20, first=20)
    rolled(past)

    assert table(past, "select sum(checks) from rollups") == [(26,)]
    assert table(past, "select count(*), count(distinct month) from rollups") == [(7, 7)]
    assert rolled(past) == Pruned()


def test_no_verdict_changes_under_any_policy(past: Past) -> None:
    past.note("a.md", A, B, C)
    for week in range(WEEKS):
        on = 7 * week
        down = week in (5, 6, 20) or week > 36
        past.cycle(
            on,
            [
                seen(404 if down else 200, on, url=A),
                seen(200 if week < 9 else 403, on, url=B, fingerprint=RIVER if week < 9 else None),
                seen(200, on, url=C, fingerprint=RIVER if week < 15 else SHOP),
            ],
            void="no network" if week == 11 else None,
        )
    save_testimony(past.store, B, Word(at=day(200.5), until=day(230)))
    policies = [POLICY, replace(POLICY, failures=2, days=0), replace(POLICY, failures=9)]
    before = [judged_anew(past, policy) for policy in policies]
    links = past.ledger().links

    assert rolled(past, 7 * WEEKS, timedelta(days=7)).checks > 60
    assert [judged_anew(past, policy) for policy in policies] == before
    assert past.ledger().links == links


def test_the_next_cycle_judges_as_if_all_were_there(tmp_path: Path) -> None:
    outcomes = []
    for name, thinned in (("whole", False), ("thinned", True)):
        (tmp_path / name).mkdir()
        past = Past(tmp_path / name)
        past.note("a.md", A, B)
        weekly(past, A, B)
        if thinned:
            rolled(past)
        for on in (280, 281, 284, 290):
            past.cycle(on, [seen(404, on, url=A), seen(200, on, url=B)])
        cached = "url, state, since, detail, checks, next_check, last_check_id, good_check_id"
        outcomes.append(table(past, f"select {cached} from links order by url"))
        past.close()

    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0][1] == "dead"


def test_failures_stay(past: Past) -> None:
    past.note("a.md", A)
    for week in range(WEEKS):
        past.cycle(7 * week, [seen(Fault.TIMEOUT, 7 * week, url=A)])

    assert rolled(past) == Pruned()


def test_void_checks_are_counted_apart_once_a_valid_one_followed(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(200, 0, url=A)])
    for on in (7, 8, 9):
        past.cycle(on, [seen(Fault.TIMEOUT, on, url=A)], void="no network")

    assert rolled(past) == Pruned()
    past.cycle(14, [seen(200, 14, url=A)])
    assert rolled(past) == Pruned(checks=3, links=1)
    assert table(past, "select check_id, month, checks from rollups") == [(None, "2026-01", 3)]
    assert table(past, "select checks from links") == [(2,)]
    assert table(past, "select count(*) from cycles where void is not null") == [(3,)]


def test_what_a_killed_cycle_left_waits_for_its_judgement(past: Past) -> None:
    past.note("a.md", A)
    weekly(past, A, weeks=5)
    running = past.begin(35)
    save_results(past.store, running, past.ids, [seen(404, 35, url=A)])
    end_cycle(past.store, running, Ending.ABORTED, day(35))

    assert rolled(past).checks == 2  # of the five before it: its neighbour stays
    assert check_days(past) == [0, 7, 28, 35]


def test_a_check_that_a_waiting_copy_came_with_stays(past: Past) -> None:
    past.note("a.md", A)
    weekly(past, A, weeks=3)
    cycle_id = past.cycle(21, [seen(200, 21, url=A)])
    copy = LocalCopy(
        url=A, at=day(21), seen_at=day(21), path="copies/a.warc.gz", digest="D", size_bytes=9,
        length=9, status=200, content_type=None, title=None,
    )  # fmt: skip
    save_pending(past.store, cycle_id, [copy], total_bytes=99, whole=lambda *_: True)
    weekly(past, A, weeks=9, first=4)
    rolled(past)

    assert check_days(past) == [0, 7, 21, 84]
    assert pending_copies(past.store)[0].result is not None


def test_a_lost_section_is_still_known_as_lost(past: Past) -> None:
    past.note("a.md", A)
    for week in range(12):
        result = replace(seen(200, 7 * week, url=A), anchors=(("x", week < 6),))
        past.cycle(7 * week, [result])
    before = missing(past.store)
    assert len(before) == 1
    rolled(past)

    assert check_days(past) == [0, 7, 35, 42, 49, 77]
    assert missing(past.store) == before


def test_redirects_go_with_their_checks(past: Past) -> None:
    past.note("a.md", A)
    weekly(past, A, hops=(301,))
    rolled(past)

    orphans = "select count(*) from hops where check_id not in (select id from checks)"
    assert table(past, orphans) == [(0,)]
    assert table(past, "pragma foreign_key_check") == []


# Cycles, and what they told


def test_old_cycles_that_checked_nothing_go_but_for_each_days_last(past: Past) -> None:
    for hour in range(48):
        past.cycle(hour / 24)
    for number in range(60):
        past.cycle(100 + number)
    gone = rolled(past, 300)

    assert gone.cycles == 44  # the first stays, and the last of each of three days
    assert len(past.ledger().cycles) == 12


def test_news_goes_after_a_year(past: Past) -> None:
    past.note("a.md", A)
    for on in range(0, 20, 2):
        past.cycle(on, [seen(404 if on == 10 else 200, on, url=A)])
    for number in range(60):
        past.cycle(30 + number)
    news = len(table(past, "select * from changes"))

    assert rolled(past, 300).changes == 0
    assert rolled(past, 500).changes == news == 3


# After each cycle


def test_after_a_cycle_only_links_with_a_months_checks_are_looked_at(past: Past) -> None:
    past.note("a.md", A)
    gone = []
    for week in range(20):
        past.cycle(7 * week, [seen(200, 7 * week, url=A)])
        now = day(7 * week + 0.1)
        gone.append(sum(after_a_cycle(past.store, KEEP, now), start=Pruned()).checks)

    assert gone == [0] * 16 + [2, 0, 0, 0]
    assert sum(after_a_cycle(past.store, None, day(900)), start=Pruned()) == Pruned()


def test_a_whole_cycle_rolls_up_and_explain_tells_what_was(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        url = world.web.page("a.example", "/", Reply())
        world.note("a.md", url)
        world.configure(history={"keep": "30d"}, check={"timeout": "20s"})
        for _ in range(14):
            world.check()
            world.pass_days(7)
        told = explain(story_of(world.config, url))
        world.configure(history={"keep": None})
        for _ in range(9):
            world.check()
            world.pass_days(7)

        assert "14 checks, oldest first:" in told
        (line,) = (line for line in told.splitlines() if "more checks" in line)
        assert "all 200 like the one before, " in line
        assert line.endswith("  → alive")
        assert told.splitlines().index(line) > 0
        assert "23 checks, oldest first:" in explain(story_of(world.config, url))
        assert len(re.findall("more checks", explain(story_of(world.config, url)))) == 1
        assert world.links[url].checks == 23


def test_explain_tells_of_void_checks_that_were_rolled_up(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(200, 0, url=A)])
    for on in (7, 8):
        past.cycle(on, [seen(Fault.TIMEOUT, on, url=A)], void="no network")
    past.cycle(14, [seen(200, 14, url=A)])
    rolled(past)
    (past.store.path.parent / "config.yaml").write_text("database: history.db")
    config = load(None, cwd=past.store.path.parent)

    lines = explain(story_of(config, A)).splitlines()
    assert "4 checks, oldest first:" in lines
    first, last = "2026-01-12 04:00 UTC", "2026-01-13 04:00 UTC"
    said = [line for line in lines if "more checks" in line]
    assert said == [f"      2 more checks between {first} and {last}, of cycles that do not count"]


# Beside others


def test_between_two_steps_others_write_and_within_one_they_read(past: Past) -> None:
    urls = [f"https://s{n}.example/" for n in range(120)]
    past.note("a.md", *urls)
    weekly(past, *urls, weeks=12)
    running = begin_cycle(past.store, day(190))
    ids = past.ids
    with Store(past.store.path) as other:
        other.rows("pragma busy_timeout = 0")  # who has to wait fails
        seen_within: list[int] = []

        def look(sql: str) -> None:
            if sql.startswith("delete from checks"):
                seen_within.append(other.rows("select count(*) from checks")[0][0])

        sizes = []
        for gone in prune(past.store, timedelta(days=7), day(190)):
            sizes.append(gone.links)
            number = len(sizes)
            save_results(other, running, ids, [seen(200, 190, url=urls[number])])
            past.store.db.conn.set_trace_callback(look)

    assert sizes == [50, 50, 20]
    assert min(seen_within) >= 120 * 3
    assert table(past, "select sum(checks) from rollups") == [(120 * 9,)]


def test_checks_go_on_while_it_prunes(past: Past) -> None:
    urls = [f"https://s{n}.example/" for n in range(120)]
    past.note("a.md", *urls)
    weekly(past, *urls, weeks=12)
    running = begin_cycle(past.store, day(190))
    ids = past.ids

    def check() -> None:
        with Store(past.store.path) as own:
            for url in urls:
                save_results(own, running, ids, [seen(200, 190, url=url)])

    writer = threading.Thread(target=check)
    writer.start()
    for _ in prune(past.store, timedelta(days=7), day(190)):
        time.sleep(0.05)
    writer.join()
    past.judge(running)

    assert table(past, "select sum(checks) from rollups") == [(120 * 9,)]
    assert table(past, "select distinct checks from links") == [(13,)]


def test_two_at_once_count_nothing_twice(past: Past) -> None:
    urls = [f"https://s{n}.example/" for n in range(120)]
    past.note("a.md", *urls)
    weekly(past, *urls, weeks=20)
    ours = prune(past.store, timedelta(days=7), day(140))
    total = next(ours)
    with Store(past.store.path) as other:
        total += sum(prune(other, timedelta(days=7), day(140)), start=Pruned())
    total += sum(ours, start=Pruned())

    assert total.checks == 120 * 17
    assert table(past, "select sum(checks) from rollups") == [(120 * 17,)]


def test_killed_in_the_middle_it_is_simply_run_again(past: Past) -> None:
    urls = [f"https://s{n}.example/" for n in range(150)]
    past.note("a.md", *urls)
    weekly(past, *urls, weeks=20)
    before = judged_anew(past)
    script = f"""
import os, signal
from pathlib import Path
from datetime import timedelta
from linkwatch.history.store import Store
from linkwatch.pruning import prune
from tests.checks import day
store = Store(Path({str(past.store.path)!r}))
steps = prune(store, timedelta(days=7), day(140))
next(steps)
left = [7]
def look(sql):
    left[0] -= sql.startswith("delete from hops")
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
store.db.conn.set_trace_callback(look)
for _ in steps:
    pass
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr

    there = table(past, "select count(*) from checks")[0][0]
    told = table(past, "select coalesce(sum(checks), 0) from rollups")[0][0]
    assert (there + told, told) == (150 * 20, 50 * 17)
    rolled(past, 140, timedelta(days=7))
    assert table(past, "select sum(checks) from rollups") == [(150 * 17,)]
    assert judged_anew(past) == before


# The command


@pytest.fixture
def folder(past: Past) -> Path:
    folder = past.store.path.parent
    (folder / "config.yaml").write_text("database: history.db")
    return folder


def pruned(folder: Path, *, on: float = 7 * WEEKS, dry_run: bool = False) -> str:
    config = load(None, cwd=folder)
    return in_words(prune_by_hand(config, now=day(on), dry_run=dry_run, pause=lambda: None))


def many(past: Past) -> list[str]:
    urls = [f"https://s{n}.example/{'long/' * 20}" for n in range(60)]
    past.note("a.md", *urls)
    weekly(past, *urls)
    return urls


def test_it_says_in_one_sentence_what_went_and_makes_the_database_smaller(
    past: Past, folder: Path
) -> None:
    many(past)
    past.store.rows("pragma wal_checkpoint(truncate)")
    size = past.store.path.stat().st_size

    said = pruned(folder)
    past.close()

    assert re.fullmatch(
        "1560 checks of 60 links, older than 2026-07-14 and like others that stay, were rolled up;"
        r" the database has 0\.\d MB instead of [01]\.\d MB\.",
        said,
    )
    assert past.store.path.stat().st_size < 0.8 * size


def test_a_dry_run_changes_nothing(past: Past, folder: Path) -> None:
    many(past)
    before = list(past.store.db.conn.iterdump())

    said = pruned(folder, dry_run=True)

    assert said.startswith("1560 checks of 60 links, older than 2026-07-14")
    assert "would be rolled up; nothing was changed; the database has " in said
    assert list(past.store.db.conn.iterdump()) == before


def test_where_there_is_nothing_to_do_it_says_so(past: Past, folder: Path) -> None:
    many(past)
    pruned(folder)
    assert pruned(folder).startswith("There is no check older than 2026-07-14 that says nothing of")

    (folder / "config.yaml").write_text("{database: history.db, history: {keep: null}}")
    assert pruned(folder).startswith("Every check is kept (history.keep is null); the database")


def test_a_database_of_an_older_linkwatch_is_written_anew_once_no_cycle_is_at_work(
    past: Past, folder: Path
) -> None:
    many(past)
    past.store.rows("pragma auto_vacuum = none")
    past.store.rows("vacuum")
    assert past.store.rows("pragma auto_vacuum")[0][0] == 0

    with one_at_a_time(past.store.path):
        assert "stays at" in pruned(folder)
        assert past.store.rows("pragma auto_vacuum")[0][0] == 0
    assert re.search(r"the database has 0\.\d MB instead of [01]\.\d MB", pruned(folder))
    past.close()
    with Store(past.store.path) as store:
        assert store.rows("pragma auto_vacuum")[0][0] == 2
        assert store.rows("pragma freelist_count")[0][0] == 0


def test_where_there_is_no_room_to_write_it_anew_it_stays(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(past)
    past.store.rows("pragma auto_vacuum = none")
    past.store.rows("vacuum")
    rolled(past)

    def full(store: Store) -> None:
        raise StoreError("Can't use the database: the disk is full.")

    monkeypatch.setattr("linkwatch.pruning.rewrite", full)
    assert make_room(past.store, lambda: None) is Space.SHORT


def test_prune_as_a_command(past: Past, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(past)
    monkeypatch.chdir(folder)

    for arguments, words in (
        (["prune", "--dry-run"], "would be rolled up"),
        (["prune"], "were rolled up"),
        (["prune"], "There is no check"),
    ):
        ran = CliRunner().invoke(cli, arguments)
        assert (ran.exit_code, ran.output.count("\n")) == (0, 1)
        assert words in ran.output
    assert CliRunner().invoke(cli, ["prune", "--quiet"]).output == ""


def test_a_history_of_an_older_linkwatch_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    db = Database(path)
    migrations.apply(db, stop_before="0010_retention")
    db.execute("insert into links (url, host, first_seen) values ('https://a/', 'a:443', 'x')")
    db.conn.commit()
    db.close()

    with Store(path) as store:
        assert store.rows("select rolled_up_to from links")[0][0] == 0
        assert rolled_up(store, "https://a/") == []
