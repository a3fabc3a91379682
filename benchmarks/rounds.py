"""Our rules on a simulated web, cycle by cycle, in the order in which a cycle applies them.

Verdicts, void cycles and due times are linkwatch's own; only the asking is simulated, and history
is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from benchmarks.fates import Link, Ours, Shown, World
from linkwatch.checker.walk import PASSING_STATUS
from linkwatch.evidence import Weight, weigh
from linkwatch.history.verdicts import FLAPPING
from linkwatch.model import CheckResult, Fault, Fingerprint, Hop, Mark, Sign, State, Verdict
from linkwatch.schedule import Standing, next_look
from linkwatch.verdict import Policy, judge
from linkwatch.void import (
    SLEPT,
    WENT_DARK,
    Comparison,
    doubted,
    gone_dark,
    pick_witnesses,
    why_void,
)
from linkwatch.web.retry import RetryPolicy
from linkwatch.web.url import host_of

START = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)  # a Monday
_TRIES = RetryPolicy().tries
_IN_VAIN = 3  # as patient with one host as the checker
_SECOND, _THIRD = 10, 20  # numbers of tries: of the second question, of doubted hosts
_REST = timedelta(hours=12)
_WITNESSES = 3
_ANSWERING = frozenset({State.ALIVE, State.MOVED, State.BLOCKED})


@dataclass(slots=True, eq=False)
class Record:
    """What history holds of one link."""

    link: Link
    url: str
    host: str  # its key
    history: list[CheckResult] = field(default_factory=list)  # of valid cycles
    good: CheckResult | None = None  # the last healthy one
    verdict: Verdict | None = None
    next: datetime | None = None  # None: now
    asked: datetime | None = None  # when it was last really asked
    checks: int = 0

    @property
    def state(self) -> State:
        return self.verdict.state if self.verdict else State.UNCHECKED


class _Sweep:
    """The asking of one cycle."""

    def __init__(self, world: World, day: int, due: int) -> None:
        self.found: dict[Record, CheckResult] = {}
        self.requests = 0
        self.start = START + timedelta(days=day)
        self._world = world
        self._day = day
        self._half = due // 2
        self._asked = 0
        self._in_vain: dict[str, int] = {}

    @property
    def answered(self) -> bool:
        """Whether any host answered."""
        return any(_answered(result) for result in self.found.values())

    def ask(self, records: Iterable[Record], first_try: int = 0) -> None:
        """Ask these; what a host says of all its links serves them, and deaths are asked twice."""
        of_hosts: dict[str, CheckResult] = {}
        sudden = []
        for record in records:
            if record.host in of_hosts:
                result = of_hosts[record.host]
                inferred = result.fault is Fault.TIMEOUT
                result = replace(result, url=record.url, attempts=0, inferred=inferred)
            else:
                result, shown = self._patiently(record, first_try)
                if shown.mute or shown.fault is Fault.DNS:
                    of_hosts[record.host] = result
            self.found[record] = result
            if record.good is None and weigh(result).weight is Weight.HARD:
                sudden.append(record)
        for record in sudden:
            first, (second, _) = self.found[record], self._patiently(record, _SECOND)
            if weigh(second).weight is Weight.HARD:
                if second.fault is not Fault.DNS or self.answered:
                    self.found[record] = replace(second, at=first.at, confirmed=True)
            elif second.status == 200:
                self.found[record] = second

    def look(self, record: Record) -> CheckResult:
        """One more look, which takes no earlier one's place."""
        return self._patiently(record, _THIRD)[0]

    def _patiently(self, record: Record, first_try: int) -> tuple[CheckResult, Shown]:
        dark = self._asked >= self._half
        self._asked += 1
        in_vain = self._in_vain.get(record.host, 0)
        tries = _TRIES if in_vain < _IN_VAIN else 1
        for attempt in range(tries):
            shown = self._world.ask(record.link, self._day, first_try + attempt, dark=dark)
            passing = shown.status in PASSING_STATUS or shown.fault is Fault.RESET
            if not passing:
                break
        self._in_vain[record.host] = in_vain + 1 if passing else 0
        requests = attempt + 1 + (shown.hop is not None)
        self.requests += requests
        return self._result(record, shown, requests), shown

    def _result(self, record: Record, shown: Shown, requests: int) -> CheckResult:
        marks, page, final_url = shown.marks, None, record.url
        hops: tuple[Hop, ...] = ()
        if shown.status == 200:
            page = Fingerprint(title=f"edition {shown.edition}", length=1000, sketch=b"")
            if record.good is not None and record.good.fingerprint != page:
                marks = (*marks, Mark(Sign.CHANGED, "text"))
        if shown.hop is not None:
            status, final_url = shown.hop
            hops = (Hop(url=record.url, status=status, location=final_url),)
        return CheckResult(
            url=record.url,
            at=self.start + timedelta(milliseconds=100 * self._asked),
            elapsed_ms=100,
            status=shown.status,
            fault=shown.fault,
            final_url=final_url,
            hops=hops,
            attempts=requests,
            digest=shown.digest or None,
            marks=marks,
            fingerprint=page,
        )


class Rounds:
    """A vault's year under our rules."""

    def __init__(self, world: World, policy: Policy) -> None:
        self.requests = 0
        self.void: dict[int, str] = {}  # by day
        self._world = world
        self._policy = policy
        self._records = [Record(link, link.url, host_of(link.url)) for link in world.links]
        self._voids: list[datetime] = []  # those right before that say something of the web

    @property
    def dead(self) -> set[Link]:
        return {record.link for record in self._records if record.state is State.DEAD}

    @property
    def suspect(self) -> set[Link]:
        return {record.link for record in self._records if record.state is State.SUSPECT}

    def history(self, link: Link) -> Sequence[CheckResult]:
        """All that was seen of a link in valid cycles, oldest first."""
        return next(record.history for record in self._records if record.link is link)

    def cycle(self, day: int) -> None:
        """One round: what is due is asked, and judged unless the cycle is void."""
        now = START + timedelta(days=day)
        due = [record for record in self._records if record.next is None or record.next <= now]
        due.sort(key=lambda record: (record.asked is not None, record.asked or now))
        sweep = _Sweep(self._world, day, len(due))
        sweep.ask(due)
        if due and not sweep.answered:
            sweep.ask(self._witnesses({record.host for record in due}, now))
        why = self._why_void(sweep)
        self.requests += sweep.requests
        if why is not None:
            self.void[day] = why
            if sweep.answered and why not in (SLEPT, WENT_DARK):
                self._voids.append(now)
        elif sweep.found:
            self._voids.clear()
            self._judge(sweep.found, now)

    def _witnesses(self, hosts: set[str], now: datetime) -> list[Record]:
        """Living links of other hosts, not asked today: is it them, or us?"""
        able = [
            record
            for record in self._records
            if record.state in _ANSWERING
            and record.host not in hosts
            and record.asked is not None
            and record.asked < now - _REST
        ]
        by_host: dict[str, Record] = {}
        for record in sorted(able, key=lambda record: record.asked or now):
            by_host.setdefault(record.host, record)
        return list(by_host.values())[:_WITNESSES]

    def _why_void(self, sweep: _Sweep) -> str | None:
        compared = _compared(sweep.found)
        why = why_void(compared, voids=self._voids)
        hosts = frozenset(doubted(compared)) if why is None else frozenset()
        if not hosts:
            return why
        well = {
            record.url: record
            for record, result in reversed(sweep.found.items())
            if result.status == 200
        }
        again = [sweep.look(well[url]) for url in pick_witnesses(well)]
        if gone_dark(again):
            return why_void(compared, dark=True)
        if any(_answered(result) for result in again):
            sweep.ask([record for record in sweep.found if record.host in hosts], _THIRD)
        return why_void(_compared(sweep.found), voids=self._voids)

    def _judge(self, found: dict[Record, CheckResult], now: datetime) -> None:
        unsteady = {
            record.host
            for record in self._records
            if record.verdict is not None and record.verdict.recoveries >= FLAPPING
        }
        for record, result in found.items():
            record.history.append(result)
            if not result.inferred:
                record.asked = result.at
                record.checks += 1
            if weigh(result).weight is Weight.HEALTHY:
                record.good = result
            record.verdict = judge(record.history, self._policy)
            standing = Standing(
                url=record.url,
                verdict=record.verdict,
                last=now,
                checks=record.checks,
                unsteady=record.host in unsteady,
                vault=len(self._records),
            )
            record.next = next_look(standing, self._policy.recheck_after)


def _answered(result: CheckResult) -> bool:
    return result.status is not None or bool(result.hops)


def _compared(found: dict[Record, CheckResult]) -> list[Comparison]:
    """A cycle's results beside the last valid ones of the same links."""
    return [
        Comparison(
            host=record.host,
            status=now.status,
            fault=now.fault,
            final_url=now.final_url,
            digest=now.digest,
            before_status=before.status if before else None,
            before_final_url=before.final_url if before else None,
            before_digest=before.digest if before else None,
            redirected=bool(now.hops),
        )
        for record, now in found.items()
        for before in (record.history[-1] if record.history else None,)
    ]


class OneAnswer:
    """The rule of checkers without memory: the last answer decides, and each counts."""

    def __init__(self, world: World) -> None:
        self.requests = 0
        self.dead: set[Link] = set()
        self.suspect: set[Link] = set()
        self._world = world

    def cycle(self, day: int) -> None:
        """Ask every link once, and believe what it says."""
        half = len(self._world.links) // 2
        self.dead = set()
        for number, link in enumerate(self._world.links):
            dark = self._world.ours.get(day) is Ours.HALFWAY and number >= half
            shown = self._world.ask(link, day, 0, dark=dark)
            self.requests += 1 + (shown.hop is not None)
            if shown.status is None or shown.status >= 400:
                self.dead.add(link)
