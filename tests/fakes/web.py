"""The web on loopback, as bad as the real one.

One server speaks for all hosts: it goes by the Host header, so that names which a fake name
server sends to 127.0.0.1 are sites of their own. It is written on bare sockets, since most of what
it does no HTTP library would let it do.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the server was asked."""

    host: str  # without the port
    path: str  # the target as sent, with its query
    headers: dict[str, str]  # names in lower case
    method: str = "GET"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer, or what a server does instead of answering."""

    status: int = 200
    headers: Headers = ()
    body: bytes = b"<title>a page</title>"
    after_s: float = 0.0  # before the first byte; more than any test's patience: never
    drop: bool = False  # close without a byte
    reset: bool = False  # the same, with an RST
    raw: bytes | None = None  # these bytes, and then close; `drip_s` is kept here too
    length: int | None = None  # what Content-Length says, whatever the body
    drip_s: float = 0.0  # between the bytes of the body
    endless: bool = False  # the body again and again
    close: bool = False  # after the answer


NEVER = Reply(after_s=3600.0)
Site = Reply | Sequence[Reply] | Callable[[Request], Reply]


@dataclass
class _Page:
    site: Site
    asked: int = 0

    def reply(self, request: Request) -> Reply:
        self.asked += 1
        if isinstance(self.site, Reply):
            return self.site
        if callable(self.site):
            return self.site(request)
        return self.site[min(self.asked, len(self.site)) - 1]


@dataclass
class FakeWeb:
    """`with FakeWeb() as web:` serves until the block ends. Pages may change at any time."""

    tls: ssl.SSLContext | None = None
    port: int = 0
    everything: Callable[[Request], Reply] | None = None  # answers for all hosts; no pages then
    hangs_up: bool = False  # on all who call, at their first byte, before any TLS
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    at_once: int = 0  # the most requests that were being answered at the same time

    def __post_init__(self) -> None:
        self._pages: dict[tuple[str, str], _Page] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._now = 0

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def url(self, host: str, path: str = "/") -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host}:{self.port}{path}"

    def page(self, host: str, path: str, site: Site) -> str:
        """Put something at a path (`*`: any other path of the host); its URL.

        A sequence is one reply a request, the last one for all that follow.
        """
        self._pages[host, path] = _Page(site)
        return self.url(host, "/" if path == "*" else path)

    def asked(self, host: str, path: str | None = None) -> int:
        """How many requests a host, or one of its paths, has seen."""
        return sum(r.host == host and path in (None, r.path) for r in self.requests)

    async def _listen(self) -> None:
        server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self.tls, limit=2**20, backlog=1024
        )
        self._server = server
        self.port = server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            if self.hangs_up:
                await reader.readexactly(1)
                return
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:  # the end of the world; streams would log it
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
        method, path = first.split(" ")[:2]
        request = Request(host=host, path=path, headers=headers, method=method)
        self.requests.append(request)
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        try:
            return await self._send(self._find(request).reply(request), writer)
        finally:
            self._now -= 1

    def _find(self, request: Request) -> _Page:
        if self.everything is not None:
            return _Page(self.everything)
        pages = self._pages
        return (
            pages.get((request.host, request.path))
            or pages.get((request.host, "*"))
            or _Page(Reply(status=404, body=b"<title>not found</title>"))
        )

    async def _send(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        if reply.after_s:
            await asyncio.sleep(reply.after_s)
        if reply.reset:
            writer.transport.abort()
            return False
        if reply.drop:
            return False
        if reply.raw is not None:
            await self._write(reply.raw, reply.drip_s, writer)
            return False
        lines = [f"HTTP/1.1 {reply.status} Whatever"]
        names = {name.lower() for name, _ in reply.headers}
        if "content-length" not in names and "transfer-encoding" not in names:
            length = len(reply.body) if reply.length is None else reply.length
            if not reply.endless:
                lines.append(f"Content-Length: {length}")
        if "content-type" not in names:
            lines.append("Content-Type: text/html; charset=utf-8")
        lines += [f"{name}: {value}" for name, value in reply.headers]
        writer.write("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape"))
        while reply.endless:
            writer.write(reply.body)
            await writer.drain()
        await self._write(reply.body, reply.drip_s, writer)
        return not reply.close and (reply.length is None or reply.length == len(reply.body))

    async def _write(self, data: bytes, drip_s: float, writer: asyncio.StreamWriter) -> None:
        if not drip_s:
            writer.write(data)
        for byte in data if drip_s else b"":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(drip_s)
        await writer.drain()
