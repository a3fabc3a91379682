"""Which dead links still want an answer of the archives, and when they were cited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from linkwatch.citation import Sight, cited
from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import CitedFrom, State, Wanted

# Dead links that were never asked about, or whose answer has run out.
DUE = """links.mentioned = 1 and links.state = 'dead'
    and (lookups.id is null or lookups.next_at <= :now)"""


# Those that have a copy, and nothing left to be asked.
_SETTLED = """links.mentioned = 1 and links.state = 'dead'
    and lookups.outcome = 'found' and lookups.next_at is null"""
_ORDER = {source: place for place, source in enumerate(CitedFrom)}
# What a note says itself, and what git says, changes for a reason; a file's date with every edit.
_TOLD = frozenset({CitedFrom.ACCESSED, CitedFrom.FRONT_MATTER, CitedFrom.GIT})


def bereft(store: Store, now: datetime) -> list[Wanted]:
    """Dead links about which the archives are to be asked, those that have waited longest first.

    They were never asked about, or their answer has run out; or, at the end, there is a better
    date of their citation by now than the one that their copy was chosen by.
    """
    waiting = sorted(_wanted(store, DUE, {}, now), key=lambda found: found[1]["next_at"] or "")
    settled = _wanted(store, _SETTLED, {}, now)
    return [link for link, _ in waiting] + [link for link, row in settled if _dated(link, row)]


def _dated(link: Wanted, row: Any) -> bool:
    """Whether a link's citation has a better date than the one that the archives were asked for."""
    if row["asked_for"] is None or link.cited_from not in _TOLD:
        return False
    better = _ORDER[link.cited_from] <= _ORDER[CitedFrom(row["asked_from"])]
    return better and from_text(row["asked_for"]).date() != link.cited_at.date()


def never_asked(store: Store) -> list[str]:
    """Dead links of which it is not even written down that an archive is to be asked."""
    rows = store.rows(
        """select links.url from links left join lookups on lookups.link_id = links.id
           where links.mentioned = 1 and links.state = 'dead'
           and (lookups.id is null or (lookups.outcome = 'not_asked' and lookups.next_at is null))
           order by links.id"""
    )
    return [row["url"] for row in rows]


def is_dead(store: Store, url: str) -> bool:
    """Whether the archives are asked about a link by themselves."""
    sql = "select 1 from links where url = ? and mentioned = 1 and state = 'dead'"
    return bool(store.rows(sql, (url,)))


def queue(store: Store, urls: Iterable[str], now: datetime) -> None:
    """Write down that archives are to be asked about these links, as soon as there is time."""
    with store.writing() as connection:
        connection.executemany(
            """insert or replace into lookups (link_id, outcome, next_at, detail)
               select id, 'queued', ?, '' from links where url = ?""",
            [(to_text(now), url) for url in urls],
        )


def wanted_of(store: Store, url: str, now: datetime) -> Wanted | None:
    """A link, however it stands, as one that wants a copy; None if history does not know it."""
    return next((link for link, _ in _wanted(store, "links.url = :url", {"url": url}, now)), None)


def _wanted(
    store: Store, which: str, arguments: Mapping[str, object], now: datetime
) -> list[tuple[Wanted, Any]]:
    """Some links, each with a row of what was asked about it."""
    rows = store.rows(
        f"""select links.id, links.url, links.first_seen, links.state, links.since,
                   lookups.next_at, lookups.cited_at as asked_for, lookups.cited_from as asked_from,
                   mentions.cited_at, mentions.cited_from, commits.authored_at,
                   notes.path, notes.mtime_ns
            from links
            left join lookups on lookups.link_id = links.id
            left join mentions on mentions.link_id = links.id
            left join notes on notes.id = mentions.note_id
            left join commits on commits.note_id = notes.id and commits.link_id = links.id
            where {which} order by links.id""",  # noqa: S608 - our own text
        {**arguments, "now": to_text(now)},
    )
    links = (list(group) for _, group in groupby(rows, itemgetter("id")))
    return [(_link(group, now), group[0]) for group in links]


def _link(rows: list[Any], now: datetime) -> Wanted:
    link = rows[0]
    first_seen = from_text(link["first_seen"])
    cited_at, cited_from = cited(
        (_sight(row) for row in rows if row["path"] is not None), first_seen=first_seen, now=now
    )
    failing = link["state"] in (State.DEAD, State.SUSPECT)
    failed_at = from_text(link["since"]) or first_seen if failing else now
    return Wanted(url=link["url"], cited_at=cited_at, cited_from=cited_from, failed_at=failed_at)


def _sight(row: Any) -> Sight:
    return Sight(
        said_at=from_text(row["cited_at"]),
        said_from=CitedFrom(row["cited_from"]) if row["cited_from"] else None,
        committed_at=from_text(row["authored_at"]),
        path=row["path"],
        written_ns=row["mtime_ns"],
    )
