"""What comes next for a page that is to be saved: a row, an answer and a time make another row.

Pure. That a request may have left is written down before it does; so nothing here ever submits a
page again of which nobody knows what became, before a day has passed and no copy is to be seen.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from linkwatch.archive.answers import Capture, Unasked, sentence
from linkwatch.archive.playback import Astray, Played
from linkwatch.archive.spn import (
    Accepted,
    Account,
    JobFailed,
    Pending,
    Recent,
    RefusalKind,
    Refused,
    Reply,
    Report,
    Saved,
    Unsure,
)
from linkwatch.errors import ArchiveBusy, ArchiveError, ArchiveRefused
from linkwatch.model import Save, SaveState, SaveWhy, Snapshot

NOT_TOLD: Final = "not_told"  # the code of what is never published
IN_FLIGHT: Final = 3
MOST_ATTEMPTS: Final = 5  # of a page whose captures keep failing

_JOB_ENDS: Final = timedelta(minutes=60)  # then its status is forgotten
_HOLDS_A_SLOT: Final = timedelta(minutes=5)  # a job takes two minutes at most
_FIRST_POLL: Final = timedelta(seconds=20)
_POLL: Final = timedelta(seconds=15)
# After a submission of which nobody knows what came: when its copy is looked for.
_LOOKS: Final = (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))
_SLACK: Final = timedelta(minutes=2)  # clocks differ, and pages hardly do in so short a time
_UNLISTED: Final = timedelta(hours=1)  # how much younger than told a copy may be
_ANY_AGE: Final = timedelta(days=30)  # of a recent copy, where its age could not be read
_AGAIN: Final = timedelta(days=30)  # when a page's own refusal may have passed
BACK_OFF: Final = timedelta(hours=1)  # doubling
A_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_AFTER_MIDNIGHT: Final = timedelta(minutes=10)  # clocks differ

# A page's own answers to the archive, which may be others next month.
_PASSING: Final = frozenset(
    {
        *("invalid-host-resolution", "method-not-allowed", "no-access", "not-found"),
        *("too-many-redirects", "unauthorized"),
    }
)
_SAYS: Final = {
    "blocked-url": "The archive keeps this address out of Save Page Now.",
    "invalid-host-resolution": "The archive could not find the host.",
    "no-access": "The page refused the archive (403).",
    "not-found": "The page told the archive that it does not exist (404).",
    "unauthorized": "The page asked the archive for a login (401).",
    "too-many-daily-captures": "The archive has saved this page often enough today.",
    "user-session-limit": "The account is saving as many pages as it may at the same time.",
    "too-many-requests": "The page's host asked the archive for patience.",
    "bandwidth-limit-exceeded": "The page's host has no bandwidth left.",
}
# A copy that is not older is enough. What dies is saved as it is now.
YOUNG: Final = {
    SaveWhy.ASKED: timedelta(hours=1),
    SaveWhy.DYING: timedelta(days=1),
    SaveWhy.NEW: timedelta(days=7),
    SaveWhy.UNARCHIVED: timedelta(days=30),
    SaveWhy.REST: timedelta(days=30),
}


class Step(StrEnum):
    """What there is to do about a row."""

    SUBMIT = "submit"
    POLL = "poll"
    LOOK = "look"  # for a copy, as nobody tells whether there is one
    OPEN = "open"  # the copy that there is


def step(row: Save, now: datetime) -> Step | None:
    """What there is to do about a row now."""
    if row.next_at is None or row.next_at > now:
        return None
    match row.state:
        case SaveState.QUEUED:
            return Step.SUBMIT
        case SaveState.SUBMITTED | SaveState.LOST:
            if row.copy_at is not None:
                return Step.OPEN
            polled = row.state is SaveState.SUBMITTED and row.job_id is not None
            return Step.POLL if polled and now < began(row) + _JOB_ENDS else Step.LOOK
        case SaveState.DONE | SaveState.REFUSED:
            return None
    assert_never(row.state)


def holds_a_slot(row: Save, now: datetime) -> bool:
    """Whether a row's job is under way, as far as is known; not if it is to begin in hours."""
    return (
        row.state is SaveState.SUBMITTED
        and row.copy_at is None
        and began(row) <= now < began(row) + _HOLDS_A_SLOT
    )


def submitting(row: Save, now: datetime) -> Save:
    """A row as it is written down before the request leaves: whatever happens, look first."""
    same_day = row.submitted_at is not None and row.submitted_at.date() == now.date()
    return replace(
        row,
        state=SaveState.SUBMITTED,
        next_at=now + _LOOKS[0],
        submitted_at=now,
        starts_at=now,
        counts_from=now - _SLACK,
        job_id=None,
        attempts=row.attempts + 1,
        attempts_that_day=row.attempts_that_day + 1 if same_day else 1,
        code="",
        detail="",
        copy_at=None,
        copy_of=None,
        snapshot=None,
    )


def after_submission(before: Save, row: Save, reply: Reply | ArchiveError, now: datetime) -> Save:
    """`before` and `row`: without and with the submission. An error without doubt undoes it."""
    match reply:
        case Accepted():
            starts_at = now + reply.starts_in
            return replace(
                row, job_id=reply.job_id, starts_at=starts_at, next_at=starts_at + _FIRST_POLL
            )
        case Recent():
            age = _ANY_AGE if reply.age is None else reply.age + _UNLISTED
            return replace(row, counts_from=now - age, next_at=now)
        case Refused():
            return _refused(row, reply.code, reply.kind, now)
        case Unsure():
            return replace(row, detail=sentence(reply))
        case Unasked():
            return before
        case ArchiveError():
            return replace(before, detail=sentence(reply))
    assert_never(reply)


def after_poll(row: Save, report: Report, now: datetime, *, wait_s: float | None = None) -> Save:
    """What a job's report says. `wait_s`: what the archive wishes before the next question."""
    match report:
        case Pending():
            return replace(row, next_at=now + max(_POLL, timedelta(seconds=wait_s or 0.0)))
        case Saved():
            return replace(
                row,
                copy_at=report.timestamp,
                copy_of=report.original_url,
                counts_from=min(row.counts_from or report.timestamp, report.timestamp),
                next_at=now,
            )
        case JobFailed():
            return _refused(row, report.code, report.kind, now)
    assert_never(report)


def _refused(row: Save, code: str, kind: RefusalKind, now: datetime) -> Save:
    """Nothing was saved, and the archive told why."""
    detail = _SAYS.get(code, f"The archive could not save it ({code}).")
    row = replace(row, code=code, detail=detail, job_id=None)
    again = replace(row, state=SaveState.QUEUED)
    unspent = replace(again, attempts=row.attempts - 1)
    match kind:
        case RefusalKind.PERMANENT:
            next_at = now + _AGAIN if code in _PASSING else None
            return replace(row, state=SaveState.REFUSED, next_at=next_at)
        case RefusalKind.TOMORROW:
            return replace(unspent, next_at=tomorrow(now))
        case RefusalKind.PAUSE:
            return replace(unspent, next_at=paused_until(code, now))
        case RefusalKind.HOST | RefusalKind.TRANSIENT:
            if row.attempts >= MOST_ATTEMPTS:
                return replace(row, state=SaveState.REFUSED, next_at=now + _AGAIN)
            wait = min(BACK_OFF * 2 ** (row.attempts - 1), _DAY)
            return replace(again, next_at=now + wait)
    assert_never(kind)


def after_look(row: Save, found: Capture | ArchiveError | None, now: datetime) -> Save:
    """What the archive's TimeGate says to a row of which nobody knows what became."""
    match found:
        case ArchiveRefused():
            return _not_shown(row)
        case ArchiveError():
            return _later(row, found, now)
        case Capture() if is_young(found.timestamp, row):
            return replace(row, copy_at=found.timestamp, copy_of=found.original, next_at=now)
        case _:
            return _nothing_found(replace(row, state=SaveState.LOST, job_id=None), now)


def after_opening(
    row: Save,
    played: Played | Astray | ArchiveError,
    why: str | None,
    copy: Snapshot,
    now: datetime,
) -> Save:
    """`why`: the flaw of what was played; `copy`: where it lies, not yet known to be good."""
    match played:
        case ArchiveRefused():
            return _not_shown(row)
        case ArchiveError():
            return _later(row, played, now)
        case Played() if not is_young(played.taken_at, row):
            return _nothing_found(row, now)
        case Astray():
            return _nothing_found(row, now)
    if why is None:
        return replace(
            row,
            state=SaveState.DONE,
            next_at=None,
            code="",
            detail="",
            snapshot=replace(copy, status=played.answer.status, verified=True),
        )
    return replace(
        row,
        state=SaveState.REFUSED,
        next_at=now + _AGAIN,
        code="flawed",
        detail=f"The copy that was made will not do: {why}.",
        snapshot=replace(copy, status=played.answer.status, flaw=why),
    )


def is_young(taken_at: datetime, row: Save) -> bool:
    """Whether a copy is from after the submission; archives date by the second."""
    since = row.counts_from or row.submitted_at
    return since is None or taken_at >= since.replace(microsecond=0)


def _nothing_found(row: Save, now: datetime) -> Save:
    """A copy can't be seen, or not yet: look again, and after a day begin anew."""
    looks = [began(row) + wait for wait in _LOOKS if began(row) + wait > now]
    if looks:
        return replace(
            row, next_at=looks[0], detail="The archive does not show whether it has a copy."
        )
    fresh = replace(
        row,
        job_id=None,
        copy_at=None,
        copy_of=None,
        code="lost",
        detail="The archive took it, and no copy was to be seen a day later.",
    )
    if row.attempts >= MOST_ATTEMPTS:
        return replace(fresh, state=SaveState.REFUSED, next_at=now + _AGAIN)
    return replace(fresh, state=SaveState.QUEUED, next_at=now)


def untold(row: Save, why: str) -> Save:
    """A row whose page must not be published."""
    return replace(row, state=SaveState.REFUSED, next_at=None, code=NOT_TOLD, detail=why)


def _not_shown(row: Save) -> Save:
    return replace(
        row,
        state=SaveState.REFUSED,
        next_at=None,
        code="excluded",
        detail="The archive does not show this site, by its own words.",
    )


def _later(row: Save, error: ArchiveError, now: datetime) -> Save:
    """The archive can't be asked now, which says nothing about the row."""
    wait_s = error.wait_s if isinstance(error, Unasked) else 0.0
    if isinstance(error, ArchiveBusy):
        wait_s = error.retry_after_s or 0.0
    return replace(row, next_at=now + max(_LOOKS[0], timedelta(seconds=wait_s)))


def began(row: Save) -> datetime:
    """When a row's job began, or is to begin; where there is none, when it was submitted."""
    return row.starts_at or row.submitted_at or row.queued_at


def midnight(now: datetime) -> datetime:
    """The beginning of the day by which the archive counts."""
    return datetime(now.year, now.month, now.day, tzinfo=UTC)


def tomorrow(now: datetime) -> datetime:
    """When the archive has begun to count anew."""
    return midnight(now) + _DAY + _AFTER_MIDNIGHT


def paused_until(code: str, now: datetime) -> datetime:
    """How long an account at its limit waits."""
    return now + A_MINUTE if code == "user-session-limit" else tomorrow(now)


def room(account: Account, *, in_flight: int, today: int, a_day: int) -> int:
    """How many pages may be submitted now.

    `today`: how many were already, of the `a_day` that the user wants at most. A tenth of what the
    account may do in a day is left to whatever else its owner does with it.
    """
    reserve = -(-account.captures_a_day // 10)
    left = account.captures_a_day - reserve - account.captures_today
    return max(0, min(account.available, IN_FLIGHT - in_flight, left, a_day - today))
