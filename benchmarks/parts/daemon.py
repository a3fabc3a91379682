"""`linkwatch run` while it has nothing to do."""

from __future__ import annotations

import signal
import subprocess
import time
from dataclasses import dataclass

from benchmarks import past, programs, tree, world
from benchmarks.measure import run
from benchmarks.parts import Setting
from benchmarks.table import Mark, judged, medians_of, table

_LINKS, _FEW_LINKS, _HOSTS = 10_000, 1_000, 500
_SMALL = Mark(most=80, unit="MB")
_ASLEEP = Mark(most=2, unit="in 10 s")  # a tick may fall into the time
_LONGEST_CYCLE_S = 120.0
_SETTLING_S = 3.0
_WATCHED_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    rss_mb: float
    pss_mb: float
    wake_ups: int
    threads: int
    cpu_s: float  # while it was watched


def measure(setting: Setting) -> str:
    """All links checked, so that the daemon's first cycle finds nothing due."""
    folder = setting.folder
    pages = world.even(_LINKS if setting.full else _FEW_LINKS, _HOSTS)
    world.write_notes(pages, folder / "notes")
    database = programs.configure(folder, polite=False)
    run(programs.cycle(folder, before=world.forget), setting.env)
    rest = _watch(setting)
    if past.checked(database):
        raise RuntimeError("the daemon's cycle found links due")
    full = setting.full
    rows = [
        ["memory (RSS)", f"{rest.rss_mb:.0f} MB", judged((_SMALL, rest.rss_mb)) if full else ""],
        ["memory (PSS)", f"{rest.pss_mb:.0f} MB", ""],
        [
            "wake-ups in 10 s, of all threads",
            f"{rest.wake_ups}",
            judged((_ASLEEP, rest.wake_ups)) if full else "",
        ],
        ["threads", f"{rest.threads}", ""],
        ["CPU time in 10 s", f"{rest.cpu_s:.2f} s", ""],
    ]
    return "\n".join(
        [
            "## The daemon at rest\n",
            (
                f"`linkwatch run` on {len(pages):,} links that have all been checked, after its "
                f"first cycle; {medians_of(1)}. A wake-up is a voluntary context switch "
                "(`/proc/PID/task/*/status`); once a minute it looks at the wall clock, and "
                "once an hour at what is due.\n"
            ),
            table(["linkwatch", "mark"], rows),
        ]
    )


def _watch(setting: Setting) -> _Rest:
    log = setting.folder / "daemon.log"
    with log.open("w") as out:
        command = [programs.LINKWATCH, "run"]
        process = subprocess.Popen(
            command, cwd=setting.folder, env=setting.env, stdout=out, stderr=out
        )
    try:
        until_s = time.monotonic() + _LONGEST_CYCLE_S
        while "event=end" not in log.read_text("utf-8"):
            if process.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError(f"the daemon did not come to rest:\n{log.read_text('utf-8')}")
            time.sleep(0.2)
        time.sleep(_SETTLING_S)
        family = tree.family(process.pid)
        before, cpu_before_s = tree.wake_ups(process.pid), tree.cpu_s(process.pid)
        time.sleep(_WATCHED_S)
        rest = _Rest(
            wake_ups=tree.wake_ups(process.pid) - before,
            cpu_s=tree.cpu_s(process.pid) - cpu_before_s,
            rss_mb=sum(tree.memory_mb(pid, "Rss") for pid in family),
            pss_mb=sum(tree.memory_mb(pid, "Pss") for pid in family),
            threads=tree.threads(process.pid),
        )
        process.send_signal(signal.SIGTERM)
        if process.wait(30) != 0:
            raise RuntimeError(f"the daemon ended badly:\n{log.read_text('utf-8')}")
        return rest
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
