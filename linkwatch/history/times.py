"""Times as the database writes them: ISO 8601 UTC text with milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


@overload
def to_text(moment: datetime) -> str: ...
@overload
def to_text(moment: None) -> None: ...
def to_text(moment: datetime | None) -> str | None:
    """`2026-01-05T04:00:00.000Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@overload
def from_text(text: str) -> datetime: ...
@overload
def from_text(text: None) -> None: ...
def from_text(text: str | None) -> datetime | None:
    """The moment that `to_text` wrote."""
    return None if text is None else datetime.fromisoformat(text)
