"""Runs a program under cProfile, all its threads, by CPU time: `… FILE PROGRAM ARGUMENT…`.

`python -m benchmarks.profiled out.json linkwatch check` writes CPU seconds by the modules that took
them. PROGRAM is a module, run as `python -m` would. What other processes do is not seen.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import re
import runpy
import sys
import sysconfig
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

Where = tuple[str, int, str]  # as pstats names a function: file, line, name
_TOP = str(Path(__file__).resolve().parent.parent)
_PACKAGE = re.compile(r"/site-packages/([^/.]+)")
_STDLIB = sysconfig.get_paths()["stdlib"]
_BUILT_IN = "~"
_NAMED = (  # built-in functions that are a library's whole work; the others are their caller's
    ("sqlite", re.compile(r"sqlite3\.")),
    ("uvloop", re.compile(r"uvloop|run_until_complete|run_forever")),
    ("markdown and html parsers", re.compile(r"pyromark|selectolax|lexbor|HTMLParser")),
)


def place_of(file: str, name: str) -> str | None:
    """The module or package that a function belongs to; None: its caller's."""
    if file.startswith("<frozen importlib"):
        return "imports"
    if file == _BUILT_IN or file.startswith("<"):
        return next((place for place, known in _NAMED if known.search(name)), None)
    if file.startswith(f"{_TOP}/linkwatch/"):
        return str(Path(file).relative_to(_TOP))
    found = _PACKAGE.search(file)
    if found:
        return found[1]
    if file.startswith(_STDLIB):
        return "Python's " + Path(file).relative_to(_STDLIB).parts[0].removesuffix(".py")
    return "the rest"


def by_place(stats: dict[Where, Any]) -> Counter[str]:
    """Seconds by place: each function's own, those of built-in ones with their callers'."""
    total: Counter[str] = Counter()
    for (file, _line, name), (_, _, own_s, _, callers) in stats.items():
        place = place_of(file, name)
        if place is not None:
            total[place] += own_s
            continue
        told_s = 0.0
        for (calling_file, _, calling), (_, _, share_s, _) in callers.items():
            total[place_of(calling_file, calling) or "the rest"] += share_s
            told_s += share_s
        total["the rest"] += max(0.0, own_s - told_s)
    return +total  # without places that took nothing


def main(out: Path, module: str, arguments: list[str]) -> None:
    profiles: list[cProfile.Profile] = []
    plain = threading.Thread.run

    def run(self: threading.Thread) -> None:
        profile = cProfile.Profile(time.thread_time)  # waiting costs nothing
        profile.enable()
        try:
            plain(self)
        finally:
            profile.disable()
            profiles.append(profile)  # one whose thread never ends can't be read

    threading.Thread.run = run  # type: ignore[method-assign]  # each thread is profiled
    sys.argv = [module, *arguments]
    mine = cProfile.Profile(time.thread_time)
    mine.enable()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        mine.disable()
        total: Counter[str] = Counter()
        for profile in [mine, *profiles]:
            total += by_place(pstats.Stats(profile).stats)  # type: ignore[attr-defined]  # not in typeshed
        out.write_text(json.dumps(total), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
