"""Notes read by several processes: the same as by one, prompt to stop, and nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from linkwatch import readers
from linkwatch import scan as module
from linkwatch.config import load
from linkwatch.history.cycles import begin_cycle
from linkwatch.history.store import Store
from linkwatch.marker import REPORT_MARKER
from linkwatch.notes.vault import Globs, Note, Root, Trouble, walk
from linkwatch.scan import Scanned, roots_of, scan
from tests.checks import day

PROC = pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc")

Children = Callable[[], list[subprocess.Popen[bytes]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """700 notes: changed ones, a report of ours, odd bytes."""
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(700):
        (notes / f"{number:03}.md").write_text(
            f"---\naccessed: 2021-01-01\n---\n[a](https://n{number % 90}.example/{number}#x)\n"
            f"https://all.example/ (accessed 2020-02-0{number % 9 + 1})\n\n<https://b.example/{number}>"
            " <!-- linkwatch: ignore until 2027-01-01 -->\n"
        )
    (notes / "report.md").write_text(f"{REPORT_MARKER}\nhttps://report.example/\n")
    (notes / "odd.md").write_bytes(
        b"https://odd.example/\xff\0 \xef\xbb\xbfhttps://\xc3\xbc.example/"
    )
    (notes / "empty.md").write_bytes(b"")
    return tmp_path


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Children:
    """All workers that were started."""
    started: list[subprocess.Popen[bytes]] = []

    class Counted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    return lambda: started


def scanned(
    folder: Path,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    *,
    workers: int,
    stop: threading.Event | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Scanned:
    monkeypatch.setattr(module, "readings", partial(readers.readings, workers=workers))
    monkeypatch.setattr(readers, "ENOUGH_NOTES", 300)
    config = load(None, cwd=folder)
    return scan(
        store,
        roots_of(config, (), folder),
        config=config,
        cycle_id=begin_cycle(store, day(0)),
        now=day(0),
        whole=True,
        stop=stop or threading.Event(),
        tell=tell,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "shared.db") as store:
        yield store


def dump(store: Store) -> list[str]:
    return [line for line in store.db.iterdump() if "_sqlite_migrations" not in line]


def test_several_processes_find_what_one_does(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch, children: Children
) -> None:
    with Store(folder / "serial.db") as serial:
        one = scanned(folder, serial, monkeypatch, workers=1)
        assert children() == []
        several = scanned(folder, store, monkeypatch, workers=2)
        assert len(children()) == 2
        assert several == one
        assert one.read == 702
        assert dump(store) == dump(serial)


def test_workers_are_gone_when_the_notes_are_read(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch, children: Children
) -> None:
    threads = threading.active_count()
    scanned(folder, store, monkeypatch, workers=3)

    assert len(children()) == 3
    assert all(child.returncode is not None for child in children())
    assert all(child.stdin and child.stdin.closed for child in children())
    assert threading.active_count() == threads


def test_few_notes_are_read_without_any(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch, children: Children
) -> None:
    scanned(folder, store, monkeypatch, workers=2)
    already = len(children())
    for number in range(250):
        (folder / "notes" / f"{number:03}.md").write_text("https://changed.example/")

    assert scanned(folder, store, monkeypatch, workers=2).read == 250
    assert len(children()) == already


@PROC
def test_a_note_that_can_not_be_read_is_told_of(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "notes" / "mem.md").symlink_to("/proc/self/mem")

    result = scanned(folder, store, monkeypatch, workers=2)

    assert [(t.root, t.path, t.why) for t in result.troubles] == [
        ("notes", "mem.md", "Input/output error")
    ]
    assert result.read == 702


def test_a_note_that_vanishes_meanwhile_is_told_of(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = iter(sorted((folder / "notes").glob("6*.md")))

    def vanish(_: int) -> None:
        for note in notes:
            note.unlink()

    def found(roots: Sequence[Root], globs: Globs) -> Iterator[Note | Trouble]:
        yield from list(walk(roots, globs))

    monkeypatch.setattr(module, "walk", found)
    result = scanned(folder, store, monkeypatch, workers=2, tell=vanish)

    # What a worker had read by then is there, the rest is not; nothing is lost or made up.
    assert result.read + len(result.troubles) == 702
    assert {trouble.why for trouble in result.troubles} <= {"No such file or directory"}


@pytest.mark.parametrize("when", [0, 1, 2])
def test_a_stopped_scan_ends_its_workers_and_keeps_what_was_read(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch, children: Children, when: int
) -> None:
    stop = threading.Event()
    told: list[int] = []

    def tell(seen: int) -> None:
        told.append(seen)
        if len(told) > when:
            stop.set()

    result = scanned(folder, store, monkeypatch, workers=2, stop=stop, tell=tell)

    assert result.read == 200 * (when + 1)
    assert store.rows("select count(*) from notes")[0][0] == result.read
    assert all(child.returncode is not None for child in children())
    assert scanned(folder, store, monkeypatch, workers=2).read == 702 - result.read


@pytest.mark.parametrize("number", [1, 2])
def test_notes_of_workers_that_were_killed_are_read_all_the_same(
    folder: Path,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    children: Children,
    number: int,
) -> None:
    def kill(_: int) -> None:
        for child in children()[:number]:
            child.kill()

    result = scanned(folder, store, monkeypatch, workers=2, tell=kill)

    assert (result.read, result.troubles) == (702, ())
    assert store.rows("select count(*) from mentions")[0][0] == 3 * 700 + 2


def test_where_no_process_can_be_started_notes_are_read_all_the_same(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(folder / "nowhere"))
    assert scanned(folder, store, monkeypatch, workers=2).read == 702


_SCAN = """
    import sys, threading
    from pathlib import Path
    from linkwatch import readers, scan as module
    from linkwatch.config import load
    from linkwatch.history.cycles import begin_cycle
    from linkwatch.history.store import Store
    from tests.checks import day

    folder = Path(sys.argv[1])
    readers.ENOUGH_NOTES = 300
    readers._processors = lambda: 2
    start = readers._Worker.start.__func__

    def counted(cls, options):
        worker = start(cls, options)
        print(worker._process.pid, flush=True)
        return worker

    readers._Worker.start = classmethod(counted)
    config = load(None, cwd=folder)
    with Store(folder / "child.db") as store:
        module.scan(
            store, module.roots_of(config, (), folder), config=config,
            cycle_id=begin_cycle(store, day(0)), now=day(0), whole=True, stop=threading.Event(),
            tell=lambda _: sys.stdin.readline(),
        )
"""


def _process(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(_SCAN), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )


def test_reading_by_several_processes_warns_of_nothing(folder: Path) -> None:
    with _process(folder) as process:
        _, errors = process.communicate(timeout=25)
    assert (process.returncode, errors) == (0, "")


@PROC
def test_workers_end_with_the_process_that_was_killed(folder: Path) -> None:
    with _process(folder) as process:
        assert process.stdout is not None
        workers = [int(process.stdout.readline()) for _ in range(2)]
        assert all(map(_runs, workers))
        process.send_signal(signal.SIGKILL)
    until = time.monotonic() + 10
    while any(map(_runs, workers)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(_runs, workers))


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # nobody may be there to ask how an orphan ended
