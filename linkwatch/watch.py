"""Who watches a cycle: a progress bar on a terminal, plain lines elsewhere, or nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from linkwatch.model import CheckResult, Lookup, Outcome
from linkwatch.notes.vault import Trouble
from linkwatch.progress import Progress
from linkwatch.report.inert import terminal
from linkwatch.report.words import count

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


log = logging.getLogger("linkwatch")

_MANY_NOTES = 2000  # reading fewer takes no time worth a line
_LINES = 10  # how many lines a check says how far it is


class Silent:
    """`--quiet`: only what went wrong, as one line each."""

    def scanned(self, notes: int) -> None:
        pass

    def trouble(self, trouble: Trouble) -> None:
        say(trouble_line(trouble))

    def checking(self, links: int) -> None:
        pass

    def saved(self, results: Sequence[CheckResult]) -> None:
        for result in results:
            log.debug("%s", log_line(result))

    def rescuing(self, links: int) -> None:
        pass

    def looking(self, url: str) -> None:
        log.debug("archive find url=%s", terminal(url))

    def waiting(self, what: str) -> None:
        log.debug("%s", terminal(what))

    def opening(self, copies: int) -> None:
        pass

    def rescued(self, url: str, lookup: Lookup) -> None:
        log.debug("archive url=%s outcome=%s", terminal(url), lookup.outcome)

    def saving(self, links: int, archive: str, *, first: bool, asked: bool) -> None:
        log.info("saving links=%d archive=%s first=%d asked=%d", links, archive, first, asked)

    def unable(self, why: str) -> None:
        say(terminal(why))


class Lines(Silent):
    """Plain lines, for a log or a pipe."""

    def __init__(self) -> None:
        self._links = 0
        self._done: set[str] = set()
        self._told = 0

    def scanned(self, notes: int) -> None:
        if notes >= _MANY_NOTES and notes % _MANY_NOTES < 200:
            say(f"{notes} notes looked at")

    def checking(self, links: int) -> None:
        self._links = links
        self._done.clear()
        self._told = 0
        say(f"checking {count(links, 'link')}")

    def saved(self, results: Sequence[CheckResult]) -> None:
        super().saved(results)
        self._done.update(result.url for result in results)
        done = len(self._done)
        if done * _LINES // self._links > self._told:
            self._told = done * _LINES // self._links
            say(f"{done} of {count(self._links, 'link')} checked")

    def rescuing(self, links: int) -> None:
        say(f"asking the archive about {count(links, 'dead link')}")

    def looking(self, url: str) -> None:
        say(f"asking the archive about {terminal(url)}")

    def waiting(self, what: str) -> None:
        say(terminal(what))

    def opening(self, copies: int) -> None:
        say(f"opening {count(copies, 'copy', 'copies')} again")

    def saving(self, links: int, archive: str, *, first: bool, asked: bool) -> None:
        say(_publishing(links, archive, first=first, asked=asked))


class Live(Silent):
    """A progress bar, for a person at a terminal."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task: TaskID = bar.add_task("reading notes", total=None)
        self._done: set[str] = set()
        self._doing = ""

    def scanned(self, notes: int) -> None:
        self._bar.update(self._task, completed=notes, description="reading notes")

    def trouble(self, trouble: Trouble) -> None:
        self._bar.console.print(trouble_line(trouble), markup=False, highlight=False)

    def checking(self, links: int) -> None:
        self._done.clear()
        self._bar.reset(self._task, total=links, description="checking links")

    def saved(self, results: Sequence[CheckResult]) -> None:
        super().saved(results)
        self._done.update(result.url for result in results)
        self._bar.update(self._task, completed=len(self._done))

    def rescuing(self, links: int) -> None:
        self._begin("asking the archive", links)

    def looking(self, url: str) -> None:
        super().looking(url)
        self._begin("asking the archive", 1)

    def waiting(self, what: str) -> None:
        self._bar.update(self._task, description=terminal(what))

    def opening(self, copies: int) -> None:
        self._begin("opening copies", copies)

    def _begin(self, doing: str, total: int | None) -> None:
        self._doing = doing
        self._bar.reset(self._task, total=total, description=doing)

    def rescued(self, url: str, lookup: Lookup) -> None:
        super().rescued(url, lookup)
        if lookup.outcome is not Outcome.QUEUED:
            self._bar.update(self._task, advance=1, description=self._doing)

    def saving(self, links: int, archive: str, *, first: bool, asked: bool) -> None:
        self._begin("saving pages", None)
        if first:
            line = _publishing(links, archive, first=first, asked=asked)
            self._bar.console.print(line, markup=False, highlight=False)

    def unable(self, why: str) -> None:
        self._bar.console.print(terminal(why), markup=False, highlight=False)


@contextmanager
def watching(*, quiet: bool, verbose: bool) -> Iterator[Progress]:
    """Whoever fits the place where standard error goes. The bar is gone when it is over."""
    if quiet:
        yield Silent()
        return
    from rich.console import Console

    console = Console(stderr=True)
    if verbose or not console.is_terminal or console.is_dumb_terminal:
        yield Lines()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=console, transient=True) as bar:
        yield Live(bar)


def say(line: str) -> None:
    """A line for a person, on standard error, where progress belongs."""
    try:
        click.echo(line, err=True)
    except OSError:  # nobody reads it any more, which is no reason to stop
        pass


def _publishing(links: int, archive: str, *, first: bool, asked: bool) -> str:
    """That pages are saved; the first time, what it means."""
    line = f"saving up to {count(links, 'page')} at {archive}"
    if not first:
        return line
    why = "" if asked else " (`archive.save` in the configuration)"
    return f"{line}: this publishes their addresses, for good{why}"


def trouble_line(trouble: Trouble) -> str:
    """What could not be read, and why."""
    where = f"{trouble.root}/{trouble.path}" if trouble.path else trouble.root
    return f"{terminal(where)}: can't be read: {trouble.why}"


def log_line(result: CheckResult) -> str:
    """A check as `key=value` pairs, to be grepped."""
    parts = {
        "url": terminal(result.url),
        "status": result.status or "-",
        "fault": result.fault or "-",
        "hops": len(result.hops),
        "attempts": result.attempts,
        "ms": result.elapsed_ms,
        "inferred": int(result.inferred),
        "confirmed": int(result.confirmed),
    }
    return "check " + " ".join(f"{key}={value}" for key, value in parts.items())
