"""What is measured, a file each: every `measure` returns its section of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and how a part is measured."""

    folder: Path  # of its own, and empty
    env: Mapping[str, str]
    full: bool  # the large worlds, which the marks are meant for
    times: int  # how often each program runs
