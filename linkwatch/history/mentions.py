"""Notes, and the links that they mention today."""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from linkwatch.history.originals import settle_originals
from linkwatch.history.store import Store
from linkwatch.history.times import to_text
from linkwatch.model import Mention, Pardon
from linkwatch.web.url import host_of, link_of


def stamps(store: Store, extractor: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Size and mtime of every note as last read by this extractor, by (root, path)."""
    return {
        (row["root"], row["path"]): (row["size"], row["mtime_ns"])
        for row in store.rows(
            "select root, path, size, mtime_ns from notes where extractor = ?", (extractor,)
        )
    }


def note_ids(store: Store) -> dict[tuple[str, str], int]:
    """The id of every note known, by (root, path)."""
    rows = store.rows("select id, root, path from notes")
    return {(row["root"], row["path"]): row["id"] for row in rows}


def save_note(
    store: Store,
    root: str,
    path: str,
    stamp: tuple[int, int],
    extractor: str,
    mentions: Sequence[Mention],
    now: datetime,
) -> int:
    """What a note names now, in place of what it named before; the note's id."""
    links = [link_of(mention.url) for mention in mentions]
    seen = to_text(now)
    with store.writing() as connection:
        connection.execute(
            """insert into notes (root, path, size, mtime_ns, extractor)
               values (?, ?, ?, ?, ?)
               on conflict (root, path) do update set size = excluded.size,
               mtime_ns = excluded.mtime_ns, extractor = excluded.extractor""",
            (root, path, *stamp, extractor),
        )
        note_id: int = connection.execute(
            "select id from notes where root = ? and path = ?", (root, path)
        ).fetchone()[0]
        connection.execute("delete from mentions where note_id = ?", (note_id,))
        connection.executemany(
            "insert or ignore into links (url, host, first_seen) values (?, ?, ?)",
            ((link, host_of(link), seen) for link in links),
        )
        connection.executemany(
            """insert into mentions
               (note_id, link_id, line, "column", start, "end", url, text, kind,
                pardoned, pardoned_until, pardoned_because, cited_at, cited_from)
               values (?, (select id from links where url = ?),
                       ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                (
                    *(note_id, link, m.line, m.column, m.start, m.end, m.url, m.text, m.kind),
                    *_columns(m.pardon),
                    *(to_text(m.cited_at), m.cited_from),
                )
                for link, m in zip(links, mentions, strict=True)
            ),
        )
    return note_id


def _columns(pardon: Pardon | None) -> tuple[int, str | None, str | None]:
    if pardon is None:
        return 0, None, None
    return 1, pardon.until.isoformat() if pardon.until else None, pardon.because


def remove_notes(store: Store, ids: Iterable[int]) -> None:
    """Forget notes that are no more; the links they named keep their history."""
    with store.writing() as connection:
        for note_id in ids:
            connection.execute("delete from mentions where note_id = ?", (note_id,))
            connection.execute("delete from commits where note_id = ?", (note_id,))
            connection.execute("delete from notes where id = ?", (note_id,))


def settle_mentions(store: Store, cycle_id: int, wayback_url: str = "") -> None:
    """Bring up to date, after a scan, what rests on all mentions.

    These are `links.mentioned`, where a failing link that went away is news, and what the
    comments beside mentions say. And the originals of archived links; `wayback_url`: of an archive
    of one's own.
    """
    with store.writing() as connection:
        gone = "mentioned = 1 and not exists (select 1 from mentions where link_id = links.id)"
        connection.execute(
            f"""insert into changes (cycle_id, link_id, before, after, reason, detail)
                select ?, id, state, null, reason, detail from links
                where {gone} and state in ('dead', 'suspect')""",  # noqa: S608 - our own text
            (cycle_id,),
        )
        connection.execute(f"update links set mentioned = 0 where {gone}")  # noqa: S608 - ours
        connection.execute(
            """update links set mentioned = 1 where mentioned = 0
               and exists (select 1 from mentions where link_id = links.id)"""
        )
        _settle_pardons(connection)
        settle_originals(store, cycle_id, wayback_url)


def _settle_pardons(connection: sqlite3.Connection) -> None:
    """Who writes a comment anew means the link as it is now; who moves or copies one does not."""
    connection.execute(
        """delete from ignored where ignore_id is null and exists (
               select 1 from mentions where link_id = ignored.link_id and pardoned = 1
               and not exists (
                   select 1 from pardons where link_id = mentions.link_id
                   and until is pardoned_until and because is pardoned_because))"""
    )
    connection.execute("delete from pardons")
    connection.execute(
        """insert into pardons (link_id, until, because)
           select distinct link_id, pardoned_until, pardoned_because from mentions
           where pardoned = 1"""
    )


def linked(store: Store, notes: Iterable[int]) -> set[int]:
    return linked_but(store, notes, ())


def linked_but(store: Store, notes: Iterable[int], but: Container[int]) -> set[int]:
    """The links that these notes mention, some mentions left out."""
    return {
        row["link_id"]
        for note_id in notes
        for row in store.rows("select id, link_id from mentions where note_id = ?", (note_id,))
        if row["id"] not in but
    }
