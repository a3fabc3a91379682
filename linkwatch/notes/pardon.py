"""Comments beside a link that ask for silence: `<!-- linkwatch: ignore until 2027-01-01 -->`.

Obsidian's `%% linkwatch: ignore %%` says the same, and so does `# linkwatch: ignore` behind a field
of front matter. A comment stands on one line, and means the links on that line; of several there
the first one counts. In code it is an example, and means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import pyromark

from linkwatch.model import Pardon
from linkwatch.notes.hidden import Span, covered, merged
from linkwatch.notes.source import as_text
from linkwatch.overrule import UNREADABLE

WORD: Final = b"linkwatch"  # a note without it has no such comment

_PARSER = pyromark.Markdown(options=pyromark.Options.ENABLE_TABLES)
_ASKS = rb"[ \t]*+linkwatch:[ \t]*+ignore(?![^\s,%-])"
_COMMENT = re.compile(rb"((?<!\\)<!--|(?<!%)%%)" + _ASKS)
_CLOSING = {b"<!--": b"-->", b"%%": b"%%"}
_FIELD_COMMENT = re.compile(rb"(?:\A|[ \t])#" + _ASKS)
_UNTIL = re.compile(r"until\s++([^\s,]++)[\s,]*+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_BECAUSE = re.compile(r"because\s++")


def body_pardons(text: str, data: bytes) -> Iterator[tuple[int, Pardon]]:
    """What the comments of a note's body ask for, each with its offset in `data`, in order.

    `text` and `data` are the same body, decoded and not.
    """
    lines = list(_lines(data))
    if not any(_COMMENT.search(data, start, end) for start, end in lines):
        return
    code = _code(text)
    for start, end in lines:
        unclosed = set()
        for opening in _COMMENT.finditer(data, start, end):
            if opening[1] in unclosed or covered(code, opening.start()):
                continue
            close = data.find(_CLOSING[opening[1]], opening.end(), end)
            if close >= 0:
                yield opening.start(), _read(data[opening.end() : close])
                break
            unclosed.add(opening[1])


def field_pardons(data: bytes) -> Iterator[tuple[int, Pardon]]:
    """What the comments of front matter ask for, each with its offset, in order."""
    for start, end in _lines(data):
        if opening := _FIELD_COMMENT.search(data[start:end]):
            yield start + opening.start(), _read(data[start + opening.end() : end])


def _lines(data: bytes) -> Iterator[Span]:
    """The lines that have the word."""
    at = data.find(WORD)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield start, end
        at = data.find(WORD, end)


def _code(text: str) -> list[Span]:
    spans: list[Span] = []
    event: Any  # as in `walk`
    for event, span in _PARSER.events_with_range(text, merge_text=True):
        if event.__class__ is not str:
            ((name, value),) = event.items()
            if name == "Code" or (name == "Start" and "CodeBlock" in value):
                spans.append((span["start"], span["end"]))
    return merged(spans)


def _read(words: bytes) -> Pardon:
    """`until DATE`, `because TEXT`, both or neither. Anything else can't be read.

    What can't be read counts as over, so that it is noticed: nothing is silenced by a slip.
    """
    rest = as_text(words).strip(" \t\r,")
    until = None
    if match := _UNTIL.match(rest):
        until = _day(match[1])
        rest = rest[match.end() :]
    if match := _BECAUSE.match(rest):
        return Pardon(until=until, because=rest[match.end() :])
    return Pardon(until=UNREADABLE if rest else until)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else UNREADABLE
    except ValueError:
        return UNREADABLE
