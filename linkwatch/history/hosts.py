"""What is remembered of hosts: who wants to be left alone, and how honest each is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from linkwatch.history.store import Store
from linkwatch.history.times import from_text, to_text
from linkwatch.model import Candour, HostMemory


def not_before(store: Store, now: datetime) -> dict[str, datetime]:
    """Until when hosts asked to be left alone, where that is still to come."""
    rows = store.rows("select * from hosts where not_before > ?", (to_text(now),))
    return {row["host"]: from_text(row["not_before"]) for row in rows}


def save_not_before(store: Store, hosts: Mapping[str, datetime], now: datetime) -> None:
    """Remember until when hosts want to be left alone."""
    with store.writing() as connection:
        connection.execute("delete from hosts where not_before <= ?", (to_text(now),))
        connection.executemany(
            "insert or replace into hosts (host, not_before) values (?, ?)",
            [(host, to_text(until)) for host, until in hosts.items()],
        )


def host_memories(store: Store) -> dict[str, HostMemory]:
    """What made-up addresses taught us, by place: a host key (name:port) and a folder."""
    return {
        row["host"]: HostMemory(
            candour=Candour(row["candour"]), asked_at=from_text(row["asked_at"])
        )
        for row in store.rows("select * from siblings")
    }


def save_host_memories(store: Store, learned: Mapping[str, HostMemory]) -> None:
    """Remember it."""
    with store.writing() as connection:
        connection.executemany(
            "insert or replace into siblings (host, asked_at, candour) values (?, ?, ?)",
            [(host, to_text(m.asked_at), m.candour) for host, m in learned.items()],
        )
