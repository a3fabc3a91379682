"""What a report tells, before it is text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linkwatch.model import By, Change, Ledger, Overruled, Reason, State
from linkwatch.report.summary import Topic, one_line, summarize
from linkwatch.report.words import REASONS, STATES
from tests.report.ledgers import change, cycle, ledger, record


@pytest.mark.parametrize(
    ("news", "topic"),
    [
        (change("u", State.ALIVE, State.DEAD), Topic.DIED),
        (change("u", State.UNCHECKED, State.DEAD), Topic.DIED),
        (change("u", State.MOVED, State.SUSPECT), Topic.FAILING),
        (change("u", State.DEAD, State.SUSPECT), Topic.FAILING),
        (change("u", State.DEAD, State.ALIVE), Topic.BACK),
        (change("u", State.SUSPECT, State.MOVED), Topic.BACK),
        (change("u", State.DEAD, State.BLOCKED), Topic.BLOCKED),
        (change("u", State.UNCHECKED, State.MOVED), Topic.MOVED),
        (change("u", State.BLOCKED, None), Topic.GONE),
        (change("u", State.BLOCKED, State.ALIVE), Topic.OTHER),
        (change("u", State.ALIVE, State.SKIPPED), Topic.OTHER),
    ],
)
def test_each_change_has_its_topic(news: Change, topic: Topic) -> None:
    (item,) = summarize(ledger(changes=(news,))).news
    assert item.topic is topic


@pytest.mark.parametrize("before", [State.UNCHECKED, State.SKIPPED])
def test_a_new_link_that_is_well_is_counted_but_no_news(before: State) -> None:
    summary = summarize(ledger(changes=(change("u", before, State.ALIVE),)))
    assert (summary.news, summary.changed, summary.new) == ((), 0, 1)


def test_all_states_are_counted_zeros_too() -> None:
    summary = summarize(
        ledger(record("https://a/"), record("https://b/"), record("https://c/", State.ALIVE))
    )
    assert list(summary.states.items()) == [
        (state, {State.DEAD: 2, State.ALIVE: 1}.get(state, 0)) for state in State
    ]


SILENT = Overruled(by=By.URL, until=None, because="")
LOUD = replace(SILENT, speaks_up="Ignored until 2026-01-01, which is over.")


def test_an_ignored_link_is_counted_but_neither_listed_nor_news() -> None:
    dead = replace(record("https://a/"), overruled=SILENT)
    again = replace(record("https://b/"), overruled=LOUD)
    changes = tuple(change(link.url, State.ALIVE, State.DEAD) for link in (dead, again))
    told = replace(ledger(dead, again, changes=changes), earlier=changes)
    summary = summarize(told)
    assert summary.states[State.DEAD] == 2
    assert summary.ignored == (dead,)
    assert list(summary.by_state[State.DEAD]) == [again]
    named = [finding.link.url for note in summary.dead for finding in note.findings]
    assert named == [again.url]
    assert (summary.changed, summary.earlier) == (1, changes[1:])
    assert summary.news[0].changes == changes[1:]


def test_an_ignore_that_speaks_up_anew_is_news_unless_its_link_is() -> None:
    anew = replace(LOUD, anew=True)
    dead = replace(record("https://a/"), overruled=anew)
    died = replace(record("https://b/"), overruled=anew)
    well = replace(record("https://c/", State.ALIVE), overruled=anew)
    old = replace(record("https://d/"), overruled=LOUD)
    news = change("https://b/", State.ALIVE, State.DEAD)
    summary = summarize(ledger(dead, died, well, old, changes=(news,)))
    assert [item.topic for item in summary.news] == [Topic.DIED, Topic.SPEAKS_UP]
    (told,) = summary.news[1].changes
    assert (told.url, told.before, told.after) == ("https://a/", State.DEAD, State.DEAD)
    assert told.detail == LOUD.speaks_up
    assert (summary.changed, summary.news[0].changes) == (2, (news,))


def test_a_mention_whose_comment_holds_is_no_finding_in_its_note() -> None:
    link = record("https://a/", places=[("a.md", 1), ("b.md", 2), ("b.md", 3)])
    summary = summarize(ledger(replace(link, unheard=link.mentions[:2])))
    (note,) = summary.dead
    assert (note.file, note.findings[0].lines, note.findings[0].elsewhere) == ("b.md", (3,), 0)


LINKS = (record("https://a/"), record("https://b/", State.ALIVE, places=[("b.md", 1)]))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (ledger(cycles=()), "Nothing has been checked yet."),
        (ledger(*LINKS, cycles=(cycle(1),)), "2 links in 2 notes: 1 dead, 1 alive."),
        (
            ledger(*LINKS),
            "2 links in 2 notes: 1 dead, 1 alive. Nothing changed since last time.",
        ),
        (
            ledger(LINKS[0], changes=(change("https://a/", State.ALIVE, State.DEAD),)),
            "1 link in 1 note: 1 dead. 1 changed since last time.",
        ),
        (
            ledger(LINKS[0], last=cycle(3, void="No host answered.\x1b[2J")),
            "1 link in 1 note: 1 dead. The last check does not count: No host answered.␛[2J",
        ),
        (
            ledger(replace(LINKS[0], overruled=SILENT), LINKS[1]),
            "2 links in 2 notes: 1 dead, 1 alive; 1 ignored. Nothing changed since last time.",
        ),
        (ledger(), "0 links in 0 notes. Nothing changed since last time."),
    ],
)
def test_how_things_stand_fits_in_one_line(of: Ledger, expected: str) -> None:
    assert one_line(summarize(of)) == expected


def test_every_reason_and_state_has_words_for_a_person() -> None:
    assert set(REASONS) == set(Reason)
    assert set(STATES) == set(State)
    assert all(text.endswith(".") for text in REASONS.values())
