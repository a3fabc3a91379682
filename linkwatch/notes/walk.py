"""One pass over the parser's events: every URL that a note's body names, and where.

The parser (pulldown-cmark) tells what is a link, code, HTML or plain text, and its range.
Destinations are located within their links, tags are read for their attributes, plain text is
searched for bare URLs; offsets are those of the bytes that were parsed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any, NamedTuple

import pyromark

from linkwatch.model import Kind
from linkwatch.notes.bare import CANDIDATE, as_meant, bare_end, candidates, may_begin, next_stop
from linkwatch.notes.destination import definition_destination, inline_destination
from linkwatch.notes.entities import decode_entities
from linkwatch.notes.hidden import covered, hidden_spans, merged
from linkwatch.notes.htmltags import attributes, verbatim_spans
from linkwatch.notes.outline import code_lines, outline_cuts
from linkwatch.notes.source import Joined

_BARE, _INLINE, _IMAGE = Kind.BARE, Kind.INLINE, Kind.IMAGE  # an enum's attributes are slow

_PARSER = pyromark.Markdown(
    options=pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
)
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_REFERENCES = frozenset({"Reference", "Collapsed", "Shortcut"})
_LEAVES = frozenset({"Paragraph", "TableCell", "Item"})  # an item of a tight list has no paragraph
_ENDS = frozenset({"Link", "Image", "CodeBlock", "HtmlBlock"})
_CODE_TAG = re.compile(rb"<(/?)(?:code|pre)[\s>]", re.IGNORECASE)


class Found(NamedTuple):
    """A URL and the span where it is written."""

    start: int
    end: int
    url: str
    kind: Kind


class _OpenLink:
    """A link or image whose end has not come yet."""

    __slots__ = ("data", "end", "kind", "label_end", "start")

    def __init__(self, data: dict[str, str], start: int, end: int, kind: Kind) -> None:
        self.data = data
        self.start = start
        self.end = end
        self.kind = kind
        self.label_end = start + (2 if kind is _IMAGE else 1)  # of what was read of it so far


class Walk:
    """Reads a body once. `cuts` is the indentation of outlines that the parser took for code:

    if there is any, the rest is not worth looking at before the body was read without them.
    With `flatten` such outlines lose all of their indentation.
    """

    def __init__(self, data: bytes, *, check_code: bool, flatten: bool) -> None:
        self.cuts: list[tuple[int, int]] = []
        self._data = data
        self._check_code = check_code
        self._flatten = flatten
        self._found: list[Found] = []
        self._code: list[tuple[int, int]] = []
        self._code_elements: list[tuple[int, int]] = []  # within a paragraph's <code>
        self._comments: list[tuple[int, int]] = []
        self._comment_end = 0  # of the last HTML comment looked for; -1: there are no more ends
        self._uses: list[tuple[int, int, str]] = []  # of references, and their labels
        self._defined: dict[str, int] = {}  # where the URL of a label stands
        self._candidates = candidates(data)
        self._candidates.append(len(data) + 1)
        self._next_candidate = self._candidates[0]
        self._pending: list[int] = []  # bare URLs whose limit is not known yet
        self._bare_until = 0
        self._stop = -1  # the last one looked for
        self._stop_from = 0
        self._links: list[_OpenLink] = []
        self._leaf_start = -1
        self._code_tag: int | None = None
        self._block: str | None = None  # the code or HTML block we are in, and its text
        self._lines: list[tuple[int, int]] = []

    def read(self, text: str) -> None:
        """Go through the body; `text` is what it was made from."""
        links = self._links
        event: Any  # pyromark's types are exact, but narrowing them one by one takes time
        for event, span in _PARSER.events_with_range(text, merge_text=True):
            if event.__class__ is str:  # a break or a rule
                continue
            (name,) = event
            if name == "Text":
                end = span["end"]
                if self._block is not None:
                    self._lines.append((span["start"], end))
                elif end > self._next_candidate:
                    self._text(span["start"], end)
                if links:
                    links[-1].label_end = end
            elif name == "Start":
                value = event["Start"]
                if value.__class__ is not str:
                    self._start(value, span["start"], span["end"])
                elif value in _LEAVES:
                    self._leaf_start = span["start"]
                    self._code_tag = None
                elif value == "HtmlBlock":
                    self._block, self._lines = "Html", []
            elif name == "End":
                value = event["End"]
                if value.__class__ is not str:
                    continue
                if value in _LEAVES:
                    if self._pending:
                        self._settle(span["end"])
                elif value in _ENDS:
                    self._end(value, span["start"], span["end"])
                if links:
                    links[-1].label_end = span["end"]
            elif name == "Html":
                self._lines.append((span["start"], span["end"]))
            else:
                self._inline(name, span["start"], span["end"])
        self._settle(len(self._data))
        if self._uses:
            self._definitions(text)

    @property
    def code(self) -> list[tuple[int, int]]:
        """Where code stands, in order."""
        return merged(self._code)

    @property
    def uses(self) -> list[tuple[int, int, int]]:
        """Where references are used, and where the URL they lead to stands."""
        uses = ((start, end, self._defined.get(label)) for start, end, label in self._uses)
        return [(start, end, at) for start, end, at in uses if at is not None]

    def visible(self) -> list[Found]:
        """What was found, in order, less what a reader of the vault does not see."""
        found = sorted(self._found)
        if self._code_elements and not self._check_code:
            inside = self._code_elements
            found = [f for f in found if f.kind is not Kind.BARE or not covered(inside, f.start)]
        hidden = self._comments
        if b"%%" in self._data or b"$" in self._data:
            spans = [(find.start, find.end) for find in found]
            hidden = hidden + hidden_spans(self._data, spans, merged(self._code))
        if hidden:
            hidden = merged(hidden)
            found = [find for find in found if not covered(hidden, find.start)]
        return found

    def _text(self, start: int, end: int) -> None:
        at = bisect_left(self._candidates, start)
        while (candidate := self._candidates[at]) < end:
            if not self._links and may_begin(self._data, candidate, self._leaf_start):
                self._pending.append(candidate)
            at += 1
        self._next_candidate = candidate

    def _start(self, value: Any, start: int, end: int) -> None:
        ((tag, detail),) = value.items()
        if tag == "Link" or tag == "Image":
            if self._pending:
                self._settle(start)
            kind = _IMAGE if tag == "Image" else _INLINE
            self._links.append(_OpenLink(detail, start, end, kind))
        elif tag == "CodeBlock":
            self._block, self._lines = ("Indented" if detail == "Indented" else "Fenced"), []
        else:
            self._code_tag = None

    def _end(self, tag: str, start: int, end: int) -> None:
        if tag == "Link" or tag == "Image":
            self._link(self._links.pop())
        elif tag == "CodeBlock":
            self._code_block(start, end)
            self._block = None
        elif tag == "HtmlBlock":
            self._html(self._lines)
            self._block = None

    def _inline(self, name: str, start: int, end: int) -> None:
        """Code, a tag or a footnote's mark: what a bare URL cannot reach into."""
        self._settle(start)
        if self._links:
            self._links[-1].label_end = end
        if name == "Code":
            self._code_span(start, end)
        elif name == "InlineHtml":
            if tag := _CODE_TAG.match(self._data, start, end):
                if not tag[1]:
                    self._code_tag = end
                elif self._code_tag is not None:
                    self._code_elements.append((self._code_tag, start))
                    self._code_tag = None
            self._html([(start, end)])

    def _settle(self, limit: int) -> None:
        """Find the ends of the bare URLs seen so far; none reaches beyond `limit`."""
        for start in self._pending:
            if start < self._bare_until:
                continue
            end = self._bare_end(start, limit)
            if end is not None:
                self._found.append(Found(start, end, as_meant(self._data[start:end]), _BARE))
                self._bare_until = end
        self._pending.clear()

    def _bare_end(self, start: int, limit: int) -> int | None:
        if not self._stop_from <= start <= self._stop:
            self._stop, self._stop_from = next_stop(self._data, start), start
        return bare_end(self._data, start, min(limit, self._stop))

    def _link(self, link: _OpenLink) -> None:
        url = link.data["dest_url"]
        if not _HTTP.match(url):
            return
        link_type = link.data["link_type"]
        if link_type == "Inline":
            span = inline_destination(self._data, link.label_end, link.end)
            self._found.append(Found(*(span or (link.start, link.end)), url, link.kind))
        elif link_type == "Autolink":
            start, end = link.start + 1, link.end - 1
            self._found.append(Found(start, end, decode_entities(url), Kind.AUTOLINK))
        elif link_type in _REFERENCES:
            self._uses.append((link.start, link.end, _label(link.data["id"])))

    def _definitions(self, text: str) -> None:
        """The destinations of the definitions that some reference uses."""
        used = {label for _, _, label in self._uses}
        for label, definition in _PARSER.reference_definitions(text).items():
            if _label(label) in used:
                span = definition["span"]
                place = definition_destination(self._data, span["start"], span["end"])
                start, end = place or (span["start"], span["end"])
                self._found.append(Found(start, end, definition["dest"], Kind.REFERENCE))
                self._defined[_label(label)] = start

    def _html(self, lines: list[tuple[int, int]]) -> None:
        if not lines:
            return
        data = self._data
        markup = Joined(data, lines)
        read = attributes(markup.data)
        for start, end, url in read.urls:
            self._found.append(Found(*markup.span(start, end), url, Kind.HTML))
        if read.open_comment is not None and self._comment_end >= 0:
            # The reader's browser goes on with the comment, whatever markdown says stands there.
            end = lines[-1][1]
            if self._comment_end < end:
                self._comment_end = data.find(b"-->", end)
            if self._comment_end >= 0:
                opened, _ = markup.span(read.open_comment, read.open_comment + 1)
                self._comments.append((opened, self._comment_end + 3))
        if self._check_code:
            for start, end in verbatim_spans(markup.data):
                if start < end:
                    self._in_code(*markup.span(start, end))

    def _code_block(self, start: int, end: int) -> None:
        if self._block == "Indented":
            lines = code_lines(self._data, self._lines)
            if cuts := outline_cuts(self._data, lines, flatten=self._flatten):
                self.cuts += cuts
                return
        self._code_span(start, end)

    def _code_span(self, start: int, end: int) -> None:
        self._code.append((start, end))
        if self._check_code:
            self._in_code(start, end)

    def _in_code(self, start: int, end: int) -> None:
        at = start
        while candidate := CANDIDATE.search(self._data, at, end):
            at = candidate.end()
            begin = candidate.start()
            if may_begin(self._data, begin, -1) and (stop := self._bare_end(begin, end)):
                url = as_meant(self._data[begin:stop], verbatim=True)
                self._found.append(Found(begin, stop, url, Kind.BARE))
                at = stop


def _label(label: str) -> str:
    """A reference's label as CommonMark compares it."""
    return " ".join(label.split()).casefold()
