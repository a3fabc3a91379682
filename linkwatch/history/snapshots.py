"""What the archives said of links, and the copies that they hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from linkwatch.history.checks import fingerprint_of
from linkwatch.history.store import Store, batches
from linkwatch.history.times import from_text, to_text
from linkwatch.model import UNSETTLED, Copies, Lookup, Outcome, Sighting, Snapshot, Wanted

LOCAL = "local"  # what the copies on this machine are called beside the archives' names

# Who keeps a good copy of which link.
_KEPT = f"""select link_id, archive from snapshots where verified = 1
    union select link_id, '{LOCAL}' from copies where pending = 0"""  # noqa: S608 - our own text


def with_copies(store: Store, wanted: Iterable[Wanted], *, anew: bool = False) -> list[Wanted]:
    """The same links, with what is known of their copies, and of their pages when they lived.

    `anew`: the copy that reports offer is to be opened again, before any other is looked for.
    """
    return [_with_copies(store, want, anew=anew) for want in wanted]


def _with_copies(store: Store, want: Wanted, *, anew: bool) -> Wanted:
    copies = store.rows(
        """select snapshots.*, snapshots.id = lookups.snapshot_id as offered, tried
           from links left join lookups on lookups.link_id = links.id
           left join snapshots on snapshots.link_id = links.id where links.url = ?""",
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
    offered = next((snapshot_of(row) for row in copies if anew and row["offered"]), None)
    again = offered.url if offered else None
    return replace(
        want,
        proven=frozenset(row["url"] for row in copies if row["verified"] and row["url"] != again),
        flawed={row["url"]: row["flaw"] for row in copies if row["flaw"]},
        tried=copies[0]["tried"] or 0 if copies and not anew else 0,
        again=offered,
        seen=Sighting(at=from_text(seen[0]["at"]), fingerprint=fingerprint_of(*seen[0][1:]))
        if seen
        else None,
    )


def offered(store: Store) -> list[str]:
    """The links for which reports offer a copy."""
    return [
        row["url"]
        for row in store.rows(
            """select links.url from lookups join links on links.id = lookups.link_id
               where snapshot_id is not null and links.mentioned = 1 order by links.url"""
        )
    ]


def snapshot_of(row: sqlite3.Row, *, url: str = "url", status: str = "status") -> Snapshot:
    """A row of `snapshots`; or of more than that, with some of it in columns of other names."""
    return Snapshot(
        archive=row["archive"],
        timestamp=from_text(row["timestamp"]),
        url=row[url],
        status=row[status],
        verified=bool(row["verified"]),
        flaw=row["flaw"],
    )


def keepers_of(store: Store, links: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Who keeps a verified copy of each of these links, by link."""
    found: dict[int, tuple[str, ...]] = {}
    for some, marks in batches(links):
        for row in store.rows(
            f"""select link_id, archive from snapshots where verified = 1 and link_id in ({marks})
                union select link_id, '{LOCAL}' from copies
                where pending = 0 and link_id in ({marks}) order by link_id, archive""",  # noqa: S608 - only question marks
            [*some, *some],
        ):
            found[row["link_id"]] = (*found.get(row["link_id"], ()), row["archive"])
    return found


def copies_in_all(store: Store) -> Copies:
    """Of how many mentioned links there is a verified copy, and of how many nobody knows."""
    (kept,) = store.rows(
        """select count(*) as links, total(links.state = 'dead') as dead
           from (select link_id from snapshots where verified = 1
                 union select link_id from copies where pending = 0) as kept
           join links on links.id = kept.link_id where links.mentioned = 1"""
    )
    (waiting,) = store.rows(
        f"""select count(*) as links, min(next_at) as next_at
            from links join lookups on lookups.link_id = links.id
            where links.mentioned = 1 and links.state = 'dead'
            and outcome in ({",".join("?" * len(UNSETTLED))})""",  # noqa: S608 - only question marks
        sorted(UNSETTLED),
    )
    return Copies(
        links=kept["links"],
        dead=int(kept["dead"]),
        unanswered=waiting["links"],
        next_at=from_text(waiting["next_at"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of which mentioned links there is a verified copy, and what archives said of dead ones."""

    links: int
    dead: int
    kept: int
    kept_dead: int
    keepers: dict[str, int]  # links with a verified copy, by archive
    outcomes: dict[Outcome, int]  # of dead links
    next_at: datetime | None  # when the next dead link is asked about


def coverage(store: Store) -> Coverage:
    """How well the mentioned links are covered."""
    kept = f"links.id in (select link_id from ({_KEPT}))"  # noqa: S608 - our own text
    (total,) = store.rows(
        f"""select count(*) as links, total(state = 'dead') as dead, total({kept}) as kept,
                   total(state = 'dead' and {kept}) as kept_dead
            from links where mentioned = 1"""  # noqa: S608 - our own text
    )
    keepers = store.rows(
        f"""select archive, count(*) as n from ({_KEPT})
            join links on links.id = link_id where mentioned = 1 group by archive"""  # noqa: S608 - ours
    )
    outcomes = store.rows(
        """select coalesce(outcome, 'not_asked') as outcome, count(*) as n, min(next_at) as next_at
           from links left join lookups on lookups.link_id = links.id
           where mentioned = 1 and state = 'dead' group by 1 order by 1"""
    )
    return Coverage(
        links=total["links"],
        dead=int(total["dead"]),
        kept=int(total["kept"]),
        kept_dead=int(total["kept_dead"]),
        keepers={row["archive"]: row["n"] for row in keepers},
        outcomes={Outcome(row["outcome"]): row["n"] for row in outcomes},
        next_at=min((from_text(r["next_at"]) for r in outcomes if r["next_at"]), default=None),
    )


def save_lookup(store: Store, url: str, lookup: Lookup, now: datetime) -> None:
    """What the archives said of a link.

    A copy that was found is kept, and a verified one for good: that the archive can't be asked
    today for a better one only moves the time of the next question.
    """
    with store.writing() as connection:
        link = connection.execute("select id from links where url = ?", (url,)).fetchone()
        if link is None:
            return
        for flawed in lookup.flawed:
            keep_snapshot(connection, link["id"], flawed, now)
        row = connection.execute(
            """select lookups.id, snapshots.verified from lookups
               join snapshots on snapshots.id = snapshot_id and snapshots.flaw = ''
               where lookups.link_id = ?""",
            (link["id"],),
        ).fetchone()
        if row is not None and _is_worse(lookup, verified=bool(row["verified"])):
            connection.execute(
                "update lookups set next_at = ?, tried = ? where id = ?",
                (to_text(lookup.next_at), lookup.tried, row["id"]),
            )
            if lookup.outcome not in UNSETTLED:  # there is none that is closer to this date
                connection.execute(
                    "update lookups set cited_at = ?, cited_from = ? where id = ?",
                    (to_text(lookup.cited_at), lookup.cited_from, row["id"]),
                )
            return
        snapshot_id = None
        if lookup.snapshot is not None:
            snapshot_id = keep_snapshot(connection, link["id"], lookup.snapshot, now)
        connection.execute(
            """insert or replace into lookups
               (link_id, outcome, asked_at, next_at, cited_at, cited_from, detail, snapshot_id,
                tried)
               values (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                link["id"],
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
        return verified or lookup.outcome in UNSETTLED
    return verified and not lookup.snapshot.verified


def keep_snapshot(
    connection: sqlite3.Connection, link_id: int, snapshot: Snapshot, now: datetime
) -> int | None:
    """The id of a copy, which is kept if it was not known."""
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
