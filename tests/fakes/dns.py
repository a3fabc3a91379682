"""A name server on loopback, with all the ways in which names fail."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Self

from dnslib import AAAA, QTYPE, RCODE, RR, A
from dnslib.server import BaseResolver, DNSLogger, DNSServer


class FakeDNS(BaseResolver):  # type: ignore[misc]  # dnslib ships no types
    """Every name leads to 127.0.0.1, except as told. Answers may change while it runs."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}  # name -> its addresses; empty: no data
        self.gone: set[str] = set()  # NXDOMAIN
        self.broken: set[str] = set()  # SERVFAIL
        self.down = False  # nothing is answered at all
        self.asked: list[str] = []
        logger = DNSLogger(logf=lambda _line: None)
        self._server = DNSServer(self, port=0, address="127.0.0.1", logger=logger)

    @property
    def nameservers(self) -> list[str]:
        return [f"127.0.0.1:{self._server.server.server_address[1]}"]

    def __enter__(self) -> Self:
        serve = self._server.server.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._server.server.shutdown()
        self._thread.join(5)
        self._server.server.server_close()

    def resolve(self, request: Any, handler: Any) -> Any:
        name = str(request.q.qname).rstrip(".").lower()
        reply = request.reply()
        kind = request.q.qtype
        if kind == QTYPE.A:
            self.asked.append(name)
        if self.down:
            reply.header.rcode = RCODE.REFUSED
        elif name in self.broken:
            reply.header.rcode = RCODE.SERVFAIL
        elif name in self.gone or name.endswith(".invalid"):
            reply.header.rcode = RCODE.NXDOMAIN
        else:
            for address in self.addresses.get(name, ["127.0.0.1"]):
                six = ":" in address
                if six == (kind == QTYPE.AAAA) and kind in (QTYPE.A, QTYPE.AAAA):
                    data = AAAA(address) if six else A(address)
                    reply.add_answer(RR(name, kind, rdata=data, ttl=1))
        return reply
