"""What the archives said, and which dead links still want an answer."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import CitedFrom, Lookup, Outcome, Snapshot, Wanted

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


def save_lookup(store: Store, url: str, lookup: Lookup, now: datetime) -> None:
    """What the archives said of a link.

    A copy that was found is kept for good: that the archive can't be asked today for a better one
    only moves the time of the next question.
    """
    with store.writing() as connection:
        row = connection.execute(
            """select links.id, lookups.snapshot_id from links
               left join lookups on lookups.link_id = links.id where links.url = ?""",
            (url,),
        ).fetchone()
        if row is None:
            return
        if lookup.outcome in _NO_ANSWER and row["snapshot_id"] is not None:
            connection.execute(
                "update lookups set next_at = ? where link_id = ?",
                (to_text(lookup.next_at), row["id"]),
            )
            return
        snapshot_id = None
        if lookup.snapshot is not None:
            snapshot_id = _snapshot_id(connection, row["id"], lookup.snapshot, now)
        connection.execute(
            """insert or replace into lookups
               (link_id, outcome, asked_at, next_at, cited_at, cited_from, detail, snapshot_id)
               values (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                row["id"],
                lookup.outcome,
                to_text(lookup.asked_at),
                to_text(lookup.next_at),
                to_text(lookup.cited_at),
                lookup.cited_from,
                lookup.detail,
                snapshot_id,
            ),
        )


def _snapshot_id(
    connection: sqlite3.Connection, link_id: int, snapshot: Snapshot, now: datetime
) -> int | None:
    known = connection.execute(
        "select id from snapshots where link_id = ? and url = ?", (link_id, snapshot.url)
    ).fetchone()
    if known is not None:
        return int(known["id"])
    cursor = connection.execute(
        """insert into snapshots
           (link_id, archive, timestamp, url, status, verified, found_at)
           values (?, ?, ?, ?, ?, ?, ?)""",
        (
            link_id,
            snapshot.archive,
            to_text(snapshot.timestamp),
            snapshot.url,
            snapshot.status,
            snapshot.verified,
            to_text(now),
        ),
    )
    return cursor.lastrowid
