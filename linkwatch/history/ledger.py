"""Reading history back: all that a report tells of, and one link's whole story."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from linkwatch.history.anchors import missing
from linkwatch.history.checks import hops_of, result_of
from linkwatch.history.originals import originals
from linkwatch.history.outlook import unsteady_links
from linkwatch.history.overrules import decisions, pardon_of
from linkwatch.history.snapshots import keepers_of
from linkwatch.history.store import Store
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
    Original,
    Outcome,
    Reason,
    Snapshot,
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
_LINKS = """
    select links.*, checks.status, checks.final_url,
           lookups.outcome, lookups.asked_at, lookups.next_at, lookups.cited_at,
           lookups.cited_from, lookups.detail as lookup_detail,
           snapshots.archive, snapshots.timestamp, snapshots.url as snapshot_url,
           snapshots.status as snapshot_status, snapshots.verified
    from links
    left join checks on checks.id = links.last_check_id
    left join lookups on lookups.link_id = links.id
    left join snapshots on snapshots.id = lookups.snapshot_id
"""


def roots(store: Store) -> list[str]:
    """The names of the notes paths that history knows notes of."""
    return [row["root"] for row in store.rows("select distinct root from notes order by root")]


def read_ledger(store: Store, *, names: Mapping[str, str], paths: Mapping[str, str]) -> Ledger:
    """Everything that a report tells of.

    `names`: what to put before the path of a note, by its root. `paths`: the absolute path of
    each root.
    """
    with store.reading():
        return _ledger(store, names, paths)


def _ledger(store: Store, names: Mapping[str, str], paths: Mapping[str, str]) -> Ledger:
    mentions, files = _mentions(store, names, paths)
    rows = store.rows(f"{_LINKS} where links.mentioned = 1")
    hops = hops_of(store, [row["last_check_id"] for row in rows if row["last_check_id"]])
    told = decisions(store)
    keepers = keepers_of(store)
    copied = originals(store)
    links = [
        _record(
            row,
            mentions.get(row["id"], {}),
            hops.get(row["last_check_id"], ()),
            told.get(row["id"], _UNTOUCHED),
            keepers.get(row["id"], ()),
            copied.get(row["id"]),
        )
        for row in rows
    ]
    links.sort(key=lambda link: (_ORDER[link.verdict.state], link.url))
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
    return Ledger(
        cycle=_cycle(last[0]) if last else None,
        cycles=tuple(_cycle(row) for row in valid),
        notes=store.rows("select count(*) as n from notes")[0]["n"],
        links=tuple(links),
        changes=_changes(store, latest),
        earlier=_earlier_changes(store, latest),
        unsteady=tuple(sorted(unsteady_links(store).items())),
        roots=files,
    )


def read_link(
    store: Store, url: str, *, names: Mapping[str, str], paths: Mapping[str, str]
) -> tuple[LinkRecord, list[KnownCheck]] | None:
    """One link and all its checks, oldest first."""
    with store.reading():
        return _link(store, url, names, paths)


def _link(
    store: Store, url: str, names: Mapping[str, str], paths: Mapping[str, str]
) -> tuple[LinkRecord, list[KnownCheck]] | None:
    rows = store.rows(f"{_LINKS} where links.url = ?", (url,))
    if not rows:
        return None
    link = rows[0]
    mentions, _ = _mentions(store, names, paths, link_id=link["id"])
    checks = store.rows(
        """select checks.*, cycles.void is not null as was_void from checks
           join cycles on cycles.id = checks.cycle_id where link_id = ? order by checks.id""",
        (link["id"],),
    )
    hops = hops_of(store, [row["id"] for row in checks])
    record = _record(
        link,
        mentions.get(link["id"], {}),
        hops.get(link["last_check_id"], ()),
        decisions(store, link_id=link["id"]).get(link["id"], _UNTOUCHED),
        keepers_of(store, link_id=link["id"]).get(link["id"], ()),
        originals(store, link_id=link["id"]).get(link["id"]),
    )
    return record, [
        KnownCheck(
            result=result_of(url, row, hops.get(row["id"], ())),
            cycle_id=row["cycle_id"],
            void=bool(row["was_void"]),
        )
        for row in checks
    ]


def _mentions(
    store: Store,
    names: Mapping[str, str],
    paths: Mapping[str, str],
    *,
    link_id: int | None = None,
) -> tuple[dict[int, dict[int, Mention]], dict[str, str]]:
    """Mentions by link and by id, and the absolute path of each note that is named in them."""
    found: dict[int, dict[int, Mention]] = {}
    files: dict[str, str] = {}
    lost = missing(store, link_id=link_id)
    which = "true" if link_id is None else "mentions.link_id = :link"
    for row in store.rows(
        f"""select mentions.*, notes.root, notes.path from mentions
            join notes on notes.id = mentions.note_id where {which}
            order by notes.root, notes.path, mentions.start""",  # noqa: S608 - our own text
        {"link": link_id},
    ):
        file = f"{names.get(row['root'], '')}{row['path']}"
        if file not in files:
            files[file] = f"{paths.get(row['root'], row['root'])}/{row['path']}"
        found.setdefault(row["link_id"], {})[row["id"]] = Mention(
            file=file,
            line=row["line"],
            column=row["column"],
            start=row["start"],
            end=row["end"],
            url=row["url"],
            text=row["text"],
            kind=Kind(row["kind"]),
            pardon=pardon_of(row),
            missing=(row["link_id"], fragment_of(row["url"])) in lost,
            cited_at=from_text(row["cited_at"]),
            cited_from=CitedFrom(row["cited_from"]) if row["cited_from"] else None,
        )
    return found, files


def _record(
    row: Any,
    mentions: Mapping[int, Mention],
    hops: tuple[Hop, ...],
    decision: Decision,
    kept_by: tuple[str, ...],
    original: Original | None,
) -> LinkRecord:
    return LinkRecord(
        url=row["url"],
        verdict=Verdict(
            state=State(row["state"]),
            reason=Reason(row["reason"]),
            since=from_text(row["since"]),
            detail=row["detail"] or "Not checked yet.",
            recoveries=row["recoveries"],
        ),
        first_seen=from_text(row["first_seen"]),
        checked_at=from_text(row["last_check"]),
        next_check=from_text(row["next_check"]),
        checks=row["checks"],
        status=row["status"],
        final_url=row["final_url"],
        hops=hops,
        lookup=_lookup(row),
        mentions=tuple(mentions.values()),
        drift=_drift(row),
        overruled=decision.overruled,
        unheard=tuple(mentions[id_] for id_ in mentions if id_ in decision.unheard),
        kept_by=kept_by,
        original=original,
        watched=bool(row["watched"]),
    )


def _drift(row: Any) -> Drift | None:
    if row["changed_at"] is None:
        return None
    return Drift(
        at=from_text(row["changed_at"]), before=row["changed_from"], after=row["changed_to"]
    )


def _lookup(row: Any) -> Lookup:
    if row["outcome"] is None:
        return _NOT_ASKED
    snapshot = None
    if row["snapshot_url"] is not None:
        snapshot = Snapshot(
            archive=row["archive"],
            timestamp=from_text(row["timestamp"]),
            url=row["snapshot_url"],
            status=row["snapshot_status"],
            verified=bool(row["verified"]),
        )
    return Lookup(
        outcome=Outcome(row["outcome"]),
        asked_at=from_text(row["asked_at"]),
        next_at=from_text(row["next_at"]),
        snapshot=snapshot,
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


def _changes(store: Store, latest: Sequence[int]) -> tuple[Change, ...]:
    """What changed from the valid cycle before the last one to the last one.

    Cycles in between that were void or cut short may have found news too: a link's changes are
    told as one, and not at all if it is again as it was.
    """
    if not latest:
        return ()
    found: dict[str, Change] = {}
    for change in _read_changes(
        store,
        "cycles.id > ? and cycles.id <= ? order by cycles.id",
        latest[1] if len(latest) > 1 else 0,
        latest[0],
    ):
        first = found.get(change.url, change)
        found[change.url] = replace(change, before=first.before)
    return tuple(found[url] for url in sorted(found) if found[url].before is not found[url].after)


def _earlier_changes(store: Store, latest: Sequence[int]) -> tuple[Change, ...]:
    """What changed in the week before that."""
    if len(latest) < 2:
        return ()
    week = """cycles.id <= ? and julianday(cycles.finished_at) >
        (select julianday(finished_at) - 7 from cycles where id = ?)
        order by cycles.id desc, links.url"""
    return tuple(_read_changes(store, week, latest[1], latest[0]))


def _read_changes(store: Store, which: str, *arguments: int) -> Iterator[Change]:
    for row in store.rows(
        f"""select changes.*, links.url, cycles.finished_at from changes
            join links on links.id = changes.link_id
            join cycles on cycles.id = changes.cycle_id
            where (changes.after is not null or links.mentioned = 0)  -- it did not come back
            and {which}""",  # noqa: S608 - our own text
        arguments,
    ):
        yield Change(
            url=row["url"],
            before=State(row["before"]),
            after=State(row["after"]) if row["after"] else None,
            reason=Reason(row["reason"]),
            detail=row["detail"],
            at=from_text(row["finished_at"]),
        )
