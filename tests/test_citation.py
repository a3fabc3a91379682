"""Of several dates of a citation, the one that counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwatch.citation import Sight, cited, day_in_name
from linkwatch.model import CitedFrom


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = at("2026-01-05")
SEEN = at("2026-01-01")
EPOCH = at("1970-01-01")


def ns(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


ALL: dict[str, Any] = {
    "said_at": at("2025-01-01"),
    "said_from": CitedFrom.ACCESSED,
    "committed_at": at("2024-01-01"),
    "path": "journals/2023_01_01.md",
    "written_ns": ns(at("2022-01-01")),
}


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ({}, ("2025-01-01", CitedFrom.ACCESSED)),
        ({"said_from": CitedFrom.FRONT_MATTER}, ("2025-01-01", CitedFrom.FRONT_MATTER)),
        ({"said_at": None}, ("2024-01-01", CitedFrom.GIT)),
        ({"said_at": at("2026-01-06")}, ("2024-01-01", CitedFrom.GIT)),
        ({"said_at": at("1991-08-05")}, ("2024-01-01", CitedFrom.GIT)),
        ({"said_at": None, "committed_at": None}, ("2023-01-01", CitedFrom.FILE)),
        ({"said_at": None, "committed_at": at("2026-01-06")}, ("2023-01-01", CitedFrom.FILE)),
        ({"said_at": None, "committed_at": EPOCH}, ("2023-01-01", CitedFrom.FILE)),
    ],
)
def test_the_best_source_of_a_mention_counts_unless_its_date_is_impossible(
    missing: dict[str, Any], expected: tuple[str, CitedFrom]
) -> None:
    sight = Sight(**ALL | missing)
    assert cited([sight], first_seen=SEEN, now=NOW) == (at(expected[0]), expected[1])


@pytest.mark.parametrize(
    ("path", "written_ns", "expected"),
    [
        ("n.md", ns(at("2022-01-01")), ("2022-01-01", CitedFrom.FILE)),
        ("2026-01-03.md", ns(at("2022-01-01")), ("2022-01-01", CitedFrom.FILE)),  # seen before it
        ("1985-01-01.md", None, ("2026-01-01", CitedFrom.FIRST_SEEN)),
        ("n.md", ns(SEEN), ("2026-01-01", CitedFrom.FIRST_SEEN)),
        ("n.md", ns(NOW), ("2026-01-01", CitedFrom.FIRST_SEEN)),
        ("n.md", 1, ("2026-01-01", CitedFrom.FIRST_SEEN)),
        ("n.md", -1, ("2026-01-01", CitedFrom.FIRST_SEEN)),
        ("n.md", 2**63 - 1, ("2026-01-01", CitedFrom.FIRST_SEEN)),
        ("n.md", None, ("2026-01-01", CitedFrom.FIRST_SEEN)),
    ],
)
def test_a_file_counts_where_it_is_older_than_our_first_sight(
    path: str, written_ns: int | None, expected: tuple[str, CitedFrom]
) -> None:
    sight = Sight(path=path, written_ns=written_ns)
    assert cited([sight], first_seen=SEEN, now=NOW) == (at(expected[0]), expected[1])


def test_a_link_has_the_earliest_date_of_its_mentions_and_of_equal_ones_the_best_source() -> None:
    said = Sight(said_at=at("2025-01-01"), said_from=CitedFrom.ACCESSED)
    git = Sight(committed_at=at("2024-01-01"))
    same = Sight(path="2024-01-01.md")
    assert cited([said, same, git], first_seen=SEEN, now=NOW) == (at("2024-01-01"), CitedFrom.GIT)
    assert cited([said, Sight()], first_seen=at("2020-01-01"), now=NOW) == (
        at("2020-01-01"),
        CitedFrom.FIRST_SEEN,
    )
    assert cited([], first_seen=SEEN, now=NOW) == (SEEN, CitedFrom.FIRST_SEEN)


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("2021-03-04.md", "2021-03-04"),
        ("journals/2021_03_04.md", "2021-03-04"),
        ("daily/2021.03.04 Thursday.md", "2021-03-04"),
        ("_posts/2021-03-04-a-post.md", "2021-03-04"),
        ("2021-03-04/n.md", None),
        ("2021-02-30.md", None),
        ("2021-03_04.md", None),
        ("2021-03-041.md", None),
        ("20210304.md", None),
        ("on 2021-03-04.md", None),
        ("", None),
    ],
)
def test_a_journal_is_named_after_its_day(path: str, day: str | None) -> None:
    assert day_in_name(path) == (at(day) if day else None)
