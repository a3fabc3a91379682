"""The table of evidence: what each status and each fault is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.evidence import Weight, weigh
from linkwatch.model import Fault, Reason, Says, Sign
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


H, S, R = Weight.HEALTHY, Weight.SOFT, Weight.REFUSING
LONE = True


@pytest.mark.parametrize(
    ("status", "marks", "weight", "reason", "lone"),
    [
        # a wall ends it, whatever else the page shows
        (200, "challenge:anubis", R, Reason.CHALLENGE, False),
        (403, "challenge:cloudflare", R, Reason.CHALLENGE, False),
        (404, "challenge:datadome", R, Reason.CHALLENGE, False),
        (503, "challenge:cloudflare", R, Reason.CHALLENGE, False),
        (200, "not_found_words:title sibling_same:page challenge:x", R, Reason.CHALLENGE, False),
        # what sits on good pages too only explains a refusal
        (200, "challenge_weak:recaptcha", H, Reason.OK, False),
        (403, "challenge_weak:recaptcha", R, Reason.CHALLENGE, False),
        (503, "challenge_weak:recaptcha", R, Reason.CHALLENGE, False),
        (404, "challenge_weak:recaptcha", Weight.HARD, Reason.NOT_FOUND, False),
        (500, "challenge_weak:recaptcha", S, Reason.SERVER_ERROR, False),
        # then a login or a question for consent
        (200, "login:host to_home parking_host:x", R, Reason.LOGIN, False),
        (200, "consent:host not_found_words:title", R, Reason.LOGIN, False),
        (404, "login:path", Weight.HARD, Reason.NOT_FOUND, False),
        # a parked domain is known by two signs
        (200, "parking_host:x", S, Reason.PARKED, LONE),
        (200, "lander:path", S, Reason.PARKED, LONE),
        (200, "for_sale:title", S, Reason.PARKED, LONE),
        (200, "for_sale:title for_sale:text", S, Reason.PARKED, LONE),
        (200, "for_sale:title parking_host:x", S, Reason.PARKED, False),
        (200, "for_sale:title sibling_same:page", S, Reason.PARKED, False),
        (200, "for_sale:title changed:text", S, Reason.PARKED, False),
        (200, "lander:path not_found_words:title", S, Reason.PARKED, LONE),
        # a page for what does not exist: one cause is one sign
        (200, "not_found_words:title", S, Reason.SOFT_404, LONE),
        (200, "not_found_words:title not_found_words:heading", S, Reason.SOFT_404, LONE),
        (200, "not_found_path:path", S, Reason.SOFT_404, LONE),
        (200, "sibling_same:page", S, Reason.SOFT_404, LONE),
        (200, "same_end:links changed:text", S, Reason.SOFT_404, LONE),
        (200, "not_found_words:title sibling_same:page", S, Reason.SOFT_404, False),
        (200, "not_found_words:title not_found_path:path", S, Reason.SOFT_404, False),
        (200, "not_found_words:title changed:text", S, Reason.SOFT_404, False),
        (200, "sibling_same:page shrank:text", S, Reason.SOFT_404, False),
        (200, "sibling_same:page changed:text", S, Reason.SOFT_404, LONE),
        (200, "to_home:root", S, Reason.HOME_REDIRECT, LONE),
        (200, "to_home:root same_end:links", S, Reason.HOME_REDIRECT, LONE),
        (200, "to_home:root sibling_same:redirect", S, Reason.HOME_REDIRECT, LONE),
        (200, "sibling_same:redirect", S, Reason.SOFT_404, LONE),
        (200, "same_end:links sibling_same:redirect", S, Reason.SOFT_404, LONE),
        (200, "to_home:root changed:text shrank:text", S, Reason.HOME_REDIRECT, LONE),
        (200, "sibling_same:redirect changed:text", S, Reason.SOFT_404, LONE),
        (200, "not_found_words:title same_end:links", S, Reason.SOFT_404, False),
        (200, "to_home:root home_canonical:link", S, Reason.HOME_REDIRECT, False),
        # what is no sign by itself
        (200, "changed:text", H, Reason.OK, False),
        (200, "shrank:text changed:text home_canonical:link", H, Reason.OK, False),
        (200, "honest:sibling", H, Reason.OK, False),
        (200, "undecidable:root", H, Reason.OK, False),
        # a page about missing pages, on a host that means its answers
        (200, "not_found_words:title honest:sibling", H, Reason.OK, False),
        (200, "not_found_words:title undecidable:root", H, Reason.OK, False),
        # but not where it used to be another page
        (200, "not_found_words:title honest:sibling changed:text", S, Reason.SOFT_404, LONE),
        (200, "not_found_words:title honest:sibling shrank:text", S, Reason.SOFT_404, LONE),
        (200, "not_found_path:path honest:sibling", S, Reason.SOFT_404, LONE),
        (200, "to_home:root honest:sibling", S, Reason.HOME_REDIRECT, LONE),
        # signs of a page that is not there anyway change nothing
        (404, "not_found_words:title", Weight.HARD, Reason.NOT_FOUND, False),
        (500, "not_found_words:title sibling_same:page", S, Reason.SERVER_ERROR, False),
    ],
)
def test_the_first_signs_that_match_end_it(
    status: int, marks: str, weight: Weight, reason: Reason, lone: bool
) -> None:
    evidence = weigh(seen(status, marks=marks))

    assert (evidence.weight, evidence.reason, evidence.lone) == (weight, reason, lone)


@pytest.mark.parametrize("sign", list(Sign))
def test_no_sign_alone_is_a_failure_that_counts(sign: Sign) -> None:
    evidence = weigh(seen(200, marks=sign))

    assert evidence.weight in (Weight.HEALTHY, Weight.REFUSING) or evidence.lone


def test_signs_are_told_in_words() -> None:
    evidence = weigh(seen(200, marks="not_found_words:title sibling_same:page"))

    assert evidence.words == (
        "it answered 200 (OK), but it says that the page does not exist,"
        " and an address made up at random shows the same"
    )


@pytest.mark.parametrize(
    ("says", "weight", "reason"),
    [
        (Says.ALIVE, H, Reason.OK),
        (Says.MOVED, H, Reason.MOVED),
        (Says.GONE, Weight.HARD, Reason.GONE),
        (Says.PRIVATE, R, Reason.LOGIN),
        (Says.DOUBTFUL, S, Reason.SOFT_404),
    ],
)
@pytest.mark.parametrize("status", [200, 401, 404])
def test_what_a_site_says_of_its_own_outweighs_the_status(
    says: Says, weight: Weight, reason: Reason, status: int
) -> None:
    evidence = weigh(replace(seen(status), probe="youtube", says=says))

    assert (evidence.weight, evidence.reason) == (weight, reason)
    assert evidence.lone is (says is Says.DOUBTFUL)


def test_a_site_that_answers_200_to_everything_says_so() -> None:
    assert weigh(seen(200, marks="hollow:youtube")).hollow
    assert not weigh(seen(200)).hollow
    assert weigh(seen(404, marks="hollow:youtube")).weight is Weight.HARD
