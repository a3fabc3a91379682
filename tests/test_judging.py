"""Verdicts brought up to date while others are at work on the same history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linkwatch.errors import StoreError
from linkwatch.history.checks import save_results
from linkwatch.history.cycles import set_void
from linkwatch.history.overrules import save_testimony
from linkwatch.history.store import BATCH, Store
from linkwatch.history.times import to_text
from linkwatch.judging import rejudge
from linkwatch.model import Fingerprint, State
from linkwatch.model import Testimony as Word  # pytest would take its name for a test class
from tests.checks import day, seen
from tests.history.past import POLICY, Past

A, B = "https://a.example/", "https://b.example/"


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    past = Past(tmp_path)
    yield past
    past.close()


@pytest.fixture
def other(past: Past) -> Iterator[Store]:
    """Another program's connection to the same history."""
    with Store(past.store.path) as store:
        yield store


def say_alive(store: Store, link: str, *, on: float) -> None:
    save_testimony(store, link, Word(at=day(on), until=day(on + 90)))


def before_statement(past: Past, start: str, number: int, act: Callable[[], None]) -> None:
    """Do something right before the store runs its nth statement that starts so."""
    seen_so_far = 0

    def look(sql: str) -> None:
        nonlocal seen_so_far
        seen_so_far += sql.lower().startswith(start)
        if seen_so_far == number:
            past.store.db.conn.set_trace_callback(None)
            act()

    past.store.db.conn.set_trace_callback(look)


# A person speaks while a cycle is at work


def test_what_a_running_cycle_found_is_not_judged_when_a_person_speaks(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(404, url=A), seen(404, url=B)])
    past.cycle(2, [seen(404, 2, url=A), seen(404, 2, url=B)])
    running = past.begin(4)
    save_results(past.store, running, past.ids, [seen(404, 4, url=A), seen(404, 4, url=B)])

    rejudge(past.store, POLICY, [A])
    assert past.states == {A: State.SUSPECT, B: State.SUSPECT}

    set_void(past.store, running, "no network")
    rejudge(past.store, POLICY, [A])
    assert past.states == {A: State.SUSPECT, B: State.SUSPECT}


def test_a_word_that_comes_between_two_batches_holds(past: Past, other: Store) -> None:
    urls = [f"https://s{i}.example/" for i in range(BATCH + 2)]
    past.note("a.md", *urls)
    cycle_id = past.begin(0)
    results = [seen(404, url=url, confirmed=True) for url in urls]
    save_results(past.store, cycle_id, past.ids, results)
    judged, to_come = urls[0], urls[-1]

    def speak() -> None:
        say_alive(other, judged, on=1)
        rejudge(other, POLICY, [judged])
        say_alive(other, to_come, on=1)

    before_statement(past, "begin immediate", 2, speak)
    past.judge(cycle_id)

    alive = {url for url, state in past.states.items() if state is State.ALIVE}
    assert alive == {judged, to_come}
    rows = past.store.rows("select distinct checks, last_check_id is null from links")
    assert [tuple(row) for row in rows] == [(1, 0)]  # what this cycle found was not lost again


def test_nothing_comes_between_the_reading_and_the_writing_of_a_verdict(
    past: Past, other: Store
) -> None:
    past.note("a.md", A)
    cycle_id = past.begin(0)
    save_results(past.store, cycle_id, past.ids, [seen(404, url=A, confirmed=True)])
    other.db.conn.execute("pragma busy_timeout = 0")
    refused: list[str] = []

    def speak() -> None:
        try:
            say_alive(other, A, on=1)
        except StoreError as exc:
            refused.append(str(exc))

    before_statement(past, "update links set state", 1, speak)
    past.judge(cycle_id)

    assert len(refused) == 1
    assert past.states == {A: State.DEAD}


def test_a_verdict_that_rests_on_a_cycle_that_turned_out_void_is_made_anew(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A), seen(200, url=B)])
    judged = past.cycle(7, [seen(404, 7, url=A)])
    assert past.states == {A: State.SUSPECT, B: State.ALIVE}

    set_void(past.store, judged, "a portal")

    assert set(past.cases()) == {A}
    past.judge(past.begin(8))
    assert past.states == {A: State.ALIVE, B: State.ALIVE}


# The page to compare with

PAGE = Fingerprint(title="Mills", length=900, sketch=b"x" * 64)


@pytest.mark.parametrize(
    ("checks", "good"),
    [
        ([(200, PAGE), (200, PAGE)], 1),
        ([(200, PAGE), (200, None)], 0),
        ([(200, PAGE), (404, PAGE)], 0),
        ([(200, None), (200, None), (404, None)], 1),
        ([(404, PAGE)], None),
    ],
)
def test_the_last_healthy_check_with_a_page_is_compared_with(
    past: Past, checks: list[tuple[int, Fingerprint | None]], good: int | None
) -> None:
    past.note("a.md", A)
    for on, (status, page) in enumerate(checks):
        past.cycle(on, [seen(status, on, url=A, fingerprint=page)])

    (row,) = past.store.rows(
        "select checks.at from links left join checks on checks.id = links.good_check_id"
    )
    assert row["at"] == (None if good is None else day(good).strftime("%Y-%m-%dT%H:%M:%S.000Z"))


def test_a_link_is_due_as_soon_as_a_persons_word_has_run_out(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(404, url=A)])
    save_testimony(past.store, A, Word(at=day(0.5), until=day(2)))

    rejudge(past.store, POLICY, [A])

    (row,) = past.store.rows("select state, next_check from links")
    assert (row["state"], row["next_check"]) == ("alive", to_text(day(2)))
