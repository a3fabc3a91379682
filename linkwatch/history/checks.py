"""Checks: what the links showed, as facts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from linkwatch.ends import End
from linkwatch.history.store import Store, batches
from linkwatch.history.times import from_text, to_text
from linkwatch.model import (
    CheckResult,
    Fault,
    Fingerprint,
    Hop,
    Mark,
    Says,
    Sign,
    Validators,
)

_SIGNS = frozenset(Sign)
_FACTS = (
    *("at", "elapsed_ms", "status", "fault", "message", "final_url", "attempts", "inferred"),
    *("confirmed", "remark", "size", "digest", "marks", "title", "length", "sketch"),
    *("probe", "says", "memento", "original", "etag", "last_modified", "read_at"),
)
_COLUMNS = ("id", "link_id", "cycle_id", *_FACTS)
_INSERT = f"insert into checks ({', '.join(_COLUMNS)}) values ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - ours


def ends(store: Store, cycle_id: int) -> dict[int, End]:
    """Where redirects ended, by check: those of this cycle, and the last ones of other links.

    Only of hosts that redirected in this cycle, and not for good.
    """
    wanted = "(links.mentioned = 1 or links.watched = 1)"
    rows = store.rows(
        f"""with now as (
                select checks.id, links.url, links.host, checks.final_url, good.final_url as before
                from checks join links on links.id = checks.link_id
                left join checks as good on good.id = links.good_check_id
                where checks.cycle_id = ? and {wanted} and checks.status between 200 and 299
                and checks.fault is null and exists (
                    select 1 from hops where check_id = checks.id and status not in (301, 308)))
            select * from now union
            select checks.id, links.url, links.host, checks.final_url, good.final_url from links
            join checks on checks.id = links.last_check_id
            left join checks as good on good.id = links.good_check_id
            where links.host in (select host from now) and links.detour = 1 and {wanted}""",  # noqa: S608 - our own text
        (cycle_id,),
    )
    return {
        row["id"]: End(
            url=row["url"],
            host=row["host"],
            final_url=row["final_url"],
            before=row["before"],
        )
        for row in rows
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


def save_results(
    store: Store, cycle_id: int, ids: Mapping[str, int], results: list[CheckResult]
) -> None:
    """Commit some results; `ids` has the id of each one's link.

    A second result of the same link in the same cycle takes the place of the first.
    """
    latest = {result.url: result for result in results}
    with store.writing() as connection:
        _forget(connection, cycle_id, [ids[url] for url in latest])
        top = connection.execute("select coalesce(max(id), 0) from checks").fetchone()[0]
        numbered = list(enumerate(latest.values(), start=top + 1))
        connection.executemany(
            _INSERT, ((id_, ids[r.url], cycle_id, *_facts(r)) for id_, r in numbered)
        )
        connection.executemany(
            "insert into hops (check_id, position, url, status, location) values (?, ?, ?, ?, ?)",
            (
                (id_, position, hop.url, hop.status, hop.location)
                for id_, result in numbered
                for position, hop in enumerate(result.hops, start=1)
            ),
        )
        connection.executemany(
            "insert into anchors (check_id, fragment, present) values (?, ?, ?)",
            (
                (id_, fragment, int(present))
                for id_, result in numbered
                for fragment, present in result.anchors
            ),
        )


def _forget(connection: sqlite3.Connection, cycle_id: int, link_ids: Sequence[int]) -> None:
    """Remove what this cycle has of some links."""
    for some, marks in batches(link_ids):
        earlier = connection.execute(
            f"select id from checks where cycle_id = ? and link_id in ({marks})",  # noqa: S608 - only question marks
            (cycle_id, *some),
        ).fetchall()
        delete_checks(connection, [row["id"] for row in earlier])


def delete_checks(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Remove some checks, with all that hangs on them."""
    keys = [(id_,) for id_ in ids]
    for table, key in (("hops", "check_id"), ("anchors", "check_id"), ("checks", "id")):
        connection.executemany(f"delete from {table} where {key} = ?", keys)  # noqa: S608 - ours


def _facts(result: CheckResult) -> tuple[Any, ...]:
    """The values of `_FACTS`."""
    page, given = result.fingerprint, result.validators
    return (
        *(to_text(result.at), result.elapsed_ms, result.status, result.fault, result.message),
        *(result.final_url, result.attempts, int(result.inferred), int(result.confirmed)),
        *(result.remark, result.size, result.digest),
        " ".join(f"{mark.sign}:{mark.by}" for mark in result.marks) or None,
        *((page.title, page.length, page.sketch) if page else (None, None, None)),
        *(result.probe, result.says, to_text(result.memento), result.original),
        *((given.etag, given.last_modified) if given else (None, None)),
        to_text(result.read_at),
    )


def result_of(url: str, row: Any, hops: tuple[Hop, ...]) -> CheckResult:
    """A row of `checks`, as the fact that it is."""
    return _result(url, [row[name] for name in _FACTS], hops, None)


def results_of(
    store: Store, urls: Mapping[int, str]
) -> Iterator[tuple[int, int, int, CheckResult]]:
    """The ids of check, link and cycle, and the result, of all checks of some links.

    Of each link they come oldest first. `urls`: the links, by id.
    """
    marks = ",".join("?" * len(urls))
    hops: dict[int, tuple[Hop, ...]] = {}
    for row in store.rows(
        f"""select hops.* from checks cross join hops on hops.check_id = checks.id
            where checks.link_id in ({marks}) order by hops.check_id, hops.position""",  # noqa: S608 - only question marks
        list(urls),
    ):
        _add(hops, row)
    page: Fingerprint | None = None
    for row in store.each(
        f"""select {", ".join(_COLUMNS)} from checks
            where link_id in ({marks}) order by link_id, cycle_id""",  # noqa: S608 - only question marks
        list(urls),
    ):
        check_id, link_id, cycle_id = row[:3]
        result = _result(urls[link_id], row[3:], hops.get(check_id, ()), page)
        page = result.fingerprint
        yield check_id, link_id, cycle_id, result


def _result(
    url: str, facts: Sequence[Any], hops: tuple[Hop, ...], before: Fingerprint | None
) -> CheckResult:
    """A result from the values of `_FACTS`; most pages are still as they were `before`."""
    at, elapsed_ms, status, fault, message, final_url, attempts, inferred, confirmed = facts[:9]
    remark, size, digest, marks, title, length, sketch, probe, says, memento, original = facts[9:20]
    etag, last_modified, read_at = facts[20:]
    return CheckResult(
        url=url,
        at=from_text(at),
        elapsed_ms=elapsed_ms,
        status=status,
        fault=Fault(fault) if fault else None,
        message=message,
        final_url=final_url,
        hops=hops,
        attempts=attempts,
        inferred=bool(inferred),
        confirmed=bool(confirmed),
        remark=remark,
        size=size,
        digest=digest,
        marks=marks_of(marks) if marks else (),
        fingerprint=None if length is None else fingerprint_of(title, length, sketch, before),
        probe=probe,
        says=Says(says) if says else None,
        memento=from_text(memento),
        original=original,
        validators=Validators.of(etag, last_modified),
        read_at=from_text(read_at),
    )


@lru_cache
def marks_of(text: str) -> tuple[Mark, ...]:
    """Marks as stored. A sign that this version does not know is passed over."""
    pairs = (token.partition(":") for token in text.split())
    return tuple(Mark(Sign(sign), by) for sign, _, by in pairs if sign in _SIGNS)


def fingerprint_of(
    title: str | None, length: int, sketch: bytes | None, before: Fingerprint | None = None
) -> Fingerprint:
    """A fingerprint as stored; the very one of `before` where it is the same."""
    title, sketch = title or "", sketch or b""
    if before and (before.length, before.title, before.sketch) == (length, title, sketch):
        return before
    return Fingerprint(title=title, length=length, sketch=sketch)


def hops_of(store: Store, check_ids: Sequence[int]) -> dict[int, tuple[Hop, ...]]:
    found: dict[int, tuple[Hop, ...]] = {}
    for some, marks in batches(check_ids):
        for row in store.rows(
            f"select * from hops where check_id in ({marks}) order by check_id, position",  # noqa: S608 - only question marks
            some,
        ):
            _add(found, row)
    return found


def _add(found: dict[int, tuple[Hop, ...]], row: Any) -> None:
    hop = Hop(url=row["url"], status=row["status"], location=row["location"])
    found[row["check_id"]] = (*found.get(row["check_id"], ()), hop)
