"""How large a history grows: a year of weekly cycles of 10,000 links, with and without rollups.

No network: results of the usual shapes go through what a cycle does with them, into a database
that is made as a cycle makes it. Run: `python -m benchmarks.growth [--links N] [--weeks N]`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from linkwatch.errors import StoreError
from linkwatch.history.checks import save_results
from linkwatch.history.cycles import begin_cycle, end_cycle, set_void
from linkwatch.history.links import next_links, queue_due, waiting_hosts
from linkwatch.history.mentions import save_note, settle_mentions
from linkwatch.history.store import Store
from linkwatch.judging import judge_cycles
from linkwatch.model import CheckResult, Ending, Fault, Fingerprint, Hop, Kind, Mark, Mention, Sign
from linkwatch.pruning import after_a_cycle
from linkwatch.settings import History
from linkwatch.verdict import Policy

LINKS = 10_000
WEEKS = 52
QUARTER = 13  # weeks
_START = datetime(2025, 1, 6, 4, tzinfo=UTC)
_POLICY = Policy(failures=3, days=3, recheck_after=timedelta(days=7))
_LESS = 5  # times fewer links where every check is kept
_BATCH = 200  # results a commit, as a quick sweep has them
_A_NOTE = 25  # links
_TEXT = """
    river mill archive letter garden history north review journal water stone paper notes on the of
    a guide to theory field practice house city light early modern method list open data
"""
_WORDS = _TEXT.split()


@dataclass(slots=True)
class _Page:
    """One link, and what stands there."""

    url: str
    title: str
    length: int
    sketch: bytes
    html: bool  # else a PDF or an image: no fingerprint
    lively: bool  # other news every week
    rehashed: bool  # another body each time
    hops: tuple[Hop, ...]
    marks: tuple[Mark, ...]
    signed: bool  # its redirects carry another key each time
    flaky: bool
    answer: int  # while it is well
    dies: int  # in this week; never, if later than all
    turns: int  # becomes another page


class Web:
    """All pages, and what a check of one shows in some week."""

    def __init__(self, links: int, seed: int = 2026) -> None:
        self._chance = Random(seed)
        self.pages = {page.url: page for page in (self._page(i, links) for i in range(links))}

    def _page(self, number: int, links: int) -> _Page:
        chance = self._chance
        host = f"www.{chance.choice(_WORDS)}-{number % max(1, links // 4)}.example"
        path = "/".join("-".join(chance.sample(_WORDS, 3)) for _ in range(chance.randint(1, 3)))
        url = f"https://{host}/{path}/{number}"
        kind, answer = chance.random(), 200
        hops: tuple[Hop, ...] = ()
        end = f"https://{host}/new/{path}/{number}"
        if kind < 0.09:  # two thirds for good
            hops = (Hop(url=url, status=301 if kind < 0.06 else 302, location=end),)
        elif kind < 0.14:
            answer = 404
        elif kind < 0.16:
            answer = 403
        death = chance.random()
        return _Page(
            url=url,
            title=" ".join(chance.choices(_WORDS, k=chance.randint(4, 11))).capitalize(),
            length=chance.randint(300, 30_000),
            sketch=chance.randbytes(64),
            html=chance.random() < 0.85,
            lively=chance.random() < 0.25,
            rehashed=chance.random() < 0.4,
            hops=hops,
            marks=(Mark(Sign.UNDECIDABLE, "app"),) if chance.random() < 0.05 else (),
            signed=chance.random() < 0.03,
            flaky=0.16 <= kind < 0.18,
            answer=answer,
            dies=int(death / 0.04 * WEEKS) if death < 0.04 else 10 * WEEKS,
            turns=chance.randrange(WEEKS) if chance.random() < 0.01 else 10 * WEEKS,
        )

    def check(self, url: str, week: int, at: datetime) -> CheckResult:
        """What one check of a page shows."""
        page, chance = self.pages[url], self._chance
        elapsed_ms = int(chance.lognormvariate(5.5, 0.7))
        if page.flaky and chance.random() < 0.3:
            why = "Connection timeout to host https://www.some-host.example:443"
            return CheckResult(
                url=url, at=at, elapsed_ms=20_000, fault=Fault.TIMEOUT, message=why,
                final_url=url, attempts=3,
            )  # fmt: skip
        status = 404 if page.dies <= week else page.answer
        if status != 200:
            return CheckResult(
                url=url, at=at, elapsed_ms=elapsed_ms, status=status, final_url=url,
                attempts=2 if status == 404 else 1, size=3_000, digest=chance.randbytes(16).hex(),
            )  # fmt: skip
        hops = page.hops
        if hops and page.signed:
            location = f"{hops[0].location}?key={chance.randbytes(8).hex()}"
            hops = (Hop(url=url, status=hops[0].status, location=location),)
        still = Random(f"{url} {week if page.rehashed else 0}")
        return CheckResult(
            url=url,
            at=at,
            elapsed_ms=elapsed_ms,
            status=200,
            final_url=hops[-1].location if hops else url,
            hops=hops,
            attempts=1 + len(hops),
            size=page.length * 4,
            digest=still.randbytes(16).hex(),
            marks=page.marks,
            fingerprint=self._print(page, week) if page.html else None,
        )

    def _print(self, page: _Page, week: int) -> Fingerprint:
        title, sketch, length = page.title, page.sketch, page.length
        if page.turns <= week:
            title, sketch = f"Lamps for {page.title[::-1]}", bytes(reversed(sketch))
        if page.lively:
            new = Random(f"{page.url} {week}")
            where = new.randrange(50)
            sketch = sketch[:where] + new.randbytes(10) + sketch[where + 10 :]
            length += new.randint(-200, 200)
        return Fingerprint(title=title, length=length, sketch=sketch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A database at the end of a quarter."""

    week: int
    total_bytes: int
    checks: int
    parts: dict[str, int]  # bytes, by table and index


@dataclass(slots=True, kw_only=True)
class Growth:
    """What came of a year."""

    keep: timedelta | None
    sizes: list[Size] = field(default_factory=list)
    save_s: float = 0.0
    judge_s: float = 0.0  # the last cycle
    prune_s: float = 0.0
    longest_prune_s: float = 0.0  # one transaction


def _mention(url: str, place: int, file: str) -> Mention:
    start = 120 * place
    return Mention(
        file=file, line=place + 1, column=1, start=start, end=start + len(url), url=url, text=url,
        kind=Kind.BARE,
    )  # fmt: skip


def _notes(store: Store, urls: Sequence[str]) -> None:
    for i in range(0, len(urls), _A_NOTE):
        file = f"topic/{i // _A_NOTE}.md"
        mentions = [_mention(url, n, file) for n, url in enumerate(urls[i : i + _A_NOTE])]
        save_note(store, "notes", file, (1, 1), "1", mentions, _START)


def grow(path: Path, *, links: int, weeks: int, keep: timedelta | None) -> Growth:
    """Live through so many weeks."""
    web, found = Web(links), Growth(keep=keep)
    with Store(path) as store:
        _notes(store, list(web.pages))
        for week in range(weeks):
            _cycle(store, web, week, found)
            if week % QUARTER == QUARTER - 1 or week == weeks - 1:
                found.sizes.append(_size(store, week + 1))
    return found


def _cycle(store: Store, web: Web, week: int, found: Growth) -> None:
    now = _START + timedelta(weeks=week)
    cycle_id = begin_cycle(store, now)
    if not week:
        settle_mentions(store, cycle_id)
    queue_due(store, now, everything=False, notes=None)
    hosts = dict.fromkeys((host for host, _ in waiting_hosts(store)), 0)
    asked = next_links(store, hosts, 1_000_000, with_fragments=False)
    ids = {link.url: link.id for link in asked}
    results = [
        web.check(link.url, week, now + timedelta(milliseconds=30 * n))
        for n, link in enumerate(asked)
    ]
    began = time.perf_counter()
    for i in range(0, len(results), _BATCH):
        save_results(store, cycle_id, ids, results[i : i + _BATCH])
    saved = time.perf_counter()
    set_void(store, cycle_id, None)
    judge_cycles(store, _POLICY, cycle_id=cycle_id, up_to=cycle_id)
    judged = time.perf_counter()
    end_cycle(store, cycle_id, Ending.FINISHED, now + timedelta(minutes=10))
    found.save_s += saved - began
    found.judge_s = judged - saved
    for _ in after_a_cycle(store, found.keep, now):
        pruned = time.perf_counter()
        found.longest_prune_s = max(found.longest_prune_s, pruned - judged)
        found.prune_s += pruned - judged
        judged = pruned


def _size(store: Store, week: int) -> Size:
    store.rows("pragma wal_checkpoint(truncate)")
    try:
        rows = store.rows("select name, sum(pgsize) as n from dbstat group by name order by n desc")
    except StoreError:  # dbstat is not compiled in everywhere
        rows = []
    return Size(
        week=week,
        total_bytes=store.path.stat().st_size,
        checks=store.rows("select count(*) from checks")[0][0],
        parts={row["name"]: row["n"] for row in rows},
    )


def section(folder: Path, *, links: int = LINKS, weeks: int = WEEKS) -> str:
    """A year with old checks rolled up, as by default, and one with every check kept.

    The latter with a fifth of the links: judging takes longer with every week.
    """
    keep = timedelta(seconds=History().keep or 0)
    rolled = grow(folder / "rolled.db", links=links, weeks=weeks, keep=keep)
    whole = grow(folder / "whole.db", links=links // _LESS, weeks=weeks, keep=None)
    rows = [
        f"| {a.week} weeks | {_mb(a.total_bytes)} | {a.checks:,} |"
        f" {_mb(_LESS * b.total_bytes)} | {_LESS * b.checks:,} |"
        for a, b in zip(rolled.sizes, whole.sizes, strict=True)
    ]
    last = rolled.sizes[-1]
    parts = _by_table(last.parts)
    where = ", ".join(f"{name} {_mb(size)}" for name, size in parts[:4])
    return "\n".join(
        [
            "## Growth of the history\n",
            (
                f"{weeks} weekly cycles of {links:,} links, through linkwatch's own saving, judging"
                f" and rolling up; the results are made up: 85% HTML pages, a quarter of them with"
                f" other text each week, 9% redirects, 5% 404, 2% that fail now and then; 4% die in"
                f" the year. Rolled up: checks older than {keep.days} days, the default of"
                " `history.keep`; every check kept: `keep: null`, a"
                f" fifth of the links, times {_LESS}. Sizes are those of the file,"
                " with its log written back.\n"
            ),
            "| after | rolled up | checks in it | every check kept | checks in it |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
            "| of the last cycle | rolled up | every check kept |",
            "| --- | --- | --- |",
            f"| judging | {rolled.judge_s:.1f} s | {_LESS * whole.judge_s:.1f} s |",
            (
                f"\nRolling up took {rolled.prune_s / weeks:.1f} s a cycle on average, and"
                f" {1000 * rolled.longest_prune_s:.0f} ms in its longest transaction: so long a"
                " check that wants to be written may have to wait."
                + (f" The bytes of the first are in {where}." if where else "")
            ),
        ]
    )


def _by_table(parts: dict[str, int]) -> list[tuple[str, int]]:
    """The largest tables, each with its indexes."""
    found: Counter[str] = Counter()
    tables = sorted((name for name in parts if not name.startswith("idx_")), key=len)
    for name, size in parts.items():
        bare = name.removeprefix("idx_")
        owner = max((table for table in tables if bare.startswith(table)), key=len, default=name)
        found[owner] += size
    return found.most_common()


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"


def main() -> int:
    """Grow, and print the section."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--links", type=int, default=LINKS)
    parser.add_argument("--weeks", type=int, default=WEEKS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(section(Path(folder), links=options.links, weeks=options.weeks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
