"""Notes -> mentions in the history: what changed is read, what went away is forgotten."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from linkwatch.config import Config
from linkwatch.errors import NotesError
from linkwatch.history.filing import Filed
from linkwatch.history.mentions import (
    Known,
    known_notes,
    remove_notes,
    save_notes,
    settle_mentions,
)
from linkwatch.history.store import Store
from linkwatch.marker import is_report
from linkwatch.model import Mention
from linkwatch.notes.extract import EXTRACTOR_VERSION, Options, extract
from linkwatch.notes.vault import Globs, Note, Root, Trouble, as_text, walk
from linkwatch.readers import Batch, readings

# Of a batch that is read, and after which we hear of a wish to stop.
_NOTES = 200
_BYTES = 1_000_000
# Of a commit. Each touches most pages of the index of links, new URLs being spread all over it:
# commits of 200 notes took twice as long as all the rest of the writing.
_ROWS = 10_000


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
    options = options_of(config)
    key = f"{EXTRACTOR_VERSION}:{version('pyromark')}:{options}"
    known = known_notes(store, key)
    filing = _Filing(store, key, now)
    reached: set[str] | None = None if whole else set()  # absolute paths
    troubles: list[Trouble] = []
    seen = reports = 0
    batches = _batches(walk(roots, globs_of(config)), known, reached)
    with store.writing_much(), closing(readings(batches, options)) as found:
        for batch, notes in found:
            filing.present.update(batch.present)
            troubles += batch.troubles
            for note in notes:
                if isinstance(note, Filed):
                    filing.add(note)
                elif note is None:
                    reports += 1
                else:
                    troubles.append(note)
            seen = batch.seen - reports
            tell(seen)
            if stop.is_set():
                break
        filing.write()
    present = filing.present
    if stop.is_set():
        return Scanned(notes=frozenset(present), read=filing.filed, troubles=tuple(troubles))
    if not seen and not troubles:
        raise empty_vault(roots, config)
    gone = [
        note.id
        for name, note in known.items()
        if note.id not in present
        and (reached is None or _within(name, roots) or _place(name, config) in reached)
        and not any(_covers(trouble, name) for trouble in troubles)
    ]
    remove_notes(store, gone)
    settle_mentions(store, cycle_id, config.archive.wayback_url)
    return Scanned(notes=frozenset(present), read=filing.filed, troubles=tuple(troubles))


class _Filing:
    """Notes on their way into the history, many at a time."""

    def __init__(self, store: Store, extractor: str, now: datetime) -> None:
        self._store = store
        self._extractor = extractor
        self._now = now
        self._notes: list[Filed] = []
        self._rows = 0
        self.present: set[int] = set()  # ids of the notes that are there
        self.filed = 0

    def add(self, note: Filed) -> None:
        self._notes.append(note)
        self._rows += 1 + len(note.rows)
        if self._rows >= _ROWS:
            self.write()

    def write(self) -> None:
        if self._notes:
            self.present.update(save_notes(self._store, self._notes, self._extractor, self._now))
            self.filed += len(self._notes)
        self._notes, self._rows = [], 0


def _batches(
    found: Iterable[Note | Trouble],
    known: Mapping[tuple[str, str], Known],
    reached: set[str] | None,
) -> Iterator[Batch]:
    """What was found, told apart: what has changed since it was read last has to be read.

    `reached` gets the absolute paths of all notes, if it is there.
    """
    batch = Batch()
    in_batch = 0
    for item in found:
        in_batch += 1
        if isinstance(item, Trouble):
            batch.troubles.append(item)
        else:
            batch.seen += 1
            if reached is not None:
                reached.add(os.path.abspath(item.place))  # noqa: PTH100 - as `_absolute`
            before = known.get((item.root, item.path))
            if before and before.stamp == (item.stamp.size, item.stamp.mtime_ns):
                batch.present.append(before.id)
            else:
                batch.changed.append(item)
                batch.size += item.stamp.size
        if in_batch == _NOTES or batch.size >= _BYTES:
            yield batch
            batch, in_batch = Batch(seen=batch.seen), 0
    if in_batch:
        yield batch


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
