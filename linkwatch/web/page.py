"""An HTML page as a reader sees it: its title, its words, where it says that it belongs.

Pure, and it never fails: whatever the bytes, a browser would show something. What the page means
for its link is told by `signs`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from urllib.parse import unquote

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from linkwatch.model import Fingerprint
from linkwatch.web.charset import html_text
from linkwatch.web.fingerprint import (
    became_another,
    fingerprint_of,
    shrank,
    similarity,
)
from linkwatch.web.url import resolve

__all__ = [
    "Page",
    "became_another",
    "checkable",
    "has_anchor",
    "read_page",
    "shrank",
    "similarity",
]

_READ_CAP = 64 * 1024  # bytes; the same for every page, since its length is remembered
_TEXT_CAP = 50_000
_TITLE_CAP = 300

# Parsing takes quadratic time in the depth of nesting; no page that people read is so deep.
_UNCLOSED_CAP = 6000
_DEEP_CAP = 24 * 1024

_HEAD = (
    'title, h1, link[rel~="canonical" i], meta[property="og:url" i], meta[http-equiv="refresh" i]'
)
_UNSEEN = ["script", "style", "noscript", "template", "svg", "iframe", "object"]

_REFRESH = re.compile(r"\s*(\d+)(?:\.\d*)?\s*[;,\s]\s*(?:url\s*=\s*)?[\"']?\s*([^\"']*)", re.I)
_AT_ONCE_S = 5

_APP_TEXT = 200  # characters: what an app shows before its scripts run ("Loading…", a footer)
_SCRIPT = re.compile(r"<script\b", re.IGNORECASE)
_APP_ROOT = re.compile(
    r"<(?:[a-z]+(?:-[a-z]+)*-(?:root|app)|(?:div|main|section|body)\b[^>]{0,300}?\bid\s*=\s*[\"']?"
    r"(?:root|app|__next|__nuxt|___gatsby|svelte|q-app|main-app|app-root|react-root|react-app|"
    r"application|spa|mount|ember-app|react|vue-app|appmount|app-mount)\b)",
    re.IGNORECASE,
)
_MOST_NOSCRIPTS = 20

_NAME = re.compile(
    r"(?<=[\s\"'/])(id|name)\s*=\s*(?:\"([^\"]{0,500})\"|'([^']{0,500})'|([^\s\"'>]{1,500}))",
    re.IGNORECASE,
)
_TAG_CAP = 500
_MOST_NAMES = 20_000  # and character references in them

_ROUTE = re.compile(r"[/!?]|.*:~:|[\w.\-]+=", re.DOTALL)  # also `t=30`, `page=2`, `gid=0`
_LINES = re.compile(r"L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?")


class _Source:
    """The whole body, for the one question that is seldom asked of it."""

    def __init__(self, body: bytes, content_type: str | None) -> None:
        self._body = body
        self._content_type = content_type

    @cached_property
    def anchors(self) -> frozenset[str] | None:
        return _names(html_text(self._body, self._content_type) or "")


def _names(html: str) -> frozenset[str] | None:
    """Without a tree, since a long page would take long: what is commented out counts too."""
    names = set()
    read = 0
    for match in _NAME.finditer(html):
        read += 1 + match[0].count("&")
        if read > _MOST_NAMES:
            return None
        if match[1].lower() == "name":
            opened = html.rfind("<", max(0, match.start() - _TAG_CAP), match.start())
            if html[opened + 1 : opened + 2].lower() != "a" or html[opened + 2].isalnum():
                continue
        value = match[2] or match[3] or match[4]
        if value:
            names.add(unescape(value) if "&" in value else value)
    return frozenset(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a person sees of an HTML page, and what it says of itself."""

    title: str  # blanks collapsed, cut at 300 characters; "" where there is none
    heading: str  # the first <h1> with a text, likewise
    text: str  # of the body, blanks collapsed, cut at 50,000 characters
    fingerprint: Fingerprint
    canonical: str | None  # where it says that it belongs, absolute
    refresh: str | None  # where it sends its readers at once, absolute
    needs_js: bool  # an app in one page: there is nothing to read without its scripts
    source: _Source = field(repr=False, compare=False)

    @property
    def anchors(self) -> frozenset[str] | None:
        """The names that a fragment can point to, in as much of the body as there is.

        None if there are too many to read.
        """
        return self.source.anchors


def read_page(body: bytes, *, content_type: str | None, url: str) -> Page | None:
    """The page in an answer's body; None if that is empty, or not HTML.

    `content_type` is the header; without one, the body is looked at. `url` is the final one.
    """
    if not body or body.isspace():
        return None
    html = html_text(body[:_READ_CAP], content_type)
    if html is None:
        return None
    html = _cut(html)
    tree = _tree(html)
    title = heading = ""
    canonical = og_url = refresh = None
    for node in tree.css(_HEAD):
        match node.tag:
            case "title" if not title and not _in_drawing(node):
                title = _short(node)
            case "h1" if not heading:
                heading = _short(node)
            case "link":
                canonical = canonical or _absolute(url, node.attributes.get("href"))
            case "meta" if node.attributes.get("property"):
                og_url = og_url or _absolute(url, node.attributes.get("content"))
            case "meta":
                refresh = refresh or _refresh(url, node.attributes.get("content") or "")
    text = _visible(tree, html)
    return Page(
        title=title,
        heading=heading,
        text=text[:_TEXT_CAP],
        fingerprint=fingerprint_of(title, text),
        canonical=canonical or og_url,
        refresh=refresh,
        needs_js=_needs_js(html, text),
        source=_Source(body, content_type),
    )


def _tree(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html, scripting=True, options=LexborDocumentOptions.WO_EVENTS)


def _cut(html: str) -> str:
    tags = html.count("<")
    if tags <= _UNCLOSED_CAP:
        return html
    unclosed = max(tags - 2 * html.count("</"), html.count("<div") - html.count("</div"))
    return html[:_DEEP_CAP] if unclosed > _UNCLOSED_CAP else html


def _visible(tree: LexborHTMLParser, html: str) -> str:
    body = tree.body
    if body is None:
        return ""
    tree.strip_tags(_UNSEEN)
    if "hidden" in html.lower():
        for node in body.css("[hidden]"):
            if node.tag != "body" and node.attributes.get("hidden") != "until-found":
                node.decompose(recursive=False)  # its hidden children are still in our hands
    return _collapsed(body.text(separator=" "))


def _short(node: LexborNode) -> str:
    return _collapsed(node.text(separator=" "))[:_TITLE_CAP].rstrip()


def _collapsed(text: str) -> str:
    return " ".join(text.split())


def _in_drawing(node: LexborNode) -> bool:
    return node.parent is not None and node.parent.tag in ("svg", "g", "symbol", "path")


def _absolute(base: str, target: str | None) -> str | None:
    if not target or not target.strip():
        return None
    absolute = resolve(base, target)
    return absolute if absolute and absolute.startswith(("http://", "https://")) else None


def _refresh(url: str, content: str) -> str | None:
    match = _REFRESH.match(content[:4000])
    if match is None or len(match[1]) > 3 or int(match[1]) > _AT_ONCE_S:
        return None
    target = _absolute(url, match[2])
    return None if target == url else target  # else it is a page that loads itself anew


def _needs_js(html: str, text: str) -> bool:
    if len(text) >= _APP_TEXT or not _SCRIPT.search(html):
        return False
    return not text or _APP_ROOT.search(html) is not None or _asks_for_scripts(html)


def _asks_for_scripts(html: str) -> bool:
    pieces = html.lower().split("<noscript", _MOST_NOSCRIPTS)[1:]
    return any("javascript" in piece.partition("</noscript")[0] for piece in pieces)


def has_anchor(page: Page, fragment: str) -> bool:
    """Whether a fragment points to something on the page; true where that can't be told."""
    decoded = unquote(fragment)
    if not fragment or decoded.lower() == "top" or page.anchors is None:
        return True
    names = {fragment, decoded}
    # GitHub prefixes what authors name, and its script looks them up without regard to case.
    names |= {f"user-content-{form}" for name in names for form in (name, name.lower())}
    return not names.isdisjoint(page.anchors)


def checkable(fragment: str) -> bool:
    """Whether a fragment names a place in the page's HTML.

    Routes and states of apps, text and media fragments and line numbers do not.
    """
    return bool(fragment) and not _ROUTE.match(fragment) and not _LINES.fullmatch(fragment)
