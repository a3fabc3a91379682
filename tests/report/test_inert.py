"""Foreign text says what it says, and does nothing."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkwatch.report.inert import (
    SHOWN,
    destination,
    file_destination,
    label,
    prose,
    shown,
    terminal,
    visible,
)
from tests.report.hostile import TRIGGERS, texts
from tests.report.rendered import github


@given(texts)
def test_prose_shows_exactly_its_text_and_nothing_else(text: str) -> None:
    for before, after in (("", ""), ("- ", ""), ("### ", ""), ("> ", ""), ("so: ", " end.")):
        page = github(f"{before}{prose(text)}{after}")
        expected = github(f"{before}x{after}")
        assert page.tags == expected.tags
        assert page.text == f"{'so: ' if after else ''}{shown(text)}{after}"


@given(texts)
def test_a_label_shows_exactly_its_text_within_its_one_link(text: str) -> None:
    page = github(f"[{label(text)}](https://example.com/)")
    assert page.tags == ["p", "a", "/a", "/p"]
    assert page.links == ["https://example.com/"]
    assert page.text == shown(text)


@given(texts)
def test_the_raw_text_wakes_no_template_query_or_shortcode(text: str) -> None:
    for inert in (
        prose(text),
        label(text),
        destination(f"https://a/{text}"),
        file_destination(text),
    ):
        assert not TRIGGERS.search(str(inert))


def canonical(url: str) -> str:
    """As a renderer writes it: what no URL holds is percent-encoded, what is encoded stays."""
    safe = "-_.~%!*'();:@&=+$,/?#"
    return "".join(
        char
        if char.isascii() and (char.isalnum() or char in safe)
        else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in url
    )


@given(texts)
def test_a_destination_is_still_the_same_url(text: str) -> None:
    url = f"https://example.com/{text}"
    page = github(f"[x]({destination(url)})")
    assert page.tags == ["p", "a", "/a", "/p"]
    assert [canonical(link) for link in page.links] == [canonical(url)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a_b?c=1&d=2#e", "https://example.com/a_b?c=1&d=2#e"),
        ("https://en.wikipedia.org/wiki/A_(b)", "https://en.wikipedia.org/wiki/A_(b)"),
        ("https://x/a(b", "https://x/a&lpar;b"),
        ("https://x/%%a", "https://x/&percnt;&percnt;a"),
        ("https://x/{{a}}", "https://x/%7B%7Ba%7D%7D"),
        ("https://x/<% a %>", "https://x/%3C%%20a%20%%3E".replace("%%", "&percnt;&percnt;")),
        ("https://x/é", "https://x/%C3%A9"),
        ("http://[::1]/", "http://&lsqb;&colon;&colon;1&rsqb;/"),
        ("HTTPS://x/", "HTTPS://x/"),
    ],
)
def test_a_destination_is_written_plainly_where_it_can_be(url: str, expected: str) -> None:
    assert destination(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "obsidian://open"),
        *("//x", "x", "", "https:", "https://", "https:///a", " https://x/", "http\n://x"),
    ],
)
def test_only_http_and_https_become_clickable(url: str) -> None:
    assert destination(url) is None


@given(texts)
def test_nothing_that_reaches_the_terminal_can_steer_it(text: str) -> None:
    for char in terminal(text):
        assert unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        assert char in "\u200c\u200d" or unicodedata.category(char) != "Cf"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("a\r\nb\tc\x00\x7f", "a␍␊b c␀␡"),
        ("\x9b31m", "\ufffd31m"),
        ("moc.elpmaxe\u202e", "moc.elpmaxe\ufffd"),
        ("pay\u200bpal", "pay\ufffdpal"),
        ("pay\u200dpal", "pay\ufffdpal"),
        ("\udcff", "\ufffd"),
        ("👩\u200d💻 می\u200cخواهم ❤\ufe0f 日本語", "👩\u200d💻 می\u200cخواهم ❤\ufe0f 日本語"),
    ],
)
def test_what_hides_is_shown_and_what_is_written_stays(text: str, expected: str) -> None:
    assert visible(text) == expected


@given(st.text(st.characters(exclude_categories=())))
def test_visible_keeps_the_length_and_settles_at_once(text: str) -> None:
    assert len(visible(text)) == len(text)
    assert visible(visible(text)) == visible(text)
    visible(text).encode()  # a lone surrogate could not be written to any file


def test_a_long_text_is_shortened_in_its_middle_but_leads_to_the_same_place() -> None:
    url = f"https://example.com/{'a' * 5000}/the-end"
    assert len(shown(url)) == SHOWN
    assert shown(url).startswith("https://example.com/aaa")
    assert shown(url).endswith("/the-end")
    assert destination(url) == url


def test_a_blank_text_can_still_be_seen() -> None:
    assert shown("") == shown("   ") == "(blank)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com/a_b-c?d=1&e=2%20f", "https://example.com/a_b-c?d=1&e=2%20f"),
        ("a/My note (1).md", "a/My note (1).md"),
        ("#tag", "&num;tag"),
        ("{{x}}", "&lcub;&lcub;x&rcub;&rcub;"),
    ],
)
def test_ordinary_labels_stay_readable_in_the_raw_text(text: str, expected: str) -> None:
    assert label(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ask @name", "ask @<!-- -->name"),
        ("see #12", "see &num;<!-- -->12"),
        ("see GH-12", "see GH-<!-- -->12"),
        (":smile:", "&colon;<!-- -->smile:"),
    ],
)
def test_what_github_looks_for_after_rendering_is_split(text: str, expected: str) -> None:
    assert prose(text) == expected


@pytest.mark.parametrize(
    "fragment", ["{", "_", ":a", "%", "&a", "(", "@", "  ", "\u200d", "é", "www."]
)
def test_time_is_linear_in_the_text(fragment: str) -> None:
    text = fragment * 200_000
    started = time.perf_counter()
    prose(text)
    destination(f"https://x/{text}")
    terminal(text)
    file_destination(text)
    assert time.perf_counter() - started < 5.0


def test_the_file_system_s_own_bytes_lead_to_the_note() -> None:
    assert file_destination("caf\udce9 #1.md") == "caf%E9%20%231.md"
    assert file_destination("../a (b)/c~.md") == "../a%20%28b%29/c%7E.md"
    assert re.fullmatch(r"%3F", str(file_destination("\ud800")))
