"""Links: which of them are to be asked, and what the next check has to know of the last one."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from linkwatch.history.checks import fingerprint_of, marks_of
from linkwatch.history.mentions import linked
from linkwatch.history.originals import WATCHED, originals_of
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
    rows = store.rows(
        f"""{_DUE} where (links.mentioned = 1 or {WATCHED}) and links.state != 'skipped'
           and (:everything or links.next_check is null or links.next_check <= :now)
           order by links.last_check is not null, links.last_check, links.id""",
        {"everything": everything, "now": to_text(now)},
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
    wanted = frozenset(links)
    found: dict[str, set[str]] = {}
    for row in store.rows(
        """select links.id, links.url as link, mentions.url from mentions
           join links on links.id = mentions.link_id where instr(mentions.url, '#') > 0"""
    ):
        name = fragment_of(row["url"])
        if name and row["id"] in wanted:
            found.setdefault(row["link"], set()).add(name)
    return found


def witnesses(
    store: Store, cycle_id: int, now: datetime, *, notes: Iterable[int] | None
) -> list[DueLink]:
    """Links to ask besides, because no host of this cycle answered: is it them, or us?

    One on each of a few other hosts that answered when last asked, those first that were not
    asked for longest, and none that was asked today already.
    """
    rows = store.rows(
        f"""with others as (
                select id, host, last_check from links
                where mentioned = 1 and state in ('alive', 'moved', 'blocked')
                and last_check < :before and host not in (
                    select asked.host from checks join links as asked on asked.id = checks.link_id
                    where checks.cycle_id = :cycle)
                and (:notes is null or id in (
                    select link_id from mentions
                    where note_id in (select value from json_each(:notes))))),
            first as (
                select id, last_check, row_number() over (
                    partition by host order by last_check, id) as place from others)
            {_DUE} where links.id in (
                select id from first where place = 1 order by last_check, id limit :few)
            order by links.last_check, links.id""",  # noqa: S608 - our own text
        {
            "before": to_text(now - _REST),
            "cycle": cycle_id,
            "notes": None if notes is None else json.dumps(list(notes)),
            "few": _WITNESSES,
        },
    )
    return [_due(row) for row in rows]
