"""Programs run in turns, and what each run took."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Timer

_LONGEST_S = 900.0  # a run that takes longer is ended, and the benchmark with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One program, from start to exit."""

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Contender:
    """A program as it is run in one part."""

    name: str
    command: Sequence[str]
    folder: Path
    fine: frozenset[int] = frozenset({0})  # exit codes that mean: it did its work
    before: Callable[[], None] = lambda: None  # not measured


def run(contender: Contender, env: Mapping[str, str]) -> Run:
    """Run a program once. Raises RuntimeError if it failed.

    `ru_maxrss` of a child is never below the peak of the process that started it, so this
    process has to stay small.
    """
    contender.before()
    log = contender.folder / f"{contender.name}.log"
    with log.open("w") as out:
        start_s = time.perf_counter()
        process = subprocess.Popen(
            contender.command,
            cwd=contender.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
        limit = Timer(_LONGEST_S, process.kill)
        limit.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start_s
        limit.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    output = log.read_text("utf-8", "replace")
    if process.returncode not in contender.fine or "Traceback" in output:
        raise RuntimeError(f"{contender.name} failed ({process.returncode}):\n{output[-4000:]}")
    return Run(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
    )


def in_turns(
    contenders: Sequence[Contender], *, times: int, env: Mapping[str, str] = os.environ
) -> dict[str, list[Run]]:
    """Run each `times` times, A B A B …: so a machine's bad minute falls on all of them."""
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for _ in range(times):
        for contender in contenders:
            done = run(contender, env)
            runs[contender.name].append(done)
            print(f"  {contender.name}: {done.wall_s:.2f} s, {done.peak_mb:.0f} MB", flush=True)
    return runs


def middle(runs: Sequence[Run], what: Callable[[Run], float]) -> float:
    """The median of one figure."""
    return median(what(run) for run in runs)
