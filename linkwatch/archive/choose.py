"""Which capture: the one closest to what the note's author saw. Pure.

Among those that may end in a 200, the closest to the citation that is not after it (the same day
counts: most citations know their day only), else the nearest after it; never one from after the
link began to fail, because a failing site's 200 is often a parked domain or an error page.

An archived redirect may end in a 200, and so may a revisit, whose status no index tells: what they
are, playing them back tells. Days are UTC days, as the archive's timestamps are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from linkwatch.archive.answers import Capture
from linkwatch.web.guard import literal
from linkwatch.web.url import name_of


def end_of_day(moment: datetime) -> datetime:
    """The last second of the UTC day of a moment."""
    day = moment.astimezone(UTC).date()
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


def usable(capture: Capture, *, failed_at: datetime) -> bool:
    """Whether a capture may be shown: it may end in a 200, and is from before the failure."""
    may_end_well = capture.status is None or capture.status == 200 or 300 <= capture.status < 400
    return may_end_well and capture.timestamp < failed_at


def not_after(capture: Capture, cited_at: datetime) -> bool:
    """Whether a capture is from before the citation; its day counts as before."""
    return capture.timestamp <= end_of_day(cited_at)


def ranked(
    captures: Iterable[Capture], *, cited_at: datetime, failed_at: datetime
) -> list[Capture]:
    """The captures that may be shown for a link, the best first.

    Where two are equally good, one of a 200 goes first, then the older, then the one with the
    smaller URL: the same captures give the same choice in whatever order they come.
    """

    def rank(capture: Capture) -> tuple[bool, timedelta, bool, datetime, str]:
        return (
            not not_after(capture, cited_at),
            abs(capture.timestamp - cited_at),
            capture.status != 200,
            capture.timestamp,
            capture.original,
        )

    return sorted((c for c in captures if usable(c, failed_at=failed_at)), key=rank)


def variants(url: str) -> list[str]:
    """The other addresses under which the same page may have been archived, likeliest first.

    With and without the last slash, `www.`, and the s of https. Archives differ in which of them
    they take for one.
    """
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    base, mark, _ = path.partition("?")
    found = []
    if base and not mark:
        other = base.removesuffix("/") if base.endswith("/") else base + "/"
        found.append(f"{scheme}://{host}{slash}{other}")
    found.append(f"{'http' if scheme == 'https' else 'https'}://{rest}")
    bare = host.removeprefix("www.")
    if "." in bare and literal(name_of(url)) is None:
        www = bare if bare != host else f"www.{host}"
        found.append(f"{scheme}://{www}{slash}{path}")
    return found
