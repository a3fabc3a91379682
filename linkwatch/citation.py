"""When a note took a link: of several dates the one that counts, and where it was read.

Each mention has the date of its best source, in the order of `CitedFrom`; a link has the earliest
of its mentions' dates. A date from before the web or from the future is a slip, and counts for
nothing.

Pure: told what is known, it decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from linkwatch.model import CitedFrom

FIRST_PAGE = datetime(1991, 8, 6, tzinfo=UTC)  # of the web; unpacked files may be "from 1970"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDER = {source: place for place, source in enumerate(CitedFrom)}
# A journal's page (2021-03-04, Logseq's 2021_03_04), or a post named after its day.
_DAY_IN_NAME = re.compile(r"([0-9]{4})([-_.])([0-9]{2})\2([0-9]{2})(?![^\W_])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that is known of when one note took a link."""

    said_at: datetime | None = None  # by the note itself
    said_from: CitedFrom | None = None
    committed_at: datetime | None = None  # by the commit that brought it in
    path: str = ""  # the note's
    written_ns: int | None = None  # when the note's file was last written, since 1970


def cited(
    sights: Iterable[Sight], *, first_seen: datetime, now: datetime
) -> tuple[datetime, CitedFrom]:
    """When a link was cited. Where no note tells, when we first saw it."""
    dates = [_of_one(sight, first_seen, now) for sight in sights]
    return min(
        dates or [(first_seen, CitedFrom.FIRST_SEEN)], key=lambda date: (date[0], _ORDER[date[1]])
    )


def _of_one(sight: Sight, first_seen: datetime, now: datetime) -> tuple[datetime, CitedFrom]:
    if sight.said_at and sight.said_from and FIRST_PAGE <= sight.said_at <= now:
        return sight.said_at, sight.said_from
    if sight.committed_at and FIRST_PAGE <= sight.committed_at <= now:
        return sight.committed_at, CitedFrom.GIT
    for written in (day_in_name(sight.path), _written(sight.written_ns, first_seen)):
        if written and FIRST_PAGE <= written < first_seen:
            return written, CitedFrom.FILE
    return first_seen, CitedFrom.FIRST_SEEN


def day_in_name(path: str) -> datetime | None:
    """The day that a note is named after, if it is: of a journal, or of a post."""
    match = _DAY_IN_NAME.match(path.rpartition("/")[2])
    if match is None:
        return None
    try:
        return datetime(int(match[1]), int(match[3]), int(match[4]), tzinfo=UTC)
    except ValueError:
        return None


def _written(ns: int | None, before: datetime) -> datetime | None:
    """A file's time, if it is earlier: broken disks are from the year 300,000."""
    if ns is None or not 0 <= ns < (before - _EPOCH) // timedelta(microseconds=1) * 1000:
        return None
    return _EPOCH + timedelta(microseconds=ns // 1000)
