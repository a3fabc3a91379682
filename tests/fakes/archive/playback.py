"""`/web/<date><mode>/<url>`: captures as they were, and the way to the nearest one.

A response with Memento-Datetime is the archived one, whatever its status; without it, the archive
itself speaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

from aiohttp import web

from tests.fakes.archive.log import Service
from tests.fakes.archive.replies import (
    BLOCKED,
    EXCLUDED_PAGE,
    NO_PAGE,
    OFFLINE,
    ROBOTS,
    ROBOTS_PAGE,
    page,
)
from tests.fakes.archive.rows import Holdings, Row, http_date, latest_moment, moment

_PATH = re.compile(r"/web/(?:(\d{0,14})([a-z]{2}_)?/)?(.+)")
_TOOLBAR = (
    b'<script src="/_static/js/bundle-playback.js"></script>\n<!-- End Wayback Rewrite JS -->\n'
)


class Wish(NamedTuple):
    """What an address of playback asks for."""

    stamp: str  # as many digits as were given
    mode: str
    url: str


def wish_of(request: web.Request) -> Wish:
    match = _PATH.match(request.raw_path)
    if match is None:
        return Wish("", "", "")
    url = match[3]
    if re.match(r"https?%3a", url, re.IGNORECASE):
        url = unquote(url)
    url = re.sub(r"^(https?):/+", r"\1://", url)
    return Wish(match[1] or "", match[2] or "", url if "://" in url else f"http://{url}")


def service_of(request: web.Request) -> Service:
    return "playback" if len(wish_of(request).stamp) == 14 else "timegate"


class Playback:
    def __init__(self, holdings: Holdings, base: Callable[[], str]) -> None:
        self._holdings = holdings
        self._base = base
        self.shift_pages = False  # without a mode, an archived redirect is a 200 page that tells
        self.relative = False  # redirects lead to paths, not to whole addresses

    def answer(self, request: web.Request) -> web.Response:
        wish = wish_of(request)
        words = self._holdings.words_against(wish.url)
        if words == ROBOTS:
            headers = {"X-Archive-Wayback-Runtime-Error": ROBOTS}
            return page(ROBOTS_PAGE, 403, headers)
        if words == BLOCKED:
            return page(EXCLUDED_PAGE)
        rows = self._holdings.of(wish.url, indexed=False)
        if not rows:
            return page(NO_PAGE, 404)
        try:
            when = _when(wish, request)
        except ValueError:
            return page("<html>That is no date.", 400)
        row = _nearest(rows, when, wish.url)
        if row is None:
            error = "org.archive.wayback.exception.ResourceNotAvailableException"
            return page(OFFLINE, 503, {"X-Archive-Wayback-Runtime-Error": error})
        if row.timestamp != wish.stamp:
            return self._lead(row, rows, wish)
        return self._show(row, rows, wish)

    def _lead(self, row: Row, rows: list[Row], wish: Wish) -> web.Response:
        """No capture of that second: to the nearest."""
        return web.Response(
            status=302,
            headers={
                "Location": self._address(row.timestamp, wish.mode, row.original),
                "Vary": "accept-datetime",
                "Link": self._links(wish.url, rows, None),
                "x-archive-redirect-reason": f"found capture at {row.timestamp}",
            },
        )

    def _show(self, row: Row, rows: list[Row], wish: Wish) -> web.Response:
        meant = self._holdings.meant(row) if row.revisit else row
        status = 200 if meant.revisit else int(meant.statuscode)
        kind = "text/html" if meant.revisit else meant.mimetype
        sent = {name.title(): value for name, value in meant.headers.items()}
        headers = {
            "Content-Type": sent.setdefault("Content-Type", kind),
            "Memento-Datetime": http_date(row.timestamp),
            "Link": self._links(row.original, rows, row),
            "x-archive-src": row.source,
            "x-archive-guessed-content-type": kind,
        }
        if meant.encoding is not None:
            sent["Content-Encoding"] = "gzip"
            headers["Content-Encoding"] = meant.encoding
        if meant.location is not None:
            sent["Location"] = meant.location
            target = urldefrag(urljoin(meant.original, meant.location)).url
            headers["Location"] = self._address(row.timestamp, wish.mode, target)
            if self.shift_pages and not wish.mode:
                return _shift_page(status, headers["Location"])
        headers |= {f"x-archive-orig-{name.lower()}": value for name, value in sent.items()}
        body = meant.body
        if not wish.mode and meant.encoding is None and kind == "text/html":
            body = rewritten(body, self._address(row.timestamp, "", ""))
        return web.Response(status=status, body=body, headers=headers)

    def _address(self, stamp: str, mode: str, url: str) -> str:
        return f"{'' if self.relative else self._base()}/web/{stamp}{mode}/{url}"

    def _links(self, original: str, rows: list[Row], row: Row | None) -> str:
        base = self._base()
        links = [
            f'<{original}>; rel="original"',
            f'<{base}/web/timemap/link/{original}>; rel="timemap"; type="application/link-format"',
            f'<{base}/web/{original}>; rel="timegate"',
        ]
        named = {"first memento": rows[0]}
        if row is not None:
            place = rows.index(row)
            if place > 0:
                named["prev memento"] = rows[place - 1]
            named["memento"] = row
            if place + 1 < len(rows):
                named["next memento"] = rows[place + 1]
        named["last memento"] = rows[-1]
        links += [
            f'<{base}/web/{one.timestamp}/{one.original}>; rel="{rel}"; '
            f'datetime="{http_date(one.timestamp)}"'
            for rel, one in named.items()
        ]
        return ", ".join(links)


def _when(wish: Wish, request: web.Request) -> datetime:
    """The moment that is wished for: the address's own date counts more than the header's."""
    return latest_moment(wish.stamp) if wish.stamp else accept_datetime(request)


def accept_datetime(request: web.Request) -> datetime:
    """When the header wants it; as late as can be where it wants nothing. Raises ValueError."""
    asked = request.headers.get("Accept-Datetime")
    if asked is None:
        return datetime.max.replace(tzinfo=UTC)
    return parsedate_to_datetime(asked).astimezone(UTC)


def _nearest(rows: list[Row], when: datetime, url: str) -> Row | None:
    """A capture that would only redirect to where we are is not shown while there is another."""
    shown = [row for row in rows if row.playable]
    onward = [row for row in shown if not _leads_to(row, url)] or shown

    def rank(row: Row) -> tuple[float, bool]:
        apart_s = abs((moment(row.timestamp) - when).total_seconds())
        return apart_s, row.original != url

    return min(onward, key=rank, default=None)


def _leads_to(row: Row, url: str) -> bool:
    if row.location is None:
        return False
    return urldefrag(urljoin(row.original, row.location)).url == urldefrag(url).url


def rewritten(body: bytes, prefix: str) -> bytes:
    """As a person sees it: with the archive's toolbar, and links that stay inside."""
    inside = rb'\1="' + prefix.encode() + rb"\2"
    return _TOOLBAR + re.sub(rb'(href|src)="(https?://)', inside, body)


def _shift_page(status: int, target: str) -> web.Response:
    return page(
        '<html><head><title>Internet Archive Wayback Machine</title></head><body><div id="error">'
        '<p class="code">Loading...</p>'
        f'<p class="code shift red">Got an HTTP {status} response at crawl time</p>'
        f'<p class="impatient"><a href="{target}">Impatient?</a></p></div></body></html>'
    )
