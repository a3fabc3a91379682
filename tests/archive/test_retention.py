"""Which local copies go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linkwatch.archive.retention import surplus
from linkwatch.model import HeldCopy
from tests.fakes.clock import START

DEAD, ALIVE, UNMENTIONED = "dead", "alive", "unmentioned"


def held(table: str) -> list[HeldCopy]:
    """`1d 4d` on a line with its link's state in front; each has ten bytes, its id is its day."""
    copies = []
    for link, line in enumerate(table.strip().splitlines()):
        state, *days = line.split()
        copies += [
            HeldCopy(
                id=int(day),
                link_id=link,
                at=START + timedelta(days=int(day)),
                path=f"copies/{day}",
                size_bytes=10,
                mentioned=UNMENTIONED not in state,
                dead=DEAD in state,
            )
            for day in days
        ]
    return list(reversed(copies))


@pytest.mark.parametrize(
    ("table", "keep", "total", "gone"),
    [
        ("alive 1 2 3", 3, 99, []),
        ("alive 1 2 3 4", 3, 99, [2]),  # the oldest stays, and the newest
        ("alive 1 2 3 4 5 6", 3, 99, [2, 3, 4]),
        ("alive 1 2 3", 2, 99, [2]),
        ("alive 1 2 3", 1, 99, [1, 2]),
        ("dead 1 2 3 4", 3, 99, [2]),
        ("alive 1 2 3", 9, 99, []),
        ("alive 1 2 3 4 5\nalive 6", 7, 99, []),
        ("alive 1 2 3\nalive 4", 3, 45, []),  # 40 bytes: nine tenths of 45 are 40.5
        ("alive 1 2 3\nalive 4", 3, 44, [2]),
        ("unmentioned 9\nalive 1 2 3", 3, 40, [9]),
        ("unmentioned 4 9\nalive 1 2 3", 3, 40, [4, 9]),
        ("unmentioned-dead 4 9\nalive 1 2 3", 3, 40, [4, 2]),  # never a dead link's only one
        ("alive 5 6 7\nalive 1 2 3", 3, 50, [2, 6]),
        ("alive 5 6 7\nalive 1 2", 3, 40, [6, 1]),
        ("alive 5 6 7\nalive 1 2", 3, 30, [6, 1, 5]),
        ("dead 1 2\ndead 3 4\nalive 5", 3, 30, [1, 3]),  # no only copy goes for the next cycle
        ("alive 1\nalive 2\nalive 3", 3, 30, []),
        ("alive 1\nalive 2\nalive 3", 3, 29, [1]),
        ("dead 1\nalive 2\ndead 3", 3, 5, [2]),
        ("", 3, 5, []),
    ],
)
def test_which_copies_go(table: str, keep: int, total: int, gone: list[int]) -> None:
    found = surplus(held(table), keep=keep, total_bytes=total)
    assert [copy.id for copy in found] == gone
