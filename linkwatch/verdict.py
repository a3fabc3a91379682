"""A link's history -> Verdict. The one place that can say "dead".

Nothing here knows a clock, a network or a disk. Since the facts are kept and verdicts computed, a
changed policy judges all history anew without a single request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from linkwatch.evidence import Evidence, Weight, weigh
from linkwatch.model import CheckResult, Fault, Reason, State, Testimony, Verdict
from linkwatch.patterns import Pattern
from linkwatch.web.guard import outside_dns, private_name
from linkwatch.web.url import name_of

_RULES = 3  # raise it when the rules below change, so that cached verdicts are computed anew
_WELL = frozenset({State.ALIVE, State.MOVED})
_FAILING = frozenset({State.DEAD, State.SUSPECT})
_OF_LATE = timedelta(days=90)
_APART = timedelta(days=60)
_BY_SIGNS = frozenset({Reason.SOFT_404, Reason.HOME_REDIRECT, Reason.PARKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the configuration says about judging."""

    failures: int
    days: float
    recheck_after: timedelta
    exclude: tuple[Pattern, ...] = field(default=())
    allow_private: bool = False

    @property
    def digest(self) -> str:
        """Changes whenever a verdict under this policy might."""
        parts = (_RULES, self.failures, self.days, self.recheck_after, self.allow_private)
        patterns = tuple(pattern.text for pattern in self.exclude)
        return blake2b(repr((parts, patterns)).encode(), digest_size=8).hexdigest()


def skipped(url: str, policy: Policy) -> Verdict | None:
    """The verdict on a link that our own policy keeps us from asking; None if it may be asked."""
    for pattern in policy.exclude:
        if pattern.matches(url):
            why = f"Excluded by your configuration (notes.exclude_urls: {pattern.text})."
            return _skip(Reason.EXCLUDED, why)
    name = name_of(url)
    if outside_dns(name):
        return _skip(Reason.SPECIAL_NAME, "Its name lives outside the public name system.")
    if not policy.allow_private and private_name(name):
        return _skip(Reason.PRIVATE_ADDRESS, "A private address, which is not contacted.")
    return None


def _skip(reason: Reason, detail: str) -> Verdict:
    return Verdict(state=State.SKIPPED, reason=reason, since=None, detail=detail)


@dataclass(slots=True)
class _Run:
    """The present run of failures. It lasts until a healthy answer."""

    began: datetime  # the first failure, inferred or not
    count: int = 0  # those that count: asked, and more than a lone sign of the page
    first: datetime | None = None
    last: datetime | None = None
    refused: bool = False  # since the last of them a server spoke, and did not say "gone"

    def add(self, result: CheckResult) -> None:
        """Count a failure. One that a refusal and a long time part from the last begins anew."""
        if self.refused and self.last is not None and result.at - self.last > _APART:
            self.restart()
        self.count += 1
        self.first = self.first or result.at
        self.last = result.at
        self.refused = False

    def restart(self) -> None:
        """What was counted so far does not belong to what follows."""
        self.count, self.first, self.last, self.refused = 0, None, None, False

    def lasted(self, policy: Policy) -> bool:
        if self.first is None or self.last is None or self.count < policy.failures:
            return False
        return self.last - self.first >= timedelta(days=policy.days)


def judge(
    history: Sequence[CheckResult], policy: Policy, words: Sequence[Testimony] = ()
) -> Verdict:
    """How a link stands, given its results oldest first, those of void cycles left out.

    Dead is a link that failed `policy.failures` times in a row with `policy.days` from the first
    to the last of them; or, if it was never seen alive, whose hard evidence was confirmed by a
    second question. A refusal neither counts nor clears, unless failures lie months apart with
    refusals between them. An inferred failure makes a link suspect, and never counts. Nor does a
    lone sign of the page, which also ends the row: the server shows a page.

    `words` are people's, oldest first. A word that a link is alive clears it as a healthy answer
    does, and until it runs out, what was seen when it was given, and what is milder, is not held
    against the link; a failure of another kind is.
    """
    return _read(history, policy, words).verdict()


def rule(history: Sequence[CheckResult], policy: Policy, words: Sequence[Testimony] = ()) -> str:
    """The rule by which the same history was judged so: one sentence for a person."""
    return _read(history, policy, words).rule()


def stages(
    history: Sequence[CheckResult], policy: Policy, words: Sequence[Testimony] = ()
) -> Iterator[State]:
    """How the link stood after each of these results: what `judge` says of each beginning."""
    case = _Case(policy)
    for _ in _steps(case, history, words):
        yield case.verdict().state


def _read(history: Sequence[CheckResult], policy: Policy, words: Sequence[Testimony]) -> _Case:
    case = _Case(policy)
    for _ in _steps(case, history, words):
        pass
    return case


def _steps(
    case: _Case, history: Sequence[CheckResult], words: Sequence[Testimony]
) -> Iterator[None]:
    """Show a case its results and words in the order of their times, pausing after each result."""
    given = list(words)
    for result in history:
        while given and given[0].at <= result.at:
            case.hear(given.pop(0))
        case.see(result)
        yield
    for word in given:
        case.hear(word)


class _Case:
    """A link's history, as far as it has been read."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._state = State.UNCHECKED
        self._since: datetime | None = None
        self._run: _Run | None = None
        self._told: tuple[CheckResult, Evidence] | None = None  # what the state rests on
        self._latest: tuple[Weight, Reason] | None = None
        self._seen_alive = False
        self._seen_page = False  # a server showed a page, though with a sign against it
        self._last_good: datetime | None = None
        self._recovered: list[datetime] = []
        self._word: Testimony | None = None  # not yet run out
        self._pardoned: frozenset[tuple[Weight, Reason]] = frozenset()  # what it covers
        self._vouched = False  # the state rests on it

    def hear(self, word: Testimony) -> None:
        """A person says that it is alive."""
        told = {(self._told[1].weight, self._told[1].reason)} if self._told else set()
        seen = told | ({self._latest} if self._latest else set())
        self._word = word
        self._pardoned = frozenset(kind for kind in seen if kind[0] is not Weight.HEALTHY)
        self._vouch(word)

    def _vouch(self, word: Testimony) -> None:
        self._run = None
        self._seen_alive = True
        self._vouched = self._vouched or self._state not in _WELL
        if self._state not in _WELL:
            self._state, self._since = State.ALIVE, word.at

    def see(self, result: CheckResult) -> None:
        """One check more."""
        evidence = weigh(result)
        if evidence.weight is Weight.NONE:
            return
        if evidence.hollow and self._state in _FAILING:
            return
        self._latest = (evidence.weight, evidence.reason)
        if self._word is not None and result.at >= self._word.until:
            self._word = None
        if self._word is not None and self._is_pardoned(evidence):
            self._vouch(self._word)
            self._vouched = True
            self._told = (result, evidence)
            return
        before = self._state
        match evidence.weight:
            case Weight.HEALTHY:
                self._seen_alive = True
                self._last_good = result.at
                if self._run is not None:
                    self._recovered.append(result.at)
                self._run = None
                self._state = State.MOVED if evidence.reason is Reason.MOVED else State.ALIVE
            case Weight.REFUSING:
                if self._run is not None:
                    self._run.refused = True
                if self._state is State.DEAD:
                    return
                self._state = State.BLOCKED
            case _:
                if not self._fails(result, evidence):
                    return
        self._vouched = False
        self._told = (result, evidence)
        if self._state in _FAILING:
            self._since = self._run.began if self._run else result.at
        elif self._state is not before:
            self._since = result.at

    def _is_pardoned(self, evidence: Evidence) -> bool:
        kind = (evidence.weight, evidence.reason)
        milder = evidence.weight is Weight.REFUSING and bool(self._pardoned)
        return kind in self._pardoned or milder

    def _fails(self, result: CheckResult, evidence: Evidence) -> bool:
        """Count a failure. False if an earlier one says better why it is dead."""
        self._run = run = self._run or _Run(result.at)
        if evidence.lone:
            self._seen_page = True
            run.restart()
            if self._state is State.DEAD and self._told and self._told[1].reason in _BY_SIGNS:
                return False
            self._state = State.SUSPECT
            return True
        if not result.inferred:
            run.add(result)
        if self._state is State.DEAD:
            return run.lasted(self._policy)
        hard = evidence.weight is Weight.HARD and result.confirmed
        at_once = hard and not (self._seen_alive or self._seen_page)
        self._state = State.DEAD if at_once or run.lasted(self._policy) else State.SUSPECT
        return True

    def verdict(self) -> Verdict:
        if self._vouched and self._word is not None:
            return Verdict(
                state=State.ALIVE,
                reason=Reason.VOUCHED,
                since=self._since,
                detail=_vouched(self._word, self._told),
            )
        if self._told is None:
            return Verdict(
                state=State.UNCHECKED,
                reason=Reason.UNCHECKED,
                since=None,
                detail="Not checked yet.",
            )
        result, evidence = self._told
        detail = _sentence(self._state, result, evidence, self._run, self._policy)
        if self._state is State.BLOCKED and self._last_good is not None:
            detail += f" It was last seen on {self._last_good.date()}."
        late = result.at - _OF_LATE
        recoveries = sum(at >= late for at in self._recovered)
        if recoveries > 1:
            detail += f" It failed and came back {recoveries} times of late."
        return Verdict(
            state=self._state,
            reason=evidence.reason,
            since=self._since,
            detail=detail,
            recoveries=recoveries,
        )

    def rule(self) -> str:
        policy = self._policy
        needed = (
            f"{_count(policy.failures, 'failing check')} in a row"
            f" with {_count(policy.days, 'day')} from the first to the last of them"
        )
        if self._vouched and self._word is not None:
            return "A person's word covers what was seen when it was given, until it runs out."
        if self._told is None:
            return "Nothing that was seen says anything about the link."
        run, evidence = self._run, self._told[1]
        match self._state:
            case State.ALIVE:
                return "One healthy answer clears a link."
            case State.MOVED:
                return "It is alive, and every redirect on the way was permanent (301, 308)."
            case State.BLOCKED:
                return "A refusal neither counts as a failure nor clears one."
            case State.DEAD if run is not None and not run.lasted(policy):
                return "It was never seen alive, and a second question confirmed hard evidence."
            case State.DEAD if run is not None:
                return f"Dead is what fails for {needed}: it did so {_so_far(run)}."
        failed = f"so far {_so_far(run)}" if run is not None and run.count else "so far none counts"
        lone = " One sign of a page alone, and what was only inferred, never counts."
        plain = evidence.lone or self._told[0].inferred
        return f"Dead is what fails for {needed}: {failed}.{lone if plain else ''}"


def _so_far(run: _Run) -> str:
    if run.first is None or run.last is None:
        return "none counts"
    passed = (run.last - run.first) / timedelta(days=1)
    return f"{_count(run.count, 'time')} in {_count(round(passed, 1), 'day')}"


def _vouched(word: Testimony, told: tuple[CheckResult, Evidence] | None) -> str:
    saw = f"; {told[1].words}" if told and told[1].weight is not Weight.HEALTHY else ""
    because = f" ({word.because})" if word.because else ""
    given, until = word.at.date(), word.until.date()
    return f"A person said on {given} that it is alive{because}, which holds until {until}{saw}."


def _sentence(
    state: State, result: CheckResult, evidence: Evidence, run: _Run | None, policy: Policy
) -> str:
    seen = evidence.words[0].upper() + evidence.words[1:]
    if result.message and result.fault is not None:
        seen += f" ({result.message})"
    if result.hops and state in (State.DEAD, State.SUSPECT, State.BLOCKED):
        seen += f", at the end of {_count(len(result.hops), 'redirect')}"
    match state:
        case State.ALIVE:
            return f"{seen}."
        case State.MOVED:
            return f"Moved for good to {result.final_url}."
        case State.BLOCKED if result.fault is Fault.PRIVATE_ADDRESS:
            return f"{seen}, and so is not contacted."
        case State.BLOCKED:
            return f"{seen}; a server is there, but does not show the page to programs."
        case State.SUSPECT if result.inferred:
            return f"{seen} (seen with another link of the same host)."
        case State.SUSPECT if evidence.lone:
            return f"{seen}; one sign alone makes no link dead."
        case State.SUSPECT if run is not None:
            needed = f"{_count(policy.failures, 'failing check')} over {policy.days:g} days"
            return f"{seen}; {run.count} of the {needed} that make a link dead."
        case State.DEAD if run is not None and run.lasted(policy):
            return f"{seen}; {_count(run.count, 'failing check')} in a row."
        case _:
            return f"{seen}, twice, and it was never seen alive."


def _count(number: float, what: str) -> str:
    return f"{number:g} {what}" + ("" if number == 1 else "s")
