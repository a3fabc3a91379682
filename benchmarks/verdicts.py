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


def judge(
    pages: Sequence[Page], said: Mapping[str, str], expected: Mapping[str, frozenset[str]]
) -> Truth:
    """Compare what was `said` of each URL with what may be said of its fate."""
    right = 0
    all_of = Counter(page.fate for page in pages)
    false_alarms: Counter[str] = Counter()
    others: Counter[tuple[str, str]] = Counter()
    for page in pages:
        word = said.get(page.url, "nothing")
        if word in expected[page.fate]:
            right += 1
        elif word in {"dead", "broken"} and page.fate in {*_THERE, "forbidden"}:
            false_alarms[page.fate] += 1
        else:
            others[page.fate, word] += 1
    return Truth(
        right=right,
        false_alarms=tuple(
            f"{_WORDS.get(fate, fate)}: {n} of {all_of[fate]}"
            for fate, n in sorted(false_alarms.items())
        ),
        others=tuple(
            f"{_WORDS.get(fate, fate)} called {word}: {n} of {all_of[fate]}"
            for (fate, word), n in sorted(others.items())
        ),
    )


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
