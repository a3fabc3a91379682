"""What an address says of itself: whether it is a front page, a document, a login.

Read from the URL alone. A redirect's two ends, read like this, tell where readers are sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from linkwatch.web.url import name_of

_LANGUAGE_CODES = (
    "af ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl he hi hr hu hy id is it "
    "ja ka kk ko lt lv mk mn ms mt nb nl nn no pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur "
    "uz vi zh"
)
_LANGUAGES = frozenset(_LANGUAGE_CODES.split())
_COUNTRY_CODES = (
    "ae ar at au be br ca ch cl cn co cz de dk es eu fi fr gb gr hk hu ie in it jp kr mx my nl nz "
    "no pl pt ro ru se sg th tr tw ua uk us vn za global int intl world"
)
_COUNTRIES = frozenset(_COUNTRY_CODES.split())
_LOCALE = re.compile(r"([a-z]{2,3})[-_](?:[a-z]{2,4}|419)", re.IGNORECASE)
_HOME_FILE = re.compile(
    r"(?:index|default|home|homepage|main|welcome|startseite|start)(?:\.\w{2,5})?", re.IGNORECASE
)
_TRACKING = re.compile(
    r"utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|ref|referr?er|src|source|from|lang|language|locale|hl|"
    r"redirect(?:ed)?|error|err|notfound|404|status|msg|cookie\w*|session\w*|_ga",
    re.IGNORECASE,
)
_ID_NAME = re.compile(
    r"p|id|\w*_id|\w*id|page|article|story|post|thread|topic|t|v|f|item|product|doc|file|node|"
    r"title|name|url|entry|news|aid|pid|tid|cid|nid|sku|isbn|key",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(r"[\d\-~_]|\.[a-z]\w{1,5}\Z|%[0-9a-f]{2}", re.IGNORECASE)
_LONG = 12

# What shortens addresses: its own say nothing of where they lead, so a front page is as good an
# end as any.
_SHORTENER_HOSTS = (
    "bit.ly t.co tinyurl.com goo.gl ow.ly buff.ly is.gd v.gd git.io aka.ms lnkd.in amzn.to "
    "youtu.be dlvr.it ift.tt "
    "rebrand.ly cutt.ly t.ly fb.me g.co j.mp tiny.cc shorturl.at rb.gy bl.ink s.id "
    "doi.org dx.doi.org hdl.handle.net purl.org purl.oclc.org w3id.org go.microsoft.com "
    "feedproxy.google.com l.facebook.com out.reddit.com href.li"
)
_SHORTENERS = frozenset(_SHORTENER_HOSTS.split())
_SHORT_HOST = 8
_CODE = re.compile(r"(?=[a-zA-Z]*[0-9A-Z])[0-9A-Za-z]{3,10}")


@dataclass(frozen=True)
class Place:
    """A URL, taken apart once."""

    host: str  # without port
    segments: tuple[str, ...]  # of the path, percent-decoded
    query: tuple[tuple[str, str], ...]
    fragment: str

    @cached_property
    def site(self) -> str:
        """The host without what is often put in front of it."""
        return re.sub(r"\A(?:www\d?|m|mobile)\.", "", self.host)

    @cached_property
    def is_home(self) -> bool:
        """A site's front page, in whatever language."""
        if self.fragment.startswith(("/", "!")) and len(self.fragment) > 2:
            return False  # the route of an app
        if any(not _TRACKING.fullmatch(name) for name, _ in self.query):
            return False
        segments = self.segments
        if segments and _HOME_FILE.fullmatch(segments[-1]):
            segments = segments[:-1]
        return len(segments) <= 2 and all(map(_is_locale, segments))

    @cached_property
    def is_deep(self) -> bool:
        """One document among many, which a front page can't stand for."""
        if self.is_home:
            return False
        if self.choosing:
            return True
        match self.segments:
            case ():
                return False
            case (only,):
                return not _is_locale(only) and (
                    len(only) >= _LONG or _DOCUMENT.search(only) is not None
                )
        return True

    @cached_property
    def choosing(self) -> tuple[str, ...]:
        """The query's names that choose one document of many; not those that follow readers."""
        return tuple(
            name
            for name, value in self.query
            if value
            and (_ID_NAME.fullmatch(name) or re.search(r"\d", value))
            and not _TRACKING.fullmatch(name)
        )

    @cached_property
    def is_short(self) -> bool:
        """An address that only points to another."""
        if self.host in _SHORTENERS:
            return True
        return (
            len(self.host) <= _SHORT_HOST
            and len(self.segments) == 1
            and _CODE.fullmatch(self.segments[0]) is not None
        )


@lru_cache(maxsize=1024)
def place_of(url: str) -> Place:
    """A URL taken apart; of one that can't be read, little is known."""
    try:
        parts = urlsplit(url)
        query = (
            tuple(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100))
            if parts.query
            else ()
        )
    except ValueError:
        return Place(host="", segments=(), query=(("", ""),), fragment="")
    segments = tuple(filter(None, parts.path.split("/")))
    if "%" in parts.path:
        segments = tuple(map(unquote, segments))
    return Place(host=name_of(url), segments=segments, query=query, fragment=parts.fragment)


def under(host: str, domains: frozenset[str]) -> str | None:
    """The one of `domains` that a host is, or lies under."""
    while host:
        if host in domains:
            return host
        host = host.partition(".")[2]
    return None


def _is_locale(segment: str) -> bool:
    lower = segment.lower()
    if lower in _LANGUAGES or lower in _COUNTRIES:
        return True
    match = _LOCALE.fullmatch(lower)
    return match is not None and (match[1] in _LANGUAGES or match[1] in _COUNTRIES)
