"""Old checks rolled up: read to be decided about, removed with a count left in their place.

Whatever is removed here is so in one commit with what tells of it, so that nothing is lost or
counted twice, whoever is killed when, and whoever else does the same at that moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from linkwatch.history.checks import delete_checks, results_of
from linkwatch.history.overrules import testimonies
from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import CheckResult, RolledUp, Testimony

_STAY = 50  # cycles that stay, however old: more than any report looks back


# The oldest of the newest finished, valid cycles.
_LATEST = """coalesce((select id from cycles where ending = 'finished' and void is null
    order by id desc limit 1 offset :stay), 0)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """One check, as far as it matters for whether it stays."""

    id: int
    result: CheckResult
    pinned: bool  # it is young, or something else refers to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One link's checks, those of valid cycles and those of void ones, oldest first."""

    link_id: int
    valid: tuple[Old, ...]
    void: tuple[Old, ...]
    words: tuple[Testimony, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """A check that is to go, and the one that stays and says the same; None: it is void."""

    check: Old
    like: Old | None


def newest_old(store: Store, before: datetime) -> int:
    """The newest cycle such that it, and all before it, began before then and were judged."""
    rows = store.rows(
        """select coalesce(min(id) - 1, (select coalesce(max(id), 0) from cycles)) as id
           from cycles where started_at >= ? or ending = 'running'
           or (judged = 0 and void is null)""",
        (to_text(before),),
    )
    return int(rows[0]["id"])


def ripe(store: Store, up_to: int, *, at_least: int, most: int | None = None) -> list[int]:
    """Links with so many checks in cycles up to this that were not looked at yet."""
    if up_to <= 0:  # no cycle is old, and it would take a look at each link to find that out
        return []
    rows = store.rows(
        """select links.id from links cross join checks on checks.link_id = links.id
           and checks.cycle_id > links.rolled_up_to and checks.cycle_id <= ?
           group by links.id having count(*) >= ? order by count(*) desc limit ?""",
        (up_to, at_least, -1 if most is None else most),  # cross: in this very order
    )
    return [row["id"] for row in rows]


def threads(store: Store, ids: Sequence[int], *, up_to: int) -> Iterator[Thread]:
    """All that history has of some links, few enough for one statement."""
    marks = ",".join("?" * len(ids))
    # What a cycle that was not judged yet saw is left out; such cycles are the newest.
    void = {row["id"] for row in store.rows("select id from cycles where void is not null")}
    open_ = {
        row["id"] for row in store.rows("select id from cycles where judged = 0 and void is null")
    }
    pins = _pinned(store, ids, marks)
    anchors = _anchors(store, ids, marks)
    urls = {
        row["id"]: row["url"]
        for row in store.rows(f"select id, url from links where id in ({marks})", ids)  # noqa: S608 - only question marks
    }
    valid_of: dict[int, list[Old]] = {id_: [] for id_ in urls}
    void_of: dict[int, list[Old]] = {id_: [] for id_ in urls}
    for check_id, link_id, cycle_id, result in results_of(store, urls):
        if cycle_id in open_:
            continue
        old = Old(
            id=check_id,
            result=replace(result, anchors=anchors[check_id]) if check_id in anchors else result,
            pinned=cycle_id > up_to or check_id in pins,
        )
        (void_of if cycle_id in void else valid_of)[link_id].append(old)
    words = testimonies(store, ids)
    for link_id in urls:
        yield Thread(
            link_id=link_id,
            valid=tuple(valid_of[link_id]),
            void=tuple(void_of[link_id]),
            words=words.get(link_id, ()),
        )


def _pinned(store: Store, ids: Sequence[int], marks: str) -> frozenset[int]:
    """Checks that something refers to: verdicts, copies that wait, and counts."""
    rows = store.rows(
        f"""select last_check_id as id from links where id in ({marks})
            union select good_check_id from links where id in ({marks})
            union select check_id from rollups where link_id in ({marks})
            union select checks.id from copies cross join checks
                on checks.link_id = copies.link_id and checks.cycle_id = copies.cycle_id
                where copies.pending = 1""",  # noqa: S608 - only question marks
        [*ids, *ids, *ids],
    )
    return frozenset(row["id"] for row in rows)


def _anchors(
    store: Store, ids: Sequence[int], marks: str
) -> Mapping[int, tuple[tuple[str, bool], ...]]:
    found: dict[int, tuple[tuple[str, bool], ...]] = {}
    for row in store.rows(
        f"""select anchors.* from checks cross join anchors on anchors.check_id = checks.id
            where checks.link_id in ({marks}) order by anchors.check_id, anchors.fragment""",  # noqa: S608 - only question marks
        ids,
    ):
        seen = (row["fragment"], bool(row["present"]))
        found[row["check_id"]] = (*found.get(row["check_id"], ()), seen)
    return found


def roll_up(store: Store, gone: Mapping[int, Sequence[Spared]], *, up_to: int) -> None:
    """Put counts in the place of checks, by link; these links were looked at up to this cycle.

    Within the transaction in which their threads were read.
    """
    with store.writing() as connection:
        for link_id, spared in gone.items():
            sums: dict[tuple[int | None, str], list[CheckResult]] = {}
            for one in spared:
                month = f"{one.check.result.at:%Y-%m}"
                like = one.like.id if one.like else None
                sums.setdefault((like, month), []).append(one.check.result)
            for (like, month), results in sums.items():
                _count(connection, link_id, like, month, results)
        delete_checks(connection, [one.check.id for spared in gone.values() for one in spared])
        connection.executemany(
            "update links set rolled_up_to = ? where id = ?", [(up_to, id_) for id_ in gone]
        )


def _count(
    connection: sqlite3.Connection,
    link_id: int,
    like: int | None,
    month: str,
    results: Sequence[CheckResult],
) -> None:
    elapsed = [result.elapsed_ms for result in results]
    values = {
        "link": link_id,
        "like": like,
        "month": month,
        "n": len(results),
        "first": to_text(min(result.at for result in results)),
        "last": to_text(max(result.at for result in results)),
        "least": min(elapsed),
        "mean": round(sum(elapsed) / len(elapsed)),
        "most": max(elapsed),
    }
    known = connection.execute(
        """update rollups set checks = checks + :n,
           first_at = min(first_at, :first), last_at = max(last_at, :last),
           mean_elapsed_ms = (mean_elapsed_ms * checks + :mean * :n) / (checks + :n),
           least_elapsed_ms = min(least_elapsed_ms, :least),
           most_elapsed_ms = max(most_elapsed_ms, :most)
           where link_id = :link and check_id is :like and month = :month""",
        values,
    )
    if not known.rowcount:
        connection.execute(
            """insert into rollups (link_id, check_id, month, checks, first_at, last_at,
               least_elapsed_ms, mean_elapsed_ms, most_elapsed_ms)
               values (:link, :like, :month, :n, :first, :last, :least, :mean, :most)""",
            values,
        )


def rolled_up(store: Store, url: str) -> list[RolledUp]:
    """What stands in place of a link's old checks, in the order of their times."""
    return [
        RolledUp(
            like_cycle=row["like_cycle"],
            checks=row["checks"],
            first_at=from_text(row["first_at"]),
            last_at=from_text(row["last_at"]),
            least_elapsed_ms=row["least_elapsed_ms"],
            most_elapsed_ms=row["most_elapsed_ms"],
        )
        for row in store.rows(
            """select rollups.*, checks.cycle_id as like_cycle from rollups
               join links on links.id = rollups.link_id
               left join checks on checks.id = rollups.check_id
               where links.url = ? order by rollups.first_at, rollups.id""",
            (url,),
        )
    ]


def drop_old_cycles(store: Store, up_to: int, *, most: int) -> int:
    """Remove cycles up to this that checked nothing and told nothing: how many they were.

    The last one of each day stays, which a trend may show; and so do the first and the newest.
    """
    with store.writing() as connection:
        return connection.execute(
            f"""delete from cycles where id in (
                select id from cycles as old where id <= :up_to and id < {_LATEST}
                and ending != 'running' and checked = 0
                and id > (select min(id) from cycles where ending = 'finished')
                and not exists (select 1 from checks where cycle_id = old.id)
                and not exists (select 1 from changes where cycle_id = old.id)
                and not exists (select 1 from copies where cycle_id = old.id)
                and id not in (select max(id) from cycles where ending = 'finished'
                    and void is null group by substr(finished_at, 1, 10))
                limit :most)""",  # noqa: S608 - our own text
            {"up_to": up_to, "stay": _STAY, "most": most},
        ).rowcount


def drop_old_changes(store: Store, before: datetime, *, most: int) -> int:
    """Remove what cycles told that ended before then: how much it was."""
    with store.writing() as connection:
        return connection.execute(
            f"""delete from changes where id in (
                select changes.id from cycles join changes on changes.cycle_id = cycles.id
                where cycles.id < {_LATEST} and cycles.finished_at < :before limit :most)""",  # noqa: S608 - our own text
            {"before": to_text(before), "stay": _STAY, "most": most},
        ).rowcount
