"""SQLite through sqlite-utils: the history, and the one connection that writes it.

A `Store` belongs to one thread at a time. A cycle gives its store to a single worker thread
(`history.writer`), so that no commit ever holds up the event loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from filelock import FileLock, Timeout
from sqlite_utils import Database

from linkwatch.errors import BusyError, StoreError
from linkwatch.history.migrations import migrations

T = TypeVar("T")

BATCH = 500  # SQLite's parameters a statement are limited
_READ_ONLY = "attempt to write a readonly database"  # in SQLite's words
_NO_FILE = "unable to open database file"


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


def is_locked(database: Path) -> bool:
    """Whether a cycle is at work on a database. Where that can't be told, it is."""
    path = Path(f"{database}.lock")
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def batches(items: Sequence[T]) -> Iterator[tuple[Sequence[T], str]]:
    """Few enough at a time for one statement; with each batch, a question mark for each of it."""
    for i in range(0, len(items), BATCH):
        some = items[i : i + BATCH]
        yield some, ",".join("?" * len(some))


def require_history(path: Path) -> None:
    """Raise StoreError where there is no history."""
    if not path.exists():
        raise StoreError(f"There is no history at {path} yet: run `linkwatch check` first.")


class Store:
    """An open history."""

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        """Opens or makes the database and brings its schema up to date.

        One that must exist is opened for reading where it can't be written. Raises StoreError if
        it can't be opened or brought up to date, or if a newer linkwatch made it.
        """
        self.path = path
        if must_exist:
            require_history(path)
        with self._explained():
            if not must_exist:
                path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.db = self._open(str(path))
            except sqlite3.OperationalError as exc:
                at_rest = must_exist and not Path(f"{path}-wal").exists()
                if str(exc) not in (_READ_ONLY, _NO_FILE) or not at_rest:
                    raise
                # SQLite wants files beside it even to read, unless told that nobody writes it.
                self.db = self._open(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)

    def _open(self, name: str, *, uri: bool = False) -> Database:
        connection = sqlite3.connect(name, timeout=30, check_same_thread=False, uri=uri)
        connection.row_factory = sqlite3.Row
        db = Database(connection)
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: Database) -> None:
        known = {step.name for step in migrations._migrations}
        newer = {step.name for step in migrations.applied(db)} - known
        if newer:
            raise StoreError(
                f"{self.path} was made by a newer linkwatch (it has {min(newer)}): update this one."
            )
        if migrations.pending(db):
            tables = set(db.table_names()) - {migrations.migrations_table}
            if tables and not migrations.applied(db):
                raise StoreError(f"{self.path} is a database, but not one of linkwatch's.")
            try:
                if not tables:  # before the first page is written; see history.space
                    db.execute("pragma auto_vacuum = incremental")
                db.enable_wal()
                migrations.apply(db)
            except sqlite3.OperationalError as exc:
                if tables and str(exc) == _READ_ONLY:
                    raise StoreError(
                        f"{self.path} was made by an older linkwatch, and can't be brought up to"
                        " date, as it is read-only."
                    ) from exc
                raise
        db.execute("pragma foreign_keys = on")
        db.execute("pragma synchronous = normal")  # in WAL: kill -9 loses no commit

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
        """One commit, or a part of one. What is read in it, nobody else changes before its end."""
        connection = self.db.conn
        with self._explained():
            if connection.in_transaction:
                with self.db.atomic():
                    yield connection
            else:
                connection.execute("begin immediate")
                with connection:
                    yield connection

    @contextmanager
    def writing_much(self) -> Iterator[None]:
        """Tens of thousands of rows to come: a larger page cache meanwhile, and a longer WAL.

        Where new URLs fall all over an index, SQLite's usual 2 MB cost a third of the time; and
        where batch after batch changes the same pages, one copy of each into the database will do.
        """
        connection = self.db.conn
        larger = {"cache_size": -16_000, "wal_autocheckpoint": 10_000}  # kB, pages of 4 kB
        usual = {name: connection.execute(f"pragma {name}").fetchone()[0] for name in larger}
        for name, value in larger.items():
            connection.execute(f"pragma {name} = {value}")
        try:
            yield
        finally:
            for name, value in usual.items():
                connection.execute(f"pragma {name} = {value}")

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

    def some(self, select: str, keys: Sequence[Any]) -> list[Any]:
        """The rows of a query that ends in `in`, for some keys, however many they are."""
        return [
            row for some, marks in batches(keys) for row in self.rows(f"{select} ({marks})", some)
        ]

    def each(self, sql: str, arguments: Sequence[Any] | Mapping[str, Any] = ()) -> Iterator[Any]:
        """The rows of a query that has many, one by one."""
        with self._explained():
            yield from self.db.conn.execute(sql, arguments)


def _why(exc: sqlite3.DatabaseError) -> str:
    """SQLite's terse words, for a person."""
    text = str(exc)
    known = {
        "database or disk is full": "the disk is full",
        _READ_ONLY: "it is read-only",
        _NO_FILE: "the file or its folder can't be opened for writing",
        "file is not a database": "it is not an SQLite database",
        "database is locked": "another program holds it locked",
        "disk I/O error": "the disk reports an error (is it full or read-only?)",
    }
    return known.get(text, text)
