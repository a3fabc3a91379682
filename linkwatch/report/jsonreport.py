"""The report as JSON: the machines' format, described in docs/report.md.

Keys are never left out; what is not known is null. One link a line, so that the file can also be
searched with line tools and compared by version control.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec

from linkwatch.contract import LinkLine, MentionLine
from linkwatch.model import Ledger, Mention
from linkwatch.report.words import instant

VERSION: Final = 1

# Legal in JSON, but a terminal obeys them and an editor hides them: written as escapes, which
# every reader of JSON turns back into the same text.
_UNSEEN: Final = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def render_json(ledger: Ledger, links: Iterable[LinkLine]) -> Iterator[str]:
    """The report, piece by piece: a vault with a million links is never held as one text."""
    head = {
        "version": VERSION,
        "generated_at": _time(ledger.cycle.finished_at if ledger.cycle else None),
        "summary": {
            "notes": ledger.notes,
            "mentions": ledger.mentions,
            "links": sum(ledger.states.values()),
            "states": dict(ledger.states),
            "verified_copies": ledger.copies.links,
        },
    }
    yield encoded(head)[:-1] + ',"links":['
    separator = "\n"
    for link in links:
        yield separator + encoded(link)
        separator = ",\n"
    yield "\n]}\n"


def mention_line(mention: Mention) -> MentionLine:
    """A mention, as the report and `links --format jsonl` tell it."""
    return MentionLine(
        file=mention.file,
        line=mention.line,
        column=mention.column,
        url=mention.url,
        text=mention.text,
        kind=mention.kind,
    )


def encoded(value: object) -> str:
    """One line of JSON that can be printed anywhere. A byte that was no UTF-8 becomes U+FFFD."""
    try:
        text = _ENCODER.encode(value).decode()
    except UnicodeEncodeError:
        text = _ENCODER.encode(_mended(msgspec.to_builtins(value))).decode()
    if text.isascii() and "\x7f" not in text:  # nearly every line
        return text
    return _UNSEEN.sub(_escaped, text)


_ENCODER: Final = msgspec.json.Encoder()


def _time(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _mended(value: object) -> object:
    """The same without lone surrogates, which are no text and which no JSON reader has to take."""
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {key: _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value
