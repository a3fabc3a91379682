"""Checks: which links are due, and what their checks showed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from linkwatch.ends import End
from linkwatch.history.mentions import linked
from linkwatch.history.store import BATCH, Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import (
    CheckResult,
    Fault,
    Fingerprint,
    Hop,
    Mark,
    Remembered,
    Says,
    Sign,
    State,
)
from linkwatch.web.url import fragment_of

_WITNESSES = 3  # as many hosts as make a silent cycle void
_REST = timedelta(hours=12)
_SIGNS = frozenset(Sign)


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

    `notes`: only the links of these notes. A host that asked to be left alone is not the
    store's business.
    """
    wanted = None
    if notes is not None:
        wanted = linked(store, notes)
    rows = store.rows(
        f"""{_DUE} where links.mentioned = 1 and links.state != 'skipped'
           and (:everything or links.next_check is null or links.next_check <= :now)
           order by links.last_check is not null, links.last_check, links.id""",
        {"everything": everything, "now": to_text(now)},
    )
    return [_due(row) for row in rows if wanted is None or row["id"] in wanted]


def links_of(store: Store, urls: Collection[str]) -> list[DueLink]:
    """Some links, to be asked once more."""
    wanted = frozenset(urls)
    return [_due(row) for row in store.rows(_DUE) if row["url"] in wanted]


def _due(row: Any) -> DueLink:
    before = None
    if row["good"] is not None:
        before = Remembered(
            digest=row["digest"],
            final_url=row["final_url"],
            fingerprint=fingerprint_of(row),
            signs=frozenset(mark.sign for mark in _marks(row["marks"])),
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


def ends(store: Store, cycle_id: int) -> dict[int, End]:
    """Where redirects ended, by check: those of this cycle, and the last ones of other links."""
    rows = store.rows(
        """select checks.id, links.url, links.host, checks.final_url from checks
           join links on links.id = checks.link_id
           where (checks.cycle_id = :cycle or checks.id = links.last_check_id)
           and links.mentioned = 1 and checks.status between 200 and 299
           and checks.fault is null
           and exists (select 1 from hops where check_id = checks.id)""",
        {"cycle": cycle_id},
    )
    return {
        row["id"]: End(url=row["url"], host=row["host"], final_url=row["final_url"]) for row in rows
    }


def add_mark(store: Store, cycle_id: int, check_ids: Iterable[int], mark: Mark) -> None:
    """What only all checks of a cycle together show, added to some of its own."""
    token = f" {mark.sign}:{mark.by}"
    with store.writing() as connection:
        connection.executemany(
            """update checks set marks = trim(coalesce(marks, '') || ?)
               where id = ? and cycle_id = ? and instr(coalesce(marks, ''), trim(?)) = 0""",
            [(token, check_id, cycle_id, token) for check_id in check_ids],
        )


def any_answer(store: Store, cycle_id: int) -> bool:
    """Whether any host answered in this cycle; a status of any kind is an answer."""
    sql = """select 1 from checks where cycle_id = ? and (
        status is not null or exists (select 1 from hops where check_id = checks.id)) limit 1"""
    return bool(store.rows(sql, (cycle_id,)))


def witnesses(
    store: Store, cycle_id: int, now: datetime, *, notes: Iterable[int] | None
) -> list[DueLink]:
    """Links to ask besides, because no host of this cycle answered: is it them, or us?

    One on each of a few other hosts that answered when last asked, those first that were not
    asked for longest, and none that was asked today already.
    """
    wanted = None if notes is None else linked(store, notes)
    rows = store.rows(
        f"""{_DUE} where links.mentioned = 1 and links.state in ('alive', 'moved', 'blocked')
           and links.last_check < ? and links.host not in (
               select asked.host from checks join links as asked on asked.id = checks.link_id
               where checks.cycle_id = ?)
           order by links.last_check, links.id""",  # noqa: S608 - our own text
        (to_text(now - _REST), cycle_id),
    )
    by_host: dict[str, DueLink] = {}
    for row in rows:
        if wanted is None or row["id"] in wanted:
            by_host.setdefault(row["host"], _due(row))
        if len(by_host) == _WITNESSES:
            break
    return list(by_host.values())


def save_results(
    store: Store, cycle_id: int, ids: Mapping[str, int], results: list[CheckResult]
) -> None:
    """Commit some results; `ids` has the id of each one's link.

    A second result of the same link in the same cycle takes the place of the first.
    """
    with store.writing() as connection:
        top = connection.execute("select coalesce(max(id), 0) from checks").fetchone()[0]
        checks, hops, anchors = [], [], []
        latest = {result.url: result for result in results}
        for check_id, result in enumerate(latest.values(), start=top + 1):
            checks.append(_check_row(check_id, cycle_id, ids[result.url], result))
            hops += [
                {
                    "check_id": check_id,
                    "position": position,
                    "url": hop.url,
                    "status": hop.status,
                    "location": hop.location,
                }
                for position, hop in enumerate(result.hops, start=1)
            ]
            anchors += [
                {"check_id": check_id, "fragment": fragment, "present": int(present)}
                for fragment, present in result.anchors
            ]
        for row in checks:
            earlier = "select id from checks where link_id = ? and cycle_id = ?"
            key = (row["link_id"], cycle_id)
            connection.execute(f"delete from hops where check_id in ({earlier})", key)  # noqa: S608 - ours
            connection.execute(f"delete from anchors where check_id in ({earlier})", key)  # noqa: S608 - ours
            connection.execute("delete from checks where link_id = ? and cycle_id = ?", key)
        store.db.table("checks").insert_all(checks)
        if hops:
            store.db.table("hops").insert_all(hops)
        if anchors:
            store.db.table("anchors").insert_all(anchors)


def _check_row(check_id: int, cycle_id: int, link_id: int, result: CheckResult) -> dict[str, Any]:
    return {
        "id": check_id,
        "link_id": link_id,
        "cycle_id": cycle_id,
        "at": to_text(result.at),
        "elapsed_ms": result.elapsed_ms,
        "status": result.status,
        "fault": result.fault,
        "message": result.message,
        "final_url": result.final_url,
        "attempts": result.attempts,
        "inferred": int(result.inferred),
        "confirmed": int(result.confirmed),
        "remark": result.remark,
        "size": result.size,
        "digest": result.digest,
        "marks": " ".join(f"{mark.sign}:{mark.by}" for mark in result.marks) or None,
        "title": result.fingerprint.title if result.fingerprint else None,
        "length": result.fingerprint.length if result.fingerprint else None,
        "sketch": result.fingerprint.sketch if result.fingerprint else None,
        "probe": result.probe,
        "says": result.says,
    }


def result_of(
    url: str, row: Any, hops: tuple[Hop, ...], anchors: tuple[tuple[str, bool], ...] = ()
) -> CheckResult:
    """A row of `checks`, as the fact that it is."""
    return CheckResult(
        url=url,
        at=from_text(row["at"]),
        elapsed_ms=row["elapsed_ms"],
        status=row["status"],
        fault=Fault(row["fault"]) if row["fault"] else None,
        message=row["message"],
        final_url=row["final_url"],
        hops=hops,
        attempts=row["attempts"],
        inferred=bool(row["inferred"]),
        confirmed=bool(row["confirmed"]),
        remark=row["remark"],
        size=row["size"],
        digest=row["digest"],
        marks=_marks(row["marks"]),
        fingerprint=fingerprint_of(row),
        probe=row["probe"],
        says=Says(row["says"]) if row["says"] else None,
        anchors=anchors,
    )


def _marks(text: str | None) -> tuple[Mark, ...]:
    """Marks as stored. A sign that this version does not know is passed over."""
    pairs = (token.partition(":") for token in text.split()) if text else ()
    return tuple(Mark(Sign(sign), by) for sign, _, by in pairs if sign in _SIGNS)


def fingerprint_of(row: Any) -> Fingerprint | None:
    """The fingerprint in a row of `checks`."""
    if row["length"] is None:
        return None
    return Fingerprint(title=row["title"] or "", length=row["length"], sketch=row["sketch"] or b"")


def hops_of(store: Store, check_ids: Sequence[int]) -> dict[int, tuple[Hop, ...]]:
    found: dict[int, tuple[Hop, ...]] = {}
    for i in range(0, len(check_ids), BATCH):
        some = check_ids[i : i + BATCH]
        marks = ",".join("?" * len(some))
        for row in store.rows(
            f"select * from hops where check_id in ({marks}) order by check_id, position",  # noqa: S608 - only question marks
            some,
        ):
            hop = Hop(url=row["url"], status=row["status"], location=row["location"])
            found[row["check_id"]] = (*found.get(row["check_id"], ()), hop)
    return found
