"""The vault's answers follow from its captures, and its pages show what they are said to."""

from __future__ import annotations

from collections import Counter

import pytest
import requests

from linkwatch.model import Hop, Outcome, Sign
from linkwatch.web.page import read_page
from linkwatch.web.seen import Seen
from linkwatch.web.signs import signs
from tests.archive.vault200 import (
    SHARES,
    VAULT,
    Entry,
    Taken,
    decided,
    fill,
    lychee_is_right,
    lychee_suggests,
    notes,
)
from tests.archive.vault_pages import Shows
from tests.fakes.archive import FakeArchive, FakeTimeMaps

_SIGNS = {
    Shows.MISSING: {Sign.NOT_FOUND_WORDS},
    Shows.PARKED: {Sign.PARKING_HOST, Sign.FOR_SALE, Sign.LANDER},
    Shows.LOGIN: {Sign.LOGIN},
    Shows.CHALLENGE: {Sign.CHALLENGE},
    Shows.HOME: {Sign.TO_HOME},
}


def test_there_are_200_links_and_each_is_another() -> None:
    assert len({entry.url for entry in VAULT}) == 200
    assert Counter(e.reason for e in VAULT) == {name: count for name, (count, _) in SHARES.items()}
    assert sum(text.count("(accessed ") for text in notes().values()) == 200


@pytest.mark.parametrize("reason", SHARES)
def test_the_answers_that_were_written_down_follow_from_the_rules(reason: str) -> None:
    for entry in VAULT:
        if entry.reason == reason:
            assert decided(entry) == entry.right, entry.line


def _seen(entry: Entry, taken: Taken) -> set[Sign]:
    body = taken.body or b""
    hop = Hop(url=entry.url, status=302, location=taken.url)
    seen = Seen(
        link=entry.url,
        final_url=taken.url,
        hops=() if taken.shows in (Shows.GOOD, Shows.MISSING, Shows.PARKED) else (hop,),
        status=taken.status,
        headers=taken.headers,
        cookies=frozenset(),
        body=body,
        page=read_page(body, content_type="text/html", url=taken.url),
    )
    return {mark.sign for mark in signs(seen)} - {Sign.CHALLENGE_WEAK}


def test_pages_show_what_they_are_said_to_and_good_ones_nothing() -> None:
    shown: Counter[Shows] = Counter()
    for entry in VAULT:
        for taken in entry.captures:
            if taken.shows is Shows.NOTHING:
                continue
            found = _seen(entry, taken)
            shown[taken.shows] += 1
            if taken.shows is Shows.GOOD:
                assert not found, taken.url
            else:
                assert found & _SIGNS[taken.shows], (entry.line, taken.shows)
    assert set(shown) == set(Shows) - {Shows.NOTHING}


def test_the_archives_hold_what_the_entries_say(
    archive: FakeArchive, other_archive: FakeTimeMaps
) -> None:
    fill(archive, other_archive)
    with requests.Session() as session:
        for entry in VAULT:
            newest = session.get(f"{archive.url}/web/{entry.url}", allow_redirects=False, timeout=5)
            suggested = lychee_suggests(entry)
            closed = 403 if entry.robots else 200
            assert newest.status_code == (closed if entry.blocked else 302 if suggested else 404)
            assert suggested is None or suggested in newest.headers["Location"], entry.line
            right = entry.right
            if right.outcome is Outcome.FOUND and not right.elsewhere:
                stamp = right.via or right.timestamp
                played = session.get(f"{archive.url}/web/{stamp}id_/{entry.url}", timeout=5)
                end = f"/web/{right.timestamp}id_/"
                assert entry.reason == "another form" or end in played.url, entry.line
                assert entry.reason == "another form" or played.ok
            elif right.elsewhere:
                there = session.get(f"{other_archive.timemap_url}{entry.url}", timeout=5)
                assert f"/{right.timestamp}/" in there.text
    assert archive.over_budget() == {}


def test_the_newest_capture_is_seldom_the_right_one() -> None:
    right = Counter(entry.right.outcome for entry in VAULT if lychee_is_right(entry))
    assert right.total() <= 70
    assert right[Outcome.EXCLUDED] == 10  # it offers nothing, and there is nothing to offer
    assert all(lychee_is_right(e) for e in VAULT if e.reason == "never archived")
    assert not any(lychee_is_right(e) for e in VAULT if e.right.outcome is Outcome.NO_GOOD_COPY)
