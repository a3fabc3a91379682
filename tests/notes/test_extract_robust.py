"""Any bytes are a note: read in linear time, without an exception, nothing lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.notes.bare import CANDIDATE, STOPS, candidates, next_stop
from linkwatch.notes.extract import Options, extract

BOM = b"\xef\xbb\xbf"
TAIL = "\n\nhttps://tail.example\n"

fragment = st.sampled_from(
    [
        b"http://h/a",
        b"https://",
        b"www.h.example",
        b"[",
        b"](",
        b")",
        b"<",
        b">",
        b"`",
        b"```",
        b"\n",
        b"\r\n",
        b"\r",
        b"\t",
        b"    ",
        b"- ",
        b"> ",
        b"---\n",
        b"+++\n",
        b"a: ",
        b"$",
        b"$$",
        b"%%",
        b"<!--",
        b"-->",
        b"<a href='",
        b"'>",
        b"\\",
        b"&amp;",
        b"|",
        b"\n|-|\n",
        b"[r]: ",
        b"[r]",
        b"[^1]",
        b"\0",
        b"\xff",
        b"\xc3",
        b"\xe4\xb8\xad",
        b"\xef\xbb\xbf",
        b"**",
        b"_",
        b"==",
        b'"',
        b"<pre>",
        b"</pre>",
        b"<code>",
        b"</code>",
        b"{{",
        b"}}",
        b"(",
        b"!",
        b"#",
        b" ",
        b"\xe2\x80\xa6",
    ]
)
notes = st.lists(fragment | st.binary(max_size=3), max_size=40).map(b"".join) | st.binary()


def naive_place(raw: bytes, start: int) -> tuple[int, int]:
    """Line and column, worked out from the beginning of the note each time."""
    before = raw[len(BOM) : start] if raw.startswith(BOM) else raw[:start]
    lines = before.split(b"\n")
    column = 1
    rest = lines[-1]
    while rest:
        for size in (1, 2, 3, 4):
            try:
                rest[:size].decode()
            except UnicodeDecodeError:
                continue
            break
        else:
            size = 1
        rest = rest[size:]
        column += 1
    return len(lines), column


def naive_text(raw: bytes) -> str:
    text = raw.decode("utf-8", "surrogateescape")
    return "".join("\ufffd" if "\udc80" <= char <= "\udcff" else char for char in text)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(notes, st.booleans())
def test_any_bytes_are_read_and_every_place_is_right(raw: bytes, check_code: bool) -> None:
    end = 0
    for mention in extract(raw, file="n.md", options=Options(check_code=check_code)):
        assert end <= mention.start < mention.end <= len(raw)
        end = mention.start + 1
        assert mention.text == naive_text(raw[mention.start : mention.end])
        assert (mention.line, mention.column) == naive_place(raw, mention.start)
        assert mention.url[:7].lower() in ("http://", "https:/")


@settings(derandomize=True, deadline=None, max_examples=300)
@given(notes)
def test_the_quick_ways_find_what_the_plain_ones_do(raw: bytes) -> None:
    assert candidates(raw) == [match.start() for match in CANDIDATE.finditer(raw)]
    stops = [stop.encode() for stop in STOPS] + [bytes([byte]) for byte in (*b'"<>`', *range(33))]
    for start in {*candidates(raw), 0}:
        plain = [raw.find(stop, start) for stop in stops]
        bars = [at for at in range(start, len(raw)) if raw[at] == ord("|")]
        plain += [at for at in bars if at == start or raw[at - 1] != ord("\\")]
        assert next_stop(raw, start) == min((at for at in plain if at >= 0), default=len(raw))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(notes)
def test_urls_in_code_come_on_top_of_the_others(raw: bytes) -> None:
    plain = {mention.start for mention in extract(raw, file="n.md")}
    coded = {m.start for m in extract(raw, file="n.md", options=Options(check_code=True))}
    assert plain <= coded


def repeated(piece: str) -> str:
    return piece * (15_000 // len(piece))


MONSTERS = {
    "one line": repeated("a"),
    "urls": repeated("http://a.example/b "),
    "urls in parentheses": repeated("(http://a((b "),
    "urls with underscores": repeated("http://a/b_ "),
    "urls with marks": repeated("http://a/==b== "),
    "quoted urls": repeated("'http://a'"),
    "urls in brackets": repeated("[http://a]"),
    "urls in half a bracket": repeated("‘http://a]"),
    "unlinked hosts": repeated("http://a_b/"),
    "links": repeated("[a](http://a) "),
    "nested links": repeated("[a](http://a "),
    "brackets": repeated("["),
    "parentheses": repeated("("),
    "stars": repeated("*"),
    "emphasis": repeated("*a* "),
    "backticks": " ".join("`" * length for length in range(1, 175)),
    "dollars": repeated("$"),
    "formulas": repeated("$a http://b "),
    "displays": repeated("$$\nhttp://b\n"),
    "display starts": repeated("$$ http://b\n"),
    "percents": repeated("%"),
    "comments": repeated("%% http://a "),
    "comment starts": repeated("%%\n\nhttp://a\n"),
    "angles": repeated("<"),
    "tags": repeated('<a href="http://a">'),
    "open tags": repeated('<a href="'),
    "open HTML comments": repeated("<div><!-- http://a\n\n"),
    "quoted HTML": "> <div>\n" + repeated('> <a href="http://a">\n'),
    "quotes": repeated(">"),
    "nested quotes": "".join(">" * depth + "a\n" for depth in range(1, 175)),
    "nested lists": "".join("  " * depth + "- a\n" for depth in range(1, 120)),
    "10,000 brackets": "[" * 10_000 + "a" + "]" * 10_000,
    "10,000 quotes": "> " * 10_000 + "a",
    "10,000 list items": "- " * 10_000 + "a",
    "outlines": "p\n\n" + repeated("\t- http://a\n\n\t\t\t\tb\n\np\n\n"),
    "outlines of growing depth": "".join("\t" * (2 * d) + "- a\n\n" for d in range(1, 120)),
    "definitions": "".join(f"[a{i}]: http://x/{i}\n" for i in range(750)),
    "references": "[a]: http://x\n\n" + repeated("[a] "),
    "table": "|a|b|\n|-|-|\n" + repeated("|http://a|[b](http://c)|\n"),
    "entities": "http://a" + repeated("&a;"),
    "closing parentheses": "http://a" + repeated(")"),
    "schemes": repeated("http://"),
    "footnotes": repeated("[^1]: "),
    "NULs": repeated("\0a"),
    "front matter": "---\n" + repeated("a: http://b\n") + "---\n",
    "front matter list": "---\na: [" + repeated("'http://b', ") + "]\n---\n",
    "front matter quotes": "---\na: " + repeated('"') + "\n---\n",
    "code elements": repeated("<code>http://a "),
    "lone CRs": repeated("http://a\r"),
}


@pytest.mark.parametrize("name", MONSTERS)
def test_a_monstrous_note_takes_linear_time(name: str) -> None:
    # What is quadratic takes 16 times as long for 4 times the bytes; half of that is the line.
    once, four_times = MONSTERS[name] + TAIL, MONSTERS[name] * 4 + TAIL
    if time_of(four_times) > max(0.04, 8 * time_of(once)):
        quickest = min(time_of(four_times) for _ in range(3))  # a neighbour may be to blame
        assert quickest <= 8 * max(time_of(once) for _ in range(3))


def time_of(note: str) -> float:
    """Seconds of this thread's own work: other processes do not count."""
    raw = note.encode()
    start = time.thread_time()
    extract(raw, file="n.md", options=Options(check_code=True))
    return time.thread_time() - start


NOT_TO_THE_END = {"backticks", "open tags", "open HTML comments", "comments", "comment starts"}


@pytest.mark.parametrize("name", sorted(MONSTERS.keys() - NOT_TO_THE_END))
def test_what_follows_a_monster_is_not_lost(name: str) -> None:
    mentions = extract((MONSTERS[name] + TAIL).encode(), file="n.md")
    assert mentions[-1].url == "https://tail.example"


@pytest.mark.parametrize("piece", ["https://a.example/" + "b" * 500 + " ", "*", "[", "<a "])
def test_megabytes_in_one_line_are_read_in_seconds(piece: str) -> None:
    note = piece * (4_000_000 // len(piece)) + TAIL
    start = time.thread_time()
    mentions = extract(note.encode(), file="n.md")
    assert time.thread_time() - start < 8
    assert mentions[-1].url == "https://tail.example"
