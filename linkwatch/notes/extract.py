"""Text to mentions: every http(s) URL of a note, with its exact place.

A note is read in layers. Front matter comes off first; `walk` then finds what the parser and a
reader see in the body, as often as outlines that were taken for code come to light; at the end the
finds get their places on disk. docs/notes.md says what counts.

Pure: the same bytes give the same mentions. Time is linear in the note's size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from linkwatch.marker import REPORT_MARKER, is_report
from linkwatch.model import CitedFrom, Kind, Mention, Pardon
from linkwatch.notes.cited import Cited, accessed, fields
from linkwatch.notes.frontmatter import front_matter
from linkwatch.notes.pardon import body_pardons, field_pardons, may_ask
from linkwatch.notes.source import Places, Source, as_text
from linkwatch.notes.walk import Found, Walk

__all__ = ["EXTRACTOR_VERSION", "REPORT_MARKER", "Options", "extract", "is_report"]

EXTRACTOR_VERSION = 4  # raise it on any change of what is found: unchanged notes are read again

# A note without any of these has no mention, and need not be parsed. `&` and `\` could spell the
# scheme in a destination: `[a](htt&#112;://…)`.
_SPELT = re.compile(rb"&[#A-Za-z]|\\:")
# An outline within an outline that was taken for code takes another look, but not for ever: the
# last look but one takes all indentation from what is still taken for code.
_LOOKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What else is to be found."""

    check_code: bool = False  # URLs in code spans and blocks too


class Named(NamedTuple):
    """A mention without its file."""

    line: int
    column: int
    start: int
    end: int
    url: str
    text: str
    kind: Kind
    pardon: Pardon | None
    cited_at: datetime | None
    cited_from: CitedFrom | None


def extract(raw: bytes, *, file: str, options: Options = Options()) -> list[Mention]:
    """Every place in a note that names an http(s) URL, in the order of the note.

    `raw` may be any bytes. `file` is only handed on.
    """
    return [
        Mention(
            file=file,
            line=named.line,
            column=named.column,
            start=named.start,
            end=named.end,
            url=named.url,
            text=named.text,
            kind=named.kind,
            pardon=named.pardon,
            cited_at=named.cited_at,
            cited_from=named.cited_from,
        )
        for named in named_in(raw, options)
    ]


def named_in(raw: bytes, options: Options = Options()) -> list[Named]:
    """The same, for those who read very many notes: to make a `Mention` takes a while."""
    if not _worth_reading(raw):
        return []
    source = Source.read(raw)
    front = front_matter(source.data)
    said = fields(source.data, front.body)
    found = [Found(start, end, url, Kind.FRONTMATTER) for start, end, url in front.urls]
    beside = accessed(source.data[: front.body], _spans(found)) if found else {}
    mentions = [
        (*place, beside.get(place[2].start) or said.of_link(place[2].start))
        for place in _on_disk(source, found)
    ]
    body = source.without([(0, front.body)]) if front.body else source
    for look in range(1, _LOOKS + 1):
        walk = Walk(body.data, check_code=options.check_code, flatten=look == _LOOKS - 1)
        walk.read(body.text)
        if not walk.cuts or look == _LOOKS:
            break
        body = body.without(walk.cuts)
    found = walk.visible()
    beside = accessed(body.data, _spans(found), code=walk.code, uses=walk.uses)
    mentions += ((*place, beside.get(place[2].start, said.note)) for place in _on_disk(body, found))
    mentions.sort(key=itemgetter(0, 1, 2))
    pardons = _pardons(raw, source, front.body, body) if may_ask(raw) else {}
    return list(_placed(raw, mentions, pardons))


def _worth_reading(raw: bytes) -> bool:
    lower = raw.lower()
    return (
        b"http:" in lower
        or b"https:" in lower
        or b"www." in raw
        or ((b"&" in raw or b"\\" in raw) and bool(_SPELT.search(raw)))
    )


def _spans(found: Iterable[Found]) -> list[tuple[int, int]]:
    return [(find.start, find.end) for find in found]


def _pardons(raw: bytes, source: Source, fields_end: int, body: Source) -> dict[int, Pardon]:
    """What comments ask for, by the line they stand on."""
    found = [
        *((source.on_disk(at), pardon) for at, pardon in field_pardons(source.data[:fields_end])),
        *((body.on_disk(at), pardon) for at, pardon in body_pardons(body.text, body.data)),
    ]
    places = Places(raw)
    return {places.place(at)[0]: pardon for at, pardon in found}


def _on_disk(source: Source, found: list[Found]) -> Iterator[tuple[int, int, Found]]:
    for find in found:
        yield source.on_disk(find.start), source.on_disk(find.end), find


def _placed(
    raw: bytes,
    mentions: Iterable[tuple[int, int, Found, Cited | None]],
    pardons: Mapping[int, Pardon],
) -> Iterator[Named]:
    places = Places(raw)
    before = -1
    for start, end, found, cited in mentions:
        if start == before:
            continue
        before = start
        line, column = places.place(start)
        at, source = (cited.at, cited.source) if cited else (None, None)
        text = as_text(raw[start:end])
        pardon = pardons.get(line)
        yield Named(line, column, start, end, found.url, text, found.kind, pardon, at, source)
