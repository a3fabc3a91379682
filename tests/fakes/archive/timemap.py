"""`/web/timemap/link/<url>`: all captures of a URL, as RFC 7089 lists them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from aiohttp import web

from tests.fakes.archive.replies import NO_PAGE, page, runtime_error
from tests.fakes.archive.rows import Holdings, http_date

LINK_FORMAT = "application/link-format"
_PATH = re.compile(r"/web/timemap/link/(?:(\d+)/)?(.+)")


def asked_about(request: web.Request) -> str:
    match = _PATH.match(request.raw_path)
    return match[2] if match else ""


class TimeMap:
    def __init__(self, holdings: Holdings, base: Callable[[], str]) -> None:
        self._holdings = holdings
        self._base = base
        self.page_size: int | None = None  # mementos on a page; None: all are on one
        self.none: Literal["404", "empty"] = "404"  # what is said where nothing is archived

    def answer(self, request: web.Request) -> web.Response:
        match = _PATH.match(request.raw_path)
        if match is None:
            return web.Response(status=404)
        number, url = int(match[1] or 1), match[2]
        if words := self._holdings.words_against(url):
            return runtime_error(words)
        rows = self._holdings.of(url, indexed=True)
        if not rows:
            if self.none == "404":
                return page(NO_PAGE, 404)
            return web.Response(body=b"", content_type=LINK_FORMAT)
        size = self.page_size or len(rows)
        pages = [rows[start : start + size] for start in range(0, len(rows), size)]
        if not 1 <= number <= len(pages):
            return web.Response(status=404)
        links = [f'<{url}>; rel="original"']
        for place, part in enumerate(pages, 1):
            own = place == number
            links.append(
                f'<{self._address(url, place)}>; rel="{"self" if own else "timemap"}"; '
                f'type="{LINK_FORMAT}"; from="{http_date(part[0].timestamp)}"; '
                f'until="{http_date(part[-1].timestamp)}"'
            )
        links.append(f'<{self._base()}/web/{url}>; rel="timegate"')
        for row in pages[number - 1]:
            first = "first " if row is rows[0] else ""
            last = "last " if row is rows[-1] else ""
            links.append(
                f"<{self._base()}/web/{row.timestamp}/{row.original}>; "
                f'rel="{first}{last}memento"; datetime="{http_date(row.timestamp)}"'
            )
        return web.Response(body=",\n".join(links).encode() + b"\n", content_type=LINK_FORMAT)

    def _address(self, url: str, number: int) -> str:
        part = f"{number}/" if number > 1 else ""
        return f"{self._base()}/web/timemap/link/{part}{url}"
