"""A link's whole story."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given

from linkwatch.evidence import weigh
from linkwatch.model import CheckResult, CitedFrom, Fault, Hop, Lookup, Outcome, State
from linkwatch.model import Testimony as Word  # pytest would take its name for a test class
from linkwatch.report.explain import StoredCheck, Story, explain
from linkwatch.report.links import text_line
from tests.report.hostile import texts
from tests.report.ledgers import NOON, found, mention, record

URL = "https://a.example/x"


def stored(
    result: CheckResult, *, number: int = 1, state: State | None = State.SUSPECT
) -> StoredCheck:
    return StoredCheck(
        result=result, cycle_id=number, void=state is None, evidence=weigh(result), state=state
    )


def test_the_whole_story_is_told_in_order() -> None:
    link = record(
        URL,
        detail="The page does not exist (404).",
        places=[("notes/a.md", 12)],
        lookup=replace(found(), cited_at=NOON - timedelta(days=9), cited_from=CitedFrom.GIT),
    )
    redirect = Hop(url=URL, status=302, location="https://a.example/gone")
    moved = CheckResult(
        url=URL,
        at=NOON,
        elapsed_ms=84,
        status=404,
        final_url="https://a.example/gone",
        hops=(redirect,),
        attempts=2,
        confirmed=True,
    )
    silent = CheckResult(
        url=URL,
        at=NOON + timedelta(days=1),
        elapsed_ms=0,
        fault=Fault.TIMEOUT,
        message="no answer within 20 s",
        inferred=True,
    )
    word = Word(at=NOON + timedelta(hours=1), until=NOON + timedelta(days=9), because="I looked")
    story = Story(
        link=link,
        checks=(stored(moved), stored(silent, number=2, state=None)),
        rule="The rule.",
        words=(word,),
    )
    assert explain(story) == (
        "https://a.example/x\n"
        "\n"
        "  state       dead (not_found)\n"
        "  why         The page does not exist (404).\n"
        "  rule        The rule.\n"
        "  since       2026-01-05 12:00 UTC\n"
        "  first seen  2025-12-06 12:00 UTC\n"
        "  archive     Archived.\n"
        "              https://web.archive.org/web/20200101000000/https://x/\n"
        "              of 2020-01-01 00:00 UTC at web.archive.org (status 200, verified)\n"
        "              6 years before the note took the link (2025-12-27, says git)\n"
        "              asked 2026-01-05 12:00 UTC\n"
        "  next check  2026-01-12 12:00 UTC\n"
        "\n"
        "Mentioned in 1 place:\n"
        "  notes/a.md:12:5: https://a.example/x  (bare)\n"
        "\n"
        "2 checks, oldest first:\n"
        "  2026-01-05 12:00 UTC  404, 84 ms, 2 requests, confirmed by a second question"
        "  → suspect\n"
        "      302  https://a.example/x → https://a.example/gone\n"
        "      hard evidence: it answered 404 (Not Found)\n"
        "  2026-01-05 13:00 UTC  a person said that it is alive, until 2026-01-14: I looked\n"
        "  2026-01-06 12:00 UTC  timeout, inferred: its host was silent to another link"
        "  → not judged: its cycle does not count\n"
        "      no answer within 20 s\n"
        "      soft evidence: the server did not answer in time\n"
    )


def test_a_link_without_checks_or_mentions_says_so() -> None:
    text = explain(Story(link=replace(record(URL, places=()), next_check=None), checks=()))
    assert "No note mentions it any more: its history is kept, it is not checked." in text
    assert text.endswith("\nNot checked yet.\n")
    assert "  next check  " not in text


def test_a_new_link_is_looked_at_in_the_next_cycle() -> None:
    assert "  next check  at the next cycle\n" in explain(
        Story(link=replace(record(URL), next_check=None), checks=())
    )


def test_why_an_archive_has_no_copy_is_told() -> None:
    lookup = Lookup(outcome=Outcome.UNAVAILABLE, next_at=NOON, detail="It answered 503.")
    assert (
        "  archive     The archive could not be asked; it will be asked again after 2026-01-05"
        " 12:00 UTC.\n"
        "              It answered 503.\n"
    ) in explain(Story(link=record(URL, lookup=lookup), checks=()))


@given(texts)
def test_no_foreign_text_can_add_a_line_or_steer_the_terminal(text: str) -> None:
    def story(word: str) -> str:
        check = CheckResult(
            url=word,
            at=NOON,
            elapsed_ms=1,
            fault=Fault.PROTOCOL,
            message=f"m{word}",
            remark=f"r{word}",
            final_url=f"f{word}",
            hops=(Hop(url=word, status=301, location=f"l{word}"),),
        )
        link = record(
            f"u{word}", detail=word, places=[(word, 1)], lookup=found(word), final_url=word
        )
        return explain(Story(link=link, checks=(stored(check),)))

    told = story(text)
    assert told.count("\n") == story("x").count("\n")
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in told.replace("\n", ""))
    assert not set("\u2028\u2029\u202e\u2066\u200b\ufeff") & set(told)


def test_a_mention_s_line_can_be_clicked_and_found_again() -> None:
    line = text_line(mention("My notes/a.md", 12, "https://a.example/#x"))
    assert line == "My notes/a.md:12:5: https://a.example/#x  (bare)"
    assert text_line(mention("a\n\x1b[2J.md")) == "a␊␛[2J.md:3:5: https://example.com/  (bare)"
