"""Patterns: what they match, and how long that may take."""

from __future__ import annotations

import logging
import re
import time

import pytest

from linkwatch.patterns import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "url", "found"),
    [
        (r"^https://a\.", "https://a.example/", True),
        (r"^https://a\.", "https://ab.example/", False),
        ("/x$", "https://a.example/x", True),
        ("[[a]", "https://a.example/", True),
        (r"(?i)/DRAFT", "https://a.example/draft", True),
        ("", "https://a.example/", True),
    ],
)
def test_a_pattern_matches_anywhere_in_a_url(pattern: str, url: str, found: bool) -> None:
    assert compile_pattern(pattern).matches(url) is found


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "*x", "(?P<a>x)(?P<a>y)", "x{99999999999}"])
def test_what_python_cannot_compile_is_no_pattern(pattern: str) -> None:
    with pytest.raises(re.error):
        compile_pattern(pattern)


def test_a_pattern_without_end_is_given_up_and_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pattern = compile_pattern("(a|aa)+$")
    assert pattern.matches("https://a.example/aaa")
    started = time.perf_counter()
    with caplog.at_level(logging.WARNING, "linkwatch"):
        found = [pattern.matches("https://a.example/" + "a" * 60 + "!") for _ in range(20)]
    assert not any(found)
    assert time.perf_counter() - started < 10.0  # 1 s measured
    assert pattern.too_slow
    assert not pattern.matches("https://a.example/aaa")
    assert [record.getMessage() for record in caplog.records] == [
        "the pattern '(a|aa)+$' takes too long and matches nothing: simplify it"
    ]


def test_ordinary_searches_never_use_the_time_up() -> None:
    pattern = compile_pattern(r"dead/.*slug/.*1$")
    for number in range(20_000):
        pattern.matches(f"https://a.example/page/some-slug/{number}")
    assert not pattern.too_slow
