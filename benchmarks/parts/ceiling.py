"""Nothing but our own work: no latency, no TLS, no politeness."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import programs, verdicts, world
from benchmarks.measure import Contender, in_turns
from benchmarks.parts import Setting
from benchmarks.table import (
    COSTS,
    CPU,
    MEMORY,
    WALL,
    Mark,
    judged,
    medians,
    medians_of,
    ratio,
    shown,
    table,
)

LINKS, FEW_LINKS, HOSTS = 20_000, 4_000, 500
BARE = "bare loop"
_MARKS_TO_THE_LOOP = {
    WALL[0]: Mark(most=1.3, of="the bare loop"),
    CPU[0]: Mark(most=1.5, of="the bare loop"),
}
_HALF_THE_MEMORY = Mark(most=0.5, of="lychee")


def write_urls(pages: Sequence[world.Page], folder: Path) -> Path:
    """The links for the bare loop, which reads no notes."""
    path = folder / "urls.txt"
    path.write_text("".join(f"{page.url}\n" for page in pages), "utf-8")
    return path


def measure(setting: Setting) -> str:
    """linkwatch, a loop that only fetches, and lychee."""
    folder = setting.folder
    pages = world.even(LINKS if setting.full else FEW_LINKS, HOSTS)
    world.write_notes(pages, folder / "notes")
    programs.configure(folder, polite=False)

    def fresh() -> None:
        programs.forget_history(folder)
        world.forget()

    loop = [sys.executable, "-m", "benchmarks.bare", str(write_urls(pages, folder))]
    contenders = [
        programs.cycle(folder, before=fresh),
        Contender(BARE, loop, folder, before=world.forget),
        *programs.lychee(folder, polite=False, before=world.forget),
    ]
    runs = in_turns(contenders, times=setting.times, env=setting.env)
    truth = verdicts.of_linkwatch(pages, programs.report(folder))
    if truth.right != len(pages):
        raise RuntimeError(f"linkwatch was wrong at the ceiling: {truth}")
    rows = []
    for what, get, unit in COSTS:
        ours, loops, theirs = medians(runs, get, ["linkwatch", BARE, "lychee"])
        assert ours is not None
        to_loop, to_lychee = ratio(ours, loops), ratio(ours, theirs)
        if what == MEMORY[0]:
            mark = judged((_HALF_THE_MEMORY, to_lychee))
        else:
            mark = judged((_MARKS_TO_THE_LOOP[what], to_loop))
        figures = [shown(one, unit) for one in (ours, loops, theirs)]
        ratios = [shown(to_loop), shown(to_lychee)]
        rows.append([what, *figures, *ratios, mark if setting.full else ""])
    return "\n".join(
        [
            "## Ceiling\n",
            (
                f"{len(pages):,} links on {HOSTS} hosts, plain http, pages of 2 KB, no latency, "
                "no interval between requests (lychee: `--host-concurrency 100`); "
                f"{medians_of(setting.times)}. linkwatch: a whole cycle, with history and report. "
                "The bare loop (`benchmarks/bare.py`) only fetches, with the same aiohttp and "
                "uvloop: GET, read to the end, one connection a host that is used again, 64 at "
                "once; it reads no notes and keeps nothing.\n"
            ),
            table(["linkwatch", "bare loop", "lychee", "to the loop", "to lychee", "mark"], rows),
        ]
    )
