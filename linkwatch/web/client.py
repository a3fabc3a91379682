"""One request over the wire: aiohttp, with what real servers do to it translated into facts.

Redirects are not followed here, cookies not kept, nothing is retried: see `checker.walk`.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import functools
import re
import socket
import ssl
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import SimpleCookie
from types import MappingProxyType, TracebackType
from typing import Self, cast
from urllib.parse import unquote_to_bytes

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from linkwatch.errors import LinkwatchError
from linkwatch.model import Fault
from linkwatch.web.guard import literal, private_name, refusal
from linkwatch.web.lenient import (
    LINE_CAP,
    Listener,
    UnknownEncodingError,
    Unpacker,
    read_head,
    said_before,
)
from linkwatch.web.limits import open_connections
from linkwatch.web.recorded import Recorded, Recorder
from linkwatch.web.resolver import (
    BadNameError,
    NameNotFoundError,
    PrivateAddressError,
    Resolver,
    ResolverError,
)
from linkwatch.web.trust import is_empty, system_trust
from linkwatch.web.url import name_of

NONE: Mapping[str, str] = MappingProxyType({})
BODY_CAP = 64 * 1024  # after decompression: a title and a fingerprint need no more
_HEADER_COUNT = 10_000
_IDLE_S = 30.0  # how long a connection waits for its host's next link; see also `let_go`

_ENCODINGS = "gzip, deflate"
_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en,*;q=0.5",
    "Accept-Encoding": _ENCODINGS,
}


class RequestFault(Exception):
    """No usable answer came."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP response: what of it linkwatch uses."""

    status: int
    location: str | None  # as sent; bytes that are not UTF-8 as surrogate escapes
    retry_after: str | None
    cookies: SimpleCookie
    headers: Mapping[str, str]  # by lower-case name; of several, the first
    body: bytes  # its beginning, decompressed
    remark: str | None  # what was wrong with the body
    cut: bool = False  # there is, or may be, more of the body
    recorded: Recorded | None = None  # the whole of it, where that was asked for and came
    read_on_s: float = 0.0  # what reading on for that took


class Client:
    """A session for one cycle. `timeout_s` bounds a request to its last byte, connecting half."""

    def __init__(
        self, *, allow_private: bool, proxy: str | None = None, nameservers: Sequence[str] = ()
    ) -> None:
        self._allow_private = allow_private
        self._proxy = proxy
        # With a proxy the only name we look up is the proxy's, which may well be a private one.
        self.resolver = Resolver(
            allow_private=allow_private or proxy is not None, nameservers=nameservers
        )
        self._connected: set[Listener] = set()
        self._recorder = Recorder()
        self._most = open_connections()
        self._connector = aiohttp.TCPConnector(
            resolver=self.resolver,
            use_dns_cache=False,  # ours remembers failures too, and for the whole cycle
            socket_factory=self._socket,
            ssl=_trusted(),
            limit=0,  # web.hosts gives out the turns
            keepalive_timeout=_IDLE_S,
        )
        # No public way leads there. Where the name should go, flawed answers are faults again.
        loop = asyncio.get_running_loop()
        factory = functools.partial(Listener, loop=loop, connected=self._connected)
        self._connector._factory = cast("functools.partial[ResponseHandler]", factory)
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,  # a body that can't be unpacked would take its status with it
            max_line_size=LINE_CAP,
            max_field_size=LINE_CAP,
            max_headers=_HEADER_COUNT,
            requote_redirect_url=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._session.close()
        await self.resolver.close()

    def _socket(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """The last line of defence: whoever resolved the name, this is where we connect to."""
        family, kind, proto, _, address = info
        number = literal(str(address[0]).partition("%")[0])
        if not self._allow_private and self._proxy is None and (number is None or refusal(number)):
            raise PrivateAddressError(f"{address[0]} is not a public address")
        if len(self._connected) >= self._most:
            self._hang_up()
        return socket.socket(family=family, type=kind, proto=proto)

    def _hang_up(self) -> None:
        """Close the connections that only wait for their host's next link.

        aiohttp bounds those at work alone; at some hundred hosts the system's limit on open files
        is reached, and every further link would look as if our network had failed.
        """
        self._abort([*self._idle])

    def let_go(self, host: str) -> None:
        """Close the idle connections to a host (name:port) that has no more links."""
        name, _, port = host.rpartition(":")
        name, number = name.strip("[]"), int(port or 0)
        self._abort([key for key in self._idle if key.port == number and key.host == name])

    @property
    def _idle(self) -> dict[ConnectionKey, Iterable[tuple[ResponseHandler, float]]]:
        """The connections that wait, by host. No public way leads there either."""
        return getattr(self._connector, "_conns", {})

    def _abort(self, keys: Iterable[ConnectionKey]) -> None:
        for key in keys:
            for protocol, _ in self._idle.pop(key, ()):
                if protocol.transport is not None:
                    protocol.transport.abort()

    async def get(
        self,
        url: str,
        *,
        timeout_s: float,
        user_agent: str,
        cookies: Mapping[str, str],
        conditions: Mapping[str, str] = NONE,
        body_cap: int = BODY_CAP,
        keep: int | None = None,
    ) -> Answer:
        """GET `url`, as `web.url.request_url` gives it: at most `body_cap` bytes of its body.

        `keep`: read pages and redirects of so many bytes to their ends, and record them; but none
        whose URL has a password. All else of the answer is as without it. Raises RequestFault.
        """
        headers = {"User-Agent": user_agent, **_HEADERS, **_cookie(cookies), **conditions}
        return await self.send(
            "GET", url, headers=headers, timeout_s=timeout_s, body_cap=body_cap, keep=keep
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout_s: float,
        body_cap: int = BODY_CAP,
        form: Mapping[str, str] | None = None,
        keep: int | None = None,
    ) -> Answer:
        """One request with these headers, and with a form for its body.

        A POST is sent once: where a connection breaks, nobody sends it again. `keep` as for `get`.
        Raises RequestFault.
        """
        clock_s = asyncio.get_running_loop().time
        started_s = clock_s()
        await self._approve(url, timeout_s)
        named_s = min(clock_s() - started_s, timeout_s / 2)  # what is more was waiting for a turn
        left_s = max(timeout_s - named_s, 0.001)  # 0 would mean no limit
        timeout = aiohttp.ClientTimeout(total=left_s, connect=timeout_s / 2, ceil_threshold=1e9)
        try:
            plain, authorization = _without_userinfo(url)
            response = await self._session.request(
                method,
                plain,
                data=form,
                allow_redirects=False,
                headers={"Accept-Encoding": _ENCODINGS, **headers, **authorization},
                proxy=self._proxy,
                timeout=timeout,
            )
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            flawed = _flawed(exc)
            if flawed is None:
                raise self._fault(exc) from exc
            self._heed_network(url, flawed.status)
            return flawed
        try:
            self._heed_network(url, response.status)
            wanted = keep is not None and 200 <= response.status < 400 and not authorization
            taken: list[bytes] | None = [] if wanted else None
            body, remark = await _read(response, body_cap, taken)
            recorded, read_on_s = None, 0.0
            if (
                keep is not None
                and taken is not None
                and (remark is None or response.status >= 300)
            ):
                began_s = clock_s()
                recorded = await self._recorder.record(response, taken, keep)
                read_on_s = clock_s() - began_s
        finally:
            response.release() if response.content.at_eof() else response.close()
        return Answer(
            status=response.status,
            location=response.headers.get("Location"),
            retry_after=response.headers.get("Retry-After"),
            cookies=response.cookies,
            headers=_first_of_each(response.headers.items()),
            body=body,
            remark=remark,
            cut=remark is not None or len(body) >= body_cap,
            recorded=recorded,
            read_on_s=read_on_s,
        )

    def _heed_network(self, url: str, status: int) -> None:
        """Raise RequestFault where it was not the site that answered, but our way to it."""
        if status == HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED:  # no site's own: RFC 6585, 6
            raise RequestFault(Fault.OFFLINE, "this network wants a login first (511)")
        through_proxy = self._proxy is not None and url.startswith("http:")  # https: a tunnel
        if through_proxy and status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise RequestFault(Fault.OFFLINE, "the proxy wants a login (407)")

    def _fault(self, exc: Exception) -> RequestFault:
        if self._proxy is not None and isinstance(exc, aiohttp.ClientConnectorDNSError):
            return RequestFault(Fault.OFFLINE, f"the proxy could not be found: {_short(exc)}")
        return _fault(exc)

    async def _approve(self, url: str, timeout_s: float) -> None:
        """Look the name up before connecting, so that its trouble is told from the host's."""
        name = name_of(url)
        if self._proxy is not None:  # the proxy resolves names; what is private by name stays out
            if not self._allow_private and private_name(name):
                raise RequestFault(Fault.PRIVATE_ADDRESS, f"{name} is not a public address")
            return
        try:
            await self.resolver.addresses(name.strip("[]"), timeout_s / 2)
        except NameNotFoundError as exc:
            raise RequestFault(Fault.DNS, str(exc)) from exc
        except PrivateAddressError as exc:
            raise RequestFault(Fault.PRIVATE_ADDRESS, str(exc)) from exc
        except BadNameError as exc:
            raise RequestFault(Fault.BAD_URL, str(exc)) from exc
        except ResolverError as exc:
            raise RequestFault(Fault.RESOLVER, str(exc)) from exc


def _without_userinfo(url: str) -> tuple[URL, dict[str, str]]:
    """A URL and the header for its user and password: aiohttp's knows only Latin-1."""
    full = URL(url, encoded=True)
    if full.raw_user is None and full.raw_password is None:
        return full, {}
    pair = unquote_to_bytes(f"{full.raw_user or ''}:{full.raw_password or ''}")
    return full.with_user(None), {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _cookie(cookies: Mapping[str, str]) -> dict[str, str]:
    """By hand, since aiohttp would quote a value anew; servers want back what they sent."""
    pairs = [f"{name}={value}" for name, value in cookies.items()]
    sent = "; ".join(pair for pair in pairs if not _CONTROL.search(pair))
    return {"Cookie": sent} if sent else {}


def _first_of_each(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value)
    return found


def _flawed(exc: Exception) -> Answer | None:
    """What a browser would have made of an answer that aiohttp gave up."""
    head = read_head(said_before(exc))
    if head is None:
        return None
    return Answer(
        status=head.status,
        location=head.headers.get("location"),
        retry_after=head.headers.get("retry-after"),
        cookies=SimpleCookie(),
        headers=head.headers,
        body=b"",
        remark=f"the answer is not proper HTTP: {_words(exc)}",
    )


async def _read(
    response: aiohttp.ClientResponse, cap: int, taken: list[bytes] | None
) -> tuple[bytes, str | None]:
    """The body up to its cap, and a remark where it broke off: that is no fault of the link.

    What was read for it is added to `taken`, as it came.
    """
    chunks: list[bytes] = []
    size = 0
    begun = False
    try:
        unpacker = Unpacker(response.headers.get("Content-Encoding", ""))
        while size < cap and not unpacker.ended:
            packed = await response.content.read(cap)
            if not packed:
                if begun and unpacker.packed:
                    return b"".join(chunks), "the body broke off"
                break
            begun = True
            if taken is not None:
                taken.append(packed)
            chunk = unpacker.unpack(packed, cap - size)
            chunks.append(chunk)
            size += len(chunk)
    except TimeoutError:
        return b"".join(chunks), "the body did not end in time"
    except (zlib.error, UnknownEncodingError):
        return b"".join(chunks), "the body could not be decoded"
    except (aiohttp.ClientError, OSError, ValueError, HttpProcessingError):
        return b"".join(chunks), "the body broke off"
    return b"".join(chunks), None


def _trusted() -> ssl.SSLContext:
    """The system's trust store (or SSL_CERT_FILE), which must not be empty."""
    context = system_trust()
    if is_empty(context):
        raise LinkwatchError(
            "This system has no trusted certificates, so every https link would look broken: "
            "install ca-certificates, or name a file in SSL_CERT_FILE."
        )
    return context


_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_BY_ERRNO = {
    errno.ECONNREFUSED: Fault.REFUSED,
    errno.ECONNRESET: Fault.RESET,
    errno.EPIPE: Fault.RESET,
    errno.ECONNABORTED: Fault.RESET,
    errno.ETIMEDOUT: Fault.TIMEOUT,
    errno.EMFILE: Fault.OFFLINE,  # our own limit, not theirs
    errno.ENFILE: Fault.OFFLINE,
    errno.ENOBUFS: Fault.OFFLINE,
    errno.EADDRNOTAVAIL: Fault.OFFLINE,  # no port left to call from
}
_TELLING = (Fault.OFFLINE, Fault.REFUSED, Fault.RESET, Fault.TIMEOUT)


def _fault(exc: Exception) -> RequestFault:
    """What an exception of aiohttp's, or of the layers below, says of the server."""
    os_error = getattr(exc, "os_error", None)
    inner = os_error if isinstance(os_error, OSError) else exc
    text = _short(inner)
    match inner:
        case NameNotFoundError():
            return RequestFault(Fault.DNS, text)
        case BadNameError():
            return RequestFault(Fault.BAD_URL, text)
        case PrivateAddressError():
            return RequestFault(Fault.PRIVATE_ADDRESS, text)
        case ResolverError():
            return RequestFault(Fault.RESOLVER, text)
        case ssl.SSLError():  # certificate errors too
            return RequestFault(Fault.TLS, _tls_words(inner))
    match exc:
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return RequestFault(Fault.OFFLINE, f"the proxy failed: {text}")
        case aiohttp.ClientSSLError():
            return RequestFault(Fault.TLS, text)
        case aiohttp.ConnectionTimeoutError():
            return RequestFault(Fault.TIMEOUT, "it did not take the connection")
        case TimeoutError():
            return RequestFault(Fault.TIMEOUT, "it took the connection, but said nothing")
        case aiohttp.ServerDisconnectedError():
            why = "the server closed the connection without an answer"
            return RequestFault(Fault.RESET, why)
        case aiohttp.InvalidURL():
            return RequestFault(Fault.BAD_URL, f"not a URL that can be requested: {text}")
        case aiohttp.ClientResponseError():
            return RequestFault(Fault.PROTOCOL, f"not proper HTTP: {_words(exc)}")
        case OSError():
            return RequestFault(_os_fault(inner), text)
    return RequestFault(Fault.PROTOCOL, f"not proper HTTP: {text}")


def _os_fault(exc: BaseException) -> Fault:
    """By errno; several addresses that failed in different ways arrive as one text."""
    number = getattr(exc, "errno", None)
    if number is not None:
        return _BY_ERRNO.get(number, Fault.UNREACHABLE)
    if isinstance(exc, ConnectionResetError):
        return Fault.RESET
    seen = {_BY_ERRNO.get(int(n)) for n in re.findall(r"\[Errno (\d+)\]", str(exc))}
    return next((fault for fault in _TELLING if fault in seen), Fault.UNREACHABLE)


def _tls_words(exc: ssl.SSLError) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {exc.verify_message}"
    return f"no secure connection: {exc.reason or _short(exc)}"


def _words(exc: BaseException) -> str:
    """aiohttp's own words for what it can't read, without the bytes that it quotes."""
    message = getattr(exc, "message", "") or _short(exc)
    return re.split(r":?\n|:? ?b'", str(message).strip())[0][:200]


def _short(exc: BaseException) -> str:
    text = " ".join(str(exc).split()) or type(exc).__name__
    return text if len(text) <= 200 else text[:199] + "…"
