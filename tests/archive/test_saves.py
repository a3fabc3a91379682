"""What comes next for a page that is to be saved: tables of rows and answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest

from linkwatch.archive.answers import ArchiveDown, Capture, Unasked
from linkwatch.archive.playback import Astray, Played
from linkwatch.archive.saves import (
    MOST_ATTEMPTS,
    Step,
    after_look,
    after_opening,
    after_poll,
    after_submission,
    holds_a_slot,
    paused_until,
    room,
    step,
    submitting,
    tomorrow,
    untold,
)
from linkwatch.archive.spn import (
    Accepted,
    Account,
    JobFailed,
    KeysRefused,
    Pending,
    Recent,
    RefusalKind,
    Refused,
    Saved,
    Unsure,
)
from linkwatch.errors import ArchiveBusy, ArchiveError, ArchiveRefused
from linkwatch.model import Outcome, Save, SaveState, SaveWhy, Snapshot
from linkwatch.web.client import Answer

NOW = datetime(2026, 1, 5, 4, 0, 0, 500_000, tzinfo=UTC)
NONE = timedelta(0)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUEUED, SUBMITTED, DONE = SaveState.QUEUED, SaveState.SUBMITTED, SaveState.DONE
REFUSED, LOST = SaveState.REFUSED, SaveState.LOST
COPY = Snapshot(
    archive="web.archive.org",
    timestamp=NOW,
    url="https://web.archive.org/web/20260105040000/https://example.org/",
    status=None,
    verified=False,
)


def row(state: SaveState = QUEUED, **changes: Any) -> Save:
    values: dict[str, Any] = {
        "url": "https://example.org/",
        "why": SaveWhy.DYING,
        "queued_at": NOW - 3 * DAY,
        "next_at": NOW,
    }
    return Save(state=state, **values | changes)


def sent(ago: timedelta = NONE, **changes: Any) -> Save:
    """A row that was submitted so long ago."""
    values: dict[str, Any] = {
        "submitted_at": NOW - ago,
        "starts_at": NOW - ago,
        "counts_from": NOW - ago,
        "attempts": 1,
        "attempts_that_day": 1,
        "job_id": "spn2-1",
    }
    return row(**({"state": SUBMITTED} | values | changes))


def played(taken_at: datetime, status: int = 200) -> Played:
    answer = Answer(
        status=status,
        location=None,
        retry_after=None,
        cookies=SimpleCookie(),
        headers={},
        body=b"",
        remark=None,
    )
    return Played(taken_at=taken_at, original="https://example.org/", hops=(), answer=answer)


@pytest.mark.parametrize(
    ("one", "then"),
    [
        (row(), Step.SUBMIT),
        (row(next_at=NOW + MINUTE), None),
        (row(next_at=None), None),
        (sent(), Step.POLL),
        (sent(59 * MINUTE), Step.POLL),
        (sent(60 * MINUTE), Step.LOOK),  # its status is forgotten
        (sent(12 * HOUR, starts_at=NOW - MINUTE), Step.POLL),  # it began late
        (sent(job_id=None), Step.LOOK),  # killed before the reply was written down
        (sent(copy_at=NOW), Step.OPEN),
        (sent(2 * HOUR, copy_at=NOW), Step.OPEN),
        (sent(DAY, state=LOST), Step.LOOK),
        (sent(MINUTE, state=LOST), Step.LOOK),
        (row(DONE), None),
        (row(REFUSED), None),
    ],
)
def test_what_there_is_to_do(one: Save, then: Step | None) -> None:
    assert step(one, NOW) is then


def test_a_row_is_written_down_as_submitted_before_the_request_leaves() -> None:
    first = submitting(row(code="celery", detail="x"), NOW)

    assert (first.state, first.submitted_at, first.job_id) == (SUBMITTED, NOW, None)
    assert (first.attempts, first.attempts_that_day) == (1, 1)
    assert (first.code, first.detail) == ("", "")
    assert step(first, NOW + 4 * MINUTE) is None
    assert step(first, NOW + 5 * MINUTE) is Step.LOOK  # whoever finds it so does not submit it
    again = submitting(first, NOW + HOUR)
    assert (again.attempts, again.attempts_that_day) == (2, 2)
    next_day = submitting(again, NOW + DAY)
    assert (next_day.attempts, next_day.attempts_that_day) == (3, 1)


@pytest.mark.parametrize(
    ("reply", "state", "next_in"),
    [
        (Accepted("spn2-1", NONE), SUBMITTED, timedelta(seconds=20)),
        (Accepted("spn2-1", 10 * HOUR), SUBMITTED, 10 * HOUR + timedelta(seconds=20)),
        (Recent(2 * HOUR), SUBMITTED, NONE),
        (Recent(None), SUBMITTED, NONE),
        (Refused("blocked-url", RefusalKind.PERMANENT), REFUSED, None),
        (Refused("no-access", RefusalKind.PERMANENT), REFUSED, 30 * DAY),
        (Refused("celery", RefusalKind.TRANSIENT), QUEUED, HOUR),
        (Refused("too-many-requests", RefusalKind.HOST), QUEUED, HOUR),
        (Refused("user-session-limit", RefusalKind.PAUSE), QUEUED, MINUTE),
        (Unsure("it timed out"), SUBMITTED, 5 * MINUTE),
    ],
)
def test_what_a_reply_makes_of_a_row(
    reply: object, state: SaveState, next_in: timedelta | None
) -> None:
    before = row()
    after = after_submission(before, submitting(before, NOW), reply, NOW)  # type: ignore[arg-type]  # the table has them all

    assert after.state is state
    assert after.next_at == (None if next_in is None else NOW + next_in)
    assert after.submitted_at == NOW  # it was published, whatever came of it


@pytest.mark.parametrize("code", ["too-many-daily-captures", "max-daily-bandwidth-reached"])
def test_what_is_over_for_today_waits_for_the_archives_midnight(code: str) -> None:
    kind = RefusalKind.TOMORROW if code.startswith("too") else RefusalKind.PAUSE
    after = after_poll(sent(), JobFailed(code, kind), NOW)

    assert after.state is QUEUED
    assert after.next_at == tomorrow(NOW) == datetime(2026, 1, 6, 0, 10, tzinfo=UTC)
    assert after.attempts == 0  # nobody's failure


@pytest.mark.parametrize(
    "error",
    [
        ArchiveBusy("the archive says: too many requests"),
        ArchiveDown("the archive answered with status 404"),
        KeysRefused("the archive does not know these keys"),
        Unasked(Outcome.QUEUED, "there was no time left to ask"),
    ],
)
def test_what_was_not_taken_is_as_if_it_had_not_been_submitted(error: ArchiveError) -> None:
    before = row(attempts=1, submitted_at=NOW - DAY, attempts_that_day=2)
    after = after_submission(before, submitting(before, NOW), error, NOW)

    assert (after.state, after.next_at) == (QUEUED, before.next_at)
    assert (after.attempts, after.attempts_that_day, after.submitted_at) == (1, 2, NOW - DAY)


@pytest.mark.parametrize(
    ("attempts", "state", "next_in"),
    [
        (1, QUEUED, HOUR),
        (2, QUEUED, 2 * HOUR),
        (4, QUEUED, 8 * HOUR),
        (MOST_ATTEMPTS, REFUSED, 30 * DAY),
    ],
)
def test_failing_captures_are_tried_less_and_less(
    attempts: int, state: SaveState, next_in: timedelta
) -> None:
    failed = JobFailed("browsing-timeout", RefusalKind.TRANSIENT)
    after = after_poll(sent(attempts=attempts), failed, NOW)

    assert (after.state, after.next_at) == (state, NOW + next_in)
    assert after.code == "browsing-timeout"


def test_a_pending_job_is_asked_after_as_the_archive_wishes() -> None:
    own = after_poll(sent(), Pending(), NOW)
    wished = after_poll(sent(), Pending(), NOW, wait_s=100)

    assert own.next_at == NOW + timedelta(seconds=15)
    assert wished.next_at == NOW + timedelta(seconds=100)


def test_a_saved_page_is_opened_at_once_even_if_our_clock_is_ahead() -> None:
    taken_at = NOW - 3 * HOUR
    after = after_poll(sent(), Saved(taken_at, "https://example.org/new"), NOW)

    assert step(after, NOW) is Step.OPEN
    assert (after.copy_at, after.copy_of) == (taken_at, "https://example.org/new")
    assert after_opening(after, played(taken_at), None, COPY, NOW).state is DONE


def capture(at: datetime) -> Capture:
    return Capture(timestamp=at, original="https://example.org/", status=None)


@pytest.mark.parametrize(
    ("ago", "found", "state", "next_in"),
    [
        # A second is as exact as archives date.
        (HOUR, capture(NOW.replace(microsecond=0) - HOUR), SUBMITTED, NONE),
        (HOUR, capture(NOW - HOUR + MINUTE), SUBMITTED, NONE),
        (5 * MINUTE, None, LOST, 55 * MINUTE),
        (HOUR, None, LOST, 23 * HOUR),
        (HOUR, capture(NOW - 2 * HOUR), LOST, 23 * HOUR),  # an older one
        (23 * HOUR, None, LOST, HOUR),
        (DAY, None, QUEUED, NONE),
        (HOUR, ArchiveDown("it is down"), SUBMITTED, 5 * MINUTE),
        (DAY, ArchiveDown("it is down"), SUBMITTED, 5 * MINUTE),  # no look has found nothing
        (DAY, Unasked(Outcome.RATE_LIMITED, "not now", wait_s=7200), SUBMITTED, 2 * HOUR),
        (DAY, ArchiveBusy("not now", retry_after_s=3600), SUBMITTED, HOUR),
        (DAY, ArchiveRefused("it is excluded"), REFUSED, None),
    ],
)
def test_what_a_look_makes_of_a_row(
    ago: timedelta,
    found: Capture | ArchiveError | None,
    state: SaveState,
    next_in: timedelta | None,
) -> None:
    after = after_look(sent(ago), found, NOW)

    assert after.state is state
    assert after.next_at == (None if next_in is None else NOW + next_in)
    if isinstance(found, Capture) and state is SUBMITTED:
        assert after.copy_at == found.timestamp


def test_what_was_lost_again_and_again_is_given_up() -> None:
    after = after_look(sent(DAY, attempts=MOST_ATTEMPTS, state=LOST), None, NOW)

    assert (after.state, after.code) == (REFUSED, "lost")


@pytest.mark.parametrize(
    ("what", "why", "state", "next_in"),
    [
        (played(NOW), None, DONE, None),
        (played(NOW), "it shows a wall against programs", REFUSED, 30 * DAY),
        (played(NOW - HOUR), None, SUBMITTED, 4 * MINUTE),  # another, older copy was shown
        (Astray("the archive does not have it any more"), None, SUBMITTED, 4 * MINUTE),
        (ArchiveDown("it is down"), None, SUBMITTED, 5 * MINUTE),
        (ArchiveRefused("it is excluded"), None, REFUSED, None),
    ],
)
def test_only_a_copy_that_was_opened_is_done(
    what: Played | Astray | ArchiveError,
    why: str | None,
    state: SaveState,
    next_in: timedelta | None,
) -> None:
    one = sent(MINUTE, copy_at=NOW, copy_of="https://example.org/")
    after = after_opening(one, what, why, COPY, NOW)

    assert after.state is state
    assert after.next_at == (None if next_in is None else NOW + next_in)
    verified = after.snapshot is not None and after.snapshot.verified
    assert verified is (state is DONE)
    if why is not None:
        assert after.snapshot is not None
        assert after.snapshot.flaw == why
        assert why in after.detail


def test_a_copy_that_never_shows_is_submitted_anew_after_a_day() -> None:
    one = sent(DAY, copy_at=NOW - DAY, copy_of="https://example.org/")
    after = after_opening(one, Astray("it leads to nowhere"), None, COPY, NOW)

    assert (after.state, after.copy_at, after.job_id) == (QUEUED, None, None)
    assert step(after, NOW) is Step.SUBMIT


@pytest.mark.parametrize(
    ("one", "held"),
    [
        (sent(), True),
        (sent(job_id=None), True),  # perhaps
        (sent(4 * MINUTE), True),
        (sent(5 * MINUTE), False),  # no job takes so long
        (sent(starts_at=NOW + 10 * HOUR), False),  # parked
        (sent(copy_at=NOW), False),
        (row(), False),
    ],
)
def test_only_what_is_under_way_holds_a_slot(one: Save, held: bool) -> None:
    assert holds_a_slot(one, NOW) is held


@pytest.mark.parametrize(
    ("available", "captures", "limit", "in_flight", "today", "left"),
    [
        (3, 0, 30_000, 0, 0, 3),
        (10, 0, 30_000, 0, 0, 3),
        (3, 0, 30_000, 2, 0, 1),
        (1, 0, 30_000, 0, 0, 1),
        (0, 0, 30_000, 0, 0, 0),
        (3, 26_999, 30_000, 0, 0, 1),  # a tenth is left to the account's owner
        (3, 27_000, 30_000, 0, 0, 0),
        (3, 0, 5, 0, 0, 3),
        (3, 4, 5, 0, 0, 0),
        (3, 0, 30_000, 0, 198, 2),
        (3, 0, 30_000, 0, 201, 0),
    ],
)
def test_how_many_may_be_submitted(
    available: int, captures: int, limit: int, in_flight: int, today: int, left: int
) -> None:
    account = Account(available=available, captures_today=captures, captures_a_day=limit)

    assert room(account, in_flight=in_flight, today=today, a_day=200) == left


def test_an_account_at_its_limit_waits_a_minute_or_for_tomorrow() -> None:
    assert paused_until("user-session-limit", NOW) == NOW + MINUTE
    assert paused_until("max-daily-bandwidth-reached", NOW) == tomorrow(NOW)


def test_what_must_not_be_published_is_never_asked_about_again() -> None:
    after = untold(row(), "It holds a token (JWT).")

    assert (after.state, after.next_at, after.code) == (REFUSED, None, "not_told")


@pytest.mark.parametrize(("earlier", "counts"), [(90, True), (180, False)])
def test_clocks_may_differ_by_two_minutes(earlier: float, counts: bool) -> None:
    one = submitting(row(), NOW)
    after = after_look(one, capture(NOW - timedelta(seconds=earlier)), NOW + HOUR)

    assert (after.copy_at is not None) is counts
