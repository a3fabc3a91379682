"""The file itself: its schema, whose it is, one cycle at a time, and what survives a kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database

from linkwatch.errors import BusyError, StoreError
from linkwatch.history.checks import save_results
from linkwatch.history.cycles import begin_cycle, close_aborted
from linkwatch.history.migrations import migrations
from linkwatch.history.store import Store, is_locked, one_at_a_time
from linkwatch.history.times import from_text, to_text
from tests.checks import day, seen
from tests.history.past import Past

_TOP = Path(__file__).parents[2]


# The schema


def test_the_tables_of_the_contract_are_there(past: Past) -> None:
    contract = {"notes", "links", "mentions", "cycles", "checks", "hops", "snapshots"}

    assert contract <= set(past.store.db.table_names())


def test_foreign_keys_are_named_after_their_tables(past: Past) -> None:
    found = set()
    for table in past.store.db.tables:
        for key in table.foreign_keys:
            assert key.column == f"{key.other_table.removesuffix('s')}_id"
            assert key.other_column == "id"
            found.add(f"{key.table}.{key.column}")

    assert found == {
        *("mentions.note_id", "mentions.link_id", "checks.link_id", "checks.cycle_id"),
        *("hops.check_id", "snapshots.link_id", "lookups.link_id", "lookups.snapshot_id"),
        *("changes.cycle_id", "changes.link_id"),
        *("anchors.check_id", "ignored.ignore_id", "ignored.link_id", "testimonies.link_id"),
        *("pardons.link_id", "copies.link_id", "copies.cycle_id"),
        *("pardons.link_id", "commits.note_id", "commits.link_id"),
        *("pardons.link_id", "saves.link_id", "saves.snapshot_id"),
        *("covered.ignore_id", "covered.link_id"),
        *("rollups.link_id", "rollups.check_id"),
    }


def test_foreign_keys_hold(past: Past) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY"), past.store.writing() as connection:
        connection.execute("insert into hops (check_id, position) values (99, 1)")


def test_the_view_has_a_row_for_every_link(past: Past) -> None:
    past.note("a.md", "https://a.example/", "https://a.example/#x", "https://b.example/")
    past.cycle(0, [seen(404, url="https://a.example/")])
    past.note("a.md", "https://a.example/")

    columns = ["url", "state", "reason", "since", "last_check", "next_check", "mentions"]
    rows = past.store.rows("select * from link_status order by url")

    assert list(rows[0].keys()) == columns
    assert [(row["url"], row["state"], row["mentions"]) for row in rows] == [
        ("https://a.example/", "suspect", 1),
        ("https://b.example/", "unchecked", 0),
    ]
    assert (rows[0]["reason"], rows[0]["since"]) == ("not_found", to_text(day(0)))
    assert rows[0]["last_check"] == to_text(day(0))


def test_it_is_in_wal_mode(past: Past) -> None:
    assert past.store.db.journal_mode == "wal"


def test_every_step_of_the_schema_is_named(tmp_path: Path) -> None:
    with Store(tmp_path / "x.db") as store:
        applied = [step.name for step in migrations.applied(store.db)]

    assert applied == sorted(applied)
    assert applied[0] == "0001_first_tables"


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "x.db") as store:
        first = list(store.db.iterdump())
    with Store(tmp_path / "x.db") as store:
        assert list(store.db.iterdump()) == first


# Whose file it is


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").touch()

    with Store(tmp_path / "x.db") as store:
        assert store.rows("select * from links") == []


def test_missing_folders_are_made(tmp_path: Path) -> None:
    with Store(tmp_path / "a" / "b" / "x.db"):
        assert (tmp_path / "a" / "b" / "x.db").exists()


def test_a_history_that_must_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"There is no history at .*x\.db yet: run"):
        Store(tmp_path / "data" / "x.db", must_exist=True)

    assert list(tmp_path.iterdir()) == []


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with Store(path) as store:
        store.db.table("_sqlite_migrations").insert(
            {"migration_set": "linkwatch", "name": "9001_from_the_future", "applied_at": "x"}
        )
    before = path.read_bytes()

    with pytest.raises(StoreError) as caught:
        Store(path)

    assert str(caught.value) == (
        f"{path} was made by a newer linkwatch (it has 9001_from_the_future): update this one."
    )
    assert path.read_bytes() == before


def another_program(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "create table links (id integer); insert into links values (1)",
        "create table books (id integer)",
        (
            "create table _sqlite_migrations "
            "(id integer primary key, migration_set text, name text, applied_at text); "
            "create unique index one on _sqlite_migrations (migration_set, name); "
            "insert into _sqlite_migrations values (1, 'books', '0001', 'x'); "
            "create table books (id integer)"
        ),
    ],
)
def test_the_database_of_another_program_is_refused_and_left_alone(
    tmp_path: Path, sql: str
) -> None:
    path = tmp_path / "x.db"
    another_program(path, sql)
    before = path.read_bytes()

    with pytest.raises(StoreError, match=r"is a database, but not one of linkwatch's\."):
        Store(path)

    assert path.read_bytes() == before
    path.unlink()  # nobody holds it open, which Windows would mind
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"# my notes\n" * 99, b"SQLite format 3\x00" + b"\xff" * 999])
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)

    with pytest.raises(StoreError, match=r"Can't use the database .*x\.db: .*\."):
        Store(path)

    assert path.read_bytes() == content


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the file or its folder can't be opened for writing"):
        Store(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(StoreError, match="Can't use the database"):
        Store(tmp_path / "data" / "x.db")
    with (
        pytest.raises(StoreError, match="Can't write beside the database"),
        one_at_a_time(tmp_path / "data" / "x.db"),
    ):
        raise AssertionError


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder no one can write to")
def test_a_folder_that_can_not_be_written_to_is_one_sentence() -> None:
    with pytest.raises(StoreError, match="can't be opened for writing"):
        Store(Path("/proc/self/x.db"))


@pytest.fixture
def old_folder() -> Iterator[Path]:
    """A folder that others may look into."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@contextmanager
def sealed(folder: Path) -> Iterator[None]:
    """Nothing in a folder can be written, not even by root."""
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


readers = pytest.mark.skipif(not hasattr(os, "seteuid"), reason="there are no other users here")


@readers
def test_a_history_in_a_read_only_folder_can_be_read_and_not_written(old_folder: Path) -> None:
    path = old_folder / "my history?.db"
    with Store(path) as store:
        begin_cycle(store, day(0))

    with sealed(old_folder), Store(path, must_exist=True) as store:
        assert len(store.rows("select * from cycles")) == 1
        with pytest.raises(StoreError, match=r"Can't use the database .*: it is read-only\."):
            begin_cycle(store, day(1))

    assert [file.name for file in old_folder.iterdir()] == [path.name]


@readers
def test_the_history_that_a_service_of_another_user_writes_can_be_read(old_folder: Path) -> None:
    path = old_folder / "x.db"
    with Store(path) as writer:
        begin_cycle(writer, day(0))
        with sealed(old_folder), Store(path, must_exist=True) as store:
            assert len(store.rows("select * from cycles")) == 1
            with pytest.raises(StoreError, match="it is read-only"):
                begin_cycle(store, day(1))


@readers
def test_an_older_history_that_is_read_only_is_one_sentence(old_folder: Path) -> None:
    path = old_folder / "x.db"
    db = Database(path)
    db.enable_wal()
    migrations.apply(db, stop_before=migrations._migrations[-1].name)
    db.close()

    with sealed(old_folder), pytest.raises(StoreError) as caught:
        Store(path, must_exist=True)

    assert str(caught.value) == (
        f"{path} was made by an older linkwatch, and can't be brought up to date, as it is"
        " read-only."
    )


@readers
def test_a_read_only_folder_is_no_place_for_a_new_cycle(old_folder: Path) -> None:
    path = old_folder / "x.db"
    Store(path).close()

    with sealed(old_folder), pytest.raises(StoreError, match="it is read-only"):
        Store(path)


def test_a_lock_that_can_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.db.lock").mkdir()

    with (
        pytest.raises(StoreError, match=r"Can't write beside the database .*: Is a directory\."),
        one_at_a_time(tmp_path / "x.db"),
    ):
        raise AssertionError


def test_a_database_that_another_program_holds_is_one_sentence(past: Past) -> None:
    other = sqlite3.connect(past.store.path)
    other.execute("begin exclusive")
    past.store.db.conn.execute("pragma busy_timeout = 1")
    try:
        with pytest.raises(StoreError, match="another program holds it locked"):
            begin_cycle(past.store, day(0))
    finally:
        other.close()


# One at a time, and nothing lost


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=_TOP,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


_HOLD = """
import sys
from pathlib import Path
from linkwatch.history.store import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_cycle_at_the_same_time_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with python(_HOLD, str(path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        assert is_locked(path)
        with pytest.raises(BusyError) as caught, one_at_a_time(path):
            raise AssertionError
        assert str(caught.value) == (
            f"Another linkwatch is at work on {path}; let it finish first."
        )
        with Store(path) as store:  # to read needs no lock
            assert store.rows("select * from cycles") == []

        holder.kill()
        holder.wait()
        assert not is_locked(path)
        with one_at_a_time(path):  # the lock died with its holder
            pass


def test_the_lock_is_free_again_after_a_cycle(tmp_path: Path) -> None:
    for _ in range(2):
        with one_at_a_time(tmp_path / "new" / "x.db"):
            with (
                pytest.raises(BusyError),
                one_at_a_time(tmp_path / "new" / "x.db"),
            ):
                raise AssertionError
            with one_at_a_time(tmp_path / "new" / "other.db"):
                pass


_SAVE = """
import asyncio, sys
from pathlib import Path
from linkwatch.history.cycles import begin_cycle
from linkwatch.history.writer import ResultWriter, StoreThread
from tests.checks import day, seen
from tests.history.past import Past

async def main():
    past = Past(Path(sys.argv[1]))
    urls = [f"https://site{i}.example/" for i in range(20000)]
    past.note("a.md", *urls)
    thread = StoreThread()
    def saved(results):
        for result in results:
            print(result.url, flush=True)
    writer = ResultWriter(
        past.store, thread, cycle_id=past.begin(0), saved=saved
    )
    for url, link_id in past.ids.items():
        await writer.put(link_id, seen(200, url=url, hops=(301,)))
    await writer.close()
    print("done", flush=True)

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_what_was_reported_saved_survives_kill_9(tmp_path: Path) -> None:
    with python(_SAVE, str(tmp_path)) as writer:
        assert writer.stdout is not None
        reported = [writer.stdout.readline().strip() for _ in range(1500)]
        os.kill(writer.pid, signal.SIGKILL)
        reported += [line.strip() for line in writer.stdout if line.endswith("/\n")]

    assert "done" not in reported
    with Store(tmp_path / "history.db") as store:
        saved = store.rows(
            """select links.url, (select count(*) from hops where check_id = checks.id) as hops
               from checks join links on links.id = checks.link_id"""
        )
        assert set(reported) <= {row["url"] for row in saved}
        assert {row["hops"] for row in saved} == {1}  # a check and its hops are one commit
        assert close_aborted(store, day(1)) == [1]
        assert close_aborted(store, day(2)) == []
        (cycle,) = store.rows("select * from cycles")
        assert (cycle["ending"], cycle["finished_at"]) == ("aborted", to_text(day(1)))
        assert store.rows("pragma integrity_check")[0][0] == "ok"


# A full disk


def fill(past: Past) -> None:
    urls = [f"https://site{i}.example/" for i in range(500)]
    past.note("a.md", *urls)
    cycle_id = past.begin(0)
    for number in range(100):
        message = f"{number} " * 500
        results = [seen(503, url=url, message=message) for url in urls]
        save_results(past.store, cycle_id, past.ids, results)


def test_a_full_database_is_one_sentence_and_what_was_saved_stays(past: Past) -> None:
    past.note("before.md", "https://before.example/")
    past.cycle(0, [seen(200, url="https://before.example/")])
    past.store.db.conn.execute("pragma max_page_count = 60")

    with pytest.raises(StoreError, match="the disk is full"):
        fill(past)

    assert len(past.store.rows("select * from checks where status = 200")) == 1
    assert not past.store.db.conn.in_transaction
    past.store.db.conn.execute("pragma max_page_count = 100000")
    past.cycle(1, [seen(404, 1, url="https://before.example/")])
    assert past.states["https://before.example/"] == "suspect"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", disk], capture_output=True
        )
    except OSError:
        pytest.skip("there is no mount command here")
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_one_sentence(small_disk: Path) -> None:
    past = Past(small_disk)
    try:
        with pytest.raises(StoreError, match=r"the disk (is full|reports an error)"):
            fill(past)
    finally:
        past.close()


# Times


def test_times_come_back_as_they_were_written() -> None:
    for moment in (day(0), day(0.123456789), day(-20_000), day(30_000)):
        text = to_text(moment)
        assert abs((from_text(text) - moment).total_seconds()) < 0.001
        assert to_text(from_text(text)) == text
        assert len(text) == len("2026-01-05T04:00:00.000Z")
    assert to_text(day(0)) == "2026-01-05T04:00:00.000Z"
    assert (to_text(None), from_text(None)) == (None, None)


def test_times_sort_as_they_follow_each_other() -> None:
    moments = [day(number / 7) for number in range(-9000, 9000, 131)]

    assert sorted(map(to_text, moments)) == [to_text(moment) for moment in moments]


def test_sqlite_utils_and_datasette_find_a_plain_database(tmp_path: Path) -> None:
    with Store(tmp_path / "x.db"):
        pass
    db = Database(tmp_path / "x.db")

    assert db.table("checks").pks == ["id"]
    assert db.view("link_status").count == 0
    db.close()
