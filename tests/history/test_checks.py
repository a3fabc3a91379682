"""Checks: what is due and in which order, what is saved, and who wants to be left alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from linkwatch.errors import StoreError
from linkwatch.history.checks import ends, save_results
from linkwatch.history.hosts import not_before, save_not_before
from linkwatch.history.ledger import read_link
from linkwatch.history.links import (
    DueLink,
    ids_of,
    next_links,
    queue_due,
    queue_links,
    waiting_hosts,
    witnesses,
)
from linkwatch.history.mentions import linked
from linkwatch.history.overrules import dead_in
from linkwatch.history.writer import ResultWriter, StoreThread
from linkwatch.model import CheckResult, Fault, Hop
from tests.checks import day, seen
from tests.history.past import Past

A, B, C = "https://a.example/", "https://b.example/", "https://c.example/"


def due_urls(past: Past, on: float, *, everything: bool = False) -> list[str]:
    queue_due(past.store, day(on), everything=everything, notes=None)
    return [link.url for link in waiting(past)]


def _urls(past: Past, ids: list[int]) -> list[str]:
    known = {id_: url for url, id_ in past.ids.items()}
    return [known[id_] for id_ in ids]


def waiting(past: Past) -> list[DueLink]:
    """All that wait, host by host."""
    hosts = dict.fromkeys((host for host, _ in waiting_hosts(past.store)), 0)
    return next_links(past.store, hosts, 1000, with_fragments=False)


def checks_of(past: Past, url: str) -> list[CheckResult]:
    found = read_link(past.store, url, names={}, paths={})
    assert found is not None
    return [check.result for check in found[1]]


# Due


def test_a_link_that_was_never_checked_is_due(past: Past) -> None:
    past.note("a.md", A, B)
    past.begin(0)

    assert due_urls(past, 0) == [A, B]


def test_a_link_is_due_again_after_its_interval_less_a_tenth(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(200, url=A)])

    assert due_urls(past, 6.29) == []
    assert due_urls(past, 6.3) == [A]  # to the very moment
    assert due_urls(past, 0.1, everything=True) == [A]


def test_a_weekly_cycle_finds_a_weekly_link_due(past: Past) -> None:
    past.note("a.md", A)
    past.begin(-1)
    for week in range(10):
        on = 7 * week + 0.01 * (week % 2)  # a little late, then a little early
        assert due_urls(past, on) == [A]
        past.cycle(on, [seen(200, on + 0.005, url=A)])


def test_a_suspect_is_due_after_a_day_and_a_dead_link_after_its_interval(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(200, url=A)])
    past.cycle(7, [seen(404, 7, url=A)])

    assert due_urls(past, 7.89) == []
    assert due_urls(past, 7.9) == [A]
    for on in (8, 9, 10):
        past.cycle(on, [seen(404, on, url=A)])
    assert past.states[A] == "dead"
    assert due_urls(past, 11) == []
    assert due_urls(past, 16.3) == [A]


def test_a_link_of_a_void_cycle_stays_due(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A)])
    past.cycle(7, [seen(Fault.TIMEOUT, 7, url=A), seen(Fault.TIMEOUT, 7, url=B)], void="offline")

    assert set(due_urls(past, 7.001)) == {A, B}
    assert past.states == {A: "alive", B: "unchecked"}


def test_links_come_first_that_were_not_really_asked_for_longest(past: Past) -> None:
    past.note("a.md", A, B, C, "https://new.example/")
    past.cycle(0, [seen(200, 0.02, url=A), seen(200, 0.01, url=B)])
    past.cycle(0.5, [seen(200, 0.5, url=C)])
    past.cycle(20, [seen(Fault.TIMEOUT, 20, url=B, inferred=True)])

    assert due_urls(past, 100) == ["https://new.example/", B, A, C]


def test_what_no_note_mentions_and_what_is_skipped_is_not_due(past: Past) -> None:
    past.note("a.md", A, B)
    past.begin(0)
    past.note("a.md", A)
    past.begin(1)
    past.store.db.conn.execute("update links set state = 'skipped' where url = ?", (A,))

    assert due_urls(past, 2) == []
    assert due_urls(past, 2, everything=True) == []


def test_only_the_links_of_some_notes_can_be_asked_for(past: Past) -> None:
    first = past.note("a.md", A, B)
    second = past.note("b.md", B, C)
    past.begin(0)

    def of(*notes: int) -> list[str]:
        assert queue_due(past.store, day(0), everything=False, notes=notes) == len(waiting(past))
        return [link.url for link in waiting(past)]

    assert of(first) == [A, B]
    assert of(second) == [B, C]
    assert of(first, second) == [A, B, C]
    assert of() == []
    assert linked(past.store, [second]) == {past.ids[B], past.ids[C]}


def test_a_link_counts_as_seen_alive_by_a_valid_healthy_check_only(past: Past) -> None:
    urls = [f"https://s{i}.example/" for i in range(6)]
    past.note("a.md", *urls)
    past.cycle(0, [seen(200, url=urls[0]), seen(404, url=urls[1]), seen(403, url=urls[2])])
    past.cycle(1, [seen(200, 1, url=urls[3])], void="a portal")
    past.cycle(2, [replace(seen(200, 2, url=urls[4]), fault=Fault.PROTOCOL)])
    past.cycle(3, [seen(500, 3, url=urls[0])])

    queue_due(past.store, day(9), everything=True, notes=None)
    before = {link.url: link.before for link in waiting(past)}

    assert [url for url in urls if before[url] is not None] == [urls[0]]


def plan(past: Past, sql: str) -> str:
    rows = past.store.rows(f"explain query plan {sql}")
    return "\n".join(row["detail"] for row in rows)


def test_the_queries_of_a_cycle_use_their_indexes(past: Past) -> None:
    queries: list[str] = []
    past.note("a.md", A)
    cycle_id = past.begin(0)
    past.store.db.conn.set_trace_callback(queries.append)
    queue_due(past.store, day(0), everything=False, notes=None)
    waiting(past)
    save_results(past.store, cycle_id, past.ids, [seen(200, url=A)])
    past.judge(cycle_id)
    past.store.db.conn.set_trace_callback(None)

    seen_plans = [
        plan(past, sql)
        for sql in queries
        if sql.lstrip().lower().startswith(("select", "delete", "insert into temp"))
    ]
    assert any("links_due" in text for text in seen_plans)
    assert any("idx_checks_link_id_cycle_id" in text for text in seen_plans)
    whole = [
        line
        for text in seen_plans
        for line in text.splitlines()
        if line.startswith(("SCAN checks", "SCAN hops", "SCAN mentions"))
    ]
    assert whole == []  # the big tables are never read from end to end


# Asked besides


def test_witnesses_are_one_on_each_of_a_few_other_hosts_the_longest_unasked_first(
    past: Past,
) -> None:
    well = [f"https://s{i}.example/{page}" for i in range(5) for page in ("a", "b")]
    past.note("a.md", *well, "https://dead.example/")
    for on, url in enumerate(reversed(well)):
        past.cycle(on / 10, [seen(200, on / 10, url=url)])
    past.cycle(1, [seen(404, 1, url="https://dead.example/")])
    asked = past.begin(9)
    save_results(past.store, asked, past.ids, [seen(Fault.TIMEOUT, 9, url=well[-1])])

    some = _urls(past, witnesses(past.store, asked, day(9), notes=None))

    assert some == ["https://s3.example/b", "https://s2.example/b", "https://s1.example/b"]
    assert witnesses(past.store, asked, day(0.5), notes=None) == []  # all were asked today
    note = past.note("b.md", well[2])
    assert _urls(past, witnesses(past.store, asked, day(9), notes=[note])) == [well[2]]
    assert witnesses(past.store, asked, day(9), notes=[]) == []


def test_some_links_are_found_by_their_urls_each_once(past: Past) -> None:
    urls = [f"https://s{i}.example/" for i in range(700)]
    past.note("a.md", *urls)
    wanted = [urls[699], urls[3], urls[3], "https://unknown.example/", *urls[20:600]]

    found = ids_of(past.store, wanted)

    assert sorted(_urls(past, found)) == sorted({urls[699], urls[3], *urls[20:600]})
    assert queue_links(past.store, found) == len(found)
    assert {link.id for link in waiting(past)} == set(found)


def test_the_links_of_a_host_are_read_bit_by_bit(past: Past) -> None:
    urls = [f"https://a.example/{n}#part" for n in range(10)]
    past.note("a.md", *urls, B)
    past.begin(0)
    assert queue_due(past.store, day(0), everything=False, notes=None) == 11
    host, other = "a.example:443", "b.example:443"
    past.note("b.md", "https://a.example/later")  # what becomes due meanwhile waits for a cycle

    assert waiting_hosts(past.store) == [(host, 10), (other, 1)]
    links: list[DueLink] = []
    while some := next_links(past.store, {host: len(links)}, 4, with_fragments=True):
        links += some
    assert [f"{link.url}#{'/'.join(link.fragments)}" for link in links] == urls
    both = next_links(past.store, {host: 9, other: 0}, 4, with_fragments=False)
    assert [link.url for link in both] == [urls[9].partition("#")[0], B]


def test_ends_are_those_of_hosts_that_redirected_in_this_cycle(past: Past) -> None:
    now, earlier, straight, elsewhere = (
        "https://a.example/now",
        "https://a.example/earlier",
        "https://a.example/straight",
        "https://b.example/",
    )
    past.note("a.md", now, earlier, straight, elsewhere)
    past.cycle(
        0,
        [
            seen(200, url=earlier, hops=(302,)),
            seen(200, url=elsewhere, hops=(302,)),
            seen(200, url=straight),
        ],
    )
    cycle_id = past.begin(7)
    results = [seen(200, 7, url=now, hops=(302,)), seen(200, 7, url=elsewhere)]
    save_results(past.store, cycle_id, past.ids, results)

    assert {end.url for end in ends(past.store, cycle_id).values()} == {now, earlier}


# Saved


def test_facts_come_back_as_they_were_saved(past: Past) -> None:
    past.note("a.md", A)
    fact = CheckResult(
        url=A,
        at=day(0.5),
        elapsed_ms=1234,
        status=302,
        fault=Fault.BAD_REDIRECT,
        message="it says: Ünïcode \x00 'quotes' -- \U0001f600",
        final_url=f"{A}x",
        hops=tuple(Hop(url=f"{A}{i}", status=301 + i, location=f"{A}{i + 1}") for i in range(12)),
        attempts=3,
        inferred=True,
        confirmed=True,
        remark="odd",
        size=10**12,
        digest="ab",
    )
    bare = seen(200, 1, url=A)

    past.cycle(0, [fact])
    past.cycle(1, [bare])

    assert checks_of(past, A) == [fact, bare]


def test_a_second_result_of_a_link_in_a_cycle_takes_the_place_of_the_first(past: Past) -> None:
    past.note("a.md", A, B)
    cycle_id = past.begin(0)
    save_results(past.store, cycle_id, past.ids, [seen(404, url=A, hops=(301, 301))])
    save_results(past.store, cycle_id, past.ids, [seen(200, url=B)])

    again = seen(404, 0.1, url=A, hops=(302,), confirmed=True)
    save_results(past.store, cycle_id, past.ids, [again])

    assert checks_of(past, A) == [again]
    assert len(past.store.rows("select * from hops")) == 1
    assert len(past.store.rows("select * from checks")) == 2


def test_of_two_results_of_a_link_in_one_batch_the_later_counts(past: Past) -> None:
    past.note("a.md", A, B)
    cycle_id = past.begin(0)
    results = [seen(404, url=A, hops=(301,)), seen(200, url=B), seen(404, 0.1, url=A)]

    save_results(past.store, cycle_id, past.ids, results)

    assert checks_of(past, A) == [results[2]]
    assert past.store.rows("select * from hops") == []


def test_results_of_other_cycles_stay(past: Past) -> None:
    past.note("a.md", A)
    for on in range(3):
        past.cycle(on, [seen(404, on, url=A, hops=(301,))])

    assert [result.at for result in checks_of(past, A)] == [day(0), day(1), day(2)]
    assert [len(result.hops) for result in checks_of(past, A)] == [1, 1, 1]


def test_many_results_are_one_commit(past: Past) -> None:
    urls = [f"https://s{i}.example/" for i in range(3000)]
    past.note("a.md", *urls)

    past.cycle(0, [seen(404, url=url, hops=(301,)) for url in urls])

    assert past.store.rows("select count(*) from hops")[0][0] == 3000
    assert set(past.states.values()) == {"suspect"}


def write(past: Past, results: Sequence[CheckResult]) -> list[str]:
    """Hand results to a writer; what it reported saved."""
    told: list[str] = []

    async def scenario() -> None:
        ids = past.ids
        thread = StoreThread()
        writer = ResultWriter(
            past.store,
            thread,
            cycle_id=1,
            saved=lambda batch: told.extend(result.url for result in batch),
        )
        try:
            for result in results:
                await writer.put(ids[result.url], result)
        finally:
            try:
                await writer.close()
            finally:
                thread.close()

    asyncio.run(scenario())
    return told


def test_the_writer_reports_everything_once_and_in_order(past: Past) -> None:
    urls = [f"https://s{i}.example/" for i in range(2500)]  # more than may wait
    past.note("a.md", *urls)
    past.begin(0)

    assert write(past, [seen(200, url=url) for url in urls]) == urls
    assert past.store.rows("select count(*) from checks")[0][0] == 2500


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("url", "message", "error"),
    [
        ("https://unknown.example/", "", KeyError),  # a bug of ours
        (A, "\ud800", UnicodeEncodeError),
    ],
)
def test_a_writer_that_can_not_go_on_says_so_and_keeps_nobody_waiting(
    past: Past, url: str, message: str, error: type[Exception]
) -> None:
    past.note("a.md", A)
    past.begin(0)
    results = [seen(Fault.TLS, url=url, message=message)] * 5000  # more than may wait

    with pytest.raises(error):
        write(past, results)

    assert past.store.rows("select * from checks") == []


@pytest.mark.timeout(10)
def test_a_full_disk_ends_the_writer_with_a_sentence(past: Past) -> None:
    urls = [f"https://s{i}.example/" for i in range(3000)]
    past.note("a.md", *urls)
    past.begin(0)
    pages = past.store.rows("pragma page_count")[0][0]
    past.store.db.conn.execute(f"pragma max_page_count = {pages + 3}")

    with pytest.raises(StoreError, match="the disk is full"):
        write(past, [seen(Fault.TLS, url=url, message="x" * 500) for url in urls])


def test_the_store_is_touched_by_one_thread_alone() -> None:
    async def scenario() -> set[int]:
        thread = StoreThread()
        try:
            calls = [thread.run(threading.get_ident) for _ in range(20)]
            return set(await asyncio.gather(*calls))
        finally:
            thread.close()

    threads = asyncio.run(scenario())
    assert len(threads) == 1
    assert threading.get_ident() not in threads


# Left alone


def test_a_host_that_wants_to_be_left_alone_is_remembered_until_then(past: Past) -> None:
    save_not_before(past.store, {"a.example:443": day(2), "b.example:443": day(1)}, day(0))

    assert not_before(past.store, day(0)) == {"a.example:443": day(2), "b.example:443": day(1)}
    assert not_before(past.store, day(1)) == {"a.example:443": day(2)}
    assert not_before(past.store, day(2)) == {}


def test_a_later_wish_takes_the_place_of_an_earlier_and_old_ones_are_forgotten(
    past: Past,
) -> None:
    save_not_before(past.store, {"a.example:443": day(5), "b.example:443": day(1)}, day(0))

    save_not_before(past.store, {"a.example:443": day(3)}, day(2))

    assert not_before(past.store, day(0)) == {"a.example:443": day(3)}


# What the exit code rests on


def test_dead_links_are_counted_in_some_notes_or_in_all(past: Past) -> None:
    first, second = past.note("a.md", A, B), past.note("b.md", B, C)
    past.cycle(0, [seen(404, url=url, confirmed=True) for url in (A, B, C)])

    assert dead_in(past.store, None) == 3
    assert dead_in(past.store, [first]) == 2
    assert dead_in(past.store, [first, second]) == 3
    assert dead_in(past.store, []) == 0
    past.note("a.md", B)
    past.begin(1)
    assert dead_in(past.store, None) == 2  # what no note mentions counts no more


def test_a_wish_of_a_host_has_the_precision_of_a_millisecond(past: Past) -> None:
    until = day(1) + timedelta(microseconds=1500)
    save_not_before(past.store, {"a.example:443": until}, day(0))

    assert abs(not_before(past.store, day(0))["a.example:443"] - until) < timedelta(milliseconds=1)
