"""Nobody is connected to who is not public, whatever way leads there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from linkwatch.model import Fault
from linkwatch.web.client import Answer, Client, RequestFault
from linkwatch.web.guard import outside_dns, private_name, refusal
from linkwatch.web.resolver import Resolver, approved
from linkwatch.web.url import name_of, request_url
from tests.conftest import Run
from tests.fakes.dns import FakeDNS
from tests.fakes.web import FakeWeb, Reply, Request

PUBLIC = ["93.184.216.34", "1.1.1.1", "8.8.8.8", "11.0.0.1", "100.63.255.255", "172.32.0.1"]
PUBLIC += ["192.0.1.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1"]


def _forms(four: str) -> list[str]:
    """The IPv6 addresses in which an IPv4 address can hide."""
    number = int(ip_address(four))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    flipped = number ^ 0xFFFFFFFF
    return [
        f"::ffff:{four}",  # mapped
        f"64:ff9b::{four}",  # NAT64
        f"2002:{high}:{low}::1",  # 6to4
        f"2001:0:5db8:d822::{flipped >> 16:x}:{flipped & 0xFFFF:x}",  # Teredo
    ]


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("10.0.0.1", "private"),
        ("100.64.0.1", "shared (carrier-grade NAT)"),
        ("100.127.255.255", "shared (carrier-grade NAT)"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("169.254.169.254", "link-local"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.1", "reserved"),
        ("192.0.2.1", "documentation"),
        ("192.88.99.1", "reserved"),
        ("192.168.0.1", "private"),
        ("198.18.0.1", "benchmarking"),
        ("198.19.255.255", "benchmarking"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
    ],
)
def test_no_special_address_is_public_in_any_form(address: str, what: str) -> None:
    assert refusal(ip_address(address)) == what
    for form in _forms(address):
        assert refusal(ip_address(form)) == what, form
    assert refusal(ip_address(f"::{address}")) is not None  # IPv4-compatible


@pytest.mark.parametrize(
    "address",
    [
        *("::", "::1", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1"),
        *("ff0e::1", "100::1", "64:ff9b:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "5f00::1"),
        *("2001:db8::1", "3fff::1", "4000::1", "::ffff:0:7f00:1", "::7f00:1", "fe80::1%eth0"),
    ],
)
def test_no_special_ipv6_address_is_public(address: str) -> None:
    assert refusal(ip_address(address)) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public_in_every_form(address: str) -> None:
    assert refusal(ip_address(address)) is None
    if "." in address:
        for form in _forms(address):
            assert refusal(ip_address(form)) is None, form


LOOPBACK = ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0x7F.0.0.0x1"]
LOOPBACK += [
    "0177.0.0.1",
    "017700000001",
    "0177.0x0.1",
    "127.00.00.01",
    "①②⑦.0.0.1",
    "127。0。0。1",
]
LOOPBACK += ["0", "0x0", "0.0.0.0", "%31%32%37.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]"]
LOOPBACK += ["[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"]
NAMES = ["localhost", "LocalHost", "x.localhost", "printer.local", "db.internal", "nas.home.arpa"]
DOTTED = [f"{name}." for name in (*LOOPBACK, *NAMES) if not name.startswith("[")]


@pytest.mark.parametrize("host", [*LOOPBACK, *NAMES, *DOTTED])
def test_a_private_host_is_known_by_its_name_however_it_is_written(host: str) -> None:
    assert private_name(name_of(f"http://{host}/"))


@pytest.mark.parametrize(
    "host", ["a.test", "localhost.test", "notlocal", "10.0.0.1.test", "local.test", *PUBLIC[:3]]
)
def test_other_hosts_are_not_private_by_name(host: str) -> None:
    assert not private_name(name_of(f"http://{host}/"))


def test_onions_live_outside_the_dns() -> None:
    assert outside_dns("abc.onion")
    assert outside_dns("abc.i2p")
    assert not outside_dns("onion.test")


def test_of_mixed_answers_only_the_public_ones_are_approved() -> None:
    both: list[tuple[int, str]] = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "93.184.216.34")]
    assert approved("a.test", both) == [both[1]]


async def _get(url: str, dns: FakeDNS, *, allow_private: bool = False) -> Answer | Fault:
    sent = request_url(url)
    assert sent is not None
    async with Client(allow_private=allow_private, nameservers=dns.nameservers) as client:
        try:
            return await client.get(sent, timeout_s=2, user_agent="test", cookies={})
        except RequestFault as fault:
            return fault.fault


@pytest.mark.parametrize("host", [*LOOPBACK, "localhost", "a.test", "a.test.", "x.localhost"])
def test_no_way_of_naming_loopback_reaches_it(
    host: str, web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    assert run(_get(f"http://{host}:{web.port}/", dns)) is Fault.PRIVATE_ADDRESS
    assert web.connections == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:7f00:1", "10.0.0.1", "0.0.0.0"])
def test_a_name_that_resolves_to_a_private_address_is_refused_on_each_loop(
    address: str, web: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    dns.addresses["a.test"] = [address]
    assert run_on_each(_get(web.url("a.test"), dns)) is Fault.PRIVATE_ADDRESS
    assert web.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "localhost", "a.test", "0"])
def test_all_of_that_works_where_private_networks_are_allowed(
    host: str, web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    answer = run(_get(f"http://{host}:{web.port}/", dns, allow_private=True))
    assert isinstance(answer, Answer)
    assert web.connections == 1


def test_the_approved_address_is_the_one_connected_to(dns: FakeDNS, run: Run) -> None:
    async def main() -> list[str]:
        resolver = Resolver(allow_private=False, nameservers=dns.nameservers)
        dns.addresses["a.test"] = ["93.184.216.34", "10.0.0.1"]
        await resolver.addresses("a.test")
        dns.addresses["a.test"] = ["127.0.0.1"]
        found = await resolver.resolve("a.test.", 80)  # as aiohttp asks, just before connecting
        await resolver.close()
        return [one["host"] for one in found]

    assert run(main()) == ["93.184.216.34"]


def test_a_resolver_that_changes_its_mind_does_not_get_us_connected(
    web: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    dns.addresses["a.test"] = ["93.184.216.34"]

    async def main() -> Fault:
        async with Client(allow_private=False, nameservers=dns.nameservers) as client:
            await client.resolver.addresses("a.test")
            client.resolver._answers["a.test"] = asyncio.ensure_future(_loopback())
            client.resolver._allow_private = True  # as if the check above it had a hole
            with pytest.raises(RequestFault) as caught:
                await client.get(web.url("a.test"), timeout_s=2, user_agent="", cookies={})
            return caught.value.fault

    assert run_on_each(main()) is Fault.PRIVATE_ADDRESS
    assert web.connections == 0


async def _loopback() -> list[tuple[int, str]]:
    return [(socket.AF_INET, "127.0.0.1")]


@pytest.fixture
def tempting_environment(
    web: FakeWeb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FakeWeb]:
    """Variables and a .netrc that would send everything, and a password, through a proxy."""
    with FakeWeb() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{proxy.port}")
        netrc = tmp_path / ".netrc"
        netrc.write_text("machine a.test login user password secret\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        yield proxy


def test_the_environments_proxy_and_netrc_are_not_consulted(
    tempting_environment: FakeWeb, web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    web.page("a.test", "/", Reply())
    run(_get(web.url("a.test"), dns, allow_private=True))
    assert tempting_environment.connections == 0
    assert "authorization" not in web.requests[0].headers


def _through(proxy: str, urls: list[str], dns: FakeDNS, run: Run) -> list[int | Fault]:
    async def main() -> list[int | Fault]:
        ends: list[int | Fault] = []
        async with Client(allow_private=False, proxy=proxy, nameservers=dns.nameservers) as client:
            for url in urls:
                try:
                    answer = await client.get(url, timeout_s=2, user_agent="", cookies={})
                    ends.append(answer.status)
                except RequestFault as fault:
                    ends.append(fault.fault)
        return ends

    return run(main())


def test_a_configured_proxy_may_be_private_but_what_is_asked_of_it_may_not(
    web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    def forward(request: Request) -> Reply:
        return Reply(status=203 if request.path == "http://a.test/x" else 500)

    web.page("a.test", "http://a.test/x", forward)
    web.page("a.test", "*", forward)
    urls = ["http://a.test/x", "http://10.0.0.1/", "http://localhost/", "http://nas.local/"]
    for proxy in (f"http://127.0.0.1:{web.port}", f"http://proxy.test:{web.port}"):
        web.requests.clear()
        ends = _through(proxy, urls, dns, run)
        assert ends[1:] == [Fault.PRIVATE_ADDRESS] * 3
        assert [request.path for request in web.requests] == ["http://a.test/x"]
    assert "a.test" not in dns.asked  # that is the proxy's business


def test_a_proxy_that_fails_is_our_own_trouble(dns: FakeDNS, run: Run) -> None:
    dns.gone.add("proxy.test")
    for proxy in ("http://127.0.0.1:1", "http://proxy.test:1"):
        urls = ["http://a.test/", "https://a.test/"]
        assert _through(proxy, urls, dns, run) == [Fault.OFFLINE] * 2
