"""What aiohttp is too strict for, and a browser is not.

aiohttp gives up a whole answer for one flaw in it: a space in a header's name, a length said
twice, a body where none belongs, a broken first chunk. People see such pages every day. So the
beginning of each answer is kept until aiohttp has read its head; where it fails, status and
Location are read from that by simpler means. The head as a whole is bounded here too.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from dataclasses import dataclass
from typing import Any

from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

LINE_CAP = 512 * 1024  # a header line; aiohttp's own 8,190 bytes are fewer than sites send
_HEAD_CAP = 1024 * 1024  # of all header lines together

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?!\d)")
_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The part of an answer's head that linkwatch uses."""

    status: int
    headers: dict[str, str]  # names in lower case; the first of each


def read_head(said: bytes) -> Head | None:
    """Status and headers at the beginning of `said`; None if it is no HTTP, or not complete."""
    while True:
        status = _STATUS.match(said)
        end = _END.search(said)
        if status is None or end is None:
            return None
        if int(status[1]) >= 200:
            break
        said = said[end.end() :]  # an informational answer: the real one follows
    headers: dict[str, str] = {}
    for line in said[: end.start()].split(b"\n")[1:]:
        if len(line) > LINE_CAP:
            return None
        name, _, value = line.decode("utf-8", "surrogateescape").partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return Head(status=int(status[1]), headers=headers)


class Listener(ResponseHandler):
    """aiohttp's side of a connection, with an ear for what it can't read."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connected: set[Listener]) -> None:
        """`connected`: all that are, kept up to date by themselves."""
        super().__init__(loop=loop)
        self._connected = connected
        self._said: bytearray | None = None  # of the answer's head; None: nothing to hear now

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connected.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connected.discard(self)
        super().connection_lost(exc)

    def close(self) -> None:
        """Let go at once: a server that says nothing would not take part in TLS's goodbye."""
        self.abort()

    def set_response_params(self, **params: Any) -> None:
        self._said = bytearray()
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        if self._said is not None:
            self._said += data
            if len(self._said) > _HEAD_CAP:
                self._said = None
                if self.transport is not None:
                    self.transport.close()
                self.set_exception(HttpProcessingError(code=400, message="too many headers"))
                return
        super().data_received(data)

    def feed_data(self, data: Any, size: int = 0) -> None:
        if data[0].code >= 200:
            self._said = None
        super().feed_data(data, size)

    def set_exception(self, exc: Any, *cause: Any) -> None:
        if isinstance(exc, HttpProcessingError) and self._said:
            exc.said = bytes(self._said)  # type: ignore[attr-defined]  # for `said_before`
        super().set_exception(exc, *cause)


def said_before(exc: BaseException) -> bytes:
    """What the server had said when aiohttp gave up with `exc`."""
    said = getattr(exc.__cause__, "said", b"")
    return said if isinstance(said, bytes) else b""


class UnknownEncodingError(ValueError):
    """A body in a form that we did not ask for and can't undo."""


class Unpacker:
    """A body's transfer form to its bytes, never more of them than asked for."""

    def __init__(self, encoding: str) -> None:
        """Raises UnknownEncodingError."""
        self._zlib: Any = None  # zlib's decompression object, which has no public type
        self._auto = False
        match encoding.strip().lower():
            case "" | "identity" | "none" | "utf-8":  # the last two are wrong, and common
                pass
            case "gzip" | "x-gzip":
                self._zlib = zlib.decompressobj(31)
            case "deflate":
                self._auto = True  # with or without zlib's frame: servers disagree
            case other:
                raise UnknownEncodingError(other)

    def unpack(self, data: bytes, room: int) -> bytes:
        """At most `room` bytes; what does not fit is dropped. Raises zlib.error."""
        if self._auto:
            self._auto = False
            framed = data[0] & 0x0F == 8
            self._zlib = zlib.decompressobj(15 if framed else -15)
        if self._zlib is None:
            return data[:room]
        unpacked: bytes = self._zlib.decompress(data, room)
        return unpacked

    @property
    def ended(self) -> bool:
        """Whether the packed stream came to its own end; a plain body has none."""
        return self._zlib is not None and self._zlib.eof

    @property
    def packed(self) -> bool:
        return self._zlib is not None
