"""Whole cycles over links that are archived already: the copy, and the original behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linkwatch.model import Original, Reason, State
from linkwatch.report.explain import explain
from linkwatch.telling import story_of
from linkwatch.wiring import manners_of
from tests.fakes.web import NEVER, Reply, Site
from tests.test_cycle_pages import RIVER, SHOP, page
from tests.world import World

TAKEN = ("Memento-Datetime", "Wed, 01 Jan 2020 00:00:00 GMT")
GONE = Reply(status=404, body=b"<title>Not found</title>")
PAGE = page("The river and its mills")
SHOWN = Reply(body=PAGE.body, headers=[TAKEN])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        world.web.page("witness.example", "/", page("A witness"))
        yield world


def copy_of(
    world: World, original: str, reply: Site = SHOWN, archive: str = "web.archive.org"
) -> str:
    return world.web.page(archive, f"/web/20200101000000/{original}", reply)


def original_of(world: World, link: str) -> Original:
    original = world.links[link].original
    assert original is not None
    return original


def test_an_original_that_lives_again_is_told_once_it_is_sure(world: World) -> None:
    original = world.web.page("site.example", "/texts/a-river", GONE)
    copy = copy_of(world, original)
    world.note("a.md", f"one\n\n[river]({copy})")
    for _ in range(6):
        result = world.check()
        assert result.dead == 0
        world.pass_days(1)

    assert world.state(copy) is State.ALIVE
    assert original_of(world, copy).state is State.DEAD
    assert not original_of(world, copy).lives
    assert list(world.links) == [copy]  # the original is in no count and no list
    assert "site.example" not in world.report.replace(copy, "").split("## Dead")[0]
    assert not world.archive.requests  # no copy is looked for: the link is one
    assert "Lives again" not in world.report

    world.web.page("site.example", "/texts/a-river", PAGE)
    world.pass_days(8)
    world.check()
    assert original_of(world, copy).state is State.ALIVE
    assert not original_of(world, copy).lives
    world.pass_days(7)
    world.check()

    assert original_of(world, copy).lives
    assert "## Lives again (1)" in world.report
    assert "**1 original lives again**" in world.report
    lives = world.report.partition("## Lives again")[2].partition("\n## ")[0]
    assert f"]({original})" in lives
    assert f"]({copy})" in lives
    assert "line [3]" in lives
    (link,) = world.json["links"]
    assert link["original"].pop("since")
    assert link["original"] == {"url": original, "state": "alive", "lives": True}
    assert "lives again" in explain(story_of(world.config, copy))
    story = explain(story_of(world.config, original))
    assert "because one has an archived copy of it" in story
    assert "next check" in story

    world.pass_days(7)
    world.check()
    assert "**1 original lives again**" not in world.report
    assert "## Lives again (1)" in world.report


HOME = Reply(status=302, headers=[("Location", "/")])


NO_LIFE: tuple[tuple[str, Site], ...] = (
    ("/texts/a-river", HOME),
    ("/river", HOME),  # too shallow for a sign against it, and no life all the same
    ("/river", Reply(status=301, headers=[("Location", "/")])),
    ("/texts/a-river", page("Lamps, chairs, tables", SHOP)),  # whoever has the name now
    ("/texts/a-river", page("This domain is for sale", "Buy this domain")),
    ("/texts/a-river", Reply(status=403)),
    ("/texts/a-river", [PAGE, GONE, GONE] * 9),  # it comes and goes
)


def test_what_is_not_surely_the_page_does_not_live(world: World) -> None:
    copies = []
    for number, (path, now) in enumerate(NO_LIFE):
        site = f"site-{number}.example"
        world.web.page(site, "/", page("A site of texts"))
        world.web.page(site, "*", GONE)
        copies.append(copy_of(world, world.web.page(site, path, now)))
    living = copy_of(world, world.web.page("living.example", "/texts/a-river", PAGE))
    world.note("a.md", " ".join([*copies, living]))

    for _ in range(4):
        world.check()
        assert not any(original_of(world, copy).lives for copy in copies)
        world.pass_days(8)
    assert original_of(world, living).lives
    assert "## Lives again (1)" in world.report


def test_an_original_is_watched_as_long_as_a_note_has_its_copy(world: World) -> None:
    original = world.web.page("site.example", "/a", PAGE)
    copy = copy_of(world, original)
    note = world.note("a.md", copy)
    world.note("b.md", world.web.url("witness.example"))
    world.check()
    assert world.web.asked("site.example", "/a") == 1

    note.write_text("nothing")
    world.pass_days(8)
    world.check(everything=True)
    assert world.web.asked("site.example", "/a") == 1

    note.write_text(f"and now {copy}")
    world.pass_days(8)
    world.check(note)  # of some notes alone, too
    assert world.web.asked("site.example", "/a") == 2
    assert original_of(world, copy).lives


def test_original_and_copy_may_both_stand_in_notes(world: World) -> None:
    original = world.web.page("site.example", "/a", GONE)
    copy = copy_of(world, original)
    note = world.note("a.md", f"{original} {copy}")

    assert world.check().dead == 1  # the note's own link
    assert world.web.asked("site.example", "/a") == 2  # and a second question, for both
    assert world.states([original, copy]) == [State.DEAD, State.ALIVE]

    note.write_text(copy)
    world.pass_days(8)
    assert world.check().dead == 0
    assert list(world.links) == [copy]
    assert original_of(world, copy).state is State.DEAD


def test_an_original_is_subject_to_what_the_configuration_says(world: World) -> None:
    world.configure(
        notes={"exclude_urls": ["^http://site\\.", "archive.org:\\d+/.*other"]},
    )
    copy = copy_of(world, world.web.page("site.example", "/a", PAGE))
    left_out = copy_of(world, world.web.page("other.example", "/a", PAGE))
    world.note("a.md", f"{copy} {left_out}")
    world.check()

    assert world.states([copy, left_out]) == [State.ALIVE, State.SKIPPED]
    assert original_of(world, copy).state is State.SKIPPED
    assert not world.web.asked("site.example")
    assert not world.web.asked("other.example")  # who leaves a copy out wants nothing of it


def test_archives_are_asked_gently_unless_the_configuration_says_otherwise(world: World) -> None:
    def manners(name: str) -> tuple[int, float]:
        found = manners_of(world.config)(name)
        return found.concurrency, found.interval_s

    public = ("web.archive.org", "archive.is", "perma.cc")
    assert {manners(name) for name in public} == {(2, 1.0)}
    own = "127.0.0.1"  # where this world's archive is
    assert manners("site.example") == manners(own) == (4, 0.0)
    world.configure(check={"per_host": {"concurrency": 1, "interval": "5s"}})
    assert manners("archive.ph") == (1, 5.0)
    world.configure(check={"hosts": {"web.archive.org": {"concurrency": 3, "interval": "10ms"}}})
    assert manners("web.archive.org") == (3, 0.01)


def test_where_the_address_does_not_tell_the_answer_names_the_original(world: World) -> None:
    original = world.web.page("site.example", "/a", PAGE)
    told = Reply(body=PAGE.body, headers=[TAKEN, ("Link", f'<{original}>; rel="original"')])
    copy = world.web.page("archive.ph", "/AbCdE", told)
    world.note("a.md", copy)
    world.check()
    assert world.links[copy].original is None

    world.pass_days(8)
    world.check()
    assert original_of(world, copy).url == original
    assert world.web.asked("site.example", "/a") == 1


def test_an_archive_of_ones_own_is_known_by_its_address(world: World) -> None:
    original = world.web.page("site.example", "/a", GONE)
    world.archive.capture(original, "20200101000000", body=PAGE.body)
    copy = f"{world.archive.url}/web/2020/{original}"
    world.note("a.md", copy)
    world.check()

    assert world.links[copy].verdict.reason is Reason.OK
    assert world.links[copy].hops
    assert original_of(world, copy).url == original


def test_a_copy_of_an_error_dies_slowly_and_alone(world: World) -> None:
    bad = copy_of(world, "http://gone.invalid/b", Reply(status=404, headers=[TAKEN]))
    good = copy_of(world, "http://gone.invalid/a")
    world.note("a.md", f"{bad} {good}")
    world.check()
    assert world.links[bad].verdict.state is State.SUSPECT
    assert world.links[bad].verdict.reason is Reason.BAD_COPY

    world.live(4)
    assert world.states([bad, good]) == [State.DEAD, State.ALIVE]
    assert "The archived copy is of an error page (404)" in world.report.replace("&lpar;", "(")


def test_an_archive_is_not_judged_by_its_crowd(world: World) -> None:
    """Copies that end alike, made-up addresses, pages that change: all of it is ordinary there."""
    led = Reply(status=302, headers=[("Location", "/web/20200101000000/http://a.invalid/z-end")])
    copies = [copy_of(world, f"http://a.invalid/{n}-mills", led) for n in ("a", "b", "c", "d")]
    copy_of(world, "http://a.invalid/z-end")
    calendar = world.web.page("web.archive.org", "/web/2020*/http://a.invalid/texts/b", page("B"))
    world.note("a.md", " ".join([*copies, calendar]))
    world.check()
    copy_of(world, "http://a.invalid/z-end", Reply(body=page("C", SHOP).body, headers=[TAKEN]))
    world.web.page("web.archive.org", "/web/2020*/http://a.invalid/texts/b", page("Shop", SHOP))
    for _ in range(3):
        world.pass_days(8)
        world.check()

    assert set(world.states([*copies, calendar])) == {State.ALIVE}
    assert not any(link.drift for link in world.links.values())
    asked = {r.path for r in world.web.requests if r.host == "web.archive.org"}
    assert len(asked) == len(copies) + 2


def test_an_archives_outage_is_soft_and_no_reason_to_void(world: World) -> None:
    names = ["archive.ph", "archive.is", "archive.li", "archive.vn"]
    short = {name: world.web.page(name, "/AbCdE", page("A copy", RIVER)) for name in names}
    others = [world.web.page(f"{n}.example", "/", page(n)) for n in ("one", "two")]
    copy = copy_of(world, others[0])
    world.note("a.md", " ".join([*short.values(), *others, copy]))
    world.check()
    for name in names:
        world.web.page(name, "/AbCdE", NEVER)
    copy_of(world, others[0], Reply(status=503))
    world.configure(check={"timeout": "300ms"})
    world.pass_days(8)

    assert world.check().void is None
    assert set(world.states([*short.values(), copy])) == {State.SUSPECT}
    assert set(world.states(others)) == {State.ALIVE}
