"""Folders -> notes, and which of them changed since they were last read."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
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
    place: str  # where it lies
    stamp: Stamp

    @property
    def at(self) -> Path:
        """Where it lies. Made when asked for: it would be most of the work for an unchanged one."""
        return Path(self.place)


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
        for pattern in self._include:  # no `any`: it takes three times as long
            if pattern.match(path):
                return not self._excludes(path)
        return False

    def enters(self, folder: str) -> bool:
        """Whether a folder may hold notes: not if everything in it is excluded."""
        return not self._excludes(f"{folder}/\x01")

    def _excludes(self, path: str) -> bool:
        for pattern in self._exclude:  # noqa: SIM110 - as above
            if pattern.match(path):
                return True
        return False


def _compile(patterns: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    try:
        found = (GitIgnoreBasicPattern(p).regex for p in patterns)
        return tuple(regex for regex in found if regex is not None)
    except (ValueError, re.error) as exc:
        raise NotesError(f"One of {list(patterns)} is not a glob: {exc}.") from exc


def walk(roots: Sequence[Root], globs: Globs) -> Iterator[Note | Trouble]:
    """Every note below the roots, once, in a stable order, and every trouble on the way.

    What is reached twice, through a symbolic link, is read under its own name only.
    Raises NotesError if a root does not exist, before anything is yielded.
    """
    for root in roots:
        try:
            root.start.stat()
        except (FileNotFoundError, NotADirectoryError) as exc:
            raise NotesError(
                f"There are no notes at {root.start}: no such file or folder."
            ) from exc
        except OSError as exc:
            raise NotesError(f"Can't read the notes at {root.start}: {exc.strerror}.") from exc
    yield from _Walk(globs).run(roots)


class _Walk:
    def __init__(self, globs: Globs) -> None:
        self._globs = globs
        self._seen_folders: set[tuple[int, int]] = set()
        self._seen_files: set[tuple[int, int]] = set()
        self._links: deque[tuple[str, str, str]] = deque()  # symbolic links: after all else

    def run(self, roots: Sequence[Root]) -> Iterator[Note | Trouble]:
        for root in roots:
            if root.start.is_dir():
                yield from self._folder(root.name, str(root.start), root.below)
            else:
                yield from self._file(root.name, str(root.start), root.below or root.path.name)
        while self._links:
            yield from self._link(*self._links.popleft())

    def _link(self, root: str, at: str, path: str) -> Iterator[Note | Trouble]:
        if not os.path.isdir(at):  # noqa: PTH112 - a hot path: Path objects cost
            if self._globs.takes(path):
                yield from self._file(root, at, path)
        elif self._globs.enters(path):
            target = os.path.realpath(at)
            here = os.path.realpath(os.path.dirname(at))  # noqa: PTH120 - a hot path
            if here == target or here.startswith(target.rstrip(os.sep) + os.sep):
                yield _trouble(root, path, "a symbolic link that leads round in a circle")
            else:
                yield from self._folder(root, at, path)

    def _folder(self, root: str, at: str, path: str) -> Iterator[Note | Trouble]:
        try:
            identity = _identity(os.stat(at))  # noqa: PTH116 - a hot path
            if identity in self._seen_folders:
                return
            self._seen_folders.add(identity)
            with os.scandir(at) as found:
                entries = sorted(found, key=lambda e: e.name)
        except OSError as exc:
            yield _trouble(root, path, exc.strerror or str(exc))
            return
        for entry in entries:
            inner = f"{path}/{entry.name}" if path else entry.name
            if entry.is_symlink():
                self._links.append((root, entry.path, inner))
            elif entry.is_dir(follow_symlinks=False):
                if self._globs.enters(inner):
                    yield from self._folder(root, entry.path, inner)
            elif self._globs.takes(inner):
                yield from self._file(root, entry.path, inner)

    def _file(self, root: str, at: str, path: str) -> Iterator[Note | Trouble]:
        try:
            status = os.stat(at)  # noqa: PTH116 - a hot path
        except OSError as exc:  # a symbolic link that leads nowhere, or to itself
            yield _trouble(root, path, exc.strerror or str(exc))
            return
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for without end
            yield _trouble(root, path, "not a regular file")
            return
        identity = (status.st_dev, status.st_ino)
        again = identity in self._seen_files
        # One of several hard links is a note of its own: none of them is the real one.
        if again and (status.st_nlink == 1 or os.path.islink(at)):  # noqa: PTH114 - a hot path
            return
        self._seen_files.add(identity)
        stamp = Stamp(status.st_size, status.st_mtime_ns)
        yield Note(root=root, path=as_text(path), place=at, stamp=stamp)


def _trouble(root: str, path: str, why: str) -> Trouble:
    return Trouble(root=root, path=as_text(path), why=why)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def as_text(path: str) -> str:
    r"""A file name as text: a byte that is not UTF-8 becomes `\xff`, so that names stay apart."""
    path = path.replace(os.sep, "/")
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def read(note: Note) -> bytes | Trouble:
    """A note's bytes, or why they can't be had."""
    try:
        with open(note.place, "rb", buffering=0) as file:  # noqa: PTH123 - a hot path
            return file.readall()
    except OSError as exc:
        return Trouble(root=note.root, path=note.path, why=exc.strerror or str(exc))


def display_names(roots: Mapping[str, Path]) -> dict[str, str]:
    """What to put before a note's path, by root name, so that names are short and never collide.

    With one root: nothing, notes are named relative to it. With several: each root's path below
    the closest folder that holds them all.
    """
    if len(set(roots.values())) <= 1:
        return dict.fromkeys(roots, "")
    try:
        base = Path(os.path.commonpath(roots.values()))
    except ValueError:  # on different drives
        return {name: f"{folder.as_posix()}/" for name, folder in roots.items()}
    return {
        name: "" if folder == base else f"{folder.relative_to(base).as_posix()}/"
        for name, folder in roots.items()
    }
