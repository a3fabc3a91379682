"""Text to mentions: every http(s) URL of a note, with its exact place.

A note is read in layers. Front matter comes off first. The parser (pulldown-cmark) then tells what
is a link, code, HTML or plain text, and where; destinations are located within their links, tags
are read for their attributes, and plain text is searched for bare URLs. What a reader of the vault
does not see (`%%comments%%`, formulas) is taken out at the end. docs/notes.md says what counts.

Pure: the same bytes give the same mentions. Time is linear in the note's size.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyromark

from linkwatch.marker import REPORT_MARKER, is_report
from linkwatch.model import Kind, Mention
from linkwatch.notes.bare import CANDIDATE, as_meant, bare_end, may_begin
from linkwatch.notes.destination import definition_destination, inline_destination
from linkwatch.notes.entities import decode_entities
from linkwatch.notes.frontmatter import front_matter
from linkwatch.notes.hidden import covered, hidden_spans, merged
from linkwatch.notes.htmltags import attributes, verbatim_spans
from linkwatch.notes.outline import outline_cuts
from linkwatch.notes.source import Places, Source, as_text

__all__ = ["EXTRACTOR_VERSION", "REPORT_MARKER", "Options", "extract", "is_report"]

EXTRACTOR_VERSION = 1

_PARSER = pyromark.Markdown(
    options=pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
)
_HTTP = re.compile(r"https?://", re.IGNORECASE)
# A note without any of these has no mention, and need not be parsed. `&` and `\` could spell the
# scheme in a destination: `[a](htt&#112;://…)`.
_WORTH_READING = re.compile(rb"(?i:https?:)|www\.|(?=[&\\])(?:&[#A-Za-z]|\\:)")
# An outline within an outline that was taken for code takes another look; so often at most.
_MAX_LOOKS = 6
_REFERENCES = frozenset({"Reference", "Collapsed", "Shortcut"})
_LEAVES = frozenset({"Paragraph", "TableCell", "Item"})  # an item of a tight list has no paragraph
_CODE_TAG = re.compile(rb"<(/?)(?:code|pre)[\s>]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What else is to be found."""

    check_code: bool = False  # URLs in code spans and blocks too


class _Found(NamedTuple):
    start: int
    end: int
    url: str
    kind: Kind


def extract(raw: bytes, *, file: str, options: Options = Options()) -> list[Mention]:
    """Every place in a note that names an http(s) URL, in the order of the note.

    `raw` may be any bytes. `file` is only handed on.
    """
    if not _WORTH_READING.search(raw):
        return []
    source = Source.read(raw)
    fields = front_matter(source.data)
    found = [_Found(start, end, url, Kind.FRONTMATTER) for start, end, url in fields.urls]
    mentions = [(source.on_disk(f.start), source.on_disk(f.end), f) for f in found]
    body = source.without([(0, fields.body)]) if fields.body else source
    for look in range(_MAX_LOOKS):
        walk = _Walk(body.data, options, flatten=look == _MAX_LOOKS - 2)
        walk.read(body.text)
        if not walk.cuts:
            break
        body = body.without(walk.cuts)
    mentions += [(body.on_disk(f.start), body.on_disk(f.end), f) for f in walk.visible()]
    return list(_placed(raw, file, sorted(mentions)))


def _placed(raw: bytes, file: str, mentions: list[tuple[int, int, _Found]]) -> Iterator[Mention]:
    places = Places(raw)
    before = -1
    for start, end, found in mentions:
        if start == before:
            continue
        before = start
        line, column = places.place(start)
        yield Mention(
            file=file,
            line=line,
            column=column,
            start=start,
            end=end,
            url=found.url,
            text=as_text(raw[start:end]),
            kind=found.kind,
        )


@dataclass(slots=True)
class _OpenLink:
    data: dict[str, Any]
    start: int
    end: int
    kind: Kind
    label_end: int


@dataclass(slots=True)
class _Walk:
    """One pass over the parser's events."""

    data: bytes
    options: Options
    flatten: bool  # outlines taken for code lose all their indentation
    found: list[_Found] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    code: list[tuple[int, int]] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    pending: list[int] = field(default_factory=list)  # bare URLs whose limit is not known yet
    inline_code: list[tuple[int, int]] = field(default_factory=list)
    bare_until: int = 0
    comment_end: int = 0  # of the last HTML comment looked for; -1: there are no more ends

    def read(self, text: str) -> None:
        data = self.data
        candidates = [match.start() for match in CANDIDATE.finditer(data)]
        candidates.append(len(data) + 1)
        next_candidate = candidates[0]
        links: list[_OpenLink] = []
        leaf_start = -1
        block: str | None = None  # the code or HTML block we are in
        lines: list[tuple[int, int]] = []
        code_tag: int | None = None
        event: Any  # pyromark's types are exact, but checking them one by one costs a third more
        for event, range_ in _PARSER.events_with_range(text, merge_text=True):
            if event.__class__ is str:
                continue
            ((name, value),) = event.items()
            end = range_["end"]
            if name == "Text":
                if block is not None:
                    lines.append((range_["start"], end))
                elif end > next_candidate:
                    start = range_["start"]
                    at = bisect_left(candidates, start)
                    while candidates[at] < end:
                        if not links and may_begin(data, candidates[at], leaf_start):
                            self.pending.append(candidates[at])
                        at += 1
                    next_candidate = candidates[at]
                if links:
                    links[-1].label_end = end
            elif name == "Start":
                if value.__class__ is str:
                    if value in _LEAVES:
                        leaf_start = range_["start"]
                        code_tag = None
                    elif value == "HtmlBlock":
                        block, lines = "Html", []
                else:
                    ((tag, detail),) = value.items()
                    if tag == "Link" or tag == "Image":
                        start = range_["start"]
                        if self.pending:
                            self.settle(start)
                        kind = Kind.IMAGE if tag == "Image" else Kind.INLINE
                        label = start + (2 if tag == "Image" else 1)
                        links.append(_OpenLink(detail, start, end, kind, label))
                    elif tag == "CodeBlock":
                        block, lines = ("Code" if detail == "Indented" else "Fence"), []
                    else:
                        code_tag = None
            elif name == "End":
                if value.__class__ is not str:
                    continue
                if value == "Link" or value == "Image":
                    link = links.pop()
                    self.link(link)
                    if links:
                        links[-1].label_end = end
                elif value == "CodeBlock":
                    self.code_block(range_["start"], end, lines, indented=block == "Code")
                    block = None
                elif value == "HtmlBlock":
                    self.html(lines)
                    block = None
                elif links:
                    links[-1].label_end = end
                elif self.pending and value in _LEAVES:
                    self.settle(end)
            elif name == "Html":
                lines.append((range_["start"], end))
            elif name == "InlineHtml":
                if self.pending:
                    self.settle(range_["start"])
                if links:
                    links[-1].label_end = end
                start = range_["start"]
                if code := _CODE_TAG.match(data, start, end):
                    if not code[1]:
                        code_tag = end
                    elif code_tag is not None:
                        self.inline_code.append((code_tag, start))
                        code_tag = None
                self.html([(start, end)])
            elif name == "Code":
                start = range_["start"]
                if self.pending:
                    self.settle(start)
                if links:
                    links[-1].label_end = end
                self.code_span(start, end)
            else:  # a footnote's mark
                if self.pending:
                    self.settle(range_["start"])
                if links:
                    links[-1].label_end = end
        if self.pending:
            self.settle(len(data))
        if self.labels:
            self.definitions(text)

    def settle(self, limit: int) -> None:
        """Find the ends of the bare URLs seen so far; none reaches beyond `limit`."""
        for start in self.pending:
            if start < self.bare_until:
                continue
            end = bare_end(self.data, start, limit)
            if end is not None:
                self.found.append(_Found(start, end, as_meant(self.data[start:end]), Kind.BARE))
                self.bare_until = end
        self.pending.clear()

    def link(self, link: _OpenLink) -> None:
        url = link.data["dest_url"]
        if not _HTTP.match(url):
            return
        link_type = link.data["link_type"]
        if link_type == "Inline":
            span = inline_destination(self.data, link.label_end, link.end)
            self.found.append(_Found(*(span or (link.start, link.end)), url, link.kind))
        elif link_type == "Autolink":
            start, end = link.start + 1, link.end - 1
            self.found.append(_Found(start, end, decode_entities(url), Kind.AUTOLINK))
        elif link_type in _REFERENCES:
            self.labels.add(_label(link.data["id"]))

    def definitions(self, text: str) -> None:
        """The destinations of the definitions that some reference uses."""
        for label, definition in _PARSER.reference_definitions(text).items():
            if _label(label) in self.labels:
                span = definition["span"]
                place = definition_destination(self.data, span["start"], span["end"])
                start, end = place or (span["start"], span["end"])
                self.found.append(_Found(start, end, definition["dest"], Kind.REFERENCE))

    def html(self, lines: list[tuple[int, int]]) -> None:
        if not lines:
            return
        data = self.data
        markup = _Joined(data, lines)
        read = attributes(markup.data)
        for start, end, url in read.urls:
            self.found.append(_Found(*markup.span(start, end), url, Kind.HTML))
        if read.open_comment is not None and self.comment_end >= 0:
            # The reader's browser goes on with the comment, whatever markdown says stands there.
            end = lines[-1][1]
            if self.comment_end < end:
                self.comment_end = data.find(b"-->", end)
            if self.comment_end >= 0:
                opened, _ = markup.span(read.open_comment, read.open_comment + 1)
                self.comments.append((opened, self.comment_end + 3))
        if self.options.check_code:
            for start, end in verbatim_spans(markup.data):
                if start < end:
                    self.in_code(*markup.span(start, end))

    def code_block(
        self, start: int, end: int, lines: list[tuple[int, int]], *, indented: bool
    ) -> None:
        if indented:
            cuts = outline_cuts(self.data, _by_line(self.data, lines), flatten=self.flatten)
            if cuts:
                self.cuts += cuts
                return
        self.code_span(start, end)

    def code_span(self, start: int, end: int) -> None:
        self.code.append((start, end))
        if self.options.check_code:
            self.in_code(start, end)

    def in_code(self, start: int, end: int) -> None:
        at = start
        while candidate := CANDIDATE.search(self.data, at, end):
            at = candidate.end()
            begin = candidate.start()
            if may_begin(self.data, begin, -1) and (stop := bare_end(self.data, begin, end)):
                url = as_meant(self.data[begin:stop], verbatim=True)
                self.found.append(_Found(begin, stop, url, Kind.BARE))
                at = stop

    def visible(self) -> list[_Found]:
        """What was found, in order, less what a reader of the vault does not see."""
        found = sorted(self.found)
        data = self.data
        if self.inline_code and not self.options.check_code:
            found = [
                f
                for f in found
                if f.kind is not Kind.BARE or not covered(self.inline_code, f.start)
            ]
        hidden = self.comments
        if b"%%" in data or b"$" in data:
            spans = [(f.start, f.end) for f in found]
            hidden = hidden + hidden_spans(data, spans, merged(self.code))
        if hidden:
            hidden = merged(hidden)
            found = [f for f in found if not covered(hidden, f.start)]
        return found


def _label(label: str) -> str:
    """A reference's label as CommonMark compares it."""
    return " ".join(label.split()).casefold()


class _Joined:
    """Lines of the source as one piece, without what stands between them (`> ` and the like)."""

    __slots__ = ("_lines", "_starts", "data")

    def __init__(self, source: bytes, lines: list[tuple[int, int]]) -> None:
        self.data = b"".join(source[start:end] for start, end in lines)
        self._lines = lines
        self._starts = [0]
        for start, end in lines:
            self._starts.append(self._starts[-1] + end - start)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the source the piece's span lies; it is not empty."""
        return self._at(start), self._at(end - 1) + 1

    def _at(self, offset: int) -> int:
        line = bisect_right(self._starts, offset) - 1
        return self._lines[line][0] + offset - self._starts[line]


def _by_line(data: bytes, texts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    for start, end in texts:
        at = start
        while at < end:
            newline = data.find(b"\n", at, end)
            stop = end if newline < 0 else newline + 1
            lines.append((at, stop))
            at = stop
    return lines
