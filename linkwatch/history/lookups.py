"""What the archives said, and which dead links still want an answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from linkwatch.history.checks import fingerprint_of
from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import CitedFrom, Lookup, Outcome, Sighting, Snapshot, Wanted

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_PAGE = datetime(1991, 8, 6, tzinfo=UTC)  # of the web; unpacked files may be "from 1970"


def bereft(store: Store, now: datetime) -> list[Wanted]:
    """Dead links that were never asked about, or whose answer has run out.

    Cited when we first saw the link, or when the oldest of the notes that name it was last
    written, if that was earlier: it had the link by then.
    """
    found = []
    for row in store.rows(
        """select links.url, links.first_seen, links.since,
                  min(case when notes.mtime_ns >= :web then notes.mtime_ns end) as written_ns
           from links
           left join lookups on lookups.link_id = links.id
           left join mentions on mentions.link_id = links.id
           left join notes on notes.id = mentions.note_id
           where links.mentioned = 1 and links.state = 'dead'
           and (lookups.id is null or lookups.next_at <= :now)
           group by links.id order by links.id""",
        {"now": to_text(now), "web": _ns(_FIRST_PAGE)},
    ):
        first_seen = from_text(row["first_seen"])
        written_ns = row["written_ns"]
        by_file = written_ns is not None and written_ns < _ns(first_seen)
        written = _EPOCH + timedelta(microseconds=written_ns // 1000) if by_file else first_seen
        found.append(
            Wanted(
                url=row["url"],
                cited_at=written,
                cited_from=CitedFrom.FILE if by_file else CitedFrom.FIRST_SEEN,
                failed_at=from_text(row["since"]) if row["since"] else first_seen,
            )
        )
    return found


def _ns(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


_NO_ANSWER = frozenset(
    {Outcome.RATE_LIMITED, Outcome.UNAVAILABLE, Outcome.MALFORMED, Outcome.QUEUED}
)


def with_copies(store: Store, wanted: Iterable[Wanted]) -> list[Wanted]:
    """The same links, with what is known of their copies, and of their pages when they lived."""
    return [_with_copies(store, want) for want in wanted]


def _with_copies(store: Store, want: Wanted) -> Wanted:
    copies = store.rows(
        """select snapshots.url, verified, flaw from snapshots
           join links on links.id = snapshots.link_id where links.url = ?""",
        (want.url,),
    )
    tried = store.rows(
        "select tried from lookups join links on links.id = lookups.link_id where links.url = ?",
        (want.url,),
    )
    seen = store.rows(
        """select at, title, length, sketch from checks
           join links on links.id = checks.link_id join cycles on cycles.id = checks.cycle_id
           where links.url = ? and cycles.void is null and checks.status between 200 and 299
           and fault is null and sketch is not null and coalesce(marks, '') = ''
           order by checks.id limit 1""",
        (want.url,),
    )
    return replace(
        want,
        proven=frozenset(row["url"] for row in copies if row["verified"]),
        flawed=frozenset(row["url"] for row in copies if row["flaw"]),
        tried=tried[0]["tried"] if tried else 0,
        seen=Sighting(at=from_text(seen[0]["at"]), fingerprint=fingerprint_of(*seen[0][1:]))
        if seen
        else None,
    )


def keepers_of(store: Store, *, link_id: int | None = None) -> dict[int, tuple[str, ...]]:
    """Who keeps a verified copy of each link, by link; of all links, or of one."""
    found: dict[int, tuple[str, ...]] = {}
    for row in store.rows(
        """select distinct link_id, archive from snapshots
           where verified = 1 and (:link is null or link_id = :link) order by link_id, archive""",
        {"link": link_id},
    ):
        found[row["link_id"]] = (*found.get(row["link_id"], ()), row["archive"])
    return found


def save_lookup(store: Store, url: str, lookup: Lookup, now: datetime) -> None:
    """What the archives said of a link.

    A copy that was found is kept, and a verified one for good: that the archive can't be asked
    today for a better one only moves the time of the next question.
    """
    with store.writing() as connection:
        row = connection.execute(
            """select links.id, lookups.id as lookup_id, snapshots.verified from links
               left join lookups on lookups.link_id = links.id
               left join snapshots on snapshots.id = lookups.snapshot_id where links.url = ?""",
            (url,),
        ).fetchone()
        if row is None:
            return
        for flawed in lookup.flawed:
            _snapshot_id(connection, row["id"], flawed, now)
        if row["verified"] is not None and _is_worse(lookup, verified=bool(row["verified"])):
            connection.execute(
                "update lookups set next_at = ?, tried = ? where id = ?",
                (to_text(lookup.next_at), lookup.tried, row["lookup_id"]),
            )
            return
        snapshot_id = None
        if lookup.snapshot is not None:
            snapshot_id = _snapshot_id(connection, row["id"], lookup.snapshot, now)
        connection.execute(
            """insert or replace into lookups
               (link_id, outcome, asked_at, next_at, cited_at, cited_from, detail, snapshot_id,
                tried)
               values (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                row["id"],
                lookup.outcome,
                to_text(lookup.asked_at),
                to_text(lookup.next_at),
                to_text(lookup.cited_at),
                lookup.cited_from,
                lookup.detail,
                snapshot_id,
                lookup.tried,
            ),
        )


def _is_worse(lookup: Lookup, *, verified: bool) -> bool:
    """Whether a new answer is worth less than the copy that is known."""
    if lookup.snapshot is None:
        return verified or lookup.outcome in _NO_ANSWER
    return verified and not lookup.snapshot.verified


def _snapshot_id(
    connection: sqlite3.Connection, link_id: int, snapshot: Snapshot, now: datetime
) -> int | None:
    known = connection.execute(
        "select id from snapshots where link_id = ? and url = ?", (link_id, snapshot.url)
    ).fetchone()
    if known is not None:
        if snapshot.verified or snapshot.flaw:
            connection.execute(
                "update snapshots set status = ?, verified = ?, flaw = ? where id = ?",
                (snapshot.status, snapshot.verified, snapshot.flaw, known["id"]),
            )
        return int(known["id"])
    cursor = connection.execute(
        """insert into snapshots
           (link_id, archive, timestamp, url, status, verified, flaw, found_at)
           values (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            link_id,
            snapshot.archive,
            to_text(snapshot.timestamp),
            snapshot.url,
            snapshot.status,
            snapshot.verified,
            snapshot.flaw,
            to_text(now),
        ),
    )
    return cursor.lastrowid
