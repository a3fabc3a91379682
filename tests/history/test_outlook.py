"""What the overview reads from history."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkwatch.history.checks import save_results
from linkwatch.history.cycles import close_aborted
from linkwatch.history.outlook import (
    last_counted,
    last_cycles,
    next_checks,
    note_count,
    running_cycle,
    size_bytes,
    state_counts,
    unsteady_links,
)
from linkwatch.history.overrules import add_ignore, remove_ignore
from linkwatch.history.store import Store
from linkwatch.history.times import to_text
from linkwatch.history.verdicts import FLAPPING
from linkwatch.model import Ahead, By, Ending, Pardon, State
from tests.checks import day, seen
from tests.history.past import Past

A, B, C = "https://a.example/", "https://a.example/b", "http://c.example:8080/"
OFFLINE = "this looks like our own network"


def set_link(past: Past, url: str, **columns: object) -> None:
    with past.store.writing() as connection:
        for name, value in columns.items():
            connection.execute(f"update links set {name} = ? where url = ?", (value, url))


def test_an_empty_history_has_nothing_to_tell(past: Past) -> None:
    assert note_count(past.store) == 0
    assert state_counts(past.store) == dict.fromkeys(State, 0)
    assert next_checks(past.store, day(0)) == Ahead(
        now=0, in_a_day=0, in_a_week=0, later=0, first=None
    )
    assert unsteady_links(past.store) == {}
    assert last_counted(past.store) is None
    assert running_cycle(past.store) is None
    assert last_cycles(past.store, 7) == []


def test_notes_and_links_are_those_of_the_last_scan(past: Past) -> None:
    past.note("a.md", A, B)
    past.note("b.md", A)
    past.cycle(0, [seen(200, url=A), seen(403, url=B)])
    assert note_count(past.store) == 2
    assert list(state_counts(past.store)) == list(State)
    assert {s: n for s, n in state_counts(past.store).items() if n} == {
        State.BLOCKED: 1,
        State.ALIVE: 1,
    }

    past.note("a.md", C)
    past.cycle(1)

    assert {s: n for s, n in state_counts(past.store).items() if n} == {
        State.UNCHECKED: 1,
        State.ALIVE: 1,
    }


def test_what_is_never_checked_is_never_due(past: Past) -> None:
    past.note("a.md", A, B, C)
    past.cycle(0)
    set_link(past, A, next_check=to_text(day(6)))
    set_link(past, B, state="skipped")
    ahead = next_checks(past.store, day(1))
    assert ahead == Ahead(now=1, in_a_day=0, in_a_week=1, later=0, first=day(6))
    ahead = next_checks(past.store, day(5))
    assert ahead == Ahead(now=1, in_a_day=1, in_a_week=0, later=0, first=day(6))
    assert next_checks(past.store, day(6)).now == 2

    past.note("a.md", C)
    past.begin(1)

    assert next_checks(past.store, day(1)).now == 1


def test_links_that_come_and_go_are_counted_by_host_unless_ignored(past: Past) -> None:
    past.note("a.md", A, B, C)
    past.begin(0)
    set_link(past, A, recoveries=FLAPPING)
    set_link(past, B, recoveries=FLAPPING + 4)
    set_link(past, C, recoveries=FLAPPING - 1)
    assert unsteady_links(past.store) == {"a.example:443": 2}

    add_ignore(past.store, By.URL, B, Pardon(), day(0))
    assert unsteady_links(past.store) == {"a.example:443": 1}
    remove_ignore(past.store, B)

    past.note("a.md", A)
    past.begin(1)

    assert unsteady_links(past.store) == {"a.example:443": 1}


@pytest.mark.parametrize(
    ("void", "ending", "counts"),
    [
        (None, Ending.FINISHED, True),
        (OFFLINE, Ending.FINISHED, False),
        (None, Ending.ABORTED, False),
    ],
)
def test_what_counts_is_a_cycle_that_came_to_its_end_and_is_not_void(
    past: Past, void: str | None, ending: Ending, counts: bool
) -> None:
    past.cycle(0)
    past.cycle(7, void=void, ending=ending)
    past.begin(14)

    at = last_counted(past.store)

    assert at is not None
    assert (at > day(7)) is counts


def test_cycles_come_newest_first_and_no_more_than_asked_for(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(200, url=A), seen(200, url=B)])
    past.cycle(1, [seen(404, 1, url=A)])
    past.cycle(2, void=OFFLINE)

    newest, before = last_cycles(past.store, 2)

    assert (newest.started_at, newest.void, newest.checked) == (day(2), OFFLINE, 0)
    assert (before.started_at, before.void, before.checked) == (day(1), None, 1)
    assert (before.states[State.SUSPECT], before.states[State.ALIVE]) == (1, 1)


def test_a_running_cycle_is_told_apart_and_counted_as_it_goes(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0)
    cycle_id = past.begin(1)
    save_results(past.store, cycle_id, past.ids, [seen(200, 1, url=A)])

    running = running_cycle(past.store)

    assert running is not None
    assert (running.started_at, running.finished_at, running.checked) == (day(1), None, 1)
    assert [cycle.started_at for cycle in last_cycles(past.store, 7)] == [day(0)]


def test_of_a_killed_cycle_only_its_checks_are_known(past: Past) -> None:
    past.note("a.md", A)
    cycle_id = past.begin(0)
    save_results(past.store, cycle_id, past.ids, [seen(200, url=A)])
    close_aborted(past.store, day(3))

    (killed,) = last_cycles(past.store, 7)

    assert running_cycle(past.store) is None
    assert (killed.ending, killed.finished_at) == (Ending.ABORTED, None)
    assert (killed.checked, killed.states) == (1, {})


def test_of_a_cycle_that_was_stopped_its_end_is_known_too(past: Past) -> None:
    past.cycle(0, ending=Ending.ABORTED)

    (stopped,) = last_cycles(past.store, 7)

    assert stopped.finished_at is not None
    assert stopped.states == dict.fromkeys(State, 0)


def test_the_size_is_that_of_the_file_once_its_log_is_in_it(tmp_path: Path) -> None:
    past = Past(tmp_path)
    past.note("a.md", *(f"https://a.example/{i}" for i in range(1000)))
    told = size_bytes(past.store)
    past.close()

    with Store(tmp_path / "history.db") as store:
        assert size_bytes(store) == told == store.path.stat().st_size
