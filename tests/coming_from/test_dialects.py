"""How others write patterns, paths and durations, and what that is here."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkwatch.coming_from.dialects import (
    glob_of_path,
    glob_of_pattern,
    javascript_pattern,
    milliseconds,
    plain_path,
    rust_pattern,
    seconds,
    wildcard,
)
from linkwatch.notes.vault import Globs
from linkwatch.patterns import compile_pattern


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (r"^https://(www\.)?linkedin\.com/", r"^https://(www\.)?linkedin\.com/"),
        (r".*\.github.com\.*", r".*\.github.com\.*"),
        (r"https?:\/\/intra\/", r"https?://intra/"),
        (r"(?-u)\w+\.example", r"\w+\.example"),
        (r"(?-u:\w)x", r"(?:\w)x"),
        (r"(?i-u)EXAMPLE", "(?i)EXAMPLE"),
        (r"(?iu:A)b", "(?i:A)b"),
        (r"(?<host>a)\.org", r"(?P<host>a)\.org"),
        (r"(?P<host>a)\.org", r"(?P<host>a)\.org"),
        (r"\.pdf\z", r"\.pdf\Z"),
        (r"[^/]\/x[\]a]", r"[^/]/x[\]a]"),
        (r"c\++/", r"c\++/"),
        ("it's # one", "it's # one"),
    ],
)
def test_a_pattern_of_rust_means_the_same_here(theirs: str, ours: str) -> None:
    assert rust_pattern(theirs) == ours
    compile_pattern(ours)


@pytest.mark.parametrize(
    ("theirs", "why"),
    [
        (r"\p{Greek}", "class of Unicode"),
        (r"[[:alpha:]]", "set within a set"),
        ("[a-z&&[^x]]", "set within a set"),
        (r"\<word", "where a word ends"),
        (r"\b{start}word", "where a word ends"),
        (r"\x{41}", "write the character itself"),
        ("(?U)a.*", "a flag of Rust's"),
        ("a++", "means something else here"),
        ("x(?i)y", "no regular expression here: global flags"),
        ("(", "no regular expression here"),
        ("", "every link"),
        ("https?://", "every link"),
        (r"^mailto:", "no web link"),
        (r"^\.\/", "no web link"),
        (7, "no text"),
    ],
)
def test_a_pattern_of_rust_that_would_mean_something_else_is_refused(
    theirs: object, why: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        rust_pattern(theirs)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (r"^https?:\/\/localhost", "^https?://localhost"),
        (r"(?<h>a)\k<h>", "(?P<h>a)(?P=h)"),
        ("(?<=a)b(?<!c)", "(?<=a)b(?<!c)"),
        ("[[a]", "[[a]"),
        (r"\u0041", r"\u0041"),
        ("^#|^http://x", "^#|^http://x"),
    ],
)
def test_a_pattern_of_javascript_means_the_same_here(theirs: str, ours: str) -> None:
    assert javascript_pattern(theirs) == ours
    compile_pattern(ours)


@pytest.mark.parametrize(
    "theirs", ["[^]", "[]", r"\p{L}", r"\u{41}", "(?<=a+)b", "^#", r"^\/", 7, None]
)
def test_a_pattern_of_javascript_that_can_not_be_is_refused(theirs: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        javascript_pattern(theirs)


@given(st.text())
@example("[")
@example("\\")
@example("(?<a>)(?<a>)")
def test_a_pattern_becomes_one_that_compiles_or_is_refused(theirs: str) -> None:
    for translate in (rust_pattern, javascript_pattern):
        try:
            ours = translate(theirs)
        except ValueError as exc:
            assert str(exc)
        else:
            compile_pattern(ours)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("http*://crates.io*", r"^http.*://crates\.io"),
        ("http://ignore-me.de/*", r"^http://ignore-me\.de/"),
        ("*.example/?", r"\.example/.$"),
        ("http://a/(b)+", r"^http://a/\(b\)\+$"),
        ("*/a.*", r"/a\."),
    ],
)
def test_a_wildcard_becomes_a_pattern(theirs: str, ours: str) -> None:
    assert wildcard(theirs) == ours


def test_a_wildcard_for_everything_is_refused() -> None:
    for theirs in ("*", "**", "", "?*"):
        with pytest.raises(ValueError, match="every link"):
            wildcard(theirs)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("node_modules", "*node_modules*"),
        ("^docs/drafts/", "/docs/drafts/"),
        ("^docs/draft", "/docs/draft*"),
        ("./other/file", "/other/file*"),
        (r"^\./a$", "/a"),
        (".*/dev/.*", "dev/"),
        ("site/public", "**/*site/public*"),
        (r"README\.md$", "*README.md"),
        (r"^docs/.*\.txt$", "/docs/**/*.txt"),
        (r"^docs/[^/]+/old/", "/docs/*/old/"),
        ("/#tags/", r"\#tags/"),
        (r"\[x\]", r"*\[x\]*"),
    ],
)
def test_a_simple_pattern_for_paths_becomes_a_glob(theirs: str, ours: str) -> None:
    assert glob_of_pattern(theirs) == ours


@pytest.mark.parametrize(
    "theirs", ["(a|b)", "a+", "x.*y", "[ab]", ".*", "^", "", "^/etc/", r"\d", 1]
)
def test_a_pattern_for_paths_that_is_no_glob_is_refused(theirs: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        glob_of_pattern(theirs)


_PARTS = st.lists(st.sampled_from(["a", "b", "ab", "b!", "c d", "#a"]), min_size=1, max_size=4)
_PATHS = _PARTS.map("/".join)


@given(
    path=_PATHS,
    anchored=st.sampled_from(["^", "^./", "", "/", ".*/"]),
    inner=_PATHS,
    end=st.sampled_from(["", "$", "/", "/.*"]),
)
def test_a_glob_leaves_out_what_the_pattern_did(
    path: str, anchored: str, inner: str, end: str
) -> None:
    pattern = f"{anchored}{inner}{end}"
    searched = pattern.replace("^./", "^")
    # lychee looks at paths with and without the `./` of the folder one stands in.
    theirs = any(re.search(searched, seen) for seen in (path, f"./{path}"))
    ours = not Globs(["*"], [glob_of_pattern(pattern)]).takes(path)
    if end == "$" and ours and not theirs:
        return  # a folder of that name: what is in it goes with it
    assert ours == theirs


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("./ignore-me", "/ignore-me"),
        ("src/", "/src"),
        (r"a\b*", r"/a/b\*"),
    ],
)
def test_a_path_becomes_a_glob(theirs: str, ours: str) -> None:
    assert glob_of_path(theirs) == ours


def test_a_path_that_leads_elsewhere_is_refused() -> None:
    for theirs in ("/etc", "../x", "~/x", "C:\\x", 3):
        with pytest.raises(ValueError, match=r"elsewhere|no text"):
            plain_path(theirs)
    for theirs in (".", "./", ""):
        with pytest.raises(ValueError, match="every note"):
            glob_of_path(theirs)
    assert plain_path("./") == "."


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (20, "20s"),
        (60, "1m"),
        (90, "90s"),
        (0, "0ms"),
        (86400, "1d"),
        (0.5, "500ms"),
        ("20", "20s"),
        ("20s", "20s"),
        ("1s 500ms", "1500ms"),
        ("2sec", "2s"),
        ("1h30m", "90m"),
        ("1.5h", "90m"),
    ],
)
def test_a_duration_is_written_as_here(theirs: object, ours: str) -> None:
    assert seconds(theirs) == ours


@pytest.mark.parametrize(
    "theirs", ["", "s", "1 fortnight", "-1s", -1, True, None, [1], "1s x", "10us", "9" * 30]
)
def test_what_is_no_duration_is_refused(theirs: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        seconds(theirs)


def test_a_bare_number_may_be_milliseconds() -> None:
    assert milliseconds(100) == "100ms"
    assert milliseconds("2000ms") == "2s"
    assert milliseconds("10 seconds") == "10s"
