"""Where in the source of a link or a definition its destination stands.

The parser tells what a link leads to and the range of the whole link; the place of the URL within
is found here, by the same grammar read once more.
"""

from __future__ import annotations

import re

# Blanks, and after a line's end the marks of block quotes that the destination lies in.
_GAP = rb"[ \t]*+(?:(?:\r\n|\n|\r)[ \t>]*+)?"
_ANGLED = rb"<((?:\\.|[^\\<>\r\n])*+)>"
_INLINE = re.compile(
    rb"\]\(" + _GAP + rb"(?:[ \t\r\n>]*+)(?:" + _ANGLED + rb"|([^\x00-\x20<][^\x00-\x20]*+))"
)
_DEFINITION = re.compile(
    rb"\[(?:\\.|[^\\\[\]])*+\]:" + _GAP + rb"(?:" + _ANGLED + rb"|([^\x00-\x20]++))", re.DOTALL
)
_STEP = re.compile(rb"\\[!-/:-@\[-`{-~]|[()]")


def inline_destination(data: bytes, label_end: int, end: int) -> tuple[int, int] | None:
    """The span of the destination in `[label](destination "title")`.

    `label_end` is where the last thing within the label ends.
    """
    bracket = data.find(b"](", label_end, end)
    if bracket < 0:
        return None
    found = _INLINE.match(data, bracket, end)
    if found is None:
        return None
    if found[1] is not None:
        return found.span(1)
    start, stop = found.span(2)
    close = data.find(b")", start, stop)
    if close >= 0 and data.find(b"(", start, close) < 0 and data.find(b"\\", start, close) < 0:
        return start, close  # most of them
    depth = 0
    for step in _STEP.finditer(data, start, stop):
        if step[0] == b"(":
            depth += 1
        elif step[0] == b")":
            if depth == 0:
                return start, step.start()
            depth -= 1
    return start, stop


def definition_destination(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The span of the destination in `[label]: destination "title"`."""
    found = _DEFINITION.match(data, start, end)
    if found is None:
        return None
    return found.span(1) if found[1] is not None else found.span(2)
