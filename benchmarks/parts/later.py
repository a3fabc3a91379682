"""The internet-like world again: a week later, when all is due, and an hour after that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks import past, programs, world
from benchmarks.measure import Contender, in_turns
from benchmarks.parts import Setting
from benchmarks.parts.internet import pages_of
from benchmarks.table import COSTS, CPU, WALL, Mark, judged, medians, medians_of, shown, table
from benchmarks.world import Served

_WEEK = timedelta(days=7, hours=1)
_HOUR = timedelta(hours=1)
_NO_LONGER = Mark(most=1.0, of="the first")
_FEWER_BYTES = Mark(most=0.1, of="the first")
_NOTHING_DUE = Mark(most=0.5, unit="s")
_START = "start-up"


class _Seen:
    """What each cycle left in the history, and what nginx sent for it."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self.served: dict[str, list[Served]] = {}
        self.checked: dict[str, int] = {}

    def note(self, name: str) -> None:
        self.served.setdefault(name, []).append(world.served())
        self.checked[name] = past.checked(self._database)

    def bytes_sent(self, name: str) -> float:
        """The median; one half of an even number is as good as the other."""
        sent = sorted(one.bytes_sent for one in self.served[name])
        return float(sent[len(sent) // 2])


def measure(setting: Setting) -> str:
    """linkwatch alone: what its history is worth to it."""
    folder = setting.folder
    pages = pages_of(full=setting.full)
    world.write_notes(pages, folder / "notes")
    database = programs.configure(folder, polite=True)
    seen = _Seen(database)

    def cycle(name: str, prepare: Callable[[], None]) -> Contender:
        def before() -> None:
            prepare()
            world.forget()

        return programs.cycle(folder, name=name, before=before, after=partial(seen.note, name))

    contenders = [
        cycle("first", partial(programs.forget_history, folder)),
        cycle("a week later", partial(past.age, database, _WEEK)),
        cycle("an hour later", partial(past.age, database, _HOUR)),
        Contender(_START, [programs.LINKWATCH, "--version"], folder),
    ]
    runs = in_turns(contenders, times=setting.times, env=setting.env)
    names = ["first", "a week later", "an hour later"]
    if seen.checked["first"] != len(pages) or seen.checked["a week later"] != len(pages):
        raise RuntimeError(f"not all {len(pages)} links were checked: {seen.checked}")
    (start_s,) = medians(runs, WALL[1], [_START])
    rows = []
    for what, get, unit in COSTS:
        first, week, hour = medians(runs, get, names)
        assert first is not None
        assert week is not None
        mark = judged((_NO_LONGER, week / first)) if what in {WALL[0], CPU[0]} else ""
        rows.append([what, *(shown(one, unit) for one in (first, week, hour))])
        rows[-1] += [shown(week / first), mark if setting.full else ""]
        if what == WALL[0]:
            assert hour is not None
            assert start_s is not None
            beyond_s = hour - start_s
            mark = judged((_NOTHING_DUE, beyond_s)) if setting.full else ""
            rows.append([f"beyond start-up ({start_s:.2f} s)", "", "", f"{beyond_s:.2f} s"])
            rows[-1] += ["", mark]
    sent_first, sent_week = (seen.bytes_sent(name) for name in names[:2])
    times = sent_week / sent_first
    rows += [
        ["links checked", *(f"{seen.checked[name]:,}" for name in names), "", ""],
        [
            "received from pages with validators",
            f"{sent_first / 1e6:.2f} million bytes",
            f"{sent_week / 1e6:.2f} million bytes",
            "",
            shown(times),
            judged((_FEWER_BYTES, times)) if setting.full else "",
        ],
        ["of their answers, 304", *(_not_modified(seen.served[name][-1]) for name in names[:2])],
    ]
    rows[-1] += ["", "", ""]
    return "\n".join(
        [
            "## A week later\n",
            (
                f"The internet-like world of {len(pages):,} links, linkwatch alone; "
                f"{medians_of(setting.times)}, in turns. The second cycle comes "
                "a week later, with everything due and nothing changed; the third an hour after "
                "it, with nothing due. (All times in the history are moved into the past.) Three "
                "pages of five have validators: an ETag, a Last-Modified, or both; nginx counts "
                "what it sends of them, with headers, without redirects that lead there. "
                f"Start-up is `linkwatch --version`, as long as the whole of it takes.\n"
            ),
            table([*names, "week to first", "mark"], rows),
        ]
    )


def _not_modified(served: Served) -> str:
    return f"{served.not_modified:,} of {served.answers:,}"
