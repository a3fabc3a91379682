from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from linkwatch.archive.answers import Capture
from linkwatch.archive.choose import end_of_day, ranked, variants


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def capture(text: str, status: int | None = 200, original: str = "https://a.example/") -> Capture:
    return Capture(timestamp=at(text), original=original, status=status)


def choose(
    captures: Iterable[Capture], *, cited_at: datetime, failed_at: datetime
) -> Capture | None:
    return next(iter(ranked(captures, cited_at=cited_at, failed_at=failed_at)), None)


CITED = at("2020-06-15T12:00:00")
FAILED = at("2024-01-01T00:00:00")

CASES = [
    ("nothing", [], None),
    ("the closest of several before", ["2018-01-01", "2020-06-01", "2019-01-01"], "2020-06-01"),
    ("before wins over nearer after", ["2010-01-01", "2020-06-17"], "2010-01-01"),
    ("later on the same day counts as before", ["2020-06-14", "2020-06-15T18:00"], "2020-06-15T18"),
    ("the same day's last second", ["2020-01-01", "2020-06-15T23:59:59"], "2020-06-15T23:59:59"),
    ("the next day's first second is after", ["2020-01-01", "2020-06-16"], "2020-01-01"),
    ("nearest of the same day, after", ["2020-06-15T01", "2020-06-15T13"], "2020-06-15T13"),
    ("nearest of the same day, before", ["2020-06-15T11", "2020-06-15T14"], "2020-06-15T11"),
    ("the older of two as near", ["2020-06-15T11", "2020-06-15T13"], "2020-06-15T11"),
    ("else the nearest after", ["2022-01-01", "2021-01-01", "2023-01-01"], "2021-01-01"),
    ("from before the failure", ["2023-12-31T23:59:59", "2024-02-01"], "2023-12-31T23:59:59"),
    ("the moment of the failure is too late", ["2024-01-01"], None),
    ("after the failure only", ["2024-01-02", "2025-01-01"], None),
]


@pytest.mark.parametrize(("stamps", "best"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_capture_closest_to_what_the_author_saw_is_chosen(
    stamps: list[str], best: str | None
) -> None:
    captures = [capture(stamp) for stamp in stamps]
    chosen = choose(captures, cited_at=CITED, failed_at=FAILED)
    assert (chosen and chosen.timestamp) == (at(best) if best else None)
    assert choose(reversed(captures), cited_at=CITED, failed_at=FAILED) == chosen


@pytest.mark.parametrize("status", [404, 403, 429, 503, 203, 206])
def test_only_captures_that_may_end_in_a_200_are_chosen(status: int) -> None:
    captures = [capture("2020-06-15", status), capture("2011-01-01")]
    assert choose(captures, cited_at=CITED, failed_at=FAILED) == captures[1]
    assert choose(captures[:1], cited_at=CITED, failed_at=FAILED) is None


def test_of_two_captures_of_one_second_always_the_same_is_chosen() -> None:
    pair = [capture("2020-01-01", original=f"http{s}://a.example/") for s in ("s", "")]
    for captures in (pair, pair[::-1]):
        chosen = choose(captures, cited_at=CITED, failed_at=FAILED)
        assert chosen
        assert chosen.original == "http://a.example/"


def test_a_citation_younger_than_the_failure_takes_the_last_copy_from_before_it() -> None:
    captures = [capture("2020-01-01"), capture("2023-12-30"), capture("2024-06-01")]
    chosen = choose(captures, cited_at=at("2025-01-01"), failed_at=FAILED)
    assert chosen == captures[1]


def test_days_are_utc_days() -> None:
    east = timezone(timedelta(hours=9))
    assert end_of_day(datetime(2020, 6, 16, 3, tzinfo=east)) == at("2020-06-15T23:59:59")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, None])
def test_a_redirect_or_a_revisit_may_end_in_a_200(status: int | None) -> None:
    captures = [capture("2020-06-15", status), capture("2011-01-01")]
    assert ranked(captures, cited_at=CITED, failed_at=FAILED) == captures
    same_second = [capture("2011-01-01", status, "https://0.example/"), captures[1]]
    assert choose(same_second, cited_at=CITED, failed_at=FAILED) == captures[1]


@pytest.mark.parametrize(
    ("url", "others"),
    [
        (
            "https://a.example/b",
            ["https://a.example/b/", "http://a.example/b", "https://www.a.example/b"],
        ),
        (
            "http://www.a.example/b/?c=/",
            ["https://www.a.example/b/?c=/", "http://a.example/b/?c=/"],
        ),
        ("https://a.example/", ["http://a.example/", "https://www.a.example/"]),
        (
            "http://a.example:8080/b/",
            [
                "http://a.example:8080/b",
                "https://a.example:8080/b/",
                "http://www.a.example:8080/b/",
            ],
        ),
        ("http://192.0.2.1/b", ["http://192.0.2.1/b/", "https://192.0.2.1/b"]),
        ("http://[2001:db8::1]/b", ["http://[2001:db8::1]/b/", "https://[2001:db8::1]/b"]),
    ],
)
def test_a_page_may_have_been_archived_under_another_spelling(url: str, others: list[str]) -> None:
    assert variants(url) == others
