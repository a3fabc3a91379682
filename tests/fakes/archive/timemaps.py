"""Any other archive, or an aggregator: TimeMaps after RFC 7089, in the ways that they differ.

with FakeTimeMaps("pywb") as other:
    other.memento("https://example.org/a", "20150101000000")
    ... other.timemap_url + "https://example.org/a"
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from linkwatch.clock import Clock
from tests.fakes.archive.playback import accept_datetime, rewritten
from tests.fakes.archive.rows import DEFAULT_BODY, distance, http_date, latest_moment, url_key
from tests.fakes.archive.server import Loopback, Route
from tests.fakes.archive.timemap import LINK_FORMAT

Dialect = Literal[
    "memgator",  # an aggregator: mementos are on many hosts; X-Memento-Count; self, then other maps
    "pywb",  # as arquivo.pt: all are "memento" alone, with a collection; self comes first
    "today",  # as archive.today: "first last memento", no self, the original last
]
Hostile = Literal[
    "huge",  # a hundred thousand mementos
    "endless",  # one line without an end, in megabytes
    "garbage",  # bytes
    "private",  # mementos at private addresses, with other schemes, with users and passwords
    "html",  # a page
    "json",
    "markup",  # URLs and dates that would be more than text in markdown, a terminal, SQL
]
_PREFIXES: dict[Dialect, str] = {
    "memgator": "/timemap/link/",
    "pywb": "/wayback/timemap/link/",
    "today": "/timemap/",
}
PRIVATE = (
    "http://127.0.0.1:9/web/20150101000000/{url}",
    "http://[::1]/web/20150101000000/{url}",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/20150101000000/{url}",
    "http://archive.local/20150101000000/{url}",
    "http://0x7f.1/20150101000000/{url}",
    "http://user:secret@web.archive.example/20150101000000/{url}",
    "file:///etc/passwd",
    "javascript:alert(1)//{url}",
    "//127.0.0.1/{url}",
    "/20150101000000/{url}",
)
_MARKUP = (
    "https://web.archive.example/20150101000000/{url}?)](javascript:alert(1))",
    "https://web.archive.example/20150101000000/{url}?\x1b[31mred\x1b[0m",
    "https://web.archive.example/20150101000000/{url}?<script>alert(1)</script>",
    "https://web.archive.example/20150101000000/{url}?';DROP TABLE links;--",
)


@dataclass(frozen=True, kw_only=True)
class Memento:
    uri_m: str
    timestamp: str
    original: str
    body: bytes
    status: int


class FakeTimeMaps(Loopback):
    """An archive that is known by its TimeMaps. What it holds on its own host, it plays back."""

    def __init__(
        self,
        dialect: Dialect = "memgator",
        *,
        prefix: str | None = None,
        separator: str = ",\n",
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        """`prefix`: the path of TimeMaps, to be followed by a URL. `separator`: between links."""
        super().__init__(tls=tls, port=port, clock=clock)
        self.dialect: Dialect = dialect
        self.prefix = prefix or _PREFIXES[dialect]
        self.separator = separator
        self.none: Literal["404", "empty"] = "404"
        self._held: dict[str, list[Memento]] = {}
        self._hostile: dict[str, Hostile] = {}

    @property
    def timemap_url(self) -> str:
        """To be followed by a URL."""
        return f"{self.url}{self.prefix}"

    def memento(
        self,
        url: str,
        timestamp: str,
        *,
        uri_m: str | None = None,
        body: bytes = DEFAULT_BODY,
        status: int = 200,
    ) -> str:
        """There is a copy of `url`, taken at `timestamp`; its address.

        `uri_m`: it lies there, on another host, and this archive only knows of it.
        """
        where = uri_m or f"{self.url}/wayback/{timestamp}/{url}"
        held = self._held.setdefault(url_key(url), [])
        one = Memento(uri_m=where, timestamp=timestamp, original=url, body=body, status=status)
        held.append(one)
        held.sort(key=lambda memento: memento.timestamp)
        return where

    def hostile(self, url: str, kind: Hostile) -> None:
        """The TimeMap of this URL wants to do harm."""
        self._hostile[url_key(url)] = kind

    # The server

    def _routes(self) -> list[Route]:
        return [
            Route(
                method="GET",
                path=f"{self.prefix}{{rest:.*}}",
                service="timemap",
                answer=self._timemap,
                subject=self._asked_about,
            ),
            Route(
                method="GET",
                path="/wayback/{rest:.*}",
                service="playback",
                answer=self._play,
                subject=lambda request: _wish(request)[2],
            ),
            Route(
                method="GET",
                path="/timegate/{rest:.*}",
                service="timegate",
                answer=self._timegate,
                subject=lambda request: request.raw_path.removeprefix("/timegate/"),
            ),
        ]

    def _asked_about(self, request: web.Request) -> str:
        return request.raw_path.removeprefix(self.prefix)

    def _timemap(self, request: web.Request) -> web.Response:
        url = self._asked_about(request)
        key = url_key(url)
        if key in self._hostile:
            return self._harm(url, self._hostile[key])
        held = self._held.get(key, [])
        count = {"X-Memento-Count": str(len(held))} if self.dialect == "memgator" else {}
        if not held:
            if self.none == "404":
                return web.Response(status=404, text="404 page not found\n", headers=count)
            return web.Response(body=b"", content_type=LINK_FORMAT, headers=count)
        text = self.separator.join(self._links(url, held)) + "\n"
        return web.Response(body=text.encode(), content_type=LINK_FORMAT, headers=count)

    def _links(self, url: str, held: list[Memento]) -> list[str]:
        original = f'<{url}>; rel="original"'
        own = f"<{self.timemap_url}{url}>"
        self_link = f'{own}; rel="self"; type="{LINK_FORMAT}"'
        gate = f'<{self.url}/timegate/{url}>; rel="timegate"'
        mementos = [self._link(memento, held) for memento in held]
        match self.dialect:
            case "memgator":
                maps = f'{own}; rel="timemap"; type="{LINK_FORMAT}"'
                return [original, self_link, *mementos, maps, gate]
            case "pywb":
                return [f"{self_link}; from={_quoted(held[0])}", gate, original, *mementos]
            case "today":
                return [*mementos, gate, original]

    def _link(self, memento: Memento, held: list[Memento]) -> str:
        first = "first " if memento is held[0] else ""
        last = "last " if memento is held[-1] else ""
        when = _quoted(memento)
        match self.dialect:
            case "memgator":
                return f'<{memento.uri_m}>; rel="{first}{last}memento"; datetime={when}'
            case "pywb":
                end = '; collection="wayback"'
                return f'<{memento.uri_m}>; rel="memento"; datetime={when}{end}'
            case "today":
                rel = f"memento {first}{last}".rstrip()
                return f'<{memento.uri_m}>; datetime={when}; rel="{rel}"'

    def _harm(self, url: str, kind: Hostile) -> web.Response:
        match kind:
            case "huge":
                text = _huge(f"{self.url}/wayback", url)
            case "endless":
                text = f'<{url}>; rel="original"; x="' + "x" * (20 * 1024 * 1024)
            case "garbage":
                return web.Response(body=bytes(range(256)) * 200, content_type=LINK_FORMAT)
            case "private":
                text = ",\n".join(
                    _line(target.format(url=url), "20150101000000") for target in PRIVATE
                )
            case "markup":
                text = ",\n".join(
                    _line(target.format(url=url), "20150101000000") for target in _MARKUP
                )
            case "html":
                return web.Response(text="<html>Please wait", content_type="text/html")
            case "json":
                return web.json_response({"mementos": {"list": []}})
        return web.Response(body=text.encode(), content_type=LINK_FORMAT)

    def _play(self, request: web.Request) -> web.Response:
        stamp, mode, url = _wish(request)
        held = [one for one in self._held.get(url_key(url), []) if self.url in one.uri_m]
        if not held:
            return web.Response(status=404, text="<html>Not found", content_type="text/html")
        row = min(held, key=lambda one: distance(one.timestamp, stamp))
        if row.timestamp != stamp:
            where = f"{self.url}/wayback/{row.timestamp}{mode}/{row.original}"
            return web.Response(status=302, headers={"Location": where})
        body = row.body if mode else rewritten(row.body, f"{self.url}/wayback/{stamp}/")
        headers = {
            "Memento-Datetime": http_date(stamp),
            "Link": f'<{row.original}>; rel="original"',
            "Content-Type": "text/html",
        }
        return web.Response(status=row.status, body=body, headers=headers)

    def _timegate(self, request: web.Request) -> web.Response:
        url = request.raw_path.removeprefix("/timegate/")
        held = self._held.get(url_key(url), [])
        if not held:
            return web.Response(status=404)
        try:
            when = accept_datetime(request)
        except ValueError:
            return web.Response(status=400)
        row = min(held, key=lambda one: abs((latest_moment(one.timestamp) - when).total_seconds()))
        headers = {"Location": row.uri_m, "Vary": "accept-datetime"}
        return web.Response(status=302, headers=headers)


def _wish(request: web.Request) -> tuple[str, str, str]:
    match = re.match(r"/wayback/(\d{1,14})([a-z]{2}_)?/(.+)", request.raw_path)
    return (match[1], match[2] or "", match[3]) if match else ("", "", "")


def _quoted(memento: Memento) -> str:
    return f'"{http_date(memento.timestamp)}"'


def _line(where: str, stamp: str) -> str:
    return f'<{where}>; rel="memento"; datetime="{http_date(stamp)}"'


def _huge(here: str, url: str) -> str:
    """One a minute, for the first hour of many days in three decades."""
    lines = []
    for day in (
        f"{y}{m:02}{d:02}" for y in range(1990, 2020) for m in (1, 7) for d in range(1, 29)
    ):
        date = http_date(day)[:-12]
        lines += [
            f'<{here}/{day}00{n:02}00/{url}>; rel="memento"; datetime="{date}00:{n:02}:00 GMT"'
            for n in range(60)
        ]
    return ",\n".join(lines)
