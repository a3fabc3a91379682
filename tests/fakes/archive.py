"""A Wayback Machine on loopback: healthy, or ill in any of the ways it was seen to be.

Its thread has an event loop of its own, so that blocking clients can be tested too.

    with FakeArchive() as archive:
        archive.capture("https://example.org/a", "20200101000000")
        archive.ill("429", retry_after=60)
        ...
        assert archive.requests == {"availability": 1}
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from aiohttp import web

T = TypeVar("T")

Service = Literal["availability", "cdx", "playback"]
Illness = Literal[
    "429",  # too many requests; with Retry-After if one is given
    "503",  # "Temporarily Offline", in HTML
    "502",
    "404",  # a blank page, as the index showed in an outage
    "403",  # a refusal without the archive's own words
    "blocked",  # excluded by the site's wish
    "robots",  # excluded by robots.txt
    "html",  # 200, but a page for people
    "short_lines",  # 200, text in lines that waybackpy takes for noise
    "empty",  # 200 without a body
    "null",
    "list",
    "no_key",  # JSON without the key that matters
    "truncated",  # the right answer, half of it
    "broken",  # the connection ends in the middle of the right answer
    "slow",  # the right answer, `seconds` late
    "hung",  # no answer at all
    "duplicates",  # of the index: each row twice
    "eight_fields",  # of the index: one row has a field too many
    "bad_date",  # of the index: the first row's date is none
    "short_digest",  # of the index: a row too short for waybackpy to see
    "redirect",  # to `target`
    "refused",  # nobody listens; for all services at once
]

COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
_OFFLINE = "<html><head><title>Internet Archive: Temporarily Offline</title></head></html>"
_PAGE = "<!DOCTYPE html>\n<html>\n<body>\nPlease sign in to this hotel's network. " + "x" * 60
_BLOCKED = (
    "org.archive.util.io.RuntimeIOException: org.archive.wayback.exception."
    "AdministrativeAccessControlException: Blocked Site Error"
)
_ROBOTS = (
    "org.archive.util.io.RuntimeIOException: org.archive.wayback.exception."
    "RobotAccessControlException: Blocked By Robots"
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One capture in the index."""

    urlkey: str
    timestamp: str
    original: str
    mimetype: str
    statuscode: str  # "-" for a revisit
    digest: str
    length: str
    body: bytes = b""

    def values(self) -> list[str]:
        return [str(getattr(self, column)) for column in COLUMNS]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request that came in."""

    service: Service
    query: dict[str, str]  # parsed; of repeated parameters the last
    path: str  # as it came, with the query
    headers: dict[str, str]


@dataclass(kw_only=True)
class _Ill:
    illness: Illness
    service: Service | None
    times: float
    retry_after: str | None
    seconds: float
    target: str


@dataclass(kw_only=True)
class _State:
    rows: list[Row] = field(default_factory=list)
    blind: set[str] = field(default_factory=set)
    blocked: dict[str, str] = field(default_factory=dict)
    illnesses: list[_Ill] = field(default_factory=list)
    log: list[Asked] = field(default_factory=list)


def url_key(url: str) -> str:
    """How the archive files a URL: http and https, www, and letter case are all one."""
    parts = urlsplit(url.lower())
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    query = f"?{parts.query}" if parts.query else ""
    name = ",".join(reversed(host.split(".")))
    return f"{name}{port}){parts.path or '/'}{query}"


class FakeArchive:
    """The archive. All methods may be called from any thread, at any time."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        """`port` 0 is any that is free."""
        self._tls = tls
        self._state = _State()
        self._loop: asyncio.AbstractEventLoop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self._listener: socket.socket | None = None
        self._port = port

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # What it is like

    @property
    def url(self) -> str:
        """The base address of playback and index: `archive.wayback_url` in a configuration."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def availability_url(self) -> str:
        return f"{self.url}/wayback/available"

    @property
    def requests(self) -> Counter[str]:
        """How many requests each service got."""
        return Counter(asked.service for asked in self._state.log)

    @property
    def log(self) -> list[Asked]:
        return list(self._state.log)

    def forget_requests(self) -> None:
        self._state.log.clear()

    def capture(
        self,
        url: str,
        timestamp: str,
        *,
        status: int = 200,
        mimetype: str = "text/html",
        body: bytes = b"<html><title>A page</title><p>As it was.</html>",
        revisit: bool = False,
    ) -> None:
        """The archive holds a copy of `url`, taken at `timestamp` (14 digits)."""
        digest = base64.b32encode(hashlib.sha1(body).digest()).decode()
        self._state.rows.append(
            Row(
                urlkey=url_key(url),
                timestamp=timestamp,
                original=url,
                mimetype="warc/revisit" if revisit else mimetype,
                statuscode="-" if revisit else str(status),
                digest=digest,
                length=str(len(body) + 400),
                body=body,
            )
        )

    def blind(self, url: str) -> None:
        """Availability says `{}` of this URL, whatever is archived, as it does now and then."""
        self._state.blind.add(url_key(url))

    def block(self, url: str, *, robots: bool = False) -> None:
        """The host of this URL is excluded: the index says so in its own words."""
        host = url_key(url).partition(")")[0]
        self._state.blocked[host] = _ROBOTS if robots else _BLOCKED

    def ill(
        self,
        illness: Illness,
        *,
        service: Service | None = None,
        times: int | None = None,
        retry_after: int | str | None = None,
        seconds: float = 60.0,
        target: str = "/",
    ) -> None:
        """From now on, a service (all of them by default) answers like this, so many times."""
        if illness == "refused":
            self._call(self._shut())
            return
        sickness = _Ill(
            illness=illness,
            service=service,
            times=float("inf") if times is None else times,
            retry_after=None if retry_after is None else str(retry_after),
            seconds=seconds,
            target=target,
        )
        self._state.illnesses.append(sickness)

    def well(self) -> None:
        """All is as it should be again."""
        self._state.illnesses.clear()
        if self._runner is None:
            self._call(self._open())

    # The server

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _open(self) -> None:
        app = web.Application()
        app.router.add_get("/wayback/available", self._serving("availability", self._available))
        app.router.add_get("/cdx/search/cdx", self._serving("cdx", self._index))
        app.router.add_get("/web/{rest:.*}", self._serving("playback", self._playback))
        self._runner = web.AppRunner(
            app,
            shutdown_timeout=0.01,  # 0 would wait for hung handlers for ever
            handler_cancellation=True,
            access_log=None,
        )
        await self._runner.setup()
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        await web.SockSite(self._runner, self._listener, ssl_context=self._tls).start()

    async def _shut(self) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        assert self._listener
        # CPython 3.11 forgets a connection that is being accepted while its server closes, which
        # shows as a socket that nobody closed. So: first accept no more, then close.
        self._loop.remove_reader(self._listener.fileno())
        await asyncio.sleep(0.005)
        await runner.cleanup()
        await asyncio.sleep(0)

    def _serving(
        self, service: Service, answer: Callable[[web.Request], web.Response]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            asked = Asked(
                service=service,
                query=dict(request.query),
                path=request.raw_path,
                headers=dict(request.headers),
            )
            self._state.log.append(asked)
            illness = self._illness(service)
            return await _fall_ill(illness, request, answer) if illness else answer(request)

        return serve

    def _illness(self, service: Service) -> _Ill | None:
        for ill in self._state.illnesses:
            if ill.service in (None, service) and ill.times > 0:
                ill.times -= 1
                return ill
        return None

    def _rows(self, url: str) -> list[Row]:
        key = url_key(url)
        return sorted((r for r in self._state.rows if r.urlkey == key), key=lambda r: r.timestamp)

    def _available(self, request: web.Request) -> web.Response:
        url = request.query.get("url", "")
        stamp = request.query.get("timestamp") or "9" * 14
        # A revisit is never offered.
        rows = [row for row in self._rows(url) if row.statuscode != "-"]
        found: dict[str, object] = {}
        if rows and url_key(url) not in self._state.blind:
            row = min(rows, key=lambda row: _distance(row.timestamp, stamp))
            where = request.url.origin().with_scheme("http")  # http, even where it serves https
            found["closest"] = {
                "status": row.statuscode,
                "available": True,
                "url": f"{where}/web/{row.timestamp}/{row.original}",
                "timestamp": row.timestamp,
            }
        answer = {"url": url, "archived_snapshots": found}
        return web.json_response(answer | {"timestamp": stamp} if found else answer)

    def _index(self, request: web.Request) -> web.Response:
        query = request.query
        words = self._state.blocked.get(url_key(query["url"]).partition(")")[0])
        if words:
            return _runtime_error(words)
        rows = [row for row in self._rows(query["url"]) if _inside(row, query)]
        for text in query.getall("filter", []):
            name, _, pattern = text.removeprefix("!").partition(":")
            rows = [
                row
                for row in rows
                if bool(re.fullmatch(pattern, getattr(row, name))) is not text.startswith("!")
            ]
        if query.get("sort") == "closest":
            rows.sort(key=lambda row: _distance(row.timestamp, query["closest"]))
        elif query.get("sort") == "reverse":
            rows.reverse()
        limit = int(query.get("limit", "150000"))
        rows = rows[:limit] if limit >= 0 else rows[limit:]
        columns = [name for name in query.get("fl", ",".join(COLUMNS)).split(",") if name]
        lines = [[str(getattr(row, column)) for column in columns] for row in rows]
        if query.get("output") == "json":
            return _table([columns, *lines] if lines else [])
        return web.Response(text="".join(" ".join(line) + "\n" for line in lines))

    def _playback(self, request: web.Request) -> web.Response:
        match = re.match(r"/web/(\d{0,14})([a-z]{2}_)?/?(https?:/.+)", request.raw_path)
        rows = self._rows(match[3]) if match else []
        if match is None or not rows:
            return web.Response(status=404, text="<html>not archived", content_type="text/html")
        stamp, mode, _url = match.groups()
        row = min(rows, key=lambda row: _distance(row.timestamp, stamp or "9" * 14))
        if row.timestamp != stamp:
            headers = {
                "Location": f"{self.url}/web/{row.timestamp}{mode or ''}/{row.original}",
                "x-archive-redirect-reason": f"found capture at {row.timestamp}",
            }
            return web.Response(status=302, headers=headers)
        taken = format_datetime(_moment(row.timestamp), usegmt=True)
        return web.Response(
            status=200 if row.statuscode == "-" else int(row.statuscode),
            body=row.body,
            content_type="text/html" if row.mimetype == "warc/revisit" else row.mimetype,
            headers={
                "Memento-Datetime": taken,
                "Link": f'<{row.original}>; rel="original"',
                "x-archive-src": "crawl/fake.warc.gz",
            },
        )


async def _fall_ill(
    ill: _Ill, request: web.Request, answer: Callable[[web.Request], web.Response]
) -> web.StreamResponse:
    headers = {"Retry-After": ill.retry_after} if ill.retry_after else {}
    match ill.illness:
        case "429":
            return _html("<html><body>429 Too Many Requests</body></html>", 429, headers)
        case "503":
            return _html(_OFFLINE, 503, headers)
        case "502":
            return _html("<html><body>502 Bad Gateway</body></html>", 502, headers)
        case "404":
            return web.Response(status=404)
        case "403":
            return _html("<html><body>Forbidden</body></html>", 403, headers)
        case "blocked":
            return _runtime_error(_BLOCKED)
        case "robots":
            return _runtime_error(_ROBOTS)
        case "html":
            return _html(_PAGE, 200, headers)
        case "short_lines":
            return web.Response(text="service is busy\nplease come back later\n")
        case "empty":
            return web.Response(body=b"")
        case "null":
            return _json_text("null")
        case "list":
            return _json_text('["a", "b"]')
        case "no_key":
            return _json_text('{"url": "x"}')
        case "redirect":
            return web.Response(status=302, headers={"Location": ill.target})
        case "slow":
            await asyncio.sleep(ill.seconds)
            return answer(request)
        case "hung":
            await asyncio.Event().wait()
            raise AssertionError
        case "truncated" | "broken":
            body = answer(request).body
            assert isinstance(body, bytes)
            half = body[: len(body) // 2]
            if ill.illness == "truncated":
                return _json_text(half.decode())
            response = web.StreamResponse(headers={"Content-Length": str(len(body))})
            await response.prepare(request)
            await response.write(half)
            assert request.transport
            request.transport.close()
            return response
        case "duplicates" | "eight_fields" | "bad_date" | "short_digest":
            return _table(_spoilt(ill.illness, _read(answer(request))))
        case "refused":
            raise AssertionError("the whole server is shut then")


def _spoilt(illness: Illness, table: list[list[str]]) -> list[list[str]]:
    header, rows = table[:1], table[1:]
    if illness == "duplicates":
        rows = [row for row in rows for _ in range(2)]
    elif illness == "eight_fields" and rows:
        rows[0] = [*rows[0], "extra"]
    elif illness == "bad_date" and rows:
        rows[0][1] = "20000800241623"
    elif illness == "short_digest" and rows:
        rows[0] = ["a", rows[0][1], "http://a", "a/b", "200", "-", "-"]
    return header + rows


def _read(response: web.Response) -> list[list[str]]:
    assert isinstance(response.body, bytes)
    table: list[list[str]] = json.loads(response.body)
    return table


def _table(table: list[list[str]]) -> web.Response:
    return _json_text(json.dumps(table))


def _json_text(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/json")


def _html(text: str, status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


def _runtime_error(words: str) -> web.Response:
    headers = {"X-Archive-Wayback-Runtime-Error": words}
    return web.Response(status=403, text=words, content_type="text/plain", headers=headers)


def _inside(row: Row, query: Any) -> bool:
    """Both ends count, and may be given with fewer digits than 14."""
    return bool(
        row.timestamp >= query.get("from", "")
        and row.timestamp[: len(query.get("to", ""))] <= query.get("to", "")
    )


def _moment(stamp: str) -> datetime:
    """A date of 1 to 14 digits; what is missing counts as the first."""
    full = stamp[:14] + "00010101000000"[len(stamp) :]
    try:
        return datetime.strptime(full, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def _distance(one: str, other: str) -> float:
    return abs((_moment(one) - _moment(other)).total_seconds())
