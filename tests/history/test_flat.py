"""What a large history costs: time grows with what is due and told, not with what is stored.

Steps of SQLite's machine are counted, which are the same however busy the computer is.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from linkwatch import judging
from linkwatch.history.checks import ends, save_results
from linkwatch.history.cycles import begin_cycle, comparisons, end_cycle
from linkwatch.history.ledger import read_ledger, read_link
from linkwatch.history.lines import link_lines
from linkwatch.history.links import next_links, queue_due, waiting_hosts, witnesses
from linkwatch.history.migrations import migrations
from linkwatch.history.originals import settle_originals
from linkwatch.history.overrules import add_ignore, dead_in, note_covered
from linkwatch.history.store import BATCH, Store
from linkwatch.history.times import to_text
from linkwatch.history.verdicts import Judged, mentioned, save_verdicts, unjudged, unsteady_hosts
from linkwatch.judging import judge_cycles
from linkwatch.model import By, Ending, Pardon, State
from linkwatch.report.markdown import markdown_pieces
from linkwatch.report.summary import summarize
from linkwatch.report.write import in_chunks
from tests.checks import day, seen
from tests.history.past import POLICY, Past

_DUE = 20


def url(number: int) -> str:
    return f"https://site{number}.example/page-{number}"


def vault(store: Store, links: int, *, state: State = State.ALIVE) -> int:
    """So many links in a state, of which the first twenty are due; the id of the next cycle.

    Two of them are dead, whatever the state.
    """
    connection = store.db.conn
    texts = (to_text(day(0)), to_text(day(7)), to_text(day(900)))
    first = begin_cycle(store, day(0))
    with store.writing():
        connection.execute(
            "insert into notes (id, root, path, size, mtime_ns) values (1, 'notes', 'a.md', 1, 1)"
        )
        connection.executemany(
            """insert into links (id, url, host, first_seen, mentioned, state, reason, since,
                                  detail, policy, last_check_id, good_check_id, last_check,
                                  next_check, checks)
               values (?, ?, ?, ?, 1, ?, 'ok', ?, 'It answered.', ?, ?, ?, ?, ?, 1)""",
            (
                (
                    *(n, url(n), f"site{n}.example:443", texts[0]),
                    *(State.DEAD if n in (3, 4) else state, texts[0], POLICY.digest, n, n),
                    *(texts[0], texts[1] if n <= _DUE else texts[2]),
                )
                for n in range(1, links + 1)
            ),
        )
        connection.executemany(
            """insert into checks (id, link_id, cycle_id, at, elapsed_ms, status, message,
                                   final_url, attempts, inferred, confirmed)
               values (?, ?, ?, ?, 100, 200, '', ?, 1, 0, 0)""",
            ((n, n, first, texts[0], url(n)) for n in range(1, links + 1)),
        )
        connection.executemany(
            """insert into mentions (note_id, link_id, line, "column", start, "end", url, text,
                                     kind) values (1, ?, ?, 1, ?, ?, ?, ?, 'bare')""",
            ((n, n, 50 * n, 50 * n + 40, url(n), url(n)) for n in range(1, links + 1)),
        )
        connection.execute("update cycles set judged = 1 where id = ?", (first,))
    add_ignore(store, By.PATTERN, r"page-1[0-9]\Z", Pardon(), day(0))
    end_cycle(store, first, Ending.FINISHED, day(0) + timedelta(minutes=5))
    return begin_cycle(store, day(8))


def steps(store: Store, act: Callable[[], object]) -> int:
    """How many hundreds of steps SQLite's machine takes for something."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    store.db.conn.set_progress_handler(count, 100)
    act()
    store.db.conn.set_progress_handler(None, 0)
    return taken


def costs(folder: Path, links: int) -> dict[str, int]:
    """What each part of a cycle takes, with twenty links due."""
    folder.mkdir()
    with Store(folder / "history.db") as store:
        cycle_id = vault(store, links)
        assert queue_due(store, day(8), everything=False, notes=None) == _DUE
        hosts = dict.fromkeys((host for host, _ in waiting_hosts(store)), 0)
        found = next_links(store, hosts, _DUE, with_fragments=False)
        results = [
            seen(200, 8, url=link.url, hops=(302,) if link.id == 5 else ()) for link in found
        ]
        save_results(store, cycle_id, {link.url: link.id for link in found}, results)

        def report() -> None:
            with store.reading():
                ledger = read_ledger(store, names={}, paths={})
                list(markdown_pieces(ledger, summarize(ledger), report_dir=None))

        parts: dict[str, Callable[[], object]] = {
            "due": lambda: queue_due(store, day(8), everything=False, notes=None),
            "reading": lambda: next_links(store, hosts, _DUE, with_fragments=True),
            "witnesses": lambda: witnesses(store, cycle_id, day(8), notes=None),
            "comparisons": lambda: comparisons(store, cycle_id),
            "ends": lambda: ends(store, cycle_id),
            "originals": lambda: settle_originals(store, cycle_id, ""),
            "unjudged": lambda: list(unjudged(store, POLICY.digest, up_to=cycle_id)),
            "vault": lambda: mentioned(store, most=50),
            "unsteady": lambda: unsteady_hosts(store),
            "judging": lambda: judge_cycles(store, POLICY, cycle_id=cycle_id, up_to=cycle_id),
            "covered": lambda: note_covered(store),
            "dead": lambda: dead_in(store, None),
            "explain": lambda: read_link(store, url(7), names={}, paths={}),
            "report": report,
        }
        return {name: steps(store, act) for name, act in parts.items()}


def test_a_cycle_and_its_report_cost_what_is_due_and_told(tmp_path: Path) -> None:
    few, many = costs(tmp_path / "few", 1_000), costs(tmp_path / "many", 8_000)
    # Links that are well are counted, in the index: some steps each, and never a record.
    counting = many.pop("report") - few.pop("report")
    assert counting * 100 / 7_000 < 20
    for name, taken in many.items():
        assert taken <= few[name] * 1.3 + 5, (name, few[name], taken)


@pytest.mark.parametrize("state", [State.MOVED, State.ALIVE])
def test_no_report_holds_more_than_a_few_links_at_a_time(tmp_path: Path, state: State) -> None:
    def peak(store: Store) -> int:
        with store.reading():
            list(zip(range(50), link_lines(store, names={}), strict=False))  # what is loaded once
            tracemalloc.start()
            ledger = read_ledger(store, names={}, paths={})
            for _ in in_chunks(markdown_pieces(ledger, summarize(ledger), report_dir=None)):
                pass
            for _ in link_lines(store, names={}):
                pass
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return most

    peaks = []
    for links in (2_000, 5_000):  # more than one batch
        with Store(tmp_path / f"{links}.db") as store:
            vault(store, links, state=state)
            peaks.append(min(peak(store) for _ in range(2)))  # templates and caches are there then
    assert peaks[1] < 1.5 * peaks[0]


def test_lines_come_in_the_order_of_states_and_then_of_urls(past: Past) -> None:
    urls = [f"https://{name}.example/" for name in "cab"]
    past.note("a.md", *(f"{one}{state}" for state in reversed(State) for one in urls))
    past.begin(0)
    with past.store.writing() as connection:
        for state in State:
            connection.execute(
                "update links set state = ? where url like ?", (state, f"%.example/{state}")
            )

    lines = list(link_lines(past.store, names={}, batch=2))

    assert [(line.state, line.url) for line in lines] == [
        (state, f"{one}{state}") for state in State for one in sorted(urls)
    ]


def test_judging_all_of_history_goes_on_where_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = replace(POLICY, failures=5)
    with Store(tmp_path / "history.db") as store:
        cycle_id = vault(store, 3 * BATCH)
        saved: list[int] = []

        def save(store: Store, cycle_id: int | None, judged: Sequence[Judged]) -> None:
            if len(saved) == 2:
                raise KeyboardInterrupt
            saved.append(len(judged))
            save_verdicts(store, cycle_id, judged)

        monkeypatch.setattr(judging, "save_verdicts", save)
        with pytest.raises(KeyboardInterrupt):
            judge_cycles(store, policy, cycle_id=cycle_id, up_to=cycle_id)

        assert saved == [BATCH, BATCH]
        assert len(list(unjudged(store, policy.digest, up_to=cycle_id))) == BATCH

        monkeypatch.setattr(judging, "save_verdicts", save_verdicts)
        judge_cycles(store, policy, cycle_id=cycle_id, up_to=cycle_id)
        assert list(unjudged(store, policy.digest, up_to=cycle_id)) == []


def test_what_a_pattern_covers_is_known_before_a_cycle_kept_it(past: Past) -> None:
    past.note("a.md", url(1), url(2))
    past.cycle(0, [seen(404, url=url(n), confirmed=True) for n in (1, 2)])
    assert add_ignore(past.store, By.PATTERN, "site1", Pardon(), day(0)) == 1
    past.note("b.md", url(11), url(12))
    past.cycle(1, [seen(404, 1, url=url(n), confirmed=True) for n in (11, 12)])
    ignored = [link.url for link in past.ledger().links if link.ignored]
    assert ignored == [url(1), url(11), url(12)]

    note_covered(past.store)

    assert [link.url for link in past.ledger().links if link.ignored] == ignored
    assert dead_in(past.store, None) == 1
    rows = past.store.rows("select count(*) as n, max(covered_up_to) as top from ignores, covered")
    assert tuple(rows[0]) == (3, past.ids[url(12)])


def test_an_older_history_learns_which_links_redirect_for_now(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    older = Database(path)
    migrations.apply(older, stop_before="0009_flat")
    older.execute(
        """insert into links (id, url, host, first_seen, last_check_id)
           values (1, 'a', 'a:443', '', 1), (2, 'b', 'b:443', '', 2), (3, 'c', 'c:443', '', 3)"""
    )
    older.execute("insert into cycles (id, started_at, ending) values (1, '', 'finished')")
    older.execute(
        """insert into checks (id, link_id, cycle_id, status)
           values (1, 1, 1, 200), (2, 2, 1, 200), (3, 3, 1, 404)"""
    )
    older.execute(
        "insert into hops (check_id, status) values (1, 301), (1, 302), (2, 308), (3, 302)"
    )
    older.conn.commit()
    older.close()

    with Store(path) as store:
        assert [tuple(row) for row in store.rows("select id, detour from links")] == [
            (1, 1),
            (2, 0),
            (3, 0),
        ]
