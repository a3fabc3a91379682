"""TimeMaps of other archives (RFC 7089, section 5): every copy that one of them, or all, hold.

A TimeMap is a list of links in the form of RFC 6690. The parsers at hand (requests', aiohttp's) are
made for one header: they break at the `;` and `,` that archived addresses are full of. So the
targets, which stand in angle brackets, are found first, and what follows them is read after that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Final

from linkwatch.archive.access import Access
from linkwatch.archive.answers import ArchiveGarbled, Capture, trouble
from linkwatch.archive.archives import Archives
from linkwatch.archive.pace import Service
from linkwatch.archive.playback import get
from linkwatch.errors import ArchiveError
from linkwatch.web.client import Client
from linkwatch.web.retry import retry_after_s
from linkwatch.web.url import has_userinfo, request_url, resolve

_TIMEOUT_S: Final = 40.0  # an aggregator asks many archives, and gives each half a minute
_MOST: Final = 5_000
_AHEAD: Final = timedelta(days=1)  # archives' clocks differ; some list copies from the future

_LINK = re.compile(r"<([^<>\s]{1,8000})>([^<>]{0,2000})")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
_DATETIME = re.compile(r";\s*datetime\s*=\s*\"([^\"]*)\"", re.IGNORECASE)


def captures_in(text: str, *, base: str, url: str, now: datetime) -> list[Capture]:
    """The copies that a TimeMap lists; their statuses are not told there.

    `base` is the TimeMap's own address, `url` the original's. Copies from the future are left out.
    """
    found: dict[str, Capture] = {}
    for target, rest in islice(_links(text), _MOST):
        rel = _REL.search(rest)
        if rel is None or "memento" not in (rel[1] or rel[2]).lower().split():
            continue
        taken_at = _moment(rest)
        memento = request_url(resolve(base, target) or "")
        if memento is None or has_userinfo(memento) or taken_at is None or taken_at > now + _AHEAD:
            continue
        found[memento] = Capture(timestamp=taken_at, original=url, status=None, memento=memento)
    return list(found.values())


def _links(text: str) -> Iterator[tuple[str, str]]:
    for match in _LINK.finditer(text):
        yield match[1], match[2]


def _moment(parameters: str) -> datetime | None:
    said = _DATETIME.search(parameters)
    try:
        moment = parsedate_to_datetime(said[1]) if said else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


async def listed(
    timemap: str, url: str, access: Access, client: Client, archives: Archives
) -> list[Capture] | ArchiveError:
    """The copies of a URL that the archive behind a TimeMap's prefix lists; none is `[]`."""
    asked = f"{timemap}{url}"
    timeout_s = min(_TIMEOUT_S, archives.timeout_s)

    async def question() -> list[Capture]:
        address = request_url(asked)
        if address is None:
            raise ArchiveGarbled("the TimeMap's address is none")
        answer = await get(client, address, archives, timeout_s)
        if answer.status == 404 and answer.body.strip():
            return []
        text = answer.body.decode("utf-8", "replace")
        now = access.clock.utc_now()
        if answer.status == 200 and next(_links(text), None) is not None:
            found = captures_in(text, base=address, url=url, now=now)
            if found or (_REL.search(text) and not answer.cut):
                return found
        asked_s = retry_after_s(answer.retry_after, now)
        raise trouble(answer.status, text[:65_536], answer.headers, asked_s=asked_s)

    return await access.ask(asked, Service.TIMEMAP, question, timeout_s=timeout_s)
