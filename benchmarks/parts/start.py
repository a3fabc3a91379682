"""What every call costs."""

from __future__ import annotations

from benchmarks import programs
from benchmarks.measure import Contender, in_turns
from benchmarks.parts import Setting
from benchmarks.table import WALL, Mark, judged, medians, medians_of, ratio, shown, table

_QUICK = Mark(most=250, unit="ms")
_OFTEN = 3  # times as often as the others: it is short


def measure(setting: Setting) -> str:
    """`--help` and `--version`."""
    times = _OFTEN * setting.times
    rows = []
    for option in ("--help", "--version"):
        contenders = [Contender("linkwatch", [programs.LINKWATCH, option], setting.folder)]
        if programs.LYCHEE:
            contenders.append(Contender("lychee", [programs.LYCHEE, option], setting.folder))
        runs = in_turns(contenders, times=times, env=setting.env)
        ours_s, theirs_s = medians(runs, WALL[1], ["linkwatch", "lychee"])
        assert ours_s is not None
        theirs_ms = None if theirs_s is None else 1000 * theirs_s
        costs = [shown(1000 * ours_s, "ms"), shown(theirs_ms, "ms"), shown(ratio(ours_s, theirs_s))]
        mark = judged((_QUICK, 1000 * ours_s)) if option == "--help" else ""
        rows.append([f"`{option}`: wall time", *costs, mark])
    head = ["linkwatch", "lychee", "ratio", "mark"]
    return "\n".join(["## Start-up\n", f"Warm; {medians_of(times)}.\n", table(head, rows)])
