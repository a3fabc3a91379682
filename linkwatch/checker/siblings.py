"""Whether a host means its answers: asking it for an address that was made up.

A page with a 200 may stand for nothing. A neighbour of the link with a random name tells: a host
that answers it with 404 means its pages; one that shows the same page for it may show that for
anything. Asked only where a page raises a doubt, or once a host a month, and what a host said
serves its other links.
"""

from __future__ import annotations

import asyncio
import string
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from random import Random
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from linkwatch.checker.reading import page_of, says_missing
from linkwatch.checker.walk import Landing
from linkwatch.clock import Clock
from linkwatch.model import Candour, HostMemory, Mark, Sign
from linkwatch.web.gist import Gist, gist_of, same_gist
from linkwatch.web.page import Page
from linkwatch.web.places import place_of
from linkwatch.web.url import bare, host_of

_LETTERS = 25
_A_MONTH = timedelta(days=30)
_LONG_TEXT = 1500  # characters: what says that a page is missing has no more to say
_QUESTIONS = 5  # made-up addresses a host and cycle
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


@dataclass(frozen=True, kw_only=True)
class Look:
    """A link's page, as far as a neighbour could be like it."""

    url: str  # the request for the link
    landing: Landing
    page: Page | None
    signs: frozenset[Sign]

    @cached_property
    def gist(self) -> Gist | None:
        """What of the page others are compared with."""
        if self.page is None:
            return None
        return gist_of(self.page, self.landing.url or self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What stood at an address; small, since it is kept for the whole cycle."""

    status: int  # 0: no answer, or none that could be followed
    url: str  # where it ended
    redirected: bool
    gist: Gist | None  # of a 2xx
    body: bytes  # its digest
    missing: bool  # it says that there is no such page


class Siblings:
    """The made-up addresses of one cycle, and what they told."""

    def __init__(self, *, clock: Clock, chance: Random) -> None:
        self._remembered: dict[str, HostMemory] = {}  # by place, see _place
        self._asked: dict[str, datetime] = {}  # by host: when last
        self._questions: Counter[str] = Counter()  # by host, in this cycle
        self._clock = clock
        self._chance = chance
        self._found: dict[str, _Found | None] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._seen: dict[str, Gist] = {}  # by host: what a made-up address showed
        self.learned: dict[str, HostMemory] = {}

    def recall(self, remembered: Mapping[str, HostMemory]) -> None:
        """What earlier cycles learned, by place."""
        for place, memory in remembered.items():
            self._keep(place, memory)

    def _keep(self, place: str, memory: HostMemory) -> None:
        self._remembered[place] = memory
        host = place.partition("/")[0]
        self._asked[host] = max(memory.asked_at, self._asked.get(host, memory.asked_at))

    async def marks(self, look: Look, ask: Ask) -> tuple[Mark, ...]:
        """What a neighbour of the link tells about its page; nothing where there is no question.

        `ask` follows redirects; None means that the question could not be put.
        """
        host, place = host_of(look.url), _place(look.url)
        doubts = look.signs & _DOUBTS
        doubtful = bool(doubts) or _sent_upwards(look) or self._is(Candour.SAME, place)
        if not (doubtful or self._monthly(host, look) or self._like_the_made_up(host, look)):
            return ()
        if doubtful and not doubts & _PARKED and self._is(Candour.HONEST, place):
            return (Mark(Sign.HONEST, "remembered"),)
        if self._questions[host] >= _QUESTIONS:
            return ()
        self._asked[host] = self._clock.utc_now()  # whoever comes next need not ask as well
        found = await self._once(_neighbour(look.url), ask)
        candour, marks = await self._read(look, doubts, found, ask)
        if candour is not Candour.UNCLEAR or place not in self._remembered:
            memory = HostMemory(candour=candour, asked_at=self._clock.utc_now())
            self.learned[place] = memory
            self._keep(place, memory)
        return marks

    def _monthly(self, host: str, look: Look) -> bool:
        """Whether it is time to ask this host anyway, by this link."""
        parts = urlsplit(look.url)
        if parts.path in ("", "/") or parts.query:
            return False
        return host not in self._asked or self._clock.utc_now() - self._asked[host] >= _A_MONTH

    def is_honest(self, url: str) -> bool:
        """Whether a host answered a made-up address beside this link with 404 of late."""
        return self._is(Candour.HONEST, _place(url))

    def _is(self, candour: Candour, place: str) -> bool:
        memory = self._remembered.get(place)
        return (
            memory is not None
            and memory.candour is candour
            and self._clock.utc_now() - memory.asked_at < _A_MONTH
        )

    def _like_the_made_up(self, host: str, look: Look) -> bool:
        seen = self._seen.get(host)
        return seen is not None and look.gist is not None and same_gist(look.gist, seen)

    async def _read(
        self, look: Look, doubts: frozenset[Sign], found: _Found | None, ask: Ask
    ) -> tuple[Candour, tuple[Mark, ...]]:
        if found is None:
            return Candour.UNCLEAR, ()
        if found.status in _NOT_THERE:
            return Candour.HONEST, (Mark(Sign.HONEST, "sibling"),)
        if not 200 <= found.status < 300:
            return Candour.UNCLEAR, ()
        end = bare(look.landing.url or "")
        if look.landing.hops and found.redirected and end == bare(found.url):
            folder = _folder(look.url)
            if folder.count("/") > 1 and end.startswith(folder):  # only a number in it counts
                return Candour.OTHER, (Mark(Sign.HONEST, "routing"),)
            return Candour.SAME, (Mark(Sign.SIBLING_SAME, "redirect"),)
        if found.redirected and bare(found.url) in (bare(look.url), end):
            return Candour.OTHER, (Mark(Sign.HONEST, "routing"),)  # any name leads to the page
        if found.gist is not None:
            self._seen.setdefault(host_of(look.url), found.gist)
        if not _same(look, found):
            if Sign.NOT_FOUND_WORDS in doubts and found.missing:
                return Candour.SAME, (Mark(Sign.SIBLING_SAME, "words"),)
            # What is unknown here is shown another page: a long one is what it is.
            long = look.gist is not None and look.gist.length >= _LONG_TEXT
            return Candour.OTHER, (Mark(Sign.HONEST, "other"),) if long and doubts else ()
        return await self._explain_sameness(look, doubts, found, ask)

    async def _explain_sameness(
        self, look: Look, doubts: frozenset[Sign], found: _Found, ask: Ask
    ) -> tuple[Candour, tuple[Mark, ...]]:
        """Why a made-up address shows the link's page: there are innocent reasons."""
        same = (Mark(Sign.SIBLING_SAME, "page"),)
        if doubts & _PARKED:
            return Candour.SAME, same
        if _says_so_itself(look, found):
            return Candour.OTHER, (Mark(Sign.HONEST, "routing"),)
        if look.gist is not None and look.gist.needs_js:
            return Candour.OTHER, (Mark(Sign.UNDECIDABLE, "script"),)
        root = await self._once(_root(look.url), ask)
        if root is not None and 200 <= root.status < 300 and _same(look, root):
            return Candour.OTHER, (Mark(Sign.UNDECIDABLE, "root"),)
        if Sign.NOT_FOUND_WORDS not in doubts:
            # An address of which only a part counts: what the rest of it is does not matter.
            further = await self._once(_further(look.url), ask)
            if further is not None and not _same(look, further):
                return Candour.OTHER, (Mark(Sign.UNDECIDABLE, "routing"),)
        return Candour.SAME, same

    async def _once(self, pattern: str, ask: Ask) -> _Found | None:
        """What stands at an address, asked for once a cycle; `*` in it is made up."""
        async with self._locks.setdefault(pattern, asyncio.Lock()):
            if pattern not in self._found:
                self._questions[host_of(pattern)] += 1
                name = "".join(self._chance.choices(string.ascii_lowercase, k=_LETTERS))
                landing = await ask(pattern.replace("*", name))
                self._found[pattern] = None if landing is None else _kept(landing)
            return self._found[pattern]


def _kept(landing: Landing) -> _Found:
    answer, url = landing.answer, landing.url or ""
    status = answer.status if answer is not None and landing.fault is None else 0
    page, body = None, b""
    if answer is not None and 200 <= status < 300:
        page, body = page_of(landing), _digest(answer.body)
    return _Found(
        status=status,
        url=url,
        redirected=bool(landing.hops),
        gist=None if page is None else gist_of(page, url),
        body=body,
        missing=page is not None and says_missing(landing, page),
    )


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest() if body else b""


def _same(look: Look, found: _Found) -> bool:
    if look.gist is None or found.gist is None:
        body = _digest(look.landing.answer.body) if look.landing.answer else b""
        return look.gist is found.gist and bool(body) and body == found.body
    return same_gist(look.gist, found.gist)


def _sent_upwards(look: Look) -> bool:
    """Whether its redirects ended in a folder above it: where a site sends what it has no more."""
    above = f"{bare(look.landing.url or '')}/"
    return bool(look.landing.hops) and _folder(look.url).startswith(above)


def _folder(url: str) -> str:
    return f"{bare(url).rpartition('/')[0]}/"


def _neighbour(url: str) -> str:
    """The address beside a link, with `*` for the name.

    Where the query chooses the page, its values are made up, and the path stays. What else a
    query says (where a reader comes from) is left out.
    """
    parts = urlsplit(url.replace("*", "%2A"))
    choosing = frozenset(place_of(url).choosing)
    if choosing:
        made_up = [
            (name, "*" if name in choosing else value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
        return urlunsplit(parts._replace(query=urlencode(made_up, safe="*"), fragment=""))
    return _beside(parts)


def _beside(parts: SplitResult) -> str:
    folder, _, name = parts.path.rstrip("/").rpartition("/")
    slash = "/" if parts.path.endswith("/") and name else ""
    suffix = "".join(name.rpartition(".")[1:]) if "." in name.strip(".") else ""
    if not 2 <= len(suffix) <= 6:
        suffix = ""
    return urlunsplit(parts._replace(path=f"{folder}/*{suffix}{slash}", query="", fragment=""))


def _further(url: str) -> str:
    """A made-up address further off: beside the page that a query chooses from, a folder up."""
    parts = urlsplit(url.replace("*", "%2A"))
    if place_of(url).choosing:
        return _beside(parts)
    above = parts.path.rstrip("/").rpartition("/")[0].rpartition("/")[0]
    return urlunsplit(parts._replace(path=f"{above}/*", query="", fragment=""))


def _place(url: str) -> str:
    """What a made-up address speaks for: the host, and the first of the link's folders."""
    first, _, rest = urlsplit(url).path.lstrip("/").partition("/")
    return f"{host_of(url)}/{first}" if rest.strip("/") else f"{host_of(url)}/"


def _says_so_itself(look: Look, found: _Found) -> bool:
    """Whether both addresses show a page that calls the link's its own."""
    itself = look.gist.canonical if look.gist is not None else None
    if itself is None or found.gist is None or urlsplit(itself).path in ("", "/"):
        return False
    asked, named = urlsplit(look.url), urlsplit(itself)
    return (
        bare(itself) == bare(look.url)
        and itself == found.gist.canonical
        and (named.query == asked.query or not place_of(look.url).choosing)
    )


def _root(url: str) -> str:
    return urlunsplit(urlsplit(url.replace("*", "%2A"))._replace(path="/", query="", fragment=""))
