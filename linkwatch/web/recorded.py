"""An exchange with a server as it went over the wire, for those who keep pages.

What is secret is left out (cookies and credentials that we sent), and what is of the connection
(the transfer encoding). All else is as it came: names of headers in their case, headers that are
given twice, the payload as it was packed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakSet

import aiohttp

from linkwatch.web.lenient import UnknownEncodingError, Unpacker

_SECRET = frozenset({"cookie", "authorization", "proxy-authorization"})
_ROOM = 64 * 1024 * 1024  # bytes of payload in memory at a time; but four pages always fit
_CHUNK = 64 * 1024
_PLAIN = frozenset({b"", b"chunked", b"identity"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Recorded:
    """A request and its whole answer."""

    url: str  # as asked
    request: tuple[tuple[str, str], ...]  # its headers, without secrets
    version: str  # of HTTP: "1.1"
    status: int
    reason: str
    headers: tuple[tuple[bytes, bytes], ...]
    payload: bytes  # the content encoding on, the transfer encoding off

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        wanted = name.lower().encode()
        found = (value for key, value in self.headers if key.lower() == wanted)
        value = next(found, None)
        return None if value is None else value.decode("utf-8", "replace")


def unpacked(payload: bytes, encoding: str | None, most: int) -> bytes | None:
    """A payload without its content encoding; None: it has no proper end, or not by `most` bytes.

    What follows the end of a packed stream is not part of it: browsers leave it too.
    """
    if not payload:
        return b""
    try:
        unpacker = Unpacker(encoding or "")
        body = unpacker.unpack(payload, most + 1)
    except (zlib.error, UnknownEncodingError):
        return None
    whole = unpacker.ended if unpacker.packed else True
    return body if whole and len(body) <= most else None


class Recorder:
    """Reads answers to their ends, as long as there is room for them in memory."""

    def __init__(self) -> None:
        self._alive: WeakSet[Recorded] = WeakSet()  # whoever keeps one takes its room
        self._coming = 0  # bytes of those that are being read

    async def record(
        self, response: aiohttp.ClientResponse, begun: Iterable[bytes], cap: int
    ) -> Recorded | None:
        """The whole exchange, of whose payload `begun` was read already.

        None: it is longer than `cap`, broke off, did not come in time, or there is no room.
        """
        headers = _without_transfer(response.raw_headers)
        length = response.content_length
        if headers is None or (length is not None and length > cap):
            return None
        payload = await self._payload(response, list(begun), cap)
        if payload is None:
            return None
        sent = response.request_info.headers
        version = response.version or aiohttp.HttpVersion11
        recorded = Recorded(
            url=str(response.url),
            request=tuple((k, v) for k, v in sent.items() if k.lower() not in _SECRET),
            version=f"{version.major}.{version.minor}",
            status=response.status,
            reason=response.reason or "",
            headers=headers,
            payload=payload,
        )
        self._alive.add(recorded)
        return recorded

    async def _payload(
        self, response: aiohttp.ClientResponse, chunks: list[bytes], cap: int
    ) -> bytes | None:
        room = max(_ROOM, 4 * cap) - sum(len(recorded.payload) for recorded in self._alive)
        size = sum(map(len, chunks))
        self._coming += size
        try:
            while size <= cap and self._coming <= room:
                chunk = await response.content.read(_CHUNK)
                if not chunk:
                    return b"".join(chunks)
                chunks.append(chunk)
                size += len(chunk)
                self._coming += len(chunk)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
            pass  # broken off, or too slow
        finally:
            self._coming -= size
        return None


def _without_transfer(
    headers: Iterable[tuple[bytes, bytes]],
) -> tuple[tuple[bytes, bytes], ...] | None:
    """Headers as they came but for the transfer encoding; None: one that has not been undone."""
    kept = []
    for name, value in headers:
        if name.lower() != b"transfer-encoding":
            kept.append((name, value))
        elif value.strip().lower() not in _PLAIN:
            return None
    return tuple(kept)
