from __future__ import annotations

import asyncio

import pytest

from linkwatch.archive.pace import WAYBACK_BUDGETS, Endpoint, Pace, Paces, Service
from linkwatch.model import Outcome
from tests.fakes.clock import FakeClock


def pace(clock: FakeClock) -> Pace:
    return Pace("web.archive.org", WAYBACK_BUDGETS, clock=clock)


def test_no_minute_holds_more_requests_than_the_budget() -> None:
    async def scenario() -> list[float]:
        clock = FakeClock()
        endpoint = Endpoint(per_minute=5, clock=clock)
        starts_s = []
        for number in range(30):
            assert await endpoint.place(until_s=10_000) is not None
            starts_s.append(clock.monotonic_s())
            clock.advance(number % 3)
        return starts_s

    starts_s = asyncio.run(scenario())
    assert starts_s[4] < 5  # a burst within the budget does not wait
    assert all(later - first >= 60 for first, later in zip(starts_s, starts_s[5:], strict=False))


def test_a_place_that_would_come_too_late_is_not_waited_for() -> None:
    async def scenario() -> None:
        clock = FakeClock()
        endpoint = Endpoint(per_minute=1, clock=clock)
        assert await endpoint.place(until_s=30) is not None
        assert await endpoint.place(until_s=30) is None
        assert clock.slept_s == []
        assert await endpoint.place(until_s=61) is not None
        assert clock.slept_s == [60.0]

    asyncio.run(scenario())


def test_a_request_counts_from_when_it_left_not_from_when_it_got_its_place() -> None:
    async def scenario() -> float:
        clock = FakeClock()
        endpoint = Endpoint(per_minute=2, clock=clock)
        places_s = [await endpoint.place(until_s=1) for _ in range(2)]
        clock.advance(5)  # its host's turn took so long
        assert places_s[0] is not None
        endpoint.left(places_s[0])
        clock.advance(1)
        return endpoint.wait_s()

    assert asyncio.run(scenario()) == 54


@pytest.mark.parametrize("started_s", [0.1003 * number for number in range(1, 40)])
def test_waiting_ends_though_floats_do_not_add_up(started_s: float) -> None:
    async def scenario() -> None:
        clock = FakeClock()
        clock.advance(started_s)
        endpoint = Endpoint(per_minute=1, clock=clock)
        assert await endpoint.place(until_s=10_000) is not None
        clock.advance(0.3)
        assert await endpoint.place(until_s=10_000) is not None
        assert len(clock.slept_s) == 1

    asyncio.run(scenario())


def test_no_place_is_given_once_the_time_is_over() -> None:
    endpoint = Endpoint(per_minute=1, clock=FakeClock())
    assert asyncio.run(endpoint.place(until_s=0)) is None


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
    endpoint = Endpoint(per_minute=1, clock=clock)
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


def test_failures_about_one_page_are_one_failure() -> None:
    endpoint = Endpoint(per_minute=1, clock=FakeClock())
    for about in ("a", "b", "a", "b", "a"):  # two links are asked about at a time
        endpoint.failed(Outcome.UNAVAILABLE, "status 503", about=about)
    assert endpoint.resting() is None
    endpoint.failed(Outcome.UNAVAILABLE, "status 503", about="c")
    assert endpoint.resting()


def test_a_silent_endpoint_rests_at_once() -> None:
    endpoint = Endpoint(per_minute=1, clock=FakeClock())
    endpoint.failed(Outcome.UNAVAILABLE, "no answer in time", silent=True)
    assert endpoint.resting()


# From one process to the next


def all_of(clock: FakeClock) -> Paces:
    return Paces(
        wayback_url="https://web.archive.org",
        availability_url="https://archive.org/wayback/available",
        clock=clock,
    )


def test_the_two_addresses_of_one_archive_have_one_pace() -> None:
    paces = all_of(FakeClock())
    assert paces.of("https://archive.org/wayback/available?x") is paces.wayback
    assert paces.of("https://web.archive.org/web/2020/") is paces.wayback
    assert paces.of("https://arquivo.pt/wayback/") is not paces.wayback
    timemap = paces.wayback.endpoint(Service.TIMEMAP)
    assert timemap is paces.wayback.endpoint(Service.CDX)


def test_budgets_stops_and_rests_go_on_in_another_process() -> None:
    clock = FakeClock()
    before = all_of(clock)

    async def spend() -> None:
        for _ in range(24):
            assert await before.wayback.endpoint(Service.CDX).place(until_s=100) is not None

    asyncio.run(spend())
    before.wayback.stop(Outcome.RATE_LIMITED, None, "too many")
    clock.advance(60)
    before.wayback.stop(Outcome.RATE_LIMITED, None, "too many")
    other = before.of("https://arquivo.pt/")
    other.endpoint(Service.TIMEMAP).failed(Outcome.MALFORMED, "no list", silent=True)
    asyncio.run(spend())
    clock.advance(20)
    kept = [pace.keep(clock.utc_now()) for pace in before.all()]
    after_it = FakeClock(clock.utc_now())  # its monotonic clock begins anew
    paces = all_of(after_it)
    paces.recall(kept, after_it.utc_now())
    assert paces.wayback.endpoint(Service.CDX).used == 24
    assert paces.wayback.endpoint(Service.CDX).wait_s() == pytest.approx(40, abs=0.01)
    stop = paces.wayback.stopped()
    assert stop
    assert (stop.outcome, stop.detail) == (Outcome.RATE_LIMITED, "too many")
    assert stop.until_s == pytest.approx(100, abs=0.01)
    rest = paces.of("https://arquivo.pt/").endpoint(Service.TIMEMAP).resting()
    assert rest
    assert rest.until_s == pytest.approx(580, abs=0.01)
    after_it.advance(101)
    assert paces.wayback.stop(Outcome.RATE_LIMITED, None, "again") == 240


def test_a_clock_that_was_set_back_makes_no_stop_of_years() -> None:
    clock = FakeClock()
    before = all_of(clock)
    before.wayback.stop(Outcome.RATE_LIMITED, 80_000, "too many")
    kept = before.wayback.keep(clock.utc_now())
    clock.sleep_through(-400 * 86_400)
    paces = all_of(clock)
    paces.recall([kept], clock.utc_now())
    assert paces.wayback.stopped() is None
