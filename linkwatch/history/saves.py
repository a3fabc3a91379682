"""Links on their way into an archive: which are to be saved, and how far each has come.

Every link has one row at most, and rows outlive processes: what was submitted is never forgotten.
Only links that still answer are ever queued, for an archive can't fetch the others either. That a
server refuses us (403 and the like) does not count: it may well let the archive in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from linkwatch.history.overrules import decisions
from linkwatch.history.snapshots import keep_snapshot, save_lookup, snapshot_of
from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.history.verdicts import unsteady_hosts
from linkwatch.model import (
    Lookup,
    Outcome,
    Reason,
    Save,
    SaveQueue,
    SaveState,
    SaveWhy,
    State,
)
from linkwatch.web.url import bare

SETTLES: Final = timedelta(days=2)  # a note's author thinks better of many a link in that time
_NEW: Final = timedelta(days=21)
_OLD: Final = timedelta(days=365)  # a copy that is older is worth another, where all are wanted
_RECENT_REFUSALS: Final = 20

_ORDER: Final = {why: position for position, why in enumerate(SaveWhy)}
# Refusals that an archive may not meet.
_WALLED: Final = frozenset(
    {Reason.FORBIDDEN, Reason.CHALLENGE, Reason.RATE_LIMITED, Reason.REJECTED}
)
_WALLS: Final = frozenset({403, 405, 406, 429, 999})
_MODES: Final = {  # of `archive.save`: what each submits by itself
    "none": frozenset[SaveWhy](),
    "dying": frozenset({SaveWhy.DYING}),
    "new": frozenset({SaveWhy.DYING, SaveWhy.NEW}),
    "all": frozenset(SaveWhy) - {SaveWhy.ASKED},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A link that is worth a copy."""

    link_id: int
    url: str
    why: SaveWhy
    not_before: datetime


def worth_saving(store: Store, mode: str, now: datetime) -> list[Worth]:
    """The links that `archive.save` wants saved, as they stand.

    Without those that have a verified copy, unless all are wanted and it is an old one; and
    without those that somebody ignores for good.
    """
    wanted = _MODES[mode]
    if not wanted:
        return []
    unsteady = unsteady_hosts(store)
    began = store.rows("select min(finished_at) as at from cycles where ending = 'finished'")
    known_before = from_text(began[0]["at"]) or now  # the vault that was there at the start
    left_out = {
        link_id
        for link_id, decision in decisions(store).items()
        if decision.overruled is not None and decision.overruled.until is None
    }
    found = []
    for row in store.rows(
        """select links.id, links.url, links.host, links.state, links.reason, links.first_seen,
                  links.recoveries, checks.status, checks.fault, checks.final_url,
                  links.state = 'blocked' and exists (
                      select 1 from checks as later where later.link_id = links.id
                      and later.id > coalesce(links.good_check_id, 0)
                      and (later.fault is not null or later.status >= 500
                           or later.status in (404, 410))) as failed,
                  count(snapshots.id) as copies,
                  max(case when snapshots.verified = 1 then snapshots.timestamp end) as good_at
           from links
           left join checks on checks.id = links.last_check_id
           left join snapshots on snapshots.link_id = links.id
           where links.mentioned = 1 and links.state in ('alive', 'moved', 'blocked')
           group by links.id order by links.id"""
    ):
        why = _why(row, unsteady, known_before, now)
        if why in wanted and row["id"] not in left_out and still_answers(row):
            waits = why is SaveWhy.NEW
            first_seen = from_text(row["first_seen"])
            found.append(
                Worth(
                    link_id=row["id"],
                    url=row["url"],
                    why=why,
                    not_before=first_seen + SETTLES if waits else now,
                )
            )
    return found


def _why(
    row: Any, unsteady: Collection[str], known_before: datetime, now: datetime
) -> SaveWhy | None:
    """Why a link is worth a copy; None: it has a good one.

    Dying is what failed and answers again, were it only with a refusal; what stands on a host that
    comes and goes; and what has moved, since old addresses are not kept for ever.
    """
    good_at = from_text(row["good_at"])
    if good_at is not None:
        return SaveWhy.REST if now - good_at > _OLD else None
    if (
        row["recoveries"]
        or row["failed"]
        or row["host"] in unsteady
        or (row["state"] == State.MOVED and bare(row["final_url"] or "") != bare(row["url"]))
    ):
        return SaveWhy.DYING
    first_seen = from_text(row["first_seen"])
    if known_before < first_seen and now - first_seen <= _NEW:
        return SaveWhy.NEW
    return SaveWhy.REST if row["copies"] else SaveWhy.UNARCHIVED


def still_answers(row: Any) -> bool:
    """Whether an archive may be able to fetch a link: its `state`, `reason`, `status`, `fault`.

    What is suspect failed when it was last asked, or looked like a page for what does not exist;
    and of a login or a parked domain an archive saves just that.
    """
    match row["state"]:
        case State.ALIVE | State.MOVED if row["reason"] != Reason.VOUCHED:
            return True
        case State.ALIVE:
            status = row["status"]
            fine = status is not None and (200 <= status < 300 or status in _WALLS)
            return fine and row["fault"] is None
        case State.BLOCKED:
            return row["reason"] in _WALLED
    return False


def leading_to(store: Store) -> dict[str, frozenset[str]]:
    """Where links led when they were last asked, every hop: an archive saves all of it."""
    found: dict[str, set[str]] = {}
    for row in store.rows(
        """select links.url, hops.location as target from links
           join hops on hops.check_id = links.last_check_id where links.mentioned = 1
           union
           select links.url, checks.final_url from links
           join checks on checks.id = links.last_check_id
           where links.mentioned = 1 and checks.final_url != links.url"""
    ):
        found.setdefault(row["url"], set()).add(row["target"])
    return {url: frozenset(targets) for url, targets in found.items()}


def fill_queue(store: Store, worth: Iterable[Worth], now: datetime) -> frozenset[int]:
    """Queue these links, drop what is queued and no longer worth it; what may be submitted.

    Those are links by id: these, and what somebody asked for.
    """
    by_id = {one.link_id: one for one in worth}
    with store.writing() as connection:
        known = {
            row["link_id"]: row
            for row in connection.execute(
                """select saves.*, links.state as link_state from saves
                   join links on links.id = saves.link_id"""
            )
        }
        for one in by_id.values():
            _queue(connection, one, known.get(one.link_id), now)
        asked = {
            link_id
            for link_id, row in known.items()
            if row["why"] == SaveWhy.ASKED and row["link_state"] not in (State.DEAD, State.SKIPPED)
        }
        may = frozenset(by_id) | asked
        connection.executemany(
            "delete from saves where link_id = ? and state = 'queued' and submitted_at is null",
            [(link_id,) for link_id in known.keys() - may],
        )
    return may


def _queue(connection: sqlite3.Connection, one: Worth, row: Any, now: datetime) -> None:
    if row is None:
        connection.execute(
            "insert into saves (link_id, state, why, queued_at, next_at) values (?, ?, ?, ?, ?)",
            (one.link_id, SaveState.QUEUED, one.why, to_text(now), to_text(one.not_before)),
        )
        return
    state, next_at = SaveState(row["state"]), from_text(row["next_at"])
    if state is SaveState.QUEUED and row["why"] not in (SaveWhy.ASKED, one.why):
        sooner = row["submitted_at"] is None and next_at is not None and one.not_before < next_at
        connection.execute(
            "update saves set why = ?, next_at = ? where id = ?",
            (one.why, to_text(one.not_before if sooner else next_at), row["id"]),
        )
    elif _is_over(state, row["code"], next_at, now):
        _begin_anew(connection, row["id"], one.why, one.not_before, now)


def _is_over(state: SaveState, code: str, next_at: datetime | None, now: datetime) -> bool:
    """Whether a link that is worth a copy may begin anew, whatever came of it before."""
    if state is SaveState.REFUSED:
        return code == "not_told" or (next_at is not None and next_at <= now)
    return state is SaveState.DONE


def _begin_anew(
    connection: sqlite3.Connection, row_id: int, why: SaveWhy, at: datetime, now: datetime
) -> None:
    connection.execute(
        """update saves set state = ?, why = ?, queued_at = ?, next_at = ?, job_id = null,
           attempts = 0, code = '', detail = '', copy_at = null, copy_of = null
           where id = ?""",
        (SaveState.QUEUED, why, to_text(now), to_text(at), row_id),
    )


def enqueue(
    store: Store, urls: Iterable[str], why: SaveWhy = SaveWhy.ASKED, *, now: datetime
) -> dict[str, str | None]:
    """Queue some links; for each, in a sentence, why it will not be saved, or None.

    What was submitted and has not ended is on its way, and left to its course. Whether a link may
    be published is the caller's to know (`archive.savable`).
    """
    told: dict[str, str | None] = {}
    with store.writing() as connection:
        for url in urls:
            told[url] = _enqueue(connection, url, why, now)
    return told


def _enqueue(connection: sqlite3.Connection, url: str, why: SaveWhy, now: datetime) -> str | None:
    row = connection.execute(
        """select links.id as link_id, links.state as link_state, saves.id, saves.state from links
           left join saves on saves.link_id = links.id where links.url = ?""",
        (url,),
    ).fetchone()
    if row is None:
        return "No note has mentioned it."
    if row["link_state"] in (State.DEAD, State.SKIPPED):
        return f"It is {row['link_state']}: there is nothing to save."
    if row["id"] is None:
        connection.execute(
            "insert into saves (link_id, state, why, queued_at, next_at) values (?, ?, ?, ?, ?)",
            (row["link_id"], SaveState.QUEUED, why, to_text(now), to_text(now)),
        )
        return None
    if row["state"] not in (SaveState.SUBMITTED, SaveState.LOST):
        _begin_anew(connection, row["id"], why, now, now)
    return None


def any_unsaved(store: Store) -> bool:
    """Whether anything is on its way into the archive, or waits to be."""
    sql = "select 1 from saves where state in ('queued', 'submitted', 'lost') limit 1"
    return bool(store.rows(sql))


def waiting(store: Store, until: datetime, may: Collection[int]) -> list[Save]:
    """The rows with something to do until then, in the order of their turns.

    `may`: the links that may be submitted, by id. What was submitted is looked after in any case.
    """
    rows = store.rows(
        f"""{_ROWS} where saves.state in ('queued', 'submitted', 'lost')
            and saves.next_at <= ? order by saves.queued_at, saves.id""",
        (to_text(until),),
    )
    found = [_save(r) for r in rows if r["state"] != SaveState.QUEUED or r["link_id"] in may]
    return sorted(found, key=lambda one: _ORDER[one.why])


def submitted_on(store: Store, day: datetime) -> int:
    """How many pages were submitted on a day; each as often as it was."""
    rows = store.rows(
        """select coalesce(sum(attempts_that_day), 0) as n from saves
           where substr(submitted_at, 1, 10) = ?""",
        (f"{day:%Y-%m-%d}",),
    )
    return int(rows[0]["n"])


def ever_submitted(store: Store) -> bool:
    """Whether anything was ever published."""
    return bool(store.rows("select 1 from saves where submitted_at is not null limit 1"))


def keep_save(store: Store, save: Save, now: datetime) -> None:
    """Write a row down, and the copy that it led to.

    A good copy is what the archives are known to have of the link from then on, until they are
    asked for one that is closer to its citation.
    """
    with store.writing() as connection:
        link = connection.execute("select id from links where url = ?", (save.url,)).fetchone()
        if link is None:
            return
        copy = save.snapshot
        snapshot_id = keep_snapshot(connection, link["id"], copy, now) if copy else None
        connection.execute(
            """update saves set state = ?, why = ?, queued_at = ?, next_at = ?, submitted_at = ?,
               starts_at = ?, counts_from = ?, job_id = ?, attempts = ?, attempts_that_day = ?,
               code = ?, detail = ?, copy_at = ?, copy_of = ?, snapshot_id = ?
               where link_id = ?""",
            (
                save.state,
                save.why,
                to_text(save.queued_at),
                to_text(save.next_at),
                to_text(save.submitted_at),
                to_text(save.starts_at),
                to_text(save.counts_from),
                save.job_id,
                save.attempts,
                save.attempts_that_day,
                save.code,
                save.detail,
                to_text(save.copy_at),
                save.copy_of,
                snapshot_id,
                link["id"],
            ),
        )
        if copy is not None and copy.verified and not _has_good_copy(connection, link["id"]):
            found = Lookup(outcome=Outcome.FOUND, asked_at=now, next_at=now, snapshot=copy)
            save_lookup(store, save.url, found, now)


def _has_good_copy(connection: sqlite3.Connection, link_id: int) -> bool:
    row = connection.execute(
        """select 1 from lookups join snapshots on snapshots.id = lookups.snapshot_id
           where lookups.link_id = ? and snapshots.verified = 1""",
        (link_id,),
    ).fetchone()
    return row is not None


def put_off(store: Store, until: datetime, host: str | None) -> None:
    """Submit nothing of what is queued before then; `host` (name:port): only of this one."""
    with store.writing() as connection:
        connection.execute(
            """update saves set next_at = :until where state = 'queued' and next_at < :until
               and (:host is null or link_id in (select id from links where host = :host))""",
            {"until": to_text(until), "host": host},
        )


def queue_overview(store: Store) -> SaveQueue:
    """How many pages are how far, when there is something to do, and what was refused last."""
    counts = dict.fromkeys(SaveState, 0)
    for row in store.rows("select state, count(*) as n from saves group by state"):
        counts[SaveState(row["state"])] = row["n"]
    soonest = store.rows(
        """select min(next_at) as at from saves where state in ('queued', 'submitted', 'lost')"""
    )
    refused = store.rows(
        f"""{_ROWS} where saves.state = 'refused'
            order by coalesce(saves.submitted_at, saves.queued_at) desc, saves.id desc limit ?""",
        (_RECENT_REFUSALS,),
    )
    return SaveQueue(
        counts=counts,
        next_at=from_text(soonest[0]["at"]),
        refused=tuple(_save(row) for row in refused),
    )


def saves_of(store: Store, urls: Sequence[str]) -> dict[str, Save]:
    """How far some links have come, by link; those that were never queued are not in it."""
    rows = store.some(f"{_ROWS} where links.url in", urls)
    return {row["url"]: _save(row) for row in rows}


_ROWS: Final = """
    select saves.*, links.url, snapshots.archive, snapshots.timestamp, snapshots.status,
           snapshots.url as snapshot_url, snapshots.verified, snapshots.flaw
    from saves join links on links.id = saves.link_id
    left join snapshots on snapshots.id = saves.snapshot_id
"""


def _save(row: Any) -> Save:
    has_copy = row["snapshot_url"] is not None
    return Save(
        url=row["url"],
        state=SaveState(row["state"]),
        why=SaveWhy(row["why"]),
        queued_at=from_text(row["queued_at"]),
        next_at=from_text(row["next_at"]),
        submitted_at=from_text(row["submitted_at"]),
        starts_at=from_text(row["starts_at"]),
        counts_from=from_text(row["counts_from"]),
        job_id=row["job_id"],
        attempts=row["attempts"],
        attempts_that_day=row["attempts_that_day"],
        code=row["code"],
        detail=row["detail"],
        copy_at=from_text(row["copy_at"]),
        copy_of=row["copy_of"],
        snapshot=snapshot_of(row, url="snapshot_url") if has_copy else None,
    )
