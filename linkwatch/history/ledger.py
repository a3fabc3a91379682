"""Reading history back: all that a report tells of, and one link's whole story.

A report names few of a vault's links, and counts the others. Those that it names are read batch by
batch while it is written; none of it grows with what is only stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from linkwatch.history.anchors import missing
from linkwatch.history.checks import hops_of, result_of
from linkwatch.history.mentions import NoteNames
from linkwatch.history.originals import originals
from linkwatch.history.outlook import note_count, state_counts, unsteady_links
from linkwatch.history.overrules import decisions, pardon_of
from linkwatch.history.snapshots import copies_in_all, keepers_of, snapshot_of
from linkwatch.history.store import BATCH, Store, batches
from linkwatch.history.times import from_text
from linkwatch.model import (
    Change,
    CheckResult,
    CitedFrom,
    CycleRecord,
    Drift,
    Ending,
    Hop,
    Kind,
    Ledger,
    LinkRecord,
    Lookup,
    Mention,
    NamedLink,
    Original,
    Outcome,
    Place,
    Reason,
    State,
    Verdict,
)
from linkwatch.overrule import Decision
from linkwatch.web.url import fragment_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCheck:
    """A check as history keeps it."""

    result: CheckResult
    cycle_id: int
    void: bool  # its cycle does not count


_TREND = 12  # days
_UNTOUCHED = Decision()
_NOT_ASKED = Lookup(outcome=Outcome.NOT_ASKED)
_ORDER = {state: position for position, state in enumerate(State)}
_WELL = (State.ALIVE, State.MOVED)
# What the archives said: the columns, and where they are.
_SAID = """lookups.outcome, lookups.asked_at, lookups.next_at, lookups.cited_at,
    lookups.cited_from, lookups.detail as lookup_detail,
    snapshots.archive, snapshots.timestamp, snapshots.url as snapshot_url,
    snapshots.status as snapshot_status, snapshots.verified, snapshots.flaw"""
_ARCHIVES = """left join lookups on lookups.link_id = links.id
    left join snapshots on snapshots.id = lookups.snapshot_id"""
_LINKS = f"""
    select links.id, links.url, links.state, links.reason, links.since, links.detail,
           links.recoveries, links.first_seen, links.last_check, links.next_check, links.checks,
           links.last_check_id, links.watched, links.original_id,
           links.changed_at, links.changed_from, links.changed_to,
           checks.status, checks.final_url, {_SAID}
    from links left join checks on checks.id = links.last_check_id {_ARCHIVES}
"""  # noqa: S608 - our own text


def roots(store: Store) -> list[str]:
    """The names of the notes paths that history knows notes of."""
    return [row["root"] for row in store.rows("select distinct root from notes order by root")]


def read_ledger(
    store: Store, *, names: Mapping[str, str], paths: Mapping[str, str], batch: int = BATCH
) -> Ledger:
    """Everything that a report tells of; to be read and used within `Store.reading`.

    `names`: what to put before the path of a note, by its root. `paths`: the absolute path of
    each root. `batch`: links that are read at a time.
    """
    told, lost = decisions(store), missing(store)
    reader = _Reader(store, names, paths, told, lost, batch)
    states = state_counts(store)
    unheard = {link_id for link_id, decision in told.items() if decision.ignored}
    ignored = sorted(reader.of(unheard), key=_place)
    heard = dict(states)
    for link in ignored:
        heard[link.verdict.state] -= 1
    latest = [
        row["id"]
        for row in store.rows(
            """select id from cycles where ending = 'finished' and void is null
               order by id desc limit 2"""
        )
    ]
    valid = store.rows(
        """select * from cycles where id = :before or id in (
               select max(id) from cycles where ending = 'finished' and void is null
               group by substr(finished_at, 1, 10) order by 1 desc limit :days)
           order by id""",
        {"before": latest[-1] if latest else None, "days": _TREND},
    )
    last = store.rows("select * from cycles where ending = 'finished' order by id desc limit 1")
    changes, new = _changes(store, latest, unheard)
    return Ledger(
        cycle=_cycle(last[0]) if last else None,
        cycles=tuple(_cycle(row) for row in valid),
        notes=note_count(store),
        mentions=store.rows("select count(*) as n from mentions")[0]["n"],
        states=states,
        copies=copies_in_all(store),
        heard={
            state: _Listed(
                heard[state],
                partial(reader.in_state, state, unheard),
                partial(reader.named, state, unheard),
            )
            for state in State
        },
        ignored=tuple(ignored),
        remarkable=tuple(
            sorted(reader.of(_remarkable(store, told, lost) - unheard), key=lambda link: link.url)
        ),
        changes=changes,
        new=new,
        earlier=_earlier_changes(store, latest),
        unsteady=tuple(sorted(unsteady_links(store).items())),
        roots=reader.notes.places,
    )


def _place(link: LinkRecord) -> tuple[int, str]:
    return _ORDER[link.verdict.state], link.url


def _remarkable(
    store: Store, told: Mapping[int, Decision], lost: Iterable[tuple[int, str]]
) -> set[int]:
    """The links that a report may name whatever their state, by their ids."""
    drifted = store.rows("select id from links where changed_at is not null and mentioned = 1")
    found = {row["id"] for row in drifted}
    found |= {link_id for link_id, original in originals(store).items() if original.lives}
    found |= {link_id for link_id, _ in lost}
    found |= {
        id_ for id_, decision in told.items() if decision.overruled and decision.overruled.anew
    }
    return found


def read_link(
    store: Store, url: str, *, names: Mapping[str, str], paths: Mapping[str, str]
) -> tuple[LinkRecord, list[KnownCheck]] | None:
    """One link and all its checks, oldest first."""
    with store.reading():
        return _link(store, url, names, paths)


def _link(
    store: Store, url: str, names: Mapping[str, str], paths: Mapping[str, str]
) -> tuple[LinkRecord, list[KnownCheck]] | None:
    rows = store.rows("select id from links where url = ?", (url,))
    if not rows:
        return None
    link_id = rows[0]["id"]
    told, lost = decisions(store, link_id=link_id), missing(store, link_id=link_id)
    (record,) = _Reader(store, names, paths, told, lost).of([link_id], mentioned=False)
    checks = store.rows(
        """select checks.*, cycles.void is not null as was_void from checks
           join cycles on cycles.id = checks.cycle_id where link_id = ? order by checks.id""",
        (link_id,),
    )
    hops = hops_of(store, [row["id"] for row in checks])
    return record, [
        KnownCheck(
            result=result_of(url, row, hops.get(row["id"], ())),
            cycle_id=row["cycle_id"],
            void=bool(row["was_void"]),
        )
        for row in checks
    ]


class _Listed:
    """Links that are read anew whenever somebody goes through them."""

    def __init__(
        self,
        number: int,
        read: Callable[[], Iterator[LinkRecord]],
        named: Callable[[], Iterator[NamedLink]],
    ) -> None:
        self._number = number
        self._read = read
        self.named = named

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[LinkRecord]:
        return self._read()


class _Reader:
    """Makes records of links, batch by batch."""

    def __init__(
        self,
        store: Store,
        names: Mapping[str, str],
        paths: Mapping[str, str],
        told: Mapping[int, Decision],
        lost: Collection[tuple[int, str]],
        batch: int = BATCH,
    ) -> None:
        self._store = store
        self.notes = NoteNames(store, names, paths)
        self._told = told
        self._lost = lost
        self._batch = batch

    def in_state(self, state: State, but: Collection[int]) -> Iterator[LinkRecord]:
        """The mentioned links in a state, by url, without some."""
        rows = self._store.each(
            f"{_LINKS} where links.mentioned = 1 and links.state = ? order by links.url", (state,)
        )
        return self._records(row for row in rows if row["id"] not in but)

    def named(self, state: State, but: Collection[int]) -> Iterator[NamedLink]:
        """The same links, as a list names them."""
        waiting = (row for row in self._store.each(_named(state), (state,)) if row[0] not in but)
        while batch := list(islice(waiting, self._batch)):
            places = self._places([row[0] for row in batch])
            for row in batch:
                link_id, url, reason, since, detail, recoveries, final_url = row[:7]
                decision, found = self._told.get(link_id), places.get(link_id, {})
                unheard = decision.unheard if decision else ()
                yield NamedLink(
                    url,
                    Verdict(
                        state=state,
                        reason=_REASONS[reason],
                        since=from_text(since),
                        detail=detail or "Not checked yet.",
                        recoveries=recoveries,
                    ),
                    final_url,
                    _NOT_ASKED if len(row) == 7 or row["outcome"] is None else _lookup(row),
                    tuple(found.values()),
                    tuple(found[id_] for id_ in found if id_ in unheard) if unheard else (),
                    decision.overruled if decision else None,
                )

    def of(self, ids: Collection[int], *, mentioned: bool = True) -> Iterator[LinkRecord]:
        """Some links, if some note mentions them."""
        only = "and links.mentioned = 1" if mentioned else ""
        wanted = sorted(ids)
        for some, marks in batches(wanted):
            yield from self._records(
                self._store.each(f"{_LINKS} where links.id in ({marks}) {only}", some)
            )

    def _records(self, rows: Iterable[Any]) -> Iterator[LinkRecord]:
        waiting = iter(rows)
        while batch := list(islice(waiting, self._batch)):
            ids = [row["id"] for row in batch]
            mentions = self._mentions(ids)
            hops = hops_of(self._store, [row["last_check_id"] for row in batch])
            keepers = keepers_of(self._store, ids)
            copied = originals(self._store, [row["id"] for row in batch if row["original_id"]])
            for row in batch:
                link_id = row["id"]
                yield _record(
                    row,
                    mentions.get(link_id, {}),
                    hops.get(row["last_check_id"], ()),
                    self._told.get(link_id, _UNTOUCHED),
                    keepers.get(link_id, ()),
                    copied.get(link_id),
                )

    def _places(self, ids: Sequence[int]) -> dict[int, dict[int, Place]]:
        """Where links are mentioned, by link and by the mention's id, in the order of places."""
        rows = self._mentioned('id, link_id, note_id, start, line, "end"', ids)
        notes = self.notes.of({row[2] for row in rows})
        if len(rows) > len({row[1] for row in rows}):  # else each has one alone
            rows.sort(key=lambda row: (*notes[row[2]], row[3], row[0]))
        found: dict[int, dict[int, Place]] = {}
        for mention_id, link_id, note_id, start, line, end in rows:
            place = Place(notes[note_id][2], line, start, end)
            if link_id in found:
                found[link_id][mention_id] = place
            else:
                found[link_id] = {mention_id: place}
        return found

    def _mentioned(self, columns: str, ids: Sequence[int]) -> list[Any]:
        return self._store.some(f"select {columns} from mentions where link_id in", ids)  # noqa: S608 - ours

    def _mentions(self, ids: Sequence[int]) -> dict[int, dict[int, Mention]]:
        """Mentions by link and by id, in the order of their places."""
        rows = self._mentioned("*", ids)
        notes = self.notes.of({row["note_id"] for row in rows})
        rows.sort(key=lambda row: (*notes[row["note_id"]], row["start"], row["id"]))
        found: dict[int, dict[int, Mention]] = {}
        for row in rows:
            name = notes[row["note_id"]][2]
            found.setdefault(row["link_id"], {})[row["id"]] = self._mention(row, name)
        return found

    def _mention(self, row: Any, file: str) -> Mention:
        link_id, url = row["link_id"], row["url"]
        return Mention(
            file=file,
            line=row["line"],
            column=row["column"],
            start=row["start"],
            end=row["end"],
            url=url,
            text=row["text"],
            kind=_KINDS[row["kind"]],
            pardon=pardon_of(row),
            missing=bool(self._lost) and (link_id, fragment_of(url)) in self._lost,
            cited_at=from_text(row["cited_at"]),
            cited_from=CitedFrom(row["cited_from"]) if row["cited_from"] else None,
        )


def _named(state: State) -> str:
    """The query for the links in a state, with what a list says of such ones."""
    more = joined = ""
    if state is State.DEAD:
        more, joined = f", {_SAID}", _ARCHIVES
    elif state is State.MOVED:
        joined = "left join checks on checks.id = links.last_check_id"
    return f"""
        select links.id, links.url, links.reason, links.since, links.detail, links.recoveries,
               {"checks.final_url" if state is State.MOVED else "null"}{more}
        from links {joined} where links.mentioned = 1 and links.state = ? order by links.url"""  # noqa: S608 - our own text


_STATES = {str(state): state for state in State}  # quicker than `State(…)`, a million times
_REASONS = {str(reason): reason for reason in Reason}
_KINDS = {str(kind): kind for kind in Kind}


def _record(
    row: Any,
    mentions: Mapping[int, Mention],
    hops: tuple[Hop, ...],
    decision: Decision,
    kept_by: tuple[str, ...],
    original: Original | None,
) -> LinkRecord:
    """A row of `_LINKS`, by place: by name takes three times as long."""
    _, url, state, reason, since, detail, recoveries, first_seen, last_check, next_check = row[:10]
    checks, _, watched, _, changed_at, changed_from, changed_to, status, final_url = row[10:19]
    unheard = decision.unheard
    return LinkRecord(
        url=url,
        verdict=Verdict(
            state=_STATES[state],
            reason=_REASONS[reason],
            since=from_text(since),
            detail=detail or "Not checked yet.",
            recoveries=recoveries,
        ),
        first_seen=from_text(first_seen),
        checked_at=from_text(last_check),
        next_check=from_text(next_check),
        checks=checks,
        status=status,
        final_url=final_url,
        hops=hops,
        lookup=_NOT_ASKED if row[19] is None else _lookup(row),
        mentions=tuple(mentions.values()),
        drift=Drift(at=from_text(changed_at), before=changed_from, after=changed_to)
        if changed_at is not None
        else None,
        overruled=decision.overruled,
        unheard=tuple(mentions[id_] for id_ in mentions if id_ in unheard) if unheard else (),
        kept_by=kept_by,
        original=original,
        watched=bool(watched),
    )


def _lookup(row: Any) -> Lookup:
    found = row["snapshot_url"] is not None
    return Lookup(
        outcome=Outcome(row["outcome"]),
        asked_at=from_text(row["asked_at"]),
        next_at=from_text(row["next_at"]),
        snapshot=snapshot_of(row, url="snapshot_url", status="snapshot_status") if found else None,
        cited_at=from_text(row["cited_at"]),
        cited_from=CitedFrom(row["cited_from"]) if row["cited_from"] else None,
        detail=row["lookup_detail"] or "",
    )


def _cycle(row: Any) -> CycleRecord:
    return CycleRecord(
        id=row["id"],
        started_at=from_text(row["started_at"]),
        finished_at=from_text(row["finished_at"]),
        ending=Ending(row["ending"]),
        void=row["void"],
        checked=row["checked"],
        states={state: row[str(state)] or 0 for state in State},
    )


def _changes(
    store: Store, latest: Sequence[int], unheard: Collection[int]
) -> tuple[tuple[Change, ...], int]:
    """What changed from the valid cycle before the last one to the last one, by url.

    And how many links besides were met for the first time, with nothing to say about them, those
    left out that nobody wants to hear of. Cycles in between that were void or cut short may have
    found news too: a link's changes are told as one, and not at all if it is again as it was.
    """
    if not latest:
        return (), 0
    since = latest[1] if len(latest) > 1 else 0
    found = []
    new = 0
    for row in store.each(
        f"""with told as (
                select changes.link_id, min(cycle_id) as first, max(cycle_id) as last
                from changes join links on links.id = changes.link_id
                where cycle_id > ? and cycle_id <= ? and {_STILL_SO}
                group by changes.link_id)
            select links.url, cycles.finished_at, began.before, ended.after, ended.reason,
                   ended.detail, links.id, {_NEW_AND_WELL} as new_and_well
            from told join links on links.id = told.link_id
            join changes as began on began.link_id = told.link_id and began.cycle_id = told.first
            join changes as ended on ended.link_id = told.link_id and ended.cycle_id = told.last
            join cycles on cycles.id = told.last
            where began.before is not ended.after""",  # noqa: S608 - our own text
        (since, latest[0]),
    ):
        if row["new_and_well"]:
            new += row["id"] not in unheard
        else:
            found.append(_change(row))
    return tuple(sorted(found, key=lambda change: change.url)), new


# Of `changes`: not what went away and came back.
_STILL_SO = "(changes.after is not null or links.mentioned = 0)"
_NEW_AND_WELL = """began.before in ('unchecked', 'skipped')
    and ifnull(ended.after, '') in ('alive', 'unchecked', 'skipped')"""


def _earlier_changes(store: Store, latest: Sequence[int]) -> tuple[Change, ...]:
    """What changed in the week before that, newest first; not the links met for the first time."""
    if len(latest) < 2:
        return ()
    week = store.rows(
        """select id from cycles where id <= ? and julianday(finished_at) >
           (select julianday(finished_at) - 7 from cycles where id = ?) order by id desc""",
        (latest[1], latest[0]),
    )
    return tuple(
        _change(row)
        for cycle in week
        for row in store.each(
            f"""select links.url, cycles.finished_at, began.before, ended.after, ended.reason,
                       ended.detail
                from changes join links on links.id = changes.link_id
                join cycles on cycles.id = changes.cycle_id
                where changes.cycle_id = ? and {_STILL_SO} and not ({_NEW_AND_WELL})
                order by links.url""".replace("began.", "changes.").replace("ended.", "changes."),  # noqa: S608 - our own text
            (cycle["id"],),
        )
    )


def _change(row: Any) -> Change:
    """By place, and from what is known already: there may be tens of thousands in a week."""
    url, finished_at, before, after, reason, detail = row[:6]
    return Change(
        url=url,
        before=_STATES[before],
        after=_STATES[after] if after else None,
        reason=_REASONS[reason],
        detail=detail,
        at=_end(finished_at),
    )


@lru_cache(maxsize=64)
def _end(finished_at: str | None) -> datetime | None:
    return from_text(finished_at)
