"""A local copy given out as a file."""

from __future__ import annotations

import secrets
import stat
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


def newest_copy(config: Config, url: str) -> LocalCopy:
    """The newest good copy of a URL's page, in any spelling that means the same link.

    Raises StoreError without a history, LinkwatchError for a URL it does not know, CopyError
    where there is no copy.
    """
    link = link_of(url)
    with Store(config.database, must_exist=True) as store:
        known, copies = ids_of(store, [link]), copies_of(store, link)
    if copies:
        return copies[-1]
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


def exported(config: Config, copy: LocalCopy, target: Path | None = None) -> bytes:
    """What belongs into `target`, by its name: the WARC file, or else the page.

    Raises CopyError.
    """
    folder = local.Folder(config.database)
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
