"""Saving pages before they die: an archive on a socket, a queue in a file, many processes.

Every `save` here is a process of its own: it opens the database, and recalls what it must.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from linkwatch import desk as desks
from linkwatch.archive import saving
from linkwatch.archive.spn import SavePageNow
from linkwatch.archiving import Archiving
from linkwatch.config import load
from linkwatch.history.overrules import add_ignore
from linkwatch.history.saves import enqueue, queue_overview, saves_of
from linkwatch.history.snapshots import save_lookup
from linkwatch.history.store import Store
from linkwatch.history.writer import StoreThread
from linkwatch.model import (
    By,
    CheckResult,
    Fault,
    Hop,
    Lookup,
    Outcome,
    Pardon,
    Save,
    SaveState,
    SaveWhy,
    Snapshot,
    State,
)
from linkwatch.publishing import Publishing
from linkwatch.watch import Lines, Silent
from linkwatch.web.hosts import Hosts, Manners
from tests.checks import day, seen
from tests.fakes.archive import FakeArchive
from tests.fakes.clock import FakeClock
from tests.fakes.web import Reply
from tests.history.past import Past
from tests.world import DAY_S, World

MINUTE_S, HOUR_S = 60.0, 3600.0
PAGE = "https://a.example/page"
WALL = b"<html><title>Just a moment...</title><script>window._cf_chl_opt={}</script><p>x</html>"


class Watch(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.published: list[tuple[int, bool]] = []
        self.waits: list[str] = []

    def waiting(self, what: str) -> None:
        self.waits.append(what)

    def unable(self, why: str) -> None:
        self.said.append(why)

    def saving(self, links: int, archive: str, *, first: bool, asked: bool) -> None:
        self.published.append((links, first))


class Desk:
    """A history, an archive, and processes that save."""

    def __init__(self, folder: Path, archive: FakeArchive, clock: FakeClock) -> None:
        self.folder = folder
        self.archive = archive
        self.clock = clock
        self.past = Past(folder)
        self.watch = Watch()
        self.settings: dict[str, Any] = {
            "database": "history.db",
            "check": {"allow_private_networks": True},
            "archive": {
                "save": "all",
                "wayback_url": archive.url,
                "availability_url": archive.availability_url,
            },
        }

    def links(self, *urls: str, status: int = 200) -> None:
        """Links of a note, as a first check found them."""
        self.past.note("a.md", *urls)
        self.check(0, *(seen(status, url=url) for url in urls))

    def check(self, on: float, *results: CheckResult) -> None:
        self.past.cycle(on, list(results))

    def configure(self, **archive: Any) -> None:
        self.settings["archive"] |= archive

    def save(self, *, asked: bool = False, budget_s: float = 300.0) -> None:
        """One process."""
        (self.folder / "config.yaml").write_text(yaml.safe_dump(self.settings), "utf-8")
        config = load(self.folder / "config.yaml", cwd=self.folder)
        manners = Manners(concurrency=4, interval_s=0.0, timeout_s=20, user_agent="test")

        async def scenario() -> None:
            thread = StoreThread()
            store = await thread.run(Store, config.database)
            try:
                archiving = Archiving(
                    desks.Desk(
                        config=config,
                        store=store,
                        thread=thread,
                        clock=self.clock,
                        progress=self.watch,
                        hosts=Hosts(lambda name: manners, slots=16, clock=self.clock),
                        nameservers=(),
                    )
                )
                await Publishing(archiving).save(asked=asked, budget_s=budget_s)
            finally:
                await thread.run(store.close)
                thread.close()

        asyncio.run(scenario())

    def row(self, url: str = PAGE) -> Save:
        return saves_of(self.past.store, [url])[url]

    @property
    def rows(self) -> dict[str, SaveState]:
        rows = self.past.store.rows(
            "select url, saves.state from saves join links on links.id = link_id order by saves.id"
        )
        return {row["url"]: SaveState(row["state"]) for row in rows}

    @property
    def submitted(self) -> list[str]:
        """Every URL that the archive heard of, in order."""
        return [form["url"] for form in self.archive.forms]


@pytest.fixture
def clock() -> FakeClock:
    clock = FakeClock()
    clock.advance(HOUR_S)  # the first cycle is over
    return clock


@pytest.fixture
def desk(tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("IA_ACCESS_KEY_ID", "my-access")
    monkeypatch.setenv("IA_SECRET_ACCESS_KEY", "my-secret")
    with FakeArchive(clock=clock, keys={"my-access": "my-secret"}) as archive:
        desk = Desk(tmp_path, archive, clock)
        yield desk
        assert not archive.over_budget()
        desk.past.close()


# The life of a row


def test_a_page_is_queued_submitted_asked_after_opened_and_done(desk: Desk) -> None:
    desk.links(PAGE)

    desk.save()

    row = desk.row()
    assert (row.state, row.why, row.attempts) == (SaveState.DONE, SaveWhy.UNARCHIVED, 1)
    assert row.snapshot is not None
    assert row.snapshot.verified
    assert row.snapshot.url == f"{desk.archive.url}/web/20260105050033/{PAGE}"
    (link,) = desk.past.ledger().links
    assert link.verdict.state is State.ALIVE
    assert link.lookup.outcome is Outcome.FOUND
    assert link.lookup.snapshot == row.snapshot  # and it is at hand if the link dies
    assert desk.submitted == [PAGE]
    assert desk.archive.requests["playback"] == 1
    assert desk.watch.published == [(1, True)]
    desk.save()
    assert desk.submitted == [PAGE]  # a link with a good copy is left in peace


def test_the_copy_is_kept_under_the_address_that_was_saved(desk: Desk) -> None:
    desk.links(PAGE)
    desk.archive.saving(PAGE, final_url="https://a.example/new")

    desk.save()

    copy = desk.row().snapshot
    assert copy is not None
    assert copy.url.endswith("/web/20260105050033/https://a.example/new")


def test_three_are_under_way_at_a_time_and_six_a_minute(desk: Desk) -> None:
    pages = [f"https://s{i}.example/" for i in range(30)]
    desk.links(*pages)

    desk.save()

    done = [url for url, state in desk.rows.items() if state is SaveState.DONE]
    assert 15 <= len(done) < 30  # in five minutes; the others have their turn next time
    assert desk.archive.most_in_a_minute("save") <= 6
    assert desk.archive.most_in_a_minute("status") <= 12
    desk.save()
    assert set(desk.rows.values()) == {SaveState.DONE}
    assert sorted(desk.submitted) == sorted(pages)  # each once


def test_a_capture_that_starts_in_hours_is_parked_without_a_slot(desk: Desk) -> None:
    pages = [f"https://s{i}.example/" for i in range(5)]
    desk.links(*pages)
    for page in pages[:4]:
        desk.archive.saving(page, "later")

    desk.save()

    assert list(desk.rows.values()) == [SaveState.SUBMITTED] * 4 + [SaveState.DONE]
    desk.archive.forget_requests()
    desk.clock.advance(10 * HOUR_S)
    desk.save()
    assert desk.archive.requests["status"] == 0  # nobody asks before its time
    desk.clock.advance(HOUR_S)
    desk.save()
    assert set(desk.rows.values()) == {SaveState.DONE}
    assert desk.submitted == []


def test_a_recent_copy_is_looked_for_and_counts(desk: Desk) -> None:
    desk.links(PAGE, "https://b.example/")
    desk.archive.capture(PAGE, "20251228200000")  # 177 hours ago
    for page in (PAGE, "https://b.example/"):
        desk.archive.saving(page, "recent")

    desk.save()

    copy = desk.row().snapshot
    assert copy is not None
    assert copy.url.endswith(f"/web/20251228200000/{PAGE}")
    assert desk.rows == {PAGE: SaveState.DONE, "https://b.example/": SaveState.LOST}


# Killed, in every state


def test_killed_between_writing_down_and_submitting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.links(PAGE)

    async def killed(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SavePageNow, "submit", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.save()
    row = desk.row()
    assert (row.state, row.job_id) == (SaveState.SUBMITTED, None)

    states = []
    for hours in (0.2, 2, 20):
        desk.clock.advance(hours * HOUR_S)
        desk.save()
        states.append(desk.row().state)
        assert desk.submitted == []  # it may have been submitted
    assert states == [SaveState.LOST] * 3
    desk.clock.advance(4 * HOUR_S)
    desk.save()
    assert desk.submitted == [PAGE]  # a day is over, and no copy to be seen
    assert desk.row().state is SaveState.DONE


def test_killed_between_submitting_and_writing_the_reply_down(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.links(PAGE)

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(saving, "after_submission", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.save()
    assert (desk.row().state, desk.row().job_id) == (SaveState.SUBMITTED, None)

    desk.clock.advance(10 * MINUTE_S)
    desk.save()

    assert desk.row().state is SaveState.DONE
    assert desk.submitted == [PAGE]


def test_a_job_that_was_left_is_asked_after_by_the_next_process(desk: Desk) -> None:
    desk.links(PAGE)
    desk.archive.saving(PAGE, takes_s=100)
    desk.save(budget_s=70)
    assert desk.row().state is SaveState.SUBMITTED
    assert desk.row().job_id is not None

    desk.clock.advance(10 * MINUTE_S)
    desk.save()

    assert desk.row().state is SaveState.DONE
    assert desk.submitted == [PAGE]


def test_a_job_that_was_left_too_long_is_found_by_its_copy(desk: Desk) -> None:
    desk.links(PAGE)
    desk.archive.saving(PAGE, takes_s=100)
    desk.save(budget_s=70)
    desk.archive.forget_requests()

    desk.clock.advance(2 * HOUR_S)  # its status is forgotten
    desk.save()

    assert desk.row().state is SaveState.DONE
    assert desk.archive.requests["status"] == 0


def test_a_copy_that_could_not_be_opened_yet_is_opened_later(desk: Desk) -> None:
    desk.links(PAGE)
    desk.archive.ill("503", service="playback")
    desk.save()
    row = desk.row()
    assert (row.state, row.snapshot) == (SaveState.SUBMITTED, None)
    assert row.copy_at is not None
    desk.archive.well()

    desk.clock.advance(HOUR_S)
    desk.save()

    assert desk.row().state is SaveState.DONE
    assert desk.submitted == [PAGE]


def test_a_job_that_is_pending_for_ever_is_lost_and_after_a_day_submitted_anew(
    desk: Desk,
) -> None:
    desk.links(PAGE)
    desk.archive.saving(PAGE, "pending", times=1)
    desk.save()
    assert desk.row().state is SaveState.SUBMITTED

    for hours in (0.5, 0.5, 10):
        desk.clock.advance(hours * HOUR_S)
        desk.save()
        assert desk.submitted == [PAGE]
    assert desk.row().state is SaveState.LOST
    desk.clock.advance(14 * HOUR_S)
    desk.save()

    assert desk.submitted == [PAGE, PAGE]
    assert desk.row().state is SaveState.DONE


def test_what_it_waits_for_is_said_every_minute(desk: Desk) -> None:
    desk.links(PAGE)
    desk.archive.saving(PAGE, "pending", times=1)
    desk.save()
    (words,) = {*desk.watch.waits}
    assert words == "waiting for 127.0.0.1 to save pages: 1 submitted, 0 waiting for their turn"
    assert 4 <= len(desk.watch.waits) <= 6  # in five minutes


# What the archive answers


@pytest.mark.parametrize("saved", [True, False])
def test_a_523_may_or_may_not_have_saved(desk: Desk, saved: bool) -> None:
    desk.links(PAGE)
    desk.archive.ill("523", service="save", times=1, done=saved)
    desk.save()
    assert desk.row().state is (SaveState.SUBMITTED)

    desk.clock.advance(10 * MINUTE_S)
    desk.save()

    assert desk.row().state is (SaveState.DONE if saved else SaveState.LOST)
    assert desk.submitted == [PAGE]


@pytest.mark.parametrize(
    ("outcome", "code", "state", "wait_s"),
    [
        ("refused", "blocked-url", SaveState.REFUSED, None),
        ("error", "not-found", SaveState.REFUSED, 30 * DAY_S),
        ("refused", "too-many-daily-captures", SaveState.QUEUED, 19 * HOUR_S),
        ("error", "celery", SaveState.QUEUED, HOUR_S),
        ("refused", "of-next-year", SaveState.QUEUED, HOUR_S),
    ],
)
def test_what_a_code_does_to_its_row(
    desk: Desk, outcome: Any, code: str, state: SaveState, wait_s: float | None
) -> None:
    desk.links(PAGE, "https://b.example/")
    desk.archive.saving(PAGE, outcome, status_ext=f"error:{code}")

    desk.save()

    row = desk.row()
    assert (row.state, row.code, row.snapshot) == (state, code, None)
    waits_s = (row.next_at - desk.clock.utc_now()).total_seconds() if row.next_at else None
    assert waits_s == (None if wait_s is None else pytest.approx(wait_s, abs=700))
    assert desk.row("https://b.example/").state is SaveState.DONE  # the others go on
    desk.save()
    assert desk.submitted.count(PAGE) == 1


def test_a_host_that_asks_for_patience_gets_it_for_all_its_pages(desk: Desk) -> None:
    pages = [f"https://a.example/{i}" for i in range(3)]
    desk.links(*pages, "https://b.example/")
    desk.archive.saving(pages[0], "refused", status_ext="error:too-many-requests", times=1)

    desk.save()

    assert desk.submitted == [pages[0], "https://b.example/"]
    desk.save()
    assert len(desk.submitted) == 2  # the next process knows it too
    desk.clock.advance(HOUR_S)
    desk.save()
    assert set(desk.rows.values()) == {SaveState.DONE}


def test_an_account_at_its_limit_pauses_everything(desk: Desk) -> None:
    pages = [f"https://s{i}.example/" for i in range(3)]
    desk.links(*pages)
    desk.archive.saving(pages[0], "refused", status_ext="error:max-daily-bandwidth-x", times=1)

    desk.save()

    assert desk.submitted == [pages[0]]
    assert set(desk.rows.values()) == {SaveState.QUEUED}
    desk.save()
    assert len(desk.submitted) == 1
    desk.clock.advance(20 * HOUR_S)  # past midnight
    desk.save()
    assert set(desk.rows.values()) == {SaveState.DONE}


def test_too_many_sessions_wait_for_a_minute_in_the_same_process(desk: Desk) -> None:
    desk.links(PAGE)
    desk.archive.saving(PAGE, "refused", status_ext="error:user-session-limit", times=1)

    desk.save()

    assert desk.submitted == [PAGE, PAGE]
    assert desk.row().state is SaveState.DONE
    assert desk.row().attempts == 1


def test_an_account_that_others_keep_busy_is_waited_for(desk: Desk) -> None:
    desk.links(PAGE)
    desk.archive.account.sessions = 0

    desk.save()

    assert desk.submitted == []
    assert desk.archive.requests["status"] == 5  # once a minute
    desk.archive.account.sessions = 3
    desk.save()
    assert desk.row().state is SaveState.DONE


def test_a_tenth_of_the_accounts_day_is_left(desk: Desk) -> None:
    desk.links(*(f"https://s{i}.example/" for i in range(4)))
    desk.archive.account.daily_limit = 1000
    desk.archive.account.captures_before = 898

    desk.save()

    assert len(desk.submitted) == 2


def test_no_more_are_submitted_in_a_day_than_the_user_wants(desk: Desk) -> None:
    desk.links(*(f"https://s{i}.example/" for i in range(5)))
    desk.configure(save_a_day=2)

    for _ in range(2):
        desk.save()
    assert len(desk.submitted) == 2
    desk.clock.advance(DAY_S)
    desk.save()

    assert len(desk.submitted) == 4
    assert desk.watch.published == [(2, True), (2, False)]


@pytest.mark.parametrize("service", ["save", "status"])
def test_a_429_stops_everything_for_as_long_as_it_wishes(desk: Desk, service: Any) -> None:
    desk.links(*(f"https://s{i}.example/" for i in range(3)))
    desk.archive.ill("429", service=service, retry_after=1800, times=1)

    desk.save()
    asked = len(desk.archive.log)
    desk.clock.advance(20 * MINUTE_S)
    desk.save()

    assert len(desk.archive.log) == asked
    assert set(desk.rows.values()) == {SaveState.QUEUED}  # and nothing is lost
    desk.clock.advance(20 * MINUTE_S)
    desk.save()
    assert set(desk.rows.values()) == {SaveState.DONE}


def test_keys_that_are_none_are_told_of_and_nothing_is_published(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.links(PAGE, "https://b.example/")
    monkeypatch.setenv("IA_SECRET_ACCESS_KEY", "wrong-secret")

    desk.save()

    assert desk.submitted == []
    assert set(desk.rows.values()) == {SaveState.QUEUED}
    (said,) = desk.watch.said
    assert "IA_ACCESS_KEY_ID" in said
    assert "wrong-secret" not in said
    assert len(desk.archive.log) == 1


def test_without_keys_the_queue_is_filled_and_nothing_else_happens(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.links(PAGE)
    monkeypatch.delenv("IA_ACCESS_KEY_ID")

    desk.save()

    assert desk.rows == {PAGE: SaveState.QUEUED}
    assert not desk.archive.log
    (said,) = desk.watch.said
    assert "IA_ACCESS_KEY_ID" in said
    assert "IA_SECRET_ACCESS_KEY" in said


def test_no_redirect_is_followed_with_the_keys(desk: Desk) -> None:
    desk.links(PAGE)
    with FakeArchive() as elsewhere:
        desk.archive.ill("redirect", service="save", target=f"{elsewhere.url}/save")
        desk.save()
        assert not elsewhere.log

    assert desk.row().state is SaveState.SUBMITTED  # who knows
    assert all("Authorization" not in a.headers for a in desk.archive.log if "/web/" in a.path)


def test_a_copy_of_a_wall_is_no_copy(desk: Desk) -> None:
    desk.links(PAGE)
    desk.archive.saving(PAGE, body=WALL)

    desk.save()

    row = desk.row()
    assert (row.state, row.code) == (SaveState.REFUSED, "flawed")
    assert "wall" in row.detail
    assert row.snapshot is not None
    assert not row.snapshot.verified
    (link,) = desk.past.ledger().links
    assert link.lookup.outcome is Outcome.NOT_ASKED
    (refused,) = queue_overview(desk.past.store).refused
    assert refused == row


def test_an_outage_loses_nothing(desk: Desk) -> None:
    desk.links(PAGE)
    desk.archive.outage()
    desk.save()
    desk.archive.ill("refused")
    desk.save()
    assert desk.rows == {PAGE: SaveState.QUEUED}
    desk.archive.well()

    desk.clock.advance(HOUR_S)
    desk.save()

    assert desk.rows == {PAGE: SaveState.DONE}


# What is published, and what never


def test_by_default_nothing_is_ever_published(desk: Desk) -> None:
    desk.links(PAGE)
    del desk.settings["archive"]["save"]

    desk.save()

    assert desk.rows == {}
    assert not desk.archive.log
    assert desk.watch.said == []


def test_when_it_is_switched_off_nothing_more_is_submitted_or_asked(desk: Desk) -> None:
    desk.links(PAGE, "https://b.example/")
    desk.archive.saving(PAGE, "pending")
    desk.configure(save_a_day=1)
    desk.save()
    assert desk.rows == {PAGE: SaveState.SUBMITTED, "https://b.example/": SaveState.QUEUED}
    desk.archive.forget_requests()

    desk.clock.advance(2 * DAY_S)
    for off in ({"save": "none"}, {"save": "all", "enabled": False}):
        desk.configure(**off)
        desk.save()
        assert desk.rows == {PAGE: SaveState.SUBMITTED}
    assert not desk.archive.log


@pytest.mark.parametrize(
    "url",
    [
        "https://someone:word@a.example/",
        "https://web.archive.org/web/2020/https://a.example/",
        "https://a.example/?access_token=1",
        "https://docs.google.com/document/d/1/edit",
        "https://intranet.example/",  # excluded by the user
        "https://ignored.example/",  # ignored for good
    ],
)
def test_what_must_not_be_published_is_not(desk: Desk, url: str) -> None:
    desk.settings["notes"] = {"exclude_urls": [r"^https://intranet\."]}
    desk.links(url, PAGE)
    add_ignore(desk.past.store, By.URL, "https://ignored.example/", Pardon(), day(0))

    desk.save()

    assert desk.submitted == [PAGE]
    assert desk.rows == {PAGE: SaveState.DONE}
    if "ignored" not in url:  # whoever asks for one by its name has thought of the ignore
        enqueue(desk.past.store, [url], now=day(0))
        desk.save()
        assert desk.submitted == [PAGE]
        assert desk.row(url).state is SaveState.REFUSED
        assert desk.row(url).code == "not_told"


@pytest.mark.parametrize("hops", [1, 2])  # the secret at the end of the way, and half-way
def test_what_leads_to_an_address_that_is_a_key_is_not_published_either(
    desk: Desk, hops: int
) -> None:
    desk.past.note("a.md", PAGE, "https://b.example/")
    secret = Hop(url=PAGE, status=302, location="https://docs.google.com/document/d/1/edit")
    onward = Hop(url=secret.location, status=302, location="https://a.example/done")
    way = (secret, onward)[:hops]
    led = replace(seen(200, url=PAGE), hops=way, final_url=way[-1].location)
    desk.check(0, led, seen(200, url="https://b.example/"))

    desk.save()
    enqueue(desk.past.store, [PAGE], now=day(0))
    desk.save()

    assert desk.submitted == ["https://b.example/"]
    assert (desk.row().state, desk.row().code) == (SaveState.REFUSED, "not_told")
    assert "leads to" in desk.row().detail


def test_keys_are_in_no_file_and_no_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk.links(PAGE, "https://b.example/", "https://c.example/")
    desk.archive.ill("523", service="save", times=1)
    desk.archive.saving("https://b.example/", "refused", status_ext="error:celery")

    desk.save()
    desk.archive.ill("401")
    desk.clock.advance(HOUR_S)
    desk.save()

    kept = b"".join(path.read_bytes() for path in desk.folder.iterdir())
    assert b"saves" in kept
    for secret in ("my-access", "my-secret"):
        assert secret.encode() not in kept
        assert secret not in caplog.text
        assert secret not in "".join(desk.watch.said)


# What is worth it, and in which order


def _found(url: str, *, on: float) -> Callable[[Desk], None]:
    """A link with a verified copy of that day."""

    def know(desk: Desk) -> None:
        copy = Snapshot(
            archive="web.archive.org",
            timestamp=day(on),
            url=f"https://web.archive.org/web/20200101000000/{url}",
            status=200,
            verified=True,
        )
        save_lookup(desk.past.store, url, Lookup(outcome=Outcome.FOUND, snapshot=copy), day(0))

    return know


def _vault(desk: Desk) -> None:
    """One link of each kind; the first cycle was on day 0, now is day 10."""
    past = desk.past
    old = ["alive", "moved", "walled", "wavering", "back", "silent", "gone", "login", "copied"]
    old += ["stale"]
    url = "https://{}.example/".format
    past.note("old.md", *map(url, old))
    first = {"moved": (200, [301]), "silent": (200, []), "gone": (404, []), "login": (401, [])}

    def results(on: float, **changes: int | Fault) -> list[CheckResult]:
        found = []
        for name in old:
            status, hops = first.get(name, (200, []))
            found.append(seen(changes.get(name, status), on, url=url(name), hops=hops))
        return found

    desk.check(0, *results(0, gone=404, walled=403))
    desk.check(1, *results(1, gone=404, walled=403, wavering=503, back=503, silent=Fault.TIMEOUT))
    _found(url("copied"), on=-30)(desk)
    _found(url("stale"), on=-500)(desk)
    past.note("new.md", url("new"), on=9)
    past.note("fresh.md", url("fresh"), on=10)
    desk.check(
        10,
        *results(10, gone=404, walled=403, wavering=403, silent=Fault.TIMEOUT),
        seen(200, 10, url=url("new")),
        seen(200, 10, url=url("fresh")),
    )


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        ("dying", ["moved", "wavering", "back"]),
        ("new", ["moved", "wavering", "back", "new"]),
        ("all", ["moved", "wavering", "back", "new", "alive", "walled", "stale"]),
    ],
)
def test_what_each_way_submits_in_which_order(desk: Desk, mode: str, names: list[str]) -> None:
    _vault(desk)
    desk.configure(save=mode)
    desk.clock.advance(11.5 * DAY_S)  # "new" is settled, "fresh" is not

    desk.save()

    assert [url.split("//")[1].split(".")[0] for url in desk.submitted] == names


def test_a_link_that_moved_to_its_own_https_form_is_not_dying(desk: Desk) -> None:
    desk.past.note("a.md", "http://a.example/x")
    moved = seen(200, url="http://a.example/x", hops=[301])
    desk.check(0, moved)
    desk.past.store.db.execute("update checks set final_url = 'https://www.a.example/x/'")
    desk.configure(save="dying")

    desk.save()

    assert desk.rows == {}


def test_what_is_no_longer_worth_it_leaves_the_queue(desk: Desk) -> None:
    desk.links(PAGE, "https://b.example/")
    desk.configure(save_a_day=1)
    desk.archive.saving(PAGE, "refused", status_ext="error:celery")
    desk.save()
    assert desk.rows == {PAGE: SaveState.QUEUED, "https://b.example/": SaveState.QUEUED}

    for on in (1, 2, 5):
        desk.check(on, *(seen(404, on, url=url) for url in (PAGE, "https://b.example/")))
    desk.clock.advance(6 * DAY_S)
    desk.save()

    assert desk.rows == {PAGE: SaveState.QUEUED}  # it was published, which is not forgotten
    assert desk.submitted == [PAGE]  # and a dead link is not submitted


def test_links_may_be_asked_for_by_name_even_if_nothing_else_is_saved(desk: Desk) -> None:
    dead = "https://dead.example/"
    desk.past.note("a.md", PAGE, "https://b.example/", dead)
    desk.check(0, seen(200, url=PAGE), seen(404, url=dead, confirmed=True))
    desk.configure(save="none")
    store = desk.past.store

    told = enqueue(store, [PAGE, dead, "https://never.example/"], now=day(0))

    assert told[PAGE] is None
    assert "dead" in (told[dead] or "")
    assert "mentioned" in (told["https://never.example/"] or "")
    desk.save()
    assert desk.submitted == []  # a cycle submits nothing
    desk.save(asked=True)
    assert desk.submitted == [PAGE]
    overview = queue_overview(store)
    assert overview.counts[SaveState.DONE] == 1
    assert enqueue(store, [PAGE], now=day(0)) == {PAGE: None}  # once more, as somebody says so
    desk.clock.advance(2 * HOUR_S)
    desk.save(asked=True)
    assert desk.submitted == [PAGE, PAGE]


# In a cycle


def test_the_first_time_it_is_said_that_this_publishes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for first in (True, False):
        Lines().saving(2, "web.archive.org", first=first, asked=False)
    Lines().saving(2, "web.archive.org", first=True, asked=True)
    Silent().saving(2, "web.archive.org", first=True, asked=True)

    before, after, by_hand = capsys.readouterr().err.splitlines()
    assert "2 pages at web.archive.org" in before
    assert before.endswith(
        "publishes their addresses, for good (`archive.save` in the configuration)"
    )
    assert by_hand.endswith("publishes their addresses, for good")
    assert after == "saving up to 2 pages at web.archive.org"


def test_a_cycle_saves_after_it_has_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with World(tmp_path) as world:
        page = world.web.page("alive.example", "/", Reply())
        world.note("a.md", page)
        monkeypatch.delenv("IA_ACCESS_KEY_ID", raising=False)
        world.configure(archive={"save": "all"})
        result = world.check()
        assert (result.checked, result.void) == (1, None)
        assert not world.archive.log
        assert capsys.readouterr().err.count("IA_ACCESS_KEY_ID") == 1

        monkeypatch.setenv("IA_ACCESS_KEY_ID", "my-access")
        monkeypatch.setenv("IA_SECRET_ACCESS_KEY", "my-secret")
        result = world.check()

        assert world.archive.forms[0]["url"] == page
        copy = world.links[page].lookup.snapshot
        assert copy is not None
        assert copy.verified
        assert "1 of all 1" in world.report
        world.dns.down = True
        world.pass_days(8)
        world.archive.forget_requests()
        assert world.check().void is not None
        assert not world.archive.log
