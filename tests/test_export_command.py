"""`linkwatch export`: a local copy as a file."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkwatch.history.store import one_at_a_time
from tests.fakes.archive import FakeArchive
from tests.fakes.web import FakeWeb, Reply
from tests.test_cli import Shop
from tests.warcs import problems

PAGE = b"<title>An essay</title>\x1b[31m caf\xe9"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with FakeWeb() as web, FakeArchive() as archive:
        shop = Shop(tmp_path, web, archive)
        keep(shop)
        yield shop


def keep(shop: Shop, *, local: bool = True) -> None:
    archive = {"enabled": False, "local": local}
    shop.config(archive=archive)


def page(shop: Shop, path: str = "/essay") -> str:
    """A page that has been checked, and is kept."""
    packed = Reply(body=gzip.compress(PAGE), headers=[("Content-Encoding", "gzip")])
    url = shop.web.page("a.localhost", path, packed)
    shop.note("a.md", url)
    assert shop.run("check", "--quiet").code == 0
    return url


def test_the_page_lies_beside_you_and_never_over_another_file(shop: Shop) -> None:
    url = page(shop)
    ran = shop.run("export", url.replace("http://a", "HTTP://A") + "#part")
    file = shop.folder / "a.localhost-essay.html"
    assert (ran.code, ran.out, file.read_bytes()) == (0, "", PAGE)
    assert ran.err.startswith("a.localhost-essay.html: the page as of 2")

    file.write_bytes(b"mine")
    again = shop.run("export", url)
    assert (again.code, again.err.count("\n"), file.read_bytes()) == (1, 1, b"mine")
    assert "--force overwrites it" in again.err
    assert shop.run("export", "-q", "--force", url).err == ""
    assert file.read_bytes() == PAGE
    assert [path.name for path in shop.folder.glob(".linkwatch*")] == []


def test_it_goes_where_it_is_told_in_the_form_that_the_name_says(shop: Shop) -> None:
    url = page(shop)
    for name in ("x.warc.gz", "X.WARC", "x.bin"):
        assert shop.run("export", url, "--output", name).code == 0
    assert problems(shop.folder / "x.warc.gz") == []
    plain = (shop.folder / "X.WARC").read_bytes()
    assert plain == gzip.decompress((shop.folder / "x.warc.gz").read_bytes())
    assert (shop.folder / "x.bin").read_bytes() == PAGE
    with shop.start("export", url, "--output", "-") as piped:
        assert piped.stdout is not None
        assert piped.stdout.buffer.read() == PAGE  # type: ignore[attr-defined]  # a text stream's
    assert piped.returncode == 0
    (shop.folder / "folder").mkdir()
    for target in ("folder", "nowhere/x.html", "x.bin/y"):
        ran = shop.run("export", url, "--output", target)
        assert (ran.code, ran.err.count("\n")) == (1, 1), target
    assert shop.run("export", url, "--force", "--output", "folder").code == 1
    for target in ("", ".", "/"):
        ran = shop.run("export", url, "--output", target)
        assert (ran.code, ran.out) == (3, "")
        assert "--output needs a file's name" in ran.err


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals there")
def test_a_terminal_is_not_steered_by_a_page(shop: Shop) -> None:
    url = page(shop)
    ours, theirs = os.openpty()
    ran = subprocess.run(
        [sys.executable, "-m", "linkwatch", "export", url, "--output", "-"],
        cwd=shop.folder,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    os.close(ours)
    assert ran.returncode == 1
    assert b"could steer your terminal" in ran.stderr


def test_without_a_copy_it_says_how_to_get_one(shop: Shop) -> None:
    assert "run `linkwatch check` first" in shop.run("export", "http://x/").err
    keep(shop, local=False)
    url = page(shop)
    off = shop.run("export", url)
    assert (off.code, off.err.count("\n")) == (1, 1)
    assert f"There is no local copy of {url}: set archive.local: true" in off.err
    keep(shop)
    assert "the next check that finds it well keeps one, of 10 MB at most" in (
        shop.run("export", url).err
    )
    unknown = shop.run("export", "https://example.org/\x1b[31m")
    assert (unknown.code, unknown.err.count("\n")) == (1, 1)
    assert "History knows no link" in unknown.err
    assert "\x1b" not in unknown.err


def test_a_copy_that_is_gone_or_damaged_is_one_sentence(shop: Shop) -> None:
    url = page(shop)
    [file] = (shop.folder / "data" / "copies").glob("*/*.warc.gz")
    file.write_bytes(file.read_bytes()[:-1])
    torn = shop.run("export", url, "--output", "x.warc.gz")
    assert (torn.code, torn.err.count("\n")) == (1, 1)
    assert "is damaged" in torn.err
    assert shop.run("export", url, "--output", "x.html").code == 0  # of the page nothing is lost
    file.write_bytes(file.read_bytes()[:600])
    damaged = shop.run("export", url)
    assert (damaged.code, damaged.err.count("\n")) == (1, 1)
    assert "is damaged" in damaged.err
    file.unlink()
    assert "is gone: there is no file" in shop.run("export", url).err
    assert not (shop.folder / "a.localhost-essay.html").exists()


def test_where_the_newest_copy_is_damaged_an_older_one_is_given_out(shop: Shop) -> None:
    url = page(shop)
    [older] = (shop.folder / "data" / "copies").glob("*/*.warc.gz")
    shop.web.page("a.localhost", "/essay", Reply(body=b"a new version"))
    assert shop.run("check", "--all", "--quiet").code == 0
    [newer] = {*(shop.folder / "data" / "copies").glob("*/*.warc.gz")} - {older}
    assert shop.run("export", url, "--output", "new.html").err.startswith("new.html: ")
    newer.write_bytes(newer.read_bytes()[:500])

    ran = shop.run("export", url, "--output", "old.html")

    assert (ran.code, (shop.folder / "old.html").read_bytes()) == (0, PAGE)
    assert f"{newer} is damaged" in ran.err
    assert "An older one is given out.\nold.html: the page as of 2" in ran.err
    older.unlink()
    none = shop.run("export", url, "--output", "none.html")
    assert (none.code, none.err.count("\n")) == (1, 1)
    assert f"{newer} is damaged" in none.err


def test_it_needs_no_lock_and_explain_tells_of_copies(shop: Shop) -> None:
    url = page(shop, "/x%2f%2e%2e%5c..%2fcon")
    with one_at_a_time(shop.folder / "data" / "linkwatch.db"):
        assert shop.run("export", url).code == 0
        told = shop.run("explain", url).out
    assert (shop.folder / "a.localhost-x-con.html").read_bytes() == PAGE
    assert "  local copy  of 20" in told
    assert ", 1 kB\n" in told


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes there")
def test_a_pipe_is_written_to_as_it_is(shop: Shop) -> None:
    url = page(shop)
    os.mkfifo(shop.folder / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((shop.folder / "pipe").read_bytes()))
    reader.start()
    assert shop.run("export", url, "--output", "pipe").code == 0
    reader.join(5)
    assert got == [PAGE]
