"""Reading history back: what reports are made of, and one link's whole story."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from linkwatch.history.cycles import begin_cycle
from linkwatch.history.ledger import read_ledger, read_link, roots
from linkwatch.history.lookups import bereft
from linkwatch.history.mentions import save_note
from linkwatch.history.snapshots import save_lookup
from linkwatch.history.store import Store
from linkwatch.model import (
    CitedFrom,
    Ending,
    Fault,
    Lookup,
    Outcome,
    Reason,
    Snapshot,
    State,
)
from tests.checks import day, seen
from tests.history.past import Past, mention
from tests.history.rich import NAMES, PATHS, write_rich
from tests.report.ledgers import Few

A, B, C = "https://a.example/", "https://b.example/", "https://c.example/"


def test_a_new_history_has_nothing_to_tell(past: Past) -> None:
    ledger = past.ledger()

    assert (ledger.cycle, ledger.cycles, ledger.links, ledger.changes) == (None, (), (), ())
    assert (ledger.notes, ledger.roots) == (0, {})


def test_links_come_by_state_then_by_url(past: Past) -> None:
    ends = {
        "https://z.example/": seen(404, url="https://z.example/", confirmed=True),
        "https://y.example/": seen(404, url="https://y.example/", confirmed=True),
        "https://s.example/": seen(500, url="https://s.example/"),
        "https://b.example/": seen(403, url="https://b.example/"),
        "https://m.example/": seen(200, url="https://m.example/", hops=(301,)),
        "https://a.example/": seen(200, url="https://a.example/"),
    }
    past.note("a.md", *ends, "https://unchecked.example/")
    past.cycle(0, list(ends.values()))

    assert [(link.verdict.state, link.url) for link in past.ledger().links] == [
        (State.DEAD, "https://y.example/"),
        (State.DEAD, "https://z.example/"),
        (State.SUSPECT, "https://s.example/"),
        (State.BLOCKED, "https://b.example/"),
        (State.MOVED, "https://m.example/"),
        (State.UNCHECKED, "https://unchecked.example/"),
        (State.ALIVE, "https://a.example/"),
    ]


def test_a_link_tells_how_it_stands_and_what_its_last_check_showed(past: Past) -> None:
    past.note("a.md", A, on=-1)
    past.cycle(0, [seen(200, 0.01, url=A)])
    past.cycle(7, [seen(404, 7.01, url=A, hops=(301, 302))])

    (link,) = past.ledger().links

    assert (link.verdict.state, link.verdict.reason) == (State.SUSPECT, Reason.NOT_FOUND)
    assert link.verdict.since == day(7.01)
    assert (link.first_seen, link.checked_at) == (day(-1), day(7.01))
    assert link.next_check == day(7) + timedelta(hours=21.6)
    assert (link.checks, link.status, link.final_url) == (2, 404, "https://new.example/1")
    assert [(hop.url, hop.status) for hop in link.hops] == [
        (A, 301),
        ("https://new.example/0", 302),
    ]
    assert link.lookup == Lookup(outcome=Outcome.NOT_ASKED)


def test_a_link_that_was_never_checked_has_no_facts(past: Past) -> None:
    past.note("a.md", A)
    past.begin(0)

    (link,) = past.ledger().links

    assert (link.verdict.state, link.verdict.since) == (State.UNCHECKED, None)
    assert link.verdict.detail == "Not checked yet."
    assert (link.checked_at, link.next_check, link.status, link.final_url) == (None,) * 4
    assert (link.checks, link.hops) == (0, ())


def test_checks_leave_out_void_and_inferred_ones(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(200, url=A)])
    past.cycle(7, [seen(Fault.TIMEOUT, 7, url=A)], void="no network")
    past.cycle(8, [seen(Fault.TIMEOUT, 8, url=A, inferred=True)])

    (link,) = past.ledger().links

    assert (link.checks, link.checked_at) == (1, day(0))
    assert link.verdict.state is State.SUSPECT


def test_mentions_come_in_the_order_of_their_places(past: Past) -> None:
    past.note("b.md", A, B, A)
    past.note("a.md", B, A)
    past.begin(0)

    by_url = {link.url: link for link in past.ledger().links}

    assert [(m.file, m.start) for m in by_url[A].mentions] == [
        ("a.md", 100),
        ("b.md", 0),
        ("b.md", 200),
    ]
    ledger = past.ledger()
    assert ledger.notes == 2
    assert len(ledger.links) == 2
    assert ledger.roots == {  # of the notes that were told
        "a.md": "/home/me/notes/a.md",
        "b.md": "/home/me/notes/b.md",
    }


def test_notes_of_several_roots_are_named_apart(past: Past) -> None:
    past.note("x.md", A, root="work")
    past.note("x.md", A, root="home")
    past.note("todo.md", A, root=".")
    past.begin(0)

    ledger = read_ledger(
        past.store,
        names={"work": "work/", "home": "home/", ".": ""},
        paths={"work": "/v/work", "home": "/v/home", ".": "/v"},
    )

    assert roots(past.store) == [".", "home", "work"]
    assert len(ledger.links) == 1
    assert ledger.roots == {
        "home/x.md": "/v/home/x.md",
        "todo.md": "/v/todo.md",
        "work/x.md": "/v/work/x.md",
    }


def test_what_no_note_mentions_is_not_told(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(404, url=A, confirmed=True), seen(200, url=B)])
    past.note("a.md", B)
    past.cycle(1)

    assert [link.url for link in past.ledger().links] == [B]


def test_the_last_finished_cycle_is_told_void_or_not_and_the_trend_of_valid_ones(
    past: Past,
) -> None:
    past.note("a.md", A)
    for number in range(14):
        past.cycle(number)
    past.cycle(14, ending=Ending.ABORTED)
    void = past.cycle(15, void="no network")
    past.cycle(16, ending=Ending.ABORTED)
    begin_cycle(past.store, day(17))

    ledger = past.ledger()

    assert ledger.cycle is not None
    assert (ledger.cycle.id, ledger.cycle.void) == (void, "no network")
    assert [cycle.id for cycle in ledger.cycles] == list(range(3, 15))


def test_the_same_history_reads_the_same(past: Past) -> None:
    past.note("a.md", A, B, C)
    past.cycle(0, [seen(404, url=A, confirmed=True), seen(200, url=B, hops=(301,))])

    one, other = past.ledger(), past.ledger()
    assert one.links == other.links
    assert replace(one, heard={}, roots={}) == replace(other, heard={}, roots={})


def test_lists_name_links_as_their_records_do(tmp_path: Path) -> None:
    with Store(tmp_path / "history.db") as store:
        write_rich(store)
        with store.reading():
            ledger = read_ledger(store, names=NAMES, paths=PATHS, batch=7)
            for links in ledger.heard.values():
                assert list(links.named()) == list(Few(links).named())
            dead = list(ledger.heard[State.DEAD].named())
            assert any(link.lookup.snapshot for link in dead)
            every = [link for links in ledger.heard.values() for link in links.named()]
            assert any(link.unheard for link in every)
            assert all(link.final_url for link in ledger.heard[State.MOVED].named())


def test_one_link_tells_its_whole_story(past: Past) -> None:
    past.note("a.md", A, B)
    facts = [
        seen(200, 0, url=A, hops=(301, 302)),
        seen(Fault.TIMEOUT, 7, url=A),
        seen(404, 8, url=A),
    ]
    past.cycle(0, [facts[0], seen(200, url=B)])
    past.cycle(7, [facts[1]], void="no network")
    past.cycle(8, [facts[2]])

    found = read_link(past.store, A, names={"notes": ""}, paths={"notes": "/n"})

    assert found is not None
    record, checks = found
    assert [check.result for check in checks] == facts
    assert [(check.cycle_id, check.void) for check in checks] == [(1, False), (2, True), (3, False)]
    assert record == next(link for link in past.ledger().links if link.url == A)


def test_a_link_that_no_note_mentions_any_more_still_has_a_story(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(200, url=A)])
    past.note("a.md")
    past.begin(1)

    found = read_link(past.store, A, names={}, paths={})

    assert found is not None
    assert (found[0].mentions, len(found[1])) == ((), 1)


def test_an_unknown_link_has_no_story(past: Past) -> None:
    assert read_link(past.store, A, names={}, paths={}) is None


# What the archives said

_COPY = Snapshot(
    archive="web.archive.org",
    timestamp=day(-3000),
    url="https://web.archive.org/web/20171018040000/https://a.example/",
    status=200,
    verified=True,
)
_FOUND = Lookup(
    outcome=Outcome.FOUND,
    asked_at=day(0),
    next_at=None,
    snapshot=_COPY,
    cited_at=day(-2999),
    cited_from=CitedFrom.FILE,
    detail="A copy.",
)


def dead(past: Past, *urls: str, mtime: int = 1) -> None:
    past.note("a.md", *urls, mtime=mtime)
    past.cycle(0, [seen(404, 0.01, url=url, confirmed=True) for url in urls])


def test_an_answer_of_the_archives_comes_back_as_it_was_saved(past: Past) -> None:
    dead(past, A)
    assert past.ledger().links[0].lookup.outcome is Outcome.NOT_ASKED

    save_lookup(past.store, A, _FOUND, day(0))

    assert past.ledger().links[0].lookup == _FOUND


def test_every_outcome_can_be_saved(past: Past) -> None:
    dead(past, A)
    for outcome in Outcome:
        save_lookup(past.store, A, Lookup(outcome=outcome, asked_at=day(0)), day(0))

        assert past.ledger().links[0].lookup == Lookup(outcome=outcome, asked_at=day(0))
    assert len(past.store.rows("select * from lookups")) == 1


def test_an_answer_about_a_link_that_history_does_not_know_is_dropped(past: Past) -> None:
    save_lookup(past.store, A, _FOUND, day(0))

    assert past.store.rows("select * from snapshots") == []


def test_the_archives_are_asked_of_dead_links_that_have_no_answer_or_an_old_one(
    past: Past,
) -> None:
    dead(past, A, B, C)
    past.note("b.md", "https://alive.example/", "https://unmentioned.example/")
    past.cycle(
        1,
        [
            seen(200, 1, url="https://alive.example/"),
            seen(404, 1, url="https://unmentioned.example/", confirmed=True),
        ],
    )
    past.note("b.md", "https://alive.example/")
    past.begin(2)
    save_lookup(past.store, A, _FOUND, day(0))
    busy = Lookup(outcome=Outcome.RATE_LIMITED, asked_at=day(0), next_at=day(3))
    save_lookup(past.store, B, busy, day(0))

    assert [link.url for link in bereft(past.store, day(2.99))] == [C]
    assert [link.url for link in bereft(past.store, day(3))] == [C, B]  # the longer wait first


def test_a_link_was_cited_when_its_oldest_note_was_written_or_when_we_first_saw_it(
    past: Past,
) -> None:
    def written(on: float) -> int:
        return int(day(on).timestamp()) * 1_000_000_000

    past.note("a.md", A, mtime=written(-400))
    past.note("b.md", A, B, mtime=written(-30))
    past.note("c.md", C, mtime=written(5))  # a clock that is ahead
    past.cycle(0, [seen(404, url=url, confirmed=True) for url in (A, B, C)])

    found = {link.url: link for link in bereft(past.store, day(0))}

    assert (found[A].cited_at, found[A].cited_from) == (day(-400), CitedFrom.FILE)
    assert (found[B].cited_at, found[B].cited_from) == (day(-30), CitedFrom.FILE)
    assert (found[C].cited_at, found[C].cited_from) == (day(0), CitedFrom.FIRST_SEEN)


def test_what_a_note_says_of_its_citations_comes_back_as_it_was_saved(past: Past) -> None:
    said = replace(mention(A), cited_at=day(-400), cited_from=CitedFrom.ACCESSED)
    later = replace(mention(A, start=100), cited_at=day(9), cited_from=CitedFrom.FRONT_MATTER)
    save_note(past.store, "notes", "a.md", (1, 1), "1", [said, later, mention(A, 200)], day(0))
    past.cycle(0, [seen(404, url=A, confirmed=True)])

    assert past.ledger().links[0].mentions == (said, later, mention(A, 200))
    (link,) = bereft(past.store, day(1))
    assert (link.cited_at, link.cited_from) == (day(-400), CitedFrom.ACCESSED)


def test_a_note_with_an_impossible_time_says_nothing_of_when_a_link_was_cited(
    past: Past,
) -> None:
    """Unpacked archives are often from 1970, and broken disks from the year 300,000."""
    for number, mtime in enumerate([0, 1, -(10**18), 2**63 - 1]):
        past.note(f"{number}.md", f"https://s{number}.example/", mtime=mtime)
    past.cycle(0, [seen(404, url=f"https://s{i}.example/", confirmed=True) for i in range(4)])

    found = bereft(past.store, day(0))

    assert len(found) == 4
    assert {(link.cited_at, link.cited_from) for link in found} == {(day(0), CitedFrom.FIRST_SEEN)}


def test_the_archives_hear_when_a_link_began_to_fail(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(200, url=A)])
    for on in (7, 8, 9, 10):
        past.cycle(on, [seen(404, on, url=A)])

    (link,) = bereft(past.store, day(10))

    assert link.failed_at == day(7)
