"""What one link's way up the archives comes to: what is known so far, and what it adds up to. Pure.

That there is no copy is only said where nothing was left open on the way; and no trouble of an
archive's takes anything away from a copy that was found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from linkwatch.archive.answers import ArchiveGarbled, Capture, Unasked, sentence
from linkwatch.errors import ArchiveBusy, ArchiveError
from linkwatch.model import UNSETTLED, Lookup, Outcome, Snapshot, Wanted

MOST_OPENED: Final = 3  # copies that returned a page, a link
_MOST_ASTRAY: Final = 5  # and those that led nowhere

_ASK_AGAIN: Final = {  # where the archive itself names no time
    Outcome.NOT_ARCHIVED: timedelta(days=7),
    Outcome.NO_GOOD_COPY: timedelta(days=30),
    Outcome.EXCLUDED: timedelta(days=30),
    Outcome.RATE_LIMITED: timedelta(hours=1),
    Outcome.UNAVAILABLE: timedelta(hours=1),
    Outcome.MALFORMED: timedelta(hours=6),
    Outcome.QUEUED: timedelta(0),
}
_A_BETTER_ONE: Final = timedelta(days=1)  # where a copy was found, and a better may exist


@dataclass(slots=True, kw_only=True)
class Climb:
    """What is known so far of one link's copies."""

    want: Wanted
    url: str  # as it is asked about
    found: list[Capture] = field(default_factory=list)
    done: set[str] = field(default_factory=set)  # addresses of copies that were opened
    digests: set[str] = field(default_factory=set)  # of bytes that will not do
    flawed: list[Snapshot] = field(default_factory=list)
    first_flaw: str = ""  # of the closest that will not do, opened now or before
    opened: int = 0
    astray: int = 0
    troubles: list[ArchiveError] = field(default_factory=list)  # that leave a question open
    refused: bool = False  # the archive does not show the site, and says so
    perhaps_better: bool = False  # a copy was found; a better one could not be looked at
    good: str | None = None  # the address of a copy that was opened and is good
    unopened: Capture | None = None  # the best one that the archive could not show now
    closer: bool = False  # there is a copy between the last one opened and the citation
    asked: bool = False  # at least one request left

    @property
    def spent(self) -> bool:
        """Whether enough copies were opened."""
        return self.opened >= MOST_OPENED or self.astray >= _MOST_ASTRAY


def not_asked(want: Wanted, why: str) -> Lookup:
    """A link that no archive is to hear of; `why`: a sentence."""
    return Lookup(
        outcome=Outcome.NOT_ASKED, cited_at=want.cited_at, cited_from=want.cited_from, detail=why
    )


def settle(climb: Climb, end: Snapshot | Outcome, *, now: datetime, stopped_s: float) -> Lookup:
    """What a climb adds up to that ended in a copy, or without one.

    `stopped_s`: for how long the Wayback Machine is not to be asked anything.
    """
    copy = end if isinstance(end, Snapshot) else None
    outcome, detail = _said(climb, end)
    again = _ASK_AGAIN.get(outcome)
    if copy is not None and not copy.verified:
        again = _ASK_AGAIN[outcome_of(climb.troubles[-1])]
    elif copy is not None and climb.perhaps_better:
        waits = outcome_of(climb.troubles[-1]) is Outcome.QUEUED
        again = timedelta(0) if waits else _A_BETTER_ONE
    unsettled = outcome in UNSETTLED or (copy is not None and not copy.verified)
    if unsettled and (waits_s := _waits_s(climb, stopped_s)):
        again = timedelta(seconds=waits_s)
    return Lookup(
        outcome=outcome,
        asked_at=now if climb.asked else None,
        next_at=None if again is None else now + again,
        snapshot=copy,
        cited_at=climb.want.cited_at,
        cited_from=climb.want.cited_from,
        detail=detail,
        flawed=tuple(climb.flawed),
        tried=climb.opened if unsettled else 0,
    )


def _said(climb: Climb, end: Snapshot | Outcome) -> tuple[Outcome, str]:
    """The outcome, and what there is to say beside it."""
    if isinstance(end, Snapshot):
        if not end.verified:
            return (
                Outcome.FOUND,
                "The archive could not show it yet; it will be opened when it can.",
            )
        if climb.perhaps_better:
            return Outcome.FOUND, "A closer copy may exist, which could not be looked at yet."
        return Outcome.FOUND, ""
    if climb.troubles and climb.opened < MOST_OPENED:
        return outcome_of(climb.troubles[-1]), sentence(climb.troubles[-1])
    match end:
        case Outcome.NOT_ARCHIVED:
            return end, "No archive that was asked has a copy of this page."
        case Outcome.NO_GOOD_COPY:
            return end, _why_none_is_good(climb)
        case Outcome.EXCLUDED:
            return end, "The archive does not show this site, by its own words."
    return end, ""


def _waits_s(climb: Climb, stopped_s: float) -> float:
    """How long the archives that were in trouble want to be left alone."""
    if not climb.troubles:
        return 0.0
    return max([stopped_s, *(e.wait_s for e in climb.troubles if isinstance(e, Unasked))])


def _why_none_is_good(climb: Climb) -> str:
    if climb.first_flaw:
        return f"None of the copies will do; of the closest, {climb.first_flaw}."
    return "The archive has copies, but none of a working page from before it failed."


def outcome_of(error: ArchiveError) -> Outcome:
    """What it means for a link that a question met this."""
    match error:
        case Unasked():
            return error.outcome
        case ArchiveBusy():
            return Outcome.RATE_LIMITED
        case ArchiveGarbled():
            return Outcome.MALFORMED
        case _:
            return Outcome.UNAVAILABLE
