"""Pages kept by whole cycles, and given out again."""

from __future__ import annotations

import errno
import gzip
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from linkwatch.archive import local
from linkwatch.exporting import exported, kept_copies
from linkwatch.history import copies as copies_module
from linkwatch.history.copies import copies_of, pending_copies
from linkwatch.history.store import Store
from linkwatch.model import LocalCopy, State
from tests.fakes.web import Reply
from tests.warcs import problems
from tests.world import World

PDF = b"%PDF-1.7" + bytes(range(256)) * 1000
HTML = "<!doctype html><title>An essay</title><p>" + "of many different words " * 9000
GONE = Reply(status=404)


class Keeper(World):
    """A world that keeps its pages."""

    @property
    def files(self) -> list[Path]:
        folder = self.folder / "data" / "copies"
        return sorted(path for path in folder.rglob("*") if path.is_file())

    def copies(self, url: str) -> list[LocalCopy]:
        with Store(self.folder / "data" / "linkwatch.db") as store:
            return copies_of(store, url)

    def page(self, url: str) -> bytes:
        """What export gives."""
        return exported(self.config, kept_copies(self.config, url)).data

    def settled(self) -> bool:
        """Whether nothing waits, and every file has its row."""
        with Store(self.folder / "data" / "linkwatch.db") as store:
            paths = [row["path"] for row in store.rows("select path from copies order by path")]
            files = [path.relative_to(self.folder / "data").as_posix() for path in self.files]
            return not pending_copies(store) and sorted(files) == paths


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Keeper]:
    with Keeper(tmp_path) as world:
        world.configure(archive={"local": True})
        yield world


def test_what_is_well_is_kept_from_the_bytes_of_its_check(world: Keeper) -> None:
    site = world.web.page
    packed = Reply(body=gzip.compress(HTML.encode()), headers=[("Content-Encoding", "gzip")])
    chunked = Reply(
        headers=[("Transfer-Encoding", "chunked")], body=b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    )
    moved = Reply(status=301, headers=[("Location", "/new?x=1")])
    wall = Reply(body=b"<script>window._cf_chl_opt={}</script>")
    kept = {
        site("a.example", "/essay", packed): HTML.encode(),
        site("a.example", "/chunked", chunked): b"hello world",
        site("a.example", "/old", moved): b"new home",
        site(
            "a.example", "/x.pdf", Reply(body=PDF, headers=[("Content-Type", "application/pdf")])
        ): (PDF),
    }
    site("a.example", "/new?x=1", Reply(body=b"new home"))
    not_kept = [
        site("a.example", "/broken", Reply(body=b"x" * 90_000, length=100_000)),
        site("a.example", "/long", Reply(body=b"x" * 1_000_001)),
        site(
            "a.example",
            "/bomb",
            Reply(body=gzip.compress(bytes(2_000_000)), headers=packed.headers),
        ),
        site("a.example", "/empty", Reply(body=b"")),
        site("a.example", "/gone", GONE),
        site("a.example", "/wall", wall),
        site("b.example", "/", Reply()).replace("//", "//me:secret@"),
    ]
    world.note("a.md", "\n".join([*kept, *not_kept]))
    world.configure(archive={"local_limits": {"page_mb": 1}})

    world.check()

    assert {url: world.page(url) for url in kept} == kept
    assert [world.copies(url) for url in not_kept] == [[]] * len(not_kept)
    assert world.state(not_kept[1]) is State.ALIVE
    assert [problems(path) for path in world.files] == [[]] * len(kept)
    assert world.settled()
    for path in ("/essay", "/chunked", "/old", "/new?x=1", "/x.pdf", "/long"):
        assert world.web.asked("a.example", path) == 1  # no further request for the copy
    [essay] = world.copies(next(iter(kept)))
    assert (essay.title, essay.status) == ("An essay", 200)


def test_copies_change_nothing_that_is_found(tmp_path: Path) -> None:
    facts = []
    for name, on in (("with", True), ("without", False)):
        with Keeper(tmp_path / name) as world:
            world.configure(archive={"local": on})
            long = Reply(body=HTML.encode())
            moved = Reply(status=302, headers=[("Location", "/essay")])
            broken = Reply(body=b"x" * 90_000, length=100_000)
            names = {"/essay": long, "/m": moved, "/broken": broken, "/gone": GONE, "/s": Reply()}
            urls = [world.web.page("a.example", path, reply) for path, reply in names.items()]
            world.note("a.md", "\n".join(urls))
            world.check()
            with Store(world.folder / "data" / "linkwatch.db") as store:
                rows = store.rows(
                    """select status, fault, remark, size, digest, attempts, marks, title, length,
                       sketch from checks order by link_id"""
                )
            facts.append([tuple(row) for row in rows])
            assert bool(world.files) is on
    assert facts[0] == facts[1]
    assert len(facts[0]) == 5


def test_the_same_bytes_are_kept_once_and_the_oldest_stays(world: Keeper) -> None:
    url = world.web.page("a.example", "/page", Reply(body=b"version 0"))
    world.note("a.md", url)
    world.check()
    world.pass_days(7)
    world.check()
    [copy] = world.copies(url)
    assert (copy.seen_at - copy.at).days == 7

    for version in range(1, 5):
        world.web.page("a.example", "/page", Reply(body=b"version %d" % version))
        world.pass_days(7)
        world.check(everything=True)

    assert [(c.at - copy.at).days for c in world.copies(url)] == [0, 28, 35]
    assert world.page(url) == b"version 4"
    world.web.page("a.example", "/page", GONE)
    world.pass_days(7)
    world.live(4)
    assert world.state(url) is State.DEAD
    assert world.page(url) == b"version 4"
    assert world.settled()


def test_a_copy_whose_file_somebody_removed_is_made_again(world: Keeper) -> None:
    url = world.web.page("a.example", "/page", Reply(body=b"words"))
    world.note("a.md", url)
    world.check()
    world.files[0].unlink()
    world.pass_days(7)
    world.check()
    assert world.page(url) == b"words"
    assert world.settled()


def test_a_copy_that_was_damaged_is_made_again(world: Keeper) -> None:
    url = world.web.page("a.example", "/page", Reply(body=b"words"))
    world.note("a.md", url)
    world.check()
    file = world.files[0]
    file.write_bytes(file.read_bytes()[:-20])
    world.pass_days(7)
    world.check()
    [copy] = world.copies(url)
    assert copy.at == copy.seen_at == world.links[url].checked_at
    assert [path.name for path in world.files] == [Path(copy.path).name]
    assert problems(world.files[0]) == []
    assert world.page(url) == b"words"
    assert world.settled()


def test_a_damaged_copy_stays_where_the_new_one_can_not_be_written(
    world: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = world.web.page("a.example", "/page", Reply(body=b"words"))
    world.note("a.md", url)
    world.check()
    file = world.files[0]
    file.write_bytes(file.read_bytes()[:-1])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(local, "os", SimpleNamespace(fsync=full, path=os.path))
    world.pass_days(7)
    world.check()
    assert world.files == [file]
    assert world.page(url) == b"words"  # nothing is missing from the page itself
    assert world.settled()


def test_a_damaged_copy_that_waits_for_its_judgement_is_dropped(world: Keeper) -> None:
    url = world.web.page("a.example", "/page", Reply(body=b"words"))
    world.note("a.md", url)
    world.check()
    world.files[0].write_bytes(b"half")
    with Store(world.folder / "data" / "linkwatch.db") as store, store.writing() as connection:
        connection.execute("update copies set pending = 1")
    world.check()  # nothing is due
    assert world.copies(url) == []
    assert world.files == []
    assert world.settled()


def test_databases_in_one_folder_leave_each_others_copies_alone(world: Keeper) -> None:
    url = world.web.page("a.example", "/page", Reply(body=b"words"))
    world.note("a.md", url)
    world.check()
    first = world.page(url), kept_copies(world.config, url)
    world.settings["database"] = "data/other.db"
    world.check()
    assert len(world.files) == 2
    world.note("a.md", "nothing any more")
    world.configure(archive={"local_limits": {"page_mb": 1, "total_mb": 1}})
    with Store(world.config.database) as store, store.writing() as connection:
        connection.execute("update copies set size_bytes = 2000000")
    world.check()
    assert len(world.files) == 1
    del world.settings["database"]
    assert (world.page(url), kept_copies(world.config, url)) == first


def test_a_void_cycle_keeps_nothing(world: Keeper) -> None:
    pages = [world.web.page(f"s{i}.example", "/", Reply(body=b"page %d" % i)) for i in range(4)]
    world.note("a.md", "\n".join(pages))
    world.check()
    portal = world.web.page("login.hotel.test", "/welcome", Reply(body=b"Enjoy your stay"))
    for i in range(4):
        to = [("Location", f"{portal}?from={i}")]
        world.web.page(f"s{i}.example", "/", Reply(status=302, headers=to))
    world.web.page("login.hotel.test", "*", Reply(body=b"Enjoy your stay"))
    world.pass_days(7)

    assert world.check().void is not None

    assert [world.page(url) for url in pages] == [b"page %d" % i for i in range(4)]
    assert len(world.files) == 4
    assert world.settled()


def test_what_a_killed_cycle_left_is_judged_by_the_next(world: Keeper) -> None:
    urls = [world.web.page(f"s{i}.example", "/", Reply(body=b"page %d" % i)) for i in range(3)]
    world.note("a.md", "\n".join(urls))
    world.check()
    coming = world.folder / "data" / "copies" / ".linkwatch.db.coming" / "0123"
    coming.write_bytes(b"half")
    (world.folder / "data" / world.copies(urls[1])[0].path).unlink()
    with Store(world.folder / "data" / "linkwatch.db") as store, store.writing() as connection:
        connection.execute("update copies set pending = 1")
        connection.execute("delete from checks where link_id = (select max(id) from links)")
    assert world.copies(urls[0]) == []  # nobody is given what was not judged

    world.check()  # nothing is due

    assert [len(world.copies(url)) for url in urls] == [1, 0, 0]
    assert not coming.exists()
    assert world.settled()


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "No space left"), (errno.EROFS, "Read-only")]
)
def test_a_full_disk_is_one_sentence_and_harms_no_check(
    world: Keeper,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
    words: str,
) -> None:
    urls = [world.web.page(f"s{i}.example", "/", Reply(body=b"page %d" % i)) for i in range(40)]
    world.note("a.md", "\n".join(urls))
    written = []

    def sync(_: int) -> None:
        written.append(1)
        if len(written) > 2:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(local, "os", SimpleNamespace(fsync=sync, path=os.path))
    with caplog.at_level(logging.WARNING, "linkwatch"):
        result = world.check()

    assert (result.checked, result.void) == (40, None)
    assert set(world.states(urls)) == {State.ALIVE}
    [told] = [record.getMessage() for record in caplog.records]
    assert words in told
    assert told.startswith("No further page is kept in this cycle: can't write below ")
    assert len(world.files) == 2
    assert world.settled()
    monkeypatch.undo()
    world.check(everything=True)
    assert len(world.files) == 40


def test_a_folder_that_can_not_be_made_is_one_sentence(
    world: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    url = world.web.page("a.example", "/", Reply())
    world.note("a.md", url)
    (world.folder / "data").mkdir()
    (world.folder / "data" / "copies").write_text("in the way")
    world.check()
    assert world.state(url) is State.ALIVE
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    assert world.copies(url) == []


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_that_is_read_only_is_one_sentence(
    world: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    url = world.web.page("a.example", "/", Reply())
    world.note("a.md", url)
    folder = world.folder / "data" / "copies"
    folder.mkdir(parents=True)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    world.check()
    folder.chmod(stat.S_IRWXU)
    assert world.state(url) is State.ALIVE
    assert [record.levelname for record in caplog.records].count("WARNING") == 1


def test_pages_without_room_are_told_and_the_copies_that_are_there_stay(
    world: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    urls = [world.web.page(f"s{i}.example", "/", Reply(body=os.urandom(400_000))) for i in range(3)]
    world.note("a.md", "\n".join(urls))
    world.configure(archive={"local_limits": {"page_mb": 1, "total_mb": 1}})
    world.check()
    [told] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told.startswith("1 page could not be kept: the copies would be more than")
    assert sorted(len(world.copies(url)) for url in urls) == [0, 1, 1]
    assert world.settled()


def test_a_link_that_no_note_names_any_more_gives_room(world: Keeper) -> None:
    urls = [world.web.page(f"s{i}.example", "/", Reply(body=os.urandom(400_000))) for i in range(3)]
    world.note("a.md", "\n".join(urls[:2]))
    world.configure(archive={"local_limits": {"page_mb": 1, "total_mb": 1}})
    world.check()
    world.pass_days(1)
    with Store(world.folder / "data" / "linkwatch.db") as store, store.writing() as connection:
        connection.execute("update copies set size_bytes = 600000")
    world.note("a.md", "\n".join(urls[1:]))
    world.check()
    assert world.copies(urls[0]) == []
    assert len(world.copies(urls[1])) == 1


def test_the_table_failing_is_no_reason_to_lose_a_check(
    world: Keeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = world.web.page("a.example", "/", Reply())
    world.note("a.md", url)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(copies_module, "_insert", broken)
    world.check()
    assert world.state(url) is State.ALIVE
    [told] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "this is a bug in linkwatch (ZeroDivisionError: odd)" in told
    assert world.settled()


def test_files_are_made_and_written_off_the_event_loop(
    world: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.note("a.md", world.web.page("a.example", "/", Reply()))
    seen = set()
    for place, name in ((local, "copy_of"), (local.Folder, "write")):
        original = getattr(place, name)

        def watched(*args: object, _original: object = original, **kwargs: object) -> object:
            seen.add(threading.current_thread().name)
            return _original(*args, **kwargs)  # type: ignore[operator]  # what was there

        monkeypatch.setattr(place, name, watched)
    world.check()
    assert seen == {"copies_0"}


_KILLED = """
import os, sys, time
from pathlib import Path
from types import SimpleNamespace
from linkwatch.archive import local
from tests.fakes.web import Reply
from tests.world import World

def wait(number):
    print("half", flush=True)
    time.sleep(60)

local.os = SimpleNamespace(fsync=wait, path=os.path)
with World(Path(sys.argv[1])) as world:
    world.configure(archive={"local": True})
    world.note("a.md", world.web.page("a.example", "/", Reply()))
    world.check()
"""


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
def test_kill_9_in_the_middle_of_writing_leaves_nothing_for_long(world: Keeper) -> None:
    command = [sys.executable, "-c", _KILLED, str(world.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    assert [path.parent.name for path in world.files] == [".linkwatch.db.coming"]
    with Store(world.folder / "data" / "linkwatch.db") as store:
        assert len(pending_copies(store)) == 1
    url = world.web.page("a.example", "/", Reply(body=b"still here"))
    world.note("a.md", url)
    world.check()
    assert world.page(url) == b"still here"
    assert len(world.files) == 1
    assert world.settled()


def test_off_is_off(tmp_path: Path) -> None:
    with Keeper(tmp_path) as world:
        world.note("a.md", world.web.page("a.example", "/", Reply()))
        world.check()
        assert not (tmp_path / "data" / "copies").exists()
