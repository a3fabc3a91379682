"""Pages saved before they die: the runner, which does what is to be done about each row in time.

A row is written down before its page is submitted, and after every answer. So whatever ends the
run, the next one knows which pages may have been published, and looks for their copies instead of
submitting them again. What an answer means stands in `saves`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from linkwatch.archive.access import Access
from linkwatch.archive.answers import Capture, Unasked, sentence
from linkwatch.archive.archives import Archives
from linkwatch.archive.pace import Paces, Service
from linkwatch.archive.playback import Playback, Played
from linkwatch.archive.saves import (
    A_MINUTE,
    BACK_OFF,
    IN_FLIGHT,
    YOUNG,
    Step,
    after_look,
    after_opening,
    after_poll,
    after_submission,
    began,
    holds_a_slot,
    is_young,
    paused_until,
    room,
    step,
    submitting,
    untold,
)
from linkwatch.archive.spn import (
    ACCESS_VARIABLE,
    MOST_IDS,
    SECRET_VARIABLE,
    SUBMIT_S,
    Account,
    JobFailed,
    Keys,
    KeysRefused,
    Pending,
    Polled,
    Recent,
    RefusalKind,
    Refused,
    SavePageNow,
    Unsure,
)
from linkwatch.archive.verify import flaw
from linkwatch.clock import Clock
from linkwatch.errors import ArchiveError
from linkwatch.model import Outcome, Save, SaveState, Snapshot
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts
from linkwatch.web.url import host_of, name_of, request_url

_SHORTEST_WAIT_S: Final = 1.0


@dataclass(slots=True, kw_only=True)
class Saving:
    """What came of one run."""

    submitted: int = 0
    done: int = 0
    refused: int = 0
    trouble: str = ""  # why it ended early, where a person can do something about it
    stopped: str = ""  # the same, whatever the reason: a sentence

    @property
    def news(self) -> int:
        """How many links this told something new of."""
        return self.done + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """Where the runner writes down what it does, before it goes on."""

    row: Callable[[Save], Awaitable[None]]
    put_off: Callable[[datetime, str | None], Awaitable[None]]  # what is queued; of one host
    paces: Callable[[], Awaitable[None]]
    waiting: Callable[[str], None]  # hears what is being waited for


async def save(
    rows: Sequence[Save],
    *,
    archives: Archives,
    keys: Keys,
    why_not: Callable[[str], str | None],
    hosts: Hosts,
    clock: Clock,
    paces: Paces,
    notebook: Notebook,
    budget_s: float,
    a_day: int,
    today: int,
) -> Saving:
    """Do what is to be done about these rows, for about so long.

    `rows`: in the order in which they are to be submitted; `why_not` is asked of each once more.
    `a_day` pages at most are submitted a day, of which `today` were.
    """
    access = Access(
        paces=paces,
        hosts=hosts,
        clock=clock,
        ends_s=clock.monotonic_s() + budget_s,
        keep=notebook.paces,
        waiting=notebook.waiting,
    )
    async with Client(
        allow_private=archives.allow_private,
        proxy=archives.proxy,
        nameservers=archives.nameservers,
    ) as client:
        run = _Run(
            rows=list(rows),
            access=access,
            spn=SavePageNow(
                access, client, keys, base_url=archives.base_url, user_agent=archives.user_agent
            ),
            playback=Playback(access, client, archives),
            why_not=why_not,
            notebook=notebook,
            a_day=a_day,
            today=today,
        )
        return await run.run()


@dataclass(slots=True, kw_only=True)
class _Run:
    rows: list[Save]
    access: Access
    spn: SavePageNow
    playback: Playback
    why_not: Callable[[str], str | None]
    notebook: Notebook
    a_day: int
    today: int
    told: Saving = field(default_factory=Saving)
    closed: bool = False  # nothing more is submitted in this run
    mute: bool = False  # nor are jobs asked after
    paused_until: datetime | None = None  # nothing is submitted before
    told_of: str = ""  # what was said of the wait last
    told_at: datetime | None = None

    async def run(self) -> Saving:
        while True:
            await self._poll()
            await self._confirm()
            await self._submit()
            wait_s = self._wait_s()
            if wait_s is None:
                return self.told
            self._tell()
            await self.access.clock.sleep(wait_s)

    def _tell(self) -> None:
        """What is being waited for: when that changes, and every minute."""
        now = self._now()
        under_way = sum(row.state is SaveState.SUBMITTED for row in self.rows)
        queued = sum(row.state is SaveState.QUEUED for row in self.rows)
        numbers = f"{under_way} submitted, {queued} waiting for their turn"
        if numbers != self.told_of or self.told_at is None or now - self.told_at >= A_MINUTE:
            self.told_of, self.told_at = numbers, now
            archive = name_of(self.spn.url)
            self.notebook.waiting(f"waiting for {archive} to save pages: {numbers}")

    def _now(self) -> datetime:
        return self.access.clock.utc_now()

    def _due(self, *steps: Step) -> list[int]:
        """The places of the rows to which this is to be done now."""
        now = self._now()
        return [i for i, row in enumerate(self.rows) if step(row, now) in steps]

    async def _put(self, place: int, row: Save) -> None:
        self.rows[place] = row
        await self.notebook.row(row)
        self.told.done += row.state is SaveState.DONE
        self.told.refused += row.state is SaveState.REFUSED

    def _wait_s(self) -> float | None:
        """Seconds until there is more to do; None: there is no more in this run."""
        now = self._now()
        waits = [self._wait_of(row, now) for row in self.rows if row.next_at is not None]
        wait_s = min((wait for wait in waits if wait is not None), default=None)
        if wait_s is None:
            return None
        wait_s = max(wait_s, _SHORTEST_WAIT_S)
        return wait_s if wait_s < self.access.left_s else None

    def _wait_of(self, row: Save, now: datetime) -> float | None:
        assert row.next_at is not None  # asked of such rows only
        at = row.next_at
        match step(row, max(at, now)):
            case Step.SUBMIT:
                if self.closed or self.today >= self.a_day:
                    return None
                at = max(at, self.paused_until or at)
                if any(holds_a_slot(other, now) for other in self.rows):
                    return None  # the answer to that one comes first
            case Step.POLL:
                if self.mute:
                    return None
        return max(0.0, (at - now).total_seconds())

    async def _poll(self) -> None:
        places = [] if self.mute else self._due(Step.POLL)
        for i in range(0, len(places), MOST_IDS):
            some = places[i : i + MOST_IDS]
            polled = await self.spn.poll([self.rows[place].job_id or "" for place in some])
            if isinstance(polled, ArchiveError):
                self._close(polled)
                self.mute = True
                return
            for place in some:
                await self._heard(place, polled)

    async def _heard(self, place: int, polled: Polled) -> None:
        row = self.rows[place]
        report = polled.reports.get(row.job_id or "", Pending())
        await self._put(place, after_poll(row, report, self._now(), wait_s=polled.wait_s))
        if isinstance(report, JobFailed):
            await self._heed(row, report.code, report.kind)

    async def _confirm(self) -> None:
        """Look for copies, and open them."""
        for place in self._due(Step.LOOK):
            row = self.rows[place]
            await self._put(place, after_look(row, await self._look(row), self._now()))
        for place in self._due(Step.OPEN):
            row = self.rows[place]
            assert row.copy_at is not None and row.copy_of is not None
            capture = Capture(timestamp=row.copy_at, original=row.copy_of, status=None)
            played = await self.playback.play(capture)
            why = None
            if isinstance(played, Played):
                why = flaw(played, link=row.url, cited_at=row.copy_at, seen=None)
            shown = self.playback.shown_url(capture)
            copy = Snapshot(
                archive=name_of(shown),
                timestamp=row.copy_at,
                url=shown,
                status=None,
                verified=False,
            )
            await self._put(place, after_opening(row, played, why, copy, self._now()))

    async def _look(self, row: Save) -> Capture | ArchiveError | None:
        """A copy from after the submission: the one nearest to it, else the newest."""
        url = request_url(row.url) or row.url
        found = await self.playback.nearest(url, began(row) + A_MINUTE)
        if isinstance(found, Capture) and not is_young(found.timestamp, row):
            return await self.playback.nearest(url, self._now())
        return found

    async def _submit(self) -> None:
        places = self._due(Step.SUBMIT)
        in_flight = sum(holds_a_slot(row, self._now()) for row in self.rows)
        if not places or not self._may_submit() or in_flight >= IN_FLIGHT:
            return
        account = await self.spn.account()
        if isinstance(account, ArchiveError):
            self._close(account)
            return
        left = room(account, in_flight=in_flight, today=self.today, a_day=self.a_day)
        if left == 0:
            self._wait_for(account)
            return
        for place in places:
            if left == 0 or not self._may_submit():
                return
            left -= await self._submit_one(place)

    def _may_submit(self) -> bool:
        paused = self.paused_until is not None and self.paused_until > self._now()
        return not self.closed and not paused and self.today < self.a_day

    def _wait_for(self, account: Account) -> None:
        """Nothing may be submitted now: for a minute, or today."""
        if account.available > 0:
            self.closed = True
        else:
            self.paused_until = self._now() + A_MINUTE

    async def _submit_one(self, place: int) -> bool:
        """Submit a row, if that is still right; whether that took a place."""
        before = self.rows[place]
        now = self._now()
        if step(before, now) is not Step.SUBMIT:  # put off meanwhile
            return False
        if why := self.why_not(before.url):
            await self._put(place, untold(before, why))
            return False
        if self.access.left_s <= SUBMIT_S:
            self.closed = True
            return False
        if hindered := self.access.hindrance(self.spn.url, Service.SAVE):
            self._close(hindered)
            return False
        row = submitting(before, now)
        await self._put(place, row)
        reply = await self.spn.submit(before.url, unless_within=YOUNG[before.why])
        after = after_submission(before, row, reply, self._now())
        await self._put(place, after)
        if isinstance(reply, ArchiveError) and not isinstance(reply, Unsure):
            self._close(reply)
            return False
        self.today += 1
        self.told.submitted += 1
        if isinstance(reply, Refused):
            await self._heed(after, reply.code, reply.kind)
        return not isinstance(reply, Refused | Recent)

    async def _heed(self, row: Save, code: str, kind: RefusalKind) -> None:
        """What a refusal means for the other rows."""
        now = self._now()
        if kind is RefusalKind.PAUSE:
            until = paused_until(code, now)
            self.paused_until = max(until, self.paused_until or until)
            await self.notebook.put_off(until, None)
        elif kind is RefusalKind.HOST:
            host, until = host_of(row.url), now + BACK_OFF
            await self.notebook.put_off(until, host)
            for place, other in enumerate(self.rows):
                waits = other.state is SaveState.QUEUED and host_of(other.url) == host
                if waits and (other.next_at or now) < until:
                    self.rows[place] = replace(other, next_at=until)

    def _close(self, error: ArchiveError) -> None:
        """No more of this in this run; whatever the error is about, the next run finds out."""
        self.closed = True
        if isinstance(error, KeysRefused):
            self.mute = True
            self.told.trouble = self.told.stopped = (
                "The archive does not know the keys in "
                f"{ACCESS_VARIABLE} and {SECRET_VARIABLE}: nothing is saved."
            )
        elif not (isinstance(error, Unasked) and error.outcome is Outcome.QUEUED):
            self.told.stopped = self.told.stopped or sentence(error)
