"""What is a mention and where it stands, case by case."""

from __future__ import annotations

import pytest

from linkwatch.marker import REPORT_MARKER, is_report
from linkwatch.model import Kind
from linkwatch.notes.extract import Options, extract


def urls(note: str, *, check_code: bool = False) -> list[str]:
    found = extract(note.encode(), file="n.md", options=Options(check_code=check_code))
    return [mention.url for mention in found]


@pytest.mark.parametrize(
    ("note", "kinds"),
    [
        ("[a](https://x.example)", [Kind.INLINE]),
        ("![a](https://x.example)", [Kind.IMAGE]),
        ("![a][r]\n\n[r]: https://x.example", [Kind.REFERENCE]),
        ("<https://x.example>", [Kind.AUTOLINK]),
        ("see https://x.example", [Kind.BARE]),
        ("see www.x.example", [Kind.BARE]),
        ('<a href="https://x.example">a</a>', [Kind.HTML]),
        ("---\nurl: https://x.example\n---\n", [Kind.FRONTMATTER]),
        ("[![a](https://x.example/a.png)](https://x.example)", [Kind.IMAGE, Kind.INLINE]),
        ("![a [b](https://x.example/b)](https://x.example/a.png)", [Kind.INLINE, Kind.IMAGE]),
    ],
)
def test_a_mention_says_how_the_note_names_the_url(note: str, kinds: list[Kind]) -> None:
    assert [mention.kind for mention in extract(note.encode(), file="n.md")] == kinds


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("[x](http://h/a\\(v=1\\).aspx)", ["http://h/a(v=1).aspx"]),
        ("[x](http://h/a_(b))", ["http://h/a_(b)"]),
        ("[x](http://h/a_(b) 'an ](http://no)')", ["http://h/a_(b)"]),
        ("[x](<http://h/(a) b>)", ["http://h/(a) b"]),
        ("[x](http://h/?a=1&amp;b=2)", ["http://h/?a=1&b=2"]),
        ("[x](http://h/%28%29%2B#f)", ["http://h/%28%29%2B#f"]),
        ("[x](http://h/ünï–)", ["http://h/ünï–"]),
        (
            "[x](https://archive.example/web/2020/http://x.y/)",
            ["https://archive.example/web/2020/http://x.y/"],
        ),
        ("[x](http://h\n  .example)", ["http://h"]),
        ("[http://a](http://b)", ["http://b"]),
        ("[http://a](./b.md)", []),
        ("[`](http://no)`](http://yes)", ["http://yes"]),
        ("[a\\](http://no)](http://yes)", ["http://yes"]),
        ("[](http://h)", ["http://h"]),
        ("HTTP://H.example", ["HTTP://H.example"]),
        ("ftp://h mailto:a@h.example a@h.example //h.example", []),
        ("[a](/rel) [b](#frag) [c](//h.example)", []),
        ("http://h/_/foo http://h/_", ["http://h/_/foo", "http://h/_"]),
        ("http://h/_/i_", ["http://h/_/i_"]),
        ("_http://h/a_ __http://h/b__ *_http://h/c_*", ["http://h/a", "http://h/b", "http://h/c"]),
        ("https://h/@u/x", ["https://h/@u/x"]),
        ("https://h/s.", ["https://h/s"]),
        ('<a href="https://h/s.">', ["https://h/s."]),
        ("https;//a https://e]x then http://good", ["https://e", "http://good"]),
        (
            "(http://h/a_(b)) (http://h/a), http://h/a(b)c",
            ["http://h/a_(b)", "http://h/a", "http://h/a(b)c"],
        ),
        ("http://h/~u/a,b;c=1:2!$'*+@", ["http://h/~u/a,b;c=1:2!$'*+@"]),
        ("http://h/?a=1&amp;b=2&copy=3", ["http://h/?a=1&b=2&copy=3"]),
        ("http://h/a\\_b\\_c", ["http://h/a_b_c"]),
        ("http://h/a\\\nnext", ["http://h/a"]),
        ("http://foo_bar.com http://a_b.foo.com", ["http://a_b.foo.com"]),
        ("http:// https://, www. http://.a xhttp://a", []),
        ("git+https://h/a -http://h/b", ["https://h/a", "http://h/b"]),
        (
            "www.h.example/a, (www.h.example) xwww.no.example",
            ["http://www.h.example/a", "http://www.h.example"],
        ),
        ("**bold www.h.example**", ["http://www.h.example"]),
        ("http://h/{id}/x", ["http://h/{id}/x"]),
        ("http://h/a[0]=1", ["http://h/a[0]=1"]),
        ("https://h/**/x", ["https://h/**/x"]),
        ("https://h/?q=YQ==", ["https://h/?q=YQ=="]),
        ("text ^abc123 #tag https://h/a ^block-id", ["https://h/a"]),
        ("[[wiki]] [[a#b|c]] [[_TOC_]] ![[e.png]]", []),
        ("$$[\\psi](\\mathbf{L})$$ word[^note]", []),
        ("> [!note] title\n> see https://h/a", ["https://h/a"]),
        ("- [ ] https://h/a\n- [x] <https://h/b>", ["https://h/a", "https://h/b"]),
        ("a[^1]\n\n[^1]: see https://h/a,\n    and https://h/b", ["https://h/a", "https://h/b"]),
        (
            "|a|b|\n|-|-|\n|http://h/a|[b](http://h/b)|\n|www.c.example|http://h/d\\|e|",
            ["http://h/a", "http://h/b", "http://www.c.example", "http://h/d|e"],
        ),
        ("Term\n: http://h/a", ["http://h/a"]),
        ("# http://h/a #\n\nhttp://h/b\n===", ["http://h/a", "http://h/b"]),
        (
            "http://h/a\u00a0b http://h/c\u200bd http://h/e\u3000f",
            ["http://h/a", "http://h/c", "http://h/e"],
        ),
        (
            "看 https://h/a。和「https://h/b」以及（https://h/c）",
            ["https://h/a", "https://h/b", "https://h/c"],
        ),
        ("https://zh.wikipedia.org/wiki/中文", ["https://zh.wikipedia.org/wiki/中文"]),
        ("https://例え.example/é", ["https://例え.example/é"]),
        ("https://h/Einstein–Rosen", ["https://h/Einstein–Rosen"]),
        (
            "“https://h/a” ‘https://h/b’ «https://h/c» https://h/d… 'https://h/e'",
            ["https://h/a", "https://h/b", "https://h/c", "https://h/d", "https://h/e"],
        ),
        ("<https://h/a&amp;b>", ["https://h/a&b"]),
    ],
)
def test_urls_are_found_as_a_reader_sees_them(note: str, found: list[str]) -> None:
    assert urls(note) == found


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("[a][r] [r][] [R]\n\n[r]: <http://h/a> 'T'", ["http://h/a"]),
        ("[a][r]\n\n[r]:\n   http://h/a\n   'T'", ["http://h/a"]),
        ("> [a][r]\n\n- x\n\n  > [r]:\n  > http://h/a", ["http://h/a"]),
        ("![i][Foo   Bar]\n\n[foo bar]: http://h/a", ["http://h/a"]),
        ("[ẞ]\n\n[SS]: http://h/a", ["http://h/a"]),
        ("[a]\n\n[a]: http://h/first\n[a]: http://h/second", ["http://h/first"]),
        ("[unused]: http://h/a", []),
        ("[a]: http://h/used\n[b]: http://h/unused\n\n[a]", ["http://h/used"]),
        ("\t- [a]\n\n[a]: http://h/a", ["http://h/a"]),
        ("[a\\]]\n\n[a\\]]: http://h/a\\_b", ["http://h/a_b"]),
    ],
)
def test_a_definition_is_one_mention_if_something_uses_it(note: str, found: list[str]) -> None:
    assert urls(note) == found


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("<div>\n\n[m](http://h/a)\n\n</div>", ["http://h/a"]),
        ("<div>\n[m](http://no) http://no\n</div>", []),
        ('<Card\n  href="http://h/a"\n>', ["http://h/a"]),
        ("<div\n\tclass='x'\n\thref=http://h/a\n>", ["http://h/a"]),
        ("> <div\n> class=x\n> href='http://h/a'>", ["http://h/a"]),
        ('<img src=" http://h/a " srcset="http://no 2x" data-src="http://no">', ["http://h/a"]),
        ('<video src=http://h/a poster="http://h/b">', ["http://h/a", "http://h/b"]),
        ('<a href="http://h/?a&amp;b&quot;">', ['http://h/?a&b"']),
        ("<A HREF='http://h/a'>", ["http://h/a"]),
        ('x <a href="http://h/a">http://h/b</a>', ["http://h/a", "http://h/b"]),
        ("<!-- http://no --> x", []),
        ("a <!-- [b](http://no) --> http://h/a", ["http://h/a"]),
        ("<!--\nhttp://no\n\n<a href='http://no'>\n-->\n\nhttp://h/a", ["http://h/a"]),
        ("<div><!-- x\n\n[b](http://no)\n\n--></div>\n\nhttp://h/a", ["http://h/a"]),
        ("<div><!-- x\n\n[never closed](http://h/a)", ["http://h/a"]),
        ("<script>\nlet a = '<a href=\"http://no\">'\n</script>\n\nhttp://h/a", ["http://h/a"]),
        ("<style>\n@import url(http://no)\n</style>", []),
        ("<pre>\nhttp://no\n</pre>", []),
        ("<pre></pre> <a href='http://h/a'>", ["http://h/a"]),
        ("a <code>http://no</code> http://h/a", ["http://h/a"]),
        ("a <code>b\n\nhttp://h/a", ["http://h/a"]),
        ("<code><a href='http://h/a'>b</a></code>", ["http://h/a"]),
        ('{{<figure src="http://h/a">}}', ["http://h/a"]),
        ("<http://h/a b>", ["http://h/a"]),
        ('<div x=\'"\' href="http://h/a" unclosed', ["http://h/a"]),
    ],
)
def test_html_is_read_as_a_browser_reads_it(note: str, found: list[str]) -> None:
    assert urls(note) == found


@pytest.mark.parametrize(
    "note",
    [
        "`http://h/a`",
        "`` ` http://h/a ``",
        "```\nhttp://h/a\n```",
        "~~~sh\ncurl http://h/a\n~~~",
        "text\n\n    http://h/a",
        "- x\n\n  ```\n  http://h/a\n  ```",
        "<pre>http://h/a</pre>",
        "a <pre>http://h/a</pre>",
        "a <code>http://h/a</code>",
        "```\n[x](http://h/a)\n```",
        '```\n{"u":"http://h/a"}\n```',
    ],
)
def test_urls_in_code_count_only_when_asked_for(note: str) -> None:
    assert urls(note) == []
    assert urls(note, check_code=True) == ["http://h/a"]


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("%%http://no%% http://h/a", ["http://h/a"]),
        ("%%\nhttp://no\n\n[x](http://no)\n%%\nhttp://h/a", ["http://h/a"]),
        ("a %% never closed\n\nhttp://h/a %%", ["http://h/a"]),
        ("`%%` http://h/a `%%`", ["http://h/a"]),
        ("$x = http://no$ http://h/a", ["http://h/a"]),
        ("$$\n\\href{http://no}{x}\n$$\n\nhttp://h/a", ["http://h/a"]),
        ("$5 [x](http://h/a) and $6", ["http://h/a"]),
        ("$5, http://h/a, 6$ more", ["http://h/a"]),
        ("[A](http://h/a) $$, [B](http://h/b) $$", ["http://h/a", "http://h/b"]),
        ("- [A](http://h/a) $$\n- [B](http://h/b) $$$", ["http://h/a", "http://h/b"]),
        ("$$ [A](http://h/a)\n\n$$ [B](http://h/b)", ["http://h/a", "http://h/b"]),
        ("\\$a http://h/a b$", ["http://h/a"]),
        ("`$`a http://h/a `$`", ["http://h/a"]),
        ("A$AP http://h/a Ke$ha", ["http://h/a"]),
        ("the $n$th http://h/a and the $m$th", ["http://h/a"]),
        ("http://h/$a http://h/$b", ["http://h/$a", "http://h/$b"]),
    ],
)
def test_comments_and_formulas_hide_links_but_prices_do_not(note: str, found: list[str]) -> None:
    assert urls(note) == found


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("text\n\n\t- [a](http://h/a)\n\t\t- http://h/b", ["http://h/a", "http://h/b"]),
        ("# H\n\t- http://h/a", ["http://h/a"]),
        ("- a\n\n\t\t\t- http://h/a\n\n\t\t\t\t\t\t- http://h/b", ["http://h/a", "http://h/b"]),
        ("\t- a\n\t  source:: http://h/a\n\t- b", ["http://h/a"]),
        ("> \t\t- http://h/a\n> \t\t- <http://h/b>", ["http://h/a", "http://h/b"]),
        ("> x\n>\n>\t\t- http://h/a\n>\t\t\t- http://h/b", ["http://h/a", "http://h/b"]),
        ("text\n\n\t1. http://h/a\n\t2. http://h/b", ["http://h/a", "http://h/b"]),
        ("\t- a\n\t\t- ```\n\t\t  http://no\n\t\t  ```\n\t\t- http://h/a", ["http://h/a"]),
        ("text\n\n\t- a `http://no` <!-- http://no -->", []),
        ("text\n\n\t/*\n\t * http://no\n\t */", []),
        ("text\n\n\tcurl http://no", []),
        ("text\n\n    - name: a\n      url: http://no", []),
    ],
)
def test_outlines_indented_by_tabs_are_lists_not_code(note: str, found: list[str]) -> None:
    assert urls(note) == found


def test_an_outline_that_skips_levels_for_ever_loses_nothing() -> None:
    note = "".join("\t" * (2 * depth) + f"- http://h/{depth}\n\n" for depth in range(1, 200))
    assert urls(note) == [f"http://h/{depth}" for depth in range(1, 200)]


@pytest.mark.parametrize(
    ("raw", "line", "column", "span", "text"),
    [
        (b"[a](http://h/a)", 1, 5, (4, 14), "http://h/a"),
        (b"a\nb\n  <http://h/a>", 3, 4, (7, 17), "http://h/a"),
        (b"a\r\nb\r\nhttp://h/a\r\n", 3, 1, (6, 16), "http://h/a"),
        (b"a\rb http://h/a", 1, 5, (4, 14), "http://h/a"),
        (b"\xef\xbb\xbfhttp://h/a", 1, 1, (3, 13), "http://h/a"),
        (b"\xef\xbb\xbf\n\xc3\xa9 http://h/a", 2, 3, (7, 17), "http://h/a"),
        (b"\xff\xfe\x00 http://h/a", 1, 5, (4, 14), "http://h/a"),
        (b"http://h/\xffa\xc3", 1, 1, (0, 12), "http://h/\ufffda\ufffd"),
        (b"http://h/\x00a", 1, 1, (0, 11), "http://h/\x00a"),
        (b"x\n\n\t- \xff [a](http://h/a)", 3, 10, (12, 22), "http://h/a"),
        (b"[a]\n\n> [a]:\n> <http://h/a>", 4, 4, (15, 25), "http://h/a"),
        (b"> [a](\n> http://h/a 'x')", 2, 3, (9, 19), "http://h/a"),
        (b"<a\nhref='http://h/a'>", 2, 7, (9, 19), "http://h/a"),
        (b"> <div\n> href=' http://h/a'>", 2, 10, (16, 26), "http://h/a"),
        (b"---\nu: 'http://h/a'\n---\n", 2, 5, (8, 18), "http://h/a"),
        (b"\xf0\x9f\x98\x80 http://h/&amp;", 1, 3, (5, 14), "http://h/"),  # as GFM has it
    ],
)
def test_the_place_is_where_the_url_stands_on_disk(
    raw: bytes, line: int, column: int, span: tuple[int, int], text: str
) -> None:
    (mention,) = extract(raw, file="dir/n.md")
    assert (mention.line, mention.column) == (line, column)
    assert (mention.start, mention.end) == span
    assert mention.text == text
    assert mention.file == "dir/n.md"


def test_the_same_url_at_two_places_is_two_mentions_in_the_order_of_the_note() -> None:
    found = extract(b"[r] http://h [a](http://h)\n\n[r]: http://h\n\n<http://h>", file="n.md")
    assert [mention.start for mention in found] == [4, 17, 33, 44]
    assert {mention.url for mention in found} == {"http://h"}


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (REPORT_MARKER.encode(), True),
        (b"---\ntitle: x\n---\n" + REPORT_MARKER.encode() + b"\n# Report", True),
        (b"\xef\xbb\xbf" + REPORT_MARKER.encode() + b"\r\n", True),
        (b"The marker is `" + REPORT_MARKER.encode() + b"`.", False),
        (b"x\n" * 3000 + REPORT_MARKER.encode(), False),
        (b"", False),
    ],
)
def test_a_report_is_told_by_its_marker_alone_on_a_line(raw: bytes, answer: bool) -> None:
    assert is_report(raw) is answer
