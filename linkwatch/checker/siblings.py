"""Whether a host means its answers: asking it for an address that was made up.

A page with a 200 may stand for nothing. A neighbour of the link with a random name tells: a host
that answers it with 404 means its pages; one that shows the same page for it may show that for
anything. Asked only where a page raises a doubt, or once a host a month, and what a host said
serves its other links.
"""

from __future__ import annotations

import asyncio
import string
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from random import Random
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from linkwatch.checker.walk import Landing
from linkwatch.clock import Clock
from linkwatch.model import Candour, HostMemory, Mark, Sign
from linkwatch.web.page import Page, read_page, same_page
from linkwatch.web.url import host_of

_LETTERS = 25
_A_MONTH = timedelta(days=30)
_NOT_THERE = frozenset({404, 410})
_PARKED = frozenset({Sign.FOR_SALE, Sign.LANDER, Sign.PARKING_HOST})
_DOUBTS = _PARKED | {
    Sign.NOT_FOUND_WORDS,
    Sign.NOT_FOUND_PATH,
    Sign.TO_HOME,
    Sign.CHANGED,
    Sign.SHRANK,
}

Ask = Callable[[str], Awaitable[Landing | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A link's page, as far as a neighbour could be like it."""

    url: str  # the request for the link
    landing: Landing
    page: Page | None
    signs: frozenset[Sign]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What stood at an address; small, since it is kept for the whole cycle."""

    status: int  # 0: no answer, or none that could be followed
    url: str  # where it ended
    redirected: bool
    page: Page | None  # of a 2xx
    body: bytes  # its digest
    missing: bool  # it says that there is no such page


class Siblings:
    """The made-up addresses of one cycle, and what they told."""

    def __init__(
        self,
        *,
        clock: Clock,
        chance: Random,
        tells_missing: Callable[[Landing, Page], bool],
    ) -> None:
        """`tells_missing`: whether a page says that it does not exist."""
        self._remembered: dict[str, HostMemory] = {}
        self._clock = clock
        self._chance = chance
        self._tells_missing = tells_missing
        self._claimed: set[str] = set()
        self._found: dict[str, _Found | None] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._seen: dict[str, tuple[str, Page]] = {}  # by host: what a made-up address showed
        self.learned: dict[str, HostMemory] = {}

    def recall(self, remembered: Mapping[str, HostMemory]) -> None:
        """What earlier cycles learned, by host key."""
        self._remembered.update(remembered)

    async def marks(self, look: Look, ask: Ask) -> tuple[Mark, ...]:
        """What a neighbour of the link tells about its page; nothing where there is no question.

        `ask` follows redirects; None means that the question could not be put.
        """
        host = host_of(look.url)
        doubts = look.signs & _DOUBTS
        if not (
            doubts
            or _sent_upwards(look)
            or self._monthly(host, look)
            or self._like_the_made_up(host, look)
        ):
            return ()
        if doubts == {Sign.NOT_FOUND_WORDS} and self._is_honest(host):
            return (Mark(Sign.HONEST, "remembered"),)
        self._claimed.add(host)
        found = await self._once(_neighbour(look.url), ask)
        candour, marks = await self._read(look, doubts, found, ask)
        memory = HostMemory(candour=candour, asked_at=self._clock.utc_now())
        self._remembered[host] = self.learned[host] = memory
        return marks

    def _monthly(self, host: str, look: Look) -> bool:
        """Whether it is time to ask this host anyway, by this link."""
        if urlsplit(look.url).path in ("", "/") or host in self._claimed:
            return False
        memory = self._remembered.get(host)
        return memory is None or self._clock.utc_now() - memory.asked_at >= _A_MONTH

    def _is_honest(self, host: str) -> bool:
        memory = self._remembered.get(host)
        return (
            memory is not None
            and memory.candour is Candour.HONEST
            and self._clock.utc_now() - memory.asked_at < _A_MONTH
        )

    def _like_the_made_up(self, host: str, look: Look) -> bool:
        if host not in self._seen or look.page is None:
            return False
        url, page = self._seen[host]
        return same_page(look.page, page, a_url=look.url, b_url=url)

    async def _read(
        self, look: Look, doubts: frozenset[Sign], found: _Found | None, ask: Ask
    ) -> tuple[Candour, tuple[Mark, ...]]:
        if found is None:
            return Candour.UNCLEAR, ()
        if found.status in _NOT_THERE:
            return Candour.HONEST, (Mark(Sign.HONEST, "sibling"),)
        if not 200 <= found.status < 300:
            return Candour.UNCLEAR, ()
        end = _bare(look.landing.url or "")
        if look.landing.hops and found.redirected and end == _bare(found.url):
            folder = _folder(look.url)
            if folder.count("/") > 1 and end.startswith(folder):  # only a number in it counts
                return Candour.HONEST, (Mark(Sign.HONEST, "routing"),)
            return Candour.SAME, (Mark(Sign.SIBLING_SAME, "redirect"),)
        if found.redirected and _bare(found.url) in (_bare(look.url), end):
            return Candour.HONEST, (Mark(Sign.HONEST, "routing"),)  # any name leads to the page
        if found.page is not None:
            self._seen.setdefault(host_of(look.url), (found.url, found.page))
        if not _same(look, found):
            if Sign.NOT_FOUND_WORDS in doubts and found.missing:
                return Candour.SAME, (Mark(Sign.SIBLING_SAME, "words"),)
            return Candour.OTHER, ()
        return await self._explain_sameness(look, doubts, found, ask)

    async def _explain_sameness(
        self, look: Look, doubts: frozenset[Sign], found: _Found, ask: Ask
    ) -> tuple[Candour, tuple[Mark, ...]]:
        """Why a made-up address shows the link's page: there are innocent reasons."""
        same = (Mark(Sign.SIBLING_SAME, "page"),)
        if doubts & _PARKED:
            return Candour.SAME, same
        page = look.page
        if page is not None and page.canonical is not None and found.page is not None:
            home = _bare(page.canonical)
            if home == _bare(look.url) and home == _bare(found.page.canonical or ""):
                return Candour.HONEST, (Mark(Sign.HONEST, "routing"),)
        if page is not None and page.needs_js:
            return Candour.SAME, (Mark(Sign.UNDECIDABLE, "script"),)
        root = await self._once(_root(look.url), ask)
        if root is not None and 200 <= root.status < 300 and _same(look, root):
            return Candour.SAME, (Mark(Sign.UNDECIDABLE, "root"),)
        uncle = _uncle(look.url)
        if Sign.NOT_FOUND_WORDS not in doubts and uncle is not None:
            further = await self._once(uncle, ask)
            if further is not None and further.status in _NOT_THERE:
                return Candour.SAME, (Mark(Sign.UNDECIDABLE, "routing"),)
        return Candour.SAME, same

    async def _once(self, pattern: str, ask: Ask) -> _Found | None:
        """What stands at an address, asked for once a cycle; `*` in it is made up."""
        async with self._locks.setdefault(pattern, asyncio.Lock()):
            if pattern not in self._found:
                name = "".join(self._chance.choices(string.ascii_lowercase, k=_LETTERS))
                landing = await ask(pattern.replace("*", name))
                self._found[pattern] = None if landing is None else self._kept(landing)
            return self._found[pattern]

    def _kept(self, landing: Landing) -> _Found:
        answer, url = landing.answer, landing.url or ""
        status = answer.status if answer is not None and landing.fault is None else 0
        page, body = None, b""
        if answer is not None and 200 <= status < 300:
            page = read_page(answer.body, content_type=answer.headers.get("content-type"), url=url)
            body = _digest(answer.body)
        return _Found(
            status=status,
            url=url,
            redirected=bool(landing.hops),
            page=page,
            body=body,
            missing=page is not None and self._tells_missing(landing, page),
        )


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest() if body else b""


def _same(look: Look, found: _Found) -> bool:
    if look.page is None or found.page is None:
        body = _digest(look.landing.answer.body) if look.landing.answer else b""
        return look.page is found.page and bool(body) and body == found.body
    return same_page(look.page, found.page, a_url=look.landing.url or look.url, b_url=found.url)


def _sent_upwards(look: Look) -> bool:
    """Whether its redirects ended in a folder above it: where a site sends what it has no more."""
    above = f"{_bare(look.landing.url or '')}/"
    return bool(look.landing.hops) and _folder(look.url).startswith(above)


def _folder(url: str) -> str:
    return f"{_bare(url).rpartition('/')[0]}/"


def _bare(url: str) -> str:
    """A URL without what leads to the same place: scheme, `www.`, the last slash, its query."""
    parts = urlsplit(url)
    return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}"


def _neighbour(url: str) -> str:
    """The address beside a link, with `*` for the name; a page made by a query keeps its path."""
    parts = urlsplit(url.replace("*", "%2A"))
    if parts.query:
        made_up = urlencode([(name, "*") for name, _ in parse_qsl(parts.query)], safe="*") or "*"
        return urlunsplit(parts._replace(query=made_up, fragment=""))
    folder, _, name = parts.path.rstrip("/").rpartition("/")
    slash = "/" if parts.path.endswith("/") and name else ""
    suffix = "".join(name.rpartition(".")[1:]) if "." in name.strip(".") else ""
    if not 2 <= len(suffix) <= 6:
        suffix = ""
    return urlunsplit(parts._replace(path=f"{folder}/*{suffix}{slash}", fragment=""))


def _uncle(url: str) -> str | None:
    """The same one folder up; None where there is none."""
    parts = urlsplit(url.replace("*", "%2A"))
    folder = parts.path.rstrip("/").rpartition("/")[0]
    if parts.query or not folder:
        return None
    above = folder.rpartition("/")[0]
    return urlunsplit(parts._replace(path=f"{above}/*", fragment=""))


def _root(url: str) -> str:
    return urlunsplit(urlsplit(url.replace("*", "%2A"))._replace(path="/", query="", fragment=""))
