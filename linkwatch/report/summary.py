"""What a report tells, as a value: a report is a value before it is text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from linkwatch.model import UNSETTLED, Change, CycleRecord, Ledger, LinkRecord, Mention, State
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
_ORDER: Final = {state: place for place, state in enumerate(State)}
_FAILING: Final = frozenset({State.DEAD, State.SUSPECT})
_WELL: Final = frozenset({State.ALIVE, State.MOVED})
_NEW: Final = frozenset({State.UNCHECKED, State.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A dead link in one note."""

    link: LinkRecord
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
class Copies:
    """Of how many links there is a verified copy. Ignored ones count too."""

    links: int
    dead: int
    unanswered: int  # dead links about which no archive could be asked yet
    next_at: datetime | None  # when the first of them is asked about again


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
    states: dict[State, int]  # all of them, zeros too, in their order
    news: tuple[News, ...]  # what a person may want to know, most important first
    changed: int  # changes in `news`
    earlier: tuple[Change, ...]  # news of the week before, newest first
    new: int  # links checked for the first time and found well; no news
    dead: tuple[NoteFindings, ...]  # by note; a link stands under every note that has it
    # All states, in their order, then by url; without ignored links, which `states` counts too.
    by_state: dict[State, tuple[LinkRecord, ...]]
    ignored: tuple[LinkRecord, ...]  # in the order of their states, then by url
    drifted: tuple[LinkRecord, ...]  # whose page became another, by url
    lost: tuple[Mention, ...]  # whose fragment is no more on its page, by place
    returned: tuple[LinkRecord, ...]  # archived links whose original lives again, by url
    unsteady: tuple[tuple[str, int], ...]  # hosts that come and go, and how many links do so
    copies: Copies
    trend: tuple[CycleRecord, ...]  # oldest first


def summarize(ledger: Ledger) -> Summary:
    """What to tell of a ledger."""
    by_state: dict[State, list[LinkRecord]] = {state: [] for state in State}
    states = dict.fromkeys(State, 0)
    ignored: list[LinkRecord] = []
    mentions = 0
    for link in sorted(ledger.links, key=_place):
        states[link.verdict.state] += 1
        mentions += len(link.mentions)
        (ignored if link.ignored else by_state[link.verdict.state]).append(link)
    heard = sorted((link for link in ledger.links if not link.ignored), key=_url)
    last = ledger.cycles[-1] if ledger.cycles else None
    unheard = {link.url for link in ignored}
    changes = [change for change in ledger.changes if change.url not in unheard]
    changed = {change.url for change in changes}
    returned = tuple(link for link in heard if link.original and link.original.lives)
    news = _news(
        [*changes, *_told_anew(link for link in heard if link.url not in changed)],
        _lives_since(returned, ledger.cycles),
    )
    return Summary(
        generated_at=ledger.cycle.finished_at if ledger.cycle else None,
        void=ledger.cycle.void if ledger.cycle else None,
        judged_at=last.finished_at if last else None,
        compared=len(ledger.cycles) > 1,
        notes=ledger.notes,
        mentions=mentions,
        links=len(ledger.links),
        states=states,
        news=news,
        changed=sum(len(item.changes) for item in news),
        earlier=tuple(
            change
            for change in ledger.earlier
            if change.url not in unheard and not _is_new_and_well(change)
        ),
        new=sum(_is_new_and_well(change) for change in changes),
        dead=_by_note(by_state[State.DEAD]),
        by_state={state: tuple(links) for state, links in by_state.items()},
        drifted=tuple(link for link in heard if link.drift and link.verdict.state in _WELL),
        lost=tuple(
            sorted(
                (
                    mention
                    for link in heard
                    for mention in link.mentions
                    if mention.missing and mention not in link.unheard
                ),
                key=lambda mention: (mention.file, mention.start),
            )
        ),
        returned=returned,
        unsteady=ledger.unsteady,
        copies=copies_of(ledger.links),
        ignored=tuple(ignored),
        trend=_each_days_last(ledger.cycles),
    )


def copies_of(links: Iterable[LinkRecord]) -> Copies:
    """Of how many of these links there is a verified copy, and about how many nobody knows."""
    kept = dead = 0
    waiting: list[datetime | None] = []
    for link in links:
        is_dead = link.verdict.state is State.DEAD
        kept += bool(link.kept_by)
        dead += bool(link.kept_by) and is_dead
        if is_dead and link.lookup.outcome in UNSETTLED:
            waiting.append(link.lookup.next_at)
    return Copies(
        links=kept,
        dead=dead,
        unanswered=len(waiting),
        next_at=min(filter(None, waiting), default=None),
    )


def one_line(ledger: Ledger) -> str:
    """How things stand, in one line for the terminal."""
    summary = summarize(ledger)
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


def _place(link: LinkRecord) -> tuple[int, str]:
    return _ORDER[link.verdict.state], link.url


def _url(link: LinkRecord) -> str:
    return link.url


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


def _by_note(dead: list[LinkRecord]) -> tuple[NoteFindings, ...]:
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
