"""The one retry rule."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkwatch.web.retry import (
    LONGEST_RETRY_AFTER_S,
    RetryPolicy,
    retry_after_s,
    retrying,
    wait_before_retry_s,
)
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
DAY_S = LONGEST_RETRY_AFTER_S


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("99999999", DAY_S),
        ("9" * 5000, DAY_S),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("٣", None),
        ("soon", None),
        ("Mon, 05 Jan 2026 04:00:30 GMT", 30),
        ("Monday, 05-Jan-26 04:00:30 GMT", 30),
        ("Mon Jan  5 04:00:30 2026", 30),
        ("Mon, 05 Jan 2026 05:00:30 +0100", 30),
        ("Mon, 05 Jan 2026 04:00:30 -0000", 30),
        ("05 Jan 2026 04:00:30", 30),
        ("Sun, 04 Jan 2026 04:00:00 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY_S),
        ("Fri, 31 Dec 9999 23:59:59 -2359", DAY_S),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("Mon, 32 Jan 2026 04:00:30 GMT", None),
        ("Mon, 05 Jan 99999 04:00:30 GMT", None),
        ("Mon, 05 Jan 2026 25:00:30 GMT", None),
        ("Mon, 05 Jan 2026 " + "7" * 30 + ":00:30 GMT", None),
        ("Mon, 05 Jan 2026 04:00:30 +999999999999", None),
    ],
)
def test_retry_after_is_read_in_both_of_its_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


_WORDS = (
    "Mon , 5 05 Jan 2026 99 04:00:30 4:0 : - + GMT 0 +9999 -0000 am . é EST / T Z ( ) 2026-01-05"
)
_DATE_PIECES = st.sampled_from([*_WORDS.split(), " ", "\0", "1" * 30])


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.one_of(st.lists(_DATE_PIECES, max_size=10).map("".join), st.text(max_size=20)))
@example("Mon, 5 Jan 2026 4 GMT")
def test_no_retry_after_can_stop_a_check(value: str) -> None:
    seconds = retry_after_s(value, NOW)
    assert seconds is None or 0 <= seconds <= DAY_S


@pytest.mark.parametrize(
    ("failures", "asked_s", "wait_s"),
    [
        (1, None, 1.0),
        (2, None, 2.0),
        (3, None, 4.0),
        (7, None, 30.0),
        (10_000, None, 30.0),
        (1, 0.0, 1.0),
        (1, 5.0, 5.0),
        (4, 5.0, 8.0),
        (1, 600.0, 600.0),
    ],
)
def test_the_longer_of_our_back_off_and_the_servers_wish_is_waited(
    failures: int, asked_s: float | None, wait_s: float
) -> None:
    assert wait_before_retry_s(failures, asked_s, RetryPolicy()) == wait_s


def _retry(answers: list[int], asked_s: float | None = None) -> tuple[int, FakeClock, list[float]]:
    """Until an even number comes; what it ended with, the clock, and the waits that were told."""
    clock = FakeClock()
    told: list[float] = []
    left = iter(answers)

    async def ask() -> int:
        return next(left)

    async def main() -> int:
        return await retrying(
            ask,
            again=lambda answer: answer % 2 == 1,
            asked_s=lambda answer: asked_s,
            policy=RetryPolicy(),
            clock=clock,
            before_wait=lambda answer, wait_s: told.append(wait_s),
        )

    return asyncio.run(main()), clock, told


def test_a_good_answer_is_kept_at_once() -> None:
    answer, clock, told = _retry([2, 4])
    assert (answer, clock.slept_s, told) == (2, [], [])


def test_each_wait_is_told_before_it_is_waited() -> None:
    answer, clock, told = _retry([1, 3, 2])
    assert (answer, clock.slept_s, told) == (2, [1.0, 2.0], [1.0, 2.0])


def test_the_last_answer_stands_when_the_tries_are_spent() -> None:
    answer, clock, _ = _retry([1, 3, 5, 2])
    assert (answer, clock.slept_s) == (5, [1.0, 2.0])


def test_a_server_that_asks_for_too_much_is_not_asked_again() -> None:
    answer, clock, told = _retry([1, 2], asked_s=31.0)
    assert (answer, clock.slept_s, told) == (1, [], [])


def test_a_wish_that_we_can_bear_is_granted() -> None:
    answer, clock, _ = _retry([1, 2], asked_s=30.0)
    assert (answer, clock.slept_s) == (2, [30.0])


def test_all_waits_of_a_check_together_are_bounded() -> None:
    answer, clock, _ = _retry([1, 1, 1], asked_s=20.0)
    assert (answer, clock.slept_s) == (1, [20.0])
