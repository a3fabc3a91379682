"""Puts a report where it belongs, whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from linkwatch.errors import ReportError
from linkwatch.marker import HEAD_BYTES, is_report
from linkwatch.report.inert import terminal

_CHUNK: Final = 1 << 18  # bytes, or characters

_WHY: Final[dict[int, str]] = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than allowed",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EEXIST: "a part of its path is a file, not a folder",
    errno.EISDIR: "it is a folder",
    errno.ELOOP: "its symbolic links lead in a circle",
    errno.ENAMETOOLONG: "its name is too long",
    errno.EIO: "the disk reports an error",
}


def refuse_foreign(path: Path) -> None:
    """Raise ReportError if something lies at `path` that is not a report of ours: a note, say."""
    try:
        if not path.is_file():
            return
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:  # the writing will tell
        return
    if head and not is_report(head):
        raise ReportError(
            f"{path} is not a report of linkwatch's, and is left as it is: "
            "remove it, or choose another report.path."
        )


def write_atomically(path: Path, text: str | Iterable[str]) -> None:
    """Write `text` to `path` so that a reader, or a crash, finds the old report or the new one.

    It may come in pieces, and is never held as a whole. An unchanged report is left untouched, its
    time too: vaults are watched and synchronised. A symbolic link is followed, permissions are
    kept, a missing folder is made. What is no regular file (a pipe, `/dev/stdout`) is written to
    as it is. ReportError: it could not be done.
    """
    pieces = [text] if isinstance(text, str) else text
    chunks = (chunk.encode("utf-8", "replace") for chunk in in_chunks(pieces))
    try:
        _write(path, chunks)
    except OSError as exc:
        raise ReportError(
            f"Can't write the report to {terminal(str(path))}: {_why(path, exc)}."
        ) from exc


def in_chunks(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in pieces that are worth a call each."""
    some: list[str] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield "".join(some)
            some, size = [], 0
    if some:
        yield "".join(some)


def _write(path: Path, chunks: Iterator[bytes]) -> None:
    try:
        old = path.stat()
    except FileNotFoundError:
        old = None
    if old is not None and stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if old is not None and not stat.S_ISREG(old.st_mode):
        with path.open("wb") as file:
            file.writelines(chunks)
        return
    target = path.resolve()  # of a symbolic link: what it points to, be it missing
    changed = chunks if old is None else _changed(target, chunks)
    if changed is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, since only within one file system a rename is atomic; hidden, so that a
    # vault's reader does not show it; short, so that no name becomes too long.
    temporary = target.parent / f".linkwatch-{secrets.token_hex(8)}.tmp"
    try:
        _write_through(temporary, changed, old)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _changed(target: Path, chunks: Iterator[bytes]) -> Iterator[bytes] | None:
    """What to write in the place of a file that begins as it did; None: it stays as it is."""
    same = 0
    try:
        with target.open("rb") as file:
            for chunk in chunks:
                if file.read(len(chunk)) != chunk:
                    return chain(_beginning(target, same), [chunk], chunks)
                same += len(chunk)
            if not file.read(1):
                return None
    except PermissionError:  # it may be written all the same
        if same:
            raise
        return chunks
    return _beginning(target, same)


def _beginning(target: Path, size: int) -> Iterator[bytes]:
    with target.open("rb") as file:
        while size > 0:
            data = file.read(min(size, _CHUNK))
            if not data:
                raise OSError(errno.EIO, "it changed while it was read")
            size -= len(data)
            yield data


def _write_through(temporary: Path, chunks: Iterable[bytes], old: os.stat_result | None) -> None:
    # 0o666 and the process's umask, as for any new file; tempfile would make it private
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _O_BINARY, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        if old is not None:
            _keep_permissions(temporary, old)
        file.writelines(chunks)
        file.flush()
        os.fsync(descriptor)


_O_BINARY: Final[int] = getattr(os, "O_BINARY", 0)  # Windows would write CRLF without it


def _keep_permissions(temporary: Path, old: os.stat_result) -> None:
    if hasattr(os, "chown") and (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
        try:
            os.chown(temporary, old.st_uid, old.st_gid)
        except PermissionError:
            pass  # only root may give a file away; the rest is kept all the same
    temporary.chmod(stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where folders can be opened (not on Windows)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems refuse; the report is complete either way
    finally:
        os.close(descriptor)


def _why(path: Path, exc: OSError) -> str:
    if exc.errno in (errno.EACCES, errno.EPERM) and _folder_is_read_only(path):
        return f"the folder {terminal(str(path.resolve().parent))} does not allow new files"
    known = _WHY.get(exc.errno or 0)
    return known or terminal(exc.strerror or str(exc) or type(exc).__name__)


def _folder_is_read_only(path: Path) -> bool:
    try:
        folder = path.resolve().parent
        return folder.is_dir() and not os.access(folder, os.W_OK, effective_ids=_EFFECTIVE)
    except OSError:
        return False


_EFFECTIVE: Final = os.access in os.supports_effective_ids
