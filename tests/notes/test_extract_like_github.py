"""Generated notes: `extract` finds what GitHub's renderer (cmark-gfm) links to, no more, no less.

The notes leave out what docs/notes.md lists as seen differently by a reader of the vault; those
have tests of their own.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.model import Kind
from linkwatch.notes.extract import extract
from tests.notes.github import comparable, github_urls

PLAIN_URLS = [
    "http://a.example/x",
    "https://b.example/p_q_r",
    "https://c.example/a(b)",
    "www.d.example",
    "https://e.example/~u/@v?q=1,2&r=%20",
    "https://f.example/#frag",
    "http://g.example/*x*",
    "https://h.example/é/中",
    "https://i.example.",
    "https://j.example/(m))",
    "HTTPS://K.example:8080/",
    "http://under_score.l.example/",
    "http://no_link_example/",
    "http://localhost",
    "https://archive.example/http://m.example/",
]
DESTINATIONS = [
    *(url for url in PLAIN_URLS if not url.endswith("))")),
    "http://n.example/?x=1&amp;y=2&copy=3",
    "https://o.example/a\\_b\\(c",
    "http://p.example/x_",
    "https://q.example/%20a;b&copy;",
]
BARE = [
    "{}",
    "<{}>",
    "**{}**",
    "*{}*",
    "~~{}~~",
    "`{}`",
    "``{} ` ``",
    "({})",
    "{},",
    "{};",
    "{}'s",
    "{}:",
    "<b>{}</b>",
    "[t {}](/rel)",
    "![{}](/rel)",
    "# {}",
    "{}!?",
    '"{}"',
    "~{}~",
    "<!-- {} -->",
    "&lt; {} &gt;",
    "\\* {}",
    "x{}",
    "-{}",
]
LINKED = [
    "[t]({})",
    '[t]({} "ti](tle")',
    "[t](<{}>)",
    "![i]({})",
    "[![i]({})](https://z.example)",
    "[a[b]c]({})",
    "[a\\]b]({})",
    "![a *b* c]({} (ti))",
    "[*e*]({})",
    "[`](`]({})",
    "[<b>]({})",
    "[t]( {} )",
    "[]({})",
    "*a [b]({} 'q') c*",
    '<a href="{}">x</a>',
    "<img src='{}' alt=\"a\">",
    "[t {}]({})",
    "[x][r1]",
    "[r1]",
    "[R2][]",
    "![r1]",
    "[undefined]",
    "[^1]",
    "\\![t]({})",
]
NOISE = ["text", "**b**", "*", "\\", "!", "<", ">", "&amp;", "é中", "a_b_c", "1.", "]", "()", "\\["]
BLOCKS = [
    "{}",
    "- {}",
    "  - {}",
    "    - {}",
    "1. {}",
    "10) {}",
    "> {}",
    "> - {}",
    "> > {}",
    "    {}",
    "```\n{}\n```",
    "~~~ sh\n{}\n~~~",
    "| a | b |\n|---|---|\n| {} | x |\n",
    "<div>\n{}\n</div>",
    "<div>\n\n{}\n\n</div>",
    "<details><summary>{}</summary>",
    "<!--\n{}\n-->",
    "* {}\n\n  {}",
    "<p>{}</p>",
    "<pre>\n{}\n</pre>",
    "- [ ] {}",
    "***",
    "- a\n\n      {}",
    "### {} ###",
]

bare = st.builds(str.replace, st.sampled_from(BARE), st.just("{}"), st.sampled_from(PLAIN_URLS))
linked = st.builds(
    str.replace, st.sampled_from(LINKED), st.just("{}"), st.sampled_from(DESTINATIONS)
)
line = st.lists(bare | linked | st.sampled_from(NOISE), min_size=1, max_size=5).map(" ".join)
block = st.builds(str.replace, st.sampled_from(BLOCKS), st.just("{}"), line)
body = st.builds(
    str.join, st.sampled_from(["\n", "\n\n", "\r\n\r\n"]), st.lists(block, min_size=1, max_size=6)
)
ENDING = """

x[^1]

[^1]: https://note.example

[r1]: <https://r1.example/>
[r2]:
  https://r2.example 'T'
"""


@settings(derandomize=True, deadline=None, max_examples=500)
@given(body)
def test_a_generated_note_has_the_links_that_github_shows(note: str) -> None:
    note += ENDING
    mentions = extract(note.encode(), file="n.md")
    expected = github_urls(note)
    found = Counter(comparable(mention.url) for mention in mentions)
    defined = {comparable(mention.url) for mention in mentions if mention.kind is Kind.REFERENCE}
    for url in defined:  # used any number of times, mentioned once
        assert expected.pop(url) >= found.pop(url) == 1
    assert found == expected


@settings(derandomize=True, deadline=None, max_examples=200)
@given(body)
def test_no_place_is_larger_than_the_url_that_stands_there(note: str) -> None:
    raw = (note + ENDING).encode()
    for mention in extract(raw, file="n.md"):
        assert raw[mention.start : mention.end].decode() == mention.text
        assert mention.text[:4].lower() in ("http", "www.")
        assert " " not in mention.text
        assert len(mention.text) <= len(mention.url) + 12  # escapes, `&amp;`
        assert (
            mention.text.count("\\")
            or mention.text.count("&")
            or mention.url.endswith(mention.text)
        )
