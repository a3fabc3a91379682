"""What a cycle must know of others to be believed, and whom it asks a second time."""

from __future__ import annotations

from linkwatch.history.checks import save_results
from linkwatch.history.cycles import answered_lately, checked_on, close_aborted, set_void, void_run
from linkwatch.model import Ending, Fault
from linkwatch.void import SLEPT, WENT_DARK
from tests.checks import day, seen
from tests.history.past import Past

A, B = "https://a.example/", "https://b.example/"
PORTAL = "a portal"


def test_void_cycles_in_a_row_are_told_from_the_last_valid_one_on(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(503, url=A)], void=PORTAL)
    past.cycle(1, [seen(200, 1, url=A)])
    past.cycle(2, [seen(503, 2, url=A)], void=PORTAL)
    past.cycle(3, [seen(503, 3, url=A)], void=PORTAL, ending=Ending.ABORTED)
    now = past.begin(4)
    save_results(past.store, now, past.ids, [seen(200, 4, url=A)])

    assert void_run(past.store, now) == (day(2), day(3))
    assert void_run(past.store, now + 1) == ()  # this one is not void, so far


def test_a_killed_cycle_looks_back_from_its_own_place(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [seen(503, url=A)], void=PORTAL)
    killed = past.begin(1)
    save_results(past.store, killed, past.ids, [seen(503, 1, url=A)])
    assert close_aborted(past.store, day(2)) == [killed]
    assert void_run(past.store, killed) == (day(0),)

    set_void(past.store, killed, PORTAL)

    assert void_run(past.store, past.begin(2)) == (day(0), day(1))


def test_cycles_that_say_nothing_of_the_web_are_passed_over(past: Past) -> None:
    past.note("a.md", A, B)
    past.cycle(0, [seen(503, url=A)], void=PORTAL)
    past.cycle(1)  # nothing was due
    past.cycle(2, void="no network")  # it came to nothing before it checked anything
    past.cycle(3, [seen(Fault.TIMEOUT, 3, url=A)], void="no network")
    past.cycle(4, [seen(200, 4, url=A), seen(Fault.RESET, 4, url=B)], void=SLEPT)
    past.cycle(5, [seen(200, 5, url=A), seen(Fault.RESET, 5, url=B)], void=WENT_DARK)
    past.cycle(6, [seen(Fault.TIMEOUT, 6, url=A, hops=(302,))], void=PORTAL)

    assert void_run(past.store, past.begin(7)) == (day(0), day(6))


def test_what_a_cycle_checked_on_some_hosts_is_found_again(past: Past) -> None:
    other, later = "https://a.example/other", "https://a.example/later"
    past.note("a.md", A, B, other, later)
    past.cycle(0, [seen(200, url=later)])
    cycle_id = past.begin(7)
    save_results(
        past.store, cycle_id, past.ids, [seen(Fault.TIMEOUT, 7, url=url) for url in (B, other, A)]
    )

    again = checked_on(past.store, cycle_id, ["a.example:443", "c.example:443"])

    assert again == [other, A]


def test_witnesses_are_the_last_pages_of_a_cycle_each_of_another_owner(past: Past) -> None:
    urls = [f"https://{name}/" for name in ("z.org", "a.com", "b.com", "x.c.net", "y.c.net")]
    missing, silent, early = "https://d.org/", "https://e.org/", "https://f.org/"
    past.note("a.md", *urls, missing, silent, early)
    past.cycle(0, [seen(200, url=early)])
    cycle_id = past.begin(7)
    facts = [seen(200, 7, url=url) for url in urls]
    facts += [seen(404, 7, url=missing), seen(Fault.TIMEOUT, 7, url=silent)]
    save_results(past.store, cycle_id, past.ids, facts)

    found = answered_lately(past.store, cycle_id)

    assert found == ["https://y.c.net/", "https://b.com/", "https://a.com/"]
