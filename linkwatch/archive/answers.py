"""What an archive may answer: a capture, or a trouble that says nothing about the link.

ArchiveError
├── ArchiveBusy       too many requests (see `linkwatch.errors`)
├── ArchiveRefused    excluded, in the archive's own words
├── ArchiveDown       no answer, or one that only says that something is wrong
└── ArchiveGarbled    a 200 whose content is not what was asked for
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from linkwatch.errors import ArchiveError


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One copy that an archive says it holds."""

    timestamp: datetime
    original: str  # the URL as it was captured: scheme, www and letter case may not be the link's
    status: int | None  # None: not told (a revisit), or told to be of no use


class ArchiveDown(ArchiveError):
    """The archive could not be asked, or was not able to answer."""

    def __init__(
        self,
        message: str,
        *,
        passing: bool = False,
        shut: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        """`passing`: a second try may do; `shut`: it refuses to be connected to."""
        super().__init__(message)
        self.passing = passing
        self.shut = shut
        self.retry_after_s = retry_after_s


class ArchiveGarbled(ArchiveError):
    """The archive said 200, but what came with it can't be believed."""
