"""`python -m benchmarks.year`: verdicts against known fates, in a simulated year of cycles."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Protocol

from benchmarks.fates import (
    LONGEST_OUTAGE,
    TRANSIENT,
    WEEK,
    Cause,
    Death,
    Host,
    Link,
    Ours,
    World,
    build,
)
from benchmarks.rounds import OneAnswer, Rounds
from linkwatch.verdict import Policy

TOP = Path(__file__).resolve().parent.parent
PAGE = TOP / "docs" / "year.md"
SEED = 2026
_SEEN_THROUGH_WALLS = frozenset({Death.NO_NAME, Death.REFUSED, Death.PARKED})


class Rule(Protocol):
    """What calls links dead."""

    requests: int

    @property
    def dead(self) -> set[Link]:
        """Those called dead now."""

    @property
    def suspect(self) -> set[Link]:
        """Those that it would not call anything yet."""

    def cycle(self, day: int) -> None:
        """Ask what is due, and judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule to be measured."""

    name: str
    failures: int
    days: int
    step: int  # days from cycle to cycle
    rule: Callable[[World, Policy], Rule] = Rounds

    @property
    def policy(self) -> Policy:
        return Policy(failures=self.failures, days=self.days, recheck_after=timedelta(days=WEEK))

    @property
    def allowed(self) -> int:
        """Days that the policy needs from the first failing check to `dead`, at least."""
        return max(self.days, (self.failures - 1) * self.step)


def _one_answer(world: World, _policy: Policy) -> Rule:
    return OneAnswer(world)


def ours(days: int, step: int) -> Row:
    """Our rules, three failures over so many days, with a cycle every `step` days."""
    every = "daily" if step == 1 else "weekly"
    return Row(name=f"3 failures, {days} days; {every} cycles", failures=3, days=days, step=step)


PEER = Row(name="one answer decides; weekly", failures=1, days=0, step=WEEK, rule=_one_answer)
ROWS = (
    *(ours(days, 1) for days in (3, 7, 10, 14)),
    *(ours(days, WEEK) for days in (3, 14)),
    PEER,
)


@dataclass(slots=True)
class Figures:
    """What came of a rule in a year."""

    row: Row
    world: World
    requests: int = 0
    false: dict[Link, int] = field(default_factory=dict)  # the day on which it was first called
    causes: Counter[Cause] = field(default_factory=Counter)  # times that a false alarm began
    false_days: int = 0  # summed over links
    found: dict[Link, int] = field(default_factory=dict)  # dead at the end: days it took
    in_time: int = 0  # deaths early enough to be known
    missed: list[Link] = field(default_factory=list)  # of those, not called
    doubted: set[Link] = field(default_factory=set)  # alive, and suspect at some time

    @property
    def median(self) -> float:
        return median(self.found.values())

    @property
    def kept(self) -> bool:
        """No false alarm, no missed death, median detection within a week of what is allowed."""
        soon = self.median <= self.row.allowed + WEEK
        return not self.false and not self.missed and soon


def run(world: World, row: Row) -> tuple[Figures, Rule]:
    """One rule, through all the days of a world."""
    rule = row.rule(world, row.policy)
    figures = Figures(row, world)
    before: set[Link] = set()
    for day in range(world.days):
        if day % row.step == 0:
            rule.cycle(day)
            dead = rule.dead
            figures.doubted |= {link for link in rule.suspect if not link.dead_on(day)}
        for link in dead:
            if link.died is not None and link.dead_on(day):
                figures.found.setdefault(link, day - link.died)
                continue
            figures.false_days += 1
            if link not in before:
                figures.false.setdefault(link, day)
                figures.causes[world.cause(link, day)] += 1
        before = dead
    figures.found = {link: late for link, late in figures.found.items() if link in before}
    early = [link for link in world.links if _known_by(world, link, row) < world.days]
    figures.in_time = len(early)
    figures.missed = [link for link in early if link not in figures.found]
    figures.requests = rule.requests
    return figures, rule


def _known_by(world: World, link: Link, row: Row) -> int:
    """The day by which a death must be called, if every look comes as late as the schedule allows.

    A look that a wall refuses, or that our own outage voids, shows no death.
    """
    if link.died is None:
        return world.days
    day = (link.died + WEEK - 1) // row.step * row.step
    shown: list[int] = []
    while day < world.days:
        wall = None if link.death in _SEEN_THROUGH_WALLS else link.host.wall
        if day in world.ours:
            day += row.step
        elif wall is not None and wall(day):
            day += WEEK
        else:
            shown.append(day)
            if len(shown) >= row.failures and day - shown[0] >= row.days:
                break
            day += row.step
    return day


def story(figures: Figures, rule: Rounds) -> str:
    """The history behind the first false alarm, a line a check."""
    link, day = next(iter(figures.false.items()))
    began = figures.world.cause(link, day)
    lines = [f"{figures.row.name}: {link.url} was called dead on day {day} ({began}):"]
    for result in rule.history(link):
        at = (result.at - rule.history(link)[0].at).days
        if day - 21 <= at <= day + WEEK:
            what = result.fault or result.status
            lines.append(f"  day {at}: {what}{' (inferred)' if result.inferred else ''}")
    return "\n".join(lines)


def table(every: Sequence[Figures]) -> list[str]:
    """The figures, a line a rule; and what the false alarms came from."""
    lines = [
        (
            "| rule | false alarms | days in reports | missed deaths | days to detection "
            "| requests a link and week | living, once suspect | mark |"
        ),
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in every:
        delays = list(one.found.values())
        late = f"{median(delays):.0f} / {quantiles(delays, n=10)[-1]:.0f} / {max(delays)}"
        weeks = one.world.days / WEEK
        asked = one.requests / len(one.world.links) / weeks
        lines.append(
            f"| {one.row.name} | {len(one.false)} | {one.false_days:,} "
            f"| {len(one.missed)} of {one.in_time} | {late} | {asked:.2f} "
            f"| {len(one.doubted)} | {'kept' if one.kept else 'not kept'} |"
        )
    causes = [cause for cause in Cause if any(one.causes[cause] for one in every)]
    lines += ["", "False alarms that began on a day with:", ""]
    lines += [f"| rule | {' | '.join(causes)} |", f"| --- |{' --- |' * len(causes)}"]
    for one in every:
        counts = " | ".join(f"{one.causes[cause]:,}" for cause in causes)
        lines.append(f"| {one.row.name} | {counts} |")
    return lines


def _drawn(world: World) -> list[str]:
    """What the world is made of, in words."""
    links, hosts = world.links, world.hosts

    def many(of: Iterable[object]) -> int:
        return sum(map(bool, of))

    def on(of: Iterable[Host]) -> str:
        some = list(of)
        return f"{len(some)} hosts ({sum(len(host.links) for host in some)} links)"

    deaths = Counter(link.death for link in links if link.death is not None)
    kinds = Counter(world.ours.values())
    facts = [
        f"{len(links):,} links on {len(hosts)} hosts, {world.days} days; seed {world.seed}.",
        (
            f"{sum(deaths.values())} links die on a random day: "
            + ", ".join(f"{death} {deaths[death]}" for death in Death)
            + ". The last three take all links of a host; soft 404 and parked answer 200 with two "
            "signs. Pages behind a wall that stays are not among them: no answer would show it."
        ),
        (
            f"{many(link.moved for link in links)} move (301, 308), "
            f"{many(link.changed for link in links)} become another page, "
            f"{many(link.restless for link in links)} show another body each time, "
            f"{many(link.lone for link in links)} show one sign of a missing page for 2 to 8 weeks."
        ),
        (
            f"{many(link.flaky for link in links)} are flaky: each request fails with a "
            f"probability of {TRANSIENT:.0%} (503, timeout, reset, 429)."
        ),
        (
            f"{on(host for host in hosts if host.outages)} have an outage of 1 to "
            f"{LONGEST_OUTAGE} days: refused, timeout, 503 or resolver fault."
        ),
        (
            f"{on(host for host in hosts if host.wall)} answer 403 to programs: always, from a "
            "random day on, or on and off."
        ),
        (
            f"On {len(world.ours)} days our own network is out, in each outage over a day of the "
            "weekly cycle: " + ", ".join(f"{what} ({kinds[what]})" for what in Ours) + "."
        ),
    ]
    return [f"- {fact}" for fact in facts]


_EXPLAINED = """\
A false alarm is a link called dead while it is alive; its days are summed over links. A death \
counts as missed if it came early enough for the rule to call it before the year's end, every \
look as late as the schedule allows, and is not called dead when the year ends. Days to detection \
(median / 90th percentile / worst), of those that are, run from the first day on which the page is \
gone to the first on which it is called dead. The mark: no false alarm, no missed death, and a \
median within a week of what `dead_after` needs at least (its days, or three cycles).

Only the asking is simulated, and the signs of pages come ready-made: verdicts, void cycles and \
due times are linkwatch's own (`verdict.py`, `evidence.py`, `void.py`, `schedule.py`). With daily \
cycles, links are due as the schedule says: weekly, suspects daily. Requests are those for links, \
with redirects, retries and witnesses, without those for made-up addresses. "One answer decides" \
asks every link once a week without retries; any fault and any status from 400 on is dead, and no \
cycle is void.
"""


def page(world: World, every: Sequence[Figures], about: str) -> str:
    """The document."""
    parts = ["# A simulated year\n", about, "", *_drawn(world), "", *table(every), "", _EXPLAINED]
    return "\n".join(parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year", description=__doc__)
    parser.add_argument("--seed", type=int, help=f"another world than {SEED}; writes no page")
    parser.add_argument(
        "--story", action="store_true", help="tell of each rule's first false alarm"
    )
    return parser.parse_args()


def main() -> int:
    """Measure; print, and write the page for the usual world."""
    options = _arguments()
    world = build(links=2000, hosts=700, days=365, seed=options.seed or SEED)
    every = []
    for row in ROWS:
        figures, rule = run(world, row)
        every.append(figures)
        if options.story and figures.false and isinstance(rule, Rounds):
            print(story(figures, rule))
    command = [sys.executable, "-m", "linkwatch", "--version"]
    version = subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout
    about = (
        f"`python -m benchmarks.year`: Python {platform.python_version()}, "
        f"{' '.join(version.replace(', version', '').split())}."
    )
    text = page(world, every, about)
    print(text)
    if options.seed is None:
        PAGE.write_text(text, "utf-8")
        print(f"Written to {PAGE.relative_to(TOP)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
