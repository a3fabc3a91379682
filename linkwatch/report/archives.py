"""Copies and archives, as plain text for the terminal: `linkwatch archive`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from linkwatch.model import (
    UNSETTLED,
    KeptPace,
    Lookup,
    Outcome,
    Save,
    SaveQueue,
    SaveState,
    Wanted,
)
from linkwatch.report import words
from linkwatch.report.inert import shown, terminal

_LABEL_WIDTH: Final = 14
_REFUSED_SHOWN: Final = 5
_ON_ITS_WAY: Final = {
    SaveState.QUEUED: "It waits for its turn.",
    SaveState.SUBMITTED: "It was submitted.",
    SaveState.LOST: "It was submitted, and no copy is to be seen yet.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How much of a budget the last minute took."""

    archive: str
    service: str
    used: int
    per_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivesStatus:
    """What there is to tell."""

    now: datetime
    enabled: bool
    dead: int
    kept: int  # links with a verified copy
    kept_dead: int
    keepers: Mapping[str, int]  # links with a verified copy, by archive
    outcomes: Mapping[Outcome, int]  # dead links, by what the archives said
    next_at: datetime | None  # when the next of them is asked about again
    asked: Sequence[Asked]
    paces: Sequence[KeptPace]
    save: str  # the setting
    queue: SaveQueue
    local_copies: int  # good ones, on this machine
    local_bytes: int


def overview(status: ArchivesStatus) -> str:
    """The screen, ready to print: no foreign text in it can steer a terminal."""
    return "".join(f"{line}\n" for line in _lines(status))


def _lines(status: ArchivesStatus) -> Iterator[str]:
    yield from _row("now", words.minute(status.now))
    if not status.enabled:
        yield from _row("", "archive.enabled is false: no archive is asked, not by hand either")
    dead = words.count(status.dead, "dead link")
    yield from _row("verified", f"copies of {status.kept_dead} of {dead}, {status.kept} of all")
    for keeper, number in sorted(status.keepers.items(), key=lambda item: (-item[1], item[0])):
        yield from _row("", f"{terminal(keeper)}: {words.count(number, 'link')}")
    for outcome, number in status.outcomes.items():
        yield from _row("dead links", f"{number} {outcome}")
    if status.next_at is not None:
        yield from _row("next question", f"after {words.minute(status.next_at)}")
    save = f"{status.save} (archive.save)"
    if not status.enabled and status.save != "none":
        save = f"none, as archive.enabled is false (archive.save is {status.save})"
    yield from _row("save", save)
    for line in queue(status.queue):
        yield from _row("", line)
    if status.local_copies:
        kept = words.count(status.local_copies, "copy", "copies")
        yield from _row("local", f"{kept}, {status.local_bytes / 1e6:.1f} MB")
    for one in status.asked:
        budget = f"{one.used} of {one.per_minute} requests in the last minute"
        yield from _row("budget", f"{terminal(one.archive)} {one.service}: {budget}")
    for pace in status.paces:
        if pace.stop is not None and pace.stop.until > status.now:
            until = words.minute(pace.stop.until)
            why = shown(pace.stop.detail)
            yield from _row("left alone", f"{terminal(pace.archive)} until {until}: {why}")
        for service, rest in pace.rests.items():
            if rest.until > status.now:
                until, name = words.minute(rest.until), terminal(f"{pace.archive} {service}")
                yield from _row("left alone", f"{name} until {until}: {shown(rest.detail)}")


def _row(name: str, text: str) -> Iterator[str]:
    yield f"{name:<{_LABEL_WIDTH}}{text}"


def queue(saves: SaveQueue) -> Iterator[str]:
    """How far the pages are that are to be saved."""
    states = [f"{number} {state}" for state, number in saves.counts.items() if number]
    if not states:
        yield "nothing to save"
        return
    again = f"; more after {words.minute(saves.next_at)}" if saves.next_at else ""
    yield f"{', '.join(states)}{again}"
    for save in saves.refused[:_REFUSED_SHOWN]:
        yield f"refused: {terminal(save.url)}: {shown(save.detail or save.code)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What came of a link that somebody wanted saved."""

    url: str
    why_not: str = ""  # why it is not even queued: a sentence
    save: Save | None = None
    stopped: str = ""  # why no more could be submitted, if so: a sentence

    @property
    def unsaved(self) -> bool:
        """Whether it is neither saved nor on its way."""
        if self.why_not or self.save is None or self.save.state is SaveState.REFUSED:
            return True
        return self.save.state is SaveState.QUEUED and bool(self.stopped)


def fate(one: Fate) -> str:
    """What came of a link that somebody wanted saved, in one line."""
    save = one.save
    if one.why_not or save is None:
        return f"{one.url}: not saved. {one.why_not}"
    if save.state is SaveState.REFUSED:
        return f"{one.url}: not saved. {save.detail or save.code}"
    if save.state is SaveState.DONE:
        copy = save.snapshot
        return f"{one.url}: saved: {copy.url}" if copy is not None else f"{one.url}: saved."
    if one.unsaved:
        return f"{one.url}: not saved. {one.stopped} It stays queued."
    onward = "`linkwatch archive save` goes on with it"
    if save.next_at is not None:
        onward += f" after {words.minute(save.next_at)}"
    why = f" {save.detail}" if save.detail.strip() else ""
    return f"{one.url}: on its way. {_ON_ITS_WAY[save.state]}{why} {onward}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the archives said of a link that somebody asked about."""

    lookup: Lookup
    dead: bool  # then they are asked again by themselves
    from_day: str  # what day a copy should be close to; "": the citation's


def answer(found: Found) -> Iterator[str]:
    """What the archives said of one link."""
    lookup = found.lookup
    copy = lookup.snapshot
    if copy is not None:
        yield copy.url
        opened = "it was opened, and shows the page" if copy.verified else "it was not opened yet"
        yield f"{words.day(copy.timestamp)}, {words.distance(lookup, found.from_day)}; {opened}."
    else:
        yield words.lookup(lookup, again=found.dead)
    if lookup.detail.strip():
        yield lookup.detail


def is_open(found: Lookup) -> bool:
    """Whether the archives left the question open, or were not asked at all."""
    copy = found.snapshot
    if copy is not None:
        return not copy.verified
    return found.outcome in UNSETTLED or found.outcome is Outcome.NOT_ASKED


def again(before: Wanted, lookup: Lookup) -> str:
    """What came of opening a copy once more, in one line."""
    copy, known = lookup.snapshot, before.again
    if copy is not None:
        same = known is None or copy.url == known.url
        what = "still good" if same else "another copy"
        return f"{before.url}: {what if copy.verified else 'it could not be opened'}: {copy.url}"
    detail = f" {lookup.detail}" if lookup.detail.strip() else ""
    return f"{before.url}: {words.lookup(lookup)}{detail}"
