"""Programs run in turns, and what each run took."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread, Timer

from benchmarks import tree

_LONGEST_S = 1800.0  # a run that takes longer is ended, and the benchmark with it
_EVERY_S = 0.05
_LOOKS_SHARE = 0.1  # of the time: a look at gigabytes takes longer, and comes less often


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One program, from start to exit, with the processes that it started."""

    wall_s: float
    cpu_s: float  # of children only where they were waited for
    peak_mb: float  # the most memory (PSS) of all its processes together
    files: int  # the most that one of its processes had open
    file_limit: int


@dataclass(frozen=True, slots=True)
class Contender:
    """A program as it is run in one part."""

    name: str
    command: Sequence[str]
    folder: Path
    fine: frozenset[int] = frozenset({0})  # exit codes that mean: it did its work
    before: Callable[[], None] = lambda: None  # not measured
    after: Callable[[], None] = lambda: None  # nor this


class _Watch(Thread):
    """Looks at a process tree again and again, from the side."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = Event()
        self.peak_mb = 0.0
        self.busiest = tree.NOTHING

    def run(self) -> None:
        while not self._over.is_set():
            start_s = time.perf_counter()
            seen = tree.sample(self._pid)
            took_s = time.perf_counter() - start_s
            self.peak_mb = max(self.peak_mb, seen.pss_mb)
            if seen.files > self.busiest.files:
                self.busiest = seen
            self._over.wait(max(_EVERY_S, took_s / _LOOKS_SHARE))

    def stop(self) -> None:
        self._over.set()
        self.join()


def run(contender: Contender, env: Mapping[str, str]) -> Run:
    """Run a program once. Raises RuntimeError if it failed."""
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
        watch = _Watch(process.pid)
        watch.start()
        limit = Timer(_LONGEST_S, process.kill)
        limit.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start_s
        limit.cancel()
        watch.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    output = log.read_text("utf-8", "replace")
    if process.returncode not in contender.fine or "Traceback" in output:
        raise RuntimeError(f"{contender.name} failed ({process.returncode}):\n{output[-4000:]}")
    contender.after()
    return Run(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=watch.peak_mb,
        files=watch.busiest.files,
        file_limit=watch.busiest.file_limit,
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
            figures = f"{done.wall_s:.2f} s, CPU {done.cpu_s:.2f} s, {done.peak_mb:.0f} MB"
            print(f"  {contender.name}: {figures}", flush=True)
    return runs


def middle(runs: Sequence[Run], what: Callable[[Run], float]) -> float:
    """The median of one figure."""
    return median(what(run) for run in runs)
