"""Comments beside a link that ask for silence: `<!-- linkwatch: ignore until 2027-01-01 -->`.

Obsidian's `%% linkwatch: ignore %%` says the same, and so does `# linkwatch: ignore` behind a field
of front matter. A comment stands on one line, and means the links on that line; of several there
the first one counts. In code it is an example, and means nothing.

Whatever begins with `linkwatch:` and can't be read is taken for a slip of somebody who wants
silence. It silences nothing, and is told of.
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

_WORD: Final = b"linkwatch"

_PARSER = pyromark.Markdown(options=pyromark.Options.ENABLE_TABLES)
_TO_US = rb"[ \t]*+linkwatch[ \t]*+:(?![ \t]*+report[ \t]*+-->)"  # that marks our reports
_COMMENT = re.compile(rb"((?<!\\)<!--|(?<!%)%%)" + _TO_US, re.IGNORECASE)
_CLOSING = {b"<!--": b"-->", b"%%": b"%%"}
_FIELD_COMMENT = re.compile(rb"(?:\A|[ \t])#" + _TO_US, re.IGNORECASE)
_IGNORE = re.compile(r"ignore(?:[\s,]++|\Z)", re.IGNORECASE)
_UNTIL = re.compile(r"until\s++([^\s,]++)[\s,]*+", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_BECAUSE = re.compile(r"because\s++", re.IGNORECASE)
_LAST_UNTIL = re.compile(r"(?:\A|[\s,])until\s++([0-9][^\s,]*+)\Z", re.IGNORECASE)


def may_ask(data: bytes) -> bool:
    """Whether a note can have such comments at all."""
    return _WORD in data.lower()


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
    lower = data.lower()
    at = lower.find(_WORD)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield start, end
        at = lower.find(_WORD, end)


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
    """`ignore`, with `until DATE`, `because TEXT`, both or neither. Anything else can't be read.

    A reason may end in the date. What can't be read counts as over, so that it is noticed:
    nothing is silenced by a slip.
    """
    rest = as_text(words).strip(" \t\r,")
    match = _IGNORE.match(rest)
    if match is None:
        return Pardon(until=UNREADABLE)
    rest = rest[match.end() :]
    until = None
    if match := _UNTIL.match(rest):
        until = _day(match[1])
        rest = rest[match.end() :]
    if match := _BECAUSE.match(rest):
        return _with_reason(until, rest[match.end() :])
    return Pardon(until=UNREADABLE if rest else until)


def _with_reason(until: date | None, because: str) -> Pardon:
    match = _LAST_UNTIL.search(because) if until is None else None
    if match is None:
        return Pardon(until=until, because=because)
    return Pardon(
        until=_day(match[1].rstrip(".;!)")), because=because[: match.start()].rstrip(" \t,")
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else UNREADABLE
    except ValueError:
        return UNREADABLE
