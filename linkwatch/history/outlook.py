"""What an overview of one screen needs: counts, the times of next looks, the last cycles.

None of it reads all of history, so it is quick on an old one too, and in the middle of a cycle.
Read together (`Store.reading`), the parts are of one and the same moment.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from linkwatch.history.originals import WATCHED
from linkwatch.history.overrules import unheard_of
from linkwatch.history.store import Store
from linkwatch.history.times import from_text
from linkwatch.history.verdicts import FLAPPING
from linkwatch.model import CycleRecord, Ending, State

# Only the end of a cycle counts its checks. A killed one has an end that somebody found later, and
# no counts: when it really ended, nobody saw.
_CYCLES = """
    select *, max(checked, (select count(*) from checks where cycle_id = cycles.id)) as so_far,
           case when dead is not null then finished_at end as ended_at
    from cycles
"""


def note_count(store: Store) -> int:
    """How many notes were found at the last scan."""
    return int(store.rows("select count(*) as n from notes")[0]["n"])


def state_counts(store: Store) -> dict[State, int]:
    """How many mentioned links there are in each state, zeros too."""
    counted = dict.fromkeys(State, 0)
    for row in store.rows(
        "select state, count(*) as n from links where mentioned = 1 group by state"
    ):
        counted[State(row["state"])] = row["n"]
    return counted


def next_checks(store: Store) -> list[datetime | None]:
    """When each link that is ever checked is due; None: now."""
    rows = store.rows(
        f"""select next_check from links
           where (mentioned = 1 or {WATCHED}) and state != 'skipped'"""  # noqa: S608 - our own text
    )
    return [from_text(row["next_check"]) for row in rows]


def unsteady_links(store: Store) -> dict[str, int]:
    """How many mentioned links come and go, by host (name:port); without ignored ones."""
    rows = store.rows(
        "select id, host from links where mentioned = 1 and recoveries >= ? order by host",
        (FLAPPING,),
    )
    unheard = unheard_of(store, [row["id"] for row in rows])
    return dict(Counter(row["host"] for row in rows if row["id"] not in unheard))


def last_counted(store: Store) -> datetime | None:
    """When the last cycle ended that was finished and is not void."""
    rows = store.rows(
        """select finished_at from cycles where ending = ? and void is null
           order by id desc limit 1""",
        (Ending.FINISHED,),
    )
    return from_text(rows[0]["finished_at"]) if rows else None


def running_cycle(store: Store) -> CycleRecord | None:
    """The cycle that is under way, or was when its process was killed."""
    rows = store.rows(f"{_CYCLES} where ending = ? order by id desc limit 1", (Ending.RUNNING,))
    return _cycle(rows[0]) if rows else None


def last_cycles(store: Store, number: int) -> list[CycleRecord]:
    """The last cycles that are over, newest first."""
    rows = store.rows(
        f"{_CYCLES} where ending != ? order by id desc limit ?", (Ending.RUNNING, number)
    )
    return [_cycle(row) for row in rows]


def size_bytes(store: Store) -> int:
    """How large the database is, with what still lies in its write-ahead log."""
    rows = store.rows("select page_count * page_size as n from pragma_page_count, pragma_page_size")
    return int(rows[0]["n"])


def _cycle(row: Any) -> CycleRecord:
    return CycleRecord(
        id=row["id"],
        started_at=from_text(row["started_at"]),
        finished_at=from_text(row["ended_at"]),
        ending=Ending(row["ending"]),
        void=row["void"],
        checked=row["so_far"],
        states={state: row[state] for state in State if row[state] is not None},
    )
