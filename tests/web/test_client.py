"""One request over the wire, and what servers do to it."""

from __future__ import annotations

import asyncio
import gzip
import random
import socket
import ssl
import time
import tracemalloc
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from linkwatch.errors import LinkwatchError
from linkwatch.model import Fault
from linkwatch.web.client import BODY_CAP, Answer, Client, RequestFault
from linkwatch.web.lenient import read_head
from tests.conftest import Run
from tests.fakes.dns import FakeDNS
from tests.fakes.web import NEVER, FakeWeb, Reply

HELLO = b"Content-Length: 5\r\n\r\nhello"


async def _ask(
    client: Client, url: str, timeout_s: float = 3.0, cookies: Mapping[str, str] | None = None
) -> Answer | RequestFault:
    try:
        return await client.get(
            url, timeout_s=timeout_s, user_agent="test/1", cookies=cookies or {}
        )
    except RequestFault as fault:
        return fault


def _get(
    run: Run,
    dns: FakeDNS,
    *urls: str,
    timeout_s: float = 3.0,
    cookies: Mapping[str, str] | None = None,
) -> list[Answer | RequestFault]:
    async def main() -> list[Answer | RequestFault]:
        async with Client(allow_private=True, nameservers=dns.nameservers) as client:
            return [await _ask(client, url, timeout_s, cookies) for url in urls]

    return run(main())


class Site:
    """One page of the fake web, and what a client makes of it."""

    def __init__(self, web: FakeWeb, dns: FakeDNS, run: Run) -> None:
        self.web, self.dns, self.run = web, dns, run

    def end(self, reply: Reply, timeout_s: float = 3.0) -> Answer | RequestFault:
        url = self.web.page("a.test", "/", reply)
        return _get(self.run, self.dns, url, timeout_s=timeout_s)[0]

    def answer(self, reply: Reply, timeout_s: float = 3.0) -> Answer:
        end = self.end(reply, timeout_s)
        assert isinstance(end, Answer), end
        return end

    def fault(self, reply: Reply, timeout_s: float = 3.0) -> RequestFault:
        end = self.end(reply, timeout_s)
        assert isinstance(end, RequestFault), end
        return end


@pytest.fixture
def site(web: FakeWeb, dns: FakeDNS, run_on_each: Run) -> Site:
    return Site(web, dns, run_on_each)


@pytest.fixture
def plain(web: FakeWeb, dns: FakeDNS, run: Run) -> Site:
    """For what does not depend on the event loop."""
    return Site(web, dns, run)


# No answer


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(drop=True), Fault.RESET),
        (Reply(reset=True), Fault.RESET),
        (Reply(raw=b""), Fault.RESET),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nServer: x"), Fault.RESET),
        (Reply(raw=b"SSH-2.0-OpenSSH_9\r\n"), Fault.PROTOCOL),
        (Reply(raw=b"\x15\x03\x01\x00\x02\x02\x28"), Fault.PROTOCOL),
        (Reply(raw=b"<html>hello</html>"), Fault.PROTOCOL),
        (Reply(raw=b"HTTP/1.1 1000 No\r\n" + HELLO), Fault.PROTOCOL),
        (Reply(raw=b"HTTP/1.1 abc No\r\n" + HELLO), Fault.PROTOCOL),
    ],
)
def test_what_is_no_answer_is_a_fault(reply: Reply, fault: Fault, site: Site) -> None:
    assert site.fault(reply).fault is fault


FLAWED = b"Odd Name: x\r\nContent-Length: 0\r\n\r\n"  # as browsers take it, and aiohttp does not


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=511, body=b"x" * 500_000),
        Reply(status=511, headers=[("Location", "/login")]),
        Reply(raw=b"HTTP/1.1 511 Login\r\n" + FLAWED),
    ],
)
def test_a_network_that_wants_a_login_is_our_own_trouble(reply: Reply, plain: Site) -> None:
    assert plain.fault(reply).fault is Fault.OFFLINE


@pytest.mark.parametrize("reply", [Reply(status=407), Reply(raw=b"HTTP/1.1 407 No\r\n" + FLAWED)])
def test_a_login_for_the_proxy_is_our_own_trouble_only_if_there_is_one(
    reply: Reply, web: FakeWeb, plain: Site
) -> None:
    url = "http://site.test/"
    web.page("site.test", url, reply)  # what a proxy is asked for is the whole URL

    async def main() -> Answer | RequestFault:
        async with Client(allow_private=True, proxy=web.url("127.0.0.1")) as client:
            return await _ask(client, url)

    end = plain.run(main())
    assert isinstance(end, RequestFault)
    assert end.fault is Fault.OFFLINE
    assert plain.answer(reply).status == 407


def test_a_closed_port_is_refused(dns: FakeDNS, run_on_each: Run) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        for host in ("a.test", "127.0.0.1"):
            (end,) = _get(run_on_each, dns, f"http://{host}:{port}/")
            assert isinstance(end, RequestFault)
            assert end.fault is Fault.REFUSED


def test_refused_at_every_address_is_refused(dns: FakeDNS, run_on_each: Run) -> None:
    dns.addresses["a.test"] = ["127.0.0.1", "127.0.0.2", "::1"]
    (end,) = _get(run_on_each, dns, "http://a.test:1/")
    assert isinstance(end, RequestFault)
    assert end.fault in (Fault.REFUSED, Fault.UNREACHABLE)  # no ::1 in some containers


def test_one_good_address_of_several_is_enough(
    web: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    dns.addresses["a.test"] = ["::1", "127.0.0.1"]
    (end,) = _get(run_on_each, dns, web.url("a.test"))
    assert isinstance(end, Answer)


def test_a_server_that_says_nothing_is_a_timeout(site: Site) -> None:
    began = time.monotonic()
    assert site.fault(NEVER, timeout_s=0.2).fault is Fault.TIMEOUT
    assert time.monotonic() - began < 3


def test_a_connection_that_is_not_taken_is_a_timeout_after_half_the_time(
    dns: FakeDNS, run_on_each: Run
) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        where = full.getsockname()
        waiting = [socket.socket() for _ in range(8)]
        for one in waiting:  # fill the backlog
            one.setblocking(False)
            one.connect_ex(where)
        began = time.monotonic()
        (end,) = _get(run_on_each, dns, f"http://a.test:{where[1]}/", timeout_s=1.0)
        took_s = time.monotonic() - began
        for one in waiting:
            one.close()
    assert isinstance(end, RequestFault)
    assert end.fault is Fault.TIMEOUT
    if "no connection" in end.message:  # else this system's backlog is longer
        assert took_s < 0.95


def test_names_that_fail_are_told_apart(dns: FakeDNS, run: Run) -> None:
    dns.broken.add("broken.test")
    urls = ["http://gone.invalid/", "http://broken.test/", "http://" + "a" * 64 + ".test/"]
    ends = _get(run, dns, *urls)
    assert [end.fault for end in ends if isinstance(end, RequestFault)] == [
        Fault.DNS,
        Fault.RESOLVER,
        Fault.BAD_URL,
    ]


def test_a_name_server_that_says_nothing_is_not_the_hosts_fault(run: Run) -> None:
    async def main() -> Answer | RequestFault:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            servers = [f"127.0.0.1:{deaf.getsockname()[1]}"]
            async with Client(allow_private=True, nameservers=servers) as client:
                return await _ask(client, "http://a.test/", 0.3)

    end = run(main())
    assert isinstance(end, RequestFault)
    assert end.fault is Fault.RESOLVER


# Headers


def test_a_header_line_may_have_64_kib(site: Site) -> None:
    for size in (8_191, 65_000, 300_000):
        assert site.answer(Reply(headers=[("X", "y" * size)])).status == 200
    location = "/" + "y" * 60_000
    assert site.answer(Reply(status=302, headers=[("Location", location)])).location == location


def test_a_longer_header_line_is_a_fault_of_protocol(site: Site) -> None:
    fault = site.fault(Reply(headers=[("X", "y" * 530_000)]))
    assert fault.fault is Fault.PROTOCOL
    assert len(fault.message) < 200


def test_300_kb_of_headers_are_read(site: Site) -> None:
    assert site.answer(Reply(headers=[(f"X-{n}", "y" * 3_000) for n in range(100)])).remark is None
    assert site.answer(Reply(headers=[(f"X-{n}", "y") for n in range(2_000)])).remark is None


def test_headers_without_end_are_not(site: Site) -> None:
    headers = [(f"X-{n}", "y" * 30_000) for n in range(100)]
    assert site.fault(Reply(headers=headers)).fault is Fault.PROTOCOL


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + HELLO,
        b"HTTP/1.0 200 OK\r\n" + HELLO,
        b"HTTP/1.1 200\r\n" + HELLO,
        b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + HELLO,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n" + HELLO,
        b"HTTP/1.1 200 OK\r\nX: \xff\xfe\r\n" + HELLO,
        b"HTTP/1.1 200 OK\r\nX:\r\n: y\r\n" + HELLO,
    ],
)
def test_an_answer_counts_however_it_is_put(head: bytes, site: Site) -> None:
    assert site.answer(Reply(raw=head)).status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nOdd Name: x\r\n" + HELLO,
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n" + HELLO,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + HELLO,
        b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + HELLO,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\nOdd Name: x\r\n" + HELLO,
    ],
)
def test_a_page_that_browsers_show_is_no_fault_for_its_bad_http(head: bytes, site: Site) -> None:
    answer = site.answer(Reply(raw=head))
    assert answer.status == 200
    assert answer.remark is None or "not proper HTTP" in answer.remark


def test_bad_http_may_still_say_where_to_go(site: Site) -> None:
    head = b"HTTP/1.1 302 Go\r\nOdd Name: x\r\nLocation: /\xff\r\nRetry-After: 5\r\n\r\n"
    answer = site.answer(Reply(raw=head))
    assert (answer.status, answer.location, answer.retry_after) == (302, "/\udcff", "5")


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("body", [b"", b"Content-Length: 5\r\n", HELLO[:-9] + b"\r\n\r\nhello"])
def test_an_answer_without_a_body_is_an_answer(status: int, body: bytes, site: Site) -> None:
    end = b"" if body.endswith(b"hello") else b"\r\n"
    answer = site.answer(Reply(raw=b"HTTP/1.1 %d X\r\n" % status + body + end))
    assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize("status", [201, 206, 418, 451, 530, 600, 999])
def test_any_status_is_an_answer(status: int, plain: Site) -> None:
    assert plain.answer(Reply(status=status)).status == status


def test_a_head_is_read_only_where_it_is_whole() -> None:
    assert read_head(b"HTTP/1.1 200 OK\r\nA: b\r\n") is None
    assert read_head(b"HTTP/1.1 100 OK\r\n\r\nHTTP/1.1 20") is None
    assert read_head(b"HTTP/1.1 2000 OK\r\n\r\n") is None
    assert read_head(b"hello\r\n\r\n") is None
    head = read_head(b"HTTP/1.1 301 OK\r\nA: 1\r\na: 2\r\n:\r\nb\r\n\r\nrest")
    assert head is not None
    assert (head.status, head.headers) == (301, {"a": "1", "": "", "b": ""})


# Bodies


def test_a_body_is_read_to_its_cap_and_no_further(web: FakeWeb, dns: FakeDNS, run: Run) -> None:
    url = web.page("a.test", "/", Reply(body=b"x" * 30_000_000))
    (end,) = _get(run, dns, url)
    assert isinstance(end, Answer)
    assert (end.body, end.remark) == (b"x" * BODY_CAP, None)


def test_a_stream_without_end_is_an_answer(site: Site) -> None:
    answer = site.answer(Reply(endless=True, body=b"x" * 1000))
    assert (len(answer.body), answer.remark) == (BODY_CAP, None)


def test_chunks_are_joined(site: Site) -> None:
    chunks = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: x\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert site.answer(Reply(raw=head + chunks)).body == b"hello world"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "deflate", "raw deflate"])
def test_packed_bodies_are_unpacked(encoding: str, plain: Site) -> None:
    page = b"<title>packed</title>" * 500
    match encoding:
        case "deflate":
            body = zlib.compress(page)
        case "raw deflate":
            body = zlib.compress(page)[2:-4]
        case _:
            body = gzip.compress(page)
    name = encoding.removeprefix("raw ")
    answer = plain.answer(Reply(headers=[("Content-Encoding", name)], body=body))
    assert (answer.body, answer.remark) == (page, None)


def test_a_bomb_takes_no_memory(plain: Site) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    url = plain.web.page("a.test", "/", Reply(headers=[("Content-Encoding", "gzip")], body=bomb))
    tracemalloc.start()
    try:
        (end,) = _get(plain.run, plain.dns, url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(end, Answer)
    assert len(end.body) == BODY_CAP
    assert peak < 5_000_000


PACKED = [("Content-Encoding", "gzip")]
BROKE_OFF = "the body broke off"
UNREADABLE = "the body could not be decoded"


@pytest.mark.parametrize(
    ("reply", "remark"),
    [
        (Reply(length=500), BROKE_OFF),
        (
            Reply(headers=PACKED, body=gzip.compress(random.Random(1).randbytes(9000))[:5000]),
            BROKE_OFF,
        ),
        (Reply(headers=PACKED, body=gzip.compress(b"hello")[:12]), BROKE_OFF),
        (Reply(headers=PACKED, body=b"hello"), UNREADABLE),
        (Reply(headers=[("Content-Encoding", "br")], body=b"\x0b\x02\x80hello\x03"), UNREADABLE),
        (Reply(headers=[("Content-Encoding", "zstd")], body=b"hello"), UNREADABLE),
        (Reply(headers=[("Content-Encoding", "deflate")], body=b"hello"), UNREADABLE),
        (Reply(headers=PACKED, body=b""), None),
        (Reply(headers=PACKED, body=gzip.compress(b"")), None),
        (Reply(headers=[("Content-Encoding", "identity")]), None),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), BROKE_OFF),
    ],
)
def test_a_bad_body_is_a_remark_and_no_fault(reply: Reply, remark: str | None, site: Site) -> None:
    answer = site.answer(reply)
    assert (answer.status, answer.remark) == (200, remark)


def test_a_body_that_drips_is_read_while_there_is_time(site: Site) -> None:
    answer = site.answer(Reply(body=b"x" * 100, drip_s=0.05), timeout_s=0.3)
    assert answer.remark == "the body did not end in time"
    assert 1 <= len(answer.body) < 20


# Connections and requests


def test_a_connection_is_used_again(web: FakeWeb, dns: FakeDNS, run_on_each: Run) -> None:
    packed = Reply(headers=PACKED, body=gzip.compress(b"hello" * 1000))
    chunked = Reply(headers=[("Transfer-Encoding", "chunked")], body=b"5\r\nhello\r\n0\r\n\r\n")
    replies = [Reply(), packed, chunked, Reply(status=404), Reply(body=b"")]
    urls = [web.page("a.test", f"/{n}", reply) for n, reply in enumerate(replies)]
    ends = _get(run_on_each, dns, *urls, *urls)
    assert [end.status for end in ends if isinstance(end, Answer)] == [200, 200, 200, 404, 200] * 2
    assert web.connections == 1


def test_idle_connections_give_way_before_the_system_runs_out_of_files(
    web: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    urls = [web.page(f"h{n}.test", "/", Reply()) for n in range(30)]

    async def main() -> tuple[set[int | Fault], int]:
        ends: set[int | Fault] = set()
        most = 0
        async with Client(allow_private=True, nameservers=dns.nameservers) as client:
            client._most = 10
            for url in urls * 2:
                end = await _ask(client, url)
                ends.add(end.status if isinstance(end, Answer) else end.fault)
                most = max(most, len(client._connected))
        return ends, most

    ends, most = run_on_each(main())
    assert ends == {200}
    assert most <= 10


def test_an_answer_is_not_mistaken_for_the_one_before(site: Site) -> None:
    first = site.web.page("a.test", "/1", Reply(body=b"x" * 3 * BODY_CAP))
    second = site.web.page("a.test", "/2", Reply(raw=b"HTTP/1.1 404 X\r\nOdd Name: y\r\n\r\n"))
    ends = _get(site.run, site.dns, first, second, first, second)
    assert [end.status for end in ends if isinstance(end, Answer)] == [200, 404, 200, 404]


def test_a_request_says_who_asks_and_sends_what_the_note_has(
    web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    _get(run, dns, web.url("a.test", "/%2F%2f%20+?a=%zz&b=(c)"))
    (request,) = web.requests
    assert request.path == "/%2F%2f%20+?a=%zz&b=(c)"
    assert request.headers["user-agent"] == "test/1"
    assert request.headers["host"] == f"a.test:{web.port}"
    assert "cookie" not in request.headers


@pytest.mark.parametrize(
    ("cookies", "sent"),
    [
        ({"a": "1", "b": '"q x"'}, 'a=1; b="q x"'),
        ({"a": "x,y=z"}, "a=x,y=z"),
        ({"a": "1", "b": "x\r\nEvil: 1", "c": "\0"}, "a=1"),
    ],
)
def test_cookies_are_sent_as_they_came(
    cookies: dict[str, str], sent: str, web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    _get(run, dns, web.url("a.test"), cookies=cookies)
    assert web.requests[0].headers["cookie"] == sent
    assert "evil" not in web.requests[0].headers


@pytest.mark.parametrize(
    ("userinfo", "sent"),
    [
        ("user:pass", "Basic dXNlcjpwYXNz"),
        ("user", "Basic dXNlcjo="),
        ("a%3Ab:%C3%A9", "Basic YTpiOsOp"),
        ("%F0%9F%98%80:%0D%0A", "Basic 8J+YgDoNCg=="),
    ],
)
def test_a_password_in_a_url_is_sent_as_browsers_do(
    userinfo: str, sent: str, web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    (end,) = _get(run, dns, f"http://{userinfo}@a.test:{web.port}/x")
    assert isinstance(end, Answer)
    assert web.requests[0].headers["authorization"] == sent


def test_cancelling_a_request_closes_its_connection(web: FakeWeb, dns: FakeDNS, run: Run) -> None:
    url = web.page("a.test", "/", NEVER)

    async def main() -> int:
        async with Client(allow_private=True, nameservers=dns.nameservers) as client:
            request = asyncio.ensure_future(_ask(client, url))
            await asyncio.sleep(0.1)
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)
            connector = client._session.connector
            assert connector is not None
            return len(connector._acquired)

    assert run(main()) == 0


def test_no_bytes_at_all_can_stop_a_cycle(web: FakeWeb, dns: FakeDNS, run: Run) -> None:
    """Whatever a server says, it is an Answer or a RequestFault."""
    chance = random.Random(20260105)
    good = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Encoding: gzip\r\n"
    good += b"Transfer-Encoding: chunked\r\nLocation: /x\r\nRetry-After: 1\r\n\r\n"
    packed = gzip.compress(b"hello")
    good += b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"
    for n in range(300):
        said = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(said))
            match chance.randrange(4):
                case 0:
                    said[at] = chance.randrange(256)
                case 1:
                    del said[at : at + chance.randint(1, 20)]
                case 2:
                    said[at:at] = chance.randbytes(chance.randint(1, 10))
                case _:
                    said[at:at] = chance.choice([b"\r\n", b"\0", b":", b";", b"100 ", b"\xff"])
        web.page("a.test", f"/{n}", Reply(raw=bytes(said)))
    ends = _get(run, dns, *[web.url("a.test", f"/{n}") for n in range(300)], timeout_s=1)
    assert len(ends) == 300
    assert {end.fault for end in ends if isinstance(end, RequestFault)} <= {
        *(Fault.PROTOCOL, Fault.RESET, Fault.TIMEOUT),
    }


# TLS


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


def _server(authority: trustme.CA, *names: str, expired: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    until = datetime.now(UTC) - timedelta(days=1) if expired else None
    authority.issue_cert(*names, not_after=until).configure_cert(context)
    return context


@pytest.fixture
def https(authority: trustme.CA) -> Iterator[FakeWeb]:
    with FakeWeb(tls=_server(authority, "a.test", "127.0.0.1")) as web:
        yield web


def test_a_good_certificate_of_ssl_cert_file_is_accepted(
    trusted: None, https: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    ends = _get(run_on_each, dns, https.url("a.test"), https.url("127.0.0.1"), https.url("a.test."))
    assert [isinstance(end, Answer) for end in ends] == [True, True, True], ends


def _tls_fault(run: Run, dns: FakeDNS, url: str) -> str:
    (end,) = _get(run, dns, url)
    assert isinstance(end, RequestFault)
    assert end.fault is Fault.TLS
    return end.message


def test_a_certificate_of_another_host_is_a_fault(
    trusted: None, https: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    assert "b.test" in _tls_fault(run_on_each, dns, https.url("b.test"))


def test_an_expired_certificate_is_a_fault(
    trusted: None, authority: trustme.CA, dns: FakeDNS, run_on_each: Run
) -> None:
    with FakeWeb(tls=_server(authority, "a.test", expired=True)) as web:
        assert "expired" in _tls_fault(run_on_each, dns, web.url("a.test"))


def test_a_certificate_of_nobody_is_a_fault(trusted: None, dns: FakeDNS, run_on_each: Run) -> None:
    with FakeWeb(tls=_server(trustme.CA(), "a.test")) as web:
        assert "certificate" in _tls_fault(run_on_each, dns, web.url("a.test"))


def test_a_server_that_does_not_speak_tls_is_a_fault(
    trusted: None, web: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    (end,) = _get(run_on_each, dns, f"https://a.test:{web.port}/", timeout_s=1)
    assert isinstance(end, RequestFault)
    assert end.fault in (Fault.TLS, Fault.RESET, Fault.TIMEOUT)


def test_a_server_that_answers_tls_with_text_is_a_fault(
    trusted: None, dns: FakeDNS, run_on_each: Run
) -> None:
    async def main() -> Answer | RequestFault:
        async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, Client(allow_private=True, nameservers=dns.nameservers) as client:
            return await _ask(client, f"https://a.test:{port}/")

    end = run_on_each(main())
    assert isinstance(end, RequestFault)
    assert end.fault is Fault.TLS


def test_a_server_that_is_silent_in_its_handshake_is_a_timeout(
    trusted: None, dns: FakeDNS, run_on_each: Run
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        url = f"https://a.test:{silent.getsockname()[1]}/"
        (end,) = _get(run_on_each, dns, url, timeout_s=0.4)
    assert isinstance(end, RequestFault)
    assert end.fault is Fault.TIMEOUT


def test_a_system_without_certificates_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "none.pem"
    empty.write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(empty))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))

    async def main() -> None:
        Client(allow_private=True)

    with pytest.raises(LinkwatchError, match="SSL_CERT_FILE"):
        asyncio.run(main())
