"""A local copy given out as a file."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linkwatch.archive import local
from linkwatch.archive.naming import file_name
from linkwatch.config import Config
from linkwatch.errors import CopyError, LinkwatchError
from linkwatch.history.copies import copies_of
from linkwatch.history.links import ids_of
from linkwatch.history.store import Store
from linkwatch.model import LocalCopy
from linkwatch.web.url import link_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A copy that is given out."""

    copy: LocalCopy
    data: bytes  # what belongs into the file
    newer: tuple[CopyError, ...]  # why it is not one of those that are newer


def kept_copies(config: Config, url: str) -> list[LocalCopy]:
    """The copies of a URL's page, newest first, in any spelling that means the same link.

    Raises StoreError without a history, LinkwatchError for a URL it does not know, CopyError
    where there is no copy.
    """
    link = link_of(url)
    with Store(config.database, must_exist=True) as store:
        known, copies = ids_of(store, [link]), copies_of(store, link)
    if copies:
        return copies[::-1]
    if not known:
        raise LinkwatchError(f"History knows no link {link}: no note has mentioned it.")
    how = (
        f"the next check that finds it well keeps one, of {config.archive.local_limits.page_mb} MB"
        " at most"
        if config.archive.local
        else "set archive.local: true, and the next check that finds it well keeps one"
    )
    raise CopyError(f"There is no local copy of {link}: {how}.")


def name_for(copy: LocalCopy) -> str:
    """How its file is called where nobody says otherwise."""
    return file_name(copy.url, copy.content_type)


def exported(config: Config, copies: Sequence[LocalCopy], target: Path | None = None) -> Given:
    """The first of some copies that is not damaged, in the form that `target` has by its name.

    That is the WARC file, or else the page. Raises CopyError, that of the first, where all are.
    """
    folder = local.Folder(config.database)
    troubles: list[CopyError] = []
    for copy in copies:
        try:
            data = _data(folder, copy, target)
        except CopyError as exc:
            troubles.append(exc)
            continue
        return Given(copy=copy, data=data, newer=tuple(troubles))
    raise troubles[0]


def _data(folder: local.Folder, copy: LocalCopy, target: Path | None) -> bytes:
    name = target.name.lower() if target is not None else ""
    if name.endswith(".warc.gz"):
        return folder.warc(copy)
    if name.endswith(".warc"):
        return local.opened(folder.warc(copy))
    return folder.page(copy)


def put_file(target: Path, data: bytes, *, force: bool) -> None:
    """Write a file, whole or not at all. What is there is only overwritten by `force`.

    Raises CopyError.
    """
    try:
        if target.is_dir():
            raise CopyError(f"{target} is a folder, not a file.")
        special = target.exists() and not stat.S_ISREG(target.stat().st_mode)
        if special:  # a pipe, a device
            target.write_bytes(data)
        elif force:
            _replace(target.resolve(), data)
        else:
            _write(target, data)
    except FileExistsError:
        raise CopyError(
            f"{target} is here already, and is left as it is; --force overwrites it."
        ) from None
    except OSError as exc:
        raise CopyError(f"Can't write {target}: {exc.strerror}.") from exc


def _replace(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".linkwatch-{secrets.token_hex(8)}.tmp")
    _write(temporary, data)
    try:
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        try:
            file.write(data)
            file.flush()
        except BaseException:
            path.unlink(missing_ok=True)
            raise
