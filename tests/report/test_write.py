"""A report is written whole or not at all, and only when it says something new."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from linkwatch.errors import ReportError, StoreError
from linkwatch.report.write import write_atomically

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NOBODY = 65534


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".linkwatch-")]


def test_a_new_report_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "report.md"
    write_atomically(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert leftovers(path.parent) == []


def test_a_new_report_is_as_readable_as_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_atomically(tmp_path / "report.md", "x")
    assert (tmp_path / "report.md").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")
    path.chmod(0o604)
    write_atomically(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o604)


@pytest.mark.skipif(not ROOT, reason="only root may give a file away")
def test_the_owner_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")
    os.chown(path, NOBODY, NOBODY)
    write_atomically(path, "new")
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)


def test_an_unchanged_report_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("same")
    os.utime(path, (1, 1))
    before = path.stat()
    write_atomically(path, "same")
    assert (path.stat().st_mtime, path.stat().st_ino) == (1, before.st_ino)
    write_atomically(path, "some")
    assert path.stat().st_mtime != 1


@pytest.mark.parametrize("old", ["", "a", "abc", "abX", "abcd", "Xbc", "abcdef" * 200_000])
@pytest.mark.parametrize("new", ["", "abc", "abcdef" * 200_000, "abcdef" * 100_000 + "X"])
def test_a_report_in_pieces_takes_the_place_of_any_other(
    tmp_path: Path, old: str, new: str
) -> None:
    path = tmp_path / "report.md"
    path.write_text(old)
    os.utime(path, (1, 1))
    write_atomically(path, (new[i : i + 50_000] for i in range(0, len(new), 50_000)))
    assert path.read_text() == new
    assert (path.stat().st_mtime == 1) is (old == new)
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_breaks_off_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")

    def pieces() -> Iterator[str]:
        yield "n" * 1_000_000
        raise StoreError("the history can't be read")

    with pytest.raises(StoreError):
        write_atomically(path, pieces())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path, dangling: bool) -> None:
    target = tmp_path / "vault" / "real.md"
    if not dangling:
        target.parent.mkdir()
        target.write_text("old")
    (tmp_path / "report.md").symlink_to(Path("vault") / "real.md")
    write_atomically(tmp_path / "report.md", "new")
    assert (tmp_path / "report.md").is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        write_atomically(pipe, "hello")
        assert reader.communicate()[0] == b"hello"
    assert pipe.is_fifo()


def failure(path: Path) -> str:
    with pytest.raises(ReportError) as caught:
        write_atomically(path, "new")
    return str(caught.value)


def test_what_can_not_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "loop").symlink_to("loop")
    cases = {
        tmp_path: "it is a folder",
        tmp_path / "file" / "report.md": "a part of its path is a file, not a folder",
        tmp_path / "loop": "its symbolic links lead in a circle",
        tmp_path / ("n" * 300): "its name is too long",
    }
    for path, why in cases.items():
        assert failure(path) == f"Can't write the report to {path}: {why}."
    assert failure(tmp_path / "file" / "a\x1b[2J").count("\x1b") == 0
    assert leftovers(tmp_path) == []


@contextmanager
def someone_without_rights() -> Iterator[Path]:
    """A folder that everyone may read, and us as somebody who is not root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if ROOT:
            os.seteuid(NOBODY)
        else:
            folder.chmod(0o555)
        try:
            yield folder
        finally:
            if ROOT:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_read_only_folder_is_named() -> None:
    with someone_without_rights() as folder:
        assert failure(folder / "report.md") == (
            f"Can't write the report to {folder / 'report.md'}: "
            f"the folder {folder} does not allow new files."
        )
        assert failure(folder / "new" / "report.md").endswith(": permission denied.")


WRITER = """
import resource, sys
from pathlib import Path
from linkwatch.errors import ReportError, StoreError
from linkwatch.report.write import write_atomically
if int(sys.argv[2]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    write_atomically(Path(sys.argv[1]), "x" * 200_000)
except ReportError as exc:
    print(exc)
"""


def written_by_another(path: Path, limit: int = 0) -> str:
    command = [sys.executable, "-c", WRITER, str(path), str(limit)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_file_that_grows_too_large_leaves_the_old_report_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")
    said = written_by_another(path, 50_000)
    assert said == f"Can't write the report to {path}: the file would be larger than allowed."
    assert path.read_text() == "old"
    assert leftovers(tmp_path) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        mounted = ROOT and subprocess.run(mount, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("needs root and the right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_the_old_report_and_nothing_else(tiny_disk: Path) -> None:
    path = tiny_disk / "report.md"
    path.write_text("old")
    said = written_by_another(path)
    assert said == f"Can't write the report to {path}: the disk is full."
    assert path.read_text() == "old"
    assert leftovers(tiny_disk) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_is_told_too() -> None:
    assert failure(Path("/dev/full")) == "Can't write the report to /dev/full: the disk is full."
    assert Path("/dev/full").is_char_device()
