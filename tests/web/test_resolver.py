"""Names to addresses: what the name system says, and what it means."""

from __future__ import annotations

import asyncio
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from linkwatch.web import resolver as resolver_module
from linkwatch.web.resolver import BadNameError, NameNotFoundError, Resolver, ResolverError
from tests.conftest import Run
from tests.fakes.dns import FakeDNS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="c-ares is not used there")


async def _end(resolver: Resolver, name: str) -> list[str] | type[Exception]:
    try:
        return sorted(address for _, address in await resolver.addresses(name))
    except OSError as exc:
        return type(exc)


def _ends(dns: FakeDNS, *names: str) -> list[list[str] | type[Exception]]:
    async def main() -> list[list[str] | type[Exception]]:
        resolver = Resolver(allow_private=True, nameservers=dns.nameservers)
        try:
            return [await _end(resolver, name) for name in names]
        finally:
            await resolver.close()

    return asyncio.run(main())


def test_only_nxdomain_means_that_a_name_does_not_exist(dns: FakeDNS) -> None:
    dns.gone.add("gone.test")
    dns.broken.add("broken.test")
    dns.addresses["empty.test"] = []
    assert _ends(dns, "gone.test", "broken.test", "empty.test", "a.test") == [
        NameNotFoundError,
        ResolverError,
        ResolverError,
        ["127.0.0.1"],
    ]


def test_a_resolver_that_is_down_says_nothing_of_any_name(dns: FakeDNS) -> None:
    dns.down = True
    assert _ends(dns, "a.test", "gone.invalid") == [ResolverError, ResolverError]


@pytest.mark.parametrize(
    "name", ["a" * 64 + ".test", "a..test", ".a.test", ".".join(["abcdefgh"] * 30) + ".test"]
)
def test_what_can_not_be_a_name_is_not_asked_for(name: str, dns: FakeDNS) -> None:
    assert _ends(dns, name) == [BadNameError]
    assert dns.asked == []


@pytest.mark.parametrize("name", ["a_b.test", "-a.test", "1.test", "single", "x" * 63 + ".test"])
def test_odd_names_are_asked_for(name: str, dns: FakeDNS) -> None:
    assert _ends(dns, name) == [["127.0.0.1"]]


def test_both_families_are_asked_for_and_numbers_are_not_asked_for(dns: FakeDNS) -> None:
    dns.addresses["a.test"] = ["127.0.0.1", "::1"]
    assert _ends(dns, "a.test", "10.0.0.1", "::1") == [["127.0.0.1", "::1"], ["10.0.0.1"], ["::1"]]
    assert dns.asked == ["a.test"]


def test_a_name_is_asked_for_once_whoever_asks_and_whatever_it_says(dns: FakeDNS) -> None:
    dns.gone.add("gone.test")

    async def main() -> None:
        resolver = Resolver(allow_private=True, nameservers=dns.nameservers)
        names = ["a.test", "a.test.", "gone.test"] * 3
        await asyncio.gather(*[_end(resolver, name) for name in names])
        await asyncio.gather(*[_end(resolver, name) for name in names])
        await resolver.close()

    asyncio.run(main())
    assert sorted(dns.asked) == ["a.test", "gone.test"]


def test_a_forgotten_failure_is_asked_about_afresh(dns: FakeDNS) -> None:
    dns.gone.add("gone.test")

    async def main() -> list[object]:
        resolver = Resolver(allow_private=True, nameservers=dns.nameservers)
        ends: list[object] = [await _end(resolver, "gone.test"), await _end(resolver, "a.test")]
        dns.gone.clear()
        ends.append(await _end(resolver, "gone.test"))
        await resolver.forget_failures()
        ends += [await _end(resolver, "gone.test"), await _end(resolver, "a.test")]
        await resolver.close()
        return ends

    fine = ["127.0.0.1"]
    assert asyncio.run(main()) == [NameNotFoundError, fine, NameNotFoundError, fine, fine]
    assert dns.asked == ["gone.test", "a.test", "gone.test"]


def test_who_gives_up_waiting_does_not_spoil_it_for_others(dns: FakeDNS) -> None:
    async def main() -> object:
        resolver = Resolver(allow_private=True, nameservers=dns.nameservers)
        hasty = asyncio.ensure_future(resolver.addresses("a.test"))
        patient = asyncio.ensure_future(_end(resolver, "a.test"))
        await asyncio.sleep(0)
        hasty.cancel()
        end = await patient
        await resolver.close()
        return end

    assert asyncio.run(main()) == ["127.0.0.1"]


def test_closing_lets_go_of_what_is_still_being_asked(run_on_each: Run) -> None:
    async def main() -> int:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            port = deaf.getsockname()[1]
            resolver = Resolver(allow_private=True, nameservers=[f"127.0.0.1:{port}"])
            waiting = asyncio.ensure_future(_end(resolver, "a.test"))
            await asyncio.sleep(0.05)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await resolver.close()
        return len(asyncio.all_tasks())

    assert run_on_each(main()) == 1


@pytest.mark.parametrize(
    ("number", "meaning"),
    [
        (socket.EAI_NONAME, NameNotFoundError),
        (socket.EAI_AGAIN, ResolverError),
        (socket.EAI_FAIL, ResolverError),
        (getattr(socket, "EAI_NODATA", socket.EAI_FAIL), ResolverError),
    ],
)
def test_the_threaded_resolver_tells_the_same_apart(
    number: int, meaning: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(number, "said so")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(meaning):
        _by_threads("a.test")


def test_the_threaded_resolver_knows_what_can_not_be_a_name() -> None:
    with pytest.raises(BadNameError):
        _by_threads("a" * 64 + ".test")
    assert _by_threads("127.0.0.1") == [(socket.AF_INET, "127.0.0.1")]


def _by_threads(name: str) -> list[tuple[int, str]]:
    with ThreadPoolExecutor(1) as threads:
        return asyncio.run(resolver_module._ask_threads(name, threads))


def test_the_threaded_resolver_is_used_where_there_is_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    async def main() -> object:
        resolver = Resolver(allow_private=True)
        end = await _end(resolver, "localhost")
        await resolver.close()
        return end

    assert "127.0.0.1" in asyncio.run(main())  # type: ignore[operator]  # a list, if all is well
