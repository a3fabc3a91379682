"""The overview of one screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkwatch.model import Ahead, CycleRecord, Ending, State
from linkwatch.report.inert import visible
from linkwatch.report.status import Status, overview
from tests.report.hostile import texts
from tests.report.ledgers import NOON

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFLINE = "none of the 3 hosts answered: this looks like our own network"
STATES = {
    State.ALIVE: 381,
    State.UNCHECKED: 0,
    State.DEAD: 9,
    State.SUSPECT: 4,
    State.BLOCKED: 6,
    State.MOVED: 12,
}


def cycle(
    ago: timedelta = DAY,
    took: timedelta | None = timedelta(minutes=5),
    *,
    checked: int = 412,
    void: str | None = None,
    ending: Ending = Ending.FINISHED,
    states: dict[State, int] = STATES,
) -> CycleRecord:
    started_at = NOON - ago
    return CycleRecord(
        id=1,
        started_at=started_at,
        finished_at=started_at + took if took is not None else None,
        ending=ending,
        void=void,
        checked=checked,
        states=states,
    )


def shown(**changes: Any) -> list[str]:
    """The lines of the overview of an ordinary vault."""
    ordinary: dict[str, Any] = {
        "now": NOON,
        "notes": 38,
        "states": STATES,
        "counted_at": NOON - DAY,
        "running": None,
        "cycles": [cycle()],
        "next_checks": [NOON + DAY],
        "held": {},
        "unsteady": {},
        "database": "/vault/data/linkwatch.db",
        "size_bytes": 4096,
    }
    told = {**ordinary, **changes}
    told["ahead"] = ahead_of(told.pop("next_checks"))
    return overview(Status(**told)).splitlines()


def ahead_of(next_checks: Sequence[datetime | None]) -> Ahead:
    """As history counts them, at noon; None: now."""
    ahead = sorted(at for at in next_checks if at is not None and at > NOON)
    in_a_day = sum(at <= NOON + DAY for at in ahead)
    in_a_week = sum(at <= NOON + 7 * DAY for at in ahead) - in_a_day
    return Ahead(
        now=len(next_checks) - len(ahead),
        in_a_day=in_a_day,
        in_a_week=in_a_week,
        later=len(ahead) - in_a_day - in_a_week,
        first=ahead[0] if ahead else None,
    )


def row(label: str, **changes: Any) -> str:
    """What stands beside a label, put together again where it was wrapped; "" without the label."""
    told: list[str] = []
    for line in shown(**changes):
        if line.startswith(f"{label} ") or (told and line.startswith(" ")):
            told.append(line[12:])
        elif told:
            break
    return " ".join(told)


def table(*cycles: CycleRecord) -> list[list[str]]:
    """The cells of the table of cycles, without its heading."""
    lines = shown(cycles=cycles)
    return [re.split(r"  +", line) for line in lines[lines.index("") + 2 :]]


FULL: dict[str, Any] = {
    "counted_at": NOON - 26 * HOUR,
    "running": cycle(timedelta(minutes=3), None, checked=120, ending=Ending.RUNNING),
    "cycles": [
        cycle(2 * HOUR, timedelta(seconds=4), checked=3, void=OFFLINE),
        cycle(26 * HOUR, timedelta(minutes=6)),
        cycle(2 * DAY, None, checked=31, ending=Ending.ABORTED, states={}),
        *(cycle(number * DAY, 3 * HOUR, checked=50_000) for number in range(3, 7)),
    ],
    "next_checks": [None] * 12 + [NOON + HOUR] * 40 + [NOON + 3 * DAY] * 210 + [NOON + 9 * DAY] * 7,
    "held": {
        **{f"slow-{number}.example:443": NOON + number * HOUR for number in range(1, 7)},
        "web.archive.org:443": NOON + 3 * DAY,
    },
    "unsteady": {f"wobbly{number}.example:443": number for number in range(1, 8)},
    "size_bytes": 12_345_678,
}


def test_all_of_it_fits_on_one_screen() -> None:
    lines = shown(**FULL)
    assert lines == [
        "now         2026-01-05 12:00 UTC",
        "links       412 in 38 notes: 9 dead, 4 suspect, 6 blocked, 12 moved, 381 alive",
        "checked     2026-01-04 10:00 UTC (26 h ago)",
        "            The last cycle does not count: none of the 3 hosts answered: this",
        "            looks like our own network.",
        "running     since 2026-01-05 11:57 UTC (3 min ago): 120 checked so far",
        "due         12 now, then 40 within a day, 210 within a week, 7 later",
        "left alone  web.archive.org until 2026-01-08 12:00 UTC (in 3 d)",
        "            slow-6.example until 2026-01-05 18:00 UTC (in 6 h)",
        "            slow-5.example until 2026-01-05 17:00 UTC (in 5 h), and 4 more",
        "unsteady    wobbly7.example (7 links), wobbly6.example (6 links),",
        "            wobbly5.example (5 links), wobbly4.example (4 links),",
        "            wobbly3.example (3 links), and 2 more",
        "database    /vault/data/linkwatch.db (12.3 MB)",
        "",
        "last cycles              took  checked     dead  suspect  blocked",
        "2026-01-05 10:00 UTC      4 s        3        9        4        6  not counted",
        "2026-01-04 10:00 UTC    6 min      412        9        4        6",
        "2026-01-03 12:00 UTC        ?       31        ?        ?        ?  cut short",
        "2026-01-02 12:00 UTC      3 h    50000        9        4        6",
        "2026-01-01 12:00 UTC      3 h    50000        9        4        6",
        "2025-12-31 12:00 UTC      3 h    50000        9        4        6",
        "2025-12-30 12:00 UTC      3 h    50000        9        4        6",
    ]
    assert len(lines) < 24  # and a prompt
    assert max(map(len, lines)) <= 80


def test_what_there_is_none_of_takes_no_line() -> None:
    lines = shown(next_checks=[None])
    labels = [line[:12].strip() for line in lines[: lines.index("")]]
    assert labels == ["now", "links", "checked", "due", "database"]


def test_a_history_without_a_cycle_has_no_table() -> None:
    lines = shown(cycles=[], counted_at=None, states={}, notes=0, next_checks=[])
    assert lines == [
        "now         2026-01-05 12:00 UTC",
        "links       0 in 0 notes",
        "checked     never yet",
        "due         0 now, then 0 within a day, 0 within a week",
        "database    /vault/data/linkwatch.db (4 kB)",
    ]


def test_states_stand_in_their_order_without_those_that_no_link_has() -> None:
    assert row("links", states=dict.fromkeys(reversed(State), 1)) == (
        "7 in 38 notes: 1 dead, 1 suspect, 1 blocked, 1 moved, 1 unchecked, 1 skipped, 1 alive"
    )
    assert row("links", states={State.ALIVE: 1, State.DEAD: 0}, notes=1) == "1 in 1 note: 1 alive"


def test_a_number_stays_beside_its_state_where_lines_are_wrapped() -> None:
    lines = shown(states=dict.fromkeys(State, 10000))
    assert lines[1:3] == [
        "links       70000 in 38 notes: 10000 dead, 10000 suspect, 10000 blocked,",
        "            10000 moved, 10000 unchecked, 10000 skipped, 10000 alive",
    ]


@pytest.mark.parametrize(
    ("cycles", "told"),
    [
        ([cycle(void=OFFLINE)], True),
        ([cycle(void=OFFLINE), cycle()], True),
        ([cycle(), cycle(void=OFFLINE)], False),
    ],
)
def test_why_a_cycle_does_not_count_is_told_of_the_last_one(
    cycles: list[CycleRecord], told: bool
) -> None:
    sentence = f"The last cycle does not count: {OFFLINE}."
    assert (sentence in row("checked", cycles=cycles)) is told


@pytest.mark.parametrize(
    ("next_checks", "told"),
    [
        ([None, NOON - DAY, NOON], "3 now, then 0 within a day, 0 within a week"),
        (
            [None, NOON + timedelta(seconds=1), NOON + DAY],
            "1 now, then 2 within a day, 0 within a week",
        ),
        (
            [None, NOON + DAY + timedelta(seconds=1), NOON + 7 * DAY],
            "1 now, then 0 within a day, 2 within a week",
        ),
        (
            [None, NOON + 7 * DAY + timedelta(seconds=1)],
            "1 now, then 0 within a day, 0 within a week, 1 later",
        ),
        (
            [NOON + DAY, NOON + 3 * HOUR],
            (
                "0 now, then 2 within a day, 0 within a week; "
                "the next at 2026-01-05 15:00 UTC (in 3 h)"
            ),
        ),
    ],
)
def test_every_link_is_due_in_one_range(next_checks: list[Any], told: str) -> None:
    assert row("due", next_checks=next_checks) == told


def test_a_cycle_that_died_is_not_told_as_more_than_is_known() -> None:
    killed = cycle(DAY, None, checked=31, ending=Ending.ABORTED, states={})
    assert table(killed) == [["2026-01-04 12:00 UTC", "?", "31", "?", "?", "?", "cut short"]]


@pytest.mark.parametrize(
    ("void", "ending", "mark"),
    [
        (None, Ending.FINISHED, []),
        (None, Ending.ABORTED, ["cut short"]),
        (OFFLINE, Ending.FINISHED, ["not counted"]),
        (OFFLINE, Ending.ABORTED, ["not counted"]),
    ],
)
def test_a_cycle_bears_the_mark_of_what_went_wrong(
    void: str | None, ending: Ending, mark: list[str]
) -> None:
    (cells,) = table(cycle(void=void, ending=ending))
    assert cells[6:] == mark


def test_no_more_than_seven_cycles_are_told() -> None:
    told = table(*(cycle(number * DAY) for number in range(9)))
    assert [cells[0][:10] for cells in told][-1] == "2025-12-30"
    assert len(told) == 7


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(seconds=-5), "0 s"),  # the clock was set back
        (timedelta(0), "0 s"),
        (timedelta(seconds=119.9), "119 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=47.9), "47 h"),
        (timedelta(hours=48), "2 d"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_length_of_time_has_one_unit(length: timedelta, told: str) -> None:
    assert table(cycle(500 * DAY, length))[0][1] == told


@pytest.mark.parametrize(
    ("ago", "told"), [(-DAY, "just now"), (timedelta(seconds=59), "just now"), (DAY, "24 h ago")]
)
def test_an_age_is_told_beside_the_time(ago: timedelta, told: str) -> None:
    assert row("checked", counted_at=NOON - ago).endswith(f" UTC ({told})")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a.example:443", "a.example"),
        ("a.example:80", "a.example:80"),
        ("[::1]:443", "[::1]"),
        (f"{'a' * 60}.b.example:443", f"…{'a' * 19}.b.example"),
    ],
)
def test_a_host_is_named_as_people_do(key: str, name: str) -> None:
    assert row("unsteady", unsteady={key: 1}) == f"{name} (1 link)"


def test_of_many_hosts_the_worst_are_named() -> None:
    five = {f"h{number}.example:443": 1 for number in range(5)}
    assert "more" not in row("unsteady", unsteady=five)
    told = row("unsteady", unsteady={**five, "z.example:443": 2})
    assert told.startswith("z.example (2 links), h0.example (1 link), ")
    assert told.endswith("h3.example (1 link), and 1 more")
    three = {f"h{number}.example:443": NOON + DAY for number in range(3)}
    assert "more" not in row("left alone", held=three)


@given(texts, texts, st.dictionaries(texts, st.integers(1, 9), max_size=3))
def test_no_foreign_text_steers_the_terminal_or_makes_a_line(
    void: str, path: str, hosts: dict[str, int]
) -> None:
    lines = overview(
        Status(
            now=NOON,
            notes=1,
            states={},
            counted_at=NOON,
            running=None,
            cycles=[cycle(void=void)],
            ahead=ahead_of([]),
            held=dict.fromkeys(hosts, NOON + DAY),
            unsteady=hosts,
            database=path,
            size_bytes=0,
        )
    ).split("\n")
    assert lines == [visible(line) for line in lines]
    assert all(len(line) <= 80 for line in lines if not line.startswith("database "))
    labels = ("now ", "links ", "checked ", "due ", "left alone", "unsteady ", "database ")
    assert all(
        line.startswith((*labels, " " * 12, "last cycles", "2026-01-04 12:00 UTC"))
        for line in lines
        if line
    )
