"""What a reader of the vault does not see as text: `%%comments%%` and formulas.

The renderer knows neither, so links within are found first and taken out here. When in doubt a
link stays: prices are no formulas ("$5 [here](https://…) and $6").
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

Span = tuple[int, int]

_COMMENT = re.compile(rb"(?<!%)%%(?!%)")
_BLANK_LINE = re.compile(rb"\n[ \t>]*+\r?\n")
_DISPLAY = re.compile(rb"^[ \t>]*+(?:[-*+] )?\$\$", re.MULTILINE)
_DISPLAY_END = re.compile(rb"\$\$[ \t]*+\r?$", re.MULTILINE)
_DOLLARS = re.compile(rb"\\.|\$++", re.DOTALL)
_FORMULA_MARKS = frozenset({b"$", b"$$"})
_LINE_START = re.compile(rb"(?:^|\n)[ \t>]*+(?:[-*+] )?\Z")
_LOOK_BACK = 100


def hidden_spans(data: bytes, links: Sequence[Span], code: Sequence[Span]) -> list[Span]:
    """Spans that hold no links, in order. `links` and `code` are in order as well.

    A `%%` or `$` within code or within a link's URL opens nothing.
    """
    spans: list[Span] = []
    if data.count(b"%%") > 1:
        spans += _comments(data, links, code)
    if data.count(b"$") > 1:
        spans += _displays(data, links, code)
        spans += _formulas(data, links, code)
    return sorted(spans)


def covered(spans: Sequence[Span], offset: int) -> bool:
    """Whether `offset` lies in one of the spans (in order, not overlapping)."""
    at = bisect_right(spans, (offset, 1 << 62)) - 1
    return at >= 0 and offset < spans[at][1]


def merged(spans: Sequence[Span]) -> list[Span]:
    """The same cover without overlaps."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _comments(data: bytes, links: Sequence[Span], code: Sequence[Span]) -> list[Span]:
    """Obsidian's comments: within a paragraph, or from a line's start over any number of lines."""
    marks = [
        mark.start()
        for mark in _COMMENT.finditer(data)
        if not covered(links, mark.start()) and not covered(code, mark.start())
    ]
    spans: list[Span] = []
    at = 0
    while at + 1 < len(marks):
        start, end = marks[at], marks[at + 1] + 2
        before = data[max(0, start - _LOOK_BACK) : start]
        if _LINE_START.search(before) and (start < _LOOK_BACK or b"\n" in before):
            spans.append((start, end))
            at += 2
        elif _BLANK_LINE.search(data, start, end):
            at += 1
        else:
            spans.append((start, end))
            at += 2
    return spans


def _displays(data: bytes, links: Sequence[Span], code: Sequence[Span]) -> list[Span]:
    """`$$` at a line's start to `$$` at a line's end; over blank lines if it stands alone."""
    spans: list[Span] = []
    at = 0
    blank_until = -1
    closing: re.Match[bytes] | None = None
    while opening := _DISPLAY.search(data, at):
        at = opening.end()
        if covered(code, opening.end() - 1) or covered(links, opening.end() - 1):
            continue
        if closing is None or closing.start() < at:  # else it is still the next one
            closing = _DISPLAY_END.search(data, at)
        if closing is None:
            break
        line_end = data.find(b"\n", at)
        alone = not data[at : line_end if line_end >= 0 else len(data)].strip()
        if not alone:
            if blank_until < at:
                blank = _BLANK_LINE.search(data, at)
                blank_until = blank.start() if blank else len(data)
            if blank_until < closing.start():
                continue
        spans.append((opening.end() - 2, closing.end()))
        at = closing.end()
    return spans


def _formulas(data: bytes, links: Sequence[Span], code: Sequence[Span]) -> list[Span]:
    """`$…$` and `$$…$$` within a line, opened before and closed behind something not blank.

    Prices and names are none: "$5 [here](https://…), 6$ there", "A$AP".
    """
    spans: list[Span] = []
    opened: dict[bytes, int] = {}
    line_end = -1
    for mark in _DOLLARS.finditer(data):
        sign = mark[0]
        if sign not in _FORMULA_MARKS:
            continue
        start, end = mark.span()
        if start > line_end:
            opened.clear()
            line_end = data.find(b"\n", start)
            line_end = len(data) if line_end < 0 else line_end
        if covered(code, start):
            continue
        before, after = data[start - 1 : start], data[end : end + 1]
        if covered(links, start) and covered(links, end):
            continue  # within a URL, not at its end
        if sign in opened and before.strip() and not (sign == b"$" and after.isdigit()):
            spans.append((opened.pop(sign), end))
            opened.clear()
        elif sign not in opened and _opens(before, after) and not covered(links, start):
            opened[sign] = start
    return spans


def _opens(before: bytes, after: bytes) -> bool:
    """No formula begins within a word ("A$AP"), before a blank or with a digit (a price)."""
    return not before.isalnum() and bool(after.strip()) and not after.isdigit()
