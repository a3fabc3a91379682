"""A link's history -> Verdict. The one place that can say "dead".

Nothing here knows a clock, a network or a disk. Since the facts are kept and verdicts computed, a
changed policy judges all history anew without a single request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from linkwatch.evidence import Evidence, Weight, weigh
from linkwatch.model import CheckResult, Fault, Reason, State, Verdict
from linkwatch.web.guard import outside_dns, private_name
from linkwatch.web.url import name_of

_RULES = 1  # raise it when the rules below change, so that cached verdicts are computed anew
_SUSPECT_INTERVAL = timedelta(days=1)
_EARLY = 0.1  # a weekly cron, a few minutes early, must still find a weekly link due


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the configuration says about judging."""

    failures: int
    days: float
    recheck_after: timedelta
    exclude: tuple[re.Pattern[str], ...] = field(default=())
    allow_private: bool = False

    @property
    def digest(self) -> str:
        """Changes whenever a verdict under this policy might."""
        parts = (_RULES, self.failures, self.days, self.recheck_after, self.allow_private)
        patterns = tuple(pattern.pattern for pattern in self.exclude)
        return blake2b(repr((parts, patterns)).encode(), digest_size=8).hexdigest()


def skipped(url: str, policy: Policy) -> Verdict | None:
    """The verdict on a link that our own policy keeps us from asking; None if it may be asked."""
    for pattern in policy.exclude:
        if pattern.search(url):
            why = f"Excluded by your configuration (notes.exclude_urls: {pattern.pattern})."
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
    count: int = 0  # real ones
    first: datetime | None = None
    last: datetime | None = None

    def add(self, result: CheckResult) -> None:
        if not result.inferred:
            self.count += 1
            self.first = self.first or result.at
            self.last = result.at

    def lasted(self, policy: Policy) -> bool:
        if self.first is None or self.last is None or self.count < policy.failures:
            return False
        return self.last - self.first >= timedelta(days=policy.days)


def judge(history: Sequence[CheckResult], policy: Policy) -> Verdict:
    """How a link stands, given its results oldest first, those of void cycles left out.

    Dead is a link that failed `policy.failures` times in a row with `policy.days` from the first
    to the last of them; or, if it was never seen alive, whose hard evidence was confirmed by a
    second question. Once dead, only a healthy answer brings it back: a refusal neither counts
    nor clears.
    """
    state = State.UNCHECKED
    since: datetime | None = None
    run: _Run | None = None
    told: tuple[CheckResult, Evidence] | None = None  # what the state rests on
    seen_alive = False
    for result in history:
        evidence = weigh(result)
        before = state
        match evidence.weight:
            case Weight.NONE:
                continue
            case Weight.HEALTHY:
                seen_alive = True
                run = None
                state = State.MOVED if evidence.reason is Reason.MOVED else State.ALIVE
            case Weight.REFUSING:
                if state is State.DEAD:
                    continue
                state = State.BLOCKED
            case Weight.HARD | Weight.SOFT:
                run = run or _Run(result.at)
                run.add(result)
                at_once = evidence.weight is Weight.HARD and result.confirmed and not seen_alive
                if state is State.DEAD and not run.lasted(policy):
                    continue  # dead at once: its confirmed evidence still says it best
                if state is not State.DEAD:
                    dead = at_once or run.lasted(policy)
                    state = State.DEAD if dead else State.SUSPECT
        told = (result, evidence)
        if state in (State.DEAD, State.SUSPECT):
            since = run.began if run else result.at
        elif state is not before:
            since = result.at
    if told is None:
        return Verdict(
            state=State.UNCHECKED, reason=Reason.UNCHECKED, since=None, detail="Not checked yet."
        )
    return Verdict(
        state=state,
        reason=told[1].reason,
        since=since,
        detail=_sentence(state, told[0], told[1], run, policy),
    )


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
        case State.SUSPECT if run is not None:
            needed = f"{_count(policy.failures, 'failing check')} over {policy.days:g} days"
            return f"{seen}; {run.count} of the {needed} that make a link dead."
        case State.DEAD if run is not None and run.lasted(policy):
            return f"{seen}; {_count(run.count, 'failing check')} in a row."
        case _:
            return f"{seen}, twice, and it was never seen alive."


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def next_check(state: State, last: datetime, policy: Policy) -> datetime:
    """When a link is due again, given the start of the last valid cycle that checked it."""
    interval = policy.recheck_after
    if state is State.SUSPECT:
        interval = min(interval, _SUSPECT_INTERVAL)
    return last + interval * (1 - _EARLY)
