"""Many links, in a good order, over real sockets."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from linkwatch.checker.fetch import Fetcher
from linkwatch.checker.source import Listed, Outlook, Source
from linkwatch.checker.sweep import sweep
from linkwatch.clock import Clock, SystemClock
from linkwatch.model import CheckResult, Fault
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts, Manners
from tests.conftest import Run
from tests.fakes.clock import FakeClock
from tests.fakes.dns import FakeDNS
from tests.fakes.web import NEVER, FakeWeb, Reply, Request

MANNERS = Manners(concurrency=4, interval_s=0.0, timeout_s=3.0, user_agent="test/1")


def _hard(result: CheckResult) -> bool:
    return result.status in (404, 410) or result.fault is Fault.DNS


@dataclass
class Sweeper:
    """Sweeps links of the fake web."""

    web: FakeWeb
    dns: FakeDNS
    run: Run
    clock: Clock = field(default_factory=SystemClock)
    manners: Manners = MANNERS
    slots: int = 50
    at_once: int = 200
    until_s: float = float("inf")
    held: dict[str, float] = field(default_factory=dict)
    results: list[CheckResult] = field(default_factory=list)

    def sweep(self, links: Sequence[str]) -> Outlook:
        return self.run(self.main(links))

    async def main(
        self,
        links: Sequence[str] | Source,
        hand: Callable[[CheckResult], Awaitable[None]] | None = None,
    ) -> Outlook:
        async def keep(result: CheckResult) -> None:
            self.results.append(result)

        hosts = Hosts(lambda _name: self.manners, slots=self.slots, clock=self.clock)
        for key, seconds in self.held.items():
            hosts.hold(key, seconds)
        async with Client(allow_private=True, nameservers=self.dns.nameservers) as client:
            fetcher = Fetcher(client=client, hosts=hosts, clock=self.clock, max_redirects=10)
            return await sweep(
                Listed(links) if isinstance(links, Sequence) else links,
                fetcher=fetcher,
                hand=hand or keep,
                doubtful=_hard,
                at_once=self.at_once,
                until_s=self.until_s,
            )

    def links(self, host: str, count: int, reply: Reply | None = None) -> list[str]:
        self.web.page(host, "*", reply or Reply())
        return [self.web.url(host, f"/{n}") for n in range(count)]

    @property
    def by_url(self) -> dict[str, CheckResult]:
        return {result.url: result for result in self.results}


@pytest.fixture
def sweeper(web: FakeWeb, dns: FakeDNS, run: Run) -> Sweeper:
    return Sweeper(web, dns, run)


def test_every_host_is_asked_once_before_any_is_asked_twice(sweeper: Sweeper) -> None:
    reply = Reply(after_s=0.05)
    links = [link for n in range(8) for link in sweeper.links(f"h{n}.test", 3, reply)]
    sweeper.sweep(links)
    first = [request.host for request in sweeper.web.requests[:8]]
    assert len(set(first)) == 8
    assert len(sweeper.results) == 24


def test_then_the_longest_queue_is_next(sweeper: Sweeper) -> None:
    sweeper.at_once = 1
    links = sweeper.links("a.test", 2) + sweeper.links("b.test", 6) + sweeper.links("c.test", 3)
    sweeper.sweep(links)
    order = "".join(request.host[0] for request in sweeper.web.requests)
    assert order[:3] == "bca"  # one each, the busiest first
    assert order[3:6] == "bbb"
    assert Counter(order) == {"a": 2, "b": 6, "c": 3}


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_host_answers_no_more_at_once_than_its_manners_allow(
    concurrency: int, sweeper: Sweeper
) -> None:
    sweeper.manners = replace(MANNERS, concurrency=concurrency)
    sweeper.sweep(sweeper.links("a.test", 20, Reply(after_s=0.02)))
    assert sweeper.web.at_once == concurrency
    assert len(sweeper.results) == 20


def test_no_more_requests_at_once_than_slots(sweeper: Sweeper) -> None:
    sweeper.slots = 3
    hosts = [f"h{n}.test" for n in range(12)]
    sweeper.sweep([link for host in hosts for link in sweeper.links(host, 2, Reply(after_s=0.02))])
    assert sweeper.web.at_once == 3


def test_the_interval_is_held(sweeper: Sweeper) -> None:
    clock = FakeClock()
    sweeper.clock, sweeper.manners = clock, replace(MANNERS, interval_s=0.5)
    sweeper.sweep(sweeper.links("a.test", 10))
    assert clock.monotonic_s() >= 4.5
    assert len(sweeper.results) == 10


def test_each_result_is_handed_over_once(sweeper: Sweeper) -> None:
    links = sweeper.links("a.test", 30) + sweeper.links("b.test", 5, Reply(status=403))
    sweeper.sweep([*links, links[0], "http://", "http://[", "nonsense"])
    assert Counter(result.url for result in sweeper.results) == Counter(
        [*links, "http://", "http://[", "nonsense"]
    )


# Silence


def test_a_silent_host_costs_one_timeout_and_tells_of_all_its_links(
    web: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    sweeper = Sweeper(web, dns, run_on_each, manners=replace(MANNERS, timeout_s=0.4))
    links = sweeper.links("a.test", 50, NEVER)
    began = time.monotonic()
    sweeper.sweep(links)
    assert time.monotonic() - began < 4  # fifty timeouts would be 20 s
    assert web.asked("a.test") <= 2
    assert sorted(result.url for result in sweeper.results) == sorted(links)
    assert {result.fault for result in sweeper.results} == {Fault.TIMEOUT}
    asked = [result for result in sweeper.results if not result.inferred]
    assert len(asked) == 1
    for result in sweeper.results:
        if result.inferred:
            assert (result.hops, result.attempts, result.elapsed_ms) == ((), 0, 0)
            assert result.final_url is None  # nobody went there


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_single_slow_page_does_not_silence_its_host(concurrency: int, sweeper: Sweeper) -> None:
    sweeper.manners = replace(MANNERS, timeout_s=0.4, concurrency=concurrency)
    links = sweeper.links("a.test", 20)
    slow = sweeper.web.page("a.test", "/0", NEVER)
    sweeper.sweep(links)
    assert sweeper.by_url[slow].fault is Fault.TIMEOUT
    assert sum(result.status == 200 for result in sweeper.results) == 19
    assert not any(result.inferred for result in sweeper.results)


def test_a_slow_page_does_not_silence_its_host_where_no_second_could_be_asked(
    sweeper: Sweeper,
) -> None:
    sweeper.manners = replace(MANNERS, timeout_s=0.5)
    sweeper.at_once = 1
    links = sweeper.links("a.test", 5)
    sweeper.web.page("a.test", "/0", NEVER)
    sweeper.sweep(links)
    assert sum(result.status == 200 for result in sweeper.results) == 4


def test_a_host_that_sends_us_on_to_a_silent_one_is_not_silent(sweeper: Sweeper) -> None:
    sweeper.manners = replace(MANNERS, timeout_s=0.5)
    links = sweeper.links("a.test", 6)
    silent = sweeper.web.page("b.test", "/", NEVER)
    for n in (0, 1):
        to = Reply(status=302, headers=[("Location", silent)])
        sweeper.web.page("a.test", f"/{n}", to)
    sweeper.sweep(links)
    assert [sweeper.by_url[link].status for link in links] == [None, None, 200, 200, 200, 200]
    assert not any(result.inferred for result in sweeper.results)


def test_a_host_that_falls_silent_costs_a_few_timeouts_and_not_hundreds(sweeper: Sweeper) -> None:
    sweeper.manners = replace(MANNERS, timeout_s=0.5)
    links = sweeper.links("a.test", 200, NEVER)
    for n in range(5):
        sweeper.web.page("a.test", f"/{n}", Reply())
    began = time.monotonic()
    sweeper.sweep(links)
    assert time.monotonic() - began < 8
    assert sum(result.status == 200 for result in sweeper.results) == 5
    asked = [one for one in sweeper.results if one.fault is Fault.TIMEOUT and not one.inferred]
    assert 8 <= len(asked) <= 12
    assert len(sweeper.by_url) == len(sweeper.results) == 200


def test_a_host_that_refuses_is_asked_about_each_link(sweeper: Sweeper) -> None:
    links = [f"http://a.test:1/{n}" for n in range(5)]
    sweeper.sweep(links)
    assert [(one.fault, one.inferred) for one in sweeper.results] == [(Fault.REFUSED, False)] * 5


def test_one_hosts_silence_does_not_hold_up_others(sweeper: Sweeper) -> None:
    sweeper.manners = replace(MANNERS, timeout_s=0.5)
    silent = [link for n in range(5) for link in sweeper.links(f"s{n}.test", 3, NEVER)]
    good = sweeper.links("a.test", 30)
    sweeper.sweep(silent + good)
    assert [result.status for result in sweeper.results[:30]] == [200] * 30


# Names


def test_a_name_that_does_not_exist_is_a_fact_about_each_of_its_links(sweeper: Sweeper) -> None:
    links = [f"http://gone.invalid/{n}" for n in range(20)]
    (answering,) = sweeper.links("a.test", 1)
    sweeper.sweep([answering, *links])
    del sweeper.results[[one.url for one in sweeper.results].index(answering)]
    first = [result for result in sweeper.results if not result.confirmed]
    again = [result for result in sweeper.results if result.confirmed]
    assert {result.url for result in first} == {result.url for result in again} == set(links)
    assert len(sweeper.results) == 40
    assert not any(result.inferred for result in sweeper.results)
    assert {result.fault for result in sweeper.results} == {Fault.DNS}
    asked = [name for name in sweeper.dns.asked if name == "gone.invalid"]
    assert len(asked) == 2  # the second time afresh


def test_a_name_system_that_denies_every_name_confirms_nothing(sweeper: Sweeper) -> None:
    sweeper.sweep(["http://one.invalid/", "http://two.invalid/"])
    assert [(one.fault, one.confirmed) for one in sweeper.results] == [(Fault.DNS, False)] * 2


def test_a_name_that_exists_after_all_is_taken_at_its_word(sweeper: Sweeper) -> None:
    sweeper.dns.gone.add("a.test")
    (link,) = sweeper.links("a.test", 1)

    async def hand(result: CheckResult) -> None:
        sweeper.results.append(result)
        sweeper.dns.gone.clear()

    sweeper.run(sweeper.main([link], hand))
    assert [(one.fault, one.status) for one in sweeper.results] == [(Fault.DNS, None), (None, 200)]


# The second question


def _two_answers(sweeper: Sweeper, first: Reply, second: Reply) -> list[CheckResult]:
    sweeper.sweep([sweeper.web.page("a.test", "/", [first, second])])
    return sweeper.results


def test_a_404_is_confirmed_by_a_second(sweeper: Sweeper) -> None:
    first, second = _two_answers(sweeper, Reply(status=404), Reply(status=404))
    assert (first.confirmed, second.confirmed, second.status) == (False, True, 404)
    assert (second.at, second.attempts) == (first.at, 2)


def test_a_404_is_contradicted_by_a_page(sweeper: Sweeper) -> None:
    first, second = _two_answers(sweeper, Reply(status=404), Reply())
    assert (first.status, second.status, second.confirmed) == (404, 200, False)


@pytest.mark.parametrize("second", [Reply(status=403), Reply(status=500), Reply(drop=True)])
def test_a_404_is_not_confirmed_by_anything_else(second: Reply, sweeper: Sweeper) -> None:
    sweeper.clock = FakeClock()
    (only,) = _two_answers(sweeper, Reply(status=404), second)
    assert (only.status, only.confirmed) == (404, False)


def test_the_second_question_comes_when_all_others_are_done(sweeper: Sweeper) -> None:
    links = sweeper.links("a.test", 1, Reply(status=404)) + sweeper.links("b.test", 20)
    sweeper.sweep(links)
    assert sweeper.web.requests[-1].host == "a.test"
    assert sweeper.web.asked("a.test") == 2


# Hosts that want to be left alone


def test_a_host_on_hold_is_postponed_and_not_asked(sweeper: Sweeper) -> None:
    held, good = sweeper.links("a.test", 10), sweeper.links("b.test", 3)
    sweeper.held = {f"a.test:{sweeper.web.port}": 3600.0}
    outlook = sweeper.sweep([*held, *good])
    assert outlook.postponed == len(held)
    assert sorted(sweeper.by_url) == sorted(good)
    assert sweeper.web.asked("a.test") == 0


def test_a_wish_for_a_long_rest_postpones_the_other_links(sweeper: Sweeper) -> None:
    busy = Reply(status=429, headers=[("Retry-After", "7200")])
    links = sweeper.links("a.test", 30, busy)
    outlook = sweeper.sweep(links)
    assert sweeper.web.asked("a.test") <= 4  # those that were under way
    assert outlook.postponed + len(sweeper.by_url) == len(links)


def test_a_link_that_leads_to_a_host_on_hold_is_postponed_alone(sweeper: Sweeper) -> None:
    links = sweeper.links("a.test", 5)
    to = Reply(status=302, headers=[("Location", sweeper.web.url("b.test"))])
    bound = sweeper.web.page("a.test", "/0", to)
    sweeper.held = {f"b.test:{sweeper.web.port}": 3600.0}
    assert sweeper.sweep(links).postponed == 1
    assert set(links) - set(sweeper.by_url) == {bound}


def test_a_busy_host_is_asked_again_when_it_wishes(sweeper: Sweeper) -> None:
    clock = FakeClock()
    sweeper.clock = clock
    asked: Counter[str] = Counter()

    def busy_once(request: Request) -> Reply:
        asked[request.path] += 1
        return Reply(status=429, headers=[("Retry-After", "3")]) if asked.total() == 1 else Reply()

    sweeper.web.page("a.test", "*", busy_once)
    sweeper.sweep([sweeper.web.url("a.test", f"/{n}") for n in range(10)])
    assert {result.status for result in sweeper.results} == {200}
    assert 3 <= clock.monotonic_s() < 5


# The whole


def test_cancelling_ends_at_once_and_leaves_nothing_behind(
    web: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    sweeper = Sweeper(web, dns, run_on_each)
    silent = [link for n in range(10) for link in sweeper.links(f"s{n}.test", 3, NEVER)]
    good = sweeper.links("a.test", 10)

    async def main() -> tuple[float, set[asyncio.Task[object]]]:
        ten = asyncio.Event()

        async def hand(result: CheckResult) -> None:
            sweeper.results.append(result)
            if len(sweeper.results) == 10:
                ten.set()

        task = asyncio.ensure_future(sweeper.main(silent + good, hand))
        await ten.wait()
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began, asyncio.all_tasks() - {asyncio.current_task()}

    took_s, left = run_on_each(main())
    assert took_s < 1.5
    assert left == set()
    assert len(sweeper.results) == 10


def test_a_hand_that_fails_ends_the_sweep(sweeper: Sweeper) -> None:
    links = sweeper.links("a.test", 10) + sweeper.links("s.test", 2, NEVER)

    async def hand(result: CheckResult) -> None:
        raise OSError("the disk is full")

    with pytest.raises(BaseExceptionGroup) as caught:
        sweeper.run(sweeper.main(links, hand))
    assert caught.group_contains(OSError, match="disk")


def test_a_hand_that_is_slow_slows_the_sweep_and_loses_nothing(sweeper: Sweeper) -> None:
    kept: list[CheckResult] = []

    async def hand(result: CheckResult) -> None:
        await asyncio.sleep(0.005)
        kept.append(result)

    sweeper.at_once = 5
    sweeper.run(sweeper.main(sweeper.links("a.test", 40), hand))
    assert len({result.url for result in kept}) == 40


def test_many_hosts_that_lead_into_one_do_not_block_each_other(sweeper: Sweeper) -> None:
    sweeper.slots, sweeper.at_once = 5, 10
    end = sweeper.web.page("z.test", "/", Reply(after_s=0.001))
    to = Reply(status=302, headers=[("Location", end)])
    links = [link for n in range(60) for link in sweeper.links(f"h{n}.test", 2, to)]
    sweeper.sweep([*links, *sweeper.links("z.test", 20)])
    assert {result.status for result in sweeper.results} == {200}
    assert len(sweeper.results) == 140


def test_hosts_that_lead_into_each_other_do_not_block_each_other(sweeper: Sweeper) -> None:
    sweeper.manners = replace(MANNERS, concurrency=1)
    sweeper.slots, sweeper.at_once = 1, 2
    links = []
    for n in range(20):
        for here, there in (("a.test", "b.test"), ("b.test", "a.test")):
            target = sweeper.web.page(there, f"/end{n}", Reply())
            to = Reply(status=302, headers=[("Location", target)])
            links.append(sweeper.web.page(here, f"/{n}", to))
    sweeper.sweep(links)
    assert [result.status for result in sweeper.results] == [200] * 40


def test_two_thousand_links_take_seconds_and_never_block_the_loop(
    web: FakeWeb, dns: FakeDNS, run_on_each: Run
) -> None:
    sweeper = Sweeper(web, dns, run_on_each)
    links = [link for n in range(200) for link in sweeper.links(f"h{n}.test", 10)]
    longest_s = 0.0

    async def watch() -> None:
        nonlocal longest_s
        while True:
            before_s = time.monotonic()
            await asyncio.sleep(0)
            longest_s = max(longest_s, time.monotonic() - before_s)

    async def main() -> None:
        watching = asyncio.ensure_future(watch())
        await sweeper.main(links)
        watching.cancel()

    began = time.monotonic()
    run_on_each(main())
    assert time.monotonic() - began < 15
    assert longest_s < 1.0  # noisy machines hiccup; a blocking call on each link would add up
    assert len(sweeper.by_url) == len(sweeper.results) == 2000
    assert web.connections <= 800


@pytest.mark.parametrize("seed", range(4))
def test_in_any_world_every_link_is_told_of_once_or_postponed(seed: int, sweeper: Sweeper) -> None:
    chance = random.Random(seed)
    sweeper.clock = FakeClock()
    timeout_s = 0.25
    sweeper.manners = Manners(
        concurrency=chance.choice([1, 2, 4]), interval_s=0.1, timeout_s=timeout_s, user_agent=""
    )
    sweeper.slots, sweeper.at_once = chance.choice([(1, 1), (3, 5), (20, 80)])
    hosts = [f"h{n}.test" for n in range(12)]
    sweeper.dns.gone.update(hosts[:1])
    sweeper.dns.broken.update(hosts[1:2])
    links = []
    for host in hosts:
        for n in range(chance.randint(1, 8)):
            there = sweeper.web.url(chance.choice(hosts), f"/{chance.randint(0, 8)}")
            to = Reply(status=302, headers=[("Location", there)])
            busy = Reply(status=429, headers=[("Retry-After", chance.choice(["2", "500"]))])
            replies = [
                Reply(),
                Reply(status=404),
                Reply(status=503),
                Reply(drop=True),
                to,
                to,
                busy,
            ]
            slow = [NEVER, Reply(after_s=timeout_s * 0.6)] if chance.random() < 0.2 else []
            sites = chance.choices([*replies, *slow], k=2)
            links.append(sweeper.web.page(host, f"/{n}", sites))
    outlook = sweeper.sweep(links)
    told = Counter(result.url for result in sweeper.results if not result.confirmed)
    again = {result.url for result in sweeper.results if result.status == 200}
    assert set(told) <= set(links)
    assert len(told) + outlook.postponed == len(links)
    assert all(count == 1 or url in again for url, count in told.items())


# Bit by bit


class Counting(Listed):
    """A source that tells how much of it is out at the same time."""

    def __init__(self, links: Sequence[str]) -> None:
        super().__init__(links)
        self.out = self.most = 0

    async def take(self, taken: Mapping[str, int], most: int) -> Mapping[str, Sequence[str]]:
        found = await super().take(taken, most)
        await asyncio.sleep(0)  # as from a database
        self.out += sum(map(len, found.values()))
        self.most = max(self.most, self.out)
        return found


def test_no_more_links_are_taken_than_are_soon_asked(
    sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkwatch.checker.sweep._A_LOAD", 128)
    links = sweeper.links("a.test", 1000) + sweeper.links("b.test", 300)
    links += [link for n in range(100) for link in sweeper.links(f"h{n}.test", 3)]
    source = Counting(links)

    async def hand(result: CheckResult) -> None:
        sweeper.results.append(result)
        source.out -= 1

    sweeper.run(sweeper.main(source, hand))
    assert len(sweeper.by_url) == len(sweeper.results) == len(links)
    assert source.most <= 2 * 128 + 300 + 16


def test_all_links_of_a_silent_host_are_told_of_however_many(
    web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    sweeper = Sweeper(web, dns, run, manners=replace(MANNERS, timeout_s=0.3))
    links = sweeper.links("a.test", 500, NEVER)
    gone = [f"http://gone.invalid/{n}" for n in range(300)]
    began = time.monotonic()
    sweeper.sweep([*links, *gone, *sweeper.links("b.test", 1)])
    assert time.monotonic() - began < 5
    first = [result for result in sweeper.results if not result.confirmed]
    assert {result.url for result in first} >= {*links, *gone}
    assert sum(result.inferred for result in first) >= 490
    assert sweeper.web.asked("a.test") <= 4


def test_a_second_connection_waits_until_slots_are_free(sweeper: Sweeper) -> None:
    sweeper.slots = 10
    links = [link for n in range(40) for link in sweeper.links(f"h{n}.test", 6)]
    sweeper.sweep(links)
    assert len(sweeper.by_url) == 240
    # one a host as long as ten hosts can use the slots; at the very end the last ones get more
    assert sweeper.web.connections <= 40 + 10 * 3


def test_what_there_is_no_time_for_is_left_and_said(sweeper: Sweeper) -> None:
    clock = FakeClock()
    sweeper.clock, sweeper.manners = clock, replace(MANNERS, interval_s=1.0, concurrency=1)
    sweeper.until_s = 30.5
    links = sweeper.links("a.test", 300) + sweeper.links("b.test", 2)
    outlook = sweeper.sweep(links)
    assert 28 <= len(sweeper.by_url) <= 40
    assert len(sweeper.by_url) + outlook.unfinished == len(links)
    assert {link for link in links if "b.test" in link} <= set(sweeper.by_url)
    assert outlook.postponed == 0
