"""When a note took its links, by its own words."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from linkwatch.model import CitedFrom
from linkwatch.notes.extract import extract

Told = dict[str, str]


def told(note: str) -> Told:
    """By URL without its scheme: the day, and `~` before it where it is the whole note's."""
    found = {}
    for mention in extract(note.encode(), file="n.md"):
        if mention.cited_at is not None:
            assert mention.cited_from in (CitedFrom.ACCESSED, CitedFrom.FRONT_MATTER)
            mark = "~" if mention.cited_from is CitedFrom.FRONT_MATTER else ""
            found[mention.url.removeprefix("http://")] = f"{mark}{mention.cited_at:%Y-%m-%d}"
        else:
            assert mention.cited_from is None
    return found


@pytest.mark.parametrize(
    "words",
    [
        "(accessed 2021-03-04)",
        ". Retrieved March 4, 2021.",
        "[Accessed 4 Mar. 2021]",
        "(last accessed on Thursday, March 4th, 2021)",
        "accessed on the 4th of March 2021",
        "**Accessed:** 2021/03/04",
        "_accessed 2021.03.04_",
        "accessed:: [[2021-03-04]]",
        "[accessed:: [[Mar 4th, 2021]]]",
        "| access-date = 4 March 2021 }}",
        "Date accessed: 4-Mar-2021",
        "[cited 2021 Mar 4]",
        "(accessed 2021-03-04T10:00Z, updated 2022-01-01)",
        "accessed 04 March 2021",
        "%% accessed 2021-03-04 %%",
        "<!-- accessed 2021-03-04 -->",
        "ACCESSED MARCH 4, 2021",
        "updated 2022-01-01, accessed 2021-03-04",
        "(abgerufen am 4. März 2021)",
        "zuletzt abgerufen am 4.3.2021",
        "Letzter Zugriff: 04. 03. 2021",
        "abgerufen am\u00a04.\u00a0März\u00a02021",
        "abgerufen am 4. Ma\u0308rz 2021",
        "Abrufdatum: 4. 3. 2021",
        "consulté le 4 mars 2021",
        "Page consultée le 4 mars 2021",
        "CONSULTÉ LE 4 MARS 2021",
        "(consultado el 4 de marzo de 2021)",
        "[Consulta: 4 marzo 2021]",
        "Fecha de acceso: 4 de mar. de 2021",
        "Recuperado el 4 de marzo del 2021",
        "URL consultato il 4 marzo 2021",
        "ultimo accesso: 4 marzo 2021",
        "geraadpleegd op 4 maart 2021",
        "Bezocht op 4 mrt. 2021",
        "Acesso em: 4 mar. 2021",
        "acessado em 4 de março de 2021",
        "consultado a 4 de março de 2021",
        "[dostęp 4 marca 2021]",
        "dostęp z dnia 4.03.2021 r.",
        "[dostęp: 2021-03-04]",
        "hämtad 4 mars 2021",
        "Hämtad den 4 mars 2021",
        "\n  (accessed 2021-03-04)",
        "\naccessed 2021-03-04",
        "is an essay,\r\n— accessed 2021-03-04",
        "accessed\n4 March 2021",
        "abgerufen am 4.\n  März 2021",
    ],
)
def test_a_date_of_access_beside_a_link_is_read_in_many_tongues(words: str) -> None:
    assert told(f"See http://a/ {words}\n") == {"a/": "2021-03-04"}


@pytest.mark.parametrize(
    "words",
    [
        "accessed 03/04/2021",  # March or April
        "accessed 03-04-2021",
        "accessed 2021-02-30",
        "accessed 31 June 2021",
        "accessed 13/13/2021",
        "accessed 3.14.2021",
        "accessed 1970-01-01",
        "accessed March 2021",
        "accessed 4 Foo 2021",
        "accessed 12021-03-04",
        "accessed 2021-03-045",
        "2021-03-04",
        "updated 2021-03-04",
        "accessed by many, 2021-03-04",
        "inaccessed 2021-03-04",
        "`accessed 2021-03-04`",
        "\n\naccessed 2021-03-04",
        "\n- accessed 2021-03-04",
        "\nwas accessed 2021-03-04",
        "\nx\naccessed 2021-03-04",
        "\n# accessed 2021-03-04",
    ],
)
def test_what_is_not_surely_a_date_of_access_is_none(words: str) -> None:
    assert told(f"See http://a/ {words}\n") == {}


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("14/03/2021", "2021-03-14"),
        ("03/14/2021", "2021-03-14"),
        ("14-03-2021", "2021-03-14"),
        ("3/3/2021", "2021-03-03"),
        ("1er août 2021", "2021-08-01"),
        ("1º de outubro de 2021", "2021-10-01"),
        ("15 września 2021", "2021-09-15"),
        ("24 dez. 2021", "2021-12-24"),
        ("6 juin 2021", "2021-06-06"),
    ],
)
def test_a_day_above_twelve_settles_which_number_is_the_month(written: str, day: str) -> None:
    assert told(f"http://a/ (accessed {written})") == {"a/": day}


TWICE = """\
[a] accessed 2021-03-04 [b]
(accessed 2021-02-02)
[a] accessed 2021-01-01

[a]: http://a/
[b]: http://b/
"""


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("http://a/ http://b/ (accessed 2021-03-04)", {"b/": "2021-03-04"}),
        ("(accessed 2021-03-04) http://a/ http://b/", {"a/": "2021-03-04"}),
        (
            "http://a/ accessed 2021-01-01 http://b/ accessed 2021-02-02 http://c/",
            {"a/": "2021-01-01", "b/": "2021-02-02"},
        ),
        ("http://a/, accessed 2021-02-02 and accessed 2021-01-01", {"a/": "2021-01-01"}),
        # "from" and a colon lead on; so does standing in the link's own text
        ("http://a/ Smith. Retrieved March 4, 2021, from http://b/", {"b/": "2021-03-04"}),
        ("http://a/ Abgerufen am 4. März 2021, von <http://b/>", {"b/": "2021-03-04"}),
        ("http://a/ accessed 2021-03-04: [b](http://b/)", {"b/": "2021-03-04"}),
        ("[a](http://a/) and [b, accessed 2021-03-04](http://b/)", {"b/": "2021-03-04"}),
        ("[a](http://a/ 'accessed 2021-03-04') [b](http://b/)", {"a/": "2021-03-04"}),
        ("Retrieved from http://a/ on March 4, 2021", {"a/": "2021-03-04"}),
        ("retrieved from [a](http://a/), 4 March 2021", {"a/": "2021-03-04"}),
        ("http://a/ 4 March 2021", {}),
        # line by line
        (
            "Accessed 2021-01-01: http://a/\nAccessed 2021-02-02: http://b/",
            {"a/": "2021-01-01", "b/": "2021-02-02"},
        ),
        (
            "http://a/ accessed 2021-01-01\naccessed 2021-02-02 http://b/",
            {"a/": "2021-01-01", "b/": "2021-02-02"},
        ),
        ("http://a/\n(accessed 2021-03-04), http://b/", {"a/": "2021-03-04"}),
        ("http://a/\nRetrieved 2021-03-04 from http://b/", {"b/": "2021-03-04"}),
        ("- http://a/\n- http://b/\n  accessed:: 2021-03-04\n- http://c/", {"b/": "2021-03-04"}),
        ("> http://a/\n> (accessed 2021-03-04)", {"a/": "2021-03-04"}),
        ("- x\n\n\t- http://a/\n\t  (accessed 2021-03-04)\n", {"a/": "2021-03-04"}),
        (
            "|a|b|\n|-|-|\n|http://a/|accessed 2021-01-01|\n|http://b/|accessed 2021-02-02|\n",
            {"a/": "2021-01-01", "b/": "2021-02-02"},
        ),
        ("[^1]: http://a/, accessed 2021-03-04.", {"a/": "2021-03-04"}),
        ("[a]\n\n[a]: http://a/ 'accessed 2021-03-04'", {"a/": "2021-03-04"}),
        # a reference stands for the link of its definition
        ("[x][a] (accessed 2021-03-04), http://b/\n\n[a]: http://a/", {"a/": "2021-03-04"}),
        (TWICE, {"a/": "2021-01-01", "b/": "2021-02-02"}),
        ("http://a/ (accessed 2021-03-04): http://b/", {"a/": "2021-03-04"}),
        ("http://a/, accessed 2021-03-04 via http://b/", {"a/": "2021-03-04"}),
        ('<a href="http://a/">a</a> (accessed 2021-03-04)', {"a/": "2021-03-04"}),
        ("http://a/accessed-2021-03-04 http://b/?accessed=2021-03-04", {}),
        ("\ufeff\xe9 http://a/ accessed 2021-03-04", {"a/": "2021-03-04"}),
    ],
)
def test_a_date_belongs_to_the_link_beside_it(note: str, expected: Told) -> None:
    assert told(note) == expected


REFERENCES = """\
---
created: 2019-01-01
references:
  - url: http://a/
    tags:
      - x
    accessed: 2020-01-01
  - retrieved: 2020-02-02
    url: http://c/
more: http://d/
---
"""
TABLES = """\
+++
[[references]]
url = 'http://a/'
accessed = 2020-01-01
[[references]]
accessed = 2020-02-02
url = 'http://c/'
+++
"""


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("---\ncreated: 2020-01-02\n---\n", {"b/": "~2020-01-02"}),
        ("---\nDate Created: '2020-01-02'\n---\n", {"b/": "~2020-01-02"}),
        ('---\n"created_at": [[2020-01-02]]\n---\n', {"b/": "~2020-01-02"}),
        ("---\r\ncreation-date: 2020-01-02 # roughly\r\n---\r\n", {"b/": "~2020-01-02"}),
        ("---\ncreated: Jan 2nd, 2020 10:22 AM\n---\n", {"b/": "~2020-01-02"}),
        ("---\ncreated: 2020-01-01T23:30:00-05:00\n---\n", {"b/": "~2020-01-02"}),
        ("---\ndate: 2020-01-02 23:30:00 +0100\n---\n", {"b/": "~2020-01-02"}),
        ("---\ndate: 2020-01-02 25:30\n---\n", {"b/": "~2020-01-02"}),
        ("---\ndate: 9999-12-31T23:59:59-10:00\n---\n", {"b/": "~9999-12-31"}),
        ("+++\ndate = 2020-01-02T10:00:00Z\nlastmod = 2022-01-01\n+++\n", {"b/": "~2020-01-02"}),
        ("+++\npublishDate = '2020-01-02'\n+++\n", {"b/": "~2020-01-02"}),
        ("---\ndate: 2019-01-01\ncreated: 2020-01-02\n---\n", {"b/": "~2020-01-02"}),
        ("---\ncreated: 03/04/2020\nadded: 2020-01-02\n---\n", {"b/": "~2020-01-02"}),
        ("---\nauthor:\n  created: 2019-01-01\ndate: 2020-01-02\n---\n", {"b/": "~2020-01-02"}),
        ("+++\ndate = 2020-01-02\n[author]\ncreated = 2019-01-01\n+++\n", {"b/": "~2020-01-02"}),
        ("---\npublished: 2020-01-02\nupdated: 2020-01-02\nmodified: 2020-01-02\n---\n", {}),
        ("---\ntitle: created: 2020-01-02\n# date: 2020-01-02\n---\n", {}),
        ("---\ncreated: 2020-02-30\n---\n", {}),
        ("---\ncreated:\n---\n", {}),
        (
            "---\nsource: http://a/\ncreated: 2019-01-01\naccessed: 2020-01-02\n---\n",
            {"a/": "2020-01-02", "b/": "~2020-01-02"},
        ),
        (
            "---\ncreated: 2019-01-01\nurl: http://a/ # retrieved 2020-01-02\n---\n",
            {"a/": "2020-01-02", "b/": "~2019-01-01"},
        ),
        (
            REFERENCES,
            {"a/": "2020-01-01", "c/": "2020-02-02", "d/": "~2019-01-01", "b/": "~2019-01-01"},
        ),
        (TABLES, {"a/": "2020-01-01", "c/": "2020-02-02"}),
        ("date:: 2020-01-02\ntags:: x\n\n", {"b/": "~2020-01-02"}),
        ("alias:: x\ndate:: [[Jan 2nd, 2020]]\r\n", {"b/": "~2020-01-02"}),
        ("# Title\n\ndate:: 2020-01-02\n\n", {}),
    ],
)
def test_a_note_says_of_itself_when_it_was_written(fields: str, expected: Told) -> None:
    assert told(f"{fields}http://b/\n") == expected


def test_a_date_beside_a_link_is_better_than_that_of_the_note() -> None:
    note = "---\ncreated: 2019-01-01\n---\nhttp://a/ (accessed 2020-01-02) and http://b/\n"
    assert told(note) == {"a/": "2020-01-02", "b/": "~2019-01-01"}


def test_a_moment_is_kept_in_utc_and_a_day_is_its_first_moment() -> None:
    note = b"---\nurl: http://a/\naccessed: 2020-01-02\ndate: 2020-01-02T03:04:05+01:00\n---\n"
    (first,) = extract(note, file="n.md")
    (second,) = extract(note.replace(b"accessed", b"x"), file="n.md")
    assert (first.cited_at, second.cited_at) == (
        datetime(2020, 1, 2, tzinfo=UTC),
        datetime(2020, 1, 2, 2, 4, 5, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "note",
    [
        "accessed 2021-03-04 " * 20_000,
        "2021 " * 100_000,
        "accessed " * 50_000 + "2021-03-04",
        "accessed " + " " * 400_000 + "2021-03-04",
        "march " * 80_000 + "2021",
        "a" * 400_000 + " 2021",
        "é" * 200_000 + " 2021",
        "1" * 400_000 + " 2021",
        "4 de " * 80_000 + "2021",
        "http://a/ (accessed 2021-03-04) " * 10_000,
        "[x](http://a/ 'accessed 2021-03-04')\n" * 10_000,
        "[" * 1_000 + "accessed 2021-03-04 " * 10_000 + "](http://b/)",
        "\n".join(["http://a/", "(" * 200_000 + "accessed 2021-03-04"]),
    ],
)
def test_time_is_linear_whatever_dates_stand_there(note: str) -> None:
    started = time.thread_time()
    extract(f"http://x/ {note}".encode(), file="n.md")
    assert time.thread_time() - started < 5.0


def test_time_is_linear_in_front_matter_too() -> None:
    items = "- url: http://a/\n  accessed: 2021-03-04\n" * 10_000
    started = time.thread_time()
    found = extract(f"---\nrefs:\n{items}---\n".encode(), file="n.md")
    assert time.thread_time() - started < 5.0
    assert {mention.cited_from for mention in found} == {CitedFrom.ACCESSED}
