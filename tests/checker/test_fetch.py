"""One link -> one CheckResult, over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from ipaddress import IPv4Address, IPv6Address

import pytest

from linkwatch.checker.fetch import Fetcher
from linkwatch.clock import Clock, SystemClock
from linkwatch.model import CheckResult, Fault, Hop
from linkwatch.web import client as client_module
from linkwatch.web import resolver as resolver_module
from linkwatch.web.client import Client
from linkwatch.web.guard import refusal
from linkwatch.web.hosts import Hosts, Manners, NotNowError
from tests.conftest import Run
from tests.fakes.clock import START, FakeClock
from tests.fakes.dns import FakeDNS
from tests.fakes.web import NEVER, FakeWeb, Reply, Request

MANNERS = Manners(concurrency=4, interval_s=0.0, timeout_s=3.0, user_agent="test/1")


@dataclass
class Checker:
    """Checks one link after the other with the same hosts and clock."""

    web: FakeWeb
    dns: FakeDNS
    run: Run

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.manners = MANNERS
        self.allow_private = True
        self.held: dict[str, float] = {}  # hosts that asked to be left alone, and for how long

    def check(self, *links: str, clock: Clock | None = None) -> list[CheckResult]:
        async def main() -> list[CheckResult]:
            now = clock or self.clock
            hosts = Hosts(lambda _name: self.manners, slots=10, clock=now)
            async with Client(
                allow_private=self.allow_private, nameservers=self.dns.nameservers
            ) as client:
                fetcher = Fetcher(client=client, hosts=hosts, clock=now, max_redirects=10)
                results = [await fetcher.check(link) for link in links]
            self.held = hosts.backing_off()
            return results

        return self.run(main())

    def one(self, link: str) -> CheckResult:
        return self.check(link)[0]


@pytest.fixture
def checker(web: FakeWeb, dns: FakeDNS, run: Run) -> Checker:
    return Checker(web, dns, run)


def _to(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers=[("Location", location)])


def test_a_page_is_an_answer(web: FakeWeb, checker: Checker) -> None:
    url = web.page("a.test", "/x", Reply(body=b"hello"))
    result = checker.one(url)
    assert result == CheckResult(
        url=url,
        at=START,
        elapsed_ms=0,
        status=200,
        final_url=url,
        size=5,
        digest=result.digest,
        fingerprint=result.fingerprint,
    )
    assert result.fingerprint is not None
    assert result.digest is not None


@pytest.mark.parametrize("status", [201, 204, 401, 403, 404, 410, 418, 451, 501, 505, 530, 999])
def test_an_answer_is_asked_for_once(status: int, web: FakeWeb, checker: Checker) -> None:
    result = checker.one(web.page("a.test", "/", Reply(status=status)))
    assert (result.status, result.fault, result.attempts) == (status, None, 1)
    assert web.asked("a.test") == 1


def test_a_bad_body_is_a_remark(web: FakeWeb, checker: Checker) -> None:
    result = checker.one(web.page("a.test", "/", Reply(length=500)))
    assert (result.status, result.fault, result.remark) == (200, None, "the body broke off")


# Hops


def test_every_hop_is_recorded(web: FakeWeb, checker: Checker) -> None:
    end = web.page("c.test", "/z?q", Reply())
    middle = web.page("b.test", "/y", _to(end, 308))
    start = web.page("a.test", "/x", _to(middle, 301))
    result = checker.one(start)
    assert result.hops == (
        Hop(url=start, status=301, location=middle),
        Hop(url=middle, status=308, location=end),
    )
    assert (result.status, result.final_url, result.attempts) == (200, end, 3)


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/y", "/y"),
        ("y", "/d/y"),
        ("../y", "/y"),
        ("?q", "/d/x?q"),
        (" /a b ", "/a%20b"),
        ("/é", "/%C3%A9"),
        ("/\udce9", "/%E9"),
        ("/%2f%2F%20", "/%2f%2F%20"),
        ("\\y", "/y"),
        ("/y#part", "/y"),
    ],
)
def test_a_location_leads_where_a_browser_goes(
    location: str, path: str, web: FakeWeb, checker: Checker
) -> None:
    web.page("a.test", "*", Reply())
    result = checker.one(web.page("a.test", "/d/x", _to(location)))
    assert (result.status, result.final_url) == (200, web.url("a.test", path))
    assert web.requests[-1].path == path


def test_a_location_without_scheme_leads_to_another_host(web: FakeWeb, checker: Checker) -> None:
    web.page("b.test", "/y", Reply())
    result = checker.one(web.page("a.test", "/", _to(f"//b.test:{web.port}/y")))
    assert result.final_url == web.url("b.test", "/y")


def test_the_fragment_of_a_location_is_recorded_and_not_sent(
    web: FakeWeb, checker: Checker
) -> None:
    end = web.page("a.test", "/y", Reply())
    result = checker.one(web.page("a.test", "/x", _to("/y#part")))
    assert (result.hops[0].location, result.final_url) == (f"{end}#part", end)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_itself_is_a_loop(status: int, web: FakeWeb, checker: Checker) -> None:
    url = web.page("a.test", "/x", _to("/x#again", status))
    result = checker.one(url)
    assert (result.fault, len(result.hops), web.asked("a.test")) == (Fault.REDIRECT_LOOP, 1, 1)


def test_a_circle_is_a_loop(web: FakeWeb, checker: Checker) -> None:
    start = web.page("a.test", "/1", _to("/2"))
    web.page("a.test", "/2", _to("/3"))
    web.page("a.test", "/3", _to("/2"))
    result = checker.one(start)
    assert (result.fault, len(result.hops)) == (Fault.REDIRECT_LOOP, 3)


def test_too_many_hops_are_a_loop(web: FakeWeb, checker: Checker) -> None:
    def next_one(request: Request) -> Reply:
        return _to(f"/{int(request.path[1:]) + 1}")

    web.page("a.test", "*", next_one)
    result = checker.one(web.url("a.test", "/1"))
    assert (result.fault, len(result.hops), web.asked("a.test")) == (Fault.REDIRECT_LOOP, 11, 11)


def test_as_many_hops_as_allowed_are_followed(web: FakeWeb, checker: Checker) -> None:
    def next_one(request: Request) -> Reply:
        number = int(request.path[1:])
        return _to(f"/{number + 1}") if number < 11 else Reply()

    web.page("a.test", "*", next_one)
    result = checker.one(web.url("a.test", "/1"))
    assert (result.status, len(result.hops)) == (200, 10)


@pytest.mark.parametrize(
    "reply",
    [
        *(Reply(status=status) for status in (300, 301, 302, 304, 305, 399)),
        *(Reply(status=status, headers=[("Location", "/y")]) for status in (300, 304, 305, 306)),
        _to(""),
        _to("http://"),
        _to("http://b.test:99999/"),
    ],
)
def test_a_redirect_without_a_usable_location_is_a_fault(
    reply: Reply, web: FakeWeb, checker: Checker
) -> None:
    result = checker.one(web.page("a.test", "/", reply))
    assert (result.fault, result.status) == (Fault.BAD_REDIRECT, reply.status)
    assert result.hops == ()


@pytest.mark.parametrize(
    "location",
    ["mailto:a@b.test", "javascript:alert(1)", "itms-apps://x/y", "ftp://a.test/", "data:,"],
)
def test_only_http_is_followed(location: str, web: FakeWeb, checker: Checker) -> None:
    result = checker.one(web.page("a.test", "/", _to(location)))
    assert (result.fault, result.status, len(result.hops)) == (Fault.BAD_REDIRECT, 302, 1)
    assert result.hops[0].location == location


def test_what_happens_at_the_end_of_a_redirect_is_the_links_fate(
    web: FakeWeb, checker: Checker
) -> None:
    gone = web.page("a.test", "/1", _to(web.url("b.test", "/gone")))
    nowhere = web.page("a.test", "/2", _to("http://x.invalid/"))
    broken = web.page("a.test", "/3", _to(web.page("c.test", "/", Reply(raw=b"?"))))
    results = checker.check(gone, nowhere, broken)
    assert [(one.status, one.fault) for one in results] == [
        (404, None),
        (None, Fault.DNS),
        (None, Fault.PROTOCOL),
    ]


@pytest.mark.parametrize(
    "target",
    ["10.0.0.1", "0x7f.2", "2130706434", "[::1]", "[::ffff:127.0.0.2]", "b.test", "c.test"],
)
def test_a_redirect_to_a_private_address_is_not_followed(
    target: str, web: FakeWeb, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """127.0.0.1, where the fake web is, counts as public here; nothing else that is private."""

    def refuses(address: IPv4Address | IPv6Address) -> str | None:
        return None if str(address) == "127.0.0.1" else refusal(address)

    monkeypatch.setattr(client_module, "refusal", refuses)
    monkeypatch.setattr(resolver_module, "refusal", refuses)
    checker.allow_private = False
    checker.dns.addresses["b.test"] = ["127.0.0.2", "::1", "192.168.0.1"]
    checker.dns.addresses["c.test"] = ["::ffff:a00:1"]
    start = web.page("a.test", "/", _to(f"http://{target}:{web.port}/x"))
    result = checker.one(start)
    assert (result.fault, len(result.hops)) == (Fault.PRIVATE_ADDRESS, 1)
    assert web.connections == 1
    assert checker.one(web.page("a.test", "/ok", _to("/y"))).status == 404  # the way itself works


# Cookies


def test_a_site_that_sets_a_cookie_and_redirects_to_itself_is_alive(
    web: FakeWeb, checker: Checker
) -> None:
    def gate(request: Request) -> Reply:
        if request.headers.get("cookie") == "seen=1":
            return Reply()
        return Reply(status=302, headers=[("Location", "/"), ("Set-Cookie", "seen=1; Path=/")])

    result = checker.one(web.page("a.test", "/", gate))
    assert (result.status, len(result.hops)) == (200, 1)


def test_a_site_that_sets_the_same_cookie_for_ever_is_a_loop(
    web: FakeWeb, checker: Checker
) -> None:
    reply = Reply(status=302, headers=[("Location", "/"), ("Set-Cookie", "seen=1")])
    result = checker.one(web.page("a.test", "/", reply))
    assert (result.fault, len(result.hops)) == (Fault.REDIRECT_LOOP, 2)


def test_a_site_that_sets_another_cookie_each_time_runs_into_the_limit(
    web: FakeWeb, checker: Checker
) -> None:
    def count(request: Request) -> Reply:
        cookie = ("Set-Cookie", f"n={web.asked('a.test')}")
        return Reply(status=302, headers=[("Location", "/"), cookie])

    result = checker.one(web.page("a.test", "/", count))
    assert (result.fault, len(result.hops)) == (Fault.REDIRECT_LOOP, 11)


@pytest.mark.parametrize("cookie", ['a="q u"', "a=x,y", "a=b==", "a={%20}", 'a="a\\"b"', "a[b]=c"])
def test_a_cookie_is_sent_back_as_it_came(cookie: str, web: FakeWeb, checker: Checker) -> None:
    to = [("Location", "/y"), ("Set-Cookie", f"{cookie}; Path=/")]
    for host, name in (("a.test", "a.test"), ("127.0.0.1", "127.0.0.1"), ("127.1", "127.0.0.1")):
        web.page(name, "/x", Reply(status=302, headers=to))
        checker.one(web.url(host, "/x"))
        assert web.requests[-1].headers["cookie"] == cookie


def test_a_cookie_does_not_go_to_another_host_nor_to_another_check(
    web: FakeWeb, checker: Checker
) -> None:
    cookies = [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Domain=test; Path=/")]
    cookies += [("Set-Cookie", "c=3; Domain=b.test"), ("Set-Cookie", "d=4; Secure")]
    there = web.page("b.test", "/", Reply())
    start = web.page("a.test", "/", Reply(status=302, headers=[("Location", there), *cookies]))
    checker.check(start, web.page("a.test", "/other", Reply()))
    assert web.asked("b.test") == 1
    assert all("cookie" not in request.headers for request in web.requests)


def test_a_cookie_of_a_path_stays_under_that_path(web: FakeWeb, checker: Checker) -> None:
    to = [("Location", "/y"), ("Set-Cookie", "a=1; Path=/x"), ("Set-Cookie", "b=2; Path=/")]
    web.page("a.test", "/y", Reply())
    checker.one(web.page("a.test", "/x/1", Reply(status=302, headers=to)))
    assert web.requests[-1].headers["cookie"] == "b=2"


def test_a_password_does_not_go_to_another_host(web: FakeWeb, checker: Checker) -> None:
    there = web.page("b.test", "/", Reply())
    web.page("a.test", "/", _to("/again"))
    web.page("a.test", "/again", _to(there))
    checker.one(f"http://user:secret@a.test:{web.port}/")
    sent = [request.headers.get("authorization") for request in web.requests]
    assert sent == ["Basic dXNlcjpzZWNyZXQ=", "Basic dXNlcjpzZWNyZXQ=", None]


# Asking again


@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504])
def test_what_says_not_now_is_asked_again(status: int, web: FakeWeb, checker: Checker) -> None:
    result = checker.one(web.page("a.test", "/", [Reply(status=status), Reply()]))
    assert (result.status, result.attempts, result.at) == (200, 2, START)
    assert sum(checker.clock.slept_s) == 1.0


@pytest.mark.parametrize("first", [Reply(drop=True), Reply(reset=True)])
def test_a_connection_that_broke_is_tried_again(
    first: Reply, web: FakeWeb, checker: Checker
) -> None:
    result = checker.one(web.page("a.test", "/", [first, first, Reply()]))
    assert result.status == 200
    assert web.asked("a.test") == 3


def test_after_three_tries_the_last_answer_stands(web: FakeWeb, checker: Checker) -> None:
    result = checker.one(web.page("a.test", "/", Reply(status=503)))
    assert (result.status, result.fault, result.attempts) == (503, None, 3)
    assert checker.clock.slept_s == [1.0, 2.0]


@pytest.mark.parametrize("reply", [Reply(status=503), Reply(reset=True)])
def test_a_host_that_fails_again_and_again_is_not_asked_thrice_about_every_link(
    reply: Reply, web: FakeWeb, checker: Checker
) -> None:
    web.page("a.test", "*", reply)
    good = web.page("a.test", "/good", Reply())
    bad = [web.url("a.test", f"/{n}") for n in range(7)]
    results = checker.check(*bad[:6], good, bad[6])
    assert [result.attempts for result in results] == [3, 3, 3, 1, 1, 1, 1, 3]


def test_a_timeout_is_not_tried_again(web: FakeWeb, checker: Checker) -> None:
    checker.manners = replace(MANNERS, timeout_s=0.2)
    (result,) = checker.check(web.page("a.test", "/", NEVER), clock=SystemClock())
    assert (result.fault, result.attempts, web.asked("a.test")) == (Fault.TIMEOUT, 1, 1)
    assert 180 <= result.elapsed_ms <= 3000


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "wish", ["7", format_datetime(START + timedelta(seconds=7), usegmt=True)], ids=["s", "date"]
)
def test_retry_after_is_waited_for(status: int, wish: str, web: FakeWeb, checker: Checker) -> None:
    busy = Reply(status=status, headers=[("Retry-After", wish)])
    result = checker.one(web.page("a.test", "/", [busy, Reply()]))
    assert (result.status, result.attempts) == (200, 2)
    assert sum(checker.clock.slept_s) == 7.0


def test_a_retry_after_beyond_our_patience_holds_the_host_and_ends_the_check(
    web: FakeWeb, checker: Checker
) -> None:
    url = web.page("a.test", "/", Reply(status=429, headers=[("Retry-After", "3600")]))
    result = checker.one(url)
    assert (result.status, result.attempts, checker.clock.slept_s) == (429, 1, [])
    assert checker.held == {f"a.test:{web.port}": 3600.0}
    with pytest.raises(NotNowError):
        checker.check(url, web.url("a.test", "/other"))


def test_a_page_that_is_not_busy_can_not_hold_its_host(web: FakeWeb, checker: Checker) -> None:
    checker.one(web.page("a.test", "/", Reply(status=404, headers=[("Retry-After", "3600")])))
    assert checker.held == {}


def test_a_retry_happens_on_the_hop_that_failed(web: FakeWeb, checker: Checker) -> None:
    end = web.page("b.test", "/", [Reply(status=503), Reply()])
    result = checker.one(web.page("a.test", "/", _to(end)))
    assert (result.status, result.attempts, len(result.hops)) == (200, 3, 1)
    assert (web.asked("a.test"), web.asked("b.test")) == (1, 2)


def test_a_chain_has_three_times_the_time_of_a_request(web: FakeWeb, checker: Checker) -> None:
    def next_one(request: Request) -> Reply:
        return Reply(status=302, headers=[("Location", f"{request.path}x")], after_s=0.2)

    web.page("a.test", "*", next_one)
    checker.manners = replace(MANNERS, timeout_s=0.3)
    (result,) = checker.check(web.url("a.test", "/x"), clock=SystemClock())
    assert result.fault is Fault.TIMEOUT
    assert 2 <= len(result.hops) <= 4
    assert 600 <= result.elapsed_ms <= 3000


# What is not asked for


@pytest.mark.parametrize(
    "link", ["http://", "http://a b/", "http://./", "http://256.1.1.1/", "nonsense"]
)
def test_what_is_not_a_url_is_not_asked_for(link: str, checker: Checker) -> None:
    result = checker.one(link)
    assert (result.fault, result.attempts, result.final_url) == (Fault.BAD_URL, 0, None)


def test_an_onion_is_not_asked_for(checker: Checker) -> None:
    result = checker.one("http://abcdef.onion/x")
    assert (result.fault, result.attempts) == (Fault.RESOLVER, 0)
    assert checker.dns.asked == []


def test_a_redirect_to_an_onion_says_nothing_of_the_name(web: FakeWeb, checker: Checker) -> None:
    checker.dns.gone.add("abcdef.onion")
    result = checker.one(web.page("a.test", "/", _to("http://abcdef.onion/")))
    assert result.fault is Fault.RESOLVER
    assert checker.dns.asked == ["a.test"]


Spoil = Callable[[int], bytes]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda n: b"Set-Cookie: " + bytes([n]) + b"=x; Path=/\r\n",
        lambda n: b"Set-Cookie: a=" + bytes([n]) + b"; Path=/\r\n",
        lambda n: b"Set-Cookie: a=x; Domain=" + bytes([n]) + b"; Max-Age=" + bytes([n]) + b"\r\n",
        lambda n: b"Set-Cookie: a=x; Expires=" + bytes([n]) * 3 + b"\r\n",
        lambda n: b"Location: /" + bytes([n]) + b"\r\n",
        lambda n: b"Location: http://b" + bytes([n]) + b".test:1/\r\n",
        lambda n: b"Location: //u" + bytes([n]) + b":p@127.0.0.1:1/\r\n",
        lambda n: b"Retry-After: 1" + bytes([n]) + b"\r\n",
    ],
)
def test_no_header_can_stop_a_sweep(spoil: Spoil, web: FakeWeb, checker: Checker) -> None:
    """Whatever stands in it: a check ends with a result."""
    tail = b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    for n in range(256):
        head = b"HTTP/1.1 302 X\r\n" + spoil(n)
        where = b"" if b"Location" in head else b"Location: /end\r\n"
        web.page("a.test", f"/{n}", Reply(raw=head + where + tail))
    web.page("a.test", "/end", Reply())
    results = checker.check(*[web.url("a.test", f"/{n}") for n in range(256)])
    assert len(results) == 256
