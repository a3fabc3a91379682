"""Every mentioned link as machines are told of it, one after another: a million of them, too.

What is stored goes into lines as it is, without the detour over records: half of the time of a
report of everything would be theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from linkwatch.contract import (
    ArchiveLine,
    ChangedLine,
    CopyLine,
    HopLine,
    IgnoredLine,
    LinkLine,
    MentionLine,
    OriginalLine,
)
from linkwatch.history.anchors import missing
from linkwatch.history.mentions import NoteNames
from linkwatch.history.originals import originals
from linkwatch.history.overrules import decisions
from linkwatch.history.store import BATCH, Store
from linkwatch.history.times import to_text
from linkwatch.model import Original, Outcome, Overruled, State
from linkwatch.web.url import fragment_of

_NOT_ASKED = ArchiveLine(outcome=Outcome.NOT_ASKED)
_LINKS = """
    select links.id, links.last_check_id, links.original_id,
           links.url, links.reason, links.since, links.first_seen, links.last_check, links.checks,
           links.detail, links.recoveries, links.changed_at, links.changed_from, links.changed_to,
           checks.status, checks.final_url
    from links left join checks on checks.id = links.last_check_id
    where links.mentioned = 1 and links.state = ? order by links.url
"""


def link_lines(store: Store, *, names: Mapping[str, str], batch: int = BATCH) -> Iterator[LinkLine]:
    """All mentioned links in the order of State, then url; to be read within `Store.reading`.

    `names`: what to put before the path of a note, by its root. `batch`: links read at a time.
    """
    lines = _Lines(store, names)
    for state in State:
        rows = store.each(_LINKS, (state,))
        while some := list(islice(rows, batch)):
            yield from lines.of(state, some)


class _Lines:
    def __init__(self, store: Store, names: Mapping[str, str]) -> None:
        self._store = store
        self._ignored = {
            link_id: _ignored(decision.overruled)
            for link_id, decision in decisions(store).items()
            if decision.overruled is not None
        }
        self._lost = missing(store)
        self._losers = {link_id for link_id, _ in self._lost}
        self._notes = NoteNames(store, names)

    def of(self, state: State, rows: Sequence[Any]) -> Iterator[LinkLine]:
        ids = [row[0] for row in rows]
        mentions = self._mentions(ids)
        hops = self._hops([row[1] for row in rows])
        archive = self._archive(ids)
        copied = originals(self._store, [row[0] for row in rows if row[2] is not None])
        none: list[Any] = []  # shared, since nobody changes it
        nothing = _NOT_ASKED, None
        word = str(state)
        for row in rows:
            link_id, check_id, _, url, reason, since, first_seen, last_check, checks, detail = row[
                :10
            ]
            recoveries, changed_at, changed_from, changed_to, status, final_url = row[10:]
            told, copy = archive.get(link_id) or nothing
            places = mentions.get(link_id, none)
            original = copied.get(link_id)
            yield LinkLine(
                url,
                word,
                reason,
                since and since[:19] + "Z",
                first_seen[:19] + "Z",
                last_check and last_check[:19] + "Z",
                checks,
                status,
                final_url,
                detail or "Not checked yet.",
                hops.get(check_id, none),
                copy,
                told,
                self._ignored.get(link_id),
                ChangedLine(_instant(changed_at), changed_from, changed_to) if changed_at else None,
                recoveries,
                _original(original) if original else None,
                self._missing(link_id, places) if link_id in self._losers else none,
                places,
            )

    def _missing(self, link_id: int, places: Sequence[MentionLine]) -> list[str]:
        named = {fragment_of(place.url) for place in places}
        return sorted(name for name in named if (link_id, name) in self._lost)

    def _mentions(self, ids: Sequence[int]) -> dict[int, list[MentionLine]]:
        rows = self._store.some(
            """select link_id, note_id, start, id, line, "column", url, text, kind
               from mentions where link_id in""",
            ids,
        )
        places = self._notes.of({row[1] for row in rows})
        if len(rows) > len({row[0] for row in rows}):  # else each has one alone
            rows.sort(key=lambda row: (*places[row[1]][:2], row[2], row[3]))
        found: dict[int, list[MentionLine]] = {}
        for link_id, note_id, _, _, line, column, url, text, kind in rows:
            mention = MentionLine(places[note_id][2], line, column, url, text, kind)
            if link_id in found:
                found[link_id].append(mention)
            else:
                found[link_id] = [mention]
        return found

    def _hops(self, checks: Sequence[int]) -> dict[int, list[HopLine]]:
        rows = self._store.some(
            "select check_id, position, url, status, location from hops where check_id in",
            checks,
        )
        rows.sort(key=lambda row: (row[0], row[1]))
        found: dict[int, list[HopLine]] = {}
        for check_id, _, url, status, location in rows:
            found.setdefault(check_id, []).append(HopLine(url, status, location))
        return found

    def _archive(self, ids: Sequence[int]) -> dict[int, tuple[ArchiveLine, CopyLine | None]]:
        rows = self._store.some(
            """select lookups.link_id, outcome, asked_at, next_at, cited_at, cited_from,
                      snapshots.url, snapshots.timestamp, snapshots.verified
               from lookups left join snapshots on snapshots.id = lookups.snapshot_id
               where lookups.link_id in""",
            ids,
        )
        found = {}
        for link_id, outcome, *times, cited_from, url, at, verified in rows:
            asked_at, next_at, cited_at = (text and _instant(text) for text in times)
            copy = CopyLine(url, _instant(at), bool(verified)) if url is not None else None
            told = ArchiveLine(outcome, asked_at, next_at, cited_at, cited_from or None)
            found[link_id] = (told, copy)
        return found


def _instant(text: str) -> str:
    """A time as history has it, in whole seconds."""
    return f"{text[:19]}Z"


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else _instant(to_text(moment))


def _original(original: Original) -> OriginalLine:
    return OriginalLine(original.url, original.state, _at(original.since), original.lives)


def _ignored(said: Overruled) -> IgnoredLine:
    until = said.until.isoformat() if said.until else None
    return IgnoredLine(said.by, until, said.because or None, said.speaks_up)
