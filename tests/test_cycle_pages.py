"""Whole cycles: what pages show, what hosts teach, and silence that is our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linkwatch.history.store import Store
from linkwatch.model import LinkRecord, Reason, State
from tests.fakes.clock import FakeClock
from tests.fakes.web import NEVER, Reply, Request
from tests.world import World

GONE = Reply(status=404, body=b"<title>Not found</title>")
RIVER = (
    "The river rises in the hills north of the town and runs south for forty miles before it"
    " meets the sea. Along its banks stand mills, most of them empty now, and three bridges."
)
SHOP = (
    "Our shop sells lamps, chairs, tables and everything else that a small home may want. Orders"
    " before noon leave on the same day, and what does not please is taken back for a month."
)


def page(title: str, text: str = RIVER, more: str = "") -> Reply:
    body = f"<title>{title}</title><body><h1>{title}</h1><p>{text}</p>{more}</body>"
    return Reply(body=body.encode())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


def weeks(world: World, *links: str) -> Iterator[list[LinkRecord]]:
    """The links after a check a week, for ever."""
    while True:
        world.check()
        known = world.links
        yield [known[link] for link in links]
        world.pass_days(7)


def test_a_page_that_became_another_is_reported_with_both_titles_and_stays_alive(
    world: World,
) -> None:
    link = world.web.page("site.example", "/texts/river", page("The river and its mills"))
    world.note("a.md", link)
    story = weeks(world, link)
    next(story)
    world.web.page("site.example", "/texts/river", page("Lamps and <b>chairs</b>", SHOP))
    for _ in range(4):
        (now,) = next(story)

    assert now.verdict.state is State.ALIVE
    assert now.drift is not None
    assert "## Became another page (1)" in world.report
    assert "It was “The river and its mills”, and since 2026-01-12 it is “Lamps and" in world.report
    assert "<b>" not in world.report


def test_a_page_that_said_something_and_now_says_it_is_gone_dies_by_its_past(world: World) -> None:
    link = world.web.page("site.example", "/texts/river", page("The river and its mills"))
    world.note("a.md", link)
    world.web.page("site.example", "*", Reply(status=403))  # it does not say whether it is honest
    story = weeks(world, link)
    next(story)
    lost = page("Page not found", "Sorry, we could not find the page that you asked for.")
    world.web.page("site.example", "/texts/river", lost)

    seen = [
        (now.verdict.state, now.verdict.reason) for (now,), _ in zip(story, range(3), strict=False)
    ]

    assert [state for state, _ in seen] == [State.SUSPECT, State.SUSPECT, State.DEAD]
    assert {reason for _, reason in seen} == {Reason.SOFT_404}


def test_what_a_host_said_to_a_made_up_address_is_remembered(world: World) -> None:
    about = page("Page not found", RIVER)
    link = world.web.page("site.example", "/texts/river", page("The river"))
    other = world.web.page("site.example", "/texts/words", about)
    world.note("a.md", f"{link} {other}")
    for _ in range(4):
        world.check(everything=True)
        assert world.states([link, other]) == [State.ALIVE, State.ALIVE]
        world.pass_days(7)

    made_up = {r.path for r in world.web.requests} - {"/texts/river", "/texts/words"}
    assert len(made_up) == 1


def test_different_pages_that_all_lead_to_one_are_marked_together(world: World) -> None:
    home = Reply(status=302, headers=[("Location", "/news/")])
    links = [world.web.page("site.example", f"/texts/{n}-mills", home) for n in ("a", "b", "c")]
    world.web.page("site.example", "*", Reply(status=403))
    world.web.page("honest.example", "/news/", page("News"))
    honest = [world.web.page("honest.example", f"/texts/{n}-mills", home) for n in ("a", "b", "c")]
    one = world.web.page("site.example", "/texts/old-news", home)
    single = world.web.page("other.example", "/texts/a-mills", home)
    world.web.page("other.example", "/news/", page("News"))
    world.web.page("site.example", "/news/", page("News"))
    world.note("a.md", " ".join([*links, *honest, one, single]))

    world.check()

    assert set(world.states(honest)) == {State.ALIVE}

    assert set(world.states([*links, one])) == {State.SUSPECT}
    assert world.state(single) is State.ALIVE


def test_a_site_that_was_folded_into_one_page_is_seen_though_it_was_honest(world: World) -> None:
    links = [
        world.web.page("site.example", f"/texts/{n}-mills", page(f"The {n} mills"))
        for n in ("a", "b", "c")
    ]
    world.web.page("site.example", "/discontinued", page("We have closed", SHOP))
    world.note("a.md", " ".join(links))
    story = weeks(world, *links)
    assert {link.verdict.state for link in next(story)} == {State.ALIVE}
    world.web.page("site.example", "*", Reply(status=302, headers=[("Location", "/discontinued")]))
    for n in ("a", "b", "c"):
        folded = Reply(status=302, headers=[("Location", "/discontinued")])
        world.web.page("site.example", f"/texts/{n}-mills", folded)

    for _ in range(4):
        assert {link.verdict.state for link in next(story)} == {State.SUSPECT}


def test_pages_that_were_merged_for_good_have_moved(world: World) -> None:
    merged = Reply(status=301, headers=[("Location", "/handbook")])
    links = [world.web.page("site.example", f"/guide/{n}", merged) for n in ("a", "b", "c")]
    world.web.page("site.example", "/handbook", page("The handbook"))
    world.note("a.md", " ".join(links))

    world.check()

    assert set(world.states(links)) == {State.MOVED}


def fragments(world: World) -> None:
    world.configure(check={"fragments": True})


def test_a_section_that_was_there_and_is_no_more_is_told_at_its_mention(world: World) -> None:
    fragments(world)
    sections = "<h2 id=mills>Mills</h2><h2 id=bridges>Bridges</h2>"
    link = world.web.page("site.example", "/river", page("The river", more=sections))
    world.note("a.md", f"{link}#mills\n{link}#bridges\n{link}#never\n{link}#/route\n")
    world.check()
    assert not any(mention.missing for mention in world.links[link].mentions)

    less = page("The river", more="<h2 id=bridges>Bridges</h2>")
    world.web.page("site.example", "/river", less)
    world.pass_days(7)
    world.check()

    missing = {m.url.partition("#")[2]: m.missing for m in world.links[link].mentions}
    assert missing == {"mills": True, "bridges": False, "never": False, "/route": False}
    assert world.state(link) is State.ALIVE
    assert "## Missing sections (1)" in world.report
    assert "[a.md](../notes/a.md) line [1](../notes/a.md#L1)" in world.report

    world.web.page("site.example", "/river", page("The river", more=sections))
    world.pass_days(7)
    world.check()
    assert "Missing sections" not in world.report


@pytest.mark.parametrize(
    "now",
    [
        GONE,
        Reply(status=503),
        page("Just a moment", more="<script>window._cf_chl_opt={}</script>"),
        Reply(body=b"<title>The river</title><p>cut", length=5000),
        Reply(body=b"%PDF-1.4", headers=[("Content-Type", "application/pdf")]),
    ],
)
def test_what_was_not_seen_whole_misses_no_section(world: World, now: Reply) -> None:
    fragments(world)
    link = world.web.page("site.example", "/river", page("The river", more="<p id=mills>x"))
    world.note("a.md", f"{link}#mills")
    world.check()
    world.web.page("site.example", "/river", now)
    world.pass_days(7)
    world.check()

    assert not world.links[link].mentions[0].missing


def test_sections_far_down_a_long_page_are_found(world: World) -> None:
    fragments(world)
    long = page("Long", more="<p>" + "word " * 60_000 + "</p><h2 id=end>End</h2>")
    link = world.web.page("site.example", "/long", long)
    world.note("a.md", f"{link}#end")
    world.check()

    with Store(world.folder / "data" / "linkwatch.db") as store:
        assert [tuple(r) for r in store.rows("select fragment, present from anchors")] == [
            ("end", 1)
        ]


def test_sections_are_not_looked_for_unless_asked(world: World) -> None:
    link = world.web.page("site.example", "/river", page("The river", more="<p id=mills>x"))
    world.note("a.md", f"{link}#mills")
    world.check()

    with Store(world.folder / "data" / "linkwatch.db") as store:
        assert store.rows("select * from anchors") == []


def test_hosts_that_fall_silent_together_are_asked_a_second_time(world: World) -> None:
    world.configure(check={"timeout": "300ms"})
    links = [world.web.page(f"s{n}.example", "/", page(f"Page {n}")) for n in range(20)]
    world.note("a.md", "\n".join(links))
    world.check()
    for n in range(7):
        world.web.page(f"s{n}.example", "/", [NEVER, page(f"Page {n}")])
    world.pass_days(7)

    result = world.check()

    assert result.void is None
    assert set(world.states(links)) == {State.ALIVE}


def test_a_network_that_goes_away_in_the_middle_voids_the_cycle(world: World) -> None:
    world.configure(check={"timeout": "300ms", "concurrency": 1})
    asked = 0

    def answer(request: Request) -> Reply:
        nonlocal asked
        asked += 1
        if asked == 40:
            world.dns.down = True  # names of hosts that were asked before are still known
        return page("A page")

    links = [world.web.page(f"s{n}.example", "/", answer) for n in range(30)]
    world.note("a.md", "\n".join(links))
    world.check()
    asked = 20
    world.pass_days(7)

    result = world.check()

    assert result.void == "the network went away in the middle of it"
    assert set(world.states(links)) == {State.ALIVE}
    world.dns.down = False
    assert world.check().void is None


def test_a_cycle_that_was_slept_through_is_void_if_something_failed(world: World) -> None:
    clock = world.clock
    assert isinstance(clock, FakeClock)
    doze = False

    def answer(request: Request) -> Reply:
        if doze:
            clock.sleep_through(3600)
        return page("A page") if request.host != "b.example" or not doze else Reply(drop=True)

    links = [world.web.page(f"{n}.example", "/", answer) for n in "abc"]
    world.note("a.md", "\n".join(links))
    world.check()
    world.pass_days(7)
    doze = True

    assert world.check().void == "this machine slept in the middle of it"
    assert set(world.states(links)) == {State.ALIVE}
    doze = False
    assert world.check().void is None


def test_a_better_question_can_be_switched_off(world: World) -> None:
    """No fake can stand on port 443: what is seen here is whether the question is put at all."""
    world.dns.gone.add("www.youtube.com")
    link = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    world.note("a.md", link)
    world.configure(check={"probes": {"youtube": False}})
    world.check()

    assert world.links[link].verdict.reason is Reason.DNS
