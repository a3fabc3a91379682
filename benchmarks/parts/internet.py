"""What users meet: latency, TLS, redirects, hosts that fail in all the usual ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from benchmarks import past, programs, verdicts, world
from benchmarks.floor import Manners, floor_s
from benchmarks.measure import Run, in_turns
from benchmarks.parts import Setting
from benchmarks.past import Silence
from benchmarks.table import COSTS, WALL, Mark, judged, medians, medians_of, ratio, shown, table
from benchmarks.verdicts import Truth

LINKS, HOSTS = 5_000, 1_500
FEW_LINKS, FEW_HOSTS = 1_000, 300
_FASTER = Mark(most=0.25, of="lychee")
_NEAR_THE_FLOOR = Mark(most=1.2, of="the floor")
_ONE_TIMEOUT = Mark(most=programs.TIMEOUT_S + 1, unit="s")
_SILENT = {"void": "takes no connection", "mute": "takes it and says nothing"}


def pages_of(*, full: bool) -> list[world.Page]:
    """The links of the internet-like world."""
    links, hosts = (LINKS, HOSTS) if full else (FEW_LINKS, FEW_HOSTS)
    return world.internet(links, hosts, seed=links)


def measure(setting: Setting) -> str:
    """linkwatch beside lychee, neither knowing anything of the links before."""
    folder = setting.folder
    pages = pages_of(full=setting.full)
    world.write_notes(pages, folder / "notes")
    database = programs.configure(folder, polite=True)
    silences: list[list[Silence]] = []

    def fresh() -> None:
        programs.forget_history(folder)
        world.forget()

    def look() -> None:
        silences.append(past.silences(database, tuple(_SILENT)))

    contenders = [
        programs.cycle(folder, before=fresh, after=look),
        *programs.lychee(folder, polite=True, before=world.forget),
    ]
    times = max(1, setting.times - 1)  # lychee takes minutes
    runs = in_turns(contenders, times=times, env=setting.env)
    ours = verdicts.of_linkwatch(pages, programs.report(folder))
    theirs = verdicts.of_lychee(pages, folder / "lychee.json") if "lychee" in runs else None
    floor = floor_s(pages, Manners())
    rows = [
        *_costs(runs, floor, full=setting.full),
        _files(runs),
        *_silent(silences, full=setting.full),
        _once("429 at first, found alive", "busy-once", ours, theirs),
        _once("503 at first, found alive", "down-once", ours, theirs),
        _said("right verdicts", ours, theirs, lambda truth: str(truth.right)),
        _said("false alarms", ours, theirs, lambda truth: ", ".join(truth.false_alarms) or "none"),
        _said("otherwise wrong", ours, theirs, lambda truth: ", ".join(truth.others) or "none"),
    ]
    hosts = len({page.host for page in pages})
    return "\n".join(
        [
            "## Internet-like\n",
            (
                f"{len(pages):,} links on {hosts:,} hosts, defaults in both; "
                f"{medians_of(times)}. 80% https, "
                "median latency 220 ms (log-normal), pages of 4 to 16 KB, 6% permanent and 3% "
                "other redirects, 5% 404; 1% each 403, 429 at first (`Retry-After: 1`), 503 at "
                "first, slow (4 to 9 s). Of the hosts 2% have no DNS entry, 1% refuse, 1% never "
                "answer (half of them take the connection), 1% have a certificate that nobody "
                "trusts. Archives are switched off: lychee asks none.\n"
            ),
            (
                f"The floor is {floor:.1f} s: one timeout ({programs.TIMEOUT_S:.0f} s, in both), "
                "or what the slowest host takes at linkwatch's manners (a request each 0.1 s, 4 "
                "at once) with the latencies that have to follow one another, if that is longer. "
                "What a silent host took is from the history: from its first request to the end "
                f"of its last that was not cut short by what another taught, the longest of "
                f"{_count(silences)}.\n"
            ),
            table(["linkwatch", "lychee", "ratio", "mark"], rows),
            (
                "\nA false alarm is a page called broken (linkwatch: dead) though its server has "
                "it or only refuses programs. Right for linkwatch's first run is: dead for 404 "
                "and missing names, suspect for hosts that fail otherwise, blocked for 403, and "
                "alive or moved for the others. lychee knows broken and not broken, and right is "
                "the obvious one of them."
            ),
        ]
    )


def _costs(runs: dict[str, list[Run]], floor: float, *, full: bool) -> list[list[str]]:
    rows = []
    for what, get, unit in COSTS:
        ours, theirs = medians(runs, get, ["linkwatch", "lychee"])
        assert ours is not None
        to_lychee = ratio(ours, theirs)
        mark = ""
        if full and what == WALL[0]:
            mark = judged((_FASTER, to_lychee), (_NEAR_THE_FLOOR, ours / floor))
        rows.append([what, shown(ours, unit), shown(theirs, unit), shown(to_lychee), mark])
        if what == WALL[0]:
            rows.append(["wall time to the floor", *_to_the_floor(floor, ours, theirs), "", ""])
    return rows


def _to_the_floor(floor: float, ours: float, theirs: float | None) -> tuple[str, str]:
    return shown(ours / floor), shown(ratio(theirs, floor) if theirs is not None else None)


def _files(runs: dict[str, list[Run]]) -> list[str]:
    told = [most_files(runs[name]) if name in runs else "" for name in ("linkwatch", "lychee")]
    return ["most files open at once", *told, "", ""]


def most_files(runs: Sequence[Run]) -> str:
    """The most files that one process had open, and how many it might have."""
    most = max(runs, key=lambda run: run.files)
    return f"{most.files:,} of {most.file_limit:,}"


def _silent(silences: Sequence[Sequence[Silence]], *, full: bool) -> list[list[str]]:
    """What the silent hosts with many links took, and then the longest of all."""
    every = [silence for run in silences for silence in run]
    rows = []
    for kind, words in _SILENT.items():
        hosts = [one for one in every if f".{kind}." in one.host]
        many = max(one.links for one in hosts)
        longest = max((one for one in hosts if one.links == many), key=lambda one: one.took_s)
        asked = f"{longest.took_s:.2f} s"
        mark = judged((_ONE_TIMEOUT, longest.took_s)) if full else ""
        rows.append([f"silent host with {many} links ({words})", asked, "", "", mark])
    longest = max(every, key=lambda one: one.took_s)
    hosts_each = len(silences[0])
    mark = judged((_ONE_TIMEOUT, longest.took_s)) if full else ""
    words = f"longest of all {hosts_each} silent hosts"
    return [*rows, [words, shown(longest.took_s, "s"), "", "", mark]]


def _count(silences: Sequence[object]) -> str:
    return f"{len(silences)} runs" if len(silences) > 1 else "one run"


def _once(what: str, fate: str, ours: Truth, theirs: Truth | None) -> list[str]:
    met = "met" if ours.is_all_right(fate) else "missed"
    return [*_said(what, ours, theirs, partial(Truth.right_of, fate=fate))[:-1], f"all: {met}"]


def _said(what: str, ours: Truth, theirs: Truth | None, told: Callable[[Truth], str]) -> list[str]:
    return [what, told(ours), told(theirs) if theirs else "", "", ""]
