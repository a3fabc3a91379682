"""Verdicts, cached beside their links; and what has to be judged anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linkwatch.history.checks import results_of
from linkwatch.history.links import ids_of
from linkwatch.history.overrules import testimonies
from linkwatch.history.store import BATCH, Store, batches
from linkwatch.history.times import from_text, to_text
from linkwatch.model import CheckResult, Drift, Testimony, Verdict

FLAPPING = 3  # times that a link failed and came back of late, and its host is called unsteady


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict to be cached, with what it rests on."""

    link_id: int
    verdict: Verdict
    policy: str
    last_check_id: int | None
    good_check_id: int | None
    last_check: datetime | None
    next_check: datetime | None
    checks: int
    drift: Drift | None = None
    lives_at: datetime | None = None  # of an original that is watched
    detour: bool = False  # its last check ended well, over a redirect that is not for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A link to be judged: all its results that count, oldest first."""

    link_id: int
    url: str
    host: str  # name:port
    results: tuple[CheckResult, ...]
    words: tuple[Testimony, ...]  # people's, oldest first
    check_ids: tuple[int, ...]  # of the results
    last_cycle_at: datetime | None  # the start of the last valid cycle that checked it
    watched: bool = False  # notes mention an archived copy of it
    rolled_up: int = 0  # real checks besides, which said the same as some of the results


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The cycles whose checks count, by id."""

    begun: Mapping[int, str]  # when each was started
    judged: frozenset[int]
    up_to: int | None


def unjudged(store: Store, policy: str, *, up_to: int) -> Iterator[int]:
    """Links with checks newer than their verdict, or a verdict under another policy: their ids.

    Checks of cycles up to `up_to` count. Read page by page, so that what was judged meanwhile is
    passed over: who was killed in the middle goes on there.
    """
    for other in _other_policies(store, policy):
        last = 0
        while rows := store.rows(
            "select id from links where policy is ? and id > ? order by id limit ?",
            (other, last, BATCH),
        ):
            yield from (row["id"] for row in rows)
            last = rows[-1]["id"]
    for cycle in store.rows(
        "select id from cycles where judged = 0 and void is null and id <= ?", (up_to,)
    ):
        last = 0
        while rows := store.rows(
            """select checks.id, link_id from checks join links on links.id = checks.link_id
               where cycle_id = ? and checks.id > ? and ifnull(last_check_id, 0) < checks.id
               order by checks.id limit ?""",
            (cycle["id"], last, BATCH),
        ):
            yield from (row["link_id"] for row in rows)
            last = rows[-1]["id"]


def _other_policies(store: Store, policy: str) -> Iterator[str | None]:
    """The digests of other policies that verdicts are cached under; None: of no policy at all."""
    yield None
    other = ""
    while other is not None:
        other = store.rows("select min(policy) as next from links where policy > ?", (other,))[0][
            "next"
        ]
        if other not in (None, policy):
            yield other


def counted(store: Store, *, up_to: int | None = None) -> Counted:
    """Which cycles count: those up to `up_to`, if they are not void."""
    cycles = store.rows(
        """select id, started_at, judged from cycles
           where void is null and (:top is null or id <= :top)""",
        {"top": up_to},
    )
    return Counted(
        begun={row["id"]: row["started_at"] for row in cycles},
        judged=frozenset(row["id"] for row in cycles if row["judged"]),
        up_to=up_to,
    )


def cases(store: Store, ids: Sequence[int], cycles: Counted) -> Iterator[Case]:
    """The cases of some links: their checks of the cycles that count.

    Where these have no end, only what was judged: what a running one found may yet turn out void.
    """
    begun, judged, up_to = cycles.begun, cycles.judged, cycles.up_to
    for some, marks in batches(ids):
        links = {
            row["id"]: row
            for row in store.rows(
                f"select id, url, host, last_check_id, watched from links where id in ({marks})",  # noqa: S608 - only question marks
                some,
            )
        }
        words = testimonies(store, some)
        rolled_up = {
            row["link_id"]: row["n"]
            for row in store.rows(
                f"""select rollups.link_id, sum(rollups.checks) as n from rollups
                    join checks on checks.id = rollups.check_id and checks.inferred = 0
                    where rollups.link_id in ({marks}) group by rollups.link_id""",  # noqa: S608 - only question marks
                some,
            )
        }
        results: dict[int, list[CheckResult]] = {link_id: [] for link_id in links}
        check_ids: dict[int, list[int]] = {link_id: [] for link_id in links}
        latest: dict[int, int] = {}
        for check_id, link_id, cycle_id, result in results_of(
            store, {link_id: link["url"] for link_id, link in links.items()}
        ):
            known = check_id <= (links[link_id]["last_check_id"] or 0)
            if cycle_id not in begun or (up_to is None and cycle_id not in judged and not known):
                continue
            results[link_id].append(result)
            check_ids[link_id].append(check_id)
            latest[link_id] = cycle_id
        for link_id, link in links.items():
            yield Case(
                link_id=link_id,
                url=link["url"],
                host=link["host"],
                results=tuple(results[link_id]),
                words=words.get(link_id, ()),
                check_ids=tuple(check_ids[link_id]),
                last_cycle_at=from_text(begun[latest[link_id]]) if link_id in latest else None,
                watched=bool(link["watched"]),
                rolled_up=rolled_up.get(link_id, 0),
            )


def cases_of(store: Store, urls: Collection[str]) -> Iterator[Case]:
    """The cases of some links, as far as they were judged."""
    return cases(store, ids_of(store, urls), counted(store))


def mentioned(store: Store, *, most: int) -> int:
    """How many links the notes mention; more than `most` are not counted."""
    some = "select 1 from links where mentioned = 1 limit ?"
    return int(store.rows(f"select count(*) as n from ({some})", (most,))[0]["n"])  # noqa: S608 - ours


def unsteady_hosts(store: Store) -> frozenset[str]:
    """Hosts (name:port) with a link that has failed and come back again and again."""
    rows = store.rows(f"select distinct host from links where recoveries >= {FLAPPING}")  # noqa: S608 - a number of ours, as in the index
    return frozenset(row["host"] for row in rows)


def save_verdicts(store: Store, cycle_id: int | None, judged: Sequence[Judged]) -> None:
    """Cache verdicts, and note as news of the cycle (if any) those that differ.

    Most links stand as they stood. Of those the columns that indexes are of are left alone: an
    update that names one writes a page of each such index, be the value the same or not.
    """
    with store.writing() as connection:
        for some, marks in batches(judged):
            before = {
                link_id: values
                for link_id, *values in connection.execute(
                    f"select id, {', '.join(_INDEXED)} from links where id in ({marks})",  # noqa: S608 - ours
                    [item.link_id for item in some],
                )
            }
            differing = [item for item in some if before.get(item.link_id) != [*_indexed(item)]]
            if cycle_id is not None:
                _note_changes(connection, cycle_id, differing)
            connection.executemany(
                f"update links set {_set(_INDEXED)} where id = ?",  # noqa: S608 - ours
                [(*_indexed(item), item.link_id) for item in differing],
            )
            connection.executemany(
                f"update links set {_set(_PLAIN)} where id = ?",  # noqa: S608 - ours
                [(*_plain(item), item.link_id) for item in some],
            )


def _note_changes(connection: sqlite3.Connection, cycle_id: int, judged: Sequence[Judged]) -> None:
    """Note those as news whose states differ from the cached ones."""
    connection.executemany(
        """insert into changes (cycle_id, link_id, before, after, reason, detail)
           select :cycle, id, state, :state, :reason, :detail from links
           where id = :link and state != :state and mentioned = 1
           on conflict (cycle_id, link_id) do update set after = excluded.after,
           reason = excluded.reason, detail = excluded.detail""",
        (
            {
                "cycle": cycle_id,
                "link": item.link_id,
                "state": item.verdict.state,
                "reason": item.verdict.reason,
                "detail": item.verdict.detail,
            }
            for item in judged
        ),
    )


# What indexes are of and few checks change; and all else.
_INDEXED = ("state", "recoveries", "policy", "changed_at", "detour")
_PLAIN = (
    *("reason", "since", "detail", "changed_from", "changed_to", "lives_at"),
    *("last_check_id", "good_check_id", "last_check", "next_check", "checks"),
)


def _set(columns: Sequence[str]) -> str:
    return ", ".join(f"{column} = ?" for column in columns)


def _indexed(item: Judged) -> tuple[Any, ...]:
    """The values of `_INDEXED`."""
    verdict, drift = item.verdict, item.drift
    return (
        *(str(verdict.state), verdict.recoveries, item.policy),
        to_text(drift.at) if drift else None,
        int(item.detour),
    )


def _plain(item: Judged) -> tuple[Any, ...]:
    """The values of `_PLAIN`."""
    verdict, drift = item.verdict, item.drift
    return (
        *(verdict.reason, to_text(verdict.since), verdict.detail),
        *((drift.before, drift.after) if drift else (None, None)),
        *(to_text(item.lives_at), item.last_check_id, item.good_check_id),
        *(to_text(item.last_check), to_text(item.next_check), item.checks),
    )
