"""The table of evidence: what each status and each fault is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.evidence import Weight, weigh
from linkwatch.model import Fault, Reason
from tests.checks import HARD, HEALTHY, NOTHING, REFUSING, SOFT, URL, seen


@pytest.mark.parametrize(
    ("what", "weight"),
    [
        *((what, Weight.HEALTHY) for what in HEALTHY),
        *((what, Weight.HARD) for what in HARD),
        *((what, Weight.SOFT) for what in SOFT),
        *((what, Weight.REFUSING) for what in REFUSING),
        *((what, Weight.NONE) for what in NOTHING),
    ],
)
def test_every_answer_has_its_weight(what: int | Fault, weight: Weight) -> None:
    assert weigh(seen(what)).weight is weight


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_is_weighed_and_told_in_words(fault: Fault) -> None:
    evidence = weigh(seen(fault))

    assert evidence.reason.value == fault.value
    assert evidence.words
    assert evidence.words == evidence.words.strip(". ")


def test_only_a_name_that_does_not_exist_is_hard_among_the_faults() -> None:
    assert [fault for fault in Fault if weigh(seen(fault)).weight is Weight.HARD] == [Fault.DNS]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (200, Reason.OK),
        (401, Reason.LOGIN),
        (402, Reason.PAYMENT),
        (403, Reason.FORBIDDEN),
        (404, Reason.NOT_FOUND),
        (405, Reason.REJECTED),
        (406, Reason.REJECTED),
        (408, Reason.TIMEOUT),
        (410, Reason.GONE),
        (418, Reason.REJECTED),
        (425, Reason.SERVER_ERROR),
        (429, Reason.RATE_LIMITED),
        (451, Reason.LEGAL),
        (499, Reason.REJECTED),
        (500, Reason.SERVER_ERROR),
        (521, Reason.SERVER_ERROR),
        (999, Reason.CHALLENGE),
        (101, Reason.PROTOCOL),
        (304, Reason.PROTOCOL),
        (600, Reason.PROTOCOL),
    ],
)
def test_every_status_has_its_reason(status: int, reason: Reason) -> None:
    assert weigh(seen(status)).reason is reason


@pytest.mark.parametrize(
    ("hops", "reason"),
    [
        ((), Reason.OK),
        ((301,), Reason.MOVED),
        ((308,), Reason.MOVED),
        ((301, 308, 301), Reason.MOVED),
        ((302,), Reason.OK),
        ((303,), Reason.OK),
        ((307,), Reason.OK),
        ((301, 302), Reason.OK),
        ((302, 301), Reason.OK),
    ],
)
def test_moved_is_what_is_reached_through_permanent_redirects_only(
    hops: tuple[int, ...], reason: Reason
) -> None:
    evidence = weigh(seen(200, hops=hops))

    assert (evidence.weight, evidence.reason) == (Weight.HEALTHY, reason)


def test_a_permanent_redirect_to_the_page_itself_is_no_move() -> None:
    """Some sites set a cookie and send the browser to where it was."""
    back_again = replace(seen(200, hops=(301,)), final_url=URL)

    assert weigh(back_again).reason is Reason.OK


def test_a_dead_end_after_a_permanent_redirect_is_not_moved() -> None:
    assert weigh(seen(404, hops=(301,))).reason is Reason.NOT_FOUND


def test_a_fault_weighs_more_than_the_status_before_it() -> None:
    lost = replace(seen(Fault.BAD_REDIRECT), status=302)

    assert weigh(lost).weight is Weight.SOFT
    assert weigh(lost).reason is Reason.BAD_REDIRECT


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "it answered 404 (Not Found)"), (999, "it answered 999"), (520, "it answered 520")],
)
def test_a_status_is_named_where_it_has_a_name(status: int, words: str) -> None:
    assert weigh(seen(status)).words == words


@settings(derandomize=True, deadline=None)
@given(status=st.integers(100, 999))
def test_every_status_weighs_as_its_class_says(status: int) -> None:
    weight = weigh(seen(status)).weight

    if 200 <= status < 300:
        assert weight is Weight.HEALTHY
    elif status in (404, 410):
        assert weight is Weight.HARD
    elif (400 <= status < 500 and status not in (408, 425)) or status == 999:
        assert weight is Weight.REFUSING
    else:
        assert weight is Weight.SOFT
