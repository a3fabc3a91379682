"""When a note took its links, by its own words.

Beside a link: "(accessed 2021-03-04)", "Retrieved March 4, 2021", "abgerufen am 4. März 2021", on
its line or at the start of the next one. For all links of a note: a date in its front matter, or
in the properties that a Logseq page begins with. docs/notes.md says which words count.

Pure. Time is linear in the note's size: a date is looked for beside links only, and a word that
makes it one of access only in the few bytes before it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from operator import attrgetter, itemgetter

from linkwatch.model import CitedFrom
from linkwatch.notes.dates import days, folded, midnight, moment, years
from linkwatch.notes.hidden import Span, covered

_LOOK_BACK = 90  # bytes before a date in which the word for it begins

# Words are compared without accents and case; see `dates.folded`.
_WORDS = (
    r"access(?:ed)?[ -]?date|date[ -](?:of[ -])?access(?:ed)?|(?:last|latest)[ -]access|accessed"
    r"|access(?=:)|retrieved|retrieval date|viewed|visited|consulted|checked|seen|read|cited"
    r"|abgerufen|aufgerufen|zugegriffen|eingesehen|besucht|gelesen|(?:abruf|zugriff)(?:s?datum|s)?"
    r"|consultee?s?|consultation|visitee?s?|acces|accede"
    r"|consultad[oa]s?|consulta|recuperad[oa]s?|acceso|accedido|visitad[oa]s?"
    r"|consultat[oaie]|consultazione|accesso|visitat[oaie]|recuperat[oaie]"
    r"|geraadpleegd|bezocht|opgehaald"
    r"|acesso|acessad[oa]s?|acedid[oa]s?"
    r"|dostepu?|odczyt(?:ano)?|pobrano"
    r"|hamta[dt]|besokt"
)
_BETWEEN = (
    r"on|at|the|date|last|am|vom|den|der|dem|le|la|el|il|lo|in data|op|em|a|as|z|w|dnia|dniu|dn"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch"
    r"|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche"
)
_SAID = re.compile(
    rf"(?<![^\W_])(?:{_WORDS})[\s:=,*_\"'(\[]{{0,6}}"
    rf"(?:(?<![^\W_])(?:{_BETWEEN})[.,:]?\s[\s:]{{0,3}}){{0,3}}[:*_\"'(\[]{{0,4}}\Z"
)
# "Retrieved March 4, 2021, from https://…", "accessed 2021-03-04: https://…"
_TOWARDS = re.compile(
    r"[*_]{0,2},?\s{0,3}"
    r"(?:(?:from|von|unter|de|da|di|sur|a l'adresse|van|op|z|pod|fran)\s{0,3}:?|:)"
    r"\s{0,3}[<(\[\"'*_]{0,4}\Z"
)
# "Retrieved from https://… on March 4, 2021"
_FROM = re.compile(
    rf"(?<![^\W_])(?:{_WORDS})\s{{1,3}}"
    r"(?:from|at|via|von|unter|de|da|en|em|sur|van|op|z|ze|pod|fran|pa):?\s{0,3}(?:\[[^\]\n]{0,80}\]\(|[(\"'])?<?\Z"
)
_ON = re.compile(rf"[>)\]\"']{{0,4}},?\s{{0,3}}(?:(?:{_BETWEEN})[.:]?\s{{1,3}}){{0,2}}\Z")
_OPENS_LINE = re.compile(r"(?:.*\n)?[ \t>]*+[(\[*_–—]?(?:[ \t]*+[(\[*_])*+[ \t]*+\Z", re.DOTALL)
_LABEL_ENDS = (b"](", b"](<")

# Keys are compared without case, blanks, hyphens and underscores. The best ones come first.
# Not `published`: Obsidian's web clipper writes there when the article was.
_ACCESSED_KEYS = (
    *("accessed", "accessdate", "accesseddate", "dateaccessed", "dateofaccess", "accessedat"),
    *("accessedon", "lastaccessed", "lastaccess", "retrieved", "retrievaldate", "dateretrieved"),
    *("retrievedat", "retrievedon", "urldate"),
)
_CREATED_KEYS = (
    *("created", "datecreated", "createdat", "createdon", "createddate", "createdtime"),
    *("creationdate", "added", "dateadded", "addedat", "saved", "datesaved", "savedat"),
    *("clipped", "dateclipped", "date", "publishdate", "pubdate"),
)
_FIELD = re.compile(
    rb"[ \t]*+(?P<item>- [ \t]*+)?(?P<quote>[\"']?)(?P<key>[A-Za-z][A-Za-z _-]{2,24})(?P=quote)"
    rb"[ \t]*+[:=][ \t]*+(?P<value>[^\r\n]++)"
)
_LINE = re.compile(rb"[^\n]*+\n?")
_NO_BLANKS = str.maketrans("", "", " -_")
_PROPERTY = re.compile(rb"(?:- )?([A-Za-z][^:\r\n]{0,60}):: ([^\r\n]*+)\r?\n?")
_PROPERTIES = 100  # lines that a page may begin with


@dataclass(frozen=True, slots=True)
class Cited:
    """When, and who says so."""

    at: datetime
    source: CitedFrom


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A date of access."""

    start: int  # where the date stands, without the word before it
    end: int
    at: datetime
    wrapped: bool = False  # its word stands on the line before
    first: bool = False  # nothing stands before it on its line


def accessed(
    data: bytes,
    links: Sequence[Span],
    *,
    code: Sequence[Span] = (),
    uses: Sequence[tuple[int, int, int]] = (),
) -> dict[int, Cited]:
    """The dates of access that stand beside links, by where the link begins.

    `code` is in order. `uses`: the spans of references, and where the links begin that they stand
    for. A date belongs to the closest link before it on its line, with none before to the first
    after it; at the start of the next line, to the last link of this one. Of several dates of one
    link the earliest counts.
    """
    found: dict[int, Cited] = {}
    dated = years(data)
    if not dated:
        return found
    bounds = [None, *sorted([*links, *((start, end) for start, end, _ in uses)]), None]
    for before, after in pairwise(bounds):
        start, end = before[1] if before else 0, after[0] if after else len(data)
        at = bisect_left(dated, start)
        if at == len(dated) or dated[at] + 4 > end:
            continue
        for link, phrase in _between(data, before, after, found):
            if not covered(code, phrase.start):
                _take(found, link[0], Cited(phrase.at, CitedFrom.ACCESSED))
    for start, _, meant in uses:
        if start in found:
            _take(found, meant, found[start])
    return found


def _take(found: dict[int, Cited], link: int, cited: Cited) -> None:
    found[link] = min(found.get(link, cited), cited, key=attrgetter("at"))


def _between(
    data: bytes, before: Span | None, after: Span | None, dated: Container[int]
) -> Iterator[tuple[Span, _Phrase]]:
    """The dates between two links that follow each other, each with the link it belongs to."""
    start = before[1] if before else 0
    end = after[0] if after else len(data)
    if start >= end:
        return
    line_end = _line_end(data, start, end)
    next_end = _line_end(data, min(line_end + 1, end), end)
    label = _label(data, start, end) if after else end
    if before and after and line_end == end:
        for phrase in _phrases(data, start, end, before):
            yield (after if _leads_on(data, phrase, label) else before), phrase
        return
    taken = -1
    if before:
        shared = after is not None and next_end == end  # the next link stands on the next line
        for phrase in _phrases(data, start, next_end, before):
            if phrase.start > line_end and not phrase.wrapped:
                if not phrase.first:
                    continue
                if shared and (before[0] in dated or _leads_on(data, phrase, label)):
                    continue
            taken = phrase.start
            yield before, phrase
    if after:
        for phrase in _phrases(data, max(start, data.rfind(b"\n", start, end)), end, None):
            if phrase.start > taken:
                yield after, phrase


def _phrases(data: bytes, start: int, end: int, link: Span | None) -> Iterator[_Phrase]:
    """The dates of access within a span, which follows `link` if there is one."""
    for at, stop, day in days(data, start, end):
        text = _folded(data, max(start, at - _LOOK_BACK), at)
        if said := _SAID.search(text):
            yield _Phrase(
                at,
                stop,
                midnight(day),
                wrapped="\n" in said[0],
                first="\n" in text and bool(_OPENS_LINE.match(text[: said.start()])),
            )
        elif (
            link
            and at - link[1] < _LOOK_BACK
            and _ON.match(_folded(data, link[1], at))
            and _FROM.search(_folded(data, max(0, link[0] - 2 * _LOOK_BACK), link[0]))
        ):
            yield _Phrase(at, stop, midnight(day))


def _leads_on(data: bytes, phrase: _Phrase, label: int) -> bool:
    """Whether a date belongs to the link behind it, whose label begins there."""
    if phrase.start > label:
        return True
    near = label - phrase.end < _LOOK_BACK
    return near and bool(_TOWARDS.match(_folded(data, phrase.end, label)))


def _label(data: bytes, start: int, link: int) -> int:
    """Where the text of a `[text](link)` begins; the link itself if it has none."""
    if data[max(0, link - 3) : link].endswith(_LABEL_ENDS):
        opened = data.rfind(b"[", start, link)
        return link if opened < 0 else opened
    return link


def _line_end(data: bytes, start: int, end: int) -> int:
    at = data.find(b"\n", start, end)
    return end if at < 0 else at


def _folded(data: bytes, start: int, end: int) -> str:
    return folded(data[start:end].decode("utf-8", "ignore"))


@dataclass(frozen=True, slots=True)
class Fields:
    """What the fields before a note's body say."""

    note: Cited | None  # of all links of the note that have no better date
    accessed: Cited | None = None  # of the links of the front matter
    items: Sequence[tuple[int, int, Cited]] = ()  # and of those in some item: spans, in order

    def of_link(self, start: int) -> Cited | None:
        """The date for a link of the front matter that begins there."""
        at = bisect_right(self.items, start, key=itemgetter(0)) - 1
        if at >= 0 and start < self.items[at][1]:
            return self.items[at][2]
        return self.accessed or self.note


def fields(data: bytes, body: int) -> Fields:
    """The dates in a note's front matter, which ends at `body`, or in its page properties.

    Line by line, as the URLs are read. A field that is nested counts for the links of its item in
    a list, or of its TOML table.
    """
    if not body:
        return Fields(_of_note(list(_properties(data))))
    top: list[tuple[str, bytes]] = []
    items: list[tuple[int, int, Cited]] = []
    begin = 0  # of the item we are in
    waiting: Cited | None = None  # for the item's end
    in_table = False
    for line in _LINE.finditer(data, 0, body):
        in_table = in_table or (line[0].startswith(b"[") and data.startswith(b"+++"))
        field = _FIELD.match(line[0])
        outer = not in_table and not line[0][:1].isspace()
        if outer or line[0].startswith(b"[") or (field and field["item"]):
            if waiting:
                items.append((begin, line.start(), waiting))
            begin, waiting = line.start(), None
        if field is None:
            continue
        key = folded(field["key"].decode()).translate(_NO_BLANKS)
        if outer and not field["item"]:
            top.append((key, field["value"]))
        elif key in _ACCESSED_KEYS and (at := _value(field["value"])):
            waiting = Cited(at, CitedFrom.ACCESSED)
    if waiting:
        items.append((begin, body, waiting))
    at = _best(top, _ACCESSED_KEYS)
    return Fields(_of_note(top), Cited(at, CitedFrom.ACCESSED) if at else None, items)


def _properties(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    for _ in range(_PROPERTIES):
        if not (match := _PROPERTY.match(data, at)):
            return
        yield folded(match[1].decode("utf-8", "replace")).translate(_NO_BLANKS), match[2]
        at = match.end()


def _of_note(said: Sequence[tuple[str, bytes]]) -> Cited | None:
    at = _best(said, (*_ACCESSED_KEYS, *_CREATED_KEYS))
    return Cited(at, CitedFrom.FRONT_MATTER) if at else None


def _best(said: Sequence[tuple[str, bytes]], keys: Sequence[str]) -> datetime | None:
    """The date of the first of these keys that has one."""
    dates = {key: at for key, value in reversed(said) if key in keys and (at := _value(value))}
    return next((dates[key] for key in keys if key in dates), None)


def _value(value: bytes) -> datetime | None:
    return moment(value.decode("utf-8", "replace").lstrip(" \t\"'[("))
