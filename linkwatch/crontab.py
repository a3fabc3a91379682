"""Crontab expressions as cron means them, for APScheduler.

APScheduler's own `from_crontab` counts weekdays from Monday, so that `1` is Tuesday and 7 an
error; and where both the day of the month and the weekday are restricted it wants both, while
cron is content with either (POSIX crontab).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crontab:
    """One expression: each field the set of values it allows; days as APScheduler names them."""

    minute: str
    hour: str
    day: str
    month: str
    day_of_week: str
    either_day: bool  # both day fields are restricted: one of them is enough


def parse(text: str) -> Crontab:
    """Read five fields, or a nickname such as `@daily`. Raises ValueError with what is wrong."""
    expression = _NICKNAMES.get(text.strip().lower(), text)
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} has {len(fields)} fields, cron has five")
    values = [_values(i, field) for i, field in enumerate(fields)]
    either_day = not (fields[2].startswith("*") or fields[4].startswith("*"))
    if not either_day and min(values[2]) > max(_LONGEST_MONTHS[month - 1] for month in values[3]):
        raise ValueError(f"{text!r} never comes: no such month has so many days")
    weekdays = sorted({v % 7 for v in values[4]}, key=lambda v: (v - 1) % 7)
    return Crontab(
        minute=_join(values[0]),
        hour=_join(values[1]),
        day=_join(values[2]),
        month=_join(values[3]),
        day_of_week=",".join(_DAYS[v] for v in weekdays),
        either_day=either_day,
    )


def _join(values: list[int]) -> str:
    return ",".join(map(str, values))


def _values(index: int, field: str) -> list[int]:
    low, high = _RANGES[index]
    found: set[int] = set()
    for part in field.lower().split(","):
        match = re.fullmatch(r"(\*|\w+(?:-(\w+))?)(?:/(\d+))?", part, re.ASCII)
        if match is None:
            raise ValueError(f"{field!r} is no {_FIELDS[index]}")
        step = int(match[3] or 1)
        if match[1] == "*":
            first, last = low, 6 if index == 4 else high
        else:
            first = _number(index, match[1].partition("-")[0])
            last = _number(index, match[2]) if match[2] else (high if match[3] else first)
            if index == 4 and last == 0 < first:  # sat-sun
                last = 7
        if step < 1 or not low <= first <= last <= high:
            raise ValueError(f"{field!r} is no {_FIELDS[index]} ({low} to {high})")
        found.update(range(first, last + 1, step))
    return sorted(found)


def _number(index: int, text: str) -> int:
    if text.isdigit():
        return int(text)
    names = {3: _MONTHS, 4: _DAYS[:7]}.get(index, ())
    if text in names:
        return names.index(text) + (1 if index == 3 else 0)
    raise ValueError(f"{text!r} is no {_FIELDS[index]}")
