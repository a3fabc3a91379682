"""What can go wrong with linkwatch itself. A broken link is a result, not an exception.

LinkwatchError              one sentence for a person; ends the command with exit code 1
├── UsageError              yours to correct: exit code 3
│   └── ConfigError         names the file, the line, the key, an accepted value
├── NotesError              the notes could not be found or listed
├── StoreError              the history could not be read or written
│   └── BusyError           another cycle is at work on the same database
├── ReportError             the report could not be written
├── CopyError               a local copy could not be given out
└── ArchiveError            the archive failed; says nothing about the link itself
    ├── ArchiveBusy         worth another try after .retry_after_s
    ├── ArchiveRefused      a takedown or robots rule; asking again will not help
    └── …                   how else it may fail: archive/answers.py
"""

from __future__ import annotations

from typing import ClassVar


class LinkwatchError(Exception):
    """linkwatch could not do its work."""

    exit_code: ClassVar[int] = 1


class UsageError(LinkwatchError):
    """The command or its configuration is wrong."""

    exit_code: ClassVar[int] = 3


class ConfigError(UsageError):
    """The configuration can't be used as it is."""


class NotesError(LinkwatchError):
    """The notes could not be found or listed."""


class StoreError(LinkwatchError):
    """The history could not be read or written."""


class BusyError(StoreError):
    """Another cycle is at work on the same database."""


class ReportError(LinkwatchError):
    """The report could not be written."""


class CopyError(LinkwatchError):
    """A local copy is not there, can't be read, or can't be put where it was wanted."""


class ArchiveError(LinkwatchError):
    """The archive failed, which says nothing about the link."""


class ArchiveBusy(ArchiveError):
    """The archive asks for patience; another try is worth it after `retry_after_s`."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ArchiveRefused(ArchiveError):
    """The archive will not show this site; asking again will not help."""
