"""Verdicts, cached beside their links; and what has to be judged anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linkwatch.history.checks import hops_of, result_of
from linkwatch.history.store import BATCH, Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import CheckResult, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict to be cached, with what it rests on."""

    link_id: int
    verdict: Verdict
    policy: str
    last_check_id: int | None
    last_check: datetime | None
    next_check: datetime | None
    checks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A link to be judged: all its results that count, oldest first."""

    link_id: int
    url: str
    results: tuple[CheckResult, ...]
    last_check_id: int | None
    last_cycle_at: datetime | None  # the start of the last valid cycle that checked it


def unjudged(store: Store, policy: str) -> Iterator[Case]:
    """Links with checks newer than their verdict, or a verdict under another policy."""
    ids = [
        row["id"]
        for row in store.rows(
            """select id from links where policy is not ?
               union
               select checks.link_id from cycles cross join checks on checks.cycle_id = cycles.id
               where cycles.judged = 0 and cycles.void is null""",  # cross: in this very order
            (policy,),
        )
    ]
    for i in range(0, len(ids), BATCH):
        yield from _cases(store, ids[i : i + BATCH])


def _cases(store: Store, ids: Sequence[int]) -> Iterator[Case]:
    marks = ",".join("?" * len(ids))
    checks: dict[int, list[Any]] = {}
    for row in store.rows(
        f"""select checks.*, cycles.started_at from checks
            join cycles on cycles.id = checks.cycle_id
            where checks.link_id in ({marks}) and cycles.void is null
            order by checks.link_id, checks.id""",  # noqa: S608 - only question marks
        ids,
    ):
        checks.setdefault(row["link_id"], []).append(row)
    hops = hops_of(store, [row["id"] for rows in checks.values() for row in rows])
    for link in store.rows(f"select id, url from links where id in ({marks})", ids):  # noqa: S608 - only question marks
        rows = checks.get(link["id"], [])
        yield Case(
            link_id=link["id"],
            url=link["url"],
            results=tuple(result_of(link["url"], r, hops.get(r["id"], ())) for r in rows),
            last_check_id=rows[-1]["id"] if rows else None,
            last_cycle_at=from_text(rows[-1]["started_at"]) if rows else None,
        )


def save_verdicts(store: Store, cycle_id: int, judged: Sequence[Judged]) -> None:
    """Cache verdicts, and note as news of the cycle those that differ."""
    with store.writing() as connection:
        for item in judged:
            verdict = item.verdict
            connection.execute(
                """insert into changes (cycle_id, link_id, before, after, reason, detail)
                   select :cycle, id, state, :state, :reason, :detail from links
                   where id = :link and state != :state and mentioned = 1
                   on conflict (cycle_id, link_id) do update set after = excluded.after,
                   reason = excluded.reason, detail = excluded.detail""",
                {
                    "cycle": cycle_id,
                    "link": item.link_id,
                    "state": verdict.state,
                    "reason": verdict.reason,
                    "detail": verdict.detail,
                },
            )
            connection.execute(
                """update links set state = ?, reason = ?, since = ?, detail = ?, policy = ?,
                   last_check_id = ?, last_check = ?, next_check = ?, checks = ?
                   where id = ?""",
                (
                    verdict.state,
                    verdict.reason,
                    to_text(verdict.since),
                    verdict.detail,
                    item.policy,
                    item.last_check_id,
                    to_text(item.last_check),
                    to_text(item.next_check),
                    item.checks,
                    item.link_id,
                ),
            )
