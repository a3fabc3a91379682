"""Mentions as the database files them: rows of nothing but text and numbers.

Pure, and light to import: where notes are read by several processes, each makes its own rows, and
plain tuples are what passes between processes at little cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

from linkwatch.history.times import to_text
from linkwatch.model import CitedFrom, Kind, Pardon
from linkwatch.web.url import link_of

# The link; then the columns of a mention, in the order of `mentions.COLUMNS`.
Row = tuple[str | int | None, ...]


class Filed(NamedTuple):
    """A note that was read, and what it names."""

    root: str
    path: str
    size: int
    mtime_ns: int
    rows: list[Row]


class Named(Protocol):
    """A mention, whatever its type."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def url(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def pardon(self) -> Pardon | None: ...
    @property
    def cited_at(self) -> datetime | None: ...
    @property
    def cited_from(self) -> CitedFrom | None: ...


def rows_of(mentions: Iterable[Named]) -> list[Row]:
    """What history keeps of mentions."""
    return [
        (
            link_of(m.url),
            *(m.line, m.column, m.start, m.end, m.url, m.text, m.kind._value_),
            *(_pardon(m.pardon) if m.pardon else _NO_PARDON),
            *(
                (to_text(m.cited_at), m.cited_from and m.cited_from.value)
                if m.cited_at
                else _NO_DATE
            ),
        )
        for m in mentions
    ]


_NO_PARDON = (0, None, None)
_NO_DATE = (None, None)


def _pardon(pardon: Pardon) -> tuple[int, str | None, str | None]:
    return 1, pardon.until.isoformat() if pardon.until else None, pardon.because
