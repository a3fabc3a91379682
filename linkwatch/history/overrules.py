"""What people say about links: ignores, and their word that a link is alive."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from linkwatch.evidence import Weight, weigh
from linkwatch.history.checks import hops_of, result_of
from linkwatch.history.mentions import linked_but
from linkwatch.history.store import Store, batches
from linkwatch.history.times import from_text, to_text
from linkwatch.model import By, Pardon, Reason, State, Testimony
from linkwatch.overrule import Class, Decision, Ignore, decide
from linkwatch.patterns import compile_pattern

_LATEST = 2**62  # no cycle has such an id


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIgnore:
    """An ignore, and how many of the links that notes mention today it covers."""

    by: By
    what: str  # the link, or the pattern
    pardon: Pardon
    links: int


def add_ignore(store: Store, by: By, what: str, pardon: Pardon, now: datetime) -> int:
    """Ignore a link or all that match a pattern; how many mentioned ones that are now.

    What was said of the same before is replaced, and what its links are like now is what the
    ignore is for.
    """
    fresh = _Reach(what, 0).over(store) if by is By.PATTERN else None  # nobody is held up by it
    with store.writing() as connection:
        _remove(connection, what)
        cursor = connection.execute(
            "insert into ignores (url, pattern, until, because, created_at) values (?, ?, ?, ?, ?)",
            (
                None if by is By.PATTERN else what,
                what if by is By.PATTERN else None,
                pardon.until.isoformat() if pardon.until else None,
                pardon.because,
                to_text(now),
            ),
        )
        assert cursor.lastrowid is not None  # it was inserted
        if fresh is not None:
            fresh.keep(connection, cursor.lastrowid)
        covered = _covered(store, cursor.lastrowid, by, what)
        _keep_classes(store, connection, [(cursor.lastrowid, link) for link in covered])
    return len(covered)


def remove_ignore(store: Store, what: str) -> bool:
    """Take an ignore of this link or pattern back; whether there was one."""
    with store.writing() as connection:
        return _remove(connection, what)


def _remove(connection: sqlite3.Connection, what: str) -> bool:
    which = "select id from ignores where url = :what or pattern = :what"
    for table in ("ignored", "covered"):
        connection.execute(f"delete from {table} where ignore_id in ({which})", {"what": what})  # noqa: S608 - our own text
    cursor = connection.execute(
        "delete from ignores where url = :what or pattern = :what", {"what": what}
    )
    return cursor.rowcount > 0


def known_ignores(store: Store) -> list[KnownIgnore]:
    """All ignores, oldest first, those that are over too."""
    return [
        KnownIgnore(by=by, what=what, pardon=pardon, links=len(_covered(store, id_, by, what)))
        for id_, by, what, pardon in _ignores(store)
    ]


def is_known(store: Store, link: str) -> bool:
    """Whether some note mentions a link, or did."""
    return bool(store.rows("select 1 from links where url = ?", (link,)))


def note_covered(store: Store) -> None:
    """Keep what newly ignored links are like, so that a change of it can speak up.

    A link that has no evidence yet has its turn when it has some.
    """
    wanted: list[tuple[int | None, int]] = [(None, link) for link in _pardoned(store)]
    fresh: dict[int, _Reach] = {}
    for ignore_id, by, what, _ in _ignores(store):
        if by is By.PATTERN:
            fresh[ignore_id] = _reach(store, ignore_id, what).over(store)
        wanted += [
            (ignore_id, link) for link in _covered(store, ignore_id, by, what, fresh.get(ignore_id))
        ]
    with store.writing() as connection:
        connection.execute(
            """delete from ignored where ignore_id is null and not exists (
                   select 1 from mentions where link_id = ignored.link_id and pardoned = 1)"""
        )
        known = {
            (row["ignore_id"], row["link_id"])
            for row in connection.execute("select ignore_id, link_id from ignored")
        }
        kept = {row["id"] for row in connection.execute("select id from ignores")}
        for ignore_id in fresh.keys() & kept:
            fresh[ignore_id].keep(connection, ignore_id)
        _keep_classes(
            store,
            connection,
            [pair for pair in wanted if pair not in known and pair[0] in (None, *kept)],
        )


def decisions(store: Store, *, link_id: int | None = None) -> dict[int, Decision]:
    """What is decided about the mentioned links that somebody ignores, by their ids.

    Of one link, mentioned or not, if it is given. Whether an ignore is over is a question to
    history, not to the clock: it is as of the end of the last finished cycle.
    """
    return _decisions(store, None if link_id is None else [link_id])


def unheard_of(store: Store, ids: Collection[int]) -> set[int]:
    """Those of these links that are ignored."""
    told = _decisions(store, ids) if ids else {}
    return {link for link, decision in told.items() if decision.ignored}


def _decisions(store: Store, only: Collection[int] | None) -> dict[int, Decision]:
    pardons = _pardons(store, only)
    ignores = sorted(_ignores(store), key=lambda item: item[1] is not By.URL)
    few = _urls(store, only) if only is not None and ignores else {}
    covering: dict[int, list[tuple[int, By, Pardon]]] = {}
    for ignore_id, by, what, pardon in ignores:
        covered = (
            _covered(store, ignore_id, by, what) if only is None else _covered_of(by, what, few)
        )
        for link in covered:
            covering.setdefault(link, []).append((ignore_id, by, pardon))
    ids = sorted(pardons.keys() | covering.keys())
    if not ids:
        return {}
    then = _classes_then(store, ids)

    def tell(links: Sequence[int], up_to: int, today: date | None) -> dict[int, Decision]:
        now = _classes(store, links, up_to=up_to)
        return {
            link: decide(
                pardons.get(link, {}),
                then.get((None, link)),
                [
                    Ignore(by=by, pardon=pardon, then=then.get((ignore_id, link)))
                    for ignore_id, by, pardon in covering.get(link, ())
                ],
                now=now.get(link),
                today=today,
            )
            for link in links
        }

    told = tell(ids, _LATEST, _today(store))
    before = _valid_cycle_before(store)
    if before is not None:
        loud = [link for link in ids if told[link].overruled and not told[link].ignored]
        for link, then_told in tell(loud, *before).items():
            if then_told.ignored:
                told[link] = _anew(told[link])
    return told


def _anew(decision: Decision) -> Decision:
    overruled = decision.overruled
    return replace(decision, overruled=overruled and replace(overruled, anew=True))


def dead_in(store: Store, notes: Iterable[int] | None) -> int:
    """How many mentioned links are dead and not ignored; of these notes only, if some are given."""
    rows = store.rows("select id from links where mentioned = 1 and state = 'dead'")
    dead = {row["id"] for row in rows}
    told = _decisions(store, dead) if dead else {}
    dead -= {link for link, decision in told.items() if decision.ignored}
    if notes is None:
        return len(dead)
    unheard = {mention for decision in told.values() for mention in decision.unheard}
    return len(dead & linked_but(store, notes, unheard))


def pardon_of(row: Any) -> Pardon | None:
    """What the comment beside a mention says: from a row of `mentions`."""
    if not row["pardoned"]:
        return None
    return Pardon(until=_date(row["pardoned_until"]), because=row["pardoned_because"] or "")


def save_testimony(store: Store, link: str, testimony: Testimony) -> None:
    """Keep a person's word; it ends what was said before. The link is known."""
    with store.writing() as connection:
        link_id = connection.execute("select id from links where url = ?", (link,)).fetchone()[0]
        at = to_text(testimony.at)
        connection.execute(
            "update testimonies set until = ? where link_id = ? and until > ?", (at, link_id, at)
        )
        connection.execute(
            "insert into testimonies (link_id, at, until, because) values (?, ?, ?, ?)",
            (link_id, at, to_text(testimony.until), testimony.because),
        )


def forget_testimonies(store: Store, link: str) -> bool:
    """Forget all that people said of a link; whether there was something."""
    with store.writing() as connection:
        cursor = connection.execute(
            "delete from testimonies where link_id = (select id from links where url = ?)", (link,)
        )
        return cursor.rowcount > 0


def testimonies(store: Store, link_ids: Sequence[int]) -> dict[int, tuple[Testimony, ...]]:
    """People's words about these links, oldest first; those that are over too."""
    found: dict[int, tuple[Testimony, ...]] = {}
    for some, marks in batches(link_ids):
        for row in store.rows(
            f"select * from testimonies where link_id in ({marks}) order by link_id, at, id",  # noqa: S608 - only question marks
            some,
        ):
            word = Testimony(
                at=from_text(row["at"]), until=from_text(row["until"]), because=row["because"] or ""
            )
            found[row["link_id"]] = (*found.get(row["link_id"], ()), word)
    return found


def _ignores(store: Store) -> list[tuple[int, By, str, Pardon]]:
    return [
        (
            row["id"],
            By.PATTERN if row["url"] is None else By.URL,
            row["pattern"] if row["url"] is None else row["url"],
            Pardon(until=_date(row["until"]), because=row["because"] or ""),
        )
        for row in store.rows("select * from ignores order by id")
    ]


def _urls(store: Store, ids: Collection[int]) -> dict[str, int]:
    return {
        row["url"]: row["id"]
        for some, marks in batches(list(ids))
        for row in store.rows(f"select id, url from links where id in ({marks})", some)  # noqa: S608 - only question marks
    }


def _covered_of(by: By, what: str, links: Mapping[str, int]) -> list[int]:
    """Which of a few links an ignore covers."""
    if by is By.URL:
        return [links[what]] if what in links else []
    pattern = compile_pattern(what)
    found = [link_id for url, link_id in links.items() if pattern.matches(url)]
    return [] if pattern.too_slow else found


class _Reach:
    """What a pattern covers of the links that it was not held against yet.

    A link's URL never changes, nor does a pattern: so what came of it is kept (`covered`).
    """

    def __init__(self, what: str, up_to: int) -> None:
        self.up_to = up_to  # links.id
        self.ids: list[int] = []
        self._pattern = compile_pattern(what)

    @property
    def too_slow(self) -> bool:
        return self._pattern.too_slow

    def over(self, store: Store) -> _Reach:
        """Go on to the newest link. It may take its time."""
        matches = self._pattern.matches
        for row in store.each("select id, url from links where id > ? order by id", (self.up_to,)):
            self.up_to = row["id"]
            if matches(row["url"]):
                self.ids.append(self.up_to)
        return self

    def keep(self, connection: sqlite3.Connection, ignore_id: int) -> None:
        if self.too_slow:
            return
        connection.executemany(
            "insert or ignore into covered (ignore_id, link_id) values (?, ?)",
            ((ignore_id, link_id) for link_id in self.ids),
        )
        connection.execute(
            "update ignores set covered_up_to = ? where id = ? and covered_up_to < ?",
            (self.up_to, ignore_id, self.up_to),
        )


def _reach(store: Store, ignore_id: int, what: str) -> _Reach:
    rows = store.rows("select covered_up_to from ignores where id = ?", (ignore_id,))
    return _Reach(what, rows[0]["covered_up_to"] if rows else 0)


def _covered(
    store: Store, ignore_id: int, by: By, what: str, fresh: _Reach | None = None
) -> list[int]:
    """The mentioned links that an ignore covers. `fresh`: those not kept yet, if they are known."""
    if by is By.URL:
        rows = store.rows("select id from links where url = ? and mentioned = 1", (what,))
        return [row["id"] for row in rows]
    fresh = fresh or _reach(store, ignore_id, what).over(store)
    if fresh.too_slow:
        return []
    rows = store.rows(
        """select links.id from covered cross join links on links.id = covered.link_id
           where covered.ignore_id = ? and links.mentioned = 1""",
        (ignore_id,),
    )
    found = {row["id"] for row in rows}
    for some, marks in batches(fresh.ids):
        rows = store.rows(f"select id from links where id in ({marks}) and mentioned = 1", some)  # noqa: S608 - only question marks
        found |= {row["id"] for row in rows}
    return sorted(found)


def _pardoned(store: Store) -> list[int]:
    rows = store.rows("select distinct link_id from mentions where pardoned = 1")
    return [row["link_id"] for row in rows]


def _pardons(store: Store, only: Collection[int] | None) -> dict[int, dict[int, Pardon | None]]:
    """Of each link with a comment beside some mention: what stands beside all of them."""
    ids = [link for link in _pardoned(store) if only is None or link in only]
    found: dict[int, dict[int, Pardon | None]] = {}
    for some, marks in batches(ids):
        for row in store.rows(
            f"""select id, link_id, pardoned, pardoned_until, pardoned_because from mentions
                where link_id in ({marks}) order by id""",  # noqa: S608 - only question marks
            some,
        ):
            found.setdefault(row["link_id"], {})[row["id"]] = pardon_of(row)
    return found


def _today(store: Store) -> date | None:
    """The day, in UTC, up to which history reaches."""
    rows = store.rows(
        "select finished_at from cycles where ending = 'finished' order by id desc limit 1"
    )
    return from_text(rows[0]["finished_at"]).date() if rows else None


def _valid_cycle_before(store: Store) -> tuple[int, date] | None:
    """The cycle that news is against, and the day of its end."""
    rows = store.rows(
        """select id, finished_at from cycles where ending = 'finished' and void is null
           order by id desc limit 2"""
    )
    if len(rows) < 2:
        return None
    return rows[1]["id"], from_text(rows[1]["finished_at"]).date()


def _classes_then(store: Store, ids: Sequence[int]) -> dict[tuple[int | None, int], Class]:
    return {
        (row["ignore_id"], row["link_id"]): Class(
            weight=Weight(row["weight"]), reason=Reason(row["reason"]), state=State(row["state"])
        )
        for some, marks in batches(ids)
        for row in store.rows(f"select * from ignored where link_id in ({marks})", some)  # noqa: S608 - only question marks
    }


def _classes(store: Store, ids: Sequence[int], *, up_to: int = _LATEST) -> dict[int, Class]:
    """What the last check of each link was that counts and tells of the link, not of us.

    As of the end of a cycle, if one is given. Only what has been judged: a running cycle may yet
    turn out void.
    """
    rows = [
        row
        for some, marks in batches(ids)
        for row in store.rows(
            f"""select checks.*, links.url, coalesce((
                    select before from changes
                    where link_id = links.id and cycle_id > ? order by cycle_id limit 1
                ), links.state) as state
                from links join checks on checks.id = (
                    select max(own.id) from checks as own
                    join cycles on cycles.id = own.cycle_id
                    where own.link_id = links.id and own.id <= links.last_check_id
                    and own.cycle_id <= ?
                    and own.inferred = 0 and own.fault is not 'offline' and cycles.void is null)
                where links.id in ({marks})""",  # noqa: S608 - only question marks
            (up_to, up_to, *some),
        )
    ]
    hops = hops_of(store, [row["id"] for row in rows])
    found = {}
    for row in rows:
        evidence = weigh(result_of(row["url"], row, hops.get(row["id"], ())))
        found[row["link_id"]] = Class(
            weight=evidence.weight, reason=evidence.reason, state=State(row["state"])
        )
    return found


def _keep_classes(
    store: Store, connection: sqlite3.Connection, pairs: Sequence[tuple[int | None, int]]
) -> None:
    now = _classes(store, sorted({link for _, link in pairs}))
    connection.executemany(
        "insert into ignored (ignore_id, link_id, weight, reason, state) values (?, ?, ?, ?, ?)",
        (
            (ignore_id, link, now[link].weight, now[link].reason, now[link].state)
            for ignore_id, link in pairs
            if link in now
        ),
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
