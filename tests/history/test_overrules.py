"""What people say of links, kept: ignores with what their links were like, and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from linkwatch.history.ledger import read_link
from linkwatch.history.mentions import remove_notes, save_note
from linkwatch.history.overrules import (
    add_ignore,
    dead_in,
    forget_testimonies,
    is_known,
    known_ignores,
    note_covered,
    remove_ignore,
    save_testimony,
)
from linkwatch.history.overrules import testimonies as words_about
from linkwatch.model import By, CheckResult, Fault, Overruled, Pardon
from linkwatch.model import Testimony as Word  # else pytest takes it for tests
from tests.checks import day, seen
from tests.history.past import Past, mention

A, B, C = "https://a.example/", "https://b.example/", "https://c.example/"
FOR_GOOD = Pardon()


def cycle(past: Past, on: float, *results: CheckResult, void: str | None = None) -> None:
    past.cycle(on, results, void=void)
    note_covered(past.store)


def commented(past: Past, path: str, *urls: tuple[str, Pardon | None], mtime: int = 1) -> int:
    """A note whose mentions have comments beside them."""
    mentions = [
        replace(mention(url, start=100 * i, file=path), pardon=pardon)
        for i, (url, pardon) in enumerate(urls)
    ]
    return save_note(past.store, "notes", path, (1, mtime), "1", mentions, day(0))


def ignored(past: Past, url: str = A) -> bool:
    return next(link.ignored for link in past.ledger().links if link.url == url)


def speaks_up(past: Past, url: str = A) -> str | None:
    (told,) = [link.overruled for link in past.ledger().links if link.url == url]
    return told.speaks_up if told else "nothing"


def test_an_ignore_covers_a_link_or_all_that_match(past: Past) -> None:
    past.note("a.md", A, B, C)
    cycle(past, 0, seen(404, url=A, confirmed=True), seen(403, url=B))
    until = date(2027, 1, 1)

    assert add_ignore(past.store, By.URL, A, Pardon(until=until, because="why"), day(1)) == 1
    assert add_ignore(past.store, By.PATTERN, r"//[bc]\.", FOR_GOOD, day(1)) == 2
    assert add_ignore(past.store, By.URL, "https://unknown.example/", FOR_GOOD, day(1)) == 0

    assert {link.url: link.overruled for link in past.ledger().links} == {
        A: Overruled(by=By.URL, until=until, because="why"),
        B: Overruled(by=By.PATTERN, until=None, because=""),
        C: Overruled(by=By.PATTERN, until=None, because=""),
    }
    assert [(known.by, known.what, known.links) for known in known_ignores(past.store)] == [
        (By.URL, A, 1),
        (By.PATTERN, r"//[bc]\.", 2),
        (By.URL, "https://unknown.example/", 0),
    ]


def test_an_ignore_is_over_at_the_end_of_a_cycle_on_that_day(past: Past) -> None:
    past.note("a.md", A)
    cycle(past, 0, seen(403, url=A))
    add_ignore(past.store, By.URL, A, Pardon(until=day(3).date()), day(0))

    cycle(past, 2.5)
    assert ignored(past)
    cycle(past, 3)
    assert speaks_up(past) == "Ignored until 2026-01-08, which is over."


def test_a_link_that_is_gone_in_a_new_way_speaks_up_until_it_is_ignored_again(past: Past) -> None:
    past.note("a.md", A)
    cycle(past, 0, seen(403, url=A))
    add_ignore(past.store, By.URL, A, FOR_GOOD, day(0))

    cycle(past, 1, seen(500, 1, url=A))
    assert ignored(past)
    cycle(past, 2, seen(404, 2, url=A))
    assert speaks_up(past) == "Ignored while it was forbidden (403); now it is not found (404)."

    add_ignore(past.store, By.URL, A, FOR_GOOD, day(2))
    assert ignored(past)
    assert len(known_ignores(past.store)) == 1
    cycle(past, 3, seen(Fault.DNS, 3, url=A))
    assert not ignored(past)


@pytest.mark.parametrize(
    "uncounted",
    [
        [seen(404, 1, url=A, inferred=True)],
        [seen(Fault.OFFLINE, 1, url=A)],
        [],
    ],
)
def test_what_is_no_evidence_neither_speaks_up_nor_is_what_an_ignore_is_for(
    past: Past, uncounted: Sequence[CheckResult]
) -> None:
    past.note("a.md", A)
    cycle(past, 0, seen(403, url=A))
    add_ignore(past.store, By.URL, A, FOR_GOOD, day(0))
    cycle(past, 1, *uncounted)
    cycle(past, 2, seen(404, 2, url=A), void="Nobody answered.")
    assert ignored(past)

    add_ignore(past.store, By.URL, A, FOR_GOOD, day(2))
    cycle(past, 3, seen(410, 3, url=A))
    assert speaks_up(past) == "Ignored while it was forbidden (403); now it is gone for good (410)."


def test_a_link_met_later_by_a_pattern_takes_what_it_is_like_first(past: Past) -> None:
    past.note("a.md", B)
    cycle(past, 0)
    add_ignore(past.store, By.PATTERN, "example", FOR_GOOD, day(0))
    past.note("a.md", A)

    cycle(past, 1, seen(404, 1, url=A))
    assert ignored(past)
    cycle(past, 2, seen(404, 2, url=A))
    assert ignored(past)
    cycle(past, 3, seen(Fault.DNS, 3, url=A))
    assert not ignored(past)


def test_an_ignore_can_be_taken_back_by_url_or_pattern(past: Past) -> None:
    past.note("a.md", A)
    cycle(past, 0, seen(404, url=A))
    add_ignore(past.store, By.URL, A, FOR_GOOD, day(0))
    add_ignore(past.store, By.PATTERN, "example", FOR_GOOD, day(0))

    assert remove_ignore(past.store, A)
    assert ignored(past)
    assert remove_ignore(past.store, "example")
    assert not ignored(past)
    assert not remove_ignore(past.store, "example")
    assert past.store.rows("select * from ignored") == []


# Comments


def test_a_comment_is_kept_with_its_mention(past: Past) -> None:
    pardon = Pardon(until=date(2027, 1, 1), because="a wall")
    commented(past, "a.md", (A, pardon), (B, FOR_GOOD), (C, None))
    past.cycle(0)

    found = {link.url: link.mentions[0].pardon for link in past.ledger().links}
    assert found == {A: pardon, B: FOR_GOOD, C: None}


def test_a_mention_without_a_comment_keeps_its_link_in_the_report(past: Past) -> None:
    first = commented(past, "a.md", (A, FOR_GOOD))
    second = commented(past, "b.md", (A, None))
    cycle(past, 0, seen(404, url=A, confirmed=True))

    (link,) = past.ledger().links
    assert (link.overruled, [place.file for place in link.unheard]) == (None, ["a.md"])
    assert dead_in(past.store, None) == 1
    assert dead_in(past.store, [first]) == 0
    assert dead_in(past.store, [second]) == 1

    commented(past, "b.md", (A, FOR_GOOD))
    assert ignored(past)
    assert dead_in(past.store, None) == dead_in(past.store, [second]) == 0


def test_a_comment_written_anew_means_the_link_as_it_is_now(past: Past) -> None:
    commented(past, "a.md", (A, FOR_GOOD))
    cycle(past, 0, seen(403, url=A))
    cycle(past, 1, seen(404, 1, url=A))
    assert not ignored(past)

    commented(past, "a.md", (A, FOR_GOOD), (B, None))  # the note changed, the comment did not
    cycle(past, 2)
    assert not ignored(past)
    commented(past, "a.md", (A, Pardon(because="I know")))
    cycle(past, 3)
    assert ignored(past)


def test_a_comment_that_went_away_and_came_back_begins_anew(past: Past) -> None:
    commented(past, "a.md", (A, FOR_GOOD))
    cycle(past, 0, seen(403, url=A))
    commented(past, "a.md", (A, None))
    cycle(past, 1, seen(404, 1, url=A))
    assert speaks_up(past) == "nothing"
    commented(past, "a.md", (A, FOR_GOOD))
    cycle(past, 2)
    assert ignored(past)


def test_a_comment_that_moves_or_is_copied_begins_nothing_anew(past: Past) -> None:
    note = commented(past, "a.md", (A, FOR_GOOD))
    cycle(past, 0, seen(403, url=A))
    cycle(past, 1, seen(404, 1, url=A))
    assert not ignored(past)

    remove_notes(past.store, [note])
    commented(past, "renamed.md", (A, FOR_GOOD))
    cycle(past, 2)
    assert not ignored(past)
    commented(past, "second.md", (A, FOR_GOOD))
    cycle(past, 3)
    assert not ignored(past)


# Deaths, and news


def test_a_link_that_died_of_anything_since_speaks_up(past: Past) -> None:
    past.note("a.md", A)
    cycle(past, 0, seen(403, url=A))
    add_ignore(past.store, By.URL, A, FOR_GOOD, day(0))
    for on in range(1, 4):
        cycle(past, on, seen(503, on, url=A))
        assert ignored(past)
    cycle(past, 4, seen(503, 4, url=A))
    assert speaks_up(past) == "Ignored while it was forbidden (403); now it is dead."
    add_ignore(past.store, By.URL, A, FOR_GOOD, day(4))
    cycle(past, 5, seen(403, 5, url=A))
    assert ignored(past)


def anew(past: Past) -> list[str]:
    return [link.url for link in past.ledger().links if link.overruled and link.overruled.anew]


def test_what_speaks_up_is_anew_until_the_next_valid_cycle(past: Past) -> None:
    past.note("a.md", A, B, C)
    cycle(past, 0, *(seen(404, url=url, confirmed=True) for url in (A, B, C)))
    add_ignore(past.store, By.URL, A, Pardon(until=day(2).date()), day(0))
    add_ignore(past.store, By.URL, B, FOR_GOOD, day(0))
    add_ignore(past.store, By.URL, C, FOR_GOOD, day(0))
    cycle(past, 1)
    assert anew(past) == []

    cycle(past, 2, seen(Fault.DNS, 2, url=B))
    assert anew(past) == [A, B]
    cycle(past, 3, void="Nobody answered.")
    assert anew(past) == [A, B]
    cycle(past, 4)
    assert anew(past) == []
    assert [ignored(past, url) for url in (A, B, C)] == [False, False, True]


def test_what_is_over_at_the_first_check_is_no_news(past: Past) -> None:
    past.note("a.md", A)
    add_ignore(past.store, By.URL, A, Pardon(until=day(0).date()), day(0))
    cycle(past, 0, seen(404, url=A, confirmed=True))
    assert anew(past) == []


# The exit code, and the story of one link


def test_an_ignored_link_is_not_counted_as_dead_and_one_that_speaks_up_is(past: Past) -> None:
    past.note("a.md", A, B)
    cycle(past, 0, seen(404, url=A, confirmed=True), seen(404, url=B, confirmed=True))
    add_ignore(past.store, By.URL, A, FOR_GOOD, day(0))
    assert dead_in(past.store, None) == 1
    assert dead_in(past.store, None) == 1
    add_ignore(past.store, By.PATTERN, "b[.]example", Pardon(until=day(1).date()), day(0))
    assert dead_in(past.store, None) == 0
    cycle(past, 1)
    assert dead_in(past.store, None) == 1


def test_a_link_that_no_note_mentions_any_more_can_still_tell_that_it_is_ignored(
    past: Past,
) -> None:
    past.note("a.md", A)
    cycle(past, 0, seen(404, url=A))
    add_ignore(past.store, By.URL, A, FOR_GOOD, day(0))
    past.note("a.md", B)
    past.begin(1)

    found = read_link(past.store, A, names={}, paths={})
    assert found is not None
    assert found[0].ignored


# Words


def test_words_are_kept_in_order_and_a_later_one_ends_those_before(past: Past) -> None:
    past.note("a.md", A, B)
    first = Word(at=day(0), until=day(90), because="seen")
    second = Word(at=day(10), until=day(20))
    save_testimony(past.store, A, first)
    save_testimony(past.store, A, second)
    save_testimony(past.store, B, second)

    ids = past.ids
    assert words_about(past.store, [ids[A], ids[B]]) == {
        ids[A]: (replace(first, until=day(10)), second),
        ids[B]: (second,),
    }
    assert words_about(past.store, []) == {}


def test_a_word_that_was_over_keeps_its_end(past: Past) -> None:
    past.note("a.md", A)
    first = Word(at=day(0), until=day(5))
    save_testimony(past.store, A, first)
    save_testimony(past.store, A, Word(at=day(10), until=day(10) + timedelta(hours=1)))
    assert words_about(past.store, [past.ids[A]])[past.ids[A]][0] == first


def test_words_can_be_forgotten(past: Past) -> None:
    past.note("a.md", A)
    assert is_known(past.store, A)
    assert not is_known(past.store, B)
    assert not forget_testimonies(past.store, A)
    save_testimony(past.store, A, Word(at=day(0), until=day(90)))
    assert forget_testimonies(past.store, A)
    assert words_about(past.store, [past.ids[A]]) == {}
