"""Folders -> notes, and which of them changed since they were last read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec.patterns.gitignore.basic import GitIgnoreBasicPattern

from linkwatch.errors import NotesError


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One place to look for notes. A file is read whatever its suffix."""

    name: str  # what history files its notes under: the path as configured, or absolute
    path: Path
    below: str = ""  # only this part of it, as a path relative to `path`, with slashes

    @property
    def start(self) -> Path:
        """Where to look."""
        return self.path / self.below


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells a changed note from an unchanged one without reading it."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note found. Its identity is `root` and `path`."""

    root: str
    path: str  # relative to the root, with slashes; for a root that is a file, its name
    at: Path
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something below a root that could not be read; what is known of it stays as it is."""

    root: str
    path: str  # of a note, or of a folder with all that is in it; empty for the root itself
    why: str  # one line for a person


class Globs:
    """Include and exclude patterns, with ** as gitignore has it, relative to a root."""

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        # A gitignore pattern that names a folder takes all that is in it: right for leaving out;
        # but with `**/*.md` a folder called `x.md` must not make notes of its pictures.
        self._include = tuple(
            re.compile(p.pattern.removesuffix("(?:/|$)") + "$") if p.pattern.endswith("$)") else p
            for p in _compile(include)
        )
        self._exclude = _compile(exclude)

    def takes(self, path: str) -> bool:
        """Whether a file is a note, by its path relative to the root."""
        return any(p.match(path) for p in self._include) and not self._excludes(path)

    def enters(self, folder: str) -> bool:
        """Whether a folder may hold notes: not if everything in it is excluded."""
        return not self._excludes(f"{folder}/\x01")

    def _excludes(self, path: str) -> bool:
        return any(p.match(path) for p in self._exclude)


def _compile(patterns: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    try:
        found = (GitIgnoreBasicPattern(p).regex for p in patterns)
        return tuple(regex for regex in found if regex is not None)
    except ValueError as exc:
        raise NotesError(f"One of {list(patterns)} is not a glob: {exc}.") from exc


def walk(roots: Sequence[Root], globs: Globs) -> Iterator[Note | Trouble]:
    """Every note below the roots, once, in a stable order, and every trouble on the way.

    A folder that is reached twice, through a symbolic link, is read under its own name only.
    Raises NotesError if a root does not exist, before anything is yielded.
    """
    for root in roots:
        if not root.start.exists():
            raise NotesError(f"There are no notes at {root.start}: no such file or folder.")
    seen_files: set[tuple[int, int]] = set()
    seen_folders: set[tuple[int, int]] = set()
    for root in roots:
        if root.start.is_dir():
            yield from _Walk(root, globs, seen_folders, seen_files).run()
        else:
            yield from _file(root.name, root.below or root.path.name, root.start, seen_files)


class _Walk:
    def __init__(
        self,
        root: Root,
        globs: Globs,
        seen_folders: set[tuple[int, int]],
        seen_files: set[tuple[int, int]],
    ) -> None:
        self._root = root
        self._globs = globs
        self._seen_folders = seen_folders
        self._seen_files = seen_files
        self._links: list[tuple[str, str]] = []  # symbolic links to folders: after all else

    def run(self) -> Iterator[Note | Trouble]:
        yield from self._folder(str(self._root.start), self._root.below)
        while self._links:
            at, path = self._links.pop(0)
            target = os.path.realpath(at)
            here = os.path.realpath(os.path.dirname(at))  # noqa: PTH120 - a hot path
            if here == target or here.startswith(target.rstrip(os.sep) + os.sep):
                yield self._trouble(path, "a symbolic link that leads round in a circle")
            else:
                yield from self._folder(at, path)

    def _folder(self, at: str, path: str) -> Iterator[Note | Trouble]:
        try:
            identity = _identity(os.stat(at))  # noqa: PTH116 - a hot path: Path objects cost
            if identity in self._seen_folders:
                return
            self._seen_folders.add(identity)
            with os.scandir(at) as found:
                entries = sorted(found, key=lambda e: e.name)
        except OSError as exc:
            yield self._trouble(path, exc.strerror or str(exc))
            return
        for entry in entries:
            inner = f"{path}/{entry.name}" if path else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if self._globs.enters(inner):
                        yield from self._folder(entry.path, inner)
                elif entry.is_symlink() and entry.is_dir():
                    if self._globs.enters(inner):
                        self._links.append((entry.path, inner))
                elif self._globs.takes(inner):
                    yield from _file(self._root.name, inner, Path(entry.path), self._seen_files)
            except OSError as exc:  # a symbolic link that leads nowhere, or to itself
                if self._globs.takes(inner):
                    yield self._trouble(inner, exc.strerror or str(exc))

    def _trouble(self, path: str, why: str) -> Trouble:
        return Trouble(root=self._root.name, path=_text(path), why=why)


def _file(root: str, path: str, at: Path, seen: set[tuple[int, int]]) -> Iterator[Note | Trouble]:
    path = _text(path)
    try:
        status = at.stat()
    except OSError as exc:
        yield Trouble(root=root, path=path, why=exc.strerror or str(exc))
        return
    if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for without end
        yield Trouble(root=root, path=path, why="not a regular file")
        return
    if _identity(status) in seen and at.is_symlink():
        return
    seen.add(_identity(status))
    stamp = Stamp(status.st_size, status.st_mtime_ns)
    yield Note(root=root, path=path, at=at, stamp=stamp)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _text(path: str) -> str:
    """A file name as text: bytes that are not UTF-8 become U+FFFD."""
    return path.replace(os.sep, "/").encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read(note: Note) -> bytes | Trouble:
    """A note's bytes, or why they can't be had."""
    try:
        return note.at.read_bytes()
    except OSError as exc:
        return Trouble(root=note.root, path=note.path, why=exc.strerror or str(exc))


def display_names(roots: Mapping[str, Path]) -> dict[str, str]:
    """What to put before a note's path, by root name, so that names are short and never collide.

    With one root: nothing, notes are named relative to it. With several: each root's path below
    the closest folder that holds them all.
    """
    folders = {n: p if p.is_dir() or not p.suffix else p.parent for n, p in roots.items()}
    if len(set(folders.values())) <= 1:
        return dict.fromkeys(roots, "")
    try:
        base = Path(os.path.commonpath(folders.values()))
    except ValueError:  # on different drives
        return {name: f"{folder.as_posix()}/" for name, folder in folders.items()}
    return {
        name: "" if folder == base else f"{folder.relative_to(base).as_posix()}/"
        for name, folder in folders.items()
    }
