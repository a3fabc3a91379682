"""What an archive may answer: a capture, or a trouble that says nothing about the link.

ArchiveError
├── ArchiveBusy       too many requests (see `linkwatch.errors`)
├── ArchiveRefused    excluded, in the archive's own words
├── ArchiveDown       no answer, or one that only says that something is wrong
├── ArchiveGarbled    a 200 whose content is not what was asked for
└── Unasked           no request was made, or none that had the time it needed
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from linkwatch.errors import ArchiveBusy, ArchiveError, ArchiveRefused
from linkwatch.model import Outcome

# The index says so in a header and the body of its 403, playback on a page with a 200.
_EXCLUDED = re.compile(
    r"AdministrativeAccessControlException|RobotAccessControlException|Blocked Site Error|"
    r"\bURL has been excluded\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One copy that an archive says it holds."""

    timestamp: datetime
    original: str  # the URL as it was captured: scheme, www and letter case may not be the link's
    status: int | None  # None: not told (a revisit), or told to be of no use
    digest: str | None = None  # of the archived bytes: equal ones need not be looked at twice
    memento: str | None = None  # the copy's own address, where the archive gave one


class ArchiveDown(ArchiveError):
    """The archive could not be asked, or was not able to answer."""

    def __init__(
        self,
        message: str,
        *,
        passing: bool = False,
        shut: bool = False,
        silent: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        """`passing`: a second try may do; `shut`: it refuses to be connected to; `silent`: it
        let us wait to the end of our patience."""
        super().__init__(message)
        self.passing = passing
        self.shut = shut
        self.silent = silent
        self.retry_after_s = retry_after_s


class ArchiveGarbled(ArchiveError):
    """The archive said 200, but what came with it can't be believed."""


class Unasked(ArchiveError):
    """No request was made, or none that had the time it needed."""

    def __init__(self, outcome: Outcome, message: str, *, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.wait_s = wait_s  # until the archive may be asked


def trouble(
    status: int, words: str, headers: Mapping[str, str], *, asked_s: float | None
) -> ArchiveError:
    """What an archive's own answer means that is not the one that was asked for.

    `headers` by lower-case name; `asked_s` is what its Retry-After wishes, in seconds.
    """
    if status == 429:
        return ArchiveBusy("the archive says: too many requests", retry_after_s=asked_s)
    said = headers.get("x-archive-wayback-runtime-error", "") + words
    if status in (200, 403) and _EXCLUDED.search(said):
        return ArchiveRefused("the archive does not show this site, by its own words")
    if status == 200:
        return ArchiveGarbled("the archive sent something else than what it was asked for")
    return ArchiveDown(
        f"the archive answered with status {status}",
        passing=status >= 500 and not asked_s,
        retry_after_s=asked_s,
    )


def sentence(error: ArchiveError) -> str:
    """A trouble's words as a sentence for a person."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def moment_of(stamp: str) -> datetime | None:
    """A moment as archives write it, of 14 digits in UTC; None if it is none."""
    if not re.fullmatch(r"[0-9]{14}", stamp):
        return None
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def stamp_of(moment: datetime) -> str:
    """A moment as archives write it: `20200131235959`, in UTC."""
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}".zfill(14)
