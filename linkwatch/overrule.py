"""People overrule: which links are not told of, and when their ignore speaks up nevertheless.

An ignored link is checked and judged as any other. That lists of ignores are where rot hides is
why an ignore has an end, and why it covers only what the link was like when it began: a link that
now is dead and was not then, or is gone for good in another way than then, is told of again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from linkwatch.evidence import Weight
from linkwatch.model import By, Overruled, Pardon, Reason, State
from linkwatch.patterns import Pattern, compile_pattern

UNREADABLE = date.min  # the `until` of a comment that cannot be read: over, ever since

# What URLs hardly hold and patterns are made of. `?`, `+`, `(` and `*` alone are legal in URLs.
_PATTERN = re.compile(r"[\\^|{}]|\.[*+]|\(\?|\$\Z|(?<!//)\[")
_WEB = re.compile(r"https?://", re.IGNORECASE)
# What matches all of these matches anything.
_UNRELATED = ("http://q.invalid/", "https://[::7]:8/w?k=9", "https://zz-4.test/Ü#~")

# How a link with a reason is, where the bare word would not do.
_MANNERS: dict[Reason, str] = {
    Reason.OK: "well",
    Reason.MOVED: "moved, but well",
    Reason.NOT_FOUND: "not found (404)",
    Reason.GONE: "gone for good (410)",
    Reason.DNS: "without a name (NXDOMAIN)",
    Reason.RESOLVER: "of a name that could not be looked up",
    Reason.REFUSED: "refusing connections",
    Reason.TIMEOUT: "too slow to answer",
    Reason.TLS: "without a secure connection",
    Reason.RESET: "breaking off its connections",
    Reason.PROTOCOL: "not answering in HTTP",
    Reason.SERVER_ERROR: "failing at its server (5xx)",
    Reason.REDIRECT_LOOP: "redirecting without end",
    Reason.BAD_REDIRECT: "redirecting to nowhere",
    Reason.SOFT_404: "a page that says it does not exist",
    Reason.HOME_REDIRECT: "leading to a front page",
    Reason.CHALLENGE: "asking for a browser",
    Reason.LOGIN: "asking for a login",
    Reason.PAYMENT: "asking to be paid",
    Reason.FORBIDDEN: "forbidden (403)",
    Reason.RATE_LIMITED: "asking for patience (429)",
    Reason.LEGAL: "withheld for legal reasons",
    Reason.PRIVATE_ADDRESS: "at a private address",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """What kind of evidence a link's last check was, and how the link stood."""

    weight: Weight
    reason: Reason
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One ignore that covers a link."""

    by: By
    pardon: Pardon
    then: Class | None  # what the link was like when it began; None: not known yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to tell of a link."""

    overruled: Overruled | None = None
    unheard: frozenset[int] = frozenset()  # ids of mentions whose comments hold

    @property
    def ignored(self) -> bool:
        """Whether the link is not told of."""
        return self.overruled is not None and self.overruled.speaks_up is None


def decide(
    pardons: Mapping[int, Pardon | None],
    then: Class | None,
    ignores: Sequence[Ignore],
    *,
    now: Class | None,
    today: date | None,
) -> Decision:
    """Whether a link is ignored, and by what.

    `pardons`: what the comments beside its mentions say, by mention; `then`: what it was like
    when they began; `ignores`: the others that cover it, those of its own URL first; `today`: the
    day up to which history reaches. Comments count if every mention has one. One ignore that holds
    is enough; where none does, the first of them speaks up.
    """
    found = list(ignores)
    asking = {mention: pardon for mention, pardon in pardons.items() if pardon is not None}
    if asking and len(asking) == len(pardons):
        # The one that is over soonest decides: from then on a mention is without.
        first = min(asking.values(), key=lambda pardon: pardon.until or date.max)
        found.insert(0, Ignore(by=By.NOTE, pardon=first, then=then))
    unheard: frozenset[int] = frozenset()
    if not _worse(then, now):
        unheard = frozenset(m for m, pardon in asking.items() if not _over(pardon, today))
    told = [_overruled(ignore, now, today) for ignore in found]
    silent = next((item for item in told if item.speaks_up is None), None)
    return Decision(overruled=silent or (told[0] if told else None), unheard=unheard)


def _overruled(ignore: Ignore, now: Class | None, today: date | None) -> Overruled:
    pardon, speaks_up = ignore.pardon, None
    if pardon.until == UNREADABLE:
        speaks_up = (
            "Not ignored: the comment beside it can't be read. "
            "Write it as in: linkwatch: ignore until 2027-01-31 because it wants a login."
        )
    elif _over(pardon, today):
        speaks_up = f"Ignored until {pardon.until}, which is over."
    elif ignore.then is not None and now is not None and _worse(ignore.then, now):
        is_now = _manner(now.reason) if _gone_anew(ignore.then, now) else "dead"
        speaks_up = f"Ignored while it was {_manner(ignore.then.reason)}; now it is {is_now}."
    return Overruled(
        by=ignore.by,
        until=None if pardon.until == UNREADABLE else pardon.until,
        because=pardon.because,
        speaks_up=speaks_up,
    )


def _over(pardon: Pardon, today: date | None) -> bool:
    if pardon.until is None:
        return False
    return pardon.until == UNREADABLE or (today is not None and pardon.until <= today)


def _worse(then: Class | None, now: Class | None) -> bool:
    """Whether a link is dead or gone now, and was not when its ignore began, or not in this way.

    Whatever else changes (a timeout that becomes a 403, and back) is the noise for which people
    ignore links.
    """
    if then is None or now is None:
        return False
    died = now.state is State.DEAD and then.state is not State.DEAD
    return died or _gone_anew(then, now)


def _gone_anew(then: Class, now: Class) -> bool:
    return now.weight is Weight.HARD and (then.weight, then.reason) != (now.weight, now.reason)


def _manner(reason: Reason) -> str:
    return _MANNERS.get(reason) or reason.replace("_", " ")


def is_url(text: str) -> bool:
    """Whether somebody who writes this means one URL, and not a pattern for many.

    In doubt a URL: `?`, `+` and parentheses stand in many, and what is no pattern is none.
    """
    if not has_scheme(text):
        return False
    if _PATTERN.search(text) is None:
        return True
    try:
        compile_pattern(text)
    except re.error:
        return True
    return False


def has_scheme(text: str) -> bool:
    """Whether something begins like a URL of the web."""
    return _WEB.match(text) is not None


def covers_all(pattern: Pattern) -> bool:
    """Whether a pattern would match every link, or as good as every link."""
    return all(map(pattern.matches, _UNRELATED))
