from __future__ import annotations

import asyncio

import pytest

from linkwatch.archive.pace import Endpoint, Pace
from linkwatch.model import Outcome
from tests.fakes.clock import FakeClock


def pace(clock: FakeClock) -> Pace:
    return Pace(availability_url="https://a.example/", cdx_url="https://b.example/", clock=clock)


def test_no_minute_holds_more_requests_than_the_budget() -> None:
    async def scenario() -> list[float]:
        clock = FakeClock()
        endpoint = Endpoint("https://a.example/", per_minute=5, clock=clock)
        starts_s = []
        for number in range(30):
            assert await endpoint.place(until_s=10_000)
            starts_s.append(clock.monotonic_s())
            clock.advance(number % 3)
        return starts_s

    starts_s = asyncio.run(scenario())
    assert starts_s[4] < 5  # a burst within the budget does not wait
    assert all(later - first >= 60 for first, later in zip(starts_s, starts_s[5:], strict=False))


def test_a_place_that_would_come_too_late_is_not_waited_for() -> None:
    async def scenario() -> None:
        clock = FakeClock()
        endpoint = Endpoint("https://a.example/", per_minute=1, clock=clock)
        assert await endpoint.place(until_s=30)
        assert not await endpoint.place(until_s=30)
        assert clock.slept_s == []
        assert await endpoint.place(until_s=61)
        assert clock.slept_s == [60.0]

    asyncio.run(scenario())


@pytest.mark.parametrize("started_s", [0.1003 * number for number in range(1, 40)])
def test_waiting_ends_though_floats_do_not_add_up(started_s: float) -> None:
    async def scenario() -> None:
        clock = FakeClock()
        clock.advance(started_s)
        endpoint = Endpoint("https://a.example/", per_minute=1, clock=clock)
        assert await endpoint.place(until_s=10_000)
        clock.advance(0.3)
        assert await endpoint.place(until_s=10_000)
        assert len(clock.slept_s) == 1

    asyncio.run(scenario())


def test_no_place_is_given_once_the_time_is_over() -> None:
    endpoint = Endpoint("https://a.example/", per_minute=1, clock=FakeClock())
    assert not asyncio.run(endpoint.place(until_s=0))


def test_stops_double_until_the_archive_answers_again() -> None:
    clock = FakeClock()
    of_archive = pace(clock)
    seconds = []
    for _ in range(3):
        seconds.append(of_archive.stop(Outcome.RATE_LIMITED, None, "too many"))
        clock.advance(seconds[-1])
        assert of_archive.stopped() is None
    of_archive.answered()
    seconds.append(of_archive.stop(Outcome.RATE_LIMITED, None, "too many"))
    assert seconds == [60, 120, 240, 60]


def test_a_longer_wish_of_the_archive_wins() -> None:
    of_archive = pace(FakeClock())
    assert of_archive.stop(Outcome.RATE_LIMITED, 1000.0, "too many") == 1000


def test_a_shorter_wish_of_the_archive_does_not() -> None:
    of_archive = pace(FakeClock())
    assert of_archive.stop(Outcome.RATE_LIMITED, 1.0, "too many") == 60


def test_two_requests_refused_together_are_one_stop() -> None:
    clock = FakeClock()
    of_archive = pace(clock)
    assert of_archive.stop(Outcome.RATE_LIMITED, None, "too many") == 60
    clock.advance(1)
    of_archive.answered()  # a third that was under way
    assert of_archive.stop(Outcome.RATE_LIMITED, None, "too many") == 59
    clock.advance(59)
    assert of_archive.stop(Outcome.RATE_LIMITED, None, "too many") == 120


@pytest.mark.parametrize("times", [5, 50, 5000])
def test_no_stop_is_longer_than_a_day_by_itself(times: int) -> None:
    clock = FakeClock()
    of_archive = pace(clock)
    for _ in range(times):
        seconds = of_archive.stop(Outcome.UNAVAILABLE, None, "refused")
        clock.advance(seconds)
    assert seconds <= 86_400


def test_an_endpoint_rests_after_three_failures_in_a_row() -> None:
    clock = FakeClock()
    endpoint = Endpoint("https://a.example/", per_minute=1, clock=clock)
    for _ in range(2):
        endpoint.failed(Outcome.UNAVAILABLE, "status 503")
    endpoint.answered()
    for _ in range(2):
        endpoint.failed(Outcome.UNAVAILABLE, "status 503")
    assert endpoint.resting() is None
    endpoint.failed(Outcome.MALFORMED, "no JSON")
    rest = endpoint.resting()
    assert rest
    assert (rest.outcome, rest.detail) == (Outcome.MALFORMED, "no JSON")
    clock.advance(600)
    assert endpoint.resting() is None
