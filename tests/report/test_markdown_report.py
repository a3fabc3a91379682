"""The report in Markdown: what a person reads, and that nobody else writes in it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pyromark
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkwatch.marker import REPORT_MARKER, is_report
from linkwatch.model import (
    By,
    CitedFrom,
    CycleRecord,
    Ledger,
    Lookup,
    Outcome,
    Overruled,
    Reason,
    Snapshot,
    State,
)
from linkwatch.report.inert import shown
from linkwatch.report.markdown import render_markdown
from tests.report.hostile import TRIGGERS, texts
from tests.report.ledgers import NOON, change, cycle, found, ledger, record
from tests.report.rendered import Page, github
from tests.report.test_inert import canonical

REPORT_DIR = Path("/vault/reports")


COPY = Snapshot(
    archive="web.archive.org",
    timestamp=datetime(2020, 1, 1, tzinfo=UTC),
    url="https://web.archive.org/web/20200101000000/https://x/",
    status=200,
    verified=False,
)
UNVERIFIED = Lookup(outcome=Outcome.FOUND, snapshot=COPY)


def rendered(of: Ledger, report_dir: Path | None = REPORT_DIR) -> str:
    return render_markdown(of, report_dir=report_dir)


def test_the_marker_stands_alone_at_the_very_top() -> None:
    report = rendered(ledger(record("https://a.example/")))
    assert report.startswith(f"{REPORT_MARKER}\n\n# ")
    assert is_report(report.encode())


def test_an_empty_history_says_what_to_do() -> None:
    report = rendered(ledger(cycles=()))
    assert is_report(report.encode())
    assert "Nothing has been checked yet: run `linkwatch check`." in report


def test_a_dead_link_tells_its_lines_reason_date_and_archived_copy() -> None:
    dead = record(
        "https://a.example/x_(y)",
        detail="The page is gone.",
        places=[("My notes/été #1.md", 3), ("My notes/été #1.md", 9), ("b.md", 1)],
        lookup=found(),
    )
    report = rendered(ledger(dead))
    assert "## Dead (1)\n" in report
    target = "../My%20notes/%C3%A9t%C3%A9%20%231.md"
    assert f"### [My notes/été &num;1.md]({target})\n" in report
    assert (
        f"- lines [3]({target}#L3), [9]({target}#L9): "
        "[https://a.example/x\\_(y)](https://a.example/x_(y))\n"
        "  - The page is gone. Failing since 2026-01-05. Also in 1 other note.\n"
        "  - [Archived copy of 2020-01-01]"
        "(https://web.archive.org/web/20200101000000/https://x/).\n"
    ) in report
    assert "### [b.md](../b.md)\n\n- line [1](../b.md#L1): [https://a.example/x" in report


@pytest.mark.parametrize(
    ("cited", "words"),
    [
        ("2020-01-01", "of the day on which the note took the link"),
        ("2020-01-02", "1 day before the note took the link"),
        ("2020-03-31", "90 days before the note took the link"),
        ("2020-06-30", "6 months before the note took the link"),
        ("2019-12-18", "14 days after the note took the link"),
        ("2010-01-03", "10 years after the note took the link"),
    ],
)
def test_how_far_the_copy_is_from_the_citation_is_told(cited: str, words: str) -> None:
    at = datetime.fromisoformat(cited).replace(tzinfo=UTC)
    lookup = replace(found(), cited_at=at, cited_from=CitedFrom.GIT)
    report = rendered(ledger(record("https://a.example/", lookup=lookup)))
    assert f"[Archived copy of 2020-01-01]({COPY.url}), {words} ({cited}, says git).\n" in report


def test_the_share_of_links_with_a_verified_copy_is_told() -> None:
    waits = [
        Lookup(outcome=Outcome.RATE_LIMITED, next_at=NOON + timedelta(hours=hours))
        for hours in (5, 2)
    ]
    report = rendered(
        ledger(
            record("https://a.example/", lookup=found(), kept_by=("web.archive.org",)),
            record("https://b.example/", lookup=waits[0]),
            record("https://c.example/", lookup=waits[1]),
            record("https://d.example/", lookup=Lookup(outcome=Outcome.NOT_ARCHIVED)),
            record("https://e.example/", state=State.ALIVE, kept_by=("here", "web.archive.org")),
            record("https://f.example/", state=State.ALIVE),
        )
    )
    assert (
        "\nVerified copies: 1 of 4 dead links, 2 of all 6. About 2 dead links no archive could be"
        " asked yet; the next try is after 2026-01-05 14:00 UTC.\n"
    ) in report
    nothing_to_tell = rendered(ledger(record("https://f.example/", state=State.ALIVE)))
    assert "Verified copies" not in nothing_to_tell


def test_a_link_stands_under_every_note_once_and_notes_and_lines_are_in_order() -> None:
    report = rendered(
        ledger(
            record("https://z.example/", places=[("b.md", 2), ("a.md", 7), ("a.md", 7)]),
            record("https://a.example/", places=[("a.md", 9)]),
        )
    )
    dead = report.partition("## Dead")[2].partition("## Totals")[0]
    assert re.findall(r"### \[(.*?)\]|\): \[(.*?)\]", dead) == [
        ("a.md", ""),
        ("", "https://z.example/"),
        ("", "https://a.example/"),
        ("b.md", ""),
        ("", "https://z.example/"),
    ]


@pytest.mark.parametrize(
    ("lookup", "expected"),
    [
        (Lookup(outcome=Outcome.NOT_ASKED), "No archive was asked."),
        (Lookup(outcome=Outcome.NOT_ARCHIVED), "Not archived."),
        (
            Lookup(outcome=Outcome.UNAVAILABLE, next_at=NOON + timedelta(days=1)),
            "The archive could not be asked; it will be asked again after 2026-01-06 12:00 UTC.",
        ),
        (UNVERIFIED, f"[Archived copy of 2020-01-01]({COPY.url}). It was not opened yet."),
        (found("javascript:alert(1)"), "Archived."),
    ],
)
def test_no_copy_and_no_answer_are_told_apart(lookup: Lookup, expected: str) -> None:
    assert f"\n  - {expected}\n" in rendered(ledger(record("https://a.example/", lookup=lookup)))


def test_a_parked_domain_is_shown_but_not_linked() -> None:
    report = rendered(ledger(record("https://a.example/", reason=Reason.PARKED)))
    assert ": https&colon;<!-- -->//a.example/\n" in report
    assert "https://a.example/" not in github(report).links


def test_what_changed_comes_first_and_what_matters_first_in_it() -> None:
    report = rendered(
        ledger(
            record("https://died.example/"),
            changes=(
                change("https://gone.example/", State.DEAD, None),
                change("https://new.example/", State.UNCHECKED, State.ALIVE),
                change("https://moved.example/", State.ALIVE, State.MOVED),
                change("https://back.example/", State.DEAD, State.ALIVE),
                change("https://wall.example/", State.ALIVE, State.BLOCKED),
                change("https://slow.example/", State.ALIVE, State.SUSPECT, "No answer."),
                change("https://died.example/", State.SUSPECT, State.DEAD),
                change("https://same.example/", State.MOVED, State.ALIVE),
            ),
        )
    )
    assert report.index("## What changed") < report.index("## Dead")
    news = report.partition("## What changed")[2].partition("## Dead")[0]
    assert re.findall(r"^- (.*)", news, re.MULTILINE) == [
        "**1 link died**",
        "**1 link began to fail**",
        "**1 link is back**",
        "**1 link no longer lets us look**",
        "**1 link moved**",
        "**1 link is in no note any more**",
        "**1 link changed otherwise**",
        "1 new link, with nothing to say about",
    ]
    slow = "[https://slow.example/](https://slow.example/): was alive, now suspect. No answer."
    assert slow in news


def test_much_news_is_cut_short_but_counted() -> None:
    changes = tuple(change(f"https://{n}.example/", State.ALIVE, State.DEAD) for n in range(1000))
    news = rendered(ledger(record("https://a.example/"), changes=changes))
    assert "- **1000 links died**\n" in news
    assert "\n  - … and 975 more\n" in news


@pytest.mark.parametrize(
    ("cycles", "expected"),
    [
        ((cycle(1), cycle(2)), "Nothing changed."),
        ((cycle(1),), "This is the first check: there is nothing to compare it with."),
    ],
)
def test_no_news_is_said_in_a_sentence(cycles: tuple[CycleRecord, ...], expected: str) -> None:
    report = rendered(ledger(record("https://a.example/", State.ALIVE), cycles=cycles))
    assert f"## What changed\n\n{expected}\n\n## Dead\n\nNo link is dead.\n" in report


def test_a_void_check_says_so_before_anything_else() -> None:
    void = cycle(3, void="No host answered: this machine seems to be offline.")
    report = rendered(ledger(record("https://a.example/"), last=void))
    assert report.split("\n\n")[2] == (
        "> **The check of 2026-01-08 12:01 UTC does not count:** "
        "No host answered: this machine seems to be offline.\n"
        ">\n"
        "> What follows is what the check of 2026-01-07 12:01 UTC found."
    )
    assert "Checked 2026-01-07 12:01 UTC." in report


def test_a_first_check_that_is_void_judges_nothing() -> None:
    void = cycle(1, void="No host answered.")
    report = rendered(ledger(record("https://a.example/", State.UNCHECKED), cycles=(), last=void))
    assert "> No check before it counts either, so nothing is judged yet.\n" in report
    assert "Nothing to compare yet." in report


def test_the_other_states_are_folded_each_under_its_heading() -> None:
    report = rendered(
        ledger(
            record("https://m.example/", State.MOVED, final_url="https://new.example/"),
            record("https://s.example/", State.SUSPECT),
            record("https://b.example/", State.BLOCKED, places=[("a.md", n) for n in range(1, 8)]),
            record("http://10.0.0.1/", State.SKIPPED, Reason.PRIVATE_ADDRESS),
            record("https://u.example/", State.UNCHECKED, since=None),
            record("https://fine.example/", State.ALIVE),
        )
    )
    titles = re.findall(r"^## (.*)", report, re.MULTILINE)
    assert titles == [
        *("What changed", "Dead", "Suspect (1)", "Blocked (1)", "Moved (1)", "Skipped (1)"),
        *("Unchecked (1)", "Totals", "Trend"),
    ]
    assert github(report).tags.count("details") == 5
    # a renderer reads Markdown inside of <details> only between blank lines
    assert "\n\n<details>\n<summary>1 link</summary>\n\n- " in report
    assert "https://m.example/) → [https://new.example/](https://new.example/)\n  - Since" in report
    assert "[a.md](../a.md) line [5](../a.md#L5), and 2 more\n" in report
    assert "fine.example" not in report


def test_ignored_links_stand_apart_with_what_was_asked_and_the_living_are_counted() -> None:
    links = [
        replace(
            record("https://d.example/", detail="Gone."),
            overruled=Overruled(by=By.PATTERN, until=date(2027, 1, 1), because="a [login](x)"),
        ),
        replace(
            record("https://b.example/", State.BLOCKED),
            overruled=Overruled(by=By.NOTE, until=None, because=""),
        ),
        replace(
            record("https://fine.example/", State.ALIVE),
            overruled=Overruled(by=By.URL, until=None, because=""),
        ),
    ]
    report = rendered(ledger(*links))
    assert "No link is dead that is not ignored.\n" in report
    assert "## Blocked" not in report
    assert "| dead | 1 |" in report
    _, _, ignored = report.partition("## Ignored (3)\n")
    assert (
        "- [https://d.example/](https://d.example/): dead\n"
        "  - Gone. Failing since 2026-01-05.\n"
        "  - Ignored until 2027-01-01 by a pattern. Because: a &lsqb;login&rsqb;(x)\n"
        "  - [a.md](../a.md) line [3](../a.md#L3)\n"
        "- [https://b.example/](https://b.example/): blocked\n"
    ) in ignored
    assert "  - Ignored by a comment in the notes.\n" in ignored
    assert "\n- 1 link that is alive\n\n</details>\n\n## Totals\n" in ignored
    assert "fine.example" not in report


@pytest.mark.parametrize("state", [State.DEAD, State.SUSPECT, State.BLOCKED])
def test_an_ignore_that_speaks_up_says_why_where_its_link_stands(state: State) -> None:
    speaks_up = "Ignored while it was forbidden (403); now it is not found (404)."
    overruled = Overruled(by=By.URL, until=None, because="walled", speaks_up=speaks_up)
    report = rendered(ledger(replace(record("https://a.example/", state), overruled=overruled)))
    assert f"## {state.title()} (1)\n" in report
    assert f"\n  - {speaks_up} Because: walled\n  - " in report
    assert "## Ignored" not in report


def test_totals_and_trend_are_tables() -> None:
    cycles = tuple(cycle(n, states={State.DEAD: n, State.ALIVE: 10 - n}) for n in range(1, 4))
    report = rendered(ledger(record("https://a.example/"), cycles=cycles))
    assert "| dead | 1 | gone, as far as can be told |\n" in report
    assert (
        "| 2026-01-08 | 3 | 0 | 0 | 0 | 7 |\n"
        "| 2026-01-07 | 2 | 0 | 0 | 0 | 8 |\n"
        "| 2026-01-06 | 1 | 0 | 0 | 0 | 9 |\n"
    ) in report


@pytest.mark.parametrize(
    ("report_dir", "expected"),
    [
        (Path("/vault"), "a.md"),
        (Path("/vault/reports"), "../a.md"),
        (Path("/elsewhere/deep"), "../../vault/a.md"),
        (None, "a.md"),
    ],
)
def test_notes_are_linked_as_seen_from_the_report(report_dir: Path | None, expected: str) -> None:
    report = rendered(ledger(record("https://a.example/")), report_dir)
    assert f"### [a.md]({expected})\n" in report


def test_the_same_ledger_gives_the_same_bytes_whenever_it_is_asked() -> None:
    one = ledger(record("https://a.example/"), record("https://b.example/", State.MOVED))
    assert rendered(one) == rendered(one)


FIELDS = 27


def hostile_ledger(words: list[str]) -> Ledger:
    """A ledger with a foreign text in every field that can hold one."""
    text = iter(words)

    def web() -> str:
        return f"https://x.example/{next(text)}"

    def place(note: int) -> list[tuple[str, int]]:
        return [(f"{note}{next(text)}", note)]

    links = (
        record(web(), places=place(1), detail=next(text), lookup=found(web())),
        record(
            f"https://parked.example/{next(text)}",
            reason=Reason.PARKED,
            places=place(2),
            detail=next(text),
            lookup=Lookup(outcome=Outcome.MALFORMED, detail=next(text)),
        ),
        record(f"javascript:{next(text)}", State.SUSPECT, places=place(3), detail=next(text)),
        record(web(), State.MOVED, final_url=web(), places=place(4)),
        record(web(), State.BLOCKED, places=place(6), detail=next(text)),
        record(web(), State.SKIPPED, places=place(5), detail=next(text)),
        replace(
            record(web(), places=place(7), detail="Gone."),
            overruled=Overruled(by=By.PATTERN, until=None, because=next(text)),
        ),
        replace(
            record("https://b.example/", State.SUSPECT, detail="Late."),
            overruled=Overruled(by=By.URL, until=None, because=next(text), speaks_up="Over."),
        ),
    )
    news = (change(web(), State.ALIVE, State.DEAD, next(text)),)
    made = ledger(*links, last=cycle(3, void=next(text)), changes=news)
    assert next(text, None) is None
    return made


def everything(markdown: str) -> Page:
    """As a renderer with every extension sees it: math, wikilinks, superscripts, footnotes."""
    options = pyromark.Options(0)
    for name in ("GFM", "MATH", "TABLES", "FOOTNOTES", "STRIKETHROUGH", "TASKLISTS", "WIKILINKS"):
        options |= getattr(pyromark.Options, f"ENABLE_{name}")
    for name in ("SUPERSCRIPT", "SUBSCRIPT", "HEADING_ATTRIBUTES", "DEFINITION_LIST"):
        options |= getattr(pyromark.Options, f"ENABLE_{name}")
    return Page(pyromark.html(markdown, options=options))


# a loaded machine may be slow at making up so many texts; that is no fault of the report
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(texts.filter(str.strip), min_size=FIELDS, max_size=FIELDS, unique=True))
def test_no_foreign_text_anywhere_can_add_or_change_anything(words: list[str]) -> None:
    report = rendered(hostile_ledger(words))
    harmless = rendered(hostile_ledger([f"TOKEN{n}END" for n in range(FIELDS)]))

    def filled(text: str) -> str:
        return re.sub(r"TOKEN(\d+)END", lambda token: words[int(token[1])], text)

    page, expected = github(report), github(harmless)
    assert page.tags == expected.tags
    assert [plain(link) for link in page.links] == [plain(link, filled) for link in expected.links]
    assert squeezed(page.text) == squeezed(
        re.sub(r"\S*TOKEN\d+END", lambda found: shown(filled(found[0])), expected.text)
    )
    assert not TRIGGERS.search(report)
    assert is_report(report.encode())
    assert everything(report).tags == everything(harmless).tags


def plain(link: str, filled: Callable[[str], str] = str) -> str:
    """For comparison: a note's path as the file system has it, a URL as renderers write it."""
    if link.startswith("https:"):
        return canonical(filled(link))
    path, _, line = link.partition("#L")
    return os.path.normpath(REPORT_DIR / filled(unquote(path))) + line


def squeezed(text: str) -> str:
    return re.sub(" +", " ", text)


def test_ten_thousand_dead_links_are_rendered_quickly() -> None:
    count = 10_000
    links = tuple(
        record(f"https://x.example/{n}?a=1&b=2", places=[(f"notes/{n // 9}.md", n % 9 + 1)])
        for n in range(count)
    )
    many = ledger(*links)
    rendered(ledger(links[0]))
    started = time.perf_counter()
    report = rendered(many)
    elapsed = time.perf_counter() - started
    assert report.count("\n- line ") == count
    assert elapsed < 5.0  # 0.5 s measured; the limit only catches what is not linear
