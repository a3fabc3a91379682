"""Originals of archived links: the pages that notes name by their copies.

They are links of their own, checked though no note mentions them, so that the report can tell of
one that lives again. Which they are follows from the mentions after each scan.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from linkwatch.history.checks import fingerprint_of
from linkwatch.history.store import Store
from linkwatch.history.times import from_text
from linkwatch.model import Original, State
from linkwatch.web.archived import archived, traces
from linkwatch.web.page import became_another
from linkwatch.web.url import host_of

# Of links: one that is checked for the sake of a copy which is not itself left out of all checks.
WATCHED = """(links.watched = 1 and exists (
    select 1 from links as copy where copy.original_id = links.id
    and copy.mentioned = 1 and copy.state != 'skipped'))"""

# Of links: one whose turn comes again and again. Its first line is that of the index.
EVER_CHECKED = f"""(links.mentioned = 1 or links.watched = 1) and links.state != 'skipped'
    and (links.mentioned = 1 or {WATCHED})"""


def last_told(store: Store) -> int:
    """The last check that told of which link a copy is: what `settle_originals` found may change.

    Whether its cycle was void is known before the next one scans.
    """
    rows = store.rows(  # by the index, as most checks tell nothing of the kind
        "select max(id) from checks indexed by checks_original where original is not null"
    )
    return int(rows[0][0] or 0)


def settle_originals(store: Store, cycle_id: int, wayback_url: str) -> None:
    """Watch the originals of the archived links that notes mention now, and no others.

    `links.mentioned` is up to date.
    """
    with store.writing() as connection:
        found = _originals(connection, wayback_url)
        connection.executemany(
            """insert or ignore into links (url, host, first_seen)
               values (?, ?, (select started_at from cycles where id = ?))""",
            [(original, host_of(original), cycle_id) for original in set(found.values())],
        )
        known = {
            row["id"]: row["url"]
            for row in connection.execute(
                """select links.id, original.url from links
                   join links as original on original.id = links.original_id
                   where links.original_id is not null and +links.mentioned = 1"""
            )
        }
        connection.executemany(
            "update links set original_id = null where id = ?",
            [(link_id,) for link_id in known.keys() - found.keys()],
        )
        connection.executemany(
            "update links set original_id = (select id from links where url = ?) where id = ?",
            [(url, link_id) for link_id, url in found.items() if known.get(link_id) != url],
        )
        wanted = """select original_id from links
                    where original_id is not null and +mentioned = 1"""  # +: by the small index
        connection.execute(
            f"update links set watched = 0 where watched = 1 and id not in ({wanted})"  # noqa: S608 - our own text
        )
        # Judged anew: whether a page surely lives is only asked of those that are watched.
        connection.execute(
            f"update links set watched = 1, policy = null where watched = 0 and id in ({wanted})"  # noqa: S608 - our own text
        )


def _originals(connection: sqlite3.Connection, wayback_url: str) -> dict[int, str]:
    """The originals of all archived links that notes mention, by the id of the archived link."""
    telling = traces(wayback_url)
    # As in the index, which knows the public archives' names. Another name is looked for in all.
    perhaps = "(instr(host, 'archive.') > 0 or instr(host, 'perma.cc') > 0)"
    if any(not any(known in name for known in traces()) for name in telling):
        perhaps = " or ".join(["instr(host, ?)"] * len(telling))
    else:
        telling = ()
    found: dict[int, str] = {}
    untold = []
    for row in connection.execute(
        f"select id, url from links where mentioned = 1 and ({perhaps})",  # noqa: S608 - only question marks
        telling,
    ):
        copy = archived(row["url"], wayback_url)
        if copy is not None and copy.original is not None:
            found[row["id"]] = copy.original
        elif copy is not None:
            untold.append(row["id"])
    if untold:
        for row in connection.execute(  # what their last good answer said
            """select checks.link_id, checks.original, max(checks.id) from checks
               join cycles on cycles.id = checks.cycle_id
               where checks.original is not null and cycles.void is null
               and checks.link_id in (select value from json_each(?)) group by checks.link_id""",
            (json.dumps(untold),),
        ):
            found[row["link_id"]] = row["original"]
    return found


def originals_of(store: Store, links: Collection[int]) -> set[int]:
    """The watched originals of some links, by their ids."""
    rows = store.rows("select id, original_id from links where original_id is not null")
    return {row["original_id"] for row in rows if row["id"] in links}


def originals(store: Store, links: Sequence[int] | None = None) -> Mapping[int, Original]:
    """The originals of archived links, by the id of the archived link; of all mentioned, or some.

    One is only said to live if it is not known for another page than the copy shows.
    """
    found: dict[int, Original] = {}
    if links is not None and not links:
        return found
    which = "+links.mentioned = 1"
    if links is not None:
        which = f"links.id in ({','.join('?' * len(links))})"
    for row in store.rows(
        f"""select links.id, original.url, original.state, original.since, original.lives_at,
                   copy.title, copy.length, copy.sketch,
                   now.title as now_title, now.length as now_length, now.sketch as now_sketch
            from links join links as original on original.id = links.original_id
            left join checks as copy on copy.id = links.good_check_id
            left join checks as now on now.id = original.good_check_id
            where links.original_id is not null and {which}""",  # noqa: S608 - only question marks
        links or (),
    ):
        found[row["id"]] = Original(
            url=row["url"],
            state=State(row["state"]),
            since=from_text(row["since"]),
            lives_at=None if _is_another(row) else from_text(row["lives_at"]),
        )
    return found


def _is_another(row: Any) -> bool:
    if row["length"] is None or row["now_length"] is None:
        return False
    copy = fingerprint_of(row["title"], row["length"], row["sketch"])
    return became_another(
        copy, fingerprint_of(row["now_title"], row["now_length"], row["now_sketch"])
    )
