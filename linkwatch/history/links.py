"""Links: which of them are to be asked, and what the next check has to know of the last one.

Those that wait to be asked in a running cycle lie in a temporary table of its own connection: what
is due is settled once, before the first link is asked, and read bit by bit as the sweep goes on.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from linkwatch.history.checks import fingerprint_of, marks_of
from linkwatch.history.mentions import linked
from linkwatch.history.originals import EVER_CHECKED, originals_of
from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import Remembered, State, Validators
from linkwatch.web.url import fragment_of

_WITNESSES = 3  # as many hosts as make a silent cycle void
_REST = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLink:
    """A link that is about to be asked."""

    id: int
    url: str
    host: str  # name:port
    before: Remembered | None  # None: never seen alive
    dead: bool = False  # by its last verdict
    fragments: frozenset[str] = frozenset()  # that notes name of it; empty: not looked up


def queue_due(store: Store, now: datetime, *, everything: bool, notes: Iterable[int] | None) -> int:
    """Let the links wait that are due; how many they are.

    Originals of archived links are among them. `notes`: only the links of these notes. A host that
    asked to be left alone is not the store's business.
    """
    wanted = None
    if notes is not None:
        wanted = linked(store, notes)
        wanted |= originals_of(store, wanted)
    turn = f"select id from links where {EVER_CHECKED}"  # noqa: S608 - our own text
    if not everything:  # in two halves, each of which is found in the index
        turn = f"{turn} and next_check is null union all {turn} and next_check <= :now"
    return _queue(
        store,
        f"""links.id in ({turn})
            and (:wanted is null or links.id in (select value from json_each(:wanted)))""",  # noqa: S608 - our own text
        {
            "now": to_text(now),
            "wanted": None if wanted is None else json.dumps(list(wanted)),
        },
    )


def queue_links(store: Store, ids: Collection[int]) -> int:
    """Let some links wait, due or not; how many they are."""
    some = {"ids": json.dumps(list(ids))}
    return _queue(store, "links.id in (select value from json_each(:ids))", some)


def _queue(store: Store, which: str, arguments: Mapping[str, object]) -> int:
    """Those of a host that were not really asked for longest come first."""
    with store.writing() as connection:
        connection.execute("drop table if exists temp.waiting")
        connection.execute(
            """create temp table waiting (
                host text, place integer, link_id integer, last text, primary key (host, place)
            ) without rowid"""
        )
        return connection.execute(
            f"""insert into temp.waiting
                select host, row_number() over (
                    partition by host order by coalesce(last_check, ''), id),
                    id, coalesce(last_check, '')
                from links where {which}""",  # noqa: S608 - our own text
            arguments,
        ).rowcount


def waiting_hosts(store: Store) -> list[tuple[str, int]]:
    """Each host (name:port) with links that wait, and how many.

    The most first; of those with as many, the one that was not asked for longest.
    """
    rows = store.rows(
        """select host, max(place) as n from temp.waiting
           group by host order by n desc, min(last), host"""
    )
    return [(row["host"], row["n"]) for row in rows]


_WAITING = """
    select links.id, links.url, links.host, links.state, checks.id as good, checks.at,
           checks.digest, checks.size, checks.final_url, checks.marks, checks.title, checks.length,
           checks.sketch, checks.etag, checks.last_modified, checks.read_at
    from json_each(:taken) as host
    cross join temp.waiting on waiting.host = host.key
        and waiting.place > host.value and waiting.place <= host.value + :most
    join links on links.id = waiting.link_id
    left join checks on checks.id = links.good_check_id
"""


def next_links(
    store: Store, taken: Mapping[str, int], most: int, *, with_fragments: bool
) -> list[DueLink]:
    """The next links of some hosts that wait, `most` of each, in the order of their hosts.

    `taken`: how many of a host's were read before.
    """
    rows = store.rows(_WAITING, {"taken": json.dumps(taken), "most": most})
    named = _fragments(store, [row["id"] for row in rows]) if with_fragments else {}
    return [_due(row, frozenset(named.get(row["id"], ()))) for row in rows]


def _due(row: Any, named: frozenset[str]) -> DueLink:
    before = None
    if row["good"] is not None:
        length = row["length"]
        page = None if length is None else fingerprint_of(row["title"], length, row["sketch"])
        before = Remembered(
            digest=row["digest"],
            size=row["size"],
            final_url=row["final_url"],
            fingerprint=page,
            signs=frozenset(mark.sign for mark in marks_of(row["marks"] or "")),
            validators=Validators.of(row["etag"], row["last_modified"]),
            read_at=from_text(row["read_at"] or row["at"]),
        )
    return DueLink(
        id=row["id"],
        url=row["url"],
        host=row["host"],
        before=before,
        dead=row["state"] == State.DEAD,
        fragments=named,
    )


def _fragments(store: Store, ids: Collection[int]) -> dict[int, set[str]]:
    """The fragments that notes name of these links, by link."""
    found: dict[int, set[str]] = {}
    for row in store.rows(
        """select link_id, url from mentions
           where link_id in (select value from json_each(?)) and instr(url, '#') > 0""",
        (json.dumps(list(ids)),),
    ):
        name = fragment_of(row["url"])
        if name:
            found.setdefault(row["link_id"], set()).add(name)
    return found


def ids_of(store: Store, urls: Collection[str]) -> list[int]:
    """The ids of those of some links that history knows."""
    wanted = list(dict.fromkeys(urls))
    return [row["id"] for row in store.some("select id from links where url in", wanted)]


def witnesses(
    store: Store, cycle_id: int, now: datetime, *, notes: Iterable[int] | None
) -> list[int]:
    """Links to ask besides, because no host of this cycle answered: is it them, or us? Their ids.

    One on each of a few other hosts that answered when last asked, those first that were not
    asked for longest, and none that was asked today already.
    """
    asked = {
        row["host"]
        for row in store.rows(
            """select links.host from checks join links on links.id = checks.link_id
               where checks.cycle_id = ?""",
            (cycle_id,),
        )
    }
    among = None if notes is None else linked(store, notes)
    first: dict[str, int] = {}
    for row in store.each(
        """select id, host from links indexed by links_asked  -- in its order: few are read
           where mentioned = 1 and state in ('alive', 'moved', 'blocked') and last_check < ?
           order by last_check, id""",
        (to_text(now - _REST),),
    ):
        if len(first) == _WITNESSES:
            break
        if row["host"] not in asked and (among is None or row["id"] in among):
            first.setdefault(row["host"], row["id"])
    return list(first.values())
