"""Addresses of archived copies: whose they are, and of what.

Read from the address alone, in every form that people paste: with modes (`id_`), partial times,
originals without a scheme, percent-encoded or with a slash lost on the way, copies of copies.
What an archive answers is told apart by its headers: an answer with a `Memento-Datetime` is the
archived one, whatever its status; without it the archive itself is speaking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from linkwatch.web.linkformat import HEADER_CAP, http_date, links
from linkwatch.web.places import under
from linkwatch.web.url import host_of, link_of, name_of, request_url

WAYBACK: Final = "web.archive.org"
_TODAY: Final = "archive.today"
_PERMA: Final = "perma.cc"

# By domain, the archive it belongs to.
_ARCHIVES: Final[Mapping[str, str]] = {
    WAYBACK: WAYBACK,
    "wayback.archive.org": WAYBACK,
    "archive.today": _TODAY,
    "archive.ph": _TODAY,
    "archive.is": _TODAY,
    "archive.li": _TODAY,
    "archive.vn": _TODAY,
    "archive.fo": _TODAY,
    "archive.md": _TODAY,
    _PERMA: _PERMA,
}
_DOMAINS: Final = frozenset(_ARCHIVES)
_ENDS: Final = tuple(_ARCHIVES)
_LIBRARY: Final = frozenset({"archive.org", "www.archive.org"})  # copies are below /web/ alone

_DEEPEST = 8  # copies of copies of copies
_DECODINGS = 3

_REST = re.compile(r"https?:/{0,2}[^/?#\\]*([^#]*)", re.IGNORECASE | re.DOTALL)
_PLAYBACK = re.compile(r"/+web/+(?:(\d{1,14})(?:[a-z]{2,5}_)?/+)?(.+)", re.DOTALL)
_SHORT = re.compile(
    r"/(?:wip/)?(?!submit|newest|oldest|search)[A-Za-z0-9]{4,6}(?:[/?].*)?", re.DOTALL
)
_BY_TIME = re.compile(
    r"/(?:newest|oldest|timegate|o/[A-Za-z0-9]{4,6}|"
    r"(\d{4,14})|(\d{4}\.\d{2}\.\d{2}(?:-\d{2,6})?))/+(.+)",
    re.DOTALL,
)
_PERMA_ID = re.compile(r"/(?:[0-9A-Z]{4}-[0-9A-Z]{4}|0[0-9A-Za-z]{9,10})/?(?:\?.*)?", re.DOTALL)

_SCHEME = re.compile(r"(https?):/*(.+)", re.IGNORECASE | re.DOTALL)
_ENCODED_SCHEME = re.compile(r"(https?)%(?:25)*3A(.+)", re.IGNORECASE | re.DOTALL)
_ENCODED_HOST = re.compile(r"[\w.\-]+(?:%(?:25)*3A\d{1,5})?%(?:25)*2F", re.IGNORECASE)
_HOST = re.compile(r"[^\s/?#:@%*]+\.[^\s/?#:@%.*]+(?::\d{1,5})?(?=[/?]|\Z)")
_ENCODED = re.compile(r"%(2[1-9A-F]|[3-6][0-9A-F]|7[0-9A-E])", re.IGNORECASE)  # printable ASCII
_NO_TIME = "00000101000000"  # what a partial time leaves out


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """The address of a copy, taken apart."""

    archive: str  # its name
    original: str | None  # the link that was archived; None: the address does not tell
    timestamp: datetime | None  # None: the address does not tell, or the nearest will do


def archive_of(url: str, wayback_url: str = "") -> str | None:
    """The archive that a URL lies at, by name; None: it lies at none that we know.

    `wayback_url`: of an archive of one's own (`archive.wayback_url`), named by its host.
    """
    name = name_of(url)
    archive = archive_called(name)
    if archive is not None:
        return archive
    if name in _LIBRARY and urlsplit(request_url(url) or "").path.startswith("/web/"):
        return WAYBACK
    return name if _base(url, wayback_url) is not None else None


def archive_called(name: str) -> str | None:
    """The archive that answers to a host's name."""
    if not name.endswith(_ENDS):  # nearly every name
        return None
    domain = under(name, _DOMAINS)
    return None if domain is None else _ARCHIVES[domain]


def has_mementos(archive: str) -> bool:
    """Whether an archive marks its copies with a `Memento-Datetime`, always."""
    return archive not in (_TODAY, _PERMA)


def traces(wayback_url: str = "") -> tuple[str, ...]:
    """Texts of which one stands in the name of every host that may hold copies."""
    own = name_of(wayback_url) if wayback_url else ""
    return ("archive.", _PERMA, own) if own else ("archive.", _PERMA)


def archived(url: str, wayback_url: str = "") -> Archived | None:
    """A URL as the address of a copy; None: it is none (also an archive's calendars and forms).

    Of a copy of a copy, the original is the innermost one.
    """
    found = _taken_apart(url, wayback_url)
    if found is None:
        return None
    original = found.original
    for _ in range(_DEEPEST):
        if original is None or archive_of(original, wayback_url) is None:
            break
        inner = _taken_apart(original, wayback_url)
        original = inner.original if inner is not None else None
    else:
        original = None
    return Archived(archive=found.archive, original=original, timestamp=found.timestamp)


def memento_of(headers: Mapping[str, str], url: str, wayback_url: str = "") -> datetime | None:
    """When what an archive answered was captured; None: the archive itself is speaking.

    `headers` by lower-case name; `url` is what was asked, whose time stands in for a garbled one.
    """
    text = headers.get("memento-datetime")
    if text is None:
        return None
    at = http_date(text)
    found = _taken_apart(url, wayback_url) if at is None else None
    return found.timestamp if found is not None else at


def original_in(headers: Mapping[str, str], wayback_url: str = "") -> str | None:
    """The link that an archive's answer says it is a copy of (`Link: <...>; rel="original"`)."""
    for link in links(headers.get("link", "")[:HEADER_CAP]):
        if "original" in link.rel:
            original = _original(link.target)
            if original is None or archive_of(original, wayback_url) is None:
                return original
            inner = archived(original, wayback_url)
            return inner.original if inner is not None else None
    return None


def _base(url: str, wayback_url: str) -> str | None:
    """The path below which the copies of one's own archive lie; None: this URL is not there."""
    if not wayback_url or host_of(url) != host_of(wayback_url) or not host_of(url):
        return None
    base = urlsplit(wayback_url).path.rstrip("/")
    match = _REST.match(url)
    return base if match is not None and f"{match[1]}/".startswith(f"{base}/") else None


def _taken_apart(url: str, wayback_url: str) -> Archived | None:
    archive = archive_of(url, wayback_url)
    match = _REST.match(url) if archive is not None else None
    if archive is None or match is None:
        return None
    rest = match[1]
    match archive:
        case "archive.today":
            return _today(rest)
        case "perma.cc":
            if not _PERMA_ID.fullmatch(rest):
                return None
            return Archived(archive=archive, original=None, timestamp=None)
        case _:
            base = "" if archive == WAYBACK else _base(url, wayback_url) or ""
            return _wayback(archive, rest.removeprefix(base))


def _wayback(archive: str, rest: str) -> Archived | None:
    match = _PLAYBACK.fullmatch(rest)
    original = _original(match[2]) if match is not None else None
    if match is None or (original is None and match[1] is None):
        return None
    return Archived(archive=archive, original=original, timestamp=_moment(match[1] or ""))


def _today(rest: str) -> Archived | None:
    match = _BY_TIME.fullmatch(rest)
    if match is not None:
        stamp = match[1] or re.sub(r"\D", "", match[2] or "")
        return Archived(archive=_TODAY, original=_original(match[3]), timestamp=_moment(stamp))
    if _SHORT.fullmatch(rest):
        return Archived(archive=_TODAY, original=None, timestamp=None)
    return None


def _moment(stamp: str) -> datetime | None:
    """The beginning of a time of 4 to 14 digits; None: it is none (`2` is the newest)."""
    if len(stamp) < 4:
        return None
    try:
        return datetime.strptime(f"{stamp}{_NO_TIME[len(stamp) :]} +0000", "%Y%m%d%H%M%S %z")
    except ValueError:
        return None


def _original(text: str) -> str | None:
    """The link that stands in an archive's address or header; None: it is none for us."""
    text = text.lstrip("/")
    for _ in range(_DECODINGS):
        match = _ENCODED_SCHEME.match(text)
        if match is not None and match[2].startswith("/"):
            text = f"{match[1]}:{match[2]}"  # only the colon: the rest is as it was
        elif match is not None or _ENCODED_HOST.match(text):
            text = _ENCODED.sub(lambda m: chr(int(m[1], 16)), text)
        else:
            break
    match = _SCHEME.match(text)
    if match is not None:
        text = f"{match[1]}://{match[2]}"
    elif _HOST.match(text):
        text = f"http://{text}"
    else:
        return None
    link = link_of(text)
    return link if request_url(link) is not None else None
