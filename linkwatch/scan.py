"""Notes -> mentions in the history: what changed is read, what went away is forgotten."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from linkwatch.config import Config
from linkwatch.errors import NotesError
from linkwatch.history.mentions import note_ids, remove_notes, save_note, settle_mentions, stamps
from linkwatch.history.store import Store
from linkwatch.marker import is_report
from linkwatch.model import Mention
from linkwatch.notes.extract import EXTRACTOR_VERSION, Options, extract
from linkwatch.notes.vault import Globs, Root, Trouble, as_text, read, walk

_BATCH = 200  # notes a commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a scan found."""

    notes: frozenset[int]  # ids of the notes that are there
    read: int  # of them, those that were new or changed
    troubles: tuple[Trouble, ...]


def roots_of(
    config: Config, paths: Sequence[Path], cwd: Path, *, known: Sequence[str] = ()
) -> list[Root]:
    """Where to look: at the configured notes, or only at `paths` (relative to `cwd`).

    A path within the configured notes, or within a root that history knows already (`known`, by
    name), keeps its place there; any other is a root of its own. A root is always a folder: that
    of a single file is the folder it lies in.
    """
    homes = [
        Root(name=as_text(name), path=path)
        for name, path in zip(config.notes.paths, config.note_paths, strict=True)
    ]
    if not paths:
        return [_folder_of(home) for home in homes]
    homes += [
        Root(name=name, path=config.base / Path(name).expanduser())
        for name in known
        if name not in config.notes.paths
    ]
    found = []
    for path in paths:
        at = _absolute(cwd / path)
        inside = (_inside(root, at) for root in homes)
        found.append(next(filter(None, inside), Root(name=as_text(at.as_posix()), path=at)))
    return [_folder_of(root) for root in found]


def _folder_of(root: Root) -> Root:
    """The same place, with its folder as the root if it is a file."""
    if root.below or not root.path.is_file():
        return root
    name = Path(root.name).parent.as_posix()
    return Root(name=name, path=root.path.parent, below=root.path.name)


def _inside(home: Root, at: Path) -> Root | None:
    """A path as part of a root; None if it lies elsewhere."""
    real = Path(os.path.realpath(home.path))
    for base in (_absolute(home.path), real):  # behind a symbolic link, a shell shows either
        if at.is_relative_to(base):
            below = at.relative_to(base).as_posix()
            return Root(name=home.name, path=home.path, below="" if below == "." else below)
    return None


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def options_of(config: Config) -> Options:
    """How the configuration wants notes to be read."""
    return Options(check_code=config.notes.check_code)


def globs_of(config: Config) -> Globs:
    """Which files the configuration takes for notes."""
    return Globs(config.notes.include, config.notes.exclude)


def empty_vault(roots: Sequence[Root], config: Config) -> NotesError:
    """The sentence for folders without a single note: more likely a mistake than a wish."""
    places = ", ".join(str(root.start) for root in roots)
    wanted = ", ".join(config.notes.include)
    return NotesError(f"There are no notes in {places}: no file there matches {wanted}.")


def mentions_of(raw: bytes, config: Config, *, file: str) -> list[Mention]:
    """What a note names; nothing if it is one of our own reports."""
    return [] if is_report(raw) else extract(raw, file=file, options=options_of(config))


def scan(
    store: Store,
    roots: Sequence[Root],
    *,
    config: Config,
    cycle_id: int,
    now: datetime,
    whole: bool,
    stop: threading.Event,
    tell: Callable[[int], None],
) -> Scanned:
    """Bring the mentions of the notes below `roots` up to date.

    `whole`: these are all the notes there are, so any other is forgotten. What can't be read
    keeps what was known of it. `tell` hears how many notes have been seen. Setting `stop` ends
    it early, with nothing forgotten. Raises NotesError if a root is missing or no note is found,
    before anything is changed.
    """
    key = f"{EXTRACTOR_VERSION}:{version('pyromark')}:{options_of(config)}"
    stamped = stamps(store, key)
    known = note_ids(store)
    present: set[int] = set()
    reached: set[str] = set()  # absolute paths
    troubles: list[Trouble] = []
    found = walk(roots, globs_of(config))
    seen = changed = 0
    while batch := list(islice(found, _BATCH)):
        with store.writing():
            for item in batch:
                if isinstance(item, Trouble):
                    troubles.append(item)
                    continue
                seen += 1
                if not whole:  # else whatever is not present goes, wherever it lies
                    reached.add(str(_absolute(item.at)))
                name = (item.root, item.path)
                stamp = (item.stamp.size, item.stamp.mtime_ns)
                if stamped.get(name) == stamp:
                    present.add(known[name])
                    continue
                raw = read(item)
                if isinstance(raw, Trouble):
                    troubles.append(raw)
                elif is_report(raw):
                    seen -= 1
                else:
                    mentions = extract(raw, file=item.path, options=options_of(config))
                    present.add(save_note(store, *name, stamp, key, mentions, now))
                    changed += 1
        tell(seen)
        if stop.is_set():
            return Scanned(notes=frozenset(present), read=changed, troubles=tuple(troubles))
    if not seen and not troubles:
        raise empty_vault(roots, config)
    gone = [
        note_id
        for name, note_id in known.items()
        if note_id not in present
        and (whole or _within(name, roots) or _place(name, config) in reached)
        and not any(_covers(trouble, name) for trouble in troubles)
    ]
    remove_notes(store, gone)
    settle_mentions(store, cycle_id, config.archive.wayback_url)
    return Scanned(notes=frozenset(present), read=changed, troubles=tuple(troubles))


def _place(name: tuple[str, str], config: Config) -> str:
    """Where a note that history knows lies: it may be known under another root by now."""
    root, path = name
    return str(_absolute(config.base / Path(root).expanduser() / path))


def _within(name: tuple[str, str], roots: Sequence[Root]) -> bool:
    root, path = name
    return any(root == r.name and _is_below(path, r.below) for r in roots)


def _covers(trouble: Trouble, name: tuple[str, str]) -> bool:
    return trouble.root == name[0] and _is_below(name[1], trouble.path)


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
