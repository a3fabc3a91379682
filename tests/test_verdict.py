"""A link's history -> its verdict: the rules of judging, in tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.evidence import Weight, weigh
from linkwatch.model import CheckResult, Fault, Reason, State
from linkwatch.model import Testimony as Word  # pytest would take its name for a test class
from linkwatch.patterns import compile_pattern
from linkwatch.verdict import Policy, judge, skipped, stages
from tests.checks import HARD, HEALTHY, NOTHING, REFUSING, SOFT, day, seen

POLICY = Policy(failures=3, days=3, recheck_after=timedelta(days=7))
DNS, OFFLINE, TIMEOUT = Fault.DNS, Fault.OFFLINE, Fault.TIMEOUT


def daily(*what: int | Fault) -> list[CheckResult]:
    """One check a day."""
    return [seen(one, number) for number, one in enumerate(what)]


def judged(
    history: Sequence[CheckResult], policy: Policy = POLICY
) -> tuple[State, Reason, float | None]:
    """State, reason and the day since when."""
    verdict = judge(history, policy)
    since = None if verdict.since is None else (verdict.since - day(0)) / timedelta(days=1)
    return verdict.state, verdict.reason, since


A, M, S, D, B = State.ALIVE, State.MOVED, State.SUSPECT, State.DEAD, State.BLOCKED
OK, NF, DOWN = Reason.OK, Reason.NOT_FOUND, Reason.SERVER_ERROR
NO, LATE = Reason.FORBIDDEN, Reason.TIMEOUT


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        # nothing known
        ((), (State.UNCHECKED, Reason.UNCHECKED, None)),
        ((OFFLINE,), (State.UNCHECKED, Reason.UNCHECKED, None)),
        ((OFFLINE, OFFLINE, OFFLINE, OFFLINE), (State.UNCHECKED, Reason.UNCHECKED, None)),
        # alive
        ((200,), (A, OK, 0)),
        ((200, 200, 204), (A, OK, 0)),
        ((200, OFFLINE), (A, OK, 0)),
        ((OFFLINE, 200), (A, OK, 1)),
        # one healthy answer clears
        ((404, 200), (A, OK, 1)),
        ((404, 404, 200), (A, OK, 2)),
        ((404, 404, 404, 404, 200), (A, OK, 4)),
        ((200, 404, 200, 404), (S, NF, 3)),
        ((200, 404, 404, 404, 200, 404, 404, 404), (S, NF, 5)),
        # failing, hard and soft alike
        ((404,), (S, NF, 0)),
        ((200, 404, 404), (S, NF, 1)),
        ((200, 404, 404, 404), (S, NF, 1)),  # three, but over two days
        ((200, 404, 404, 404, 404), (D, NF, 1)),
        ((503, 503, 503, 503), (D, DOWN, 0)),
        ((TIMEOUT, TIMEOUT, TIMEOUT, TIMEOUT), (D, LATE, 0)),
        ((503, 404, TIMEOUT, 503), (D, DOWN, 0)),  # the last one is the reason
        ((404, 404, 404, 404, 503), (D, DOWN, 0)),
        ((200, DNS, DNS, DNS, DNS), (D, Reason.DNS, 1)),
        # what says something of ourselves only is passed over
        ((404, OFFLINE, OFFLINE, OFFLINE, OFFLINE), (S, NF, 0)),
        ((404, 404, OFFLINE, 404), (D, NF, 0)),
        # a refusal neither counts nor clears
        ((403,), (B, NO, 0)),
        ((403, 403, 403, 403, 403), (B, NO, 0)),
        ((200, 403), (B, NO, 1)),
        ((403, 200), (A, OK, 1)),
        ((404, 403, 404, 404), (D, NF, 0)),
        ((404, 403, 404), (S, NF, 0)),
        ((200, 404, 403), (B, NO, 2)),
        ((200, 404, 403, 404), (S, NF, 1)),
        ((200, 404, 403, 403, 404, 404), (D, NF, 1)),
        ((404, 404, 404, 404, 403), (D, NF, 0)),
        ((404, 404, 404, 404, 403, 403, 403), (D, NF, 0)),
        ((404, 404, 404, 404, 403, 404), (D, NF, 0)),
        ((404, 404, 404, 404, 403, 200), (A, OK, 5)),
        ((403, 401), (B, Reason.LOGIN, 0)),  # the reason is the last one's, the run goes on
        ((Fault.PRIVATE_ADDRESS,), (B, Reason.PRIVATE_ADDRESS, 0)),
    ],
)
def test_a_history_of_daily_checks_gives_this_verdict(
    history: tuple[int | Fault, ...], expected: tuple[State, Reason, float | None]
) -> None:
    assert judged(daily(*history)) == expected


@pytest.mark.parametrize(
    ("failures", "days", "on", "state"),
    [
        (3, 3, (0, 1.5, 3), D),  # exactly so many days, from the first to the last
        (3, 3, (0, 1.5, 2.999), S),
        (3, 3, (0, 10), S),  # long enough, but not often enough
        (3, 3, (0, 0.1, 0.2), S),
        (3, 3, (0, 0.1, 0.2, 3), D),
        (3, 0, (0, 0.001, 0.002), D),
        (3, 0, (0, 1), S),
        (1, 0, (0,), D),
        (1, 0.5, (0,), S),
        (1, 0.5, (0, 0.5), D),
        (2, 30, (0, 29.9), S),
        (2, 30, (0, 29.9, 30), D),
        (5, 3, (0, 1, 2, 3), S),
        (5, 3, (0, 1, 2, 3, 3.1), D),
    ],
)
def test_dead_after_wants_so_many_failures_over_so_many_days(
    failures: int, days: float, on: tuple[float, ...], state: State
) -> None:
    policy = replace(POLICY, failures=failures, days=days)
    history = [seen(200, -1), *(seen(404, number) for number in on)]

    assert judge(history, policy).state is state


def test_days_are_counted_from_the_first_failure_after_the_last_healthy_answer() -> None:
    history = [seen(404, 0), seen(200, 30), seen(404, 31), seen(404, 32), seen(404, 33)]

    assert judged(history) == (S, NF, 31)


# A result is (what, {options}); one a day.
_I: dict[str, Any] = {"inferred": True}
_C: dict[str, Any] = {"confirmed": True}


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        # never seen alive, and confirmed: dead at once
        ([(404, _C)], (D, NF, 0)),
        ([(DNS, _C)], (D, Reason.DNS, 0)),
        ([(410, _C)], (D, Reason.GONE, 0)),
        ([(403, {}), (404, _C)], (D, NF, 1)),
        ([(503, {}), (404, _C)], (D, NF, 0)),
        ([(TIMEOUT, _I), (404, _C)], (D, NF, 0)),
        # only hard evidence can be confirmed
        ([(503, _C)], (S, DOWN, 0)),
        ([(TIMEOUT, _C)], (S, LATE, 0)),
        ([(403, _C)], (B, NO, 0)),
        ([(404, {})], (S, NF, 0)),
        # seen alive, be it years ago: no short cut
        ([(200, {}), (404, _C)], (S, NF, 1)),
        ([(200, {}), (404, _C), (404, _C), (404, _C)], (S, NF, 1)),
        ([(200, {}), (404, _C), (404, _C), (404, _C), (404, _C)], (D, NF, 1)),
        # once dead at once, only a healthy answer brings it back
        ([(404, _C), (403, {})], (D, NF, 0)),
        ([(404, _C), (503, {})], (D, NF, 0)),
        ([(404, _C), (OFFLINE, {})], (D, NF, 0)),
        ([(404, _C), (503, {}), (503, {}), (503, {})], (D, DOWN, 0)),
        ([(404, _C), (200, {})], (A, OK, 1)),
        ([(404, _C), (200, {}), (404, _C)], (S, NF, 2)),
        # inferred results make suspect, and never count
        ([(TIMEOUT, _I)], (S, LATE, 0)),
        ([(200, {}), (TIMEOUT, _I)], (S, LATE, 1)),
        ([(200, {})] + [(TIMEOUT, _I)] * 30, (S, LATE, 1)),
        ([(DNS, _I)] * 30, (S, Reason.DNS, 0)),
        ([(404, {}), (TIMEOUT, _I), (404, {}), (404, {})], (D, NF, 0)),
        ([(404, {}), (TIMEOUT, _I), (TIMEOUT, _I), (404, {})], (S, NF, 0)),
        ([(TIMEOUT, _I), (404, {}), (404, {}), (404, {})], (S, NF, 0)),  # days from the first real
        ([(TIMEOUT, _I), (404, {}), (404, {}), (404, {}), (404, {})], (D, NF, 0)),
        ([(404, {}), (404, {}), (404, {}), (TIMEOUT, _I)], (S, LATE, 0)),  # nor do its days
        ([(403, {}), (TIMEOUT, _I)], (S, LATE, 1)),
    ],
)
def test_confirmed_and_inferred_results_give_this_verdict(
    history: list[tuple[int | Fault, dict[str, Any]]], expected: tuple[State, Reason, float]
) -> None:
    facts = [seen(what, number, **options) for number, (what, options) in enumerate(history)]

    assert judged(facts) == expected


@pytest.mark.parametrize(
    ("hops", "expected"),
    [
        ([(301,)], (M, Reason.MOVED, 0)),
        ([(301,), (308, 301)], (M, Reason.MOVED, 0)),
        ([(), (301,)], (M, Reason.MOVED, 1)),
        ([(301,), ()], (A, OK, 1)),
        ([(302,)], (A, OK, 0)),
        ([(301,), (301, 302)], (A, OK, 1)),
        ([(), (302,), ()], (A, OK, 0)),
    ],
)
def test_moved_means_through_permanent_redirects_only(
    hops: list[tuple[int, ...]], expected: tuple[State, Reason, float]
) -> None:
    history = [seen(200, number, hops=some) for number, some in enumerate(hops)]

    assert judged(history) == expected


@pytest.mark.parametrize(
    ("history", "detail"),
    [
        ([], "Not checked yet."),
        ([seen(200)], "It answered 200 (OK)."),
        ([seen(200, hops=(301,))], "Moved for good to https://new.example/0."),
        (
            [seen(403)],
            (
                "It answered 403 (Forbidden); a server is there, but does not show the page to "
                "programs."
            ),
        ),
        (
            [seen(Fault.PRIVATE_ADDRESS)],
            "It leads to an address that is not public, and so is not contacted.",
        ),
        (
            [seen(200), seen(404, 1, hops=(302,))],
            (
                "It answered 404 (Not Found), at the end of 1 redirect; 1 of the 3 failing checks "
                "over 3 days that make a link dead."
            ),
        ),
        (
            [seen(TIMEOUT, inferred=True)],
            "The server did not answer in time (seen with another link of the same host).",
        ),
        (
            [seen(200), *(seen(503, on) for on in (1, 2, 4))],
            "It answered 503 (Service Unavailable); 3 failing checks in a row.",
        ),
        (
            [seen(404, confirmed=True)],
            "It answered 404 (Not Found), twice, and it was never seen alive.",
        ),
    ],
)
def test_the_detail_is_one_sentence_for_a_person(history: list[CheckResult], detail: str) -> None:
    assert judge(history, POLICY).detail == detail


def test_what_a_library_said_of_a_fault_is_told_too() -> None:
    history = [seen(Fault.TLS, message="certificate has expired")]

    assert "certificate has expired" in judge(history, POLICY).detail


@pytest.mark.parametrize(
    ("url", "allow_private", "reason"),
    [
        ("https://example.org/", False, None),
        ("https://intranet.example/x", False, Reason.EXCLUDED),
        ("https://example.org/drafts/1", False, Reason.EXCLUDED),  # patterns are not anchored
        ("http://localhost/", False, Reason.PRIVATE_ADDRESS),
        ("http://localhost:8080/", True, None),
        ("http://printer.local/", False, Reason.PRIVATE_ADDRESS),
        ("http://10.0.0.1/", False, Reason.PRIVATE_ADDRESS),
        ("http://10.0.0.1/", True, None),
        ("http://0x7f.1/", False, Reason.PRIVATE_ADDRESS),
        ("http://2130706433/", False, Reason.PRIVATE_ADDRESS),
        ("http://[::1]/", False, Reason.PRIVATE_ADDRESS),
        ("http://[::ffff:10.0.0.1]/", False, Reason.PRIVATE_ADDRESS),
        ("http://8.8.8.8/", False, None),
        ("http://abcdef.onion/", False, Reason.SPECIAL_NAME),
        ("http://abcdef.onion/", True, Reason.SPECIAL_NAME),
        ("http:///", False, None),  # nothing that could be asked, which the check finds out
    ],
)
def test_our_own_policy_keeps_us_from_asking_some_links(
    url: str, allow_private: bool, reason: Reason | None
) -> None:
    exclude = (compile_pattern(r"^https://intranet\."), compile_pattern("/drafts/"))
    verdict = skipped(url, replace(POLICY, exclude=exclude, allow_private=allow_private))

    assert (verdict.reason if verdict else None) is reason
    if verdict:
        assert (verdict.state, verdict.since) == (State.SKIPPED, None)
        assert verdict.detail.endswith(".")


def test_the_pattern_that_excludes_a_link_is_named() -> None:
    verdict = skipped("https://a.example/", replace(POLICY, exclude=(compile_pattern("a\\.ex"),)))

    assert verdict is not None
    assert "notes.exclude_urls: a\\.ex" in verdict.detail


@pytest.mark.parametrize(
    "other",
    [
        replace(POLICY, failures=4),
        replace(POLICY, days=4),
        replace(POLICY, days=3.5),
        replace(POLICY, recheck_after=timedelta(days=8)),
        replace(POLICY, exclude=(compile_pattern("x"),)),
        replace(POLICY, allow_private=True),
    ],
)
def test_another_policy_has_another_digest(other: Policy) -> None:
    assert other.digest != POLICY.digest


def test_the_same_policy_has_the_same_digest_in_every_process() -> None:
    twin = Policy(failures=3, days=3, recheck_after=timedelta(days=7))

    assert twin.digest == POLICY.digest
    assert len({replace(POLICY, exclude=(compile_pattern("x"),)).digest for _ in range(3)}) == 1


def test_a_changed_policy_judges_the_same_facts_anew() -> None:
    history = daily(200, 404, 404)

    assert judge(history, POLICY).state is S
    assert judge(history, replace(POLICY, failures=2, days=1)).state is D


_what = st.sampled_from([*HEALTHY, *HARD, *SOFT, *REFUSING, *NOTHING])
_facts = st.tuples(
    _what,
    st.floats(0.01, 5),  # days since the one before
    st.sampled_from([(), (301,), (302,), (308, 302)]),
    st.booleans(),
    st.booleans(),
)
_policies = st.builds(
    Policy,
    failures=st.integers(1, 5),
    days=st.sampled_from([0, 0.5, 1, 3, 10]),
    recheck_after=st.just(timedelta(days=7)),
)


@st.composite
def _histories(draw: st.DrawFn) -> list[CheckResult]:
    on = 0.0
    history = []
    for what, later, hops, inferred, confirmed in draw(st.lists(_facts, max_size=14)):
        on += later
        guessed = inferred and isinstance(what, Fault)  # only silence is inferred, with no hops
        history.append(
            seen(
                what,
                on,
                hops=() if guessed else hops,
                inferred=guessed,
                confirmed=confirmed and not guessed and what in HARD,
            )
        )
    return history


def _present_run(history: Sequence[CheckResult]) -> list[CheckResult]:
    """The results since the last healthy one."""
    run: list[CheckResult] = []
    for result in history:
        run = [] if weigh(result).weight is Weight.HEALTHY else [*run, result]
    return run


@settings(derandomize=True, deadline=None, max_examples=150)
@given(history=_histories(), policy=_policies)
def test_what_is_called_dead_has_failed_often_and_long_enough(
    history: list[CheckResult], policy: Policy
) -> None:
    if judge(history, policy).state is not State.DEAD:
        return
    run = _present_run(history)
    failed = [r for r in run if weigh(r).weight in (Weight.HARD, Weight.SOFT) and not r.inferred]
    assert failed
    never_alive = run == history
    if not (never_alive and any(r.confirmed for r in failed)):
        assert len(failed) >= policy.failures
        assert failed[-1].at - failed[0].at >= timedelta(days=policy.days)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(history=_histories(), policy=_policies, hops=st.sampled_from([(), (301,), (302,)]))
def test_one_healthy_answer_always_clears(
    history: list[CheckResult], policy: Policy, hops: tuple[int, ...]
) -> None:
    verdict = judge([*history, seen(200, 100, hops=hops)], policy)

    assert verdict.state is (State.MOVED if hops == (301,) else State.ALIVE)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(history=_histories(), policy=_policies)
def test_the_verdict_never_contradicts_the_last_word_of_the_server(
    history: list[CheckResult], policy: Policy
) -> None:
    told = [r for r in history if weigh(r).weight not in (Weight.REFUSING, Weight.NONE)]
    state = judge(history, policy).state

    if told and weigh(told[-1]).weight is Weight.HEALTHY:
        assert state in (State.ALIVE, State.MOVED, State.BLOCKED)
    elif told:
        assert state in (State.SUSPECT, State.DEAD, State.BLOCKED)
    else:
        assert state in (State.UNCHECKED, State.BLOCKED)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(history=_histories(), policy=_policies, what=st.sampled_from([*REFUSING, *NOTHING]))
def test_a_refusal_makes_nothing_dead_and_brings_nothing_back(
    history: list[CheckResult], policy: Policy, what: int | Fault
) -> None:
    before = judge(history, policy)
    after = judge([*history, seen(what, 100)], policy)

    assert (before.state is State.DEAD) == (after.state is State.DEAD)
    if before.state is State.DEAD or what in NOTHING:
        assert after == before


@settings(derandomize=True, deadline=None, max_examples=100)
@given(history=_histories(), policy=_policies)
def test_judging_is_a_function_of_the_facts_alone(
    history: list[CheckResult], policy: Policy
) -> None:
    first = judge(history, policy)
    judge(history[::-1], policy)  # whatever was judged in between

    assert judge(tuple(history), policy) == first
    weighty = [result for result in history if weigh(result).weight is not Weight.NONE]
    assert judge(weighty, policy) == first


@settings(derandomize=True, deadline=None, max_examples=100)
@given(history=_histories(), policy=_policies)
def test_since_is_the_time_of_one_of_the_checks(history: list[CheckResult], policy: Policy) -> None:
    verdict = judge(history, policy)

    if verdict.state is State.UNCHECKED:
        assert verdict.since is None
    else:
        assert verdict.since in {result.at for result in history}
    if verdict.state in (State.SUSPECT, State.DEAD):
        run = [r for r in _present_run(history) if weigh(r).weight in (Weight.HARD, Weight.SOFT)]
        assert verdict.since == run[0].at


TITLE, TWO = "not_found_words:title", "not_found_words:title sibling_same:page"


@pytest.mark.parametrize(
    ("marks", "state"),
    [
        ((TITLE,), S),
        ((TITLE,) * 10, S),  # one sign alone, however often
        ((TWO, TWO), S),
        ((TWO, TWO, TWO), S),  # three of them over two days
        ((TWO, TWO, TWO, TWO), D),
        ((TITLE, TWO, TWO, TWO), S),  # it does not count
        ((TWO, TITLE, TWO, TWO), S),  # and ends the row
        ((404, 404, TITLE, 404), S),
        ((404, 404, 404, 404, TITLE), S),  # what was gone shows a page again
        ((TWO, TWO, TWO, TWO, TITLE), D),
        ((TWO, TWO, TWO, TWO, "honest:sibling"), A),
        ((TWO, "challenge:x", TWO, TWO), D),
    ],
)
def test_only_signs_in_company_count(marks: tuple[str | int, ...], state: State) -> None:
    history = [
        seen(one, number) if isinstance(one, int) else seen(200, number, marks=one)
        for number, one in enumerate(marks)
    ]

    assert judge(history, POLICY).state is state


def test_a_lone_sign_says_so() -> None:
    detail = judge([seen(200, marks=TITLE)], POLICY).detail

    assert "one sign alone makes no link dead" in detail


def word(on: float, days: float = 90) -> Word:
    return Word(at=day(on), until=day(on + days), because="I looked")


@pytest.mark.parametrize(
    ("history", "on", "state"),
    [
        ((404, 404, 404, 404), 3.5, A),
        ((404, 404, 404, 404), 2.5, A),  # what was seen then is not held against it
        ((403,), 0.5, A),
        ((403, 403, 403), 0.5, A),
        ((403, TIMEOUT), 0.5, S),  # a failure of another kind is
        ((403, 404, 404, 404, 404), 0.5, D),
        ((404, DNS), 0.5, S),
        ((404, 403, 404), 0.5, A),
        ((200, 404), 0.5, S),  # it was well when they said so
        ((404, 200, 404), 0.5, A),  # a healthy answer needs no word, and leaves it standing
        ((404, 503), 0.5, S),
        ((404, 503, 404), 0.5, A),
        ((403, 503, 503, 403, 503, 503, 403), 0.5, A),
        ((403, 503, 503, 503, 503), 0.5, D),
        ((404, 404, 404, 404, 403, 404), 4.5, A),  # what the state rests on is covered too
        ((), 0.5, A),
    ],
)
def test_a_persons_word_covers_what_was_seen_when_it_was_given(
    history: tuple[int | Fault, ...], on: float, state: State
) -> None:
    verdict = judge(daily(*history), POLICY, [word(on)])

    assert verdict.state is state
    assert (verdict.reason is Reason.VOUCHED) == (state is A)


def test_a_word_that_has_run_out_covers_nothing() -> None:
    history = daily(*[404] * 10)

    assert judge(history[:6], POLICY, [word(3.5, days=3)]).state is A
    after = judge(history, POLICY, [word(3.5, days=3)])
    assert (after.state, after.since) == (S, day(7))


def test_a_word_is_told_with_its_reason_and_its_end() -> None:
    detail = judge(daily(403, 403), POLICY, [word(0.5, days=10)]).detail

    assert "A person said on 2026-01-05 that it is alive (I looked)" in detail
    assert "until 2026-01-15" in detail
    assert "403" in detail


@pytest.mark.parametrize(
    ("history", "recoveries"),
    [
        ((200, 200), 0),
        ((404, 404), 0),
        ((404, 200), 1),
        ((404, 404, 200, 503, 200), 2),
        ((404, 403, 200), 1),
        ((503, 200, 503, 200, 503, 200, 503), 3),
    ],
)
def test_coming_back_is_counted(history: tuple[int | Fault, ...], recoveries: int) -> None:
    assert judge(daily(*history), POLICY).recoveries == recoveries


def test_what_is_long_past_is_not_counted() -> None:
    history = [seen(503, 0), seen(200, 1), seen(503, 100), seen(200, 101)]

    assert judge(history, POLICY).recoveries == 1


def test_a_blocked_link_says_when_it_was_last_seen() -> None:
    assert "It was last seen on 2026-01-05." in judge(daily(200, 403), POLICY).detail
    assert "last seen" not in judge(daily(403, 403), POLICY).detail


def test_a_page_that_always_shows_one_sign_does_not_die_of_three_bad_nights_in_a_year() -> None:
    weeks = [
        seen(Fault.TIMEOUT if n in (10, 30, 55) else 200, 7 * n, marks=TITLE) for n in range(60)
    ]

    assert judge(weeks, POLICY).state is S


def test_failures_months_apart_with_refusals_between_are_no_row() -> None:
    weeks = [seen(503 if n in (10, 30, 50) else 403, 7 * n) for n in range(52)]

    assert judge(weeks, POLICY).state is B
    near = [seen(503 if n % 2 else 403, 7 * n) for n in range(7)]
    assert judge(near[:6], POLICY).state is D


def test_what_was_shown_as_a_page_is_not_dead_at_once() -> None:
    gone = seen(404, 7, confirmed=True)

    assert judge([seen(200, marks=TITLE), gone], POLICY).state is S
    assert judge([seen(503), gone], POLICY).state is D


def test_a_hollow_200_brings_nothing_back_that_fails() -> None:
    hollow = "hollow:youtube"
    gone = [seen(404, n) for n in range(5)]

    assert judge([*gone, seen(200, 5, marks=hollow)], POLICY).state is D
    assert judge([*gone[:1], seen(200, 5, marks=hollow)], POLICY).state is S
    assert judge([seen(200, 0, marks=hollow)], POLICY).state is A
    assert judge([*gone, seen(200, 5)], POLICY).state is A


@settings(derandomize=True, deadline=None, max_examples=100)
@given(history=_histories(), policy=_policies)
def test_the_stages_are_the_verdicts_on_each_beginning(
    history: list[CheckResult], policy: Policy
) -> None:
    words = [word(1.5, days=4)]
    expected = [
        judge(history[:n], policy, [w for w in words if w.at <= history[n - 1].at]).state
        for n in range(1, len(history) + 1)
    ]

    assert list(stages(history, policy, words)) == expected
