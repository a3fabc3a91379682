"""Which commit first brought a URL into a note: one `git log` a note, read as it comes.

A repository is untrusted like the notes in it. What its configuration or attributes could have git
run or ask is turned off, by option where there is one: pagers, drivers for diffs, monitors of the
file system, hooks, programs for signatures, and fetching what is missing.

`first_commits` is pure: lines to commits. `Git` starts the processes.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from linkwatch.notes.bare import STOPS

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARK: Final = b"\x01"  # no line of a diff begins with it
_OFF: Final = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "protocol.allow=never",
    "safe.bareRepository=explicit",  # a folder of notes may look like one
    "log.showSignature=false",
    "log.showRoot=true",
    "log.diffMerges=separate",
)
_OPTIONS: Final = (
    *("--follow", "--patch", "--unified=0", "--text", "-m", "--format=%x01%H %at"),
    *("--no-ext-diff", "--no-textconv", "--no-color", "--no-notes", "--no-show-signature"),
    *("--no-decorate", "--no-mailmap"),
)
_KEPT: Final = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"})
_SET: Final = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "",
}
_STOP: Final = b"|".join(re.escape(stop.encode()) for stop in (*STOPS, *"—–’‘·•"))
# What may follow a URL that ends there: punctuation as at the end of a sentence, and then
# something that no URL goes on with.
_ENDS: Final = re.compile(
    rb"\*\*|==|~~|%%|[.,;:!?'*_~=%]*+(?:\\?(?:[\x00-\x20\x7f]|\Z)|[\"<>`|)\]}]|&(?:nbsp|quot|[lg]t);|"
    + _STOP
    + rb")"
)
# What stands before one that begins there; not within another (web.archive.org/web/2020/https://…).
_INSIDE: Final = re.compile(rb"(?:[A-Za-z0-9/%&#?]|[?&][^\s\"'<>?&]{0,100}=)\Z")
_LOOK_BACK: Final = 120


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that brought a text in."""

    id: str
    authored_at: datetime


def first_commits(lines: Iterable[bytes], texts: Collection[bytes]) -> dict[bytes, Commit]:
    """The oldest commit that adds each text as a URL of its own.

    `lines`: what `git log` printed, the newest commit first. A text that no commit adds is
    missing.
    """
    found: dict[bytes, Commit] = {}
    commit: Commit | None = None
    in_hunk = False
    usual = all(b"://" in text for text in texts)
    for line in lines:
        kind = line[:1]
        if kind == b"+" and in_hunk and commit:
            if usual and b"://" not in line:
                continue
            for text in texts:
                if text in line and names(line[1:], text):
                    found[text] = commit
        elif kind == b"@":
            in_hunk = True
        elif kind == b"d":  # diff --git
            in_hunk = False
        elif kind == _MARK:
            in_hunk = False
            commit = _commit(line)
    return found


def _commit(line: bytes) -> Commit | None:
    name, _, seconds = line[1:].strip().decode("ascii", "replace").partition(" ")
    try:
        return Commit(name, _EPOCH + timedelta(seconds=int(seconds)))
    except (ValueError, OverflowError):  # a commit may say that it is from anywhen
        return None


def names(line: bytes, text: bytes) -> bool:
    """Whether a line has the text as a URL of its own, not as a part of a longer one."""
    at = line.find(text)
    while at >= 0:
        before = line[max(0, at - _LOOK_BACK) : at]
        if _ENDS.match(line, at + len(text)) and not _INSIDE.search(before):
            return True
        at = line.find(text, at + 1)
    return False


def repository_of(folder: Path) -> Path | None:
    """The folder at or above this one that has a `.git`; None: no need to ask git."""
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """What git is to see of the environment.

    Within a hook, `GIT_DIR` and its like point to that hook's repository. Of what is configured
    through the environment, `safe.directory` stays: so a service says whose notes it may read.
    """
    clean = {
        name: value
        for name, value in inherited.items()
        if not name.upper().startswith("GIT_") or name in _KEPT
    }
    safe = [
        inherited.get(f"GIT_CONFIG_VALUE_{number}", "")
        for number in range(_count(inherited.get("GIT_CONFIG_COUNT", "")))
        if inherited.get(f"GIT_CONFIG_KEY_{number}", "").lower() == "safe.directory"
    ]
    for number, folder in enumerate(safe):
        clean[f"GIT_CONFIG_KEY_{number}"] = "safe.directory"
        clean[f"GIT_CONFIG_VALUE_{number}"] = folder
    return clean | _SET | ({"GIT_CONFIG_COUNT": str(len(safe))} if safe else {})


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


class Git:
    """Asks about notes. A question is a process, which ends with its time or with its task."""

    def __init__(self, program: str | None = None) -> None:
        """`program`: where git is; looked for if it is not said."""
        self._program = program or shutil.which("git")
        self._environment = environment(os.environ)
        self._shallow: dict[Path, frozenset[str] | None] = {}  # None: git does not want to tell

    async def brought_in(
        self, note: Path, texts: Collection[str], *, limit_s: float
    ) -> dict[str, Commit | None]:
        """The commit that first brought each text into a note; None: there is none.

        A text of which nothing can be told is missing: in a shallow clone what comes before its
        boundary is unknown, and where there is no git or no repository, everything is.
        Raises TimeoutError.
        """
        if self._program is None:
            return {}
        async with asyncio.timeout(limit_s):
            place = await asyncio.to_thread(_place, note)
            if place is None:
                return {}
            repository, folder, name = place
            if repository not in self._shallow:
                self._shallow[repository] = await self._boundary(folder)
            boundary = self._shallow[repository]
            if boundary is None:
                return {}
            wanted = {text.encode(): text for text in texts}
            found = await self._run(
                folder, ("log", *_OPTIONS, "--", name), lambda lines: first_commits(lines, wanted)
            )
        if found is None:
            return {}
        commits = {text: found.get(raw) for raw, text in wanted.items()}
        return {text: c for text, c in commits.items() if c is None or c.id not in boundary}

    async def _boundary(self, folder: Path) -> frozenset[str] | None:
        """The commits whose parents a shallow clone left out."""
        path = await self._run(folder, ("rev-parse", "--git-path", "shallow"), b"".join)
        if path is None:
            return None
        file = folder / os.fsdecode(path.rstrip(b"\r\n"))
        try:
            return frozenset((await asyncio.to_thread(file.read_text, "ascii", "replace")).split())
        except FileNotFoundError:
            return frozenset()
        except OSError:
            return None

    async def _run(
        self, folder: Path, arguments: Sequence[str], take: Callable[[Iterable[bytes]], T]
    ) -> T | None:
        """What `take` makes of the lines that git prints; None if git fails."""
        off = (word for setting in _OFF for word in ("-c", setting))
        command = (self._program or "git", "-C", str(folder), "--no-pager", "--literal-pathspecs")
        process = _Process((*command, *off, *arguments), self._environment)
        try:
            return await asyncio.to_thread(process.read, take)
        finally:
            process.stop()


class _Process:
    """A process that is read in one thread, and may be ended from another."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def read(self, take: Callable[[Iterable[bytes]], T]) -> T | None:
        """What `take` makes of the lines; None if the process can't be started, or fails."""
        try:
            with self._lock:
                if self._stopped:
                    return None
                self._process = process = subprocess.Popen(  # noqa: S603 - no shell, our own words
                    self._command,
                    env=dict(self._environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # whatever it starts ends with it
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        except (OSError, ValueError):  # not there, or a NUL in a name
            return None
        with process:
            taken = take(process.stdout or ())
        return taken if process.returncode == 0 else None

    def stop(self) -> None:
        """End it, if it is still there."""
        with self._lock:
            self._stopped = True
            if self._process is None or self._process.poll() is not None:
                return
            if hasattr(os, "killpg"):
                try:
                    os.killpg(self._process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            else:
                self._process.kill()


def _place(note: Path) -> tuple[Path, Path, str] | None:
    """A note's repository, its folder and its name, wherever symbolic links lead."""
    try:
        real = Path(os.path.realpath(note))
        repository = repository_of(real.parent)
    except (OSError, ValueError):
        return None
    return None if repository is None else (repository, real.parent, real.name)
