"""Ten weeks of the simulated year (`benchmarks.year`): the mark it sets, on a small web."""

from __future__ import annotations

import pytest

from benchmarks.fates import WEEK, Cause, Death, World, build
from benchmarks.rounds import Rounds
from benchmarks.year import PEER, Row, ours, run


@pytest.fixture(scope="module")
def world() -> World:
    return build(links=400, hosts=140, days=10 * WEEK, seed=7)


def test_the_mark_is_kept_where_no_outage_outlasts_dead_after(world: World) -> None:
    figures, _ = run(world, ours(14, 1))
    assert figures.in_time
    assert figures.kept


def test_cycles_once_a_week_call_no_living_page_dead_and_miss_no_death(world: World) -> None:
    figures, _ = run(world, ours(3, WEEK))
    assert figures.in_time
    assert (figures.false, figures.missed) == ({}, [])


def test_only_outages_longer_than_dead_after_are_taken_for_deaths(world: World) -> None:
    figures, _ = run(world, ours(3, 1))
    assert set(figures.causes) == {Cause.OUTAGE}
    for link in figures.false:
        assert max(outage.last - outage.first for outage in link.host.outages) > 3
    assert figures.missed == []


@pytest.mark.parametrize("row", [ours(14, 1), ours(3, WEEK)], ids=lambda row: row.name)
def test_void_are_the_cycles_in_our_own_outages_and_no_others(world: World, row: Row) -> None:
    _, rule = run(world, row)
    assert isinstance(rule, Rounds)
    assert sorted(rule.void) == [day for day in sorted(world.ours) if day % row.step == 0]


def test_on_the_same_web_one_answer_raises_alarms_and_misses_pages_that_lie(world: World) -> None:
    figures, _ = run(world, PEER)
    assert {Cause.OURS, Cause.OUTAGE, Cause.WALL, Cause.FLAKY} <= set(figures.causes)
    assert {link.death for link in figures.missed} == {Death.SOFT_404, Death.PARKED}


def test_a_seed_draws_the_same_web_again(world: World) -> None:
    again = build(links=400, hosts=140, days=world.days, seed=world.seed)
    fates = [[(link.url, link.died, link.flaky) for link in one.links] for one in (world, again)]
    assert fates[0] == fates[1]
