"""Local copies as files."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from warcio.archiveiterator import ArchiveIterator

from linkwatch.archive import local
from linkwatch.errors import CopyError
from linkwatch.model import LocalCopy
from linkwatch.web.recorded import Recorded
from tests.fakes.clock import START
from tests.warcs import problems

PAGE = b"<title>An essay</title> of some words"


@pytest.fixture
def folder(tmp_path: Path) -> local.Folder:
    return local.Folder(tmp_path / "x.db")


def exchange(
    url: str, *, status: int = 200, payload: bytes = PAGE, headers: dict[bytes, bytes] | None = None
) -> Recorded:
    return Recorded(
        url=url,
        request=(("Host", "a.test"), ("User-Agent", "test/1")),
        version="1.1",
        status=status,
        reason="As\nit is",
        headers=tuple((headers or {b"Content-Type": b"text/html"}).items()),
        payload=payload,
    )


def made(*chain: Recorded, link: str = "http://a.test/") -> tuple[LocalCopy, bytes]:
    copy = local.copy_of(link, chain, at=START, title="An essay", most=1000)
    assert copy is not None
    return copy


def test_a_copy_holds_the_whole_chain_as_it_came(folder: local.Folder) -> None:
    packed = gzip.compress(PAGE)
    odd = {b"Content-Encoding": b"gzip", b"X-Odd": b"caf\xe9", b"content-type": b"text/html"}
    copy, data = made(
        exchange("http://a.test/", status=302, headers={b"Location": b"/b?q=1"}, payload=b""),
        exchange("http://a.test/b?q=1", payload=packed, headers=odd),
    )
    folder.write(copy.path, data)

    assert copy.path == f"copies/{copy.digest[:2]}/20260105040000-{copy.digest}-ab78fd15.warc.gz"
    assert (copy.length, copy.size_bytes, copy.status) == (len(packed), len(data), 200)
    assert copy.content_type == "text/html"
    assert problems(folder.path(copy.path)) == []
    records = []
    for record in ArchiveIterator(BytesIO(data), no_record_parse=False):
        date = record.rec_headers.get_header("WARC-Date")
        records.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), date))
        if record.rec_type == "response":
            digest = record.rec_headers.get_header("WARC-Payload-Digest")
            assert record.http_headers.protocol == "HTTP/1.1"
    assert digest == f"sha1:{copy.digest}"
    on = "2026-01-05T04:00:00Z"
    assert records == [
        ("warcinfo", None, on),
        *(
            (kind, url, on)
            for url in ("http://a.test/", "http://a.test/b?q=1")
            for kind in ("response", "request")
        ),
    ]
    plain = local.opened(data)
    assert b"\r\nX-Odd: caf\xe9\r\n" in plain
    assert b"\r\n\r\nGET /b?q=1 HTTP/1.1\r\nHost: a.test\r\n" in plain
    assert b"\r\n\r\nHTTP/1.1 200 As it is\r\n" in plain
    assert folder.page(copy) == PAGE
    assert folder.warc(copy) == data


def test_of_an_address_that_was_asked_twice_the_last_answer_is_kept() -> None:
    first = exchange("http://a.test/", status=302, headers={b"Location": b"/"}, payload=b"see")
    _, data = made(first, exchange("http://a.test/"))
    answers = [r for r in ArchiveIterator(BytesIO(data)) if r.rec_type == "response"]
    assert [answer.http_headers.get_statuscode() for answer in answers] == ["200"]


@pytest.mark.parametrize(
    ("payload", "encoding"),
    [
        (b"", b""),
        (b"x" * 1001, b""),
        (gzip.compress(bytes(10**6), mtime=0), b"gzip"),
        (b"no", b"gzip"),
    ],
)
def test_what_is_nothing_too_long_or_damaged_is_no_copy(payload: bytes, encoding: bytes) -> None:
    page = exchange("http://a.test/", payload=payload, headers={b"Content-Encoding": encoding})
    assert local.copy_of("http://a.test/", [page], at=START, title=None, most=1000) is None


def test_a_file_that_is_gone_or_not_as_it_was_is_told(tmp_path: Path, folder: local.Folder) -> None:
    copy, data = made(exchange("http://a.test/"))
    path = tmp_path / copy.path
    with pytest.raises(CopyError, match="gone"):
        folder.page(copy)
    folder.write(copy.path, data)
    other = made(exchange("http://a.test/", payload=b"another page"))[1]
    broken = bytearray(data)
    broken[len(data) // 2] ^= 255
    for damage in (b"", b"not gzip", data[: len(data) // 2], bytes(broken), other, data[:40]):
        path.write_bytes(damage)
        with pytest.raises(CopyError, match="is damaged"):
            folder.page(copy)
        with pytest.raises(CopyError, match="is damaged"):
            folder.warc(copy)
    path.unlink()
    path.mkdir()
    with pytest.raises(CopyError, match="Can't read"):
        folder.page(copy)


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, folder: local.Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(local, "os", SimpleNamespace(fsync=full, path=os.path))
    with pytest.raises(OSError, match="No space"):
        folder.write("copies/AB/x.warc.gz", b"data")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


_KILLED = """
import os, sys, time
from pathlib import Path
from types import SimpleNamespace
from linkwatch.archive import local

def wait(number):
    print("half", flush=True)
    time.sleep(60)

local.os = SimpleNamespace(fsync=wait, path=os.path)
local.Folder(Path(sys.argv[1], "x.db")).write("copies/AB/x.warc.gz", b"data")
"""


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
def test_a_kill_leaves_no_half_file_under_a_final_name(
    tmp_path: Path, folder: local.Folder
) -> None:
    command = [sys.executable, "-c", _KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.suffix for path in left] == [""]
    folder.clean()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_there_may_be_nothing_to_clean_or_to_remove(folder: local.Folder) -> None:
    folder.clean()
    folder.remove("copies/AB/x.warc.gz")
