"""Links: which of them are to be asked, and what the next check has to know of the last one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from linkwatch.history.checks import fingerprint_of, marks_of
from linkwatch.history.mentions import linked
from linkwatch.history.originals import EVER_CHECKED, originals_of
from linkwatch.history.store import BATCH, Store
from linkwatch.history.times import to_text
from linkwatch.model import Remembered, State
from linkwatch.web.url import fragment_of

_WITNESSES = 3  # as many hosts as make a silent cycle void
_REST = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLink:
    """A link that wants to be checked."""

    id: int
    url: str
    before: Remembered | None  # None: never seen alive
    dead: bool = False  # by its last verdict


_DUE = """
    select links.id, links.url, links.host, links.state, checks.id as good, checks.digest,
           checks.final_url, checks.marks, checks.title, checks.length, checks.sketch
    from links left join checks on checks.id = links.good_check_id
"""


def due(
    store: Store, now: datetime, *, everything: bool, notes: Iterable[int] | None
) -> list[DueLink]:
    """The links to be checked, those first that were not really asked for longest.

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
    rows = store.rows(
        f"""{_DUE} where links.id in ({turn})
           order by links.last_check is not null, links.last_check, links.id""",
        {"now": to_text(now)},
    )
    return [_due(row) for row in rows if wanted is None or row["id"] in wanted]


def links_of(store: Store, urls: Collection[str]) -> list[DueLink]:
    """Some links, to be asked once more."""
    return [_due(row) for row in _by_url(store, _DUE, urls)]


def _by_url(store: Store, select: str, urls: Collection[str]) -> Iterator[Any]:
    wanted = list(dict.fromkeys(urls))
    for i in range(0, len(wanted), BATCH):
        some = wanted[i : i + BATCH]
        yield from store.rows(f"{select} where links.url in ({','.join('?' * len(some))})", some)


def ids_of(store: Store, urls: Collection[str]) -> list[int]:
    """The ids of those of some links that history knows."""
    return [row["id"] for row in _by_url(store, "select id from links", urls)]


def _due(row: Any) -> DueLink:
    before = None
    if row["good"] is not None:
        length = row["length"]
        page = None if length is None else fingerprint_of(row["title"], length, row["sketch"])
        before = Remembered(
            digest=row["digest"],
            final_url=row["final_url"],
            fingerprint=page,
            signs=frozenset(mark.sign for mark in marks_of(row["marks"] or "")),
        )
    return DueLink(id=row["id"], url=row["url"], before=before, dead=row["state"] == State.DEAD)


def fragments(store: Store, links: Collection[int]) -> dict[str, set[str]]:
    """The fragments that notes name of these links, by link."""
    wanted = list(links)
    found: dict[str, set[str]] = {}
    for i in range(0, len(wanted), BATCH):
        some = wanted[i : i + BATCH]
        for row in store.rows(
            f"""select links.url as link, mentions.url from links
                cross join mentions on mentions.link_id = links.id
                where links.id in ({",".join("?" * len(some))}) and instr(mentions.url, '#') > 0""",  # noqa: S608 - only question marks
            some,
        ):
            if name := fragment_of(row["url"]):
                found.setdefault(row["link"], set()).add(name)
    return found


def witnesses(
    store: Store, cycle_id: int, now: datetime, *, notes: Iterable[int] | None
) -> list[DueLink]:
    """Links to ask besides, because no host of this cycle answered: is it them, or us?

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
    few = ",".join("?" * len(first))
    rows = store.rows(
        f"{_DUE} where links.id in ({few}) order by links.last_check, links.id",
        list(first.values()),
    )
    return [_due(row) for row in rows]
