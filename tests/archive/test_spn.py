"""Save Page Now 2 over a socket: what it replies, and what it is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from linkwatch.archive.access import Access
from linkwatch.archive.answers import ArchiveDown, ArchiveGarbled, Unasked
from linkwatch.archive.pace import Paces
from linkwatch.archive.spn import (
    Accepted,
    Account,
    JobFailed,
    Keys,
    KeysRefused,
    Pending,
    Polled,
    Recent,
    RefusalKind,
    Refused,
    Saved,
    SavePageNow,
    Unsure,
    age_in,
    delay_in,
    keys_in,
    kind_of,
    safe_for_keys,
)
from linkwatch.errors import ArchiveBusy, ArchiveError
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts, Manners
from tests.fakes.archive import FakeArchive, Illness
from tests.fakes.clock import FakeClock

T = TypeVar("T")

URL = "https://example.org/a"
KEYS = Keys("my-access", "my-secret")
DAY = timedelta(days=1)


def ask(
    archive: FakeArchive,
    question: Callable[[SavePageNow], Awaitable[T]],
    *,
    keys: Keys = KEYS,
    clock: FakeClock | None = None,
    budget_s: float = 300.0,
) -> T:
    """One question to the archive, by a process of its own."""
    own = clock or FakeClock()
    manners = Manners(concurrency=4, interval_s=0.0, timeout_s=20, user_agent="linkwatch-test")

    async def scenario() -> T:
        access = Access(
            paces=Paces(
                wayback_url=archive.url, availability_url=archive.availability_url, clock=own
            ),
            hosts=Hosts(lambda name: manners, slots=16, clock=own),
            clock=own,
            ends_s=own.monotonic_s() + budget_s,
        )
        async with Client(allow_private=True) as client:
            spn = SavePageNow(
                access, client, keys, base_url=archive.url, user_agent="linkwatch-test"
            )
            return await question(spn)

    return asyncio.run(scenario())


def submit(archive: FakeArchive, url: str = URL, *, budget_s: float = 300.0) -> object:
    return ask(archive, lambda spn: spn.submit(url, unless_within=DAY), budget_s=budget_s)


def test_a_page_is_submitted_as_the_archive_wants_it(archive: FakeArchive) -> None:
    reply = submit(archive, "https://example.org/ä b#part")

    assert isinstance(reply, Accepted)
    assert reply.job_id.startswith("spn2-")
    assert reply.starts_in == timedelta(0)
    (asked,) = archive.log
    assert (asked.method, asked.path) == ("POST", "/save")
    assert asked.form == {
        "url": "https://example.org/%C3%A4%20b",
        "capture_all": "0",
        "skip_first_archive": "1",
        "if_not_archived_within": "86400",
    }
    assert asked.headers["Authorization"] == "LOW my-access:my-secret"
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["User-Agent"] == "linkwatch-test"


def test_the_replies_inside_a_200_are_told_apart(archive: FakeArchive) -> None:
    archive.saving("https://example.org/later", "later")
    archive.saving("https://example.org/recent", "recent")
    archive.saving("https://example.org/vague", "recent", message="There is one already.")
    archive.saving("https://example.org/no", "refused", status_ext="error:blocked-url")
    archive.saving("https://example.org/odd", "refused", status_ext="error:<b>Odd</b>")

    later = submit(archive, "https://example.org/later")
    assert isinstance(later, Accepted)
    assert later.starts_in == timedelta(hours=10, minutes=40)
    assert submit(archive, "https://example.org/recent") == Recent(timedelta(hours=177, minutes=9))
    assert submit(archive, "https://example.org/vague") == Recent(None)
    assert submit(archive, "https://example.org/no") == Refused(
        "blocked-url", RefusalKind.PERMANENT
    )
    assert submit(archive, "https://example.org/odd") == Refused("unknown", RefusalKind.TRANSIENT)


@pytest.mark.parametrize(
    ("illness", "kind"),
    [
        ("429", ArchiveBusy),
        ("401", KeysRefused),
        ("403", ArchiveDown),  # a refusal: it was not taken
        ("404", ArchiveDown),
        ("bare_404", ArchiveDown),
        ("500", Unsure),
        ("503", Unsure),
        ("520", Unsure),
        ("523", Unsure),
        ("html", Unsure),
        ("empty", Unsure),
        ("null", Unsure),
        ("list", Unsure),
        ("no_key", Unsure),
        ("truncated", Unsure),
        ("broken", Unsure),
        ("redirect", Unsure),
        ("refused", ArchiveDown),
    ],
)
def test_only_what_was_certainly_not_taken_may_be_sent_again(
    archive: FakeArchive, illness: Illness, kind: type[ArchiveError]
) -> None:
    archive.ill(illness, service="save", target="/elsewhere")

    reply = submit(archive)

    assert type(reply) is kind or (kind is ArchiveDown and isinstance(reply, ArchiveDown))
    assert len(archive.log) == (0 if illness == "refused" else 1)  # never twice, never onward
    assert "my-" not in repr(reply) + str(reply)


def test_what_had_no_time_to_be_answered_may_have_been_taken(archive: FakeArchive) -> None:
    archive.ill("hung", service="save")

    assert isinstance(submit(archive, budget_s=0.3), Unsure)
    archive.forget_requests()
    assert isinstance(submit(archive, budget_s=0.0), Unasked)
    assert not archive.log


def test_jobs_are_asked_after_together() -> None:
    clock = FakeClock()
    with FakeArchive(clock=clock) as archive:
        archive.saving("https://example.org/moved", final_url="https://example.org/new")
        archive.saving("https://example.org/fails", "error", status_ext="error:no-access")
        archive.saving("https://example.org/slow", "pending")
        ids = []
        for name in ("moved", "fails", "slow"):
            reply = submit(archive, f"https://example.org/{name}")
            assert isinstance(reply, Accepted)
            ids.append(reply.job_id)
        archive.forget_requests()

        def poll() -> Polled:
            polled = ask(archive, lambda spn: spn.poll([*ids, "spn2-made-up"]), clock=clock)
            assert isinstance(polled, Polled)
            return polled

        assert set(poll().reports.values()) == {Pending()}
        clock.advance(40)
        assert poll().reports == {
            ids[0]: Saved(datetime(2026, 1, 5, 4, 0, 33, tzinfo=UTC), "https://example.org/new"),
            ids[1]: JobFailed("no-access", RefusalKind.PERMANENT),
            ids[2]: Pending(),
            "spn2-made-up": Pending(),
        }
        clock.advance(3600)
        assert set(poll().reports.values()) == {Pending()}  # forgotten, and called pending
        assert [asked.method for asked in archive.log] == ["POST"] * 3
        assert all(asked.form["job_ids"].count(",") == 3 for asked in archive.log)


def test_the_account_tells_what_it_may_do(archive: FakeArchive) -> None:
    archive.account.captures_before = 49

    account = ask(archive, lambda spn: spn.account())
    archive.ill("no_key", service="status")
    garbled = ask(archive, lambda spn: spn.account())

    assert account == Account(available=3, captures_today=49, captures_a_day=30_000)
    assert isinstance(garbled, ArchiveGarbled)


@pytest.mark.parametrize(
    ("message", "delay"),
    [
        ("", timedelta(0)),
        ("The capture will start in ~10 hours 40 minutes because …", timedelta(minutes=640)),
        ("The capture will start in 1 hour, 5 minutes.", timedelta(minutes=65)),
        ("Capture starts in ~2 days 3 hours", timedelta(hours=51)),
        ("The capture will START in 90 seconds because 3 hours", timedelta(seconds=90)),
        ("The capture will start later because our service is overloaded.", timedelta(hours=1)),
        ("The capture will start in ~99999 days", timedelta(days=7)),
    ],
)
def test_a_delay_is_read_however_it_is_put(message: str, delay: timedelta) -> None:
    assert delay_in(message) == delay


@pytest.mark.parametrize(
    ("message", "age"),
    [
        (
            "The same snapshot had been made 177 hours, 9 minutes ago. Wait for 45 minutes.",
            timedelta(hours=177, minutes=9),
        ),
        ("The same snapshot had been made 4 minutes and 20 seconds ago.", timedelta(seconds=260)),
        ("You can make new capture of this URL after 45 minutes.", None),
        ("A while ago.", None),
    ],
)
def test_the_age_of_a_copy_is_read(message: str, age: timedelta | None) -> None:
    assert age_in(message) == age


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, RefusalKind.PERMANENT) for code in ("blocked-url", "no-access", "not-found")),
        ("too-many-daily-captures", RefusalKind.TOMORROW),
        *((c, RefusalKind.PAUSE) for c in ("user-session-limit", "max-daily-bandwidth-for-user")),
        *((c, RefusalKind.HOST) for c in ("too-many-requests", "bandwidth-limit-exceeded")),
        *((c, RefusalKind.TRANSIENT) for c in ("celery", "no-captures", "of-next-year", "")),
    ],
)
def test_every_code_means_something(code: str, kind: RefusalKind) -> None:
    assert kind_of(code) is kind


@pytest.mark.parametrize(
    ("access", "secret", "any_"),
    [
        ("abc", "def", True),
        (" abc\n", "d:e/f+g=", True),
        ("", "def", False),
        ("abc", "", False),
        ("a b", "def", False),
        ("abc\r\nX-Evil: 1", "def", False),
        ("a:b", "def", False),
        ("äbc", "def", False),
    ],
)
def test_only_what_can_be_keys_is_taken_for_them(access: str, secret: str, any_: bool) -> None:
    found = keys_in({"IA_ACCESS_KEY_ID": access, "IA_SECRET_ACCESS_KEY": secret})

    assert (found is not None) is any_
    assert keys_in({}) is None


def test_keys_are_sent_where_nobody_reads_them() -> None:
    assert safe_for_keys("https://web.archive.org")
    assert safe_for_keys("http://127.0.0.1:8080")
    assert not safe_for_keys("http://web.archive.org")


@pytest.mark.parametrize("illness", ["401", "refused", "redirect", "hung"])
def test_keys_show_up_nowhere(
    archive: FakeArchive, illness: Illness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    archive.ill(illness, service="save", target="/elsewhere")
    error = submit(archive, budget_s=0.5 if illness == "hung" else 300.0)

    assert isinstance(error, ArchiveError)
    told = [repr(KEYS), str(KEYS), caplog.text]
    chain: BaseException | None = error
    while chain is not None:
        told += [repr(chain), str(chain), repr(vars(chain))]
        chain = chain.__cause__ or chain.__context__
    assert "my-access" not in "".join(told)
    assert "my-secret" not in "".join(told)
