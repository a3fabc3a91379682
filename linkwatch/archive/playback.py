"""Copies played back, over aiohttp: what stands where an archive says it holds one (RFC 7089).

`Memento-Datetime` tells who speaks. Where it is present, the answer was archived, whatever its
status; where it is not, the archive itself is speaking, also with a 200.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from linkwatch.archive.access import Access
from linkwatch.archive.answers import (
    ArchiveDown,
    ArchiveGarbled,
    Capture,
    moment_of,
    stamp_of,
    trouble,
)
from linkwatch.archive.archives import Archives, not_for_archives
from linkwatch.archive.pace import Service
from linkwatch.errors import ArchiveError
from linkwatch.model import Fault, Hop
from linkwatch.web.archived import archive_of, memento_of
from linkwatch.web.client import Answer, Client, RequestFault
from linkwatch.web.linkformat import HEADER_CAP, links
from linkwatch.web.retry import retry_after_s
from linkwatch.web.url import has_userinfo, name_of, request_url, resolve

WITHIN: Final = timedelta(
    days=1
)  # of the capture: a redirect's target of another day is another page
BODY_CAP: Final = 1024 * 1024
_TIMEOUT_S: Final = 20.0
_MOST_STEPS: Final = 6
_FOLLOWED: Final = frozenset({301, 302, 303, 307, 308})
# `/web/20200101000000id_/https://example.org/`, and the like at other archives.
_PLACE = re.compile(
    r"(?P<head>.*?/)(?P<stamp>[0-9]{14})(?:[a-z]{2}_)?/(?P<original>https?:/.+)",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """An archived response, at the end of the archived redirects before it."""

    taken_at: datetime  # Memento-Datetime
    original: str  # what was asked for when it was archived
    hops: tuple[Hop, ...]  # the archived redirects, in the addresses of then
    answer: Answer

    @property
    def next_at(self) -> datetime | None:
        """When the archive's next copy of the page was taken; None: it does not tell."""
        told = links(self.answer.headers.get("link", "")[:HEADER_CAP])
        following = (link.at for link in told if {"next", "memento"} <= link.rel)
        return None if self.hops else next(following, None)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of then, as far as the archive hands them on."""
        then = {
            name.removeprefix("x-archive-orig-"): value
            for name, value in self.answer.headers.items()
            if name.startswith("x-archive-orig-")
        }
        kind = self.answer.headers.get("content-type")
        return {**({"content-type": kind} if kind else {}), **then}


@dataclass(frozen=True, slots=True)
class Astray:
    """A copy that could not be reached, though the archive spoke: why, as part of a sentence."""

    why: str


class Playback:
    """One Wayback Machine's playback, and through it the copies of other archives too."""

    def __init__(self, access: Access, client: Client, archives: Archives) -> None:
        self._access = access
        self._client = client
        self._archives = archives
        self._base_url = archives.base_url

    async def nearest(self, url: str, at: datetime) -> Capture | ArchiveError | None:
        """What the TimeGate holds to be the capture nearest to a moment; None: there is none.

        Of any status; which one, playing it back tells.
        """
        gate = f"{self._base_url}/web/{stamp_of(at)}id_/{url}"
        answer = await self._get(gate)
        if isinstance(answer, ArchiveError):
            return answer
        taken_at = self._taken_at(answer, gate)
        if taken_at is not None:  # to the second
            return Capture(timestamp=taken_at, original=url, status=None)
        if answer.status == 404:
            return None
        place = _place(resolve(gate, answer.location or "") or "")
        if place is None:
            return ArchiveGarbled("the archive's TimeGate leads to no copy")
        return Capture(timestamp=place[1], original=place[2], status=None)

    async def play(self, capture: Capture) -> Played | Astray | ArchiveError:
        """What a capture shows, as it was archived. Redirects are followed while they stay near."""
        url = capture.memento or self.raw_url(capture)
        original = capture.original
        hops: list[Hop] = []
        for _ in range(_MOST_STEPS):
            answer = await self._get(url, about=_page(capture.original))
            if isinstance(answer, ArchiveError):
                return answer
            taken_at = self._taken_at(answer, url)
            if taken_at is None and answer.status == 404:
                return Astray("the archive does not have it any more")
            if taken_at is not None:
                if abs(taken_at - capture.timestamp) > WITHIN:
                    return Astray("it leads to a copy of another time")
                if answer.status not in _FOLLOWED:
                    return Played(
                        taken_at=taken_at, original=original, hops=tuple(hops), answer=answer
                    )
            target = resolve(url, answer.location or "")
            place = _place(target or "")
            if target is None or (place is None and taken_at is None):
                return Astray("it leads to nowhere")
            if place is not None and abs(place[1] - capture.timestamp) > WITHIN:
                return Astray("it leads to a copy of another time")
            onward = place[2] if place else target
            if not_for_archives(onward, self._archives) is not None:
                return Astray("it leads to an address that no archive is asked about")
            if place is not None and not self._stays(url, target):
                return Astray("it leads away from the archive")
            if taken_at is not None:
                hops.append(Hop(url=original, status=answer.status, location=onward))
                original = onward
            url = self._onward(target, place, taken_at)
        return Astray("its redirects have no end")

    def raw_url(self, capture: Capture) -> str:
        """Where the bytes of a capture lie as they were archived: no toolbar, no other links."""
        return f"{self._base_url}/web/{stamp_of(capture.timestamp)}id_/{capture.original}"

    def shown_url(self, capture: Capture) -> str:
        """Where a person opens it."""
        if capture.memento is not None:
            return capture.memento
        return f"{self._base_url}/web/{stamp_of(capture.timestamp)}/{capture.original}"

    def _onward(
        self, target: str, place: tuple[str, datetime, str] | None, taken_at: datetime | None
    ) -> str:
        """The next address in the archive, of the raw bytes where it is ours to say so."""
        ours = f"{self._base_url}/web/"
        if place is not None and target.startswith(ours):
            return f"{ours}{stamp_of(place[1])}id_/{place[2]}"
        if place is None and taken_at is not None:  # archived as it was, with a live address
            return f"{ours}{stamp_of(taken_at)}id_/{target}"
        return target

    def _stays(self, url: str, target: str) -> bool:
        """Whether a redirect to a copy stays at its archive, or comes to the one we know."""
        if has_userinfo(target):
            return False
        name, to = name_of(url), name_of(target)
        near = to == name or to.endswith("." + name) or name.endswith("." + to)
        known = archive_of(target)
        return (
            near
            or to == name_of(self._base_url)
            or (known is not None and known == archive_of(url))
        )

    def _taken_at(self, answer: Answer, url: str) -> datetime | None:
        """When an answer was archived; None: the archive itself is speaking."""
        return memento_of(answer.headers, url, self._archives.wayback_url)

    async def _get(self, url: str, *, about: str | None = None) -> Answer | ArchiveError:
        """An archived response, a redirect of the archive's own, or its 404.

        `about`: the page, where this is one of its copies.
        """
        timeout_s = min(_TIMEOUT_S, self._archives.timeout_s)
        asked = request_url(url)
        if asked is None:
            return ArchiveGarbled("the archive gave an address that is none")

        async def question() -> Answer:
            answer = _unpacked(await get(self._client, asked, self._archives, timeout_s))
            if answer.remark is not None:
                raise ArchiveDown(f"of the copy only a part came: {answer.remark}", passing=True)
            leads = answer.status in _FOLLOWED and answer.location
            # A blank 404 is how an outage looked.
            missing = answer.status == 404 and answer.body.strip()
            if self._taken_at(answer, url) is not None or leads or missing:
                return answer
            asked_s = retry_after_s(answer.retry_after, self._access.clock.utc_now())
            words = answer.body[:65_536].decode("utf-8", "replace")
            raise trouble(answer.status, words, answer.headers, asked_s=asked_s)

        return await self._access.ask(
            url, Service.PLAYBACK, question, timeout_s=timeout_s, about=about
        )


async def get(client: Client, url: str, archives: Archives, timeout_s: float) -> Answer:
    """One request to an archive. Raises ArchiveError where no answer came."""
    try:
        return await client.get(
            url,
            timeout_s=timeout_s,
            user_agent=archives.user_agent,
            cookies={},
            body_cap=BODY_CAP,
        )
    except RequestFault as exc:
        why = "the archive could not be asked"
        if exc.fault is Fault.PRIVATE_ADDRESS:
            why = "the archive's address is not public"
        raise ArchiveDown(
            f"{why}: {exc.message}",
            passing=exc.fault is Fault.RESET,
            shut=exc.fault is Fault.REFUSED,
            silent=exc.fault is Fault.TIMEOUT,
        ) from exc


def _unpacked(answer: Answer) -> Answer:
    """The same, where a body that is packed came under an empty Content-Encoding: a known quirk."""
    if not answer.body.startswith(b"\x1f\x8b") or answer.headers.get("content-encoding"):
        return answer
    try:
        body = zlib.decompressobj(31).decompress(answer.body, BODY_CAP)
    except zlib.error:
        return answer
    return replace(answer, body=body)


def _page(original: str) -> str:
    """One name for a page, however its captures spell the address."""
    return re.sub(r"\Ahttps?://(www\.)?", "", original.lower()).rstrip("/")


def _place(url: str) -> tuple[str, datetime, str] | None:
    """What stands before a copy's timestamp, the timestamp, and the archived address."""
    match = _PLACE.fullmatch(url)
    taken_at = match and moment_of(match["stamp"])
    if match is None or taken_at is None:
        return None
    original = re.sub(r"\A(https?:)/+", r"\1//", match["original"], flags=re.IGNORECASE)
    return match["head"], taken_at, original
