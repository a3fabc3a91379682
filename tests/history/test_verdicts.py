"""Verdicts as a cache: what has to be judged anew, and what is news."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from linkwatch.history.checks import save_results
from linkwatch.history.cycles import (
    begin_cycle,
    close_aborted,
    comparisons,
    end_cycle,
    mark_judged,
    set_void,
)
from linkwatch.model import Ending, Fault, State
from linkwatch.void import Comparison
from tests.checks import day, seen
from tests.history.past import POLICY, Past

A, B, C = "https://a.example/", "https://b.example/", "https://c.example/"


# What has to be judged anew


def test_a_new_link_is_judged_once(past: Past) -> None:
    past.note("a.md", A)
    cycle_id = past.begin(0)
    assert set(past.cases()) == {A}

    past.judge(cycle_id)

    assert past.cases() == {}


def test_new_checks_are_judged_once_with_all_the_facts_before_them(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A), seen(200, url=B)])
    cycle_id = past.begin(7)
    save_results(past.store, cycle_id, past.ids, [seen(404, 7, url=A, hops=(301, 302))])

    (case,) = past.cases().values()

    assert case.url == A
    assert [result.status for result in case.results] == [200, 404]
    assert [hop.status for hop in case.results[1].hops] == [301, 302]
    assert case.last_cycle_at == day(7)
    past.judge(cycle_id)
    assert past.cases() == {}


def test_another_policy_judges_every_link_anew(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A), seen(200, url=B)])
    strict = replace(POLICY, failures=1, days=0)

    assert set(past.cases(strict.digest)) == {A, B}
    past.cycle(1, [seen(404, 1, url=A)], policy=strict)
    assert past.states == {A: "dead", B: "alive"}
    assert past.cases(strict.digest) == {}
    past.cycle(2, policy=POLICY)
    assert past.states == {A: "suspect", B: "alive"}


def test_facts_of_a_void_cycle_are_kept_and_not_judged(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(200, url=A)])
    past.cycle(7, [seen(Fault.DNS, 7, url=A)], void="no network")

    assert past.cases() == {}
    past.cycle(8, [seen(404, 8, url=A)])
    (row,) = past.store.rows("select * from links")
    assert (row["state"], row["since"][:10]) == ("suspect", "2026-01-13")
    assert row["checks"] == 2
    assert past.store.rows("select count(*) from checks")[0][0] == 3


def test_the_checks_of_a_killed_cycle_count_in_the_next(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A), seen(200, url=B)])
    killed = past.begin(7)
    save_results(past.store, killed, past.ids, [seen(404, 7, url=A)])

    assert close_aborted(past.store, day(8)) == [killed]
    cycle_id = past.begin(8)
    assert set(past.cases()) == {A}
    past.judge(cycle_id)

    assert past.states == {A: "suspect", B: "alive"}
    (row,) = past.store.rows("select next_check from links where url = ?", (A,))
    assert row["next_check"][:10] == "2026-01-13"  # a day after the cycle that checked it


def test_the_checks_of_the_cycle_at_work_are_not_taken_for_judged(past: Past) -> None:
    """Links are judged before the sweep too: what a killed cycle left, a changed policy."""
    past.note("a.md", A)
    past.cycle(0, [seen(200, url=A)])
    cycle_id = past.begin(7)
    mark_judged(past.store, up_to=cycle_id - 1)
    save_results(past.store, cycle_id, past.ids, [seen(404, 7, url=A)])

    past.judge(cycle_id)

    assert past.states == {A: "suspect"}


def test_inferred_results_do_not_count_as_checks(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(200, url=A)])
    past.cycle(7, [seen(Fault.TIMEOUT, 7, url=A, inferred=True)])

    (row,) = past.store.rows("select * from links")
    assert (row["state"], row["checks"], row["last_check"][:10]) == ("suspect", 1, "2026-01-05")


def test_many_links_are_judged_in_parts(past: Past) -> None:
    urls = [f"https://s{i}.example/" for i in range(1203)]
    past.note("a.md", *urls)
    cycle_id = past.begin(0)
    save_results(past.store, cycle_id, past.ids, [seen(200, url=url, hops=(301,)) for url in urls])

    assert list(past.cases()) == urls
    assert all(len(case.results[0].hops) == 1 for case in past.cases().values())


# News


def changes(past: Past) -> list[tuple[str, State, State | None]]:
    return [(change.url, change.before, change.after) for change in past.ledger().changes]


def test_a_verdict_that_differs_is_news_of_its_cycle(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A), seen(200, url=B)])
    assert changes(past) == []
    assert past.ledger().new == 2  # links met for the first time, and well

    past.cycle(7, [seen(404, 7, url=A), seen(204, 7, url=B)])
    assert changes(past) == [(A, State.ALIVE, State.SUSPECT)]
    (change,) = past.ledger().changes
    assert change.reason.value == "not_found"
    assert change.detail.startswith("It answered 404")

    past.cycle(8, [seen(404, 8, url=A)])
    assert changes(past) == []


def test_what_was_undone_within_a_cycle_is_no_news(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(404, url=A), seen(404, url=A)])
    cycle_id = past.begin(1)
    past.judge(cycle_id, replace(POLICY, failures=1, days=0))  # a policy for a moment
    assert past.states == {A: "dead"}
    past.judge(cycle_id, POLICY)

    end_cycle(past.store, cycle_id, Ending.FINISHED, day(1))

    assert changes(past) == []


@pytest.mark.parametrize("between", ["aborted", "void"])
def test_news_of_a_cycle_that_does_not_count_are_told_by_the_next(past: Past, between: str) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A), seen(200, url=B)])
    if between == "aborted":
        past.cycle(7, [seen(404, 7, url=A)], ending=Ending.ABORTED)
    else:
        killed = past.begin(7)
        save_results(past.store, killed, past.ids, [seen(404, 7, url=A)])
        close_aborted(past.store, day(7.5))
        void = past.begin(7.5)
        past.judge(void)  # what was left by the killed one, before a sweep that met no network
        set_void(past.store, void, "no network")
        end_cycle(past.store, void, Ending.FINISHED, day(7.6))

    past.cycle(8, [seen(204, 8, url=B)])
    assert changes(past) == [(A, State.ALIVE, State.SUSPECT)]

    past.cycle(9)
    assert changes(past) == []


def test_news_that_were_undone_since_the_last_report_are_none(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A), seen(200, url=B)])
    past.cycle(7, [seen(404, 7, url=A), seen(404, 7, url=B)], ending=Ending.ABORTED)
    past.cycle(8, [seen(200, 8, url=A), seen(403, 8, url=B)])

    assert changes(past) == [(B, State.ALIVE, State.BLOCKED)]


def test_a_failing_link_that_went_and_came_back_is_no_news(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(404, url=A, confirmed=True), seen(404, url=B, confirmed=True)])
    past.note("a.md")
    past.cycle(1, ending=Ending.ABORTED)
    past.note("a.md", A)

    past.cycle(2)

    assert changes(past) == [(B, State.DEAD, None)]
    assert past.states == {A: "dead", B: "dead"}  # its history stays


def test_a_link_that_no_note_mentions_is_judged_without_news(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A), seen(200, url=B)])
    past.note("a.md", B)

    past.cycle(7, [seen(404, 7, url=A)])

    assert changes(past) == []


# Cycles


def test_a_cycle_is_closed_with_how_the_mentioned_links_stand(past: Past) -> None:
    past.note("a.md", A, B, C, "https://gone.example/")
    past.begin(-1)
    past.note("a.md", A, B, C)

    past.cycle(0, [seen(200, url=A), seen(404, url=B), seen(200, url="https://gone.example/")])

    cycle = past.ledger().cycle
    assert cycle is not None
    assert cycle.states == {
        **dict.fromkeys(State, 0),
        State.ALIVE: 1,
        State.SUSPECT: 1,
        State.UNCHECKED: 1,
    }
    assert (cycle.checked, cycle.ending, cycle.void) == (3, Ending.FINISHED, None)
    assert cycle.started_at == day(0)
    assert cycle.finished_at == day(0) + timedelta(minutes=5)


def test_each_check_is_compared_with_the_last_valid_one(past: Past) -> None:
    past.note("a.md", A, B, "http://c.example:8080/")
    past.cycle(0, [seen(200, url=A, hops=(302,), digest="was"), seen(Fault.DNS, url=B)])
    past.cycle(7, [seen(500, 7, url=A, digest="void")], void="a portal")
    cycle_id = begin_cycle(past.store, day(8))
    now = [
        seen(404, 8, url=A, digest="is"),
        seen(200, 8, url=B),
        seen(Fault.TIMEOUT, 8, url="http://c.example:8080/"),
    ]
    save_results(past.store, cycle_id, past.ids, now)

    found = {comparison.host: comparison for comparison in comparisons(past.store, cycle_id)}

    assert found["a.example:443"] == Comparison(
        host="a.example:443",
        status=404,
        fault=None,
        final_url=A,
        digest="is",
        before_status=200,
        before_final_url="https://new.example/0",
        before_digest="was",
    )
    assert found["b.example:443"].before_status is None
    assert found["b.example:443"].before_final_url == B
    assert found["c.example:8080"].fault is Fault.TIMEOUT
    assert found["c.example:8080"].before_final_url is None
