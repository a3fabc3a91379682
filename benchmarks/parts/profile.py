"""Where linkwatch's CPU time goes at the ceiling, beside that of the bare loop."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks import programs, world
from benchmarks.measure import Contender, run
from benchmarks.parts import Setting
from benchmarks.parts.ceiling import FEW_LINKS, HOSTS, write_urls
from benchmarks.table import table

_LINKS = 8_000  # the profiler is slow; enough of them for start-up to be a small part
_WORTH_A_LINE = 0.01  # of all CPU time
_HEAVIEST = 12  # modules of linkwatch


def measure(setting: Setting) -> str:
    """One run of each under the profiler."""
    folder = setting.folder
    pages = world.even(_LINKS if setting.full else FEW_LINKS, HOSTS)
    world.write_notes(pages, folder / "notes")
    programs.configure(folder, polite=False)

    def under_profile(name: str, *command: str) -> dict[str, float]:
        out = folder / f"{name}.json"
        profiled = [sys.executable, "-m", "benchmarks.profiled", str(out), *command]
        done = run(Contender(name, profiled, folder, programs.DONE, world.forget), setting.env)
        print(f"  {name}, under the profiler: {done.wall_s:.2f} s, CPU {done.cpu_s:.2f} s")
        return _read(out)

    ours = under_profile("linkwatch", "linkwatch", "--quiet", "check")
    loops = under_profile("bare loop", "benchmarks.bare", str(write_urls(pages, folder)))
    return "\n".join(
        [
            "### What stands between us and the bare loop\n",
            (
                f"CPU seconds by where they went, {len(pages):,} links at the ceiling, one run "
                "under cProfile, all threads. What built-in functions take is their caller's; "
                "SQLite and uvloop have lines of their own. The profiler makes calls look dearer "
                "than they are, so these are shares, not the seconds of the table above.\n"
            ),
            table(["linkwatch", "share", "bare loop", "difference"], rows_of(ours, loops)),
            f"\nThe heaviest modules of linkwatch: {_heaviest(ours)}.",
        ]
    )


def rows_of(ours: Mapping[str, float], loops: Mapping[str, float]) -> list[list[str]]:
    """A line for each place, the largest difference first; what is small is taken together."""
    ours, loops = by_wing(ours), by_wing(loops)
    total_s = sum(ours.values())
    differences = {place: ours.get(place, 0) - loops.get(place, 0) for place in {*ours, *loops}}
    large = [
        place
        for place in sorted(differences, key=lambda place: (-differences[place], place))
        if max(ours.get(place, 0), loops.get(place, 0)) >= _WORTH_A_LINE * total_s
    ]
    small = differences.keys() - set(large)
    lines = [(place, ours.get(place, 0.0), loops.get(place, 0.0)) for place in large]
    if small:
        sums = [sum(one.get(place, 0.0) for place in small) for one in (ours, loops)]
        lines.append(("all others", sums[0], sums[1]))
    lines.append(("together", total_s, sum(loops.values())))
    return [
        [place, f"{mine:.2f} s", f"{mine / total_s:.0%}", f"{its:.2f} s", f"{mine - its:+.2f} s"]
        for place, mine, its in lines
    ]


def by_wing(seconds: Mapping[str, float]) -> dict[str, float]:
    """linkwatch's modules taken together by their folder."""
    total: dict[str, float] = {}
    for place, spent in seconds.items():
        parts = place.split("/")
        if parts[0] == "linkwatch":
            wing = f"{parts[0]}/{parts[1]}/" if len(parts) > 2 else "linkwatch/*.py"
        else:
            wing = place
        total[wing] = total.get(wing, 0.0) + spent
    return total


def _heaviest(ours: Mapping[str, float]) -> str:
    modules = [place for place in ours if place.startswith("linkwatch/")]
    modules.sort(key=lambda place: -ours[place])
    return ", ".join(f"`{place}` {ours[place]:.2f} s" for place in modules[:_HEAVIEST])


def _read(path: Path) -> dict[str, float]:
    found: dict[str, float] = json.loads(path.read_text("utf-8"))
    return found
