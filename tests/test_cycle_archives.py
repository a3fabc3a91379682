"""Whole cycles beside archives that are well, ill, hung or away; and the archive's commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from linkwatch.archiving import look_again, look_up
from linkwatch.cycle import run_cycle
from linkwatch.errors import LinkwatchError
from linkwatch.history.store import Store
from linkwatch.model import CheckResult, CitedFrom, Ending, Lookup, Outcome, SaveState, State
from linkwatch.publishing import ByHand, save_by_hand
from linkwatch.report.archives import again, answer, fate, overview
from linkwatch.report.explain import explain
from linkwatch.telling import archives_status_of, story_of
from linkwatch.watch import Silent
from linkwatch.wiring import ledger_of
from tests.fakes.archive import FakeTimeMaps, Illness, Saving
from tests.fakes.web import NEVER, Reply
from tests.world import World

GONE = Reply(status=404, body=b"<title>No</title>")
PARKED = b"<title>example.org is for sale</title><p>Buy this domain. Make an offer."


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


def dead(world: World, *paths: str) -> list[str]:
    """Dead links, each in a line of a note of its own."""
    urls = [world.web.page("gone.example", path, GONE) for path in paths]
    world.note("a.md", "\n\n".join(urls))
    return urls


def lookup(world: World, url: str) -> Lookup:
    return world.links[url].lookup


def test_the_report_offers_a_copy_that_was_opened_and_passes_over_those_that_will_not_do(
    world: World,
) -> None:
    (url,) = dead(world, "/a")
    world.archive.capture(url, "20240101000000")
    world.archive.capture(url, "20250601000000", body=PARKED)
    world.archive.capture(url, "20251201000000", status=404)
    world.check()
    found = lookup(world, url)
    assert found.snapshot
    assert (found.snapshot.timestamp.year, found.snapshot.verified) == (2024, True)
    assert "Verified copies: 1 of 1 dead link, 1 of all 1." in world.report
    assert "[Archived copy of 2024-01-01]" in world.report
    asked = world.archive.requests.total()
    world.pass_days(8)
    world.check()
    assert world.archive.requests.total() == asked  # what was found and opened is for good


def test_asked_again_it_still_says_why_no_copy_will_do(world: World) -> None:
    (url,) = dead(world, "/a")
    world.archive.capture(url, "20250601000000", body=PARKED)
    world.archive.capture(url, "20240601000000", status=200, body=b" ")
    world.check()
    why = "None of the copies will do; of the closest, it says that the domain is for sale."
    assert (lookup(world, url).outcome, lookup(world, url).detail) == (Outcome.NO_GOOD_COPY, why)
    opened = world.archive.requests["playback"]
    world.pass_days(31)
    world.check()
    again = lookup(world, url)
    assert again.asked_at
    assert again.asked_at.day == world.clock.utc_now().day
    assert (again.outcome, again.detail) == (Outcome.NO_GOOD_COPY, why)
    assert world.archive.requests["playback"] - opened <= 1  # none of them is opened again


ILL: list[Illness] = ["429", "503", "502", "404", "html", "empty", "truncated", "refused"]


@pytest.mark.parametrize("illness", ILL)
def test_while_an_archive_is_ill_nothing_is_lost_or_believed_and_the_report_says_so(
    world: World, illness: Illness
) -> None:
    kept, new = dead(world, "/a", "/b")
    world.archive.capture(kept, "20240101000000")
    world.check(world.folder / "notes")
    assert lookup(world, kept).outcome is Outcome.FOUND
    assert lookup(world, new).outcome is Outcome.NOT_ARCHIVED
    world.archive.ill(illness)
    world.pass_days(7.5)
    world.check()
    assert lookup(world, kept).outcome is Outcome.FOUND
    unsure = lookup(world, new)
    assert unsure.outcome in (Outcome.RATE_LIMITED, Outcome.UNAVAILABLE, Outcome.MALFORMED)
    assert unsure.next_at
    assert (
        "About 1 dead link no archive could be asked yet; the next try is after 20" in world.report
    )
    # Well again, it is asked as soon as it may be, though the link itself is not due for days.
    world.archive.well()
    world.archive.capture(new, "20240101000000")
    world.pass_days((unsure.next_at - world.clock.utc_now()) / timedelta(days=1))
    assert world.check().checked == 0
    assert lookup(world, new).outcome is Outcome.FOUND
    assert "no archive could be asked" not in world.report


def test_an_outage_as_a_whole_is_survived(world: World) -> None:
    urls = dead(world, *(f"/{number}" for number in range(12)))
    world.archive.outage()
    world.check()
    assert {lookup(world, url).outcome for url in urls} == {Outcome.UNAVAILABLE}
    assert world.archive.requests.total() <= 24
    world.archive.well()
    world.pass_days(1)
    world.check()
    assert {lookup(world, url).outcome for url in urls} == {Outcome.NOT_ARCHIVED}


def test_budgets_and_stops_hold_from_one_check_to_the_next(world: World) -> None:
    dead(world, *(f"/{number}" for number in range(30)))
    for _ in range(3):
        world.check()
    assert world.archive.most_in_a_minute("availability") <= 20
    assert world.archive.most_in_a_minute("cdx") <= 24
    assert not world.archive.over_budget()
    world.archive.ill("429", retry_after=7200)
    world.note("b.md", world.web.page("gone.example", "/new", GONE))
    world.pass_days(0.1)
    world.check()
    asked = world.archive.requests.total()
    world.pass_days(0.05)
    world.note("c.md", world.web.page("gone.example", "/newer", GONE))
    world.check()
    assert world.archive.requests.total() == asked


def test_a_hung_archive_holds_up_neither_the_report_nor_the_end(world: World) -> None:
    (url,) = dead(world, "/a")
    world.archive.ill("hung")
    config = world.config

    async def scenario() -> None:
        cycle = run_cycle(
            config,
            cwd=world.folder,
            clock=world.clock,
            progress=Silent(),
            nameservers=world.dns.nameservers,
        )
        task = asyncio.create_task(cycle)
        while not world.archive.log:  # noqa: ASYNC110 - the archive lives in another thread
            await asyncio.sleep(0.005)
        report = (world.folder / "data" / "report.md").read_text("utf-8")
        assert "**1 link in 1 note: 1 dead.**" in report
        assert "The archive was not asked yet; the next check asks it." in report
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    started_s = time.monotonic()
    asyncio.run(scenario())
    assert time.monotonic() - started_s < 10
    with Store(config.database) as store:
        last = ledger_of(store, config).cycle
    assert last
    assert last.ending is Ending.FINISHED  # it was over before the archive was asked
    left = lookup(world, url)
    assert (left.outcome, left.asked_at) == (Outcome.QUEUED, None)
    assert left.next_at is not None
    world.archive.well()
    world.check()
    assert lookup(world, url).outcome is Outcome.NOT_ARCHIVED


class Saved(Silent):
    """Knows when some checks are on disk."""

    def __init__(self, *urls: str) -> None:
        self.open = {*urls}
        self.done = asyncio.Event()

    def saved(self, results: Sequence[CheckResult]) -> None:
        self.open -= {result.url for result in results}
        if not self.open:
            self.done.set()


def test_a_cycle_that_is_stopped_before_its_rescue_leaves_the_question_open(world: World) -> None:
    (url,) = dead(world, "/a")
    private = world.web.page("wiki.lan", "/", GONE)
    world.note("b.md", f"{private} {world.web.page('slow.example', '/', NEVER)}")
    public = {"wayback_url": "https://web.archive.org"}  # it is not reached
    world.configure(verdict={"dead_after": {"failures": 1, "days": 0}}, archive=public)
    config = world.config

    async def scenario() -> None:
        watch = Saved(url, private)
        cycle = run_cycle(
            config,
            cwd=world.folder,
            clock=world.clock,
            progress=watch,
            nameservers=world.dns.nameservers,
        )
        task = asyncio.create_task(cycle)
        await watch.done.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert world.states([url, private]) == [State.DEAD, State.DEAD]
    assert lookup(world, url).outcome is Outcome.QUEUED
    assert lookup(world, private).outcome is Outcome.NOT_ASKED  # nor will it be


def test_a_dead_link_that_may_be_a_key_is_told_to_no_archive_and_the_report_says_why(
    world: World,
) -> None:
    (url,) = dead(world, "/reset/8f14e45fceea?token=abcdef")
    world.configure(archive={"wayback_url": "https://web.archive.org"})  # it is not asked
    world.check()
    found = lookup(world, url)
    why = "What follows /reset/ in its path may be a key."
    assert (found.outcome, found.detail, found.next_at) == (Outcome.NOT_ASKED, why, None)
    assert f"No archive was asked. {why}" in world.report.replace("\\", "")
    assert not world.archive.log
    world.configure(archive={"wayback_url": world.archive.url})  # an archive of one's own
    world.check()
    assert lookup(world, url).outcome is Outcome.NOT_ARCHIVED


def test_a_better_date_of_the_citation_starts_a_new_search(world: World) -> None:
    (url,) = dead(world, "/a")
    for taken in (2018, 2020, 2025):
        world.archive.capture(url, f"{taken}0101000000")
    world.check()

    def year() -> int:
        copy = lookup(world, url).snapshot
        assert copy
        return copy.timestamp.year

    assert (year(), lookup(world, url).cited_from) == (2025, CitedFrom.FIRST_SEEN)
    world.note("a.md", f"---\ncreated: 2020-06-01\n---\n\n{url}")
    world.archive.ill("503")
    world.pass_days(1)
    world.check()
    assert year() == 2025  # nothing is lost
    asked = world.archive.requests.total()
    world.check()
    assert world.archive.requests.total() == asked  # nor is an ill archive asked each time
    world.archive.well()
    world.pass_days(0.1)
    world.check()
    assert (year(), lookup(world, url).cited_from) == (2020, CitedFrom.FRONT_MATTER)
    world.note("a.md", f"---\ncreated: 2020-06-01\n---\n\n{url} (accessed 2018-03-04)")
    world.pass_days(1)
    world.check()
    assert (year(), lookup(world, url).cited_from) == (2018, CitedFrom.ACCESSED)
    asked = world.archive.requests.total()
    world.note("a.md", f"{url}")  # a date that goes away is no better one
    world.pass_days(1)
    world.check()
    assert world.archive.requests.total() == asked
    assert year() == 2018


def test_another_archive_is_asked_if_the_configuration_names_it(world: World) -> None:
    (url,) = dead(world, "/a")
    with FakeTimeMaps(clock=world.clock) as other:
        other.memento(url, "20240101000000")
        world.configure(archive={"timemaps": [other.timemap_url]})
        world.check()
        found = lookup(world, url)
        assert found.snapshot
        assert found.snapshot.url.startswith(other.url)


# By hand


def find(world: World, url: str, at: str | None = None) -> list[str]:
    found = look_up(
        world.config,
        url,
        None if at is None else world.clock.utc_now().fromisoformat(f"{at}T00:00:00+00:00"),
        clock=world.clock,
        progress=Silent(),
        nameservers=world.dns.nameservers,
    )
    return list(answer(asyncio.run(found)))


def verify(world: World, *urls: str) -> list[str]:
    told = look_again(
        world.config,
        urls,
        clock=world.clock,
        progress=Silent(),
        nameservers=world.dns.nameservers,
    )
    return [again(before, lookup) for before, lookup in asyncio.run(told)]


def test_any_link_can_be_looked_for_by_hand(world: World) -> None:
    alive = world.web.page("well.example", "/", Reply(body=b"<title>Well</title>"))
    world.note("a.md", alive)
    world.check()
    assert not world.archive.log  # a living link is no archive's business
    assert find(world, alive)[0] == "Not archived."  # nobody asks again while it lives
    assert "  archive     Not archived.\n" in explain(story_of(world.config, alive))
    world.archive.capture(alive, "20240101000000")
    world.archive.capture(alive, "20250101000000")
    shown, day = find(world, alive)
    assert shown == f"{world.archive.url}/web/20250101000000/{alive}"
    assert day.endswith("it was opened, and shows the page.")
    assert "after the note took the link (" not in day
    assert "before the note took the link (" in day
    shown, day = find(world, alive, "2024-06-01")
    assert f"/web/20240101000000/{alive}" in shown
    assert day.startswith("2024-01-01, 5 months before the day that you asked for (2024-06-01); ")
    assert ", of the day that you asked for (2024-01-01); " in find(world, alive, "2024-01-01")[1]
    never = "https://never.example/archived"
    world.archive.capture(never, "20240105000000")
    assert ", 2 years before today, as no note has taken it (2026-01-05); " in find(world, never)[1]
    assert world.links[alive].kept_by == ("127.0.0.1",)
    assert "Not archived" in find(world, "https://never.example/noted")[0]
    assert len(world.links) == 1


def test_a_link_that_was_looked_for_while_it_lived_is_asked_about_when_it_dies(
    world: World,
) -> None:
    url = world.web.page("site.example", "/", Reply(body=b"<title>Well</title>"))
    world.note("a.md", url)
    world.check()
    assert find(world, url) == [
        "Not archived.",
        "No archive that was asked has a copy of this page.",
    ]
    world.archive.capture(url, "20250101000000")
    world.configure(verdict={"dead_after": {"failures": 1, "days": 0}})
    world.web.page("site.example", "/", GONE)
    world.pass_days(1)
    world.check(everything=True)
    assert (world.state(url), lookup(world, url).outcome) == (State.DEAD, Outcome.FOUND)
    (gone,) = dead(world, "/a")
    world.check()
    world.configure(archive={"timemaps": []})
    assert find(world, gone)[0].startswith("Not archived; it will be asked again after 2026-01-13")


def test_copies_that_reports_offer_can_be_opened_again(world: World) -> None:
    first, second = dead(world, "/a", "/b")
    for url in (first, second):
        world.archive.capture(url, "20240101000000")
        world.archive.capture(url, "20230101000000")
    world.check()
    assert len(verify(world, first, first, f"{first}#part")) == 1
    assert [line.partition(": http")[0] for line in verify(world)] == [
        f"{first}: still good",
        f"{second}: still good",
    ]
    world.archive.block(first)
    assert all("The archive does not show this site" in line for line in verify(world, first))
    world.archive.ill("503")
    assert f"{second}: it could not be opened: " in verify(world, second)[0]
    assert world.links[second].kept_by == ("127.0.0.1",)  # an ill archive takes nothing away
    assert world.links[first].kept_by == ()
    assert lookup(world, first).outcome is Outcome.EXCLUDED
    with pytest.raises(LinkwatchError, match="no copy"):
        verify(world, "https://never.example/noted")


def test_a_copy_from_after_the_failure_is_opened_again_too(world: World) -> None:
    (url,) = dead(world, "/a")
    world.archive.capture(url, "20240101000000")
    world.check()
    world.archive.capture(url, "20260106000000")
    world.pass_days(3)
    with Store(world.config.database) as store, store.writing() as connection:
        connection.execute(  # as if it had been found while the link lived for a day
            "update snapshots set timestamp = '2026-01-06T00:00:00.000Z',"
            " url = replace(url, '20240101', '20260106')"
        )
    assert verify(world) == [f"{url}: still good: {world.archive.url}/web/20260106000000/{url}"]


def test_a_copy_that_does_not_hold_any_more_gives_way(world: World) -> None:
    (url,) = dead(world, "/a")
    world.archive.capture(url, "20240101000000")
    world.check()
    with Store(world.config.database) as store, store.writing() as connection:
        connection.execute(  # as if it had shown the page when it was opened first
            "update snapshots set timestamp = '2024-06-01T00:00:00.000Z',"
            " url = replace(url, '20240101', '20240601')"
        )
    assert f"{url}: another copy: " in verify(world, url)[0]
    found = lookup(world, url)
    assert found.snapshot
    assert found.snapshot.timestamp.month == 1


def save(world: World, *urls: str, everything: bool = False) -> ByHand:
    return asyncio.run(
        save_by_hand(
            world.config,
            urls,
            everything=everything,
            clock=world.clock,
            progress=Silent(),
            nameservers=world.dns.nameservers,
        )
    )


def test_pages_can_be_saved_by_hand_whatever_the_setting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = world.web.page("well.example", "/", Reply(body=b"<title>Well</title>"))
    keyed = world.web.page("well.example", "/x?token=1", Reply(body=b"<title>Well</title>"))
    (gone,) = dead(world, "/a")
    world.note("b.md", f"{well} {keyed}")
    world.check()
    with pytest.raises(LinkwatchError, match="IA_ACCESS_KEY_ID and IA_SECRET_ACCESS_KEY"):
        save(world, well)
    assert "save" not in world.archive.requests
    for name in ("IA_ACCESS_KEY_ID", "IA_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a-key")
    never = "https://never.example/noted"
    told = save(world, keyed, gone, f"{well}#part", never, well)
    assert told.queue.counts[SaveState.DONE] == 1
    assert world.links[well].kept_by == ("127.0.0.1",)
    copy = world.links[well].lookup.snapshot
    assert copy is not None
    assert [fate(one) for one in told.fates] == [
        f"{keyed}: not saved. Its query has a value named 'token', which may be a key.",
        f"{gone}: not saved. It is dead: there is nothing to save.",
        f"{well}: saved: {copy.url}",
        f"{never}: not saved. No note has mentioned it.",
    ]
    assert [one.unsaved for one in told.fates] == [True, True, False, True]
    assert [form["url"] for form in world.archive.forms] == [well]
    screen = overview(archives_status_of(world.config, now=world.clock.utc_now()))
    assert "save          none (archive.save)\n              1 done\n" in screen
    assert "saving      done (asked), submitted 2026-01-05" in explain(story_of(world.config, well))
    other = world.web.page("well.example", "/new", Reply(body=b"<title>Well</title>"))
    world.note("c.md", other)
    world.check()
    assert save(world, everything=True).queue.counts[SaveState.DONE] == 2
    assert [form["url"] for form in world.archive.forms] == [well, other]  # a copy is enough


@pytest.fixture
def keys(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IA_ACCESS_KEY_ID", "IA_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a-key")


def fates(world: World, *urls: str) -> list[tuple[str, bool]]:
    """What is told of each, without its address."""
    told = save(world, *urls).fates
    assert [one.url for one in told] == list(urls)
    return [(fate(one).removeprefix(f"{one.url}: "), one.unsaved) for one in told]


@pytest.mark.usefixtures("keys")
def test_what_is_on_its_way_into_the_archive_is_told_from_what_is_not(world: World) -> None:
    urls = [
        world.web.page("well.example", f"/{i}", Reply(body=b"<title>Well</title>")) for i in "abcd"
    ]
    world.note("a.md", " ".join(urls))
    world.check()
    outcomes: list[Saving] = ["later", "pending", "refused", "refused"]
    for url, outcome in zip(urls, outcomes, strict=True):
        code = "celery" if url == urls[2] else "blocked-url"
        world.archive.saving(url, outcome, status_ext=f"error:{code}", times=1)
    goes_on = "`linkwatch archive save` goes on with it after 2026-01-0"
    later, pending, failed, blocked = fates(world, *urls)
    assert later[0].startswith(f"on its way. It was submitted. {goes_on}")
    assert pending[0].startswith("on its way. It was submitted")
    assert failed[0].startswith(
        f"on its way. It waits for its turn. The archive could not save it (celery). {goes_on}"
    )
    assert blocked[0] == "not saved. The archive keeps this address out of Save Page Now."
    assert [unsaved for _, unsaved in (later, pending, failed, blocked)] == [
        False,
        False,
        False,
        True,
    ]
    # What is under way is no reason to say no, nor to submit it again.
    again = fates(world, urls[0])
    assert again[0][0].startswith("on its way. It was submitted.")
    assert [form["url"] for form in world.archive.forms].count(urls[0]) == 1


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("illness", "words"),
    [
        ("503", "The archive answered with status 503."),
        ("refused", "The archive could not be asked: "),
        ("429", "The archive says: too many requests."),
        ("401", "The archive does not know the keys in IA_ACCESS_KEY_ID and IA_SECRET_ACCESS_KEY"),
    ],
)
def test_what_can_not_even_be_submitted_is_not_saved_and_says_why(
    world: World, illness: Illness, words: str
) -> None:
    urls = [
        world.web.page("well.example", f"/{i}", Reply(body=b"<title>Well</title>")) for i in "ab"
    ]
    world.note("a.md", " ".join(urls))
    world.check()
    world.archive.ill(illness)
    for told, unsaved in fates(world, *urls):
        assert told.startswith(f"not saved. {words}")
        assert told.endswith(" It stays queued.")
        assert unsaved
    assert save(world).stopped.startswith(words)


def test_one_screen_tells_who_keeps_what_and_what_was_asked(world: World) -> None:
    first, _ = dead(world, "/a", "/b")
    world.archive.capture(first, "20240101000000")
    world.check()
    told = overview(archives_status_of(world.config, now=world.clock.utc_now()))
    assert "verified      copies of 1 of 2 dead links, 1 of all\n" in told
    assert "127.0.0.1: 1 link\n" in told
    assert "dead links    1 found\n" in told
    assert "dead links    1 not_archived\n" in told
    assert "availability: 2 of 20 requests in the last minute\n" in told
    world.archive.ill("429", retry_after=3600)
    world.pass_days(8)
    world.check()
    told = overview(archives_status_of(world.config, now=world.clock.utc_now()))
    assert "left alone    127.0.0.1 until 2026-01-13 05:00 UTC: the archive says: too many" in told
