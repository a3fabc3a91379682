"""One final answer, as signs are read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from linkwatch.model import Hop
from linkwatch.web.page import Page
from linkwatch.web.places import Place, place_of

_LITTLE_TEXT = 3000  # characters: walls and parked pages have no more to say
_SOURCE_CAP = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of asking for a link."""

    link: str
    final_url: str
    hops: tuple[Hop, ...]
    status: int
    headers: Mapping[str, str]  # names in lower case, of each the first value
    cookies: frozenset[str]  # the names that the answer set
    body: bytes
    page: Page | None  # of the body

    @property
    def good(self) -> bool:
        """Whether the server calls this a success."""
        return 200 <= self.status < 300

    @cached_property
    def asked(self) -> Place:
        """The link."""
        return place_of(self.link)

    @cached_property
    def ends(self) -> tuple[tuple[Place, str], ...]:
        """Where readers are sent, and by what: the redirects' end, then the page's own refresh."""
        ends = []
        if self.hops and self.final_url != self.link:
            ends.append((place_of(self.final_url), "redirect"))
        if self.page is not None and self.page.refresh is not None:
            ends.append((place_of(self.page.refresh), "refresh"))
        return tuple(ends)

    @property
    def text(self) -> str:
        """The page's text; of what is not HTML, nothing."""
        return self.page.text if self.page is not None else ""

    @property
    def title(self) -> str:
        """The page's title."""
        return self.page.title if self.page is not None else ""

    @cached_property
    def said(self) -> str:
        """The page's text, lower-cased."""
        return self.text.lower()

    @cached_property
    def little(self) -> bool:
        """Whether there is so little to read that its machinery is worth a look."""
        if self.page is None:
            return not self.good
        return self.page.fingerprint.length <= _LITTLE_TEXT

    @cached_property
    def source(self) -> str:
        """The body's markup, lower-cased; its marks are ASCII, whatever its encoding."""
        return self.body[:_SOURCE_CAP].replace(b"\0", b"").decode("latin-1").lower()
