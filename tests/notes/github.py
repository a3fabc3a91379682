"""What GitHub's own renderer links to: the measure for `extract`."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes

import cmarkgfm
from cmarkgfm import cmark

_OPTIONS = cmark.Options.CMARK_OPT_UNSAFE | cmark.Options.CMARK_OPT_FOOTNOTES
_EXTENSIONS = ["autolink", "table", "strikethrough", "tagfilter"]
_HTTP = re.compile(r"https?://", re.IGNORECASE)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value and _HTTP.match(value):
                self.urls.append(value)


def github_urls(note: str) -> Counter[bytes]:
    """The http(s) URLs that the rendered note leads to, compared without percent-encoding."""
    links = _Links()
    links.feed(
        cmarkgfm.markdown_to_html_with_extensions(note, options=_OPTIONS, extensions=_EXTENSIONS)
    )
    links.close()
    return Counter(map(comparable, links.urls))


def comparable(url: str) -> bytes:
    """The renderer percent-encodes what it writes; `extract` leaves the URL as it is."""
    return unquote_to_bytes(url)
