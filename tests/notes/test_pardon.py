"""Comments beside a link that ask not to hear of it."""

from __future__ import annotations

import re
import time
from datetime import date
from pathlib import Path

import pytest

from linkwatch.model import Pardon
from linkwatch.notes.extract import Options, extract
from linkwatch.overrule import UNREADABLE

FOR_GOOD = Pardon()
NEW_YEAR = Pardon(until=date(2027, 1, 1))
BAD = Pardon(until=UNREADABLE)


def pardons(note: str, *, check_code: bool = False) -> dict[str, Pardon | None]:
    found = extract(note.encode(), file="n.md", options=Options(check_code=check_code))
    return {mention.url.removeprefix("http://"): mention.pardon for mention in found}


@pytest.mark.parametrize(
    ("comment", "pardon"),
    [
        ("<!-- linkwatch: ignore -->", FOR_GOOD),
        ("<!--linkwatch:ignore-->", FOR_GOOD),
        ("%% linkwatch: ignore %%", FOR_GOOD),
        ("%%linkwatch:ignore%%", FOR_GOOD),
        ("<!-- linkwatch: ignore until 2027-01-01 -->", NEW_YEAR),
        ("%% linkwatch: ignore, until 2027-01-01, %%", NEW_YEAR),
        ("<!-- linkwatch: ignore because it wants a login -->", Pardon(because="it wants a login")),
        (
            "<!-- linkwatch: ignore until 2027-01-01 because it wants, well, a login -->",
            Pardon(until=date(2027, 1, 1), because="it wants, well, a login"),
        ),
        (
            "%% linkwatch: ignore, until 2027-01-01, because até lá %%",
            Pardon(until=date(2027, 1, 1), because="até lá"),
        ),
        ("<!-- linkwatch: ignore because x --> <!-- linkwatch: ignore -->", Pardon(because="x")),
        ("<!-- linkwatch: ignore %% linkwatch: ignore because x %%", Pardon(because="x")),
        ("<!-- linkwatch: ignore until 2027-02-30 -->", BAD),
        ("<!-- linkwatch: ignore until 1.1.2027 -->", BAD),
        ("<!-- linkwatch: ignore until 20270101 -->", BAD),
        ("<!-- linkwatch: ignore until -->", BAD),
        ("<!-- linkwatch: ignore util 2027-01-01 -->", BAD),
        (
            "<!-- linkwatch: ignore until spring because it snows -->",
            Pardon(until=UNREADABLE, because="it snows"),
        ),
        (
            "<!-- linkwatch: ignore because it is closed, until 2027-01-01. -->",
            Pardon(until=date(2027, 1, 1), because="it is closed"),
        ),
        ("<!-- linkwatch: ignore because until 2027-01-01 -->", NEW_YEAR),
        (
            "<!-- linkwatch: ignore until 2027-01-01 because x until 2028-01-01 -->",
            Pardon(until=date(2027, 1, 1), because="x until 2028-01-01"),
        ),
        (
            "<!-- linkwatch: ignore because it snows until spring -->",
            Pardon(because="it snows until spring"),
        ),
        (
            "<!-- linkwatch: ignore because it snows until 2027-13-01 -->",
            Pardon(until=UNREADABLE, because="it snows"),
        ),
        ("<!-- LinkWatch : Ignore Until 2027-01-01 -->", NEW_YEAR),
        ("%% LINKWATCH: IGNORE BECAUSE x %%", Pardon(because="x")),
        ("<!-- linkwatch: ignored -->", BAD),
        ("<!-- linkwatch: ignore. -->", BAD),
        ("<!-- linkwatch: ignore: because x -->", BAD),
        ("<!-- linkwatch: -->", BAD),
        ("<!-- linkwatch: report this -->", BAD),
        ("<!-- linkwatch:report -->", None),
        ("<!-- linkwatch ignore -->", None),
        ("<!-- linkwatch: ignore", None),
        ("\\<!-- linkwatch: ignore -->", None),
        ("linkwatch: ignore", None),
        ("`<!-- linkwatch: ignore -->`", None),
        ("``%% linkwatch: ignore %%``", None),
        ("`<!-- linkwatch: ignore -->` %% linkwatch: ignore %%", FOR_GOOD),
    ],
)
def test_a_comment_says_that_a_link_is_ignored_until_when_and_why(
    comment: str, pardon: Pardon | None
) -> None:
    assert pardons(f"See http://x/ {comment}\n") == {"x/": pardon}


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("http://a/ http://b/ {c}\nhttp://c/", {"a/": True, "b/": True, "c/": False}),
        ("[a](http://a/) {c} and ![b](http://b/)\n", {"a/": True, "b/": True}),
        ("- http://a/ {c}\n- http://b/\n", {"a/": True, "b/": False}),
        ("> - <http://a/> {c}\r\n> - http://b/\r\n", {"a/": True, "b/": False}),
        ("- x\n\n\t- http://a/ {c}\n\t\t- http://b/\n", {"a/": True, "b/": False}),
        ("|a|b|\n|-|-|\n|http://a/|{c}|\n|http://b/|`|`|\n", {"a/": True, "b/": False}),
        ('<a href="http://a/">a</a> {c}\n', {"a/": True}),
        ("http://a/\n\n{c}\n", {"a/": False}),
        ("\ufeff\n\xe9 http://a/\nhttp://b/ {c}", {"a/": False, "b/": True}),
        ("[a]: http://a/ '{c}'\n\n[a] {c}", {"a/": True}),
    ],
)
@pytest.mark.parametrize("comment", ["<!-- linkwatch: ignore -->", "%% linkwatch: ignore %%"])
def test_a_comment_covers_the_mentions_on_its_line_and_no_others(
    note: str, expected: dict[str, bool], comment: str
) -> None:
    found = pardons(note.replace("{c}", comment))
    assert {url: pardon is not None for url, pardon in found.items()} == expected


@pytest.mark.parametrize(
    "note",
    [
        "```\nhttp://a/ <!-- linkwatch: ignore -->\n```\n",
        "    http://a/ %% linkwatch: ignore %%\n",
        "`http://a/ <!-- linkwatch: ignore -->`\n",
    ],
)
def test_in_code_a_comment_is_an_example_even_where_code_is_read(note: str) -> None:
    assert pardons(note, check_code=True) == {"a/": None}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            "---\na: http://a/ # linkwatch: ignore until 2027-01-01\nb: http://b/\n---\n",
            {"a/": NEW_YEAR, "b/": None},
        ),
        ("---\r\na: http://a/  #linkwatch: ignore\r\n---\r\n", {"a/": FOR_GOOD}),
        ("---\na: [http://a/, 'http://b/'] # linkwatch: ignore, because x\n---\n",
         {"a/": Pardon(because="x"), "b/": Pardon(because="x")}),
        ("---\na: http://a/ # Linkwatch: ignored\n---\n", {"a/": BAD}),
        ("---\n# linkwatch: ignore\na: http://a/\n---\n", {"a/": None}),
        ("+++\na = 'http://a/' # linkwatch: ignore\n+++\n", {"a/": FOR_GOOD}),
    ],
)  # fmt: skip
def test_front_matter_has_comments_of_its_own(
    fields: str, expected: dict[str, Pardon | None]
) -> None:
    found = pardons(f"{fields}\nhttp://body/ # linkwatch: ignore\n")
    assert found == {**expected, "body/": None}


def test_every_comment_in_the_documentation_is_understood() -> None:
    page = (Path(__file__).parents[2] / "docs" / "overruling.md").read_text("utf-8")
    examples = re.findall(r"^```(?:markdown|yaml)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    found = [pardon for example in examples for pardon in pardons(example).values()]
    assert len(found) == 4
    assert all(pardon and pardon.until != UNREADABLE for pardon in found)


@pytest.mark.parametrize(
    "line",
    [
        "<!-- linkwatch: ignore " * 40_000,
        "%% linkwatch: ignore " * 40_000,
        "`" + "<!-- linkwatch: ignore " * 40_000 + "` -->",
        "<!-- linkwatch: ignore -->\n" * 40_000,
        "`<!-- linkwatch: ignore -->` " * 20_000,
        "linkwatch: ignore until " + " " * 500_000,
        "<!-- linkwatch: ignore until" + "," * 500_000 + "-->",
        "<!-- linkwatch: ignore because x" + " " * 500_000 + "until x-->",
        "<!-- linkwatch: ignore because " + "until " * 100_000 + "-->",
    ],
)
def test_time_is_linear_whatever_stands_there(line: str) -> None:
    started = time.perf_counter()
    pardons(f"http://x/ {line}")
    assert time.perf_counter() - started < 5.0  # under 0.6 s measured
