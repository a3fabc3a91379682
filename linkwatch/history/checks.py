"""Checks: which links are due, what their checks showed, and which hosts want to be left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from linkwatch.history.mentions import linked
from linkwatch.history.store import BATCH, Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import CheckResult, Fault, Hop

_WITNESSES = 3  # as many hosts as make a silent cycle void
_REST = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLink:
    """A link that wants to be checked."""

    id: int
    url: str
    never_alive: bool


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
        """select id, url, exists (
               select 1 from checks join cycles on cycles.id = checks.cycle_id
               where checks.link_id = links.id and cycles.void is null
               and checks.fault is null and checks.status between 200 and 299) as seen_alive
           from links
           where mentioned = 1 and state != 'skipped'
           and (:everything or next_check is null or next_check <= :now)
           order by last_check is not null, last_check, id""",
        {"everything": everything, "now": to_text(now)},
    )
    return [
        DueLink(id=row["id"], url=row["url"], never_alive=not row["seen_alive"])
        for row in rows
        if wanted is None or row["id"] in wanted
    ]


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
        """select id, url, host from links
           where mentioned = 1 and state in ('alive', 'moved', 'blocked') and last_check < ?
           and host not in (
               select links.host from checks join links on links.id = checks.link_id
               where checks.cycle_id = ?)
           order by last_check, id""",
        (to_text(now - _REST), cycle_id),
    )
    by_host: dict[str, DueLink] = {}
    for row in rows:
        if wanted is None or row["id"] in wanted:
            link = DueLink(id=row["id"], url=row["url"], never_alive=False)
            by_host.setdefault(row["host"], link)
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
        checks, hops = [], []
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
        for row in checks:
            earlier = "select id from checks where link_id = ? and cycle_id = ?"
            key = (row["link_id"], cycle_id)
            connection.execute(f"delete from hops where check_id in ({earlier})", key)  # noqa: S608 - ours
            connection.execute("delete from checks where link_id = ? and cycle_id = ?", key)
        store.db.table("checks").insert_all(checks)
        if hops:
            store.db.table("hops").insert_all(hops)


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
    }


def result_of(url: str, row: Any, hops: tuple[Hop, ...]) -> CheckResult:
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
    )


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


def not_before(store: Store, now: datetime) -> dict[str, datetime]:
    """Until when hosts asked to be left alone, where that is still to come."""
    rows = store.rows("select * from hosts where not_before > ?", (to_text(now),))
    return {row["host"]: from_text(row["not_before"]) for row in rows}


def save_not_before(store: Store, hosts: Mapping[str, datetime], now: datetime) -> None:
    """Remember until when hosts want to be left alone."""
    with store.writing() as connection:
        connection.execute("delete from hosts where not_before <= ?", (to_text(now),))
        connection.executemany(
            "insert or replace into hosts (host, not_before) values (?, ?)",
            [(host, to_text(until)) for host, until in hosts.items()],
        )
