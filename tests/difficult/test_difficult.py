"""Two hundred difficult links, four weeks, real sockets: does linkwatch tell the truth?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linkwatch.model import State
from tests.difficult.pages import TRICKS
from tests.difficult.sites import PATH, WEEKS, Site
from tests.difficult.story import SITES, Record
from tests.fakes.web import NEVER, Reply
from tests.world import World

pytestmark = pytest.mark.timeout(120)  # whoever comes first lives through the weeks
_WELL = (State.ALIVE, State.MOVED)


def _said(story: Record, site: Site) -> Iterator[tuple[str, int, Record, frozenset[State]]]:
    """What was said of each link of a site in each week, and what may be said."""
    for url, weeks in zip(story["urls"][site.name], site.expect.values(), strict=True):
        for week, right in enumerate(weeks, start=1):
            yield url, week, story["weeks"][week - 1]["links"][url], right


def _line(url: str, week: int, said: Record, wanted: str) -> str:
    return f"week {week}  {said['state']} ({said['reason']}), not {wanted}: {url}  {said['detail']}"


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_every_link_has_the_right_state_in_every_week(site: Site, story: Record) -> None:
    wrong = [
        _line(url, week, said, "|".join(sorted(right)))
        for url, week, said, right in _said(story, site)
        if said["state"] not in right
    ]
    assert not wrong, f"{site.name}: {site.why}\n" + "\n".join(wrong)


@pytest.mark.parametrize("site", [s for s in SITES if s.reason], ids=lambda site: site.name)
def test_what_is_not_well_has_the_right_reason(site: Site, story: Record) -> None:
    wrong = [
        _line(url, week, said, site.reason or "")
        for url, week, said, _ in _said(story, site)
        if said["state"] not in _WELL and said["reason"] != site.reason
    ]
    assert not wrong, f"{site.name}: {site.why}\n" + "\n".join(wrong)


def test_no_living_link_is_called_dead_in_any_week(story: Record) -> None:
    alarms = [
        _line(url, week, said, "dead")
        for site in SITES
        for url, week, said, right in _said(story, site)
        if said["state"] == State.DEAD and State.DEAD not in right
    ]
    assert not alarms, f"{len(alarms)} false alarms\n" + "\n".join(alarms)


def test_no_dead_link_is_missed_by_the_fourth_week(story: Record) -> None:
    missed = [
        _line(url, week, said, "dead")
        for site in SITES
        for url, week, said, right in _said(story, site)
        if week == WEEKS and right == {State.DEAD} and said["state"] != State.DEAD
    ]
    assert not missed, f"{len(missed)} missed deaths\n" + "\n".join(missed)


def test_no_link_dies_of_inference_alone(story: Record) -> None:
    """Of twenty links of a silent host a few are asked each week; the others share their fate
    in word, and never to the end.
    """
    last = story["weeks"][-1]["links"]
    assert [
        url
        for url in story["urls"]["silent-house"]
        if last[url]["state"] == State.DEAD and last[url]["checks"] < 3
    ] == []


def test_none_of_the_weeks_is_void(story: Record) -> None:
    assert [week["void"] for week in story["weeks"]] == [None] * WEEKS


@pytest.mark.parametrize(
    ("which", "week"), [(0, 2), (1, 3)], ids=["name system down", "captive portal"]
)
def test_our_own_trouble_changes_no_state(which: int, week: int, story: Record) -> None:
    """The cycle is void, it says so, and all stands as it did before."""
    ours = story["ours"][which]
    before = story["weeks"][week - 1]["links"]
    assert ours["void"]
    assert {u: r["state"] for u, r in ours["links"].items()} == {
        u: r["state"] for u, r in before.items()
    }


def test_a_page_that_became_another_is_reported_as_changed_with_both_titles(
    story: Record,
) -> None:
    (url,) = story["urls"]["replaced"]
    assert story["changed"].get(url) == ["A history of tides", "Cheap flights"]
    assert "A history of tides" in story["report"]
    assert "Cheap flights" in story["report"]


def test_no_other_page_is_called_changed(story: Record) -> None:
    steady = {url for site in SITES if site.changed is False for url in story["urls"][site.name]}
    assert {url: titles for url, titles in story["changed"].items() if url in steady} == {}


def test_no_trick_in_a_title_reaches_the_report(story: Record) -> None:
    (url,) = story["urls"]["injects-anew"]
    assert url in story["changed"], "its titles are not in the report at all"
    words = (word for title in TRICKS for word in title.split())
    tricks = {word for word in words if not word.isalnum() and len(word) > 1}
    found = sorted(trick for trick in tricks | {"\x1b", "\x07"} if trick in story["report"])
    assert found == []


def test_a_plain_page_is_asked_for_once_a_cycle(story: Record) -> None:
    """Four weeks and the captive portal's; our name system hid it once."""
    plain = [site for site in SITES if site.name in ("https", "much-header", "utf-16")]
    assert {site.name: story["asked"][site.host][PATH] for site in plain} == {
        site.name: WEEKS + 1 for site in plain
    }


def test_a_host_without_a_sign_is_asked_for_a_made_up_address_once_a_month(story: Record) -> None:
    """And once more at most on the day when a captive portal answered in its place."""
    plain = ("https.test", "much-header.test", "status-201.test")
    strays = {host: sum(story["asked"][host].values()) - WEEKS - 1 for host in plain}
    assert {host: n for host, n in strays.items() if n > 2} == {}


def test_what_a_captive_portal_answers_is_not_remembered_of_the_hosts(story: Record) -> None:
    plain = ("https.test", "much-header.test", "about-404.test")
    assert {host: story["candour"].get(host) for host in plain} == dict.fromkeys(plain, "honest")


def test_a_link_that_never_got_its_turn_is_not_taken_for_silent(tmp_path: Path) -> None:
    """One page of a host hangs, and silent hosts hold all the slots when its second link is due."""
    with World(tmp_path) as world:
        world.configure(check={"timeout": "400ms", "concurrency": 2}, archive={"enabled": False})
        page = Reply(body=b"<title>A page</title>")
        hangs = world.web.page("slow.test", "/hangs", NEVER)
        fine = [world.web.page("slow.test", f"/fine/{n}", page) for n in range(4)]
        silent = [world.web.page(f"silent{n}.test", "/", NEVER) for n in range(5)]
        answers = world.web.page("answers.test", "/", page)
        world.note("n.md", "".join(f"- {url}\n" for url in (hangs, *fine, *silent, answers)))
        world.check()
        assert world.states(fine) == [State.ALIVE] * len(fine)
