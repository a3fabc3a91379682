"""Which capture: the one closest to what the note's author saw.

Only captures of a 200. Among those the closest to the citation that is not after it (the same day
counts: most citations know their day only), else the nearest after it; never one from after the
link began to fail, because a failing site's 200 is often a parked domain or an error page.

Days are UTC days, as the archive's timestamps are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from linkwatch.archive.answers import Capture


def end_of_day(moment: datetime) -> datetime:
    """The last second of the UTC day of a moment."""
    day = moment.astimezone(UTC).date()
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


def usable(capture: Capture, *, failed_at: datetime) -> bool:
    """Whether a capture may be shown at all: of a 200, from before the first failure."""
    return capture.status == 200 and capture.timestamp < failed_at


def not_after(capture: Capture, cited_at: datetime) -> bool:
    """Whether a capture is from before the citation; its day counts as before."""
    return capture.timestamp <= end_of_day(cited_at)


def choose(
    captures: Iterable[Capture], *, cited_at: datetime, failed_at: datetime
) -> Capture | None:
    """The capture to show for a link; None if there is none that would help.

    Where two are equally good, the older, and then the one with the smaller URL: the same
    captures give the same choice in whatever order they come.
    """

    def rank(capture: Capture) -> tuple[bool, timedelta, datetime, str]:
        return (
            not not_after(capture, cited_at),
            abs(capture.timestamp - cited_at),
            capture.timestamp,
            capture.original,
        )

    return min((c for c in captures if usable(c, failed_at=failed_at)), key=rank, default=None)
