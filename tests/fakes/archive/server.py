"""A server on loopback with a thread of its own, a log, and illnesses."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from linkwatch.clock import Clock, SystemClock
from tests.fakes.archive.illness import Answer, Illness, Sickness, fall_ill
from tests.fakes.archive.log import Asked, Service, counted, most_in_a_minute, over_budget
from tests.fakes.archive.rows import url_key

T = TypeVar("T")

FORM = web.RequestKey("form", dict[str, str])
BODY = web.RequestKey("body", str)


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who answers what. `path` is aiohttp's; `subject` finds the URL that a request is about."""

    method: str
    path: str
    service: Service | Callable[[web.Request], Service]
    answer: Answer
    subject: Callable[[web.Request], str]


class Loopback:
    """What all fakes of archives share. Methods may be called from any thread, at any time."""

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, port: int = 0, clock: Clock | None = None
    ) -> None:
        """`port` 0 is any that is free. `clock` dates the log, and whatever else has a date."""
        self._tls = tls
        self.clock: Clock = clock or SystemClock()
        self._log: list[Asked] = []
        self._sick: list[Sickness] = []
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

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    # What it was asked

    @property
    def requests(self) -> Counter[str]:
        """How many requests each service got."""
        return counted(self.log)

    @property
    def log(self) -> list[Asked]:
        return list(self._log)

    def forget_requests(self) -> None:
        self._log.clear()

    def most_in_a_minute(self, *services: Service) -> int:
        """The most requests to these services together (none: to all) that any minute held."""
        return most_in_a_minute(self.log, *services)

    def over_budget(self) -> dict[str, int]:
        """The limits of the Internet Archive that were passed, and by how many in a minute."""
        return over_budget(self.log)

    @property
    def told_keys(self) -> list[Asked]:
        """The requests that came with an Authorization header."""
        return [a for a in self.log if any(n.lower() == "authorization" for n in a.headers)]

    # How it is

    def ill(
        self,
        illness: Illness,
        *,
        service: Service | None = None,
        url: str | None = None,
        times: int | None = None,
        retry_after: int | str | None = None,
        seconds: float = 60.0,
        target: str = "/",
        done: bool = False,
    ) -> None:
        """From now on, a service (all of them by default) answers like this, so many times.

        `url`: only where it is asked about this one. `done`: what was asked for happens all the
        same, as when a capture is made and the answer gets lost.
        """
        if illness == "refused":
            self._call(self._shut())
            return
        self._sick.append(
            Sickness(
                illness=illness,
                service=service,
                key=None if url is None else url_key(url, slash_same=True),
                times=float("inf") if times is None else times,
                retry_after=None if retry_after is None else str(retry_after),
                seconds=seconds,
                target=target,
                done=done,
            )
        )

    def well(self) -> None:
        """All is as it should be again."""
        self._sick.clear()
        if self._runner is None:
            self._call(self._open())

    # The server

    def _routes(self) -> list[Route]:
        raise NotImplementedError

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _open(self) -> None:
        app = web.Application()
        for route in self._routes():
            for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
                app.router.add_route(method, route.path, self._serving(route))
        app.router.add_route("*", "/{rest:.*}", self._serving(_ELSEWHERE))
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

    def _serving(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            service = route.service(request) if callable(route.service) else route.service
            request[BODY] = await request.text() if request.can_read_body else ""
            form = await request.post() if request.method == "POST" else {}
            request[FORM] = {name: str(value) for name, value in form.items()}
            self._log.append(
                Asked(
                    service=service,
                    query=dict(request.query),
                    path=request.raw_path,
                    headers=dict(request.headers),
                    method=request.method,
                    form=request[FORM],
                    at_s=self.clock.monotonic_s(),
                )
            )
            illness = self._illness(service, route.subject(request))
            if illness is None:
                return route.answer(request)
            return await fall_ill(illness, request, route.answer)

        return serve

    def _illness(self, service: Service, subject: str) -> Sickness | None:
        key = url_key(subject, slash_same=True)
        for ill in self._sick:
            if ill.befalls(service, key):
                ill.times -= 1
                return ill
        return None


_ELSEWHERE = Route(
    method="*",
    path="/",
    service="other",
    answer=lambda request: web.Response(status=404),
    subject=lambda request: "",
)
