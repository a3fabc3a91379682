"""Whole cycles, week after week, in a world of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkwatch.errors import BusyError, NotesError, ReportError
from linkwatch.history.store import Store, one_at_a_time
from linkwatch.model import Outcome, Reason, State
from linkwatch.watch import Silent
from tests.fakes.web import NEVER, Reply
from tests.world import World

GONE = Reply(status=404, body=b"<title>Not found</title>")
WALL = Reply(status=403)
DOWN = Reply(status=503)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


def test_a_first_run_over_an_old_vault_tells_the_dead_from_the_living(world: World) -> None:
    alive = world.web.page("alive.example", "/", Reply())
    missing = world.web.page("alive.example", "/missing", GONE)
    moved = world.web.page("old.example", "/a", Reply(status=301, headers=[("Location", "/b")]))
    world.web.page("old.example", "/b", Reply())
    walled = world.web.page("shop.example", "/", WALL)
    nowhere = "http://nowhere.invalid/x"
    world.note("a.md", f"{alive}\n{missing}\n{moved}\n{walled}\n{nowhere}\n")

    result = world.check()

    assert world.states([alive, missing, moved, walled, nowhere]) == [
        State.ALIVE,
        State.DEAD,
        State.MOVED,
        State.BLOCKED,
        State.DEAD,
    ]
    assert world.links[moved].final_url == world.web.url("old.example", "/b")
    assert world.links[nowhere].verdict.reason is Reason.DNS
    assert (result.checked, result.dead, result.void) == (5, 2, None)
    assert world.web.asked("alive.example", "/missing") == 2  # asked twice before it is called dead


def test_a_link_that_was_alive_dies_only_after_days_of_failing(world: World) -> None:
    page = world.web.page("site.example", "/page", Reply())
    world.note("a.md", page)
    world.check()
    world.web.page("site.example", "/page", GONE)
    world.pass_days(7)

    seen = []
    for _ in range(5):
        world.check()
        seen.append(world.state(page))
        world.pass_days(1)

    assert seen == [State.SUSPECT, State.SUSPECT, State.SUSPECT, State.DEAD, State.DEAD]
    assert world.links[page].verdict.since == world.links[page].first_seen.replace(day=12)


def test_one_bad_night_is_never_a_death(world: World) -> None:
    pages = [world.web.page(f"s{i}.example", "/", Reply()) for i in range(4)]
    world.note("a.md", "\n".join(pages))
    world.check()
    world.web.page("s0.example", "/", DOWN)
    world.pass_days(7)
    world.check()
    assert world.state(pages[0]) is State.SUSPECT

    world.web.page("s0.example", "/", Reply())
    world.live(1)

    assert world.state(pages[0]) is State.ALIVE
    assert "s0.example" in world.report.split("## Dead")[0]  # news: it lives again


def test_without_a_network_nothing_is_called_dead(world: World) -> None:
    pages = [world.web.page(f"s{i}.example", "/", Reply()) for i in range(4)]
    world.note("a.md", "\n".join([*pages, "http://nowhere.invalid/"]))
    world.dns.down = True

    result = world.check()

    assert result.void is not None
    assert set(world.states(pages)) == {State.UNCHECKED}
    assert "does not count" in world.report
    world.dns.down = False
    assert world.check().checked == 5  # they stayed due
    assert set(world.states(pages)) == {State.ALIVE}


def test_when_the_network_goes_down_later_verdicts_stay_as_they_were(world: World) -> None:
    pages = [world.web.page(f"s{i}.example", "/", Reply()) for i in range(6)]
    world.note("a.md", "\n".join(pages))
    world.check()
    for i in range(4):
        world.dns.gone.add(f"s{i}.example")  # a broken name server that denies most names
    world.pass_days(7)

    result = world.check()

    assert "4 of the 6 hosts" in (result.void or "")
    assert set(world.states(pages)) == {State.ALIVE}


def test_failing_links_that_are_due_alone_can_die_when_others_still_answer(world: World) -> None:
    alive = [world.web.page(f"s{i}.example", "/", Reply()) for i in range(4)]
    lapsed = [world.web.page(f"d{i}.example", "/", Reply()) for i in range(3)]
    world.note("a.md", "\n".join([*alive, *lapsed]))
    world.check()
    world.dns.gone.update(f"d{i}.example" for i in range(3))
    world.pass_days(7)
    world.check()
    assert set(world.states(lapsed)) == {State.SUSPECT}

    assert world.live(1).void is None  # of the others, a few were asked to make sure
    world.live(2)

    assert set(world.states(lapsed)) == {State.DEAD}
    assert set(world.states(alive)) == {State.ALIVE}


def test_a_failing_link_that_is_due_alone_does_not_die_of_our_own_outage(world: World) -> None:
    alive = [world.web.page(f"s{i}.example", "/", Reply()) for i in range(4)]
    failing = world.web.page("d.example", "/", Reply())
    world.note("a.md", "\n".join([*alive, failing]))
    world.check()
    world.web.page("d.example", "/", DOWN)
    world.pass_days(7)
    world.check()
    assert world.state(failing) is State.SUSPECT

    world.dns.gone.update(["d.example", *(f"s{i}.example" for i in range(4))])
    for _ in range(5):
        assert world.live(1).void

    assert world.state(failing) is State.SUSPECT


def test_a_captive_portal_is_not_believed(world: World) -> None:
    pages = [world.web.page(f"s{i}.example", "/", Reply()) for i in range(4)]
    world.note("a.md", "\n".join(pages))
    world.check()
    portal = world.web.page("login.hotel.test", "/welcome", Reply())
    for i in range(4):
        to = [("Location", f"{portal}?from={i}")]
        world.web.page(f"s{i}.example", "/", Reply(status=302, headers=to))
    world.pass_days(7)

    assert "one and the same page" in (world.check().void or "")


def test_a_dead_link_gets_its_archived_copy(world: World) -> None:
    page = world.web.page("site.example", "/page", GONE)
    alive = world.web.page("site.example", "/", Reply())
    world.archive.capture(page, "20240102030405")
    world.archive.capture(page, "20251002030405", status=404)
    world.note("a.md", f"{page}\n{alive}")

    world.check()

    link = world.links[page]
    assert link.lookup.outcome is Outcome.FOUND
    assert link.lookup.snapshot is not None
    assert link.lookup.snapshot.url == f"{world.archive.url}/web/20240102030405/{page}"
    assert "20240102030405" in world.report
    assert world.links[alive].lookup.outcome is Outcome.NOT_ASKED


def test_an_ill_archive_never_says_that_there_is_no_copy(world: World) -> None:
    page = world.web.page("site.example", "/page", GONE)
    world.archive.capture(page, "20240102030405")
    world.archive.ill("429")
    world.note("a.md", page)

    world.check()
    assert world.links[page].lookup.outcome is Outcome.RATE_LIMITED

    world.archive.well()
    world.pass_days(1)
    world.check()  # nothing is due, but the answer is still wanted
    assert world.links[page].lookup.outcome is Outcome.FOUND


def test_archives_are_not_asked_when_the_configuration_says_so(world: World) -> None:
    page = world.web.page("site.example", "/page", GONE)
    world.note("a.md", page)
    world.configure(archive={"enabled": False})
    world.check()
    assert not world.archive.requests


def test_what_is_not_due_is_not_asked(world: World) -> None:
    page = world.web.page("site.example", "/", Reply())
    world.note("a.md", page)
    world.check()
    assert world.check().checked == 0
    world.pass_days(6)
    assert world.check().checked == 0
    world.pass_days(0.9)  # a weekly cron that is a little early
    assert world.check().checked == 1
    assert world.check(everything=True).checked == 1


def test_a_path_checks_only_what_is_below_it(world: World) -> None:
    a = world.web.page("a.example", "/", Reply())
    b = world.web.page("b.example", "/", GONE)
    world.note("a/a.md", a)
    world.note("b/b.md", b)

    result = world.check(Path("notes/a"))

    assert (result.checked, result.dead) == (1, 0)
    assert set(world.links) == {a}
    world.check()
    assert world.check(Path("notes/a")).dead == 0
    assert world.check(Path("notes/b/b.md")).dead == 1
    assert {m.file for link in world.links.values() for m in link.mentions} == {
        "a/a.md",
        "b/b.md",
    }


def test_a_note_outside_the_vault_is_watched_until_the_next_whole_check(
    world: World, tmp_path: Path
) -> None:
    inside = world.web.page("a.example", "/", Reply())
    outside = world.web.page("b.example", "/", Reply())
    world.note("a.md", inside)
    (tmp_path / "loose.txt").write_text(outside)
    world.check()
    world.check(tmp_path / "loose.txt")
    assert set(world.links) == {inside, outside}
    world.check()
    assert set(world.links) == {inside}


def test_a_link_that_leaves_the_notes_keeps_its_history_and_resumes(world: World) -> None:
    page = world.web.page("site.example", "/page", GONE)
    other = world.web.page("site.example", "/", Reply())
    world.note("a.md", f"{page} {other}")
    world.check()
    world.note("a.md", f"{other} and nothing else")
    world.check()
    assert set(world.links) == {other}
    assert "site.example" in world.report.split("## Dead")[0]  # news: no note names it any more

    world.note("a.md", f"{page} {other}")
    world.check()
    assert world.state(page) is State.DEAD
    assert world.links[page].checks == 1


def test_missing_notes_are_an_error_and_remove_nothing(world: World) -> None:
    page = world.web.page("site.example", "/", Reply())
    note = world.note("a.md", page)
    world.check()
    note.rename(world.folder / "elsewhere.md")
    with pytest.raises(NotesError, match="no notes"):
        world.check()
    (world.folder / "notes").rmdir()
    with pytest.raises(NotesError, match="no such file"):
        world.check()
    assert set(world.links) == {page}


def test_the_report_is_no_note_even_in_the_vault(world: World) -> None:
    page = world.web.page("site.example", "/page", GONE)
    world.archive.capture(page, "20240102030405")
    world.note("a.md", page)
    world.configure(report={"path": "notes/report.md"})
    world.check()
    assert (world.folder / "notes" / "report.md").exists()
    assert world.check().checked == 0
    assert world.ledger.notes == 1
    assert set(world.links) == {page}


def test_a_silent_host_costs_one_timeout_and_makes_its_links_suspect(world: World) -> None:
    world.configure(check={"timeout": "300ms"})
    silent = [world.web.page("silent.example", f"/{i}", NEVER) for i in range(20)]
    alive = world.web.page("alive.example", "/", Reply())
    world.note("a.md", "\n".join([*silent, alive]))

    world.check()

    assert set(world.states(silent)) == {State.SUSPECT}
    assert world.web.asked("silent.example") <= 2
    asked = [url for url in silent if world.links[url].checks]
    assert len(asked) == 1


def test_retry_after_binds_the_host_across_cycles_even_with_all(world: World) -> None:
    later = Reply(status=429, headers=[("Retry-After", "7200")])
    pages = [world.web.page("busy.example", f"/{i}", later) for i in range(5)]
    alive = world.web.page("alive.example", "/", Reply())
    world.note("a.md", "\n".join([*pages, alive]))

    result = world.check()

    assert world.web.asked("busy.example") == 1
    assert result.postponed == 4
    asked = [url for url in pages if world.links[url].checks]
    assert world.links[asked[0]].verdict.reason is Reason.RATE_LIMITED
    world.check(everything=True)
    assert world.web.asked("busy.example") == 1
    world.pass_days(0.1)
    world.check(everything=True)
    assert world.web.asked("busy.example") == 2


def test_a_changed_policy_judges_all_history_without_a_request(world: World) -> None:
    page = world.web.page("site.example", "/page", Reply())
    world.note("a.md", page)
    world.check()
    world.web.page("site.example", "/page", GONE)
    world.pass_days(7)
    world.check()
    assert world.state(page) is State.SUSPECT
    asked = len(world.web.requests)

    world.configure(verdict={"dead_after": {"failures": 1, "days": 0}})
    world.check()

    assert world.state(page) is State.DEAD
    assert len(world.web.requests) == asked


def test_excluded_and_private_links_are_skipped_with_their_reason(world: World) -> None:
    world.configure(
        notes={"exclude_urls": ["^https?://ads\\."]}, check={"allow_private_networks": False}
    )
    urls = ["http://ads.example/", "http://192.168.1.1/", "http://localhost:9/", "http://x.onion/"]
    world.note("a.md", "\n".join(urls))
    world.check()
    assert [world.links[url].verdict.reason for url in urls] == [
        Reason.EXCLUDED,
        Reason.PRIVATE_ADDRESS,
        Reason.PRIVATE_ADDRESS,
        Reason.SPECIAL_NAME,
    ]
    assert not world.web.requests


def test_a_second_cycle_at_the_same_time_is_refused_with_a_sentence(world: World) -> None:
    world.note("a.md", world.web.page("site.example", "/", Reply()))
    with (
        one_at_a_time(world.config.database),
        pytest.raises(BusyError, match="Another linkwatch"),
    ):
        world.check()
    assert world.check().checked == 1


def test_cancelling_keeps_what_was_done_and_the_next_cycle_goes_on(world: World) -> None:
    from linkwatch.cycle import run_cycle

    done = [world.web.page(f"s{i}.example", "/", Reply()) for i in range(5)]
    world.configure(check={"timeout": "20s"})
    slow = world.web.page("slow.example", "/", NEVER)
    world.note("a.md", "\n".join([*done, slow]))

    async def interrupted() -> None:
        cycle = asyncio.create_task(
            run_cycle(
                world.config,
                cwd=world.folder,
                clock=world.clock,
                progress=Silent(),
                nameservers=world.dns.nameservers,
            )
        )
        while len(world.web.requests) < 6:  # noqa: ASYNC110 - the web lives in another thread
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        cycle.cancel()
        async with asyncio.timeout(2):
            with pytest.raises(asyncio.CancelledError):
                await cycle

    asyncio.run(interrupted())
    assert set(world.states(done)) == {State.ALIVE}
    assert world.state(slow) is State.UNCHECKED
    world.configure(check={"timeout": "300ms"})
    assert world.check().checked == 1


def test_a_report_that_cannot_be_written_does_not_lose_the_checks(world: World) -> None:
    page = world.web.page("site.example", "/", Reply())
    world.note("a.md", page)
    (world.folder / "file").write_text("in the way")
    world.configure(report={"path": "file/report.md"})
    with pytest.raises(ReportError):
        world.check()
    assert world.state(page) is State.ALIVE


def test_unreadable_notes_are_named_and_keep_their_mentions(world: World) -> None:
    page = world.web.page("site.example", "/", Reply())
    note = world.note("a.md", page)
    world.note("b.md", "no links")
    world.check()
    note.unlink()
    note.symlink_to("a.md")  # a loop: it can't be read, whoever asks

    world.check()

    assert world.ledger.notes == 2
    assert set(world.links) == {page}


def test_the_same_history_gives_the_same_report(world: World) -> None:
    page = world.web.page("site.example", "/", GONE)
    world.note("a.md", page)
    world.check()
    first = world.report
    from linkwatch.report.markdown import render_markdown
    from linkwatch.wiring import ledger_of

    world.pass_days(30)
    with Store(world.config.database) as store:
        again = render_markdown(
            ledger_of(store, world.config), report_dir=world.config.report_path.parent
        )
    assert again == first


def test_offline_with_one_link_a_denied_name_is_suspect_and_no_more(world: World) -> None:
    world.note("a.md", "http://one.invalid/ http://two.invalid/")
    world.check()
    states = {link.verdict.state for link in world.links.values()}
    assert states == {State.SUSPECT}


def test_a_note_is_never_written_over_by_the_report(world: World) -> None:
    page = world.web.page("site.example", "/", Reply())
    note = world.note("a.md", page)
    world.configure(report={"path": "notes/a.md"})
    with pytest.raises(ReportError, match="left as it is"):
        world.check()
    assert note.read_text() == page
    assert not world.web.requests


def test_a_note_is_one_note_however_it_was_named(world: World, tmp_path: Path) -> None:
    page = world.web.page("a.example", "/", Reply())
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "loose.md").write_text(page)
    world.note("a.md", "no links")
    for path in (folder, folder / "loose.md", folder, folder / "loose.md", tmp_path / "elsewhere"):
        world.check(path)
        assert world.ledger.notes == 1
        assert len(world.links[page].mentions) == 1


def test_names_that_lead_to_private_addresses_are_blocked_and_no_outage(world: World) -> None:
    world.configure(check={"allow_private_networks": False})
    urls = [f"http://s{i}.example/" for i in range(4)]
    for i in range(4):
        world.dns.addresses[f"s{i}.example"] = ["10.1.1.1"]
    world.note("a.md", "\n".join(urls))
    assert world.check().void is None
    assert {link.verdict.reason for link in world.links.values()} == {Reason.PRIVATE_ADDRESS}
    assert set(world.states(urls)) == {State.BLOCKED}


def test_hosts_that_redirect_to_dead_names_have_answered(world: World) -> None:
    links = []
    for i in range(3):
        to = [("Location", f"http://gone{i}.invalid/")]
        links.append(world.web.page(f"short{i}.example", "/", Reply(status=302, headers=to)))
    world.note("a.md", "\n".join(links))
    assert world.check().void is None
    assert set(world.states(links)) == {State.DEAD}


def test_a_host_that_has_had_enough_is_left_alone_and_its_links_wait(world: World) -> None:
    world.configure(check={"per_host": {"concurrency": 1, "interval": "0ms"}})
    urls = [world.web.page("busy.example", f"/{i}", Reply(status=429)) for i in range(30)]
    world.note("a.md", "\n".join(urls))

    result = world.check()

    assert world.web.asked("busy.example") == 9  # three links, three tries each
    assert (result.checked, result.postponed) == (3, 27)
    assert world.check().checked == 0
    world.pass_days(0.1)
    assert world.check().checked == 3  # three others


def test_many_dead_names_are_dead_however_few_hosts_are_left(world: World) -> None:
    alive = [world.web.page(f"alive{n}.example", "/", Reply()) for n in range(4)]
    gone = [f"http://gone{n}.invalid:{world.web.port}/" for n in range(12)]
    world.note("a.md", "\n".join([*alive, *gone]))

    assert world.check().void is None

    assert {world.state(url) for url in gone} == {State.DEAD}
    assert {world.state(url) for url in alive} == {State.ALIVE}


def test_what_there_was_no_time_for_is_due_in_the_next_cycle_and_comes_first(world: World) -> None:
    world.configure(check={"budget": "30s", "per_host": {"interval": "1s", "concurrency": 1}})
    links = [world.web.page("site.example", f"/{n}", Reply()) for n in range(80)]
    world.note("a.md", "\n".join(links))

    first = world.check()

    assert 20 < first.checked < 60
    assert first.unfinished == 80 - first.checked
    assert first.void is None
    left = {url for url in links if world.state(url) is State.UNCHECKED}
    assert len(left) == first.unfinished
    world.pass_days(1 / 24)
    second = world.check()
    assert second.checked + second.unfinished == len(left)
    assert {url for url in links if world.state(url) is State.UNCHECKED} < left
