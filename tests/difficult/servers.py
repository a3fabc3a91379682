"""Servers that serve badly: connections, retries, headers, bodies, statuses."""

from __future__ import annotations

import gzip
import zlib
from datetime import timedelta
from email.utils import format_datetime

from linkwatch.model import Reason
from tests.difficult.sites import (
    MISSING,
    PATH,
    Answer,
    Port,
    Visit,
    asked,
    good,
    page,
    prose,
    site,
    weekly,
)
from tests.fakes.web import NEVER, Reply

FAILING = "suspect suspect dead dead"  # soft evidence from the first day: three checks make dead
DROP = Reply(drop=True)
RESET = Reply(reset=True)
HTML = ("Content-Type", "text/html; charset=utf-8")


def _status(number: int, *headers: tuple[str, str], text: str = "") -> Reply:
    return page(f"Status {number}", text or "<p>That is all.</p>", status=number, headers=headers)


def _busy_until(seconds: float) -> Answer:
    def answer(visit: Visit) -> Reply:
        date = format_datetime(visit.now + timedelta(seconds=seconds), usegmt=True)
        return _status(429, ("Retry-After", date))

    return answer


def _raw(head: str, body: bytes = b"<title>Raw</title><p>Written by hand.</p>") -> Reply:
    return Reply(raw=head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)


def _headers(number: int, size: int) -> list[tuple[str, str]]:
    return [(f"X-Note-{n}", "n" * size) for n in range(number)]


def _only_get(refusal: int) -> Answer:
    """A server that lies to HEAD."""

    def answer(visit: Visit) -> Reply:
        return Reply(status=refusal, body=b"") if visit.request.method == "HEAD" else good(visit)

    return answer


LONG = prose("a long page", 4000).encode()
PACKED = ("Content-Encoding", "gzip")
UNKNOWN_WAY = Reply(body=b"\x1b\x03\x00\xf8", headers=[("Content-Encoding", "br")])

CONNECTIONS = (
    site("drops-first", "the first connection is dropped", asked(DROP, good), "alive"),
    site("resets-first", "the first connection is reset", asked(RESET, good), "alive"),
    site("resets-twice", "a bad minute, but not a bad day", asked(RESET, RESET, good), "alive"),
    site("drops-all", "every connection is dropped", DROP, FAILING, reason=Reason.RESET),
    site("resets-all", "every connection is reset", RESET, FAILING, reason=Reason.RESET),
    site("closed", "nobody listens", good, FAILING, port=Port.CLOSED, reason=Reason.REFUSED),
    site(
        "silent",
        "takes the request and says nothing",
        NEVER,
        FAILING,
        reason=Reason.TIMEOUT,
        silent=True,
    ),
    site(
        "drips-head",
        "a header line that comes a byte at a time, for ever",
        Reply(raw=b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 200, drip_s=0.1),
        FAILING,
        reason=Reason.TIMEOUT,
        silent=True,
    ),
    site(
        "one-slow-page",
        "one page hangs while its neighbours are fine",
        NEVER,
        {PATH: FAILING} | {f"/articles/{n}": "alive" for n in range(6)},
        others={f"/articles/{n}": good for n in range(6)},
        reason=Reason.TIMEOUT,
        silent=True,
    ),
    site(
        "silent-house",
        "twenty links of a silent host: what was only inferred makes no link dead",
        NEVER,
        {f"/room/{n}": "suspect suspect suspect|dead suspect|dead" for n in range(20)},
        others={"*": NEVER},
        reason=Reason.TIMEOUT,
        silent=True,
    ),
    site(
        "silent-for-a-week",
        "a host that was down in the second week only",
        weekly(good, NEVER, good),
        "alive suspect alive alive",
        reason=Reason.TIMEOUT,
        silent=True,
    ),
)

RETRIES = (
    site("busy-once", "503 to the first request", asked(_status(503), good), "alive"),
    site(
        "bad-gateway-twice",
        "502 and 504 before the page",
        asked(_status(502), _status(504), good),
        "alive",
    ),
    site(
        "asks-for-seconds",
        "429 with Retry-After in seconds, then the page",
        asked(_status(429, ("Retry-After", "5")), good),
        "alive",
    ),
    site(
        "asks-until-a-date",
        "429 with Retry-After as a date, then the page",
        asked(_busy_until(20), good),
        "alive",
    ),
    site(
        "asks-until-yesterday",
        "429 with a date that has passed, then the page",
        asked(_busy_until(-86_400), good),
        "alive",
    ),
    site(
        "asks-for-nonsense",
        "429 with a Retry-After that means nothing, then the page",
        asked(_status(429, ("Retry-After", "soon, please")), good),
        "alive",
    ),
    site(
        "always-busy",
        "429 to everything",
        _status(429),
        "blocked",
        reason=Reason.RATE_LIMITED,
    ),
    site(
        "busy-for-an-hour",
        "429 and an hour's Retry-After, each week",
        _status(429, ("Retry-After", "3600")),
        "blocked",
        reason=Reason.RATE_LIMITED,
    ),
    site(
        "maintenance",
        "503 with two hours' Retry-After in the first week",
        weekly(_status(503, ("Retry-After", "7200")), good),
        "suspect alive alive alive",
        reason=Reason.SERVER_ERROR,
    ),
)

HEADERS = (
    site(
        "much-header",
        "300 KB of headers",
        page("A page under 300 KB of headers", headers=_headers(75, 4000)),
        "alive",
    ),
    site(
        "long-header",
        "one header line of 64 KB",
        page("A page below a header of 64 KB", headers=[("X-Long", "n" * 65_000)]),
        "alive",
    ),
    site(
        "many-headers",
        "600 headers",
        page("A page below 600 headers", headers=_headers(600, 8)),
        "alive",
    ),
    site(
        "odd-bytes",
        "a header whose bytes are no text",
        Reply(
            raw=b"HTTP/1.1 200 OK\r\nX-Odd: \xff\xfe\x80caf\xe9\r\nContent-Type: text/html\r\n\r\n"
            b"<title>Odd bytes</title><p>But a page.</p>"
        ),
        "alive",
    ),
    site(
        "blank-in-a-name",
        "a space in a header's name, which browsers forgive",
        _raw("HTTP/1.1 200 OK\nX Powered By: hand\nContent-Type: text/html"),
        "alive",
    ),
    site(
        "two-lengths",
        "Content-Length said twice",
        _raw("HTTP/1.1 200 OK\nContent-Length: 40\nContent-Length: 40\nContent-Type: text/html"),
        "alive",
    ),
    site("no-reason", "a status line without words", _raw("HTTP/1.1 200\nServer: x"), "alive"),
    site("http-1-0", "HTTP/1.0, and no length", _raw("HTTP/1.0 200 OK\nServer: old"), "alive"),
    site(
        "early-hints",
        "a 103 before the answer",
        _raw("HTTP/1.1 103 Early Hints\nLink: </a.css>; rel=preload\n\nHTTP/1.1 200 OK\nServer: x"),
        "alive",
    ),
    site(
        "continues",
        "a 100 that nobody asked for",
        _raw("HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nServer: x"),
        "alive",
    ),
    site(
        "processing-404",
        "a 102, and then the page is not there",
        _raw("HTTP/1.1 102 Processing\n\nHTTP/1.1 404 Not Found\nServer: x"),
        "dead",
        reason=Reason.NOT_FOUND,
    ),
    site(
        "speaks-ssh",
        "something that is not HTTP",
        Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n"),
        FAILING,
        reason=Reason.PROTOCOL,
    ),
    site(
        "no-head",
        "HTML without a status line, as HTTP/0.9 had it",
        Reply(raw=b"<html><title>Bare</title><p>Page.</p></html>\r\n\r\n"),
        FAILING,
        reason=Reason.PROTOCOL,
    ),
)

BODIES = (
    site(
        "too-short",
        "ends before the length that was promised",
        page("Half a page", length=9000, close=True),
        "alive",
    ),
    site("too-long", "more body than promised", page("A page and more", length=60), "alive"),
    site(
        "drips",
        "a byte of the body a second",
        page("A slow page", drip_s=1.0),
        "alive",
        silent=True,
    ),
    site(
        "endless",
        "a body that never ends",
        Reply(body=LONG, headers=[HTML], endless=True),
        "alive",
    ),
    site(
        "gzip-bomb",
        "30 MB in a few KB",
        Reply(body=gzip.compress(b"<p>boom " * 4_000_000, 9), headers=[PACKED]),
        "alive",
    ),
    site("bad-gzip", "says gzip and is not", page("Not packed", headers=[PACKED]), "alive"),
    site(
        "cut-gzip",
        "a packed body that breaks off",
        Reply(body=gzip.compress(LONG)[:700], headers=[PACKED]),
        "alive",
    ),
    site(
        "raw-deflate",
        "deflate without its frame",
        Reply(body=zlib.compress(LONG)[2:-4], headers=[("Content-Encoding", "deflate")]),
        "alive",
    ),
    site("brotli-unasked", "packed in a way that we did not offer", UNKNOWN_WAY, "alive"),
    site(
        "cut-chunks",
        "the last chunk never comes",
        _raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"20\r\n<title>Chunky</title>"),
        "alive",
    ),
    site(
        "broken-chunks",
        "chunks whose sizes are not numbers",
        _raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"zz\r\n<title>Chunky</title>"),
        "alive",
    ),
    site("no-body", "200 and nothing", Reply(body=b"", headers=[HTML]), "alive"),
    site(
        "a-picture",
        "bytes that are no page",
        Reply(body=bytes(range(256)) * 20, headers=[("Content-Type", "image/png")]),
        "alive",
    ),
    site(
        "a-document",
        "a PDF that says 404 in its bytes",
        Reply(
            body=b"%PDF-1.7\n<title>404 Not Found</title>" + bytes(range(200)) * 9,
            headers=[("Content-Type", "application/pdf")],
        ),
        "alive",
    ),
    site(
        "utf-16",
        "a page in UTF-16",
        Reply(
            body="<title>Gezeiten</title><p>Ebbe und Flut.</p>".encode("utf-16"),
            headers=[("Content-Type", "text/html; charset=utf-16")],
        ),
        "alive",
    ),
    site(
        "unknown-charset",
        "a charset that nobody knows, and bytes that are no text",
        Reply(
            body=b"<title>\xff\xfe\x81</title><p>\x00\xd8</p>",
            headers=[("Content-Type", "text/html; charset=x-klingon")],
        ),
        "alive",
    ),
)

_HEALTHY = (201, 202, 203, 206, 226)
_EMPTY = (204, 205)
_REFUSING = {
    400: Reason.REJECTED,
    401: Reason.LOGIN,
    402: Reason.PAYMENT,
    403: Reason.FORBIDDEN,
    405: Reason.REJECTED,
    406: Reason.REJECTED,
    418: Reason.REJECTED,
    421: Reason.REJECTED,
    423: Reason.REJECTED,
    451: Reason.LEGAL,
    999: Reason.CHALLENGE,
}
_FAILING = {
    408: Reason.TIMEOUT,
    425: Reason.SERVER_ERROR,
    500: Reason.SERVER_ERROR,
    503: Reason.SERVER_ERROR,
    520: Reason.SERVER_ERROR,
    530: Reason.SERVER_ERROR,
}

STATUSES = (
    *(site(f"status-{n}", f"always {n}", _status(n), "alive") for n in _HEALTHY),
    *(site(f"status-{n}", f"always {n}", Reply(status=n, body=b""), "alive") for n in _EMPTY),
    *(
        site(f"status-{n}", f"always {n}", _status(n), "blocked", reason=reason)
        for n, reason in _REFUSING.items()
    ),
    *(
        site(f"status-{n}", f"always {n}", _status(n), FAILING, reason=reason)
        for n, reason in _FAILING.items()
    ),
    site("head-404", "404 to HEAD, the page to GET", _only_get(404), "alive"),
    site("head-405", "405 to HEAD, the page to GET", _only_get(405), "alive"),
    site("head-501", "501 to HEAD, the page to GET", _only_get(501), "alive"),
    site("not-there", "404 from the start", MISSING, "dead", reason=Reason.NOT_FOUND),
    site("gone", "410 from the start", _status(410), "dead", reason=Reason.GONE),
    site(
        "not-there-at-first",
        "404 to the first question, the page to the second, in the first week",
        weekly(asked(MISSING, good), good),
        "alive",
    ),
    site(
        "not-there-at-times",
        "404 to the first question of every week, the page to whoever asks again",
        asked(MISSING, good),
        "alive alive|suspect alive|suspect alive|suspect",
        reason=Reason.NOT_FOUND,
    ),
    site(
        "wants-basic",
        "401 with a challenge for a password",
        _status(401, ("WWW-Authenticate", 'Basic realm="staff"')),
        "blocked",
        reason=Reason.LOGIN,
    ),
)

SITES = (*CONNECTIONS, *RETRIES, *HEADERS, *BODIES, *STATUSES)
