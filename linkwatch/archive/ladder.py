"""One link's way up the archives: from a cheap question to dearer ones, until a copy is verified.

First the availability service, which is quick (or the TimeGate, where that can't be asked now);
then the index (CDX), which is slow; then the TimeGate for other spellings of the address; then
other archives' TimeMaps. Every copy is opened before it is offered, three at the most.

Only two witnesses together can say that there is no copy: availability says so of archived pages
too, and an outage can look like an empty index. So it takes the index's well-formed empty answer
and the TimeGate's own 404, for each spelling. What went wrong on the way is never "none".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from linkwatch.archive.access import Access
from linkwatch.archive.answers import ArchiveDown, ArchiveGarbled, Capture, Unasked
from linkwatch.archive.archives import Archives
from linkwatch.archive.choose import end_of_day, not_after, ranked, usable, variants
from linkwatch.archive.climb import Climb, not_asked, outcome_of, settle
from linkwatch.archive.pace import Service
from linkwatch.archive.playback import Astray, Playback
from linkwatch.archive.savable import why_not_told
from linkwatch.archive.threads import Threads
from linkwatch.archive.timemap import listed
from linkwatch.archive.verify import flaw
from linkwatch.errors import ArchiveBusy, ArchiveError, ArchiveRefused
from linkwatch.model import Lookup, Outcome, Snapshot, Wanted
from linkwatch.web.archived import archived
from linkwatch.web.client import Client
from linkwatch.web.url import name_of, request_url

if TYPE_CHECKING:  # waybackpy and requests take a fifth of a second that only a rescue is to pay
    from linkwatch.archive.wayback import Wayback

T = TypeVar("T")

ROWS: Final = 200  # of the index a question, some 30 kB
_AVAILABILITY_S: Final = 20.0
_CDX_S: Final = 60.0  # the index has been seen to need 52 s

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Ladder:
    """The archives, as every lookup of one rescue asks them."""

    def __init__(
        self,
        archives: Archives,
        access: Access,
        client: Client,
        wayback: Wayback,
        threads: Threads,
    ) -> None:
        self._archives = archives
        self._access = access
        self._client = client
        self._wayback = wayback
        self._threads = threads
        self._playback = Playback(access, client, archives)

    async def lookup(self, want: Wanted) -> Lookup:
        """All that is asked about one link, and what it adds up to."""
        why = why_not_told(want.url, self._archives)
        if why is not None:
            return not_asked(want, why)
        climb = Climb(
            want=want,
            url=request_url(want.url) or want.url,
            done=set(want.flawed),
            opened=want.tried,
        )
        end = await self._again(climb) or await self._climb(climb)
        clock = self._access.clock
        stop = self._access.paces.wayback.stopped()
        stopped_s = stop.until_s - clock.monotonic_s() if stop else 0.0
        return settle(climb, end, now=clock.utc_now(), stopped_s=stopped_s)

    async def _again(self, climb: Climb) -> Snapshot | Outcome | None:
        """What a copy shows today that was found before; None: no copy, or it will not do."""
        copy = climb.want.again
        if copy is None:
            return None
        known = archived(copy.url, self._archives.wayback_url)
        ours = copy.url.startswith(f"{self._archives.base_url}/web/")
        climb.done.discard(copy.url)
        capture = Capture(
            timestamp=copy.timestamp,
            original=(known.original if known else None) or climb.url,
            status=copy.status,
            memento=None if ours else copy.url,
        )
        shown = await self._open(climb, [capture], whenever=True)
        if shown is None and climb.refused:
            climb.flawed.append(self._snapshot(capture, flaw="the archive shows it no more"))
        if shown is None and climb.unopened is not None:
            return self._snapshot(climb.unopened)
        if shown is None and climb.troubles:
            return outcome_of(climb.troubles[-1])
        return shown

    async def _climb(self, climb: Climb) -> Snapshot | Outcome:
        """A verified copy; else what the archives have: nothing, nothing good, or silence."""
        near = await self._near(climb)
        climb.asked = climb.asked or not isinstance(near, Unasked)
        climb.refused = climb.refused or isinstance(near, ArchiveRefused)
        if isinstance(near, Unasked) and near.outcome is Outcome.QUEUED:
            return self._open_question(climb, near)
        if isinstance(near, Capture):
            climb.found.append(near)
            if settled(near, climb.want) and (copy := await self._open(climb, [near])):
                return await self._closer(climb, copy) if climb.closer else copy
        rows = await self._rows(climb, climb.url)
        climb.found += rows if isinstance(rows, list) else []
        if copy := await self._open(climb, climb.found):
            climb.perhaps_better = bool(climb.troubles)
            return copy
        if not isinstance(rows, ArchiveRefused) and not climb.spent:
            await self._other_spellings(climb, rows)
            if copy := await self._open(climb, climb.found):
                climb.perhaps_better = bool(climb.troubles)
                return copy
        if copy := await self._elsewhere(climb, rows):
            return copy
        if climb.refused:
            return Outcome.EXCLUDED
        if climb.unopened is not None:  # the best that could not be shown now, as not verified
            return self._snapshot(climb.unopened)
        return Outcome.NO_GOOD_COPY if climb.found else Outcome.NOT_ARCHIVED

    async def _closer(self, climb: Climb, copy: Snapshot) -> Snapshot:
        """A copy between a good one and the citation, which availability had overlooked.

        It never offers revisits: of a page that stays as it is, it knows the first copy alone.
        """
        rows = await self._rows(climb, climb.url)
        climb.found += rows if isinstance(rows, list) else []
        closer = await self._open(climb, climb.found)
        climb.perhaps_better = bool(climb.troubles)
        return closer if closer is not None and closer.verified else copy

    def _open_question(self, climb: Climb, error: ArchiveError) -> Outcome:
        climb.troubles.append(error)
        return outcome_of(error)

    async def _near(self, climb: Climb) -> Capture | ArchiveError | None:
        """The nearest capture of all: from availability, else from the TimeGate.

        From the TimeGate too where availability is ill, or has no place before it.
        """
        url, at = climb.url, climb.want.cited_at
        archives, pace = self._archives, self._access.paces.wayback
        busy_s = pace.endpoint(Service.AVAILABILITY).wait_s()
        ill = self._access.hindrance(archives.availability_url, Service.AVAILABILITY) is not None
        if not ill and busy_s <= pace.endpoint(Service.PLAYBACK).wait_s():
            near = await self._access.ask(
                archives.availability_url,
                Service.AVAILABILITY,
                lambda: self._threads.run(lambda: self._wayback.nearest(url, at)),
                timeout_s=min(_AVAILABILITY_S, archives.timeout_s),
            )
            climb.asked = not isinstance(near, Unasked)
            if not isinstance(near, ArchiveDown | ArchiveGarbled):
                return near
        return await self._playback.nearest(url, at)

    async def _rows(self, climb: Climb, url: str) -> list[Capture] | ArchiveError:
        """The index's captures around the citation, and before it where those are crowded out."""
        want = climb.want
        rows = self._note(climb, await self._index(url, want.cited_at))
        climb.refused = climb.refused or isinstance(rows, ArchiveRefused)
        if isinstance(rows, list) and crowded(rows, want):
            earlier = await self._index(url, want.cited_at, until=end_of_day(want.cited_at))
            if isinstance(earlier, list):
                return earlier + rows
            self._note(climb, earlier)
        return rows

    async def _index(
        self, url: str, at: datetime, *, until: datetime | None = None
    ) -> list[Capture] | ArchiveError:
        return await self._access.ask(
            self._archives.cdx_url,
            Service.CDX,
            lambda: self._threads.run(
                lambda: self._wayback.captures(url, at, limit=ROWS, until=until)
            ),
            timeout_s=min(_CDX_S, self._archives.timeout_s),
        )

    async def _other_spellings(self, climb: Climb, rows: list[Capture] | ArchiveError) -> None:
        """Ask the TimeGate for the address and its other spellings, and keep what they find.

        Where the archive knew the address, only the last slash is left to try: it files http, https
        and `www.` under one key. Where the index could not be asked, this is the second witness.
        """
        others = variants(climb.url)
        if not isinstance(rows, list):
            spellings = [climb.url]
        else:
            spellings = others[:1] if climb.found else [climb.url, *others]
        for spelling in spellings:
            gate = self._note(climb, await self._playback.nearest(spelling, climb.want.cited_at))
            climb.refused = climb.refused or isinstance(gate, ArchiveRefused)
            if isinstance(gate, ArchiveError):
                return  # the next would meet the same
            known = {capture.timestamp for capture in climb.found}
            if gate is not None and gate.timestamp not in known:
                climb.found.append(gate)
                if spelling != climb.url:
                    more = await self._rows(climb, spelling)
                    climb.found += more if isinstance(more, list) else []

    async def _elsewhere(self, climb: Climb, rows: list[Capture] | ArchiveError) -> Snapshot | None:
        """A copy from another archive."""
        for timemap in self._archives.timemaps:
            if climb.spent:
                return None
            found = self._note(
                climb,
                await listed(timemap, climb.url, self._access, self._client, self._archives),
            )
            if isinstance(found, ArchiveError):
                continue
            ours = f"{self._archives.base_url}/web/"
            if isinstance(rows, list):  # an aggregator repeats what the index has told us
                found = [one for one in found if not (one.memento or "").startswith(ours)]
            climb.found += found
            if copy := await self._open(climb, climb.found):
                return copy
        return None

    async def _open(
        self, climb: Climb, captures: Iterable[Capture], *, whenever: bool = False
    ) -> Snapshot | None:
        """The first of some captures, the best first, that shows the page when it is opened.

        `whenever`: also of those from after the link began to fail.
        """
        want = climb.want
        failed_at = _NEVER if whenever else want.failed_at
        for capture in ranked(captures, cited_at=want.cited_at, failed_at=failed_at):
            shown = self._playback.shown_url(capture)
            if climb.spent:
                return None
            if shown in want.proven or shown == climb.good:
                return self._snapshot(capture, verified=True)
            climb.first_flaw = climb.first_flaw or want.flawed.get(shown, "")
            if shown in climb.done or (capture.digest and capture.digest in climb.digests):
                continue
            played = self._note(climb, await self._playback.play(capture))
            climb.done.add(shown)
            if isinstance(played, ArchiveRefused):
                climb.refused = climb.refused or capture.memento is None
                return None
            if isinstance(played, ArchiveError):
                if climb.unopened is None and capture.status == 200:
                    climb.unopened = capture
                if isinstance(played, Unasked | ArchiveBusy):
                    return None
            if isinstance(played, ArchiveError | Astray):
                climb.astray += 1  # which may pass, and is held against no copy
                continue
            climb.opened += 1
            why = flaw(played, link=want.url, cited_at=want.cited_at, seen=want.seen)
            climb.closer = _is_closer(played.next_at, want)
            if why is None:
                climb.good = shown
                return self._snapshot(capture, verified=True)
            if capture.digest:
                climb.digests.add(capture.digest)
            climb.first_flaw = climb.first_flaw or why
            climb.flawed.append(self._snapshot(capture, flaw=why))
        return None

    def _snapshot(self, capture: Capture, *, verified: bool = False, flaw: str = "") -> Snapshot:
        url = self._playback.shown_url(capture)
        return Snapshot(
            archive=name_of(url),
            timestamp=capture.timestamp,
            url=url,
            status=200 if verified else capture.status,
            verified=verified,
            flaw=flaw,
        )

    def _note(self, climb: Climb, answer: T) -> T:
        """Keep in mind what an answer leaves open."""
        if not isinstance(answer, Unasked):
            climb.asked = True
        if isinstance(answer, ArchiveError) and not isinstance(answer, ArchiveRefused):
            climb.troubles.append(answer)
        return answer


def settled(near: object, want: Wanted) -> bool:
    """Whether what availability gave is the best there can be, so that the index is not needed.

    It gives the nearest capture of all; if that is a good one from before the citation, then no
    other is nearer. The TimeGate does not tell a status: opening it does.
    """
    return (
        isinstance(near, Capture)
        and near.status in (200, None)
        and usable(near, failed_at=want.failed_at)
        and not_after(near, want.cited_at)
    )


def _is_closer(next_at: datetime | None, want: Wanted) -> bool:
    """Whether the copy after one is still from before the citation."""
    if next_at is None or next_at >= want.failed_at:
        return False
    return next_at <= end_of_day(want.cited_at)


def crowded(rows: object, want: Wanted) -> bool:
    """Whether the index may hold older captures that newer ones kept from being listed.

    It repeats rows at times and those are dropped, so half a page counts as a full one.
    """
    return (
        isinstance(rows, list)
        and len(rows) >= ROWS // 2
        and not any(settled(row, want) for row in rows)
    )
