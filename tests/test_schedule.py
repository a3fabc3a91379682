"""When a link is looked at again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkwatch.model import Reason, State, Verdict
from linkwatch.schedule import Standing, next_look
from tests.checks import URL, day

WEEK = timedelta(days=7)
LAST = 400.0  # the day of the last check
WEEKLY = (State.ALIVE, State.MOVED, State.BLOCKED, State.DEAD)


def standing(
    state: State = State.ALIVE,
    *,
    reason: Reason = Reason.NOT_FOUND,
    url: str = URL,
    failing_for: float | None = None,
    recoveries: int = 0,
    checks: int = 9,
    unsteady: bool = False,
    vault: int = 1,
) -> Standing:
    return Standing(
        url=url,
        verdict=Verdict(
            state=state,
            reason=reason,
            since=None if failing_for is None else day(LAST - failing_for),
            detail="",
            recoveries=recoveries,
        ),
        last=day(LAST),
        checks=checks,
        unsteady=unsteady,
        vault=vault,
    )


def days_to(at: datetime) -> float:
    return (at - day(LAST)) / timedelta(days=1)


standings = st.builds(
    standing,
    st.sampled_from([state for state in State if state is not State.SKIPPED]),
    url=st.text(max_size=40) | st.just("https://a.example/\udcff"),
    failing_for=st.none() | st.floats(0, 400),
    recoveries=st.integers(0, 5),
    checks=st.integers(0, 200),
    unsteady=st.booleans(),
    vault=st.integers(1, 100_000),
)
intervals = st.timedeltas(timedelta(minutes=1), timedelta(days=400))


# How long it may rest: each interval less a tenth


@pytest.mark.parametrize(
    ("link", "usual", "days"),
    [
        (standing(State.ALIVE), 7, 7),
        (standing(State.MOVED), 7, 7),
        (standing(State.BLOCKED), 7, 7),
        (standing(State.ALIVE), 30, 30),
        (standing(State.SUSPECT, failing_for=0), 7, 1),
        (standing(State.SUSPECT, failing_for=0), 0.25, 0.25),
        (standing(State.SUSPECT, failing_for=90, recoveries=4, unsteady=True), 7, 1),
        (standing(State.ALIVE, recoveries=1), 7, 3.5),
        (standing(State.MOVED, recoveries=1), 7, 3.5),
        (standing(State.ALIVE, unsteady=True), 7, 3.5),
        (standing(State.BLOCKED, recoveries=1, unsteady=True), 7, 7),
        (standing(State.DEAD, failing_for=3), 7, 7),
        (standing(State.DEAD, failing_for=3, reason=Reason.TIMEOUT), 7, 2),
        (standing(State.DEAD, failing_for=3, reason=Reason.SOFT_404), 1, 1),
        (standing(State.DEAD, failing_for=14, reason=Reason.TIMEOUT), 7, 7),
        (standing(State.DEAD, failing_for=29.9), 7, 7),
        (standing(State.DEAD, failing_for=30), 7, 14),
        (standing(State.DEAD, failing_for=179.9), 7, 14),
        (standing(State.DEAD, failing_for=180), 7, 28),
        (standing(State.DEAD, failing_for=180, recoveries=4, unsteady=True), 7, 28),
        (standing(State.DEAD, failing_for=180), 30, 90),
        (standing(State.DEAD, failing_for=180), 120, 120),
        (standing(State.DEAD), 7, 7),
    ],
)
def test_how_long_a_link_may_rest_follows_from_how_it_stands(
    link: Standing, usual: float, days: float
) -> None:
    assert days_to(next_look(link, timedelta(days=usual))) == pytest.approx(0.9 * days)


@given(standings.filter(lambda one: one.verdict.state in WEEKLY), st.integers(1, 600))
def test_a_weekly_cron_that_is_early_finds_every_weekly_link_due(
    link: Standing, early_s: int
) -> None:
    fresh = replace(link, verdict=replace(link.verdict, since=day(LAST - 10)))

    assert next_look(fresh, WEEK) <= day(LAST) + WEEK - timedelta(seconds=early_s)


# Chance


@given(standings, intervals)
def test_chance_only_ever_brings_a_look_forward(link: Standing, usual: timedelta) -> None:
    alone = next_look(replace(link, vault=1), usual)

    assert link.last < next_look(link, usual) <= alone


@given(standings.filter(lambda one: one.checks > 1), intervals)
def test_after_the_second_look_chance_is_a_tenth_of_the_way(
    link: Standing, usual: timedelta
) -> None:
    alone = next_look(replace(link, vault=1), usual) - link.last

    moment = timedelta(microseconds=2)
    assert next_look(link, usual) - link.last >= alone * 0.9 - moment


def test_the_second_looks_of_a_vault_checked_on_one_day_lie_all_over_the_week() -> None:
    links = [
        standing(url=f"https://site{i % 90}.example/{i}", checks=1, vault=700) for i in range(700)
    ]

    load = Counter(int(days_to(next_look(link, WEEK))) for link in links)

    assert max(load.values()) < 700 / 4
    assert min(load[number] for number in range(1, 6)) > 700 / 7


def test_what_was_spread_stays_spread_over_months() -> None:
    last = {f"https://site.example/{i}": day(LAST) for i in range(700)}
    for checks in range(1, 13):
        for url, at in last.items():
            link = replace(standing(url=url, checks=checks, vault=700), last=at)
            last[url] = next_look(link, WEEK)

    load = Counter(int(days_to(at)) for at in last.values())

    assert max(load.values()) < 700 / 4


@pytest.mark.parametrize(
    ("state", "vault", "spread"),
    [
        (State.ALIVE, 49, False),
        (State.ALIVE, 50, True),
        (State.BLOCKED, 50, True),
        (State.DEAD, 50, True),
        (State.SUSPECT, 5000, False),
    ],
)
def test_what_is_not_worth_it_or_cannot_wait_is_not_spread(
    state: State, vault: int, spread: bool
) -> None:
    links = [standing(state, url=f"https://a.example/{i}", vault=vault) for i in range(5)]

    assert (len({next_look(link, WEEK) for link in links}) > 1) is spread


def test_links_of_one_host_are_spread_too_and_each_time_anew() -> None:
    link = standing(url="https://a.example/1", checks=2, vault=700)
    sibling = replace(link, url="https://a.example/2")

    looks = {next_look(one, WEEK) for one in (link, sibling, replace(link, checks=3))}

    assert len(looks) == 3


@given(standings, intervals)
def test_the_same_history_gives_the_same_time(link: Standing, usual: timedelta) -> None:
    assert next_look(replace(link), usual) == next_look(link, usual)


def test_another_process_comes_to_the_same_time() -> None:
    code = (
        "from datetime import timedelta; from tests.test_schedule import *\n"
        "print(next_look(standing(vault=700), WEEK).isoformat())"
    )
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.strip() == next_look(standing(vault=700), WEEK).isoformat()
