"""The one retry rule: when a request is made again within the same check, and after what wait.

Asked again is what is cheap to ask again: an answer that says "not now", a connection that broke.
A timeout is not: history decides about it, not patience. tenacity does the counting.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt

from linkwatch.clock import Clock

T = TypeVar("T")

LONGEST_RETRY_AFTER_S = 86_400.0  # a server may ask for years; a day is as long as we remember it


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How patient one check is."""

    tries: int = 3
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0  # and all waits of a check together


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, in either of its forms (RFC 9110, 10.2.3).

    None if there is none or it makes no sense; a date that has passed is 0.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError, IndexError):  # all four are raised by some text
        return None
    if until.tzinfo is None:  # "-0000": no zone is claimed, and HTTP dates are in UTC
        until = until.replace(tzinfo=UTC)
    return min(max(0.0, (until - now).total_seconds()), LONGEST_RETRY_AFTER_S)


def wait_before_retry_s(failures: int, asked_s: float | None, policy: RetryPolicy) -> float:
    """Seconds to wait after `failures` in a row (1 or more).

    The longer of our doubling back-off and the server's Retry-After; our back-off alone is
    capped by the policy, while a longer Retry-After ends the check instead (see `retrying`).
    """
    doublings = min(failures - 1, 20)
    own_s = min(policy.first_wait_s * 2.0**doublings, policy.longest_wait_s)
    return max(own_s, asked_s or 0.0)


async def retrying(
    ask: Callable[[], Awaitable[T]],
    *,
    again: Callable[[T], bool],
    asked_s: Callable[[T], float | None],
    policy: RetryPolicy,
    clock: Clock,
    before_wait: Callable[[T, float], None],
) -> T:
    """Ask until the answer is one to keep, the tries are spent, or the server asks for too much.

    `again` tells whether an answer deserves another try, `asked_s` what its Retry-After wished;
    `before_wait` hears of each wait in seconds, so that a host's other links can be held too.
    """

    first = await ask()
    if not again(first):
        return first  # nearly always: tenacity's machinery costs as much as the request
    had: list[T] = [first]

    async def ask_on() -> T:
        return had.pop() if had else await ask()

    def enough(state: RetryCallState) -> bool:
        return state.idle_for + wait(state) > policy.longest_wait_s

    def wait(state: RetryCallState) -> float:
        return wait_before_retry_s(state.attempt_number, asked_s(_answer(state)), policy)

    def hear(state: RetryCallState) -> None:
        assert state.next_action is not None
        before_wait(_answer(state), state.next_action.sleep)

    def _answer(state: RetryCallState) -> T:
        assert state.outcome is not None
        answer: T = state.outcome.result()
        return answer

    async def attempt() -> T:  # tenacity awaits only what it can see to be a coroutine function
        return await ask()

    controller = AsyncRetrying(
        sleep=clock.sleep,
        stop=lambda state: stop_after_attempt(policy.tries)(state) or enough(state),
        wait=wait,
        retry=retry_if_result(again),
        before_sleep=hear,
        retry_error_callback=_answer,
    )
    return await controller(ask_on)
