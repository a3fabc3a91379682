"""Bare URLs: where a URL that nothing encloses ends.

The rule of GitHub's renderer (GFM, "autolinks (extension)") decides whether there is a link, and
where it ends at the latest. It would take everything up to a blank or `<`; a reader sees the URL
end earlier, at what no one types into a URL: see `STOPS`. docs/notes.md lists the differences.
"""

from __future__ import annotations

import re

from linkwatch.notes.entities import ENTITY, decode_entities

CANDIDATE = re.compile(rb"(?i:https?://)|www\.")

# Closing brackets and quotes, stops and blanks that are no ASCII; a person who sees one of these
# after a URL does not take it for a part of it. The en dash and the apostrophe are missing on
# purpose: Wikipedia's titles have them ("Einstein–Podolsky–Rosen").
STOPS = (
    "\x7f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f\u2060\u3000\ufeff"
    "，。、；：？！（）「」『』【】《》〈〉〔〕〖〗｡､｢｣［］｛｝｜…“”„«»‹›"
)
_ASCII_STOPS = frozenset(map(chr, range(33))) | frozenset('"<>`|')
_ALL_STOPS = _ASCII_STOPS | frozenset(STOPS)

_OTHER_STOPS = [stop.encode() for stop in STOPS if stop != "\x7f"]
_LEADS = b"".join(sorted({stop[:1] for stop in _OTHER_STOPS}))
# Up to the next stop: byte by byte through one set, which is ten times as fast as to look at each
# byte for any of fifty stops.
_NO_STOP = re.compile(
    rb"(?:[^\x00-\x20\x7f\"<>`|\\" + _LEADS + rb"]++|\\\|?+|"
    rb"(?!" + b"|".join(map(re.escape, _OTHER_STOPS)) + rb")[" + _LEADS + rb"])*+"
)
_BRACKET = re.compile(rb"\\.|[][{}()]", re.DOTALL)
_CLOSES = {ord("]"): ord("["), ord("}"): ord("{"), ord(")"): ord("(")}
_DELIMITER = re.compile(rb"\*\*|==|~~|__|%%")
_LAST_ENTITY = re.compile(rb"&[A-Za-z]+;\Z")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_HOST = re.compile(rb"[A-Za-z0-9\x80-\xff](?:\\?[A-Za-z0-9._\-\x80-\xff])*+")
_TYPOGRAPHIC_TAIL = re.compile(b"(?:" + b"|".join(c.encode() for c in "—–’‘·•") + rb")+\Z")
_OPENED_UNDERSCORE = re.compile(rb"(?<![A-Za-z0-9_\x80-\xff])_++(?![\s_])")
_CLOSED_UNDERSCORE = re.compile(rb"(?<![\s_])_++(?![A-Za-z0-9_\x80-\xff])")

# A host without underscores, then what needs no thought, up to something that may end a URL.
_PLAIN = re.compile(
    rb"[A-Za-z0-9][A-Za-z0-9.\-]*+(?::[0-9]++)?+"
    rb"(?:[/?#](?:[A-Za-z0-9/?#.:,@+!$\-]|%(?!%)|=(?!=)|_(?!_)|&(?=[A-Za-z0-9]++=))*+(?<=[A-Za-z0-9/#=+\-]))?"
    rb"(?<=[A-Za-z0-9/#=+\-])(?=[ \n\r\t<]|\Z)"
)

# How far back an opening `==` or `_` is looked for. Farther would make a line of a million URLs
# quadratic.
_LOOK_BACK = 300
_LOOK_AHEAD = 4000  # likewise, for a closing quote


def candidates(data: bytes) -> list[int]:
    """Where `CANDIDATE` matches, in order; five times as fast."""
    found = []
    at = data.find(b"://")
    while at >= 0:
        scheme = data[max(0, at - 5) : at].lower()
        if scheme.endswith(b"http"):
            found.append(at - 4)
        elif scheme == b"https":
            found.append(at - 5)
        at = data.find(b"://", at + 3)
    at = data.find(b"www.")
    if at < 0:
        return found
    while at >= 0:
        found.append(at)
        at = data.find(b"www.", at + 4)
    return sorted(found)


def bare_end(data: bytes, start: int, limit: int) -> int | None:
    """The end of the URL that begins at `start`, at most `limit`; None if there is no link.

    `limit` is not beyond the `next_stop` (asked for by the caller, once for all URLs before it:
    a line of `'http://a''http://a'…` would be quadratic otherwise).

    `start` is where `CANDIDATE` matched. `may_begin` has looked at what stands before.
    """
    named = data[start] == ord("w")  # www.…, not https://…
    host_start = start if named else data.index(b"/", start) + 2
    plain = _PLAIN.match(data, host_start, limit)
    if plain:
        end = plain.end()
        if end == limit or data[end] in b" \n\r\t<":
            return end  # most URLs: nothing in them to think about
    end = limit
    host = _HOST.match(data, host_start, end)
    if host is None or not _is_host(host[0].replace(b"\\", b"")):
        return None
    end = _at_closing_quote(data, start, end)
    end = _at_bracket(data, start, end)
    end = _at_delimiter(data, start, end)
    end = _at_entity(data, start, end)
    end = _without_tail(data, start, end)
    if end <= host_start:
        return None
    if named and end <= start + 4:
        return None  # "www." in prose; GitHub's renderer would link it to http://www
    return end


def next_stop(data: bytes, start: int) -> int:
    """Where the next character stands that no bare URL reaches beyond."""
    plain = _NO_STOP.match(data, start)
    return plain.end() if plain else start  # it always matches, if only nothing


def may_begin(data: bytes, start: int, leaf_start: int) -> bool:
    """Whether what stands before a candidate lets it begin a link."""
    if start == leaf_start or start == 0:
        return True
    before = data[start - 1]
    if data[start] == ord("w"):
        return before in b" \t\r\n\v\f*_~("
    return not (65 <= before <= 90 or 97 <= before <= 122)


def as_meant(written: bytes, *, verbatim: bool = False) -> str:
    """The URL a bare one leads to: escapes and entities resolved, `www.` completed.

    In code (`verbatim`) neither an escape nor an entity is one.
    """
    url = written.decode("utf-8", "replace")
    if not verbatim:
        if "\\" in url:
            url = _ESCAPE.sub(r"\1", url)
        if "&" in url:
            url = decode_entities(url)
    return url if url[:1] in "hH" else "http://" + url


def _is_host(host: bytes) -> bool:
    """GFM: no underscore in the last two segments, unless there are more than ten dots."""
    if b"_" not in host:
        return True
    segments = host.split(b".")
    return not any(b"_" in segment for segment in segments[-2:]) or len(segments) > 11


def _at_closing_quote(data: bytes, start: int, end: int) -> int:
    before = data[start - 1 : start]
    if before == b"'":
        close = data.find(b"'", start, min(end, start + _LOOK_AHEAD))
        return end if close < 0 else close
    if data[max(0, start - 3) : start] == "‘".encode():
        close = data.find("’".encode(), start, min(end, start + _LOOK_AHEAD))
        return end if close < 0 else close
    return end


def _at_bracket(data: bytes, start: int, end: int) -> int:
    """Cut before a `]` or `}` that closes nothing within the URL; `)` may stand inside one.

    GFM keeps an unbalanced `)` that is not at the end; a reader doesn't when the URL stands
    right behind its `(`, or when text in another script follows.
    """
    open_ones: dict[int, int] = {ord("["): 0, ord("{"): 0, ord("("): 0}
    enclosed = data[start - 1 : start] == b"("
    for bracket in _BRACKET.finditer(data, start, end):
        at = bracket.start()
        kind = data[at]
        if kind in open_ones:
            open_ones[kind] += 1
        elif kind in _CLOSES:
            opener = _CLOSES[kind]
            if open_ones[opener] > 0:
                open_ones[opener] -= 1
            elif kind != ord(")") or enclosed or (at + 1 < end and data[at + 1] >= 0x80):
                return at
    return end


def _at_delimiter(data: bytes, start: int, end: int) -> int:
    """Cut where `**bold**`, `==marked==`, … that was opened before the URL is closed."""
    for mark in _DELIMITER.finditer(data, start, end):
        before = data[max(0, start - _LOOK_BACK) : start]
        line = before[before.rfind(b"\n") + 1 :]
        if line.count(mark[0]) % 2:
            return mark.start()
    return end


def _at_entity(data: bytes, start: int, end: int) -> int:
    """Cut before an entity that stands for a character which would have ended the URL."""
    if data.find(b"&", start, end) < 0:
        return end
    for entity in ENTITY.finditer(data, start, end):
        if decode_entities(entity[0].decode())[:1] in _ALL_STOPS:
            return entity.start()
    return end


def _without_tail(data: bytes, start: int, end: int) -> int:
    """Take off trailing punctuation as GFM does, and what only typographers add to it."""
    opening = data.count(b"(", start, end)
    closing = data.count(b")", start, end)
    while end > start:
        last = data[end - 1]
        if last in b"?!.,:*~'\"":
            end -= 1
        elif last == ord("_"):
            if not _underscore_is_open(data, start):
                return end
            end -= 1
        elif last == ord(")"):
            if closing <= opening:
                return end
            closing -= 1
            end -= 1
        elif last == ord(";"):
            entity = _LAST_ENTITY.search(data, max(start, end - 34), end)
            end = entity.start() if entity else end - 1
        elif last == ord("\\"):  # a hard line break, or an escape of what ended the URL
            end -= 1
        elif data[end - 2 : end] == b"%%":
            end -= 2  # the end of an Obsidian comment; no URL has it, so it needs no opening
        elif last >= 0x80:
            tail = _TYPOGRAPHIC_TAIL.search(data, max(start, end - 12), end)
            if tail is None:
                return end
            end = tail.start()
        else:
            return end
    return end


def _underscore_is_open(data: bytes, start: int) -> bool:
    """Whether the URL stands within `_emphasis_`, which a trailing `_` then closes."""
    before = data[max(0, start - _LOOK_BACK) : start]
    line = before[before.rfind(b"\n") + 1 :] + b"h"
    opened = closed = -1
    for opened_run in _OPENED_UNDERSCORE.finditer(line):
        opened = opened_run.start()
    for closed_run in _CLOSED_UNDERSCORE.finditer(line):
        closed = closed_run.start()
    return opened > closed
