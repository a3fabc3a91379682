"""What git said of when notes took their links: asked once for each note and link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from linkwatch.history.lookups import DUE
from linkwatch.history.store import Store
from linkwatch.history.times import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A note that git was not asked about, for some of its links."""

    note_id: int
    root: str
    path: str
    texts: Mapping[str, set[str]]  # by link: how the note writes it


def unread(store: Store, now: datetime, *, url: str | None = None) -> list[Unread]:
    """The notes whose history may tell when a dead link that wants a copy was cited.

    Not of mentions that tell it themselves. With a `url`: for this link, however it stands.
    """
    which = DUE if url is None else "links.url = :url"
    rows = store.rows(
        f"""select links.url, mentions.text, notes.id, notes.root, notes.path
            from links
            join mentions on mentions.link_id = links.id
            join notes on notes.id = mentions.note_id
            left join lookups on lookups.link_id = links.id
            left join commits on commits.note_id = notes.id and commits.link_id = links.id
            where {which} and commits.id is null
            and (mentions.cited_at is null or mentions.cited_at > :now)
            order by notes.id, mentions.start""",  # noqa: S608 - our own text
        {"now": to_text(now), "url": url},
    )
    return [_note(list(group)) for _, group in groupby(rows, itemgetter("id"))]


def _note(rows: list[Any]) -> Unread:
    texts: dict[str, set[str]] = {}
    for row in rows:
        texts.setdefault(row["url"], set()).add(row["text"])
    note = rows[0]
    return Unread(note_id=note["id"], root=note["root"], path=note["path"], texts=texts)


def save_commits(store: Store, note_id: int, authored: Mapping[str, datetime | None]) -> None:
    """When the commit was authored that brought each link into a note; None: there is none."""
    with store.writing() as connection:
        connection.executemany(
            """insert or replace into commits (note_id, link_id, authored_at)
               select notes.id, links.id, ? from notes, links
               where notes.id = ? and links.url = ?""",
            ((to_text(at), note_id, url) for url, at in authored.items()),
        )
