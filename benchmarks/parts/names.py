"""Ten thousand names that do not exist, in one cycle."""

from __future__ import annotations

from benchmarks import programs, verdicts, world
from benchmarks.measure import in_turns
from benchmarks.parts import Setting
from benchmarks.parts.internet import most_files
from benchmarks.table import COSTS, medians, medians_of, shown, table

_NAMES, _FEW_NAMES = 10_000, 1_000
_LIVING, _LIVING_HOSTS = 100, 10  # a name system that denies every name would prove nothing


def measure(setting: Setting) -> str:
    """linkwatch alone."""
    folder = setting.folder
    names = _NAMES if setting.full else _FEW_NAMES
    pages = world.nameless(names) + world.even(_LIVING, _LIVING_HOSTS)
    world.write_notes(pages, folder / "notes")
    programs.configure(folder, polite=True)

    def fresh() -> None:
        programs.forget_history(folder)
        world.forget()

    contender = programs.cycle(folder, before=fresh)
    runs = in_turns([contender], times=setting.times, env=setting.env)
    called = verdicts.words(programs.report(folder))
    rows = []
    for what, get, unit in COSTS:
        (ours,) = medians(runs, get, ["linkwatch"])
        rows.append([what, shown(ours, unit)])
    rows += [
        ["most files open at once", most_files(runs["linkwatch"])],
        ["called", called],
    ]
    return "\n".join(
        [
            "## Dead names\n",
            (
                f"{names:,} links, each to a name of its own that has no DNS entry, and {_LIVING} "
                "links that are well; defaults, a first cycle; "
                f"{medians_of(setting.times)}.\n"
            ),
            table(["linkwatch"], rows),
        ]
    )
