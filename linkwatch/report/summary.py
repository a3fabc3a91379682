"""What a report tells, as a value: a report is a value before it is text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from linkwatch.model import (
    Change,
    Copies,
    CycleRecord,
    Ledger,
    LinkRecord,
    Links,
    Mention,
    NamedLink,
    State,
)
from linkwatch.report.inert import terminal
from linkwatch.report.words import count


class Topic(StrEnum):
    """A kind of news, the most important first."""

    DIED = "died"
    SPEAKS_UP = "speaks_up"  # nothing changed but that its ignore holds no more
    FAILING = "failing"
    BACK = "back"
    LIVES = "lives"  # the original of an archived link
    BLOCKED = "blocked"
    MOVED = "moved"
    GONE = "gone"
    OTHER = "other"


_BY_NEW_STATE: Final = {
    State.DEAD: Topic.DIED,
    State.SUSPECT: Topic.FAILING,
    State.BLOCKED: Topic.BLOCKED,
    State.MOVED: Topic.MOVED,
}
_FAILING: Final = frozenset({State.DEAD, State.SUSPECT})
_WELL: Final = frozenset({State.ALIVE, State.MOVED})
_NEW: Final = frozenset({State.UNCHECKED, State.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A dead link in one note."""

    link: NamedLink
    lines: tuple[int, ...]
    elsewhere: int  # other notes that have it too


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFindings:
    """The dead links of one note, in the order of their first line."""

    file: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Changes of one kind."""

    topic: Topic
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What to tell of a ledger, whatever the format."""

    generated_at: datetime | None  # the end of the last finished cycle; None: there is none
    void: str | None  # why that cycle does not count
    judged_at: datetime | None  # the end of the cycle that the verdicts are of; None: none counts
    compared: bool  # there is an earlier cycle for changes to be against
    notes: int
    mentions: int
    links: int
    states: Mapping[State, int]  # all of them, zeros too, in their order
    news: tuple[News, ...]  # what a person may want to know, most important first
    changed: int  # changes in `news`
    earlier: tuple[Change, ...]  # news of the week before, newest first
    new: int  # links checked for the first time and found well; no news
    dead: tuple[NoteFindings, ...]  # by note; a link stands under every note that has it
    # All states, in their order, then by url; without ignored links, which `states` counts too.
    by_state: Mapping[State, Links]
    ignored: tuple[LinkRecord, ...]  # in the order of their states, then by url
    drifted: tuple[LinkRecord, ...]  # whose page became another, by url
    lost: tuple[Mention, ...]  # whose fragment is no more on its page, by place
    returned: tuple[LinkRecord, ...]  # archived links whose original lives again, by url
    unsteady: tuple[tuple[str, int], ...]  # hosts that come and go, and how many links do so
    copies: Copies
    trend: tuple[CycleRecord, ...]  # oldest first


def summarize(ledger: Ledger) -> Summary:
    """What to tell of a ledger."""
    last = ledger.cycles[-1] if ledger.cycles else None
    unheard = {link.url for link in ledger.ignored}
    changes = [change for change in ledger.changes if change.url not in unheard]
    changed = {change.url for change in changes}
    returned = tuple(link for link in ledger.remarkable if link.original and link.original.lives)
    news = _news(
        [*changes, *_told_anew(link for link in ledger.remarkable if link.url not in changed)],
        _lives_since(returned, ledger.cycles),
    )
    return Summary(
        generated_at=ledger.cycle.finished_at if ledger.cycle else None,
        void=ledger.cycle.void if ledger.cycle else None,
        judged_at=last.finished_at if last else None,
        compared=len(ledger.cycles) > 1,
        notes=ledger.notes,
        mentions=ledger.mentions,
        links=sum(ledger.states.values()),
        states=ledger.states,
        news=news,
        changed=sum(len(item.changes) for item in news),
        earlier=tuple(
            change
            for change in ledger.earlier
            if change.url not in unheard and not _is_new_and_well(change)
        ),
        new=ledger.new + sum(_is_new_and_well(change) for change in changes),
        dead=_by_note(ledger.heard[State.DEAD].named()),
        by_state=ledger.heard,
        drifted=tuple(
            link for link in ledger.remarkable if link.drift and link.verdict.state in _WELL
        ),
        lost=tuple(
            sorted(
                (
                    mention
                    for link in ledger.remarkable
                    for mention in link.mentions
                    if mention.missing and mention not in link.unheard
                ),
                key=lambda mention: (mention.file, mention.start),
            )
        ),
        returned=returned,
        unsteady=ledger.unsteady,
        copies=ledger.copies,
        ignored=ledger.ignored,
        trend=_each_days_last(ledger.cycles),
    )


def one_line(summary: Summary) -> str:
    """How things stand, in one line for the terminal."""
    if summary.generated_at is None:
        return "Nothing has been checked yet."
    line = f"{totals(summary)}."
    if summary.void is not None:
        return f"{line} The last check does not count: {terminal(summary.void)}"
    if summary.compared:
        changed = f"{summary.changed} changed" if summary.changed else "Nothing changed"
        line += f" {changed} since last time."
    return line


def totals(summary: Summary) -> str:
    """`412 links in 38 notes: 9 dead, 6 blocked, 397 alive`, without states that no link has.

    Ignored links are counted in their states, and once more at the end: `; 2 ignored`.
    """
    line = f"{count(summary.links, 'link')} in {count(summary.notes, 'note')}"
    states = ", ".join(f"{number} {state}" for state, number in summary.states.items() if number)
    ignored = f"; {len(summary.ignored)} ignored" if summary.ignored else ""
    return f"{line}: {states}{ignored}" if states else line


def _is_new_and_well(change: Change) -> bool:
    """A link met for the first time, with nothing to say about it."""
    return change.before in _NEW and change.after in (State.ALIVE, *_NEW)


def _told_anew(links: Iterable[LinkRecord]) -> Iterator[Change]:
    """Links that stand as they stood, but not well, and whose ignores hold no more."""
    for link in links:
        verdict, said = link.verdict, link.overruled
        if said is not None and said.anew and verdict.state is not State.ALIVE:
            yield Change(
                url=link.url,
                before=verdict.state,
                after=verdict.state,
                reason=verdict.reason,
                detail=said.speaks_up or "",
            )


def _lives_since(
    returned: Iterable[LinkRecord], cycles: tuple[CycleRecord, ...]
) -> Iterator[Change]:
    """Archived links whose originals were not known to live at the valid cycle before."""
    before = cycles[-2].finished_at if len(cycles) > 1 else None
    for link in returned:
        original = link.original
        if before and original and original.lives_at and original.lives_at > before:
            yield Change(
                url=link.url,
                before=link.verdict.state,
                after=link.verdict.state,
                reason=link.verdict.reason,
                detail=f"Its original lives again: {original.url}",
            )


def _topic(change: Change) -> Topic:
    if change.after is None:
        return Topic.GONE
    if change.after is change.before:
        return Topic.SPEAKS_UP
    if change.before in _FAILING and change.after in _WELL:
        return Topic.BACK
    return _BY_NEW_STATE.get(change.after, Topic.OTHER)


def _news(changes: Iterable[Change], lives: Iterable[Change]) -> tuple[News, ...]:
    grouped: dict[Topic, list[Change]] = {topic: [] for topic in Topic}
    grouped[Topic.LIVES] += lives
    for change in changes:
        if not _is_new_and_well(change):
            grouped[_topic(change)].append(change)
    return tuple(
        News(topic=topic, changes=tuple(sorted(found, key=lambda change: change.url)))
        for topic, found in grouped.items()
        if found
    )


def _each_days_last(cycles: tuple[CycleRecord, ...]) -> tuple[CycleRecord, ...]:
    days = {(cycle.finished_at or cycle.started_at).date(): cycle for cycle in cycles}
    return tuple(days.values())


def _by_note(dead: Iterable[NamedLink]) -> tuple[NoteFindings, ...]:
    notes: dict[str, list[Finding]] = {}
    for link in dead:
        lines: dict[str, list[int]] = {}
        unheard = set(link.unheard)
        for mention in link.mentions:
            if mention not in unheard:
                lines.setdefault(mention.file, []).append(mention.line)
        for file, found in lines.items():
            finding = Finding(link=link, lines=tuple(sorted(set(found))), elsewhere=len(lines) - 1)
            notes.setdefault(file, []).append(finding)
    return tuple(
        NoteFindings(
            file=file,
            findings=tuple(sorted(notes[file], key=lambda item: (item.lines, item.link.url))),
        )
        for file in sorted(notes)
    )
