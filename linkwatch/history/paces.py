"""How much the archives were asked lately, and how long they want to be left alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import KeptPace, KeptStop, Outcome


def read_paces(store: Store) -> list[KeptPace]:
    """What is known of every archive's pace."""
    return [
        KeptPace(
            archive=row["archive"],
            stops=row["stops"],
            stop=_stop(row["stopped_until"], row["stopped_for"], row["detail"]),
            starts={
                service: tuple(from_text(start) for start in starts)
                for service, starts in json.loads(row["asked"]).items()
            },
            rests={
                service: KeptStop(outcome=Outcome(why), until=from_text(until), detail=detail)
                for service, (until, why, detail) in json.loads(row["resting"]).items()
            },
        )
        for row in store.rows("select * from paces order by archive")
    ]


def save_paces(store: Store, paces: Iterable[KeptPace]) -> None:
    """Keep them for whoever asks next, in this process or another.

    Those of which there is nothing to remember go: of archives that were asked long ago.
    """
    kept = list(paces)
    idle = [one.archive for one in kept if not (one.stops or one.stop or one.starts or one.rests)]
    with store.writing() as connection:
        connection.executemany("delete from paces where archive = ?", [(name,) for name in idle])
        connection.executemany(
            """insert or replace into paces
               (archive, stops, stopped_until, stopped_for, detail, asked, resting)
               values (?, ?, ?, ?, ?, ?, ?)""",
            [_row(pace) for pace in kept if pace.archive not in idle],
        )


def _row(pace: KeptPace) -> tuple[Any, ...]:
    stop = pace.stop
    return (
        pace.archive,
        pace.stops,
        *((to_text(stop.until), stop.outcome, stop.detail) if stop else (None, None, None)),
        json.dumps({service: _texts(starts) for service, starts in pace.starts.items()}),
        json.dumps(_rests(pace.rests)),
    )


def _texts(moments: Iterable[datetime]) -> list[str | None]:
    return [to_text(moment) for moment in moments]


def _rests(rests: Mapping[str, KeptStop]) -> dict[str, list[str | None]]:
    return {
        service: [to_text(rest.until), rest.outcome, rest.detail] for service, rest in rests.items()
    }


def _stop(until: str | None, outcome: str | None, detail: str | None) -> KeptStop | None:
    if until is None or outcome is None:
        return None
    return KeptStop(outcome=Outcome(outcome), until=from_text(until), detail=detail or "")
