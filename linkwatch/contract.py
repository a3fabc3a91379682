"""What machines are told of a link: the keys of the JSON report, in their order.

Times are text, as it stands in the report. A link is told as a line of its own, so that a vault
with a million of them is never held at once.
"""

from __future__ import annotations

import msgspec


class HopLine(msgspec.Struct, frozen=True, gc=False):
    """One redirect."""

    url: str
    status: int
    location: str


class CopyLine(msgspec.Struct, frozen=True, gc=False):
    """The archived copy."""

    url: str
    timestamp: str
    verified: bool


class ArchiveLine(msgspec.Struct, frozen=True, gc=False):
    """What the archives said."""

    outcome: str
    asked_at: str | None = None
    next_at: str | None = None
    cited_at: str | None = None
    cited_from: str | None = None


class IgnoredLine(msgspec.Struct, frozen=True, gc=False):
    """Who does not want to hear of it."""

    by: str
    until: str | None
    because: str | None
    speaks_up: str | None


class ChangedLine(msgspec.Struct, frozen=True, gc=False, rename={"before": "from", "after": "to"}):
    """A page that became another; its titles."""

    at: str
    before: str
    after: str


class OriginalLine(msgspec.Struct, frozen=True, gc=False):
    """The page that an archived link is a copy of."""

    url: str
    state: str
    since: str | None
    lives: bool


class MentionLine(msgspec.Struct, frozen=True, gc=False):
    """A place in a note, as the report and `links --format jsonl` tell it."""

    file: str
    line: int
    column: int
    url: str
    text: str
    kind: str


class LinkLine(msgspec.Struct, frozen=True, gc=False):
    """A link that some note mentions."""

    url: str
    state: str
    reason: str
    since: str | None
    first_seen: str
    checked_at: str | None
    checks: int
    status: int | None
    final_url: str | None
    detail: str
    hops: list[HopLine]
    snapshot: CopyLine | None
    archive: ArchiveLine
    ignored: IgnoredLine | None
    changed: ChangedLine | None
    recoveries: int
    original: OriginalLine | None
    missing_fragments: list[str]
    mentions: list[MentionLine]
