"""URLs in the attributes of raw HTML, read as a browser's tokenizer does: forgiving, one pass."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

# What a person can follow, sees embedded, or is named as the source of a quotation. `srcset` and
# `data-*` repeat what `src` says, or are meant for scripts.
_ATTRIBUTES = frozenset({b"href", b"src", b"poster", b"cite", b"data", b"xlink:href"})

_TAG = re.compile(rb"<(?:!--|!\[CDATA\[|[!?]|/?[A-Za-z])")
_NAME = re.compile(rb"[^\s/>]*+")
_ATTRIBUTE = re.compile(
    rb"[\s/]*+(?:(>)|([^\s/>=][^\s/>=]*+)"
    rb"(?:\s*+=\s*+(?:\"([^\"]*+)(?:\"|\Z)|'([^']*+)(?:'|\Z)|([^\s>\"'][^\s>]*+)?))?+)"
)
_RAW_TEXT = frozenset({b"script", b"style", b"textarea", b"title", b"xmp"})
_VERBATIM = re.compile(rb"<(pre|code)(?=[\s>])[^>]*+>", re.IGNORECASE)
_HTTP = re.compile(rb"https?://", re.IGNORECASE)
_OBFUSCATED = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attributes:
    """The URLs found, and where a comment opens that does not close in this piece of HTML."""

    urls: list[tuple[int, int, str]]
    open_comment: int | None


def attributes(markup: bytes) -> Attributes:
    """The URL-valued attributes of all tags in a piece of HTML, with the spans of their values."""
    urls: list[tuple[int, int, str]] = []
    at = 0
    while tag := _TAG.search(markup, at):
        at = tag.end()
        opening = tag[0]
        if opening == b"<!--":
            if markup.startswith((b">", b"->"), at):
                continue
            end = markup.find(b"-->", at)
            if end < 0:
                return Attributes(urls, tag.start())
            at = end + 3
        elif opening == b"<![CDATA[":
            end = markup.find(b"]]>", at)
            at = len(markup) if end < 0 else end + 3
        elif opening in (b"<!", b"<?"):
            end = markup.find(b">", at)
            at = len(markup) if end < 0 else end + 1
        else:
            name = _NAME.match(markup, tag.end() - 1)
            assert name is not None  # it may be empty, but matches
            at = name.end()
            while attribute := _ATTRIBUTE.match(markup, at):
                at = attribute.end()
                if attribute[1]:
                    break
                if attribute[2].lower() in _ATTRIBUTES:
                    urls.extend(_url(attribute))
            else:
                at = max(at, name.end())
            raw_text = name[0].lower()
            if raw_text in _RAW_TEXT and not opening.startswith(b"</"):
                close = re.compile(rb"</" + raw_text + rb"(?=[\s/>])", re.IGNORECASE)
                end_tag = close.search(markup, at)
                at = end_tag.start() if end_tag else len(markup)
    return Attributes(urls, None)


def _url(attribute: re.Match[bytes]) -> Iterator[tuple[int, int, str]]:
    for group in (3, 4, 5):
        value = attribute[group]
        if value is None:
            continue
        stripped = value.strip()
        url = html.unescape(stripped.decode("utf-8", "replace"))
        if _OBFUSCATED.match(url):
            start = attribute.start(group) + len(value) - len(value.lstrip())
            yield start, start + len(stripped), url


def verbatim_spans(markup: bytes) -> list[tuple[int, int]]:
    """The contents of `<pre>` and `<code>`: text, not for following."""
    spans: list[tuple[int, int]] = []
    at = 0
    while opening := _VERBATIM.search(markup, at):
        close = re.compile(rb"</" + opening[1] + rb"(?=[\s>])", re.IGNORECASE)
        end_tag = close.search(markup, opening.end())
        at = end_tag.start() if end_tag else len(markup)
        spans.append((opening.end(), at))
    return spans
