"""linkwatch's history, read and moved from outside: the one place here that knows its tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

_A_TIME = "????-??-??T??:??:??.???Z"  # as linkwatch.history.times writes it; glob


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What one host that never answers cost in the last cycle."""

    host: str
    links: int
    took_s: float  # from the first request to the end of the last


def age(database: Path, by: timedelta) -> None:
    """Move all that happened into the past, as if so much time had gone by since."""
    with _open(database) as connection:
        for table, column in list(_columns(connection)):
            connection.execute(
                f"""update "{table}" set "{column}" =
                        strftime('%Y-%m-%dT%H:%M:%fZ', "{column}", ?)
                    where "{column}" glob '{_A_TIME}'""",
                (f"-{by.total_seconds():.0f} seconds",),
            )


def checked(database: Path) -> int:
    """How many links the last cycle checked."""
    with _open(database) as connection:
        row = connection.execute(
            "select count(*) from checks where cycle_id = (select max(id) from cycles)"
        ).fetchone()
    return int(row[0])


def silences(database: Path, kinds: tuple[str, ...]) -> list[Silence]:
    """The hosts of some kinds in the last cycle, those that took longest first."""
    marks = " or ".join("links.host like ?" for _ in kinds)
    with _open(database) as connection:
        rows = connection.execute(
            f"""select links.host, count(*),
                    (max(julianday(checks.at) + checks.elapsed_ms / 86400000.0)
                     - min(julianday(checks.at))) * 86400.0 as took_s
                from checks join links on links.id = checks.link_id
                where checks.cycle_id = (select max(id) from cycles) and ({marks})
                group by links.host order by took_s desc""",
            [f"%.{kind}.%" for kind in kinds],
        ).fetchall()
    return [Silence(host=host, links=links, took_s=took_s) for host, links, took_s in rows]


@contextmanager
def _open(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database)) as connection, connection:
        yield connection


def _columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
    for (table,) in tables:
        if not table.startswith("sqlite_"):
            for row in connection.execute(f'pragma table_info("{table}")').fetchall():
                yield table, row[1]
