"""Whether a page that was given up for its copy lives again: rather late than wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from linkwatch.evidence import Weight, weigh
from linkwatch.model import CheckResult, Reason, State, Verdict
from linkwatch.web.places import place_of

_SURE = 2  # healthy checks in a row, one a cycle


def lives_since(history: Sequence[CheckResult], verdict: Verdict) -> datetime | None:
    """The check that made sure that a link lives; None: it does not, or that is not sure yet.

    `history` is oldest first, without void cycles; `verdict` is what it comes to. Two good answers
    in a row, of the page's own and not of a front page to which it may only lead.
    """
    if verdict.state not in (State.ALIVE, State.MOVED) or verdict.reason is Reason.VOUCHED:
        return None
    good: list[CheckResult] = []
    for result in reversed(history):
        evidence = weigh(result)
        if evidence.weight is Weight.NONE:
            continue
        if evidence.weight is not Weight.HEALTHY or evidence.hollow or _led_home(result):
            break
        good.append(result)
    return good[-_SURE].at if len(good) >= _SURE else None


def _led_home(result: CheckResult) -> bool:
    end = result.final_url
    return (
        bool(result.hops)
        and end is not None
        and place_of(end).is_home
        and not place_of(result.url).is_home
    )
