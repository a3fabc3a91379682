"""Reading alone, without network."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

from benchmarks import programs, reading
from benchmarks.measure import Contender, in_turns
from benchmarks.parts import Setting
from benchmarks.table import CPU, WALL, Mark, judged, medians, medians_of, ratio, shown, table

_NOTES, _FEW_NOTES = 10_000, 1_000
_COLD = Mark(most=3.0, unit="s")
_UNCHANGED = Mark(most=0.3, unit="s")


def measure(setting: Setting) -> str:
    """Scans as a cycle makes them, and listings beside lychee's."""
    folder = setting.folder
    many = _NOTES if setting.full else _FEW_NOTES
    reading.write_notes(folder / "notes", many)
    timed = [sys.executable, "-m", "benchmarks.reading", str(folder)]
    figures: list[dict[str, float]] = []
    for _ in range(setting.times):
        for database in folder.glob("scan.db*"):
            database.unlink()
        done = subprocess.run(
            timed, cwd=programs.TOP, env=setting.env, check=True, capture_output=True, text=True
        )
        figures.append(json.loads(done.stdout))
    found = {name: median(run[name] for run in figures) for name in figures[0]}
    programs.configure(folder, polite=True)
    listing = [programs.LINKWATCH, "links", "--format", "jsonl"]
    contenders = [Contender("linkwatch", listing, folder)]
    if programs.LYCHEE:
        contenders.append(Contender("lychee", [programs.LYCHEE, "--dump", "notes"], folder))
    runs = in_turns(contenders, times=setting.times, env=setting.env)
    cold_s, unchanged_s = found["cold_s"], found["unchanged_s"]
    full = setting.full
    rows = [
        ["first scan", shown(cold_s, "s"), "", "", judged((_COLD, cold_s)) if full else ""],
        ["scan, nothing changed", shown(unchanged_s, "s"), "", ""],
        ["extraction, a mention", shown(found["extract_us"], "µs"), "", "", ""],
    ]
    rows[1].append(judged((_UNCHANGED, unchanged_s)) if full else "")
    for what, get, unit in (WALL, CPU):
        ours, theirs = medians(runs, get, ["linkwatch", "lychee"])
        assert ours is not None
        costs = [shown(ours, unit), shown(theirs, unit), shown(ratio(ours, theirs))]
        rows.append([f"listing: {what}", *costs, ""])
    return "\n".join(
        [
            "## Reading notes\n",
            (
                f"{many:,} notes, {found['mentions']:,.0f} mentions; {medians_of(setting.times)}. "
                "Scans are timed within the process, so without start-up, and with the writing "
                "of history. The last part is whole processes: `linkwatch links --format jsonl` "
                "and `lychee --dump`.\n"
            ),
            table(["linkwatch", "lychee", "ratio", "mark"], rows),
        ]
    )
