"""A million links of history: `python -m benchmarks.million FOLDER` makes it, and measures on it.

A vault of notes with a hundred links each, three weekly cycles old, of which a hundredth is due: on
loopback, where a server of this very script answers. Each figure is of a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import Contender, Run, middle, run

TOP = Path(__file__).resolve().parent.parent
LINKS = 1_000_000
_A_NOTE = 100  # links
_DUE = 100  # one link of so many
_HOSTS = 200_000
_PART = "benchmarks.million"
_CONFIG = """
notes: {paths: [notes]}
check: {allow_private_networks: true, per_host: {interval: 0ms}}
archive: {enabled: false}
"""
_WORLD = "world.json"
_DATABASE = Path("data") / "linkwatch.db"
_PATTERNS = (r"^https://site1\d\d\.example/", r"/articles/[^/]*/99\d$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """What became of a link, the same for all that share it."""

    state: str
    reason: str
    status: int | None
    detail: str
    since: int  # the cycle
    fault: str | None = None
    hop: int | None = None  # the status of its one redirect


def _fate(number: int, fates: dict[str, _Fate]) -> _Fate:
    place = number // _DUE % 100 if _is_due(number) else number * 7919 % 100
    if place == 0:
        return fates["dead"]
    if place < 7:
        return fates["moved"]
    if place < 9:
        return fates["elsewhere"]
    if place < 11 and not _is_due(number):
        return fates["blocked"]
    if place < 12 and not _is_due(number):
        return fates["suspect"]
    return fates["alive"]


def _is_due(number: int) -> bool:
    return number % _DUE == _DUE // 2


def _url(number: int, port: int, chance: random.Random) -> str:
    if _is_due(number):
        host = number // _DUE % 2_500
        return f"http://127.1.{host // 250}.{host % 250 + 1}:{port}/page/{number}"
    if number % 1_000 == 1:
        return f"https://web.archive.org/web/20150102030405/http://old{number}.example/page"
    host = chance.randrange(100 if chance.random() < 0.3 else _HOSTS)
    return (
        f"https://site{host}.example/articles/{chance.randrange(10**9):x}-of-some-length/{number}"
    )


def _final(url: str, fate: _Fate) -> str:
    if fate.hop is None:
        return url
    return url.replace("/page/", "/at/" if fate.hop == 302 else "/new/").replace(
        "/articles/", "/at/" if fate.hop == 302 else "/new/"
    )


class _Making:
    """The database and the notes, written in bulk."""

    def __init__(self, folder: Path, links: int) -> None:
        from linkwatch.config import load
        from linkwatch.history.store import Store
        from linkwatch.wiring import policy_of

        self._folder = folder
        self._links = links
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self._port = taken.getsockname()[1]
        (folder / "config.yaml").write_text(_CONFIG)
        self._config = load(None, cwd=folder)
        self._policy = policy_of(self._config)
        self._now = datetime.now(UTC)
        week = timedelta(days=7)
        self._at = [self._now - timedelta(days=6.5) - week * back for back in (2, 1, 0)]
        self._chance = random.Random(links)
        self._urls = [""] + [_url(n, self._port, self._chance) for n in range(1, links + 1)]
        self._fates = self._judged()
        self._store = Store(self._config.database)

    def make(self) -> None:
        """Everything, in one commit."""
        connection = self._store.db.conn
        connection.execute("pragma synchronous = off")
        connection.execute("pragma cache_size = -400000")
        with self._store.writing():
            self._write_cycles(connection)
            self._write_links(connection)
            self._write_checks(connection)
            self._write_notes(connection)
            self._write_dead(connection)
            self._write_wishes(connection)
        self._keep_wishes()
        self._store.close()
        world = {"port": self._port, "links": self._links, "now": self._now.isoformat()}
        (self._folder / _WORLD).write_text(json.dumps(world))

    def _judged(self) -> dict[str, _Fate]:
        """Each fate, with what the rules make of it."""
        from linkwatch.model import CheckResult, Fault, Hop
        from linkwatch.verdict import judge

        url = "https://site.example/articles/1"

        def fate(*statuses: int | None, hop: int | None = None) -> _Fate:
            end = f"{url}x" if hop else url
            results = [
                CheckResult(
                    url=url,
                    at=at,
                    elapsed_ms=300,
                    status=status,
                    fault=None if status else Fault.TIMEOUT,
                    final_url=end,
                    hops=(Hop(url=url, status=hop, location=end),) if hop else (),
                )
                for at, status in zip(self._at, statuses, strict=True)
            ]
            verdict = judge(results, self._policy)
            assert verdict.since is not None
            return _Fate(
                state=verdict.state,
                reason=verdict.reason,
                status=statuses[-1],
                detail=verdict.detail,
                since=self._at.index(verdict.since),
                fault=results[-1].fault,
                hop=hop,
            )

        return {
            "dead": fate(404, 404, 404),
            "suspect": fate(200, 200, None),
            "blocked": fate(403, 403, 403),
            "moved": fate(200, 200, 200, hop=301),
            "elsewhere": fate(200, 200, 200, hop=302),
            "alive": fate(200, 200, 200),
        }

    def _write_cycles(self, connection: sqlite3.Connection) -> None:
        from linkwatch.history.times import to_text

        counts = dict.fromkeys(("dead", "suspect", "blocked", "moved", "alive"), 0)
        for number in range(1, self._links + 1):
            counts[_fate(number, self._fates).state] += 1
        for number, at in enumerate(self._at, start=1):
            connection.execute(
                f"""insert into cycles (id, started_at, finished_at, ending, judged, checked,
                    unchecked, skipped, {", ".join(counts)})
                    values (?, ?, ?, 'finished', 1, ?, 0, 0, {", ".join("?" * len(counts))})""",
                (
                    *(number, to_text(at), to_text(at + timedelta(hours=3)), self._links),
                    *counts.values(),
                ),
            )

    def _write_links(self, connection: sqlite3.Connection) -> None:
        from linkwatch.history.times import to_text
        from linkwatch.web.url import host_of

        texts = [to_text(at) for at in self._at]
        past = to_text(self._now - timedelta(hours=1))
        later = to_text(self._now + timedelta(days=30))
        digest = self._policy.digest

        def rows() -> Iterator[tuple[Any, ...]]:
            top = 2 * self._links
            for number in range(1, self._links + 1):
                fate = _fate(number, self._fates)
                url = self._urls[number]
                check = top + number
                detail = fate.detail
                if fate.state == "moved":
                    detail = f"Moved for good to {_final(url, fate)}."
                well = fate.state in ("alive", "moved")
                drifted = well and number % 500 == 3
                yield (
                    *(number, url, host_of(url), texts[0], 1, fate.state, fate.reason),
                    *(texts[fate.since], detail, digest, check),
                    check if well else check - self._links if fate.fault else None,
                    *(texts[2], past if _is_due(number) else later, 3),
                    *((texts[2], "As it was", "As it is") if drifted else (None, None, None)),
                    3 if number % 2_000 == 5 else 0,
                    self._links + 1 + number // 1_000 if number % 1_000 == 1 else None,
                    *(0, None),
                )
            for number in range(1, self._links + 1, 1_000):
                url = f"http://old{number}.example/page"
                yield (
                    *(self._links + 1 + number // 1_000, url, host_of(url), texts[0], 0),
                    *("dead", "not_found", texts[0], self._fates["dead"].detail, digest),
                    *(None, None, texts[2], later, 3, None, None, None, 0, None, 1, None),
                )

        columns = (
            "id, url, host, first_seen, mentioned, state, reason, since, detail, policy,"
            " last_check_id, good_check_id, last_check, next_check, checks, changed_at,"
            " changed_from, changed_to, recoveries, original_id, watched, lives_at"
        )
        _fill(connection, "links", columns, rows())

    def _write_checks(self, connection: sqlite3.Connection) -> None:
        from linkwatch.history.times import to_text

        chance = self._chance
        sketches = [chance.randbytes(64) for _ in range(5_000)]

        def checks() -> Iterator[tuple[Any, ...]]:
            check = 0
            for cycle, at in enumerate(self._at, start=1):
                for number in range(1, self._links + 1):
                    check += 1
                    fate, url = _fate(number, self._fates), self._urls[number]
                    when = to_text(at + timedelta(milliseconds=number * 10))
                    final = _final(url, fate)
                    if fate.fault and cycle == 3:
                        yield (
                            *(check, number, cycle, when, 20_000, None, fate.fault, "", url, 1),
                            *(0, 0, None, None, None, None, None, None, None),
                        )
                        continue
                    page = number % 5_000
                    yield (
                        *(check, number, cycle, when, 310, fate.status or 200, None, "", final),
                        *(2 if fate.hop else 1, 0, 0, None, 48_000, f"{number:032x}", None),
                        *(f"The page {number}, as its title is", 5_000 + page, sketches[page]),
                    )

        columns = (
            "id, link_id, cycle_id, at, elapsed_ms, status, fault, message, final_url, attempts,"
            " inferred, confirmed, remark, size, digest, marks, title, length, sketch"
        )
        _fill(connection, "checks", columns, checks())

        def hops() -> Iterator[tuple[Any, ...]]:
            for cycle in range(3):
                for number in range(1, self._links + 1):
                    fate, url = _fate(number, self._fates), self._urls[number]
                    if fate.hop:
                        check = cycle * self._links + number
                        yield check, 1, url, fate.hop, _final(url, fate)

        _fill(connection, "hops", "check_id, position, url, status, location", hops())

        def anchors() -> Iterator[tuple[Any, ...]]:
            for cycle in range(3):
                for number in range(20, self._links + 1, 50):
                    lost = cycle == 2 and number % 2_000 == 20
                    yield cycle * self._links + number, "part-3", int(not lost)

        _fill(connection, "anchors", "check_id, fragment, present", anchors())

        def changes() -> Iterator[tuple[Any, ...]]:
            for number in range(1, self._links + 1):
                fate = _fate(number, self._fates)
                first = "alive" if fate.fault else fate.state
                yield 1, number, "unchecked", first, fate.reason, fate.detail
            for number in range(1, self._links + 1):
                fate = _fate(number, self._fates)
                if fate.fault or (fate.state == "moved" and number % 3 == 0):
                    yield 3, number, "alive", fate.state, fate.reason, fate.detail

        _fill(connection, "changes", "cycle_id, link_id, before, after, reason, detail", changes())

    def _write_notes(self, connection: sqlite3.Connection) -> None:
        from importlib.metadata import version

        from linkwatch.notes.extract import EXTRACTOR_VERSION
        from linkwatch.scan import options_of

        # The very key of `scan.scan`: if it is another by now, notes are read, and `section` tells.
        key = f"{EXTRACTOR_VERSION}:{version('pyromark')}:{options_of(self._config)}"
        notes, mentions = [], []
        for note, first in enumerate(range(1, self._links + 1, _A_NOTE)):
            path = f"{note % 100:02}/note-{note:05}.md"
            head = f"# Note {note}\n\n"
            lines, start = [head], len(head) + 2
            for line, number in enumerate(range(first, min(first + _A_NOTE, self._links + 1))):
                fragment = "#part-3" if number % 50 == 20 else ""
                url = f"{self._urls[number]}{fragment}"
                lines.append(f"- {url}\n")
                pardoned = number % 5_000 == 12
                mentions.append(
                    (
                        *(note + 1, number, line + 3, 3, start, start + len(url), url, url),
                        *("bare", int(pardoned), "a wall" if pardoned else None),
                    )
                )
                start += len(url) + 3
            file = self._folder / "notes" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(lines), "utf-8")
            stamp = file.stat()
            notes.append((note + 1, "notes", path, stamp.st_size, stamp.st_mtime_ns, key))
        _fill(connection, "notes", "id, root, path, size, mtime_ns, extractor", iter(notes))
        columns = (
            'note_id, link_id, line, "column", start, "end", url, text, kind, pardoned,'
            " pardoned_because"
        )
        _fill(connection, "mentions", columns, iter(mentions))

    def _write_dead(self, connection: sqlite3.Connection) -> None:
        from linkwatch.history.times import to_text

        asked, later = to_text(self._at[2]), to_text(self._now + timedelta(days=30))
        dead = [
            number
            for number in range(1, self._links + 1)
            if _fate(number, self._fates).state == "dead"
        ]
        found = dead[: len(dead) * 6 // 10]
        snapshots = (
            (
                *(id_, number, "web.archive.org", "2019-03-04T05:06:07.000Z"),
                f"https://web.archive.org/web/20190304050607/{self._urls[number]}",
                *(200, 1, asked),
            )
            for id_, number in enumerate(found, start=1)
        )
        columns = "id, link_id, archive, timestamp, url, status, verified, found_at"
        _fill(connection, "snapshots", columns, snapshots)
        lookups = (
            (
                number,
                "found" if id_ <= len(found) else "not_archived",
                *(asked, later, asked, "file", id_ if id_ <= len(found) else None),
            )
            for id_, number in enumerate(dead, start=1)
        )
        columns = "link_id, outcome, asked_at, next_at, cited_at, cited_from, snapshot_id"
        _fill(connection, "lookups", columns, lookups)

    def _write_wishes(self, connection: sqlite3.Connection) -> None:
        from linkwatch.history.times import to_text

        now = to_text(self._now - timedelta(days=1))
        urls = [(self._urls[n], None, now) for n in range(30, self._links + 1, self._links // 50)]
        patterns = [(None, pattern, now) for pattern in _PATTERNS]
        _fill(connection, "ignores", "url, pattern, created_at", iter([*urls, *patterns]))
        connection.execute(
            """insert into pardons (link_id, until, because)
               select distinct link_id, pardoned_until, pardoned_because from mentions
               where pardoned = 1"""
        )

    def _keep_wishes(self) -> None:
        from linkwatch.history.overrules import note_covered

        note_covered(self._store)


def _fill(
    connection: sqlite3.Connection, table: str, columns: str, rows: Iterator[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(columns.split(",")))
    connection.executemany(f"insert into {table} ({columns}) values ({marks})", rows)


def prepare(folder: Path, links: int) -> None:
    """Write the vault and its history; what is there stays, if it is the same."""
    known = folder / _WORLD
    if known.exists() and json.loads(known.read_text())["links"] == links:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # In a process of its own: what is measured is never smaller than the process that starts it.
    command = [sys.executable, "-m", _PART, str(folder), "--part", "make", "--links", str(links)]
    subprocess.run(command, check=True, cwd=TOP)


def _make_due(folder: Path) -> None:
    """As before the first cycle that was measured: a hundredth is due."""
    world = json.loads((folder / _WORLD).read_text())
    past, later = (
        f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%S.000Z}" for days in (-1, 30)
    )
    with sqlite3.connect(folder / _DATABASE) as connection:
        connection.execute(
            "update links set next_check = ? where next_check < ?", (later, later[:10])
        )
        connection.executemany(
            "update links set next_check = ? where id = ?",
            ((past, number) for number in range(_DUE // 2, world["links"] + 1, _DUE)),
        )
        connection.commit()
    connection.close()


# What runs in processes of its own.


def _due(folder: Path) -> dict[str, float]:
    from linkwatch.config import load
    from linkwatch.history.links import queue_due
    from linkwatch.history.store import Store

    with Store(load(None, cwd=folder).database, must_exist=True) as store:
        start_s = time.process_time()
        found = queue_due(store, datetime.now(UTC), everything=False, notes=None)
        return {"found": found, "took_s": time.process_time() - start_s}


def _around(folder: Path) -> dict[str, float]:
    """A whole cycle whose web answers at once: what is left is our own work."""
    from linkwatch import asking, cycle
    from linkwatch.checker.source import Outlook
    from linkwatch.clock import SystemClock
    from linkwatch.config import load
    from linkwatch.docket import Docket
    from linkwatch.model import CheckResult
    from linkwatch.scan import scan
    from linkwatch.watch import Silent

    told: dict[str, float] = {}
    config = load(None, cwd=folder)

    async def sweep(docket: Docket, *, hand: Any, **_others: Any) -> Outlook:
        start_s = time.process_time()
        hosts = [host for host, _ in await docket.hosts()]
        for i in range(0, len(hosts), 256):
            found = await docket.take(dict.fromkeys(hosts[i : i + 256], 0), 1000)
            for url in chain.from_iterable(found.values()):
                before = docket.before.get(url)
                await hand(
                    CheckResult(
                        url=url,
                        at=datetime.now(UTC),
                        elapsed_ms=1,
                        status=200,
                        final_url=url,
                        fingerprint=before.fingerprint if before else None,
                        digest=url,
                    )
                )
        told["asking_s"] = time.process_time() - start_s
        return Outlook(postponed=0, unfinished=0)

    def timed_scan(*arguments: Any, **named: Any) -> Any:
        start_s = time.process_time()
        found = scan(*arguments, **named)
        told["scan_s"] = time.process_time() - start_s
        told["read"] = found.read
        return found

    setattr(asking, "sweep", sweep)  # noqa: B010 - in the place of what was imported there
    setattr(cycle, "scan", timed_scan)  # noqa: B010 - likewise
    start_s = time.process_time()
    result = asyncio.run(
        cycle.run_cycle(config, cwd=folder, clock=SystemClock(), progress=Silent())
    )
    if result.void:
        raise RuntimeError(f"The cycle was void: {result.void}")
    told["whole_s"] = time.process_time() - start_s
    told["rest_s"] = told["whole_s"] - told["scan_s"] - told["asking_s"]
    return {**told, "checked": result.checked}


class _Pages(asyncio.Protocol):
    """As little of a web server as will do."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        while b"\r\n\r\n" in self._data:
            request, _, self._data = self._data.partition(b"\r\n\r\n")
            self._transport.write(_answer(request.split(b" ", 2)[1]))


def _answer(path: bytes) -> bytes:
    name, _, last = path.rpartition(b"/")
    status, extra, number = b"404 Not Found", b"", 0
    if last.isdigit():  # else an address that was made up
        number = int(last)
        place = number // _DUE % 100
        if name != b"/page" or place >= 9:
            status = b"200 OK"
        elif place > 0:
            status = b"301 Moved Permanently" if place < 7 else b"302 Found"
            extra = b"Location: /%s/%d\r\n" % (b"new" if place < 7 else b"at", number)
    words = " ".join(f"word{number * factor % 9_973}" for factor in range(1, 80))
    page = f"<title>The page {number}</title><p>{words}".encode()
    return b"HTTP/1.1 %s\r\n%sContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (
        *(status, extra, len(page), page),
    )


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Pages, "0.0.0.0", port, backlog=4_096)
    await server.serve_forever()


@contextmanager
def _serving(folder: Path) -> Iterator[None]:
    port = json.loads((folder / _WORLD).read_text())["port"]
    process = subprocess.Popen([sys.executable, "-m", _PART, str(folder), "--part", "serve"])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured of one command, run several times."""

    name: str
    runs: Sequence[Run]
    told: Sequence[dict[str, float]]  # what the process said of its own parts

    def part(self, key: str) -> float:
        """The median of what the processes said."""
        return median(one[key] for one in self.told)


def measure(folder: Path, *, times: int, only: Sequence[str] = ()) -> list[Figures]:
    """Run everything `times` times on a vault that was made."""
    world = json.loads((folder / _WORLD).read_text())
    with sqlite3.connect(folder / _DATABASE) as connection:
        some = connection.execute(
            "select url from links where id = ?", (min(world["links"], 777),)
        ).fetchone()[0]
    connection.close()
    linkwatch = [sys.executable, "-m", "linkwatch", "--quiet"]
    own = [sys.executable, "-m", _PART, str(folder), "--part"]
    commands = {
        "due": [*own, "due"],
        "status": [*linkwatch, "status"],
        "explain": [*linkwatch, "explain", some],
        "markdown": [*linkwatch, "report"],
        "json": [*linkwatch, "report", "--format", "json", "--output", "out.json"],
        "around": [*own, "around"],
        "check": [*linkwatch, "check"],
    }
    found = []
    env = {**os.environ, "PYTHONPATH": str(TOP)}
    for name, command in commands.items():
        if only and name not in only:
            continue
        runs, told = [], []
        for _ in range(times):
            if name in ("due", "around", "check"):
                _make_due(folder)
            contender = Contender(name, command, folder, frozenset({0, 2}))
            if name == "check":
                with _serving(folder):
                    done = run(contender, env)
            else:
                done = run(contender, env)
            runs.append(done)
            if command[: len(own)] == own:
                log = (folder / f"{name}.log").read_text().splitlines()
                told.append(json.loads(log[-1]))
                if told[-1].get("read"):
                    raise RuntimeError("The notes were read: the generator's stamps are wrong.")
            print(f"  {name}: {done.wall_s:.2f} s, {done.peak_mb:.0f} MB", *told[-1:], flush=True)
        found.append(Figures(name=name, runs=runs, told=told))
    return found


_NAMES = {
    "due": "what is due, found",
    "status": "`status`",
    "explain": "`explain`",
    "markdown": "`report`",
    "json": "`report --format json`",
    "around": "a cycle whose web answers at once",
    "check": "`check`, against a server on loopback",
}
_MARKS = {
    "due": "≤ 5 s",
    "explain": "≤ 5 s",
    "markdown": "≤ 5 s",
    "json": "≤ 20 s",
    "around": "≤ 5 s",
}


def section(folder: Path, *, times: int, links: int = LINKS) -> str:
    """A section of the page on benchmarks."""
    prepare(folder, links)
    measured = {one.name: one for one in measure(folder, times=times)}
    rows = [
        f"| {_NAMES[name]} | {middle(one.runs, lambda run: run.wall_s):.1f} s "
        f"| {middle(one.runs, lambda run: run.cpu_s):.1f} s "
        f"| {middle(one.runs, lambda run: run.peak_mb):.0f} MB | {_MARKS.get(name, '')} |"
        for name, one in measured.items()
    ]
    around = measured["around"]
    return "\n".join(
        [
            "## A large history\n",
            (
                f"{links:,} links in {links // _A_NOTE:,} notes, each checked three times; "
                f"{links // _DUE:,} are due. Median of {times}; whole processes. Of the CPU time "
                "of the cycle whose web answers at once, the scan of notes that did not change is "
                f"{around.part('scan_s'):.1f} s, results on their way into history "
                f"{around.part('asking_s'):.1f} s, and {around.part('rest_s'):.1f} s all else: "
                "what is due, whether the cycle counts, its verdicts, its report.\n"
            ),
            "| | wall time | CPU time | peak memory (≤ 300 MB) | mark |",
            "| --- | ---: | ---: | ---: | --- |",
            *rows,
        ]
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {_PART}", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--links", type=int, default=LINKS)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=(), help="measure these parts alone")
    parser.add_argument(
        "--part", choices=["make", "due", "around", "serve"], help=argparse.SUPPRESS
    )
    return parser.parse_args()


def main() -> int:
    """Make and measure; print the figures as JSON."""
    options = _arguments()
    folder = options.folder.absolute()
    match options.part:
        case "serve":
            asyncio.run(_serve(json.loads((folder / _WORLD).read_text())["port"]))
        case "make":
            _Making(folder, options.links).make()
        case "due":
            print(json.dumps(_due(folder)))
        case "around":
            print(json.dumps(_around(folder)))
        case _:
            prepare(folder, options.links)
            figures = measure(folder, times=options.times, only=options.only)
            print(json.dumps([_as_object(one) for one in figures], indent=1))
    return 0


def _as_object(one: Figures) -> dict[str, object]:
    return {
        "name": one.name,
        "wall_s": round(middle(one.runs, lambda run: run.wall_s), 2),
        "cpu_s": round(middle(one.runs, lambda run: run.cpu_s), 2),
        "peak_mb": round(middle(one.runs, lambda run: run.peak_mb)),
        "told": one.told,
    }


if __name__ == "__main__":
    sys.exit(main())
