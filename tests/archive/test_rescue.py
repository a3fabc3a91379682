"""Rescue against an archive on real sockets, with a clock that nobody waits for."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwatch.archive import access
from linkwatch.archive.answers import ArchiveDown, Capture
from linkwatch.archive.archives import Archives, not_for_archives
from linkwatch.archive.ladder import crowded, settled
from linkwatch.archive.pace import Paces
from linkwatch.archive.rescue import rescue
from linkwatch.model import CitedFrom, Lookup, Outcome, Snapshot, Wanted
from linkwatch.web.hosts import Hosts, Manners
from tests.fakes.archive import FakeArchive, FakeTimeMaps, Illness
from tests.fakes.clock import START, FakeClock

URL = "https://example.org/a"
CITED = datetime(2020, 6, 15, 12, tzinfo=UTC)
FAILED = datetime(2026, 1, 1, tzinfo=UTC)


def want(url: str = URL, **changes: Any) -> Wanted:
    values: dict[str, Any] = {
        "cited_at": CITED,
        "cited_from": CitedFrom.GIT,
        "failed_at": FAILED,
    }
    return Wanted(url=url, **values | changes)


def archives(archive: FakeArchive, **changes: Any) -> Archives:
    values: dict[str, Any] = {
        "wayback_url": archive.url,
        "availability_url": archive.availability_url,
        "allow_private": True,
        "user_agent": "linkwatch-test",
        "timeout_s": 5.0,
    }
    return Archives(**values | changes)


def hosts_of(clock: FakeClock) -> Hosts:
    manners = Manners(concurrency=4, interval_s=0.1, timeout_s=20, user_agent="linkwatch-test")
    return Hosts(lambda name: manners, slots=16, clock=clock)


def paces_of(archive: FakeArchive, clock: FakeClock) -> Paces:
    return Paces(wayback_url=archive.url, availability_url=archive.availability_url, clock=clock)


async def nothing() -> None:
    """What keeps the paces has a test of its own."""


def run(
    archive: FakeArchive,
    wanted: Iterable[Wanted] | None = None,
    *,
    clock: FakeClock | None = None,
    hosts: Hosts | None = None,
    budget_s: float = 300.0,
    paces: Paces | None = None,
    waits: list[str] | None = None,
    **changes: Any,
) -> dict[str, Lookup]:
    """One rescue; what was told of each link. `waits`: gets what was waited for."""
    told: dict[str, Lookup] = {}
    clock = clock or FakeClock()

    async def found(url: str, lookup: Lookup) -> None:
        assert url not in told
        told[url] = lookup

    async def scenario() -> None:
        await rescue(
            wanted if wanted is not None else [want()],
            archives=archives(archive, **changes),
            hosts=hosts or hosts_of(clock),
            clock=clock,
            found=found,
            budget_s=budget_s,
            paces=paces or paces_of(archive, clock),
            keep=nothing,
            waiting=(waits if waits is not None else []).append,
        )

    asyncio.run(scenario())
    return told


def patience_s(illness: Illness) -> float:
    """A time limit: short where silence is the subject, and nowhere else."""
    return 0.1 if illness == "hung" else 5.0


def many(count: int) -> list[Wanted]:
    return [want(f"https://example.org/{number}") for number in range(count)]


def in_s(lookup: Lookup, clock: FakeClock) -> float:
    assert lookup.next_at
    return (lookup.next_at - clock.utc_now()).total_seconds()


# Found, and found to be nothing


def test_a_good_copy_from_before_the_citation_needs_one_cheap_question_and_is_opened(
    archive: FakeArchive,
) -> None:
    archive.capture(URL, "20200601000000")
    archive.capture(URL, "20200801000000")
    lookup = run(archive)[URL]
    assert lookup.outcome is Outcome.FOUND
    assert lookup.snapshot == Snapshot(
        archive="127.0.0.1",
        timestamp=datetime(2020, 6, 1, tzinfo=UTC),
        url=f"{archive.url}/web/20200601000000/{URL}",
        status=200,
        verified=True,
    )
    assert lookup.next_at is None
    assert (lookup.cited_at, lookup.cited_from) == (CITED, CitedFrom.GIT)
    assert lookup.asked_at
    assert START <= lookup.asked_at < START + timedelta(seconds=5)
    assert archive.requests == {"availability": 1, "playback": 1}
    assert archive.log[-1].path == f"/web/20200601000000id_/{URL}"


STORIES: list[tuple[str, list[tuple[str, int]], str | None]] = [
    ("before the citation, though later is nearer", [("2019", 200), ("202007", 200)], "2019"),
    ("a 404 is nearer", [("2019", 200), ("20200615", 404)], "2019"),
    ("nothing but later", [("2021", 200), ("2023", 200)], "2021"),
    ("later, but a 404 first", [("2021", 404), ("2023", 200)], "2023"),
    ("nothing but 404s", [("2019", 404), ("2021", 404)], None),
    ("a redirect", [("2019", 301)], None),
    ("only after it failed", [("202602", 200)], None),
]


@pytest.mark.parametrize(
    ("taken", "best"), [story[1:] for story in STORIES], ids=[story[0] for story in STORIES]
)
@pytest.mark.parametrize("blind", [False, True], ids=["", "availability blind"])
def test_the_copy_is_the_one_the_author_saw_or_nearest_to_it(
    archive: FakeArchive, taken: list[tuple[str, int]], best: str | None, blind: bool
) -> None:
    for stamp, status in taken:
        archive.capture(URL, stamp + "0101000000"[len(stamp) - 4 :], status=status)
    if blind:
        archive.blind(URL)
    lookup = run(archive)[URL]
    if best:
        assert lookup.snapshot
        assert f"{lookup.snapshot.timestamp:%Y%m%d}".startswith(best)
        assert lookup.outcome is Outcome.FOUND
    else:
        assert lookup.outcome is Outcome.NO_GOOD_COPY
        assert lookup.next_at


def test_a_copy_under_http_or_www_is_the_same_page(archive: FakeArchive) -> None:
    archive.capture("http://www.Example.org/a", "20200601000000")
    lookup = run(archive)[URL]
    assert lookup.snapshot
    assert lookup.snapshot.url.endswith("/web/20200601000000/http://www.Example.org/a")


def test_only_two_witnesses_can_say_that_nothing_is_archived(archive: FakeArchive) -> None:
    clock = FakeClock()
    lookup = run(archive, clock=clock)[URL]
    assert lookup.outcome is Outcome.NOT_ARCHIVED
    assert in_s(lookup, clock) == 7 * 86_400
    assert archive.requests == {"availability": 1, "cdx": 1, "playback": 4}


def test_an_old_copy_is_found_behind_a_crowd_of_later_ones(archive: FakeArchive) -> None:
    archive.capture(URL, "20110101000000")
    for number in range(250):
        taken = datetime(2020, 7, 1, tzinfo=UTC) + timedelta(hours=number)
        archive.capture(URL, f"{taken:%Y%m%d%H%M%S}")
    lookup = run(archive, [want(cited_at=datetime(2020, 6, 29, tzinfo=UTC))])[URL]
    assert lookup.snapshot
    assert lookup.snapshot.timestamp.year == 2011
    assert archive.requests == {"availability": 1, "cdx": 2, "playback": 1}


# Ill

ILL: list[tuple[Illness, Outcome]] = [
    ("429", Outcome.RATE_LIMITED),
    ("503", Outcome.UNAVAILABLE),
    ("502", Outcome.UNAVAILABLE),
    ("404", Outcome.UNAVAILABLE),
    ("403", Outcome.UNAVAILABLE),
    ("hung", Outcome.UNAVAILABLE),
    ("refused", Outcome.UNAVAILABLE),
    ("blocked", Outcome.EXCLUDED),
    ("robots", Outcome.EXCLUDED),
    ("html", Outcome.MALFORMED),
    ("short_lines", Outcome.MALFORMED),
    ("empty", Outcome.MALFORMED),
    ("null", Outcome.MALFORMED),
    ("list", Outcome.MALFORMED),
    ("no_key", Outcome.MALFORMED),
    ("truncated", Outcome.FOUND),  # no JSON, but half a page is still the page
]


@pytest.mark.parametrize(("illness", "outcome"), ILL, ids=[illness for illness, _ in ILL])
def test_an_ill_archive_gives_no_answer_rather_than_a_wrong_one(
    archive: FakeArchive, illness: Illness, outcome: Outcome
) -> None:
    clock = FakeClock()
    archive.capture(URL, "20200101000000")
    archive.ill(illness)
    lookup = run(archive, clock=clock, timeout_s=patience_s(illness))[URL]
    assert lookup.outcome is outcome
    if outcome is not Outcome.FOUND:
        assert lookup.snapshot is None
        assert lookup.detail
        assert in_s(lookup, clock) > 0


@pytest.mark.parametrize("illness", ["503", "empty", "html", "hung", "broken", "404"])
def test_one_witness_alone_cannot_say_that_nothing_is_archived(
    archive: FakeArchive, illness: Illness
) -> None:
    limit_s = max(0.3, patience_s(illness))
    unsure = (Outcome.UNAVAILABLE, Outcome.MALFORMED)
    for witness in ("cdx", "playback"):
        archive.well()
        archive.ill(illness, service=witness)
        assert run(archive, timeout_s=limit_s)[URL].outcome in unsure
    # Availability is none: it says so of archived pages too. It may be ill, therefore.
    archive.well()
    archive.ill(illness, service="availability")
    assert run(archive, timeout_s=limit_s)[URL].outcome is Outcome.NOT_ARCHIVED


@pytest.mark.parametrize("illness", ["503", "empty", "html", "truncated", "hung"])
def test_when_availability_is_ill_the_index_still_finds_the_copy(
    archive: FakeArchive, illness: Illness
) -> None:
    archive.capture(URL, "20200101000000")
    archive.ill(illness, service="availability")
    assert run(archive, timeout_s=max(0.3, patience_s(illness)))[URL].outcome is Outcome.FOUND


def test_when_the_index_is_ill_a_later_copy_will_do_for_now(archive: FakeArchive) -> None:
    clock = FakeClock()
    archive.capture(URL, "20200101000000")
    archive.capture(URL, "20200620000000")
    archive.ill("404", service="cdx")
    lookup = run(archive, clock=clock)[URL]
    assert lookup.outcome is Outcome.FOUND
    assert lookup.snapshot
    assert lookup.snapshot.timestamp.month == 6
    assert in_s(lookup, clock) == 86_400
    assert "closer" in lookup.detail


@pytest.mark.parametrize("illness", ["503", "502", "broken"])
def test_a_passing_fault_gets_a_second_try(archive: FakeArchive, illness: Illness) -> None:
    archive.capture(URL, "20200101000000")
    archive.ill(illness, times=1)
    assert run(archive)[URL].outcome is Outcome.FOUND
    assert archive.requests == {"availability": 2, "playback": 1}


def test_a_fault_that_does_not_pass_gets_no_third_try(archive: FakeArchive) -> None:
    archive.ill("503")
    run(archive)
    assert archive.requests == {"availability": 2, "cdx": 2, "playback": 4}


def test_excluded_needs_the_archives_own_words(archive: FakeArchive) -> None:
    archive.block("https://example.org/")
    archive.block("https://other.example/", robots=True)
    urls = [URL, "https://other.example/x", "https://third.example/"]
    told = run(archive, [want(url) for url in urls])
    assert [told[url].outcome for url in urls] == [
        Outcome.EXCLUDED,
        Outcome.EXCLUDED,
        Outcome.NOT_ARCHIVED,
    ]


# Patience


def test_a_rate_limit_ends_all_asking_for_as_long_as_the_archive_wishes(
    archive: FakeArchive,
) -> None:
    clock = FakeClock()
    hosts = hosts_of(clock)
    archive.ill("429", retry_after=300)
    told = run(archive, many(10), clock=clock, hosts=hosts)
    assert {lookup.outcome for lookup in told.values()} == {Outcome.RATE_LIMITED}
    assert archive.requests.total() <= 2  # the two that were under way together
    for lookup in told.values():
        assert in_s(lookup, clock) == pytest.approx(300, abs=1)
    assert hosts.wait_s(archive.url) == pytest.approx(300, abs=1)
    assert sum(lookup.asked_at is not None for lookup in told.values()) <= 2


def test_without_a_wish_the_archive_gets_a_minute_and_then_two(archive: FakeArchive) -> None:
    clock = FakeClock()
    hosts = hosts_of(clock)
    paces = paces_of(archive, clock)
    archive.ill("429")
    waits_s = []
    for _ in range(3):
        told = run(archive, [want()], clock=clock, hosts=hosts, paces=paces)
        waits_s.append(round(in_s(told[URL], clock)))
        clock.advance(waits_s[-1] + 1)
    assert waits_s == [60, 120, 240]
    assert archive.requests == {"availability": 3}


def test_while_a_stop_holds_no_request_is_made(archive: FakeArchive) -> None:
    clock = FakeClock()
    paces = paces_of(archive, clock)
    archive.ill("429", times=1)
    run(archive, [want()], clock=clock, paces=paces)
    clock.advance(10)
    lookup = run(archive, [want()], clock=clock, paces=paces)[URL]
    assert lookup.outcome is Outcome.RATE_LIMITED
    assert lookup.asked_at is None
    assert in_s(lookup, clock) == pytest.approx(50, abs=1)
    assert archive.requests.total() == 1


def test_a_refused_connection_ends_all_asking(archive: FakeArchive) -> None:
    clock = FakeClock()
    hosts = hosts_of(clock)
    archive.ill("refused")
    told = run(archive, many(5), clock=clock, hosts=hosts)
    assert {lookup.outcome for lookup in told.values()} == {Outcome.UNAVAILABLE}
    assert 55 < hosts.wait_s(archive.url) <= 60
    archive.well()
    assert not archive.log
    clock.advance(60)
    assert run(archive, clock=clock, hosts=hosts)[URL].outcome is Outcome.NOT_ARCHIVED


def test_an_outage_with_a_wish_is_obeyed(archive: FakeArchive) -> None:
    clock = FakeClock()
    archive.ill("503", retry_after=900)
    told = run(archive, many(5), clock=clock)
    assert {lookup.outcome for lookup in told.values()} == {Outcome.UNAVAILABLE}
    for lookup in told.values():
        assert in_s(lookup, clock) == pytest.approx(900, abs=10)
    assert archive.requests.total() <= 4


def test_a_host_that_somebody_else_was_asked_to_leave_alone_is_left_alone(
    archive: FakeArchive,
) -> None:
    clock = FakeClock()
    hosts = hosts_of(clock)
    hosts.back_off(archive.url, 500)
    lookup = run(archive, clock=clock, hosts=hosts)[URL]
    assert lookup.outcome is Outcome.RATE_LIMITED
    assert in_s(lookup, clock) == pytest.approx(500)
    assert not archive.log


def test_an_outage_is_not_asked_about_for_every_link(archive: FakeArchive) -> None:
    archive.ill("503")
    told = run(archive, many(50))
    assert {lookup.outcome for lookup in told.values()} == {Outcome.UNAVAILABLE}
    assert all(lookup.next_at for lookup in told.values())
    assert archive.requests.total() <= 24  # three strikes a service, with a second try each


# Pace and time


def test_ten_dead_links_are_asked_about_without_waiting_for_the_pace(
    archive: FakeArchive,
) -> None:
    clock = FakeClock()
    told = run(archive, many(10), clock=clock)
    assert {lookup.outcome for lookup in told.values()} == {Outcome.NOT_ARCHIVED}
    assert archive.requests == {"availability": 10, "cdx": 10, "playback": 40}
    assert clock.monotonic_s() < 10  # the host's interval


def test_the_budgets_of_requests_hold_and_what_remains_is_queued(archive: FakeArchive) -> None:
    clock = FakeClock()
    told = run(archive, many(50), clock=clock, budget_s=50)
    outcomes = [lookup.outcome for lookup in told.values()]
    assert outcomes.count(Outcome.NOT_ARCHIVED) in (14, 15)
    assert outcomes.count(Outcome.QUEUED) >= 34
    assert archive.requests["playback"] == 60
    assert archive.requests["availability"] <= 20
    assert archive.requests["cdx"] <= 24
    assert in_s(list(told.values())[-1], clock) <= 0


def test_with_time_enough_all_links_are_asked_about(archive: FakeArchive) -> None:
    clock = FakeClock()
    told = run(archive, many(50), clock=clock, budget_s=600)
    assert {lookup.outcome for lookup in told.values()} == {Outcome.NOT_ARCHIVED}
    assert 120 <= clock.monotonic_s() < 250


def test_a_hung_archive_cannot_outstay_the_budget(archive: FakeArchive) -> None:
    archive.ill("hung")
    started_s = time.monotonic()
    told = run(archive, many(5), budget_s=0.2, timeout_s=60)
    assert time.monotonic() - started_s < 10
    # The fake clock stands still while the archive hangs: each question gets the whole budget.
    assert {lookup.outcome for lookup in told.values()} == {Outcome.QUEUED}


def test_cancelled_it_ends_at_once(archive: FakeArchive) -> None:
    archive.ill("hung")
    told: list[str] = []

    async def found(url: str, lookup: Lookup) -> None:
        told.append(url)

    async def scenario() -> None:
        clock = FakeClock()
        task = asyncio.create_task(
            rescue(
                many(5),
                archives=archives(archive, timeout_s=60),
                hosts=hosts_of(clock),
                clock=clock,
                found=found,
                budget_s=300,
                paces=paces_of(archive, clock),
                keep=nothing,
            )
        )
        while not archive.log:  # noqa: ASYNC110  the archive lives in another thread
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    started_s = time.monotonic()
    asyncio.run(scenario())
    assert time.monotonic() - started_s < 10
    assert told == []


def test_at_most_two_requests_are_under_way(archive: FakeArchive) -> None:
    archive.ill("slow", seconds=0.1)
    started_s = time.monotonic()
    run(archive, many(4))
    assert time.monotonic() - started_s >= 0.4  # four links, two questions each, two at a time


def test_an_error_of_the_listener_is_the_callers(archive: FakeArchive) -> None:
    async def found(url: str, lookup: Lookup) -> None:
        raise OSError("disk full")

    async def scenario() -> None:
        clock = FakeClock()
        await rescue(
            many(5),
            archives=archives(archive),
            hosts=hosts_of(clock),
            clock=clock,
            found=found,
            budget_s=300,
            paces=paces_of(archive, clock),
            keep=nothing,
        )

    with pytest.raises(OSError, match="disk full"):
        asyncio.run(scenario())


def test_nothing_wanted_is_nothing_asked(archive: FakeArchive) -> None:
    assert run(archive, []) == {}
    assert not archive.log


# Private by default

PUBLIC = Archives(
    wayback_url="https://web.archive.org",
    availability_url="https://archive.org/wayback/available",
    user_agent="linkwatch-test",
)
HERE = Archives(
    wayback_url="http://127.0.0.1:8080",
    availability_url="http://127.0.0.1:8080/wayback/available",
    user_agent="linkwatch-test",
    allow_private=True,
)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://example.org/a", True),
        ("https://archive.org/details/x", True),
        ("https://example.org:8443/a?b=c", True),
        ("http://[2001:4860:4860::8888]/", True),
        ("https://web.archive.org/web/2020/https://example.org/", False),
        ("http://WEB.archive.org/web/2020/https://example.org/", False),
        ("https://archive.ph/AbCdE", False),
        ("https://archive.today/AbCdE", False),
        ("https://www.archive.is/AbCdE", False),
        ("https://perma.cc/AAAA-BBBB", False),
        ("https://notperma.cc/AAAA-BBBB", True),
        ("https://me:secret@example.org/", False),
        ("https://me@example.org/", False),
        ("http://127.0.0.1/", False),
        ("http://2130706433/", False),
        ("http://10.1.2.3:8080/x", False),
        ("http://[::1]/", False),
        ("http://localhost:3000/", False),
        ("http://printer.local/", False),
        ("http://wiki/Start", False),
        ("http://abcdef.onion/", False),
        ("ftp://example.org/", False),
        ("http://", False),
        ("https://exa mple.org/", False),
    ],
)
def test_archives_are_not_told_of_everything(url: str, asked: bool) -> None:
    assert (not_for_archives(url, PUBLIC) is None) is asked


@pytest.mark.parametrize(
    ("archives", "asked"),
    [
        (HERE, True),
        (PUBLIC, False),
        (
            Archives(
                wayback_url=PUBLIC.wayback_url,
                availability_url=HERE.availability_url,
                user_agent="x",
                allow_private=True,
            ),
            False,
        ),
        (
            Archives(
                wayback_url=HERE.wayback_url,
                availability_url=HERE.availability_url,
                user_agent="x",
                allow_private=False,
            ),
            False,
        ),
    ],
)
def test_only_a_private_archive_hears_of_private_links(archives: Archives, asked: bool) -> None:
    assert (not_for_archives("http://10.0.0.1/wiki", archives) is None) is asked


def test_what_is_not_asked_about_makes_no_request(archive: FakeArchive) -> None:
    lookup = run(archive, [want("https://me:secret@example.org/")])
    lookup |= run(archive, [want(f"{archive.url}/web/2020/https://example.org/")])
    assert {told.outcome for told in lookup.values()} == {Outcome.NOT_ASKED}
    assert all(told.asked_at is None and told.next_at is None for told in lookup.values())
    assert not archive.log


def test_the_archive_gets_the_url_as_a_browser_sends_it_without_fragment(
    archive: FakeArchive,
) -> None:
    archive.capture("https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe", "20200101000000")
    url = "https://bücher.example/größe#teil"
    assert run(archive, [want(url)])[url].outcome is Outcome.FOUND
    assert archive.log[0].query["url"] == "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe"


def test_an_archive_at_a_private_address_is_not_asked_unless_that_is_allowed(
    archive: FakeArchive,
) -> None:
    lookup = run(archive, allow_private=False)[URL]
    assert lookup.outcome is Outcome.UNAVAILABLE
    assert "not public" in lookup.detail
    assert not archive.log


# What answers add up to


def capture(stamp: str, status: int | None = 200) -> Capture:
    timestamp = datetime.fromisoformat(stamp).replace(tzinfo=UTC)
    return Capture(timestamp=timestamp, original=URL, status=status)


BEFORE, AFTER, TOO_LATE = capture("2020-01-01"), capture("2021-01-01"), capture("2026-01-02")
GONE = capture("2020-01-01", 404)
DOWN = ArchiveDown("down")


@pytest.mark.parametrize(
    ("near", "enough"),
    [
        (BEFORE, True),
        (AFTER, False),
        (GONE, False),
        (TOO_LATE, False),
        (None, False),
        (DOWN, False),
    ],
)
def test_only_a_good_copy_from_before_the_citation_spares_the_index(
    near: object, enough: bool
) -> None:
    assert settled(near, want()) is enough


@pytest.mark.parametrize(
    ("rows", "again"),
    [([], False), ([AFTER] * 50, False), ([AFTER] * 200, True), ([AFTER] * 199 + [BEFORE], False)],
)
def test_a_full_page_without_an_older_copy_is_asked_once_more(
    rows: list[Capture], again: bool
) -> None:
    assert crowded(rows, want()) is again
    assert crowded(DOWN, want()) is False


# One capture or one archive speaks for itself alone


@pytest.mark.parametrize(("illness", "tries"), [("503", 2), ("html", 1), ("404", 1)])
def test_a_capture_that_breaks_does_not_end_the_search(
    archive: FakeArchive, illness: Illness, tries: int
) -> None:
    archive.capture(URL, "20200610000000")
    archive.capture(URL, "20190610000000")
    archive.ill(illness, service="playback", times=tries)  # the best one alone
    lookup = run(archive)[URL]
    assert lookup.outcome is Outcome.FOUND
    assert lookup.snapshot
    assert lookup.snapshot.verified


def test_three_captures_that_break_end_no_other_search(archive: FakeArchive) -> None:
    other = "https://example.org/other"
    for month in ("03", "04", "05"):
        archive.capture(URL, f"2020{month}10000000")
    archive.capture("http://www.example.org/a", "20190610000000")
    archive.capture(other, "20200610000000")
    archive.ill("503", service="playback", times=6)  # the best three, twice each
    clock = FakeClock()
    paces = paces_of(archive, clock)
    first = run(archive, clock=clock, paces=paces)[URL]
    assert first.snapshot
    assert (first.snapshot.verified, first.snapshot.timestamp.year) == (True, 2019)
    second = run(archive, [want(other)], clock=clock, paces=paces)[other]
    assert second.snapshot
    assert second.snapshot.verified


def test_a_copy_that_could_not_be_reached_is_not_called_flawed(archive: FakeArchive) -> None:
    archive.capture(URL, "20200610000000", status=302, location="https://never.example/", body=b"")
    lookup = run(archive)[URL]
    assert lookup.outcome is Outcome.NO_GOOD_COPY
    assert lookup.flawed == ()


def test_what_another_archive_refuses_says_nothing_of_the_first(
    archive: FakeArchive, other_archive: FakeTimeMaps
) -> None:
    archive.capture(URL, "20200610000000")
    archive.ill("503")
    other_archive.ill("blocked")
    lookup = run(archive, timemaps=(other_archive.timemap_url,))[URL]
    assert lookup.outcome is Outcome.UNAVAILABLE


# What a person who watches is told


def test_what_is_waited_for_is_said_once_it_takes_long(
    archive: FakeArchive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waits: list[str] = []
    with caplog.at_level(logging.DEBUG, "linkwatch"):
        run(archive, waits=waits)
    assert waits == []
    services = [record.getMessage().split()[2] for record in caplog.records]
    assert services == [
        *("service=availability", "service=cdx"),
        *["service=playback"] * 4,
    ]
    monkeypatch.setattr(access, "_LONG_S", 0.01)
    archive.ill("hung")
    run(archive, waits=waits, timeout_s=0.2)
    # Once in ten seconds is enough, however many questions it lets us wait with.
    assert waits == ["waiting for 127.0.0.1 to answer (availability, 0 s at most)"]


def test_a_wait_for_a_place_in_the_budget_is_said(archive: FakeArchive) -> None:
    waits: list[str] = []
    run(archive, many(30), waits=waits)
    assert re.match(r"127.0.0.1 \(\w+\) has had its share of questions for this minute: ", waits[0])
