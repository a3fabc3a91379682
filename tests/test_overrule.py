"""Who is heard: the person who ignores a link, or the link."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from linkwatch.evidence import Weight
from linkwatch.model import By, Overruled, Pardon, Reason, State
from linkwatch.overrule import UNREADABLE, Class, Ignore, covers_all, decide, is_url
from linkwatch.patterns import compile_pattern

DAY = date(2026, 3, 1)
LATER = Pardon(until=date(2026, 3, 2), because="later")
OVER = Pardon(until=DAY, because="over")
FOR_GOOD = Pardon(because="for good")

WELL = Class(weight=Weight.HEALTHY, reason=Reason.OK, state=State.ALIVE)
MOVED = Class(weight=Weight.HEALTHY, reason=Reason.MOVED, state=State.MOVED)
FORBIDDEN = Class(weight=Weight.REFUSING, reason=Reason.FORBIDDEN, state=State.BLOCKED)
SLOW = Class(weight=Weight.SOFT, reason=Reason.TIMEOUT, state=State.SUSPECT)
MISSING = Class(weight=Weight.HARD, reason=Reason.NOT_FOUND, state=State.DEAD)
NAMELESS = Class(weight=Weight.HARD, reason=Reason.DNS, state=State.DEAD)
PARKED = Class(weight=Weight.SOFT, reason=Reason.PARKED, state=State.DEAD)
SHUT = Class(weight=Weight.REFUSING, reason=Reason.FORBIDDEN, state=State.DEAD)


def told(*ignores: Ignore, now: Class | None = FORBIDDEN) -> Overruled | None:
    return decide({1: None}, None, ignores, now=now, today=DAY).overruled


def ignore(pardon: Pardon = FOR_GOOD, then: Class | None = FORBIDDEN, by: By = By.URL) -> Ignore:
    return Ignore(by=by, pardon=pardon, then=then)


def test_a_link_that_nobody_ignores_is_left_alone() -> None:
    decision = decide({1: None}, None, (), now=MISSING, today=DAY)
    assert (decision.overruled, decision.unheard, decision.ignored) == (None, frozenset(), False)


@pytest.mark.parametrize(
    ("until", "today", "speaks_up"),
    [
        (None, DAY, None),
        (date(2026, 3, 2), DAY, None),
        (date(2026, 3, 1), DAY, "Ignored until 2026-03-01, which is over."),
        (date(2026, 3, 1), None, None),  # no cycle has ended yet
    ],
)
def test_an_ignore_is_over_on_the_day_that_it_names(
    until: date | None, today: date | None, speaks_up: str | None
) -> None:
    one = ignore(Pardon(until=until, because="a wall"))
    assert decide({1: None}, None, [one], now=FORBIDDEN, today=today).overruled == Overruled(
        by=By.URL, until=until, because="a wall", speaks_up=speaks_up
    )


@pytest.mark.parametrize(
    ("then", "now", "speaks_up"),
    [
        (FORBIDDEN, MISSING, "forbidden (403); now it is not found (404)."),
        (WELL, MISSING, "well; now it is not found (404)."),
        (SLOW, NAMELESS, "too slow to answer; now it is without a name (NXDOMAIN)."),
        (MISSING, NAMELESS, "not found (404); now it is without a name (NXDOMAIN)."),
        (FORBIDDEN, PARKED, "forbidden (403); now it is dead."),
        (FORBIDDEN, SHUT, "forbidden (403); now it is dead."),
        (PARKED, SHUT, None),
        (PARKED, WELL, None),
        (MISSING, MISSING, None),
        (MISSING, WELL, None),
        (FORBIDDEN, SLOW, None),
        (SLOW, FORBIDDEN, None),
        (WELL, MOVED, None),
        (WELL, SLOW, None),
        (None, MISSING, None),
        (MISSING, None, None),
    ],
)
def test_only_a_link_that_died_or_is_gone_in_a_new_way_speaks_up(
    then: Class | None, now: Class | None, speaks_up: str | None
) -> None:
    found = told(ignore(then=then), now=now)
    assert found is not None
    assert found.speaks_up == (speaks_up and f"Ignored while it was {speaks_up}")


@pytest.mark.parametrize("reason", Reason)
def test_the_sentence_can_tell_every_reason(reason: Reason) -> None:
    then = replace(SLOW, reason=reason)
    found = told(ignore(then=then), now=replace(MISSING, reason=Reason.GONE))
    assert found is not None
    assert found.speaks_up is not None
    assert "_" not in found.speaks_up


@pytest.mark.parametrize(
    ("ignores", "by", "silent"),
    [
        ([ignore(OVER), ignore(by=By.PATTERN)], By.PATTERN, True),
        ([ignore(then=WELL), ignore(by=By.PATTERN, then=MISSING)], By.PATTERN, True),
        ([ignore(OVER), ignore(OVER, by=By.PATTERN)], By.URL, False),
        ([ignore(), ignore(by=By.PATTERN)], By.URL, True),
    ],
)
def test_one_ignore_that_holds_is_enough(ignores: list[Ignore], by: By, silent: bool) -> None:
    found = told(*ignores, now=MISSING if ignores[0].then is WELL else FORBIDDEN)
    assert found is not None
    assert (found.by, found.speaks_up is None) == (by, silent)


@pytest.mark.parametrize(
    ("pardons", "because", "speaks_up", "unheard"),
    [
        ({1: FOR_GOOD, 2: LATER}, "later", None, {1, 2}),
        ({1: FOR_GOOD, 2: None}, None, None, {1}),
        ({1: FOR_GOOD, 2: OVER}, "over", "Ignored until 2026-03-01, which is over.", {1}),
        ({1: OVER, 2: None}, None, None, set()),
    ],
)
def test_comments_count_if_every_mention_has_one(
    pardons: dict[int, Pardon | None],
    because: str | None,
    speaks_up: str | None,
    unheard: set[int],
) -> None:
    decision = decide(pardons, FORBIDDEN, (), now=FORBIDDEN, today=DAY)
    found = decision.overruled
    assert decision.unheard == unheard
    assert (found and found.because, found and found.speaks_up) == (because, speaks_up)


def test_where_the_link_is_gone_in_a_new_way_no_mention_stays_unheard() -> None:
    decision = decide({1: FOR_GOOD, 2: None}, FORBIDDEN, (), now=MISSING, today=DAY)
    assert decision.unheard == frozenset()


def test_a_comment_that_cannot_be_read_says_how_it_is_written() -> None:
    decision = decide({1: Pardon(until=UNREADABLE)}, None, (), now=SLOW, today=None)
    assert decision.overruled is not None
    assert decision.overruled.until is None
    assert "linkwatch: ignore until 2027-01-31" in (decision.overruled.speaks_up or "")
    assert not decision.ignored


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("https://example.org/a.html", True),
        ("HTTP://example.org/?q=a+b&c=(d)*", True),
        ("http://[::1]:80/", True),
        ("https://example.org/wiki/Foo_(bar)", True),
        ("https://example\\.org/", False),
        ("^https://example.org/", False),
        ("https://example.org/.*", False),
        ("https://example.org/.+/x", False),
        ("https://example.org/(?:a)", False),
        ("https://example.org/[0-9]", False),
        ("https://(a|b).example.org/", False),
        ("https://example.org/x{2}", False),
        ("https://example.org/x$", False),
        ("https://example.org/[x", True),
        ("example.org", False),
        ("ftp://example.org/", False),
    ],
)
def test_a_url_is_told_from_a_pattern(text: str, one: bool) -> None:
    assert is_url(text) is one


@pytest.mark.parametrize(
    ("pattern", "every"),
    [
        ("", True),
        (".", True),
        ("h", True),
        ("http", True),
        ("://", True),
        ("^https?:", True),
        (r"\w+", True),
        ("^https:", False),
        ("example", False),
        (r"\.org/", False),
    ],
)
def test_a_pattern_that_matches_unrelated_urls_matches_every_one(pattern: str, every: bool) -> None:
    assert covers_all(compile_pattern(pattern)) is every
