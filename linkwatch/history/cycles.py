"""Cycles: opened, declared void or not, looked at a second time, closed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import Ending, Fault, State
from linkwatch.void import SLEPT, WENT_DARK, Comparison, pick_witnesses


def close_aborted(store: Store, now: datetime) -> list[int]:
    """Close what a killed process left running; its checks count. Needs the cycle's lock."""
    ids = [row["id"] for row in store.rows("select id from cycles where ending = 'running'")]
    with store.writing() as connection:
        connection.execute(
            "update cycles set ending = ?, finished_at = ? where ending = 'running'",
            (Ending.ABORTED, to_text(now)),
        )
    return ids


def begin_cycle(store: Store, started_at: datetime) -> int:
    """Open a new cycle; its id."""
    with store.writing() as connection:
        cursor = connection.execute(
            "insert into cycles (started_at, ending) values (?, ?)",
            (to_text(started_at), Ending.RUNNING),
        )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def set_void(store: Store, cycle_id: int, why: str | None) -> None:
    """Say whether a cycle's checks are judged. A verdict that rests on a void one is made anew."""
    with store.writing() as connection:
        connection.execute("update cycles set void = ? where id = ?", (why, cycle_id))
        if why is not None:
            connection.execute(
                """update links set policy = null
                   where id in (select link_id from checks where cycle_id = :cycle)
                   and last_check_id in (select id from checks where cycle_id = :cycle)""",
                {"cycle": cycle_id},
            )


def end_cycle(store: Store, cycle_id: int, ending: Ending, finished_at: datetime) -> int:
    """Close a cycle, with how the mentioned links stand at its end; how many it checked."""
    counted = dict.fromkeys((str(state) for state in State), 0)
    for row in store.rows(
        "select state, count(*) as n from links where mentioned = 1 group by state"
    ):
        counted[row["state"]] = row["n"]
    columns = ", ".join(f"{state} = :{state}" for state in counted)
    with store.writing() as connection:
        connection.execute(
            "delete from changes where cycle_id = ? and before is after", (cycle_id,)
        )
        connection.execute(
            f"""update cycles set ending = :ending, finished_at = :finished_at, {columns},
                checked = (select count(*) from checks where cycle_id = :id)
                where id = :id""",  # noqa: S608 - the names are State's own
            {
                **counted,
                "id": cycle_id,
                "ending": ending,
                "finished_at": to_text(finished_at),
            },
        )
    return int(store.rows("select checked from cycles where id = ?", (cycle_id,))[0]["checked"])


def mark_judged(store: Store, *, up_to: int) -> None:
    """The checks of all cycles up to this one have been taken into account."""
    with store.writing() as connection:
        connection.execute("update cycles set judged = 1 where judged = 0 and id <= ?", (up_to,))


def comparisons(store: Store, cycle_id: int) -> list[Comparison]:
    """A cycle's checks beside the last valid ones. To be read before the cycle is judged."""
    return [
        Comparison(
            host=row["host"],
            status=row["status"],
            fault=Fault(row["fault"]) if row["fault"] else None,
            final_url=row["final_url"],
            digest=row["digest"],
            before_status=row["before_status"],
            before_final_url=row["before_final_url"],
            before_digest=row["before_digest"],
            redirected=bool(row["redirected"]),
            new=row["last_check_id"] is None,
        )
        for row in store.rows(
            """select links.host, links.last_check_id,
                      now.status, now.fault, now.final_url, now.digest,
                      before.status as before_status, before.final_url as before_final_url,
                      before.digest as before_digest,
                      exists (select 1 from hops where check_id = now.id) as redirected
               from checks as now
               join links on links.id = now.link_id
               left join checks as before on before.id = links.last_check_id
               where now.cycle_id = ?""",
            (cycle_id,),
        )
    ]


def void_run(store: Store, cycle_id: int) -> tuple[datetime, ...]:
    """When the void cycles began that came one after another right before this one; oldest first.

    Those that checked nothing are passed over, void or not; and so are those that say nothing of
    the web: where no host answered, where the machine slept or the network went.
    """
    rows = store.rows(
        """select started_at from cycles
            where id < :id and void not in (:slept, :dark)
            and id > (select coalesce(max(id), 0) from cycles
                      where id < :id and void is null
                      and exists (select 1 from checks where cycle_id = cycles.id))
            and exists (
                select 1 from checks where cycle_id = cycles.id and (status is not null
                or exists (select 1 from hops where check_id = checks.id)))
            order by id""",
        {"id": cycle_id, "slept": SLEPT, "dark": WENT_DARK},
    )
    return tuple(from_text(row["started_at"]) for row in rows)


def checked_on(store: Store, cycle_id: int, hosts: Collection[str]) -> list[str]:
    """The links of these hosts that this cycle checked; not those that were asked twice already."""
    wanted = frozenset(hosts)
    rows = store.each(
        """select url, host from checks join links on links.id = checks.link_id
           where cycle_id = ? and confirmed = 0 order by checks.id""",
        (cycle_id,),
    )
    return [row["url"] for row in rows if row["host"] in wanted]


def answered_lately(store: Store, cycle_id: int) -> list[str]:
    """A few links that had a page in this very cycle, each of another owner, the latest first."""
    rows = store.rows(
        """select url from checks join links on links.id = checks.link_id
           where cycle_id = ? and status between 200 and 299
           order by checks.id desc""",
        (cycle_id,),
    )
    return pick_witnesses(row["url"] for row in rows)
