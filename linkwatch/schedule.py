"""When to look at a link again: decided from its own history.

What is failing is looked at daily, what died a few days ago without saying so (a server that does
not answer may come back) every other day, what has been dead for long rarely, what comes and goes
twice as often as the rest. A little chance, drawn from the URL itself, only ever brings a look
forward: after a first run over a whole vault the second looks lie all over the week, and so does
the load.

Pure: no clock, and the same history gives the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from linkwatch.model import Reason, State, Verdict

EARLY = 0.1  # a weekly cron, a few minutes early, must still find a weekly link due
_SUSPECT = timedelta(days=1)
_JUST_DEAD = timedelta(days=14)  # failing for no longer
_HOPE = timedelta(days=2)
_SURELY = frozenset({Reason.NOT_FOUND, Reason.GONE, Reason.DNS, Reason.BAD_COPY})
_LONG_DEAD = ((timedelta(days=180), 4), (timedelta(days=30), 2))  # dead for so long: so many times
_RAREST = timedelta(days=90)
WORTH_SPREADING = 50  # links; the load of fewer needs no spreading
_SPREAD_FIRST = 0.85  # of the interval, after the first check
_SPREAD = 0.1  # afterwards: enough to keep apart what was spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the next look at a link depends on."""

    url: str
    verdict: Verdict
    last: datetime  # the start of the last valid cycle that checked it
    checks: int  # real ones so far
    unsteady: bool = False  # its host comes and goes
    vault: int = 1  # how many links there are


def next_look(standing: Standing, recheck_after: timedelta) -> datetime:
    """When a link is due again."""
    interval = _interval(standing, recheck_after)
    early = EARLY
    if standing.verdict.state is not State.SUSPECT and standing.vault >= WORTH_SPREADING:
        spread = _SPREAD_FIRST if standing.checks <= 1 else _SPREAD
        early += (1 - EARLY) * spread * _chance(standing.url, standing.checks)
    return standing.last + interval * (1 - early)


def _interval(standing: Standing, usual: timedelta) -> timedelta:
    verdict = standing.verdict
    match verdict.state:
        case State.SUSPECT:
            return min(usual, _SUSPECT)
        case State.DEAD if verdict.since is not None:
            dead_for = standing.last - verdict.since
            if dead_for < _JUST_DEAD and verdict.reason not in _SURELY:
                return min(usual, _HOPE)
            times = next((times for age, times in _LONG_DEAD if dead_for >= age), 1)
            return max(usual, min(usual * times, _RAREST))
        case State.ALIVE | State.MOVED if verdict.recoveries or standing.unsteady:
            return usual / 2
        case _:
            return usual


def _chance(url: str, number: int) -> float:
    """A number from 0 to 1 that is this link's own, another for each of its checks."""
    drawn = blake2b(f"{number} {url}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(drawn) / 2**64
