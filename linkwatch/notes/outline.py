"""Outlines that CommonMark takes for code.

Logseq, Roam and many editors indent list items by tabs, also where no list is open (after a
paragraph or a heading) or by more than one level at once. CommonMark calls that indented code; its
reader sees list items with links. In 13,000 public notes this cost a plain CommonMark reader more
than 1,000 URLs, more than anything else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ITEM = re.compile("[ \t]*+(?:[-*+•]|[0-9]{1,9}[.)])[ \t]".encode())
_TAB = 4
_QUOTE_MARKS = re.compile(rb"(?: {0,3}>)*+")


def outline_cuts(
    data: bytes, lines: Sequence[tuple[int, int]], *, flatten: bool = False
) -> list[tuple[int, int]]:
    """The indentation to take away so that an indented code block reads as the list it is.

    `lines` are the spans of the block's lines without the indentation of code. Empty: real code.
    The block is an outline if its first line is a list item indented with a tab. What stays of
    the indentation says how items nest, at most one level deeper than the item before; with
    `flatten`, nothing stays.
    """
    spans = [(_indent_start(data, start), start, end) for start, end in lines]
    spans = [span for span in spans if data[span[1] : span[2]].strip()]
    if not spans:
        return []
    first, start, end = spans[0]
    if (
        not _ITEM.match(data, start, end)
        or b"\t" not in data[first : _indent_end(data, start, end)]
    ):
        return []
    indents = [(at, _indent_end(data, start, end)) for at, start, end in spans]
    widths = [_width(data[at:stop]) for at, stop in indents]
    common = min(widths)
    cuts = []
    deepest = 0
    for (at, stop), (_, _, end), width in zip(indents, spans, widths, strict=True):
        stays = 0 if flatten else min(width - common, deepest)
        cut = _cut(data, at, stop, width - stays)
        if cut > at:
            cuts.append((at, cut))
        if _ITEM.match(data, stop, end):
            deepest = stays + _TAB
    return cuts


def _indent_start(data: bytes, at: int) -> int:
    while at > 0 and data[at - 1] in b" \t":
        at -= 1
    return at


def _indent_end(data: bytes, at: int, end: int) -> int:
    while at < end and data[at] in b" \t":
        at += 1
    return at


def _width(indent: bytes) -> int:
    width = 0
    for byte in indent:
        width = width + _TAB - width % _TAB if byte == 9 else width + 1
    return width


def _cut(data: bytes, at: int, end: int, columns: int) -> int:
    """The offset at which `columns` columns of indentation have passed."""
    width = 0
    while at < end and width < columns:
        width = width + _TAB - width % _TAB if data[at] == 9 else width + 1
        at += 1
    return at


def code_lines(data: bytes, texts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans of the lines in a code block, without the marks of block quotes around it."""
    lines: list[tuple[int, int]] = []
    for start, end in texts:
        at = start
        while at < end:
            newline = data.find(b"\n", at, end)
            stop = end if newline < 0 else newline + 1
            marks = _QUOTE_MARKS.match(data, at, stop) if at > start else None
            lines.append((marks.end() if marks else at, stop))
            at = stop
    return lines
