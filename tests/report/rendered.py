"""What a renderer makes of a report: its tags, links and text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from cmarkgfm import cmark

_EXTENSIONS = ["autolink", "table", "strikethrough", "tagfilter"]


class Page(HTMLParser):
    """HTML, taken apart."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self._text: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return re.sub("[ \n]+", " ", "".join(self._text)).strip(" \n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self._text.append(data)


def github(markdown: str) -> Page:
    """As GitHub's own renderer sees it, before it sanitizes anything."""
    options = cmark.Options.CMARK_OPT_UNSAFE | cmark.Options.CMARK_OPT_FOOTNOTES
    return Page(cmark.markdown_to_html_with_extensions(markdown, options, _EXTENSIONS))
