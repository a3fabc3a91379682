"""What the programs made of pages whose fate is known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.world import Page

_THERE = frozenset({"ok", "slow", "moved", "found", "busy-once", "down-once"})
_WORDS = {
    "busy-once": "429 at first",
    "down-once": "503 at first",
    "forbidden": "403",
    "missing": "404",
    "gone": "no such name",
}
_SURE = frozenset({"missing", "gone"})  # the others that are not there may come back tomorrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """How many verdicts were right, and which were not."""

    right: int
    false_alarms: tuple[str, ...]  # called broken or dead though a server has the page
    others: tuple[str, ...]  # otherwise not as it should be
    by_fate: Mapping[str, tuple[int, int]]  # how many were right, of how many

    def right_of(self, fate: str) -> str:
        """How many pages of one fate were judged right."""
        right, of_all = self.by_fate.get(fate, (0, 0))
        return f"{right} of {of_all}"

    def is_all_right(self, fate: str) -> bool:
        right, of_all = self.by_fate.get(fate, (0, 0))
        return right == of_all


def judge(
    pages: Sequence[Page], said: Mapping[str, str], expected: Mapping[str, frozenset[str]]
) -> Truth:
    """Compare what was `said` of each URL with what may be said of its fate."""
    right: Counter[str] = Counter()
    all_of = Counter(page.fate for page in pages)
    false_alarms: Counter[str] = Counter()
    others: Counter[tuple[str, str]] = Counter()
    for page in pages:
        word = said.get(page.url, "nothing")
        if word in expected[page.fate]:
            right[page.fate] += 1
        elif word in {"dead", "broken"} and page.fate in {*_THERE, "forbidden"}:
            false_alarms[page.fate] += 1
        else:
            others[page.fate, word] += 1
    return Truth(
        right=right.total(),
        false_alarms=tuple(
            f"{_WORDS.get(fate, fate)}: {n} of {all_of[fate]}"
            for fate, n in sorted(false_alarms.items())
        ),
        others=tuple(
            f"{_WORDS.get(fate, fate)} called {word}: {n} of {all_of[fate]}"
            for (fate, word), n in sorted(others.items())
        ),
        by_fate={fate: (right[fate], n) for fate, n in all_of.items()},
    )


def words(report: Path) -> str:
    """What linkwatch called the links, the commonest word first: `9 alive, 1 dead`."""
    links = json.loads(report.read_text("utf-8"))["links"]
    counted = Counter(str(link["state"]) for link in links)
    return ", ".join(f"{n:,} {state}" for state, n in counted.most_common())


def of_linkwatch(pages: Sequence[Page], report: Path) -> Truth:
    """After one cycle: dead only what is sure, the rest of what fails suspect."""
    links = json.loads(report.read_text("utf-8"))["links"]
    expected = {page.fate: frozenset({"suspect"}) for page in pages}
    expected |= dict.fromkeys(_THERE, frozenset({"alive", "moved"}))
    expected |= dict.fromkeys(_SURE, frozenset({"dead"}))
    expected["forbidden"] = frozenset({"blocked"})
    return judge(pages, {link["url"]: link["state"] for link in links}, expected)


def of_lychee(pages: Sequence[Page], report: Path) -> Truth:
    """Broken is what it lists as an error or a timeout."""
    found = json.loads(report.read_text("utf-8"))
    expected = {page.fate: frozenset({"broken"}) for page in pages}
    expected |= dict.fromkeys([*_THERE, "forbidden"], frozenset({"fine"}))
    said = {page.url: "fine" for page in pages}
    for kind in ("error_map", "timeout_map"):
        for links in found.get(kind, {}).values():
            said |= {link["url"]: "broken" for link in links}
    return judge(pages, said, expected)
