"""What may go from a link's history: nothing that anybody could tell from what stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.drift import drift
from linkwatch.evidence import Weight, weigh
from linkwatch.model import CheckResult, Fault, Fingerprint
from linkwatch.model import Testimony as Word  # pytest would take its name for a test class
from linkwatch.returned import lives_since
from linkwatch.rollup import spare
from linkwatch.schedule import Standing, next_look
from linkwatch.verdict import Policy, judge, rule, stages
from tests.checks import HARD, REFUSING, SOFT, day, seen
from tests.test_drift import A_LATER, A, B

OFFLINE, TIMEOUT = Fault.OFFLINE, Fault.TIMEOUT


def kept(history: Sequence[CheckResult], words: Sequence[Word] = ()) -> list[CheckResult]:
    gone = {place for place, _ in spare(history, words)}
    return [result for place, result in enumerate(history) if place not in gone]


def daily(*what: int | Fault, **facts: Any) -> list[CheckResult]:
    return [seen(one, number, **facts) for number, one in enumerate(what)]


def days_left(history: Sequence[CheckResult], words: Sequence[Word] = ()) -> list[float]:
    return [(result.at - day(0)) / timedelta(days=1) for result in kept(history, words)]


@pytest.mark.parametrize(
    ("history", "left"),
    [
        ((), []),
        ((200,) * 3, [0, 1, 2]),
        ((200,) * 9, [0, 1, 8]),
        ((403,) * 9, [0, 1, 8]),
        ((OFFLINE,) * 5, [0, 1, 4]),
        ((404,) * 9, list(range(9))),  # failures are counted
        ((TIMEOUT,) * 5, list(range(5))),
        ((200, 200, 200, 200, 404, 200, 200, 200, 200), [0, 1, 3, 4, 5, 6, 8]),
        ((200, 200, 200, 200, 403, 403, 403, 403, 200), [0, 1, 3, 4, 5, 7, 8]),
        ((200, 204, 200, 204, 200, 204), list(range(6))),
    ],
)
def test_of_checks_in_a_row_that_said_the_same_the_first_two_and_the_last_stay(
    history: tuple[int | Fault, ...], left: list[float]
) -> None:
    assert days_left(daily(*history)) == left


def test_each_is_told_by_the_first_that_said_the_same() -> None:
    assert list(spare(daily(403, *[200] * 5))) == [(3, 1), (4, 1)]


def test_a_lone_sign_and_a_guess_never_count_and_may_go() -> None:
    assert days_left(daily(*[200] * 9, marks="not_found_words:title")) == [0, 1, 8]
    assert days_left(daily(*[TIMEOUT] * 9, inferred=True)) == [0, 1, 8]


def test_a_page_with_other_news_every_day_is_still_the_page() -> None:
    history = [seen(200, i, fingerprint=(A, A_LATER)[i % 2], digest=str(i)) for i in range(9)]

    assert days_left(history) == [0, 1, 8]


def test_where_a_page_became_another_stays() -> None:
    history = [seen(200, i, fingerprint=A if i < 5 else B) for i in range(10)]

    assert days_left(history) == [0, 1, 4, 5, 6, 9]


def test_the_checks_around_a_persons_word_and_around_its_end_stay() -> None:
    word = Word(at=day(4.5), until=day(9.5))

    assert days_left(daily(*[200] * 14), [word]) == [0, 1, 4, 5, 6, 9, 10, 11, 13]


def test_a_section_that_was_seen_and_is_no_more_keeps_both_checks() -> None:
    history = [
        replace(result, anchors=(("x", number < 4),))
        for number, result in enumerate(daily(*[200] * 8))
    ]

    assert days_left(history) == [0, 1, 3, 4, 5, 7]


# Any history, any policy

_PAGES: tuple[Fingerprint | None, ...] = (None, A, A_LATER, B)
_MARKS = ("", "not_found_words:title", "not_found_words:title sibling_same:body", "hollow:app")
_WHATS = st.sampled_from(
    [200, 200, 200, 404, 410, 403, 999, 503, TIMEOUT, Fault.DNS, OFFLINE, *HARD, *REFUSING, *SOFT]
)


@st.composite
def _histories(draw: st.DrawFn) -> list[CheckResult]:
    on = 0.0
    history: list[CheckResult] = []
    for _ in range(draw(st.integers(1, 7))):  # rows of checks that are alike, or nearly
        what = draw(_WHATS)
        fine = what == 200
        pages = [draw(st.sampled_from(_PAGES)) for _ in range(2)] if fine else [None]
        facts: dict[str, Any] = {
            "marks": draw(st.sampled_from(_MARKS)) if fine else "",
            "hops": draw(st.sampled_from([(), (), (301,), (302,)])),
            "inferred": isinstance(what, Fault) and draw(st.booleans()),
        }
        facts["confirmed"] = what in HARD and not facts["inferred"] and draw(st.booleans())
        for _ in range(draw(st.integers(1, 9))):
            on += draw(st.sampled_from([0.1, 1.0, 7.0, 7.0, 40.0]))
            history.append(seen(what, on, fingerprint=draw(st.sampled_from(pages)), **facts))
    return history


@st.composite
def _pasts(draw: st.DrawFn) -> tuple[list[CheckResult], list[Word]]:
    """A history, and what people said meanwhile."""
    history = draw(_histories())
    moments = st.sampled_from([result.at for result in history])
    early = st.sampled_from([timedelta(0), timedelta(minutes=1)])
    number = draw(st.integers(0, 2))
    given_at: list[datetime] = sorted(draw(moments) - draw(early) for _ in range(number))
    ends = [draw(st.one_of(moments, st.just(day(2000)))) for _ in given_at]
    pairs = zip(given_at, ends, strict=True)
    return history, [Word(at=at, until=max(at, until)) for at, until in pairs]


_POLICIES = st.builds(
    Policy,
    failures=st.integers(1, 12),
    days=st.sampled_from([0, 0.5, 3, 14, 60]),
    recheck_after=st.just(timedelta(days=7)),
)


def outcome(
    history: Sequence[CheckResult], policy: Policy, words: Sequence[Word], *, checks: int
) -> tuple[Any, ...]:
    """All that is ever computed of a history."""
    verdict = judge(history, policy, words)
    standing = Standing(url=history[-1].url, verdict=verdict, last=history[-1].at, checks=checks)
    good = [r for r in history if weigh(r).weight is Weight.HEALTHY]
    pages = [r for r in good if r.fingerprint is not None]
    return (
        verdict,
        rule(history, policy, words),
        drift(history, words),
        lives_since(history, verdict),
        next_look(standing, policy.recheck_after),
        history[-1],
        next(iter([*pages[-1:], *good[-1:]]), None),
    )


@settings(derandomize=True, deadline=None, max_examples=120)
@given(past=_pasts(), policies=st.lists(_POLICIES, min_size=1, max_size=3), data=st.data())
def test_nothing_that_is_computed_of_a_history_tells_it_from_the_whole(
    past: tuple[list[CheckResult], list[Word]], policies: list[Policy], data: st.DataObject
) -> None:
    history, words = past
    left = history
    for _ in range(2):  # thinned, and thinned again; of what may go, some stay for other reasons
        gone = [place for place, _ in spare(left, words)]
        gone = data.draw(st.lists(st.sampled_from(gone), unique=True)) if gone else []
        left = [result for place, result in enumerate(left) if place not in gone]

    for policy in policies:
        whole = outcome(history, policy, words, checks=len(history))
        assert outcome(left, policy, words, checks=len(history)) == whole
        after = dict(zip((r.at for r in history), stages(history, policy, words), strict=True))
        assert list(stages(left, policy, words)) == [after[result.at] for result in left]


@settings(derandomize=True, deadline=None, max_examples=120)
@given(past=_pasts(), policy=_POLICIES, later=_histories(), withdrawn=st.booleans())
def test_nor_does_what_comes_later(
    past: tuple[list[CheckResult], list[Word]],
    policy: Policy,
    later: list[CheckResult],
    withdrawn: bool,
) -> None:
    """New checks, a new word, words that are taken back."""
    history, words = past
    end = max([history[-1].at, *(word.at for word in words)])
    then = [replace(r, at=end + (r.at - day(0)) + timedelta(days=1)) for r in later]
    new = Word(at=then[0].at - timedelta(hours=1), until=then[0].at + timedelta(days=30))
    said = [] if withdrawn else [*words, new]

    whole = outcome([*history, *then], policy, said, checks=1)
    assert outcome([*kept(history, words), *then], policy, said, checks=1) == whole


@settings(derandomize=True, deadline=None, max_examples=100)
@given(past=_pasts())
def test_what_was_thinned_has_nothing_more_to_spare(
    past: tuple[list[CheckResult], list[Word]],
) -> None:
    history, words = past

    assert list(spare(kept(history, words), words)) == []


@settings(derandomize=True, deadline=None, max_examples=100)
@given(past=_pasts())
def test_no_failure_that_counts_ever_goes(past: tuple[list[CheckResult], list[Word]]) -> None:
    history, words = past
    for place, _ in spare(history, words):
        evidence = weigh(history[place])
        failed = evidence.weight in (Weight.HARD, Weight.SOFT)
        assert not failed or evidence.lone or history[place].inferred
