"""Four weeks in a vault whose every link is a difficult one.

A cycle runs on days 0, 7, 14 and 21, as a weekly cron would have it. In between come two cycles in
which the trouble is our own: on day 10 our name system denies everything, on day 17 a captive
portal stands in the place of every page.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import trustme

from linkwatch.cycle import Result
from linkwatch.history.hosts import host_memories
from linkwatch.history.store import Store
from tests.difficult import histories, names_and_tls, pages, redirects, servers, walls
from tests.difficult.sites import (
    MISSING,
    WEEKS,
    Certificate,
    Name,
    Port,
    Site,
    Visit,
    settle,
    to,
)
from tests.fakes.clock import FakeClock
from tests.fakes.web import FakeWeb, Reply, Request
from tests.world import World

SITES: tuple[Site, ...] = (
    *servers.SITES,
    *redirects.SITES,
    *pages.SITES,
    *walls.SITES,
    *names_and_tls.SITES,
    *histories.SITES,
)
Record = dict[str, Any]  # plain values only


class OwnTime(FakeClock):
    """A clock that each task moves on for itself alone.

    Two hundred sites are asked at once, and a wait for one of them must not be taken for slowness
    of another.
    """

    def __init__(self) -> None:
        super().__init__()
        self._slept: ContextVar[float] = ContextVar("slept", default=0.0)

    def utc_now(self) -> datetime:
        return super().utc_now() + timedelta(seconds=self._slept.get())

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self._slept.get()

    async def sleep(self, seconds: float) -> None:
        self._slept.set(self._slept.get() + max(0.0, seconds))
        await asyncio.sleep(0)


class Certificates:
    """Which certificate an https server shows: it depends on the host that is asked for."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self._folder = folder
        self.week = 1
        self.bundle = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.bundle))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._by_host: dict[str, tuple[ssl.SSLContext | None, ...]] = {}
        hosts = {site.host: site.certificates for site in SITES}
        made = {kind: self._make(kind, [*hosts]) for kind in Certificate}
        for host, kinds in hosts.items():
            self._by_host[host] = tuple(made[kind] for kind in kinds)
        self.context.sni_callback = self._choose

    def _make(self, kind: Certificate, hosts: list[str]) -> ssl.SSLContext | None:
        now = datetime.now().astimezone()
        issue = self._authority.issue_cert
        match kind:
            case Certificate.GOOD:
                leaf = issue(*hosts)
            case Certificate.EXPIRED:
                leaf = issue(*hosts, not_after=now - timedelta(days=1))
            case Certificate.EARLY:
                leaf = issue(*hosts, not_before=now + timedelta(days=1))
            case Certificate.OTHER_HOST:
                leaf = issue("somebody-else.test")
            case Certificate.SELF_SIGNED:
                itself = trustme.CA()
                return self._context(itself.cert_pem, itself.private_key_pem)
            case Certificate.NO_CHAIN:
                leaf = self._authority.create_child_ca().issue_cert(*hosts)
                return self._context(leaf.cert_chain_pems[0], leaf.private_key_pem)
            case Certificate.NONE:
                return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        return context

    def _context(self, certificate: trustme.Blob, key: trustme.Blob) -> ssl.SSLContext:
        path = self._folder / "one.pem"
        path.write_bytes(key.bytes() + certificate.bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _choose(self, tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        contexts = self._by_host.get(name or "")
        chosen = contexts[self.week - 1] if contexts else None
        if chosen is None:
            return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        tls.context = chosen
        return None


@dataclass(kw_only=True)
class Stage:
    """Answers for all hosts at once, by the week."""

    clock: FakeClock
    ports: dict[Port, int]
    week: int = 1
    portal: bool = False  # we are in somebody's network, who wants our name first

    def __post_init__(self) -> None:
        self._pages = {where: answer for site in SITES for where, answer in site.pages.items()}
        self._asked: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()  # each server has its own thread

    def next_cycle(self, week: int) -> None:
        self.week = week
        self._asked.clear()

    def answer(self, request: Request) -> Reply:
        where = (request.host, request.path)
        with self._lock:
            self._asked[where] += 1
            nth = self._asked[where]
        visit = Visit(
            request=request,
            week=self.week,
            nth=nth,
            now=self.clock.utc_now(),
            ports={"http": self.ports[Port.HTTP], "https": self.ports[Port.HTTPS]},
        )
        if self.portal:
            if request.host == "portal.test":
                return Reply(body=b"<title>Welcome to our network</title><p>Your name, please.</p>")
            return to(visit.url("portal.test", "/hello"))
        plain = (request.host, request.path.partition("?")[0])
        for place in (where, plain, (request.host, "*")):
            if place in self._pages:
                return settle(self._pages[place], visit)
        return MISSING


def link(site: Site, path: str, ports: Mapping[Port, int]) -> str:
    """The link to a page of a site."""
    scheme = "http" if site.port in (Port.HTTP, Port.CLOSED) else "https"
    return f"{scheme}://{site.host}:{ports[site.port]}{path}"


def live(folder: Path) -> Record:
    """Live through the four weeks; what history said of each link after every cycle."""
    with ExitStack() as stack:
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(0.0005)  # the servers' threads must not wait long for their turn
        certificates = Certificates(folder)
        stack.enter_context(patch.dict(os.environ, SSL_CERT_FILE=str(certificates.bundle)))
        clock = OwnTime()
        world = stack.enter_context(World(folder, clock=clock))
        world.configure(
            check={
                "timeout": "5s",  # nobody takes so long, however busy this machine is
                "concurrency": 40,  # one name server in Python has to serve them all
                "hosts": {site.host: {"timeout": "2500ms"} for site in SITES if site.silent},
            },
            archive={"enabled": False},
        )
        https = stack.enter_context(FakeWeb(tls=certificates.context))
        cutter = stack.enter_context(FakeWeb(hangs_up=True))
        mute = stack.enter_context(FakeWeb())
        nobody = stack.enter_context(socket.socket())
        nobody.bind(("127.0.0.1", 0))  # taken, but not listened at
        ports = {
            Port.HTTP: world.web.port,
            Port.HTTPS: https.port,
            Port.CLOSED: nobody.getsockname()[1],
            Port.HANG_UP: cutter.port,
            Port.MUTE: mute.port,
        }
        stage = Stage(clock=clock, ports=ports)
        for web in (world.web, https):
            web.everything = stage.answer
        for site in SITES:
            lines = (f"- {link(site, path, ports)}\n" for path in site.expect)
            world.note(f"{site.name}.md", f"# {site.why}\n\n{''.join(lines)}")

        def check(week: int, *, everything: bool = False) -> Result:
            certificates.week = week
            stage.next_cycle(week)
            for site in SITES:
                _name(world, site, site.names[week - 1])
            return world.check(everything=everything)

        weeks: list[Record] = []
        ours: list[Record] = []
        seconds: list[float] = []
        for week in range(1, WEEKS + 1):
            started_s = time.perf_counter()
            result = check(week)
            seconds.append(time.perf_counter() - started_s)
            weeks.append({"void": result.void, "links": _links(world)})
            world.pass_days(3)
            if week in (2, 3):
                world.dns.down = week == 2
                stage.portal = week == 3
                result = check(week, everything=True)
                ours.append({"void": result.void, "links": _links(world)})
                world.dns.down = stage.portal = False
            world.pass_days(4)
        return {
            "urls": {
                site.name: [link(site, path, ports) for path in site.expect] for site in SITES
            },
            "weeks": weeks,
            "ours": ours,
            "seconds": seconds,
            "report": world.report,
            "changed": _changed(world),
            "candour": _candour(folder),
            "asked": _asked(world.web, https),
        }


def _name(world: World, site: Site, said: Name) -> None:
    dns = world.dns
    for names, kind in ((dns.gone, Name.GONE), (dns.broken, Name.BROKEN)):
        (names.add if said is kind else names.discard)(site.host)
    if said is Name.EMPTY:
        dns.addresses[site.host] = []
    else:
        dns.addresses.pop(site.host, None)


def _links(world: World) -> Record:
    return {
        url: {
            "state": record.verdict.state.value,
            "reason": record.verdict.reason.value,
            "detail": record.verdict.detail,
            "checks": record.checks,
        }
        for url, record in world.links.items()
    }


def _changed(world: World) -> dict[str, list[str]]:
    """The pages that became others: both titles."""
    drifts = {url: record.drift for url, record in world.links.items()}
    return {url: [drift.before, drift.after] for url, drift in drifts.items() if drift}


def _candour(folder: Path) -> dict[str, str]:
    """What is remembered of how hosts answer addresses that do not exist, by name."""
    with Store(folder / "data" / "linkwatch.db") as store:
        memories = host_memories(store)
    return {key.rpartition(":")[0]: memory.candour.value for key, memory in memories.items()}


def _asked(*webs: FakeWeb) -> dict[str, dict[str, int]]:
    """How often each address was asked for, in all cycles: host -> path -> number."""
    asked: dict[str, dict[str, int]] = {}
    for web in webs:
        for request in web.requests:
            paths = asked.setdefault(request.host, {})
            paths[request.path] = paths.get(request.path, 0) + 1
    return asked
