"""Notes, and the links that they mention today."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from linkwatch.history.filing import Filed, rows_of
from linkwatch.history.originals import last_told, settle_originals
from linkwatch.history.store import Store, batches
from linkwatch.history.times import to_text
from linkwatch.model import Mention
from linkwatch.web.url import host_of

_SETTLING = 1  # raise it where settling comes to other results, `web.archived` included

COLUMNS = (
    *("line", "column", "start", "end", "url", "text", "kind"),
    *("pardoned", "pardoned_until", "pardoned_because", "cited_at", "cited_from"),
)
_FILE = f"""insert into mentions (note_id, link_id, {", ".join(f'"{name}"' for name in COLUMNS)})
            values ({", ".join("?" * (2 + len(COLUMNS)))})"""  # noqa: S608 - our own text


@dataclass(frozen=True, slots=True)
class Known:
    """A note as history knows it; `stamp`: its size and mtime as last read by this extractor."""

    id: int
    stamp: tuple[int, int] | None


def known_notes(store: Store, extractor: str) -> dict[tuple[str, str], Known]:
    """Every note, by (root, path)."""
    rows = store.each("select id, root, path, size, mtime_ns, extractor from notes")
    return {
        (root, path): Known(note_id, (size, mtime_ns) if read_by == extractor else None)
        for note_id, root, path, size, mtime_ns, read_by in rows
    }


class NoteNames:
    """What notes are called, of those that were asked for so far."""

    def __init__(
        self,
        store: Store,
        names: Mapping[str, str],
        paths: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`names`: what to put before the path of a note, by its root; `paths`: where roots lie."""
        self._store = store
        self._names = names
        self._paths = paths
        self._known: dict[int, tuple[str, str, str]] = {}
        self.places: dict[str, str] = {}  # of the same notes: where each lies, by its name

    def of(self, ids: Collection[int]) -> Mapping[int, tuple[str, str, str]]:
        """These among them, by id: root, path, name."""
        fresh = [note_id for note_id in ids if note_id not in self._known]
        for note_id, root, path in self._store.some(
            "select id, root, path from notes where id in", fresh
        ):
            name = f"{self._names.get(root, '')}{path}"
            self._known[note_id] = (root, path, name)
            self.places.setdefault(name, f"{self._paths.get(root, root)}/{path}")
        return self._known


def save_note(
    store: Store,
    root: str,
    path: str,
    stamp: tuple[int, int],
    extractor: str,
    mentions: Iterable[Mention],
    now: datetime,
) -> int:
    """What a note names now, in place of what it named before; the note's id."""
    (note_id,) = save_notes(store, [Filed(root, path, *stamp, rows_of(mentions))], extractor, now)
    return note_id


def save_notes(store: Store, notes: Sequence[Filed], extractor: str, now: datetime) -> list[int]:
    """What several notes name now, in place of what they named before; their ids."""
    with store.writing() as connection:
        _unsettle(connection)
        ids = [_save_stamp(connection, note, extractor) for note in notes]
        links = _link_ids(connection, (row[0] for note in notes for row in note.rows), now)
        connection.executemany(
            _FILE,
            (
                (note_id, links[row[0]], *row[1:])
                for note_id, note in zip(ids, notes, strict=True)
                for row in note.rows
            ),
        )
    return ids


def _save_stamp(connection: sqlite3.Connection, note: Filed, extractor: str) -> int:
    """File a note without its mentions; its id."""
    known = connection.execute(
        "select id from notes where root = ? and path = ?", (note.root, note.path)
    ).fetchone()
    if known is None:
        return (
            connection.execute(
                "insert into notes (root, path, size, mtime_ns, extractor) values (?, ?, ?, ?, ?)",
                (note.root, note.path, note.size, note.mtime_ns, extractor),
            ).lastrowid
            or 0
        )
    note_id: int = known[0]
    connection.execute("delete from mentions where note_id = ?", (note_id,))
    connection.execute(
        "update notes set size = ?, mtime_ns = ?, extractor = ? where id = ?",
        (note.size, note.mtime_ns, extractor, note_id),
    )
    return note_id


def _link_ids(
    connection: sqlite3.Connection, links: Iterable[Any], now: datetime
) -> dict[Any, int]:
    """The ids of links, those that are new included.

    Looked up all at once, and numbered here: asking for each by itself took as long as reading
    the notes. New ones are mentioned from the start, as somebody asked for their ids; settling
    has not to touch them all again.
    """
    wanted = list(dict.fromkeys(links))
    ids: dict[Any, int] = {}
    for some, marks in batches(wanted):
        ids.update(
            connection.execute(
                f"select url, id from links where url in ({marks})",  # noqa: S608 - only question marks
                some,
            ).fetchall()
        )
    new = [link for link in wanted if link not in ids]
    (newest,) = connection.execute("select coalesce(max(id), 0) from links").fetchone()
    seen = to_text(now)
    connection.executemany(
        "insert into links (id, url, host, first_seen, mentioned) values (?, ?, ?, ?, 1)",
        ((link_id, link, host_of(link), seen) for link_id, link in enumerate(new, newest + 1)),
    )
    ids.update(zip(new, range(newest + 1, newest + 1 + len(new)), strict=True))
    return ids


def remove_notes(store: Store, ids: Iterable[int]) -> None:
    """Forget notes that are no more; the links they named keep their history."""
    ids = list(ids)
    if not ids:
        return
    with store.writing() as connection:
        _unsettle(connection)
        for note_id in ids:
            connection.execute("delete from mentions where note_id = ?", (note_id,))
            connection.execute("delete from commits where note_id = ?", (note_id,))
            connection.execute("delete from notes where id = ?", (note_id,))


def settle_mentions(store: Store, cycle_id: int, wayback_url: str = "") -> None:
    """Bring up to date, after a scan, what rests on all mentions.

    These are `links.mentioned`, where a failing link that went away is news, and what the
    comments beside mentions say. And the originals of archived links; `wayback_url`: of an archive
    of one's own. It looks at every link, so nothing is done where nothing can have changed since
    it was done last.
    """
    basis = f"{_SETTLING}:{last_told(store)}:{wayback_url}"
    if [row["basis"] for row in store.rows("select basis from settled")] == [basis]:
        return
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
        _unsettle(connection)
        connection.execute("insert into settled (basis) values (?)", (basis,))


def _unsettle(connection: sqlite3.Connection) -> None:
    """Mentions change: in the same commit, so that a killed scan leaves nothing unsettled."""
    connection.execute("delete from settled")


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
