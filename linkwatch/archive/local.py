"""Local copies: pages as WARC files, from the very bytes of the checks.

One file a copy: the page, the redirects that led to it, and what was sent for each. A file has its
final name only once it is whole and on disk. `warcio` is imported where it is used, since most
runs keep nothing.
"""

from __future__ import annotations

import base64
import gzip
import os
import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b, sha1
from io import BytesIO
from pathlib import Path
from typing import Any

from yarl import URL

from linkwatch import __version__
from linkwatch.errors import CopyError
from linkwatch.model import LocalCopy
from linkwatch.web.recorded import Recorded, unpacked

FOLDER = "copies"  # below the database's own
_LARGEST = 1_000_000_000  # bytes of a page, unpacked; nothing that was kept comes near it
_WARC_DATE = "%Y-%m-%dT%H:%M:%SZ"


def copy_of(
    link: str,
    chain: Sequence[Recorded],
    *,
    at: datetime,
    title: str | None,
    most: int,
    owner: str = "",
) -> tuple[LocalCopy, bytes] | None:
    """A link's copy, and the file that it will be; `chain`: the exchanges, the page's last.

    `owner`: tells the files of several databases apart, where they lie in one folder.
    None: there is nothing to keep, or it does not unpack to `most` bytes or fewer.
    """
    page = chain[-1]
    if not page.payload or unpacked(page.payload, page.header("content-encoding"), most) is None:
        return None
    digest = digest_of(page.payload)
    whose = f"{owner}\0{link}".encode("utf-8", "surrogatepass")
    own = blake2b(whose, digest_size=4).hexdigest()
    name = f"{at:%Y%m%d%H%M%S}-{digest}-{own}.warc.gz"
    # Some sites set a cookie and lead back: of an address that was asked twice, the last answer.
    last = {recorded.url: recorded for recorded in chain}
    data = _warc(name, list(last.values()), at)
    copy = LocalCopy(
        url=link,
        at=at,
        seen_at=at,
        path=f"{FOLDER}/{digest[:2]}/{name}",
        digest=digest,
        size_bytes=len(data),
        length=len(page.payload),
        status=page.status,
        content_type=page.header("content-type"),
        title=title,
    )
    return copy, data


def digest_of(payload: bytes) -> str:
    """SHA-1 in base32, as web archives write it in their indexes."""
    return base64.b32encode(sha1(payload, usedforsecurity=False).digest()).decode()


def _warc(name: str, exchanges: Sequence[Recorded], at: datetime) -> bytes:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    class Raw(StatusAndHeaders):  # type: ignore[misc]  # warcio ships no types
        """Headers whose bytes stay as they came; warcio's own would percent-encode some."""

        def compute_headers_buffer(self, header_filter: Any = None) -> None:
            self.headers_buff = self.to_bytes(header_filter, encoding="latin-1")

    file = BytesIO()
    writer = WARCWriter(file, gzip=True)
    date = {"WARC-Date": f"{at:{_WARC_DATE}}"}
    info = writer.create_warcinfo_record(
        name, {"software": f"linkwatch/{__version__}", "format": "WARC File Format 1.0"}
    )
    info.rec_headers.replace_header("WARC-Date", date["WARC-Date"])
    writer.write_record(info)
    for exchange in exchanges:
        answer = writer.create_warc_record(
            exchange.url,
            "response",
            payload=BytesIO(exchange.payload),
            length=len(exchange.payload),
            http_headers=Raw(
                f"{exchange.status} {_line(exchange.reason)}",
                [(_text(key), _text(value)) for key, value in exchange.headers],
                protocol=f"HTTP/{exchange.version}",
            ),
            warc_headers_dict=dict(date),
        )
        target = URL(exchange.url, encoded=True).raw_path_qs
        question = writer.create_warc_record(
            exchange.url,
            "request",
            http_headers=Raw(
                f"GET {target} HTTP/1.1", list(exchange.request), is_http_request=True
            ),
            warc_headers_dict=dict(date),
        )
        writer.write_request_response_pair(question, answer)
    return file.getvalue()


def _text(raw: bytes) -> str:
    return _line(raw.decode("latin-1"))


def _line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ").encode("latin-1", "replace").decode("latin-1")


class Folder:
    """The files of one database's copies, below the folder that it lies in."""

    def __init__(self, database: Path) -> None:
        self._root = database.parent
        # Two databases in one folder share it, and know nothing of each other's files.
        self._coming = self._root / FOLDER / f".{database.name}.coming"

    def path(self, path: str) -> Path:
        """Where a copy lies, by what its row says."""
        return self._root / path

    def whole(self, path: str, size_bytes: int) -> bool:
        """Whether the file of a copy is there, of the size that was written; it is not read."""
        place = self.path(path)
        try:
            return os.path.isfile(place) and os.path.getsize(place) == size_bytes  # noqa: PTH113, PTH202 - Path's raises in a locked folder
        except OSError:  # removed just now
            return False

    def write(self, path: str, data: bytes) -> None:
        """Put a file at `path`, whole or not at all. Raises OSError."""
        target = self.path(path)
        self._coming.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(exist_ok=True)
        temporary = self._coming / secrets.token_hex(8)
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def clean(self) -> None:
        """Remove what a killed process was writing. Raises OSError."""
        if self._coming.is_dir():
            for leftover in self._coming.iterdir():
                leftover.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Remove a file, if it is still there. Raises OSError."""
        self.path(path).unlink(missing_ok=True)

    def warc(self, copy: LocalCopy) -> bytes:
        """The file of a copy, packed. Raises CopyError if it is not there or not as it was."""
        data = self._read(copy)
        if _page(data, copy) is None or len(data) != copy.size_bytes:
            raise self._damaged(copy)
        return data

    def page(self, copy: LocalCopy) -> bytes:
        """The page of a copy, unpacked. Raises CopyError if it is not there or not as it was.

        Only the page itself is looked at: it is given out even where the rest of its file is
        damaged.
        """
        found = _page(self._read(copy), copy)
        body = unpacked(*found, _LARGEST) if found is not None else None
        if body is None:
            raise self._damaged(copy)
        return body

    def _read(self, copy: LocalCopy) -> bytes:
        path = self.path(copy.path)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            why = f"The local copy of {copy.url} is gone: there is no file {path}."
            raise CopyError(why) from None
        except OSError as exc:
            raise CopyError(f"Can't read the local copy {path}: {exc.strerror}.") from exc

    def _damaged(self, copy: LocalCopy) -> CopyError:
        path = self.path(copy.path)
        return CopyError(f"The local copy {path} is damaged: it is not what was written.")


def _page(data: bytes, copy: LocalCopy) -> tuple[bytes, str | None] | None:
    """The payload of the page and its encoding, if it is what was kept."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    try:
        for record in ArchiveIterator(BytesIO(data)):
            if record.rec_type == "response":
                payload = record.raw_stream.read()
                if digest_of(payload) == copy.digest:
                    return payload, record.http_headers.get_header("Content-Encoding")
    except (ArchiveLoadFailed, zlib.error, OSError, EOFError, ValueError):
        pass  # not as it was written
    return None


def opened(data: bytes) -> bytes:
    """A packed WARC file as a plain one."""
    return gzip.decompress(data)
