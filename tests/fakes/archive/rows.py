"""Captures: what the archive holds, as rows of its index."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

from linkwatch.clock import Clock

COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
DEFAULT_BODY = b"<html><title>A page</title><p>As it was.</html>"
_ALWAYS = datetime.min.replace(tzinfo=UTC)
_LATEST = "9" * 14


@dataclass(frozen=True, kw_only=True)
class Row:
    """One capture. The first seven fields are the index's."""

    urlkey: str
    timestamp: str
    original: str
    mimetype: str
    statuscode: str  # "-" for a revisit
    digest: str
    length: str
    body: bytes = b""  # as stored: packed, if `encoding` is not None
    location: str | None = None  # as the site sent it
    headers: Mapping[str, str] = field(default_factory=dict)  # that the site sent
    encoding: str | None = None
    playable: bool = True
    source: str = "crawl/fake.warc.gz"
    shown_at: datetime = _ALWAYS  # from when on playback knows it
    indexed_at: datetime = _ALWAYS  # and from when on availability, CDX and TimeMap do

    def values(self) -> list[str]:
        return [str(getattr(self, column)) for column in COLUMNS]

    @property
    def revisit(self) -> bool:
        return self.statuscode == "-"


def url_key(url: str, *, slash_same: bool = False) -> str:
    """How the archive files a URL: http and https, www, and letter case are all one.

    `slash_same`: so are addresses with and without a slash at their end.
    """
    try:
        parts = urlsplit(url.lower())
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return url.lower()
    host = (parts.hostname or "").removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    name = ",".join(reversed(host.split(".")))
    path = parts.path.rstrip("/") if slash_same else parts.path
    return f"{name}{port}){path or '/'}{query}"


class Holdings:
    """All captures, and what the archive does not say of them."""

    def __init__(self, clock: Clock, *, slash_same: bool) -> None:
        self._clock = clock
        self._slash_same = slash_same
        self._rows: dict[str, list[Row]] = {}  # by key, in the order in which they came
        self.blind: set[str] = set()  # keys, or whole URLs where only one form is not seen
        self.blocked: dict[str, str] = {}  # by host as keys have it: in which words

    def key(self, url: str) -> str:
        return url_key(url, slash_same=self._slash_same)

    def host(self, url: str) -> str:
        return self.key(url).partition(")")[0]

    def add(
        self,
        url: str,
        timestamp: str,
        *,
        status: int = 200,
        mimetype: str = "text/html",
        body: bytes | None = None,
        revisit: bool = False,
        location: str | None = None,
        headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
        playable: bool = True,
        source: str = "crawl/fake.warc.gz",
        shown_at: datetime = _ALWAYS,
        indexed_at: datetime = _ALWAYS,
    ) -> Row:
        if body is None:
            body = b"" if location else DEFAULT_BODY
        stored = body if encoding is None else gzip.compress(body, mtime=0)
        digest = base64.b32encode(hashlib.sha1(stored).digest()).decode()
        row = Row(
            urlkey=self.key(url),
            timestamp=timestamp,
            original=url,
            mimetype="warc/revisit" if revisit else mimetype,
            statuscode="-" if revisit else str(status),
            digest=digest,
            length=str(len(stored) + 400),
            body=stored,
            location=location,
            headers=dict(headers or {}),
            encoding=encoding,
            playable=playable,
            source=source,
            shown_at=shown_at,
            indexed_at=indexed_at,
        )
        self._rows.setdefault(row.urlkey, []).append(row)
        return row

    def every(self, *, indexed: bool) -> list[Row]:
        """All that may be told of now, in the order of the index."""
        return [row for key in sorted(self._rows) for row in self._told(key, indexed)]

    def of(self, url: str, *, indexed: bool) -> list[Row]:
        """The captures of one URL, oldest first."""
        return self._told(self.key(url), indexed)

    def _told(self, key: str, indexed: bool) -> list[Row]:
        now = self._clock.utc_now()
        rows = list(self._rows.get(key, []))
        told = [row for row in rows if (row.indexed_at if indexed else row.shown_at) <= now]
        return sorted(told, key=lambda row: row.timestamp)

    def words_against(self, url: str) -> str | None:
        """Why nothing of this site is shown."""
        return self.blocked.get(self.host(url))

    def unseen(self, url: str) -> bool:
        """Whether availability overlooks it."""
        return url in self.blind or self.key(url) in self.blind

    def meant(self, revisit: Row) -> Row:
        """The capture that a revisit says it is the same as; itself if there is none."""
        earlier = [
            row
            for row in list(self._rows.get(revisit.urlkey, []))
            if row.timestamp <= revisit.timestamp and not row.revisit
        ]
        return max(
            earlier,
            key=lambda row: (row.digest == revisit.digest, row.timestamp),
            default=revisit,
        )


def moment(stamp: str) -> datetime:
    """A date of 1 to 14 digits; what is missing counts as the first. Impossible ones: the last."""
    full = stamp[:14] + "00010101000000"[len(stamp) :]
    return _read(full) or datetime.max.replace(tzinfo=UTC)


def latest_moment(stamp: str) -> datetime:
    """The same, but what is missing counts as the last, as in addresses of playback.

    So `2` is as late as can be, and `0` as early.
    """
    if not stamp.strip("0"):
        return datetime.min.replace(tzinfo=UTC)
    if len(stamp) == 14:
        return moment(stamp)
    tail = "99991231235959"[len(stamp) :]
    for day in range(31, 27, -1):
        full = stamp + (tail if len(stamp) >= 8 else tail[:-8] + f"{day}235959"[-len(tail) :])
        if found := _read(full):
            return found
    return moment(stamp)


def _read(full: str) -> datetime | None:
    try:
        return datetime.strptime(full, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def distance(one: str, other: str) -> float:
    return abs((moment(one) - moment(other)).total_seconds())


def stamp14(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}".rjust(14, "0")


def http_date(stamp: str) -> str:
    """As Memento-Datetime and TimeMaps have it."""
    return format_datetime(moment(stamp), usegmt=True)


def later(at: datetime, seconds: float) -> datetime:
    """`at` and so much; the end of time if that is too much."""
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
