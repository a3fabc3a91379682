"""Rows of Markdown: a figure, what it is compared with, and the mark it should reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from benchmarks.measure import Run, middle

WALL: tuple[str, Callable[[Run], float], str] = ("wall time", lambda run: run.wall_s, "s")
CPU: tuple[str, Callable[[Run], float], str] = ("CPU time", lambda run: run.cpu_s, "s")
MEMORY: tuple[str, Callable[[Run], float], str] = ("peak memory", lambda run: run.peak_mb, "MB")
COSTS = (WALL, CPU, MEMORY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a figure should be at the most. With `of` it is so many times another figure."""

    most: float
    unit: str = "×"
    of: str = ""

    def judge(self, value: float) -> str:
        """The mark, and whether it is met or by how much it is missed."""
        wanted = f"≤ {self.most:g}{self.unit if self.unit == '×' else f' {self.unit}'}"
        if self.of:
            wanted += f" {self.of}"
        if value <= self.most:
            return f"{wanted}: met"
        if self.most == 0:
            return f"{wanted}: missed by {figure(value, self.unit)}"
        return f"{wanted}: missed by {ceil(100 * (value / self.most - 1))}%"


def judged(*marks: tuple[Mark, float | None]) -> str:
    """Some marks in one cell; those that were not measured are left out."""
    return ", ".join(mark.judge(value) for mark, value in marks if value is not None)


def figure(value: float, unit: str) -> str:
    """A number with its unit, with as many digits as mean something."""
    digits = 0 if unit in {"MB", "ms", ""} or value >= 1000 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first column says what, and needs no title."""
    lines = [("", *head), ("---",) * (len(head) + 1), *rows]
    return "\n".join("|".join(["", *(_cell(text) for text in line), ""]) for line in lines)


def _cell(text: str) -> str:
    return f" {text} " if text else " "


def ratio(ours: float, theirs: float | None) -> float | None:
    return None if theirs is None else ours / theirs


def shown(value: float | None, unit: str = "×") -> str:
    """A figure that may be missing."""
    if value is None:
        return ""
    return f"{value:.2f}×" if unit == "×" else figure(value, unit)


def medians(
    runs: dict[str, list[Run]], what: Callable[[Run], float], names: Sequence[str]
) -> list[float | None]:
    """One figure of several programs; None for those that did not run."""
    return [middle(runs[name], what) if name in runs else None for name in names]


def medians_of(times: int) -> str:
    """How often was measured, in words."""
    return f"median of {times}" if times > 1 else "one run"
