"""Local copies: which pages are kept on this machine, and where.

A copy is pending until its cycle was judged. Rows come before their files, and go after them: so
no file is ever without a row, and a row without its file, which a killed process leaves behind,
is told by looking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from linkwatch.history.checks import result_of
from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import CheckResult, HeldCopy, LocalCopy, State


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCopy:
    """A copy that nobody is given yet."""

    id: int
    path: str
    size_bytes: int  # of its file
    void: bool  # its cycle does not count
    result: CheckResult | None  # what its cycle's check of the link came to


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What is to be done about some copies that were taken note of."""

    fresh: list[LocalCopy]  # to be written
    spoiled: list[tuple[int, str]]  # to be dropped then, row and file: fresh ones replace them
    crowded_out: int  # for which there is no room


def save_pending(
    store: Store,
    cycle_id: int,
    copies: Sequence[LocalCopy],
    *,
    total_bytes: int,
    whole: Callable[[str, int], bool],
) -> Noted:
    """Take note of copies whose files are about to be written: those that are new.

    One with the bytes of its link's newest only moves that one's `seen_at` on, unless the file is
    gone or damaged: then it takes its place. `whole`: whether a file is there, of that size.
    """
    fresh: list[LocalCopy] = []
    spoiled: list[tuple[int, str]] = []
    coming: set[str] = set()  # their files are not there yet
    crowded_out = 0
    with store.writing() as connection:
        size = connection.execute("select coalesce(sum(size_bytes), 0) from copies").fetchone()[0]
        for copy in copies:
            link = connection.execute("select id from links where url = ?", (copy.url,)).fetchone()
            if link is None:
                continue
            newest = connection.execute(
                """select id, digest, path, size_bytes from copies where link_id = ?
                   order by at desc, id desc limit 1""",
                (link["id"],),
            ).fetchone()
            same = newest is not None and newest["digest"] == copy.digest
            good = same and (
                newest["path"] in coming or whole(newest["path"], newest["size_bytes"])
            )
            freed = newest["size_bytes"] if same and not good else 0
            if good:
                connection.execute(
                    "update copies set seen_at = ? where id = ?",
                    (to_text(copy.seen_at), newest["id"]),
                )
            elif size - freed + copy.size_bytes > total_bytes:
                crowded_out += 1
            else:
                size += copy.size_bytes - freed
                _insert(store, link["id"], cycle_id, copy)
                fresh.append(copy)
                coming.add(copy.path)
                if same and newest["path"] != copy.path:
                    spoiled.append((newest["id"], newest["path"]))
    return Noted(fresh=fresh, spoiled=spoiled, crowded_out=crowded_out)


def _insert(store: Store, link_id: int, cycle_id: int, copy: LocalCopy) -> None:
    store.db.conn.execute(
        """insert into copies (link_id, cycle_id, at, seen_at, path, digest, size_bytes, length,
                               status, content_type, title)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           on conflict (path) do update
           set seen_at = excluded.seen_at, size_bytes = excluded.size_bytes""",
        (
            *(link_id, cycle_id, to_text(copy.at), to_text(copy.seen_at), copy.path, copy.digest),
            *(copy.size_bytes, copy.length, copy.status, copy.content_type, copy.title),
        ),
    )


def any_pending(store: Store) -> bool:
    """Whether any copy waits for a judgement."""
    return bool(store.rows("select 1 from copies where pending = 1 limit 1"))


def pending_copies(store: Store) -> list[PendingCopy]:
    """All copies that wait for a judgement, each with what its cycle knows."""
    return [
        PendingCopy(
            id=row["copy_id"],
            path=row["path"],
            size_bytes=row["size_bytes"],
            void=row["void"] is not None,
            result=None if row["id"] is None else result_of(row["url"], row, ()),
        )
        for row in store.rows(
            """select copies.id as copy_id, copies.path, copies.size_bytes, cycles.void,
                      links.url, checks.*
               from copies join cycles on cycles.id = copies.cycle_id
               join links on links.id = copies.link_id
               left join checks on checks.link_id = copies.link_id
               and checks.cycle_id = copies.cycle_id
               where copies.pending = 1 order by copies.id"""
        )
    ]


def confirm(store: Store, ids: Iterable[int]) -> None:
    """These copies are good ones."""
    with store.writing() as connection:
        connection.executemany(
            "update copies set pending = 0 where id = ?", [(id_,) for id_ in ids]
        )


def forget(store: Store, ids: Iterable[int]) -> None:
    """These copies are no more; their files are gone."""
    with store.writing() as connection:
        connection.executemany("delete from copies where id = ?", [(id_,) for id_ in ids])


def forget_paths(store: Store, paths: Iterable[str]) -> None:
    """The same of copies that could not be written."""
    with store.writing() as connection:
        connection.executemany("delete from copies where path = ?", [(path,) for path in paths])


def held_copies(store: Store) -> list[HeldCopy]:
    """All good copies, as far as it matters for which of them stay."""
    return [
        HeldCopy(
            id=row["id"],
            link_id=row["link_id"],
            at=from_text(row["at"]),
            path=row["path"],
            size_bytes=row["size_bytes"],
            mentioned=bool(row["mentioned"]),
            dead=row["state"] == State.DEAD,
        )
        for row in store.rows(
            """select copies.*, links.mentioned, links.state from copies
               join links on links.id = copies.link_id where copies.pending = 0"""
        )
    ]


def copies_of(store: Store, url: str) -> list[LocalCopy]:
    """The good copies of a link, oldest first."""
    return [
        _copy(row)
        for row in store.rows(
            """select copies.*, links.url from copies join links on links.id = copies.link_id
               where links.url = ? and copies.pending = 0 order by copies.at, copies.id""",
            (url,),
        )
    ]


def local_total(store: Store) -> tuple[int, int]:
    """How many good copies this machine keeps, and how many bytes they take."""
    (row,) = store.rows(
        "select count(*) as n, total(size_bytes) as size from copies where pending = 0"
    )
    return row["n"], int(row["size"])


def _copy(row: Any) -> LocalCopy:
    return LocalCopy(
        url=row["url"],
        at=from_text(row["at"]),
        seen_at=from_text(row["seen_at"]),
        path=row["path"],
        digest=row["digest"],
        size_bytes=row["size_bytes"],
        length=row["length"],
        status=row["status"],
        content_type=row["content_type"],
        title=row["title"],
    )
