"""How things stand right now, on one screen.

No report: it speaks of this very moment, so ages are relative. Plain text, as it may end up in a
log as well as on a terminal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from linkwatch.model import Ahead, CycleRecord, Ending, State
from linkwatch.report.inert import shown, terminal
from linkwatch.report.words import count, minute

CYCLES: Final = 7  # shown at most
_HELD: Final = 3
_UNSTEADY: Final = 5
_WIDTH: Final = 80
_LABEL_WIDTH: Final = 12
_HOST_WIDTH: Final = 30
_UNBROKEN: Final = "\N{NO-BREAK SPACE}"
_COLUMNS: Final = (State.DEAD, State.SUSPECT, State.BLOCKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What there is to tell. Hosts are keys (name:port)."""

    now: datetime
    notes: int
    states: Mapping[State, int]  # mentioned links
    counted_at: datetime | None  # the end of the last finished cycle that is not void
    running: CycleRecord | None
    killed: bool = False  # it runs no more: its process is gone
    cycles: Sequence[CycleRecord]  # those that are over, newest first
    ahead: Ahead  # of all links that are ever checked
    held: Mapping[str, datetime]  # hosts that want to be left alone, and until when
    unsteady: Mapping[str, int]  # hosts that come and go, and how many of their links do
    database: str
    size_bytes: int


def overview(status: Status) -> str:
    """The screen, ready to print: no foreign text in it can steer a terminal."""
    return "".join(f"{line}\n" for line in _lines(status))


def _lines(status: Status) -> Iterator[str]:
    now = status.now
    yield from _row("now", minute(now))
    yield from _row("links", _links(status))
    yield from _row("checked", *_checked(status))
    if status.running is not None:
        yield from _row(*_running(status.running, status))
    yield from _row("due", _due(status))
    if status.held:
        yield from _row("left alone", *_held(status))
    if status.unsteady:
        yield from _row("unsteady", _unsteady(status.unsteady))
    # Whole, however long: paths are there to be copied.
    path = terminal(status.database)
    yield f"{'database':<{_LABEL_WIDTH}}{path} ({_size(status.size_bytes)})"
    if status.cycles:
        yield ""
        yield from _table(status.cycles[:CYCLES])


def _row(name: str, *texts: str) -> Iterator[str]:
    for text in texts:
        for line in textwrap.wrap(text, _WIDTH - _LABEL_WIDTH, break_on_hyphens=False):
            yield f"{name:<{_LABEL_WIDTH}}{line.replace(_UNBROKEN, ' ')}"
            name = ""


def _list(items: Iterable[str]) -> str:
    """Items that are wrapped between them only."""
    return ", ".join(item.replace(" ", _UNBROKEN) for item in items)


def _links(status: Status) -> str:
    states = _list(f"{status.states[state]} {state}" for state in State if status.states.get(state))
    line = f"{sum(status.states.values())} in {count(status.notes, 'note')}"
    return f"{line}: {states}" if states else line


def _checked(status: Status) -> Iterator[str]:
    at = status.counted_at
    yield "never yet" if at is None else _with_age(at, status.now)
    void = status.cycles[0].void if status.cycles else None
    if void is not None:
        yield f"The last cycle does not count: {shown(void)}."


def _running(cycle: CycleRecord, status: Status) -> tuple[str, str]:
    since = _with_age(cycle.started_at, status.now)
    if status.killed:
        return "cut short", f"{since}, with {cycle.checked} checked so far"
    return "running", f"since {since}: {cycle.checked} checked so far"


def _due(status: Status) -> str:
    """The ranges don't overlap: what is due within a day is no more so within a week."""
    ahead = status.ahead
    line = f"{ahead.now} now, then {ahead.in_a_day} within a day, {ahead.in_a_week} within a week"
    if ahead.later:
        line += f", {ahead.later} later"
    if ahead.first is not None and not ahead.now:
        line += f"; the next at {minute(ahead.first)} (in {_span(ahead.first - status.now)})"
    return line


def _held(status: Status) -> list[str]:
    hosts = sorted(status.held, key=lambda host: (-status.held[host].timestamp(), host))
    lines = [
        f"{_host(host)} until {minute(until)} (in {_span(until - status.now)})"
        for host, until in ((host, status.held[host]) for host in hosts[:_HELD])
    ]
    lines[-1] += _more(len(hosts) - _HELD)
    return lines


def _unsteady(links: Mapping[str, int]) -> str:
    hosts = sorted(links, key=lambda host: (-links[host], host))
    named = (f"{_host(host)} ({count(links[host], 'link')})" for host in hosts[:_UNSTEADY])
    return _list(named) + _more(len(hosts) - _UNSTEADY)


def _more(number: int) -> str:
    return f", and {number} more" if number > 0 else ""


def _host(key: str) -> str:
    """A host's name, with its port if that is an unusual one; of a long one, the telling end."""
    name = terminal(key.removesuffix(":443"))
    return name if len(name) <= _HOST_WIDTH else f"…{name[1 - _HOST_WIDTH :]}"


def _table(cycles: Sequence[CycleRecord]) -> Iterator[str]:
    names = "".join(f"{state:>9}" for state in _COLUMNS)
    yield f"{'last cycles':<20}{'took':>9}{'checked':>9}{names}"
    for cycle in cycles:
        took = _span(cycle.finished_at - cycle.started_at) if cycle.finished_at else "?"
        numbers = "".join(f"{cycle.states.get(state, '?'):>9}" for state in _COLUMNS)
        yield f"{minute(cycle.started_at)}{took:>9}{cycle.checked:>9}{numbers}{_mark(cycle)}"


def _mark(cycle: CycleRecord) -> str:
    if cycle.void is not None:
        return "  not counted"
    return "  cut short" if cycle.ending is Ending.ABORTED else ""


def _with_age(at: datetime, now: datetime) -> str:
    age = now - at
    return f"{minute(at)} ({'just now' if age < timedelta(minutes=1) else f'{_span(age)} ago'})"


def _span(length: timedelta) -> str:
    """Roughly how long, in one unit: `90 s`, `5 min`, `47 h`, `12 d`. A clock set back gives 0."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 120 * 60:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86_400} d"


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size // 1000} kB"
