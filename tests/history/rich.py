"""A history with everything in it that a report can tell of; the same one every time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

from linkwatch.history.checks import save_results
from linkwatch.history.copies import confirm, pending_copies, save_pending
from linkwatch.history.cycles import begin_cycle, end_cycle, set_void
from linkwatch.history.mentions import remove_notes, save_note, settle_mentions
from linkwatch.history.overrules import add_ignore, note_covered, save_testimony
from linkwatch.history.snapshots import save_lookup
from linkwatch.history.store import Store
from linkwatch.judging import judge_cycles, rejudge
from linkwatch.model import (
    By,
    CheckResult,
    CitedFrom,
    Ending,
    Fault,
    Fingerprint,
    LocalCopy,
    Lookup,
    Outcome,
    Pardon,
    Snapshot,
    State,
    Testimony,
)
from tests.checks import day, seen
from tests.history.past import POLICY, mention

_LINKS = 90
_CYCLES = 9
_AGES = (0.0, 7.0, 8.0, 15.0, 22.0, 23.0, 30.0, 31.0, 33.0)
_NAMES = {"notes": "", "work": "work/"}
PATHS = {"notes": "/home/me/notes", "work": "/srv/work"}
NAMES = _NAMES
_PAGES = [
    Fingerprint(title=title, length=4_000, sketch=bytes([n] * 64))
    for n, title in enumerate(("All about tea | <b>", "Casino *now*"))
]
_ODD = (
    "https://odd.example/a(b)[c]?q=%%x&y={{z}}|`w`",
    "https://odd.example/\u202eturned\u200b\x7f",
    'https://odd.example/é/日本/"quoted\\"',
    "https://odd.example/tab\there#it_s-#gone",
    "https://[::1]/x",
)


def _urls() -> list[str]:
    some = [f"https://site{n % 11}.example/{n % 7}/page-{n}" for n in range(_LINKS)]
    some += [
        f"https://web.archive.org/web/2015010203040{n}/http://old{n}.example/" for n in range(3)
    ]
    return [*some, *_ODD]


def _story(number: int, chance: random.Random) -> list[tuple[int | Fault, tuple[int, ...], int]]:
    """What each cycle sees of a link: the answer, its redirects, its page."""
    kind = chance.randrange(10)
    steady: dict[int, tuple[int | Fault, tuple[int, ...]]] = {
        0: (404, ()),
        1: (410, (301,)),
        2: (200, (301, 308)),
        3: (403, ()),
        4: (200, ()),
        5: (200, (302,)),
        6: (Fault.TIMEOUT, ()),
    }
    if kind in steady:
        return [(*steady[kind], 0)] * _CYCLES
    if kind == 8:  # becomes another page
        return [(200, (), int(n > 3)) for n in range(_CYCLES)]
    if kind == 7:  # comes and goes
        return [((200, 503)[n % 2], (), 0) for n in range(_CYCLES)]
    fails = chance.randrange(1, _CYCLES)
    return [(200 if n < fails else 404, (), int(n > fails // 2)) for n in range(_CYCLES)]


def _result(
    url: str, told: tuple[int | Fault, tuple[int, ...], int], on: float, cycle: int
) -> CheckResult:
    what, hops, page = told
    fine = what == 200
    result = seen(
        what,
        on,
        url=url,
        hops=hops,
        confirmed=what in (404, 410) and cycle % 2 == 0,
        message="" if isinstance(what, int) else "no answer\x1b[2J | `x`",
        fingerprint=_PAGES[page] if fine else None,
    )
    if "#" in url or url.endswith(("-3", "-17")):
        result = replace(result, anchors=(("part", cycle < 5), ("never", False)))
    if "web.archive.org" in url and fine:
        result = replace(result, memento=day(-4_000))
    return result


def _notes(store: Store, urls: list[str], *, later: bool) -> None:
    for note in range(12):
        root, path = ("work", f"n{note}.md") if note % 4 == 3 else ("notes", f"d/n_{note}.md")
        named = [url for n, url in enumerate(urls) if n % 12 == note or n % 17 == note]
        if later:
            named = named[1:] if note == 5 else [*named, f"https://late.example/{note}"]
        mentions = []
        for i, url in enumerate([*named, *named[:2]]):
            fragment = "#part" if url.endswith(("-3", "-17")) else ""
            one = mention(f"{url}{fragment}", start=100 * i, file=path)
            if note in (2, 7) and i % 3 == 0:
                until = date(2026, 1, 20) if i % 2 else None
                one = replace(one, pardon=Pardon(until=until, because="a wall | there"))
            mentions.append(replace(one, line=i + 1))
        save_note(store, root, path, (1, int(later)), "1", mentions, day(_AGES[4 if later else 0]))


def _say(store: Store, urls: list[str]) -> None:
    now = day(8.2)
    add_ignore(store, By.URL, urls[4], Pardon(because="mine"), now)
    add_ignore(store, By.URL, urls[9], Pardon(until=date(2026, 2, 6)), now)
    add_ignore(store, By.PATTERN, r"site3\.example/\d/page-[12]", Pardon(), now)
    add_ignore(store, By.PATTERN, r"^https://site7", Pardon(until=date(2026, 2, 7)), now)
    for url in (urls[0], urls[21]):
        save_testimony(
            store, url, Testimony(at=now, until=now + timedelta(days=60), because="I saw it")
        )
    rejudge(store, POLICY, [urls[0], urls[21]])


def _look_up(store: Store, chance: random.Random) -> None:
    dead = store.rows("select url from links where state = 'dead' and mentioned = 1 order by url")
    outcomes = [one for one in Outcome if one is not Outcome.NOT_ASKED]
    for number, row in enumerate(dead):
        outcome = outcomes[number % len(outcomes)]
        copy = None
        if outcome is Outcome.FOUND or number % 5 == 0:
            copy = Snapshot(
                archive="web.archive.org",
                timestamp=day(-chance.randrange(3_000)),
                url=f"https://web.archive.org/web/2019/{row['url']}",
                status=200,
                verified=number % 2 == 0,
            )
        lookup = Lookup(
            outcome=Outcome.FOUND if copy else outcome,
            asked_at=day(20),
            next_at=day(40 + number) if number % 3 else None,
            snapshot=copy,
            cited_at=day(-number * 30),
            cited_from=list(CitedFrom)[number % 5],
            detail="It says: *no*." if number % 4 == 0 else "",
        )
        save_lookup(store, row["url"], lookup, day(20))


def _keep(store: Store, cycle_id: int, urls: list[str]) -> None:
    copies = [
        LocalCopy(
            url=url,
            at=day(7),
            seen_at=day(7),
            path=f"copies/{number}.warc.gz",
            digest=f"{number}",
            size_bytes=1_000,
            length=2_000,
            status=200,
            content_type="text/html",
            title=None,
        )
        for number, url in enumerate(urls[30:36])
    ]
    save_pending(store, cycle_id, copies, total_bytes=10**9, whole=lambda _path, _size: True)
    confirm(store, [copy.id for copy in pending_copies(store)][:4])


def write_rich(store: Store) -> None:
    """Nine cycles, one of them void and one cut short, with all that people and archives said."""
    chance = random.Random(1)
    urls = _urls()
    stories = {url: _story(n, chance) for n, url in enumerate(urls)}
    for n in range(3):
        stories[f"http://old{n}.example/"] = [(200 if n else 404, (), 0)] * _CYCLES
        stories[urls[_LINKS + n]] = [(200, (), 0)] * _CYCLES
    _notes(store, urls, later=False)
    for number, on in enumerate(_AGES):
        cycle_id = begin_cycle(store, day(on))
        if number == 4:
            _notes(store, urls, later=True)
            gone = store.rows("select id from notes where path = 'd/n_9.md'")
            remove_notes(store, [row["id"] for row in gone])
        settle_mentions(store, cycle_id)
        ids = {row["url"]: row["id"] for row in store.rows("select id, url from links")}
        results = [
            _result(url, story[number], on, number)
            for url, story in stories.items()
            if url in ids and chance.random() < 0.8
        ]
        save_results(store, cycle_id, ids, results)
        void = "none of the hosts answered | `x`" if number == 5 else None
        set_void(store, cycle_id, void)
        if void is None:
            judge_cycles(store, POLICY, cycle_id=cycle_id, up_to=cycle_id)
            note_covered(store)
        if number == 1:
            _keep(store, cycle_id, urls)
        ending = Ending.ABORTED if number == 6 else Ending.FINISHED
        end_cycle(store, cycle_id, ending, day(on) + timedelta(minutes=5))
        if number == 2:
            _say(store, urls)
        if number == 3:
            _look_up(store, chance)
    states = {row[0] for row in store.rows("select distinct state from links where mentioned = 1")}
    assert states >= set(State) - {State.SUSPECT}, states
