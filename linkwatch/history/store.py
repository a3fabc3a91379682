"""SQLite through sqlite-utils: the history, and the one connection that writes it.

A `Store` belongs to one thread at a time. A cycle gives its store to a single worker thread
(`history.writer`), so that no commit ever holds up the event loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout
from sqlite_utils import Database

from linkwatch.errors import BusyError, StoreError
from linkwatch.history.migrations import migrations

BATCH = 500  # SQLite's parameters a statement are limited


@contextmanager
def one_at_a_time(database: Path) -> Iterator[None]:
    """Hold the cycle's lock on a database. Raises BusyError if another process has it.

    An OS lock: it is gone with its process, however that ended.
    """
    lock = FileLock(f"{database}.lock")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            f"Another linkwatch is at work on {database}; let it finish first."
        ) from None
    except OSError as exc:
        raise StoreError(f"Can't write beside the database {database}: {exc.strerror}.") from exc
    try:
        yield
    finally:
        lock.release()


class Store:
    """An open history."""

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        """Opens or makes the database and brings its schema up to date.

        Raises StoreError if it can't be, or if a newer linkwatch made it.
        """
        self.path = path
        if must_exist and not path.exists():
            raise StoreError(f"There is no history at {path} yet: run `linkwatch check` first.")
        with self._explained():
            if not must_exist:
                path.parent.mkdir(parents=True, exist_ok=True)
            self.db = Database(self._connect(path))
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self.db.close()
            raise

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        return connection

    def _prepare(self) -> None:
        known = {step.name for step in migrations._migrations}
        newer = {step.name for step in migrations.applied(self.db)} - known
        if newer:
            raise StoreError(
                f"{self.path} was made by a newer linkwatch (it has {min(newer)}): update this one."
            )
        if migrations.pending(self.db):
            tables = set(self.db.table_names()) - {migrations.migrations_table}
            if tables and not migrations.applied(self.db):
                raise StoreError(f"{self.path} is a database, but not one of linkwatch's.")
            self.db.enable_wal()
            migrations.apply(self.db)
        self.db.execute("pragma foreign_keys = on")
        self.db.execute("pragma synchronous = normal")  # in WAL: kill -9 loses no commit

    def close(self) -> None:
        """Close the file. What was committed stays."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as exc:
            raise StoreError(f"Can't use the database {self.path}: {_why(exc)}.") from exc
        except OSError as exc:
            raise StoreError(f"Can't use the database {self.path}: {exc.strerror}.") from exc

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        with self._explained(), self.db.atomic():
            yield self.db.conn

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several queries that see one and the same state, whatever a running cycle writes."""
        with self._explained():
            self.db.conn.execute("begin")
        try:
            yield
        finally:
            self.db.conn.rollback()

    def rows(self, sql: str, arguments: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """The rows of a query."""
        with self._explained():
            return self.db.conn.execute(sql, arguments).fetchall()


def _why(exc: sqlite3.DatabaseError) -> str:
    """SQLite's terse words, for a person."""
    text = str(exc)
    known = {
        "database or disk is full": "the disk is full",
        "attempt to write a readonly database": "it is read-only",
        "unable to open database file": "the file or its folder can't be opened for writing",
        "file is not a database": "it is not an SQLite database",
        "database is locked": "another program holds it locked",
        "disk I/O error": "the disk reports an error (is it full or read-only?)",
    }
    return known.get(text, text)
