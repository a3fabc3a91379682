"""Links as HTTP's Link header and TimeMaps write them (RFC 8288, RFC 6690, RFC 7089).

The parsers at hand (requests', aiohttp's) are made for tidy headers: they break at the `;` and `,`
that archived addresses are full of. So the targets, which stand in angle brackets, are found first,
and what follows each is read after that. Never fails, in time that grows with the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

HEADER_CAP = 8192  # characters of a header that are read

_LINK = re.compile(r"<([^<>\s]{1,8000})>([^<>]{0,2000})")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
_DATETIME = re.compile(r";\s*datetime\s*=\s*\"([^\"]*)\"", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """One link."""

    target: str  # as written: it may be relative
    rel: frozenset[str]  # in lower case
    at: datetime | None  # the `datetime` of a memento


def links(text: str) -> Iterator[Link]:
    """The links of a header or a TimeMap that have a relation."""
    for match in _LINK.finditer(text):
        rel = _REL.search(match[2])
        if rel is not None:
            names = frozenset((rel[1] or rel[2] or "").lower().split())
            yield Link(match[1], names, _moment(match[2]))


def _moment(parameters: str) -> datetime | None:
    said = _DATETIME.search(parameters)
    return http_date(said[1]) if said else None


def http_date(text: str) -> datetime | None:
    """An HTTP date, in UTC; None: it is none."""
    try:
        moment = parsedate_to_datetime(text[:100])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
