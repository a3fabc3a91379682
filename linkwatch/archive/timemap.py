"""TimeMaps of other archives (RFC 7089, section 5): every copy that one of them, or all, hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from linkwatch.archive.access import Access
from linkwatch.archive.answers import ArchiveGarbled, Capture, trouble
from linkwatch.archive.archives import Archives
from linkwatch.archive.pace import Service
from linkwatch.archive.playback import get
from linkwatch.errors import ArchiveError
from linkwatch.web.client import Client
from linkwatch.web.linkformat import Link, links
from linkwatch.web.retry import retry_after_s
from linkwatch.web.url import has_userinfo, request_url, resolve

_TIMEOUT_S: Final = 40.0  # an aggregator asks many archives, and gives each half a minute
_MOST: Final = 5_000
_AHEAD: Final = timedelta(days=1)  # archives' clocks differ; some list copies from the future


def captures_in(listed: Iterable[Link], *, base: str, url: str, now: datetime) -> list[Capture]:
    """The copies that a TimeMap lists; their statuses are not told there.

    `base` is the TimeMap's own address, `url` the original's. Copies from the future are left out.
    """
    found: dict[str, Capture] = {}
    for link in islice(listed, _MOST):
        memento = request_url(resolve(base, link.target) or "")
        if "memento" not in link.rel or memento is None or has_userinfo(memento):
            continue
        if link.at is not None and link.at <= now + _AHEAD:
            found[memento] = Capture(timestamp=link.at, original=url, status=None, memento=memento)
    return list(found.values())


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
        if answer.status == 200:
            found = captures_in(links(text), base=address, url=url, now=now)
            is_list = next(links(text), None) is not None
            if found or (is_list and not answer.cut):
                return found
        asked_s = retry_after_s(answer.retry_after, now)
        raise trouble(answer.status, text[:65_536], answer.headers, asked_s=asked_s)

    return await access.ask(asked, Service.TIMEMAP, question, timeout_s=timeout_s)
