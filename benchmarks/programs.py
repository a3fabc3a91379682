"""The programs that are measured, and how they are called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.measure import Contender

TOP = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LINKWATCH = str(BIN / "linkwatch")
LYCHEE = shutil.which("lychee", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
DONE = frozenset({0, 2})  # in both programs 2 means: some links are broken
TIMEOUT_S = 20.0  # linkwatch's default, and lychee's

_CONFIG = """
notes: {paths: [notes]}
check: {allow_private_networks: true%s}
archive: {enabled: false}
"""
_HASTE = ", per_host: {interval: 0ms}"
_LYCHEE_HASTE = ("--host-request-interval", "0ms", "--host-concurrency", "100")


def configure(folder: Path, *, polite: bool) -> Path:
    """Write a configuration without archives: lychee asks none. Returns where the history is."""
    (folder / "config.yaml").write_text(_CONFIG % ("" if polite else _HASTE))
    return folder / "data" / "linkwatch.db"


def forget_history(folder: Path) -> None:
    shutil.rmtree(folder / "data", ignore_errors=True)


def cycle(
    folder: Path,
    *,
    name: str = "linkwatch",
    before: Callable[[], None],
    after: Callable[[], None] = lambda: None,
) -> Contender:
    """A cycle of linkwatch, with whatever history `before` leaves it."""
    command = [LINKWATCH, "--quiet", "check"]
    return Contender(name, command, folder, DONE, before, after)


def lychee(folder: Path, *, polite: bool, before: Callable[[], None]) -> list[Contender]:
    """lychee on the same notes, if it is here; it writes lychee.json."""
    if LYCHEE is None:
        return []
    command = [LYCHEE, "--no-progress", "--format", "json", "--output", "lychee.json"]
    command += [*(() if polite else _LYCHEE_HASTE), "notes"]
    return [Contender("lychee", command, folder, DONE, before)]


def report(folder: Path) -> Path:
    """linkwatch's report on the history in `folder`, as JSON."""
    path = folder / "linkwatch.json"
    show = [LINKWATCH, "report", "--format", "json", "--output", str(path)]
    subprocess.run(show, cwd=folder, check=True)
    return path


def version(*command: str) -> str:
    """What a program says of its version."""
    done = subprocess.run([*command, "--version"], check=True, capture_output=True, text=True)
    return " ".join(done.stdout.replace(", version", "").split())


def warm() -> None:
    """One call that is not measured: it leaves the bytecode on disk and the files in memory."""
    links: Sequence[str | Path] = [LINKWATCH, "links", TOP / "docs"]
    subprocess.run(links, check=True, capture_output=True)
