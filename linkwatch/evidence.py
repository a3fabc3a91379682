"""What one check's facts are worth: the table of evidence.

Four classes, of very different weight (see `verdict`): a healthy answer clears a link; hard and
soft failures count against it; a refusal says that a server is there and did not say that the page
is gone. Facts about ourselves are no evidence at all.

A page with a 2xx can lie. Its signs are looked at in a fixed order, and the first that match end
it: a challenge, a login or consent, a parked domain, a page for what does not exist. Of the last
two, one sign alone is only a doubt (`lone`): two that can't have the same cause make a failure.

What an archive shows of its copies is read the same way, and held against the copy alone: that the
archived page was an error, or a login, says nothing of the page today, nor of other copies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus

from linkwatch.model import CheckResult, Fault, Reason, Says, Sign
from linkwatch.web.archived import archive_of


class Weight(StrEnum):
    """The class of a piece of evidence."""

    HEALTHY = "healthy"
    HARD = "hard"
    SOFT = "soft"
    REFUSING = "refusing"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One result, weighed."""

    weight: Weight
    reason: Reason
    words: str  # what was seen, as the middle of a sentence: "it answered 404 (Not Found)"
    lone: bool = False  # one sign of a page, without company: it never counts towards `dead`
    hollow: bool = False  # a 2xx of a site that answers so whatever stands there: it clears nothing


_BY_FAULT: dict[Fault, tuple[Weight, Reason, str]] = {
    Fault.DNS: (Weight.HARD, Reason.DNS, "its name does not exist"),
    Fault.RESOLVER: (Weight.SOFT, Reason.RESOLVER, "its name could not be looked up"),
    Fault.REFUSED: (Weight.SOFT, Reason.REFUSED, "the server refused the connection"),
    Fault.UNREACHABLE: (Weight.SOFT, Reason.UNREACHABLE, "the server could not be reached"),
    Fault.TIMEOUT: (Weight.SOFT, Reason.TIMEOUT, "the server did not answer in time"),
    Fault.TLS: (Weight.SOFT, Reason.TLS, "no secure connection could be made"),
    Fault.RESET: (Weight.SOFT, Reason.RESET, "the server broke the connection off"),
    Fault.PROTOCOL: (Weight.SOFT, Reason.PROTOCOL, "the server's answer was not proper HTTP"),
    Fault.REDIRECT_LOOP: (Weight.SOFT, Reason.REDIRECT_LOOP, "its redirects have no end"),
    Fault.BAD_REDIRECT: (Weight.SOFT, Reason.BAD_REDIRECT, "it redirects to nowhere"),
    Fault.BAD_URL: (Weight.SOFT, Reason.BAD_URL, "this is not a URL that can be opened"),
    Fault.PRIVATE_ADDRESS: (
        Weight.REFUSING,
        Reason.PRIVATE_ADDRESS,
        "it leads to an address that is not public",
    ),
    Fault.OFFLINE: (Weight.NONE, Reason.OFFLINE, "our own way to the network failed"),
}

_BY_STATUS: dict[int, tuple[Weight, Reason]] = {
    401: (Weight.REFUSING, Reason.LOGIN),
    402: (Weight.REFUSING, Reason.PAYMENT),
    403: (Weight.REFUSING, Reason.FORBIDDEN),
    404: (Weight.HARD, Reason.NOT_FOUND),
    408: (Weight.SOFT, Reason.TIMEOUT),
    410: (Weight.HARD, Reason.GONE),
    425: (Weight.SOFT, Reason.SERVER_ERROR),
    429: (Weight.REFUSING, Reason.RATE_LIMITED),
    451: (Weight.REFUSING, Reason.LEGAL),
    999: (Weight.REFUSING, Reason.CHALLENGE),  # LinkedIn's way of saying no to programs
}
PERMANENT = frozenset({301, 308})
# A captcha's script or a wall's cookie sits on good pages too: it only explains a refusal.
_WALLED = frozenset({401, 403, 405, 406, 412, 429, 503})

_BY_SAYS: dict[Says, tuple[Weight, Reason, str]] = {
    Says.ALIVE: (Weight.HEALTHY, Reason.OK, "says that it is there"),
    Says.MOVED: (Weight.HEALTHY, Reason.MOVED, "gives its new address"),
    Says.GONE: (Weight.HARD, Reason.GONE, "says that it does not exist"),
    Says.PRIVATE: (Weight.REFUSING, Reason.LOGIN, "says that it is private"),
    Says.DOUBTFUL: (Weight.SOFT, Reason.SOFT_404, "shows it as removed"),
}

# Signs by what could cause them: those of one cause are one sign.
_PARKED = {
    Sign.PARKING_HOST: "who",
    Sign.LANDER: "how",
    Sign.FOR_SALE: "words",
}
_MISSING = {
    Sign.TO_HOME: "place",
    Sign.NOT_FOUND_PATH: "place",
    Sign.SAME_END: "place",
    Sign.NOT_FOUND_WORDS: "words",
    Sign.SIBLING_SAME: "others",
}
# What is no sign by itself, and supports one.
_COMPANY = {
    Sign.CHANGED: "past",
    Sign.SHRANK: "past",
    Sign.HOME_CANONICAL: "address",
}
_WORDS: dict[Sign, str] = {
    Sign.PARKING_HOST: "a company that parks domains serves it",
    Sign.LANDER: "it is built like a parked domain",
    Sign.FOR_SALE: "it says that the domain is for sale",
    Sign.TO_HOME: "it leads to a front page",
    Sign.NOT_FOUND_PATH: "it leads to an error page",
    Sign.SAME_END: "it ends where other links of its site end",
    Sign.NOT_FOUND_WORDS: "it says that the page does not exist",
    Sign.SIBLING_SAME: "an address made up at random shows the same",
    Sign.CHANGED: "it used to be another page",
    Sign.SHRANK: "little is left of its text",
    Sign.HOME_CANONICAL: "it calls the front page its address",
}


def weigh(result: CheckResult) -> Evidence:
    """The evidence in one check's facts."""
    if result.memento is not None and result.fault in (None, Fault.BAD_REDIRECT):
        return _of_a_copy(result)
    if result.fault is not None:
        evidence = _by_fault(result.fault)
        if result.fault is Fault.DNS and archive_of(result.url) is not None:
            # some name systems deny archives; that takes no copy away
            return replace(evidence, weight=Weight.SOFT)
        return evidence
    if result.says is not None:
        weight, reason, words = _BY_SAYS[result.says]
        words = f"the site's own answer ({result.probe}) {words}"
        doubtful = result.says is Says.DOUBTFUL
        return Evidence(weight=weight, reason=reason, words=words, lone=doubtful)
    assert result.status is not None  # a result without a fault has a status
    plain = _by_status(result.status, moved=bool(result.hops) and _is_moved(result))
    if not result.marks:
        return plain
    told = _by_signs(result, f"it answered {_named(result.status)}")
    if told is not None:
        return told
    hollow = any(mark.sign is Sign.HOLLOW for mark in result.marks)
    return replace(plain, hollow=True) if hollow else plain


@lru_cache(maxsize=256)  # all of history is weighed, again and again, and most of it is alike
def _by_fault(fault: Fault) -> Evidence:
    weight, reason, words = _BY_FAULT[fault]
    return Evidence(weight=weight, reason=reason, words=words)


@lru_cache(maxsize=256)
def _by_status(status: int, *, moved: bool) -> Evidence:
    weight, reason = _class_of(status)
    words = f"it answered {_named(status)}"
    if moved and weight is Weight.HEALTHY:
        reason = Reason.MOVED
        words += ", after permanent redirects only"
    return Evidence(weight=weight, reason=reason, words=words)


def _of_a_copy(result: CheckResult) -> Evidence:
    """What an archived answer is worth: never hard, since only the copy is known to be bad."""
    assert result.status is not None  # it was an answer
    assert result.memento is not None
    if not 200 <= result.status < 300 or result.fault is not None:
        words = f"the archived copy is of an error page ({result.status})"
        return Evidence(weight=Weight.SOFT, reason=Reason.BAD_COPY, words=words)
    told = _by_signs(result, "the archived copy was shown")
    if told is not None:
        lone = told.lone or told.weight is Weight.REFUSING
        return replace(told, weight=Weight.SOFT, reason=Reason.BAD_COPY, lone=lone)
    words = f"the archive shows its copy of {result.memento.date()}"
    return Evidence(weight=Weight.HEALTHY, reason=Reason.OK, words=words)


def _by_signs(result: CheckResult, answered: str) -> Evidence | None:
    """What the page shows, where that says more than its status."""
    signs = {mark.sign: mark.by for mark in reversed(result.marks)}
    status = result.status or 0
    fine = 200 <= status < 300
    if Sign.WITHHELD in signs:
        words = f"{answered}: the archive does not show copies of this site"
        return Evidence(weight=Weight.REFUSING, reason=Reason.FORBIDDEN, words=words)
    if Sign.CHALLENGE in signs or (Sign.CHALLENGE_WEAK in signs and status in _WALLED):
        by = signs.get(Sign.CHALLENGE) or signs.get(Sign.CHALLENGE_WEAK)
        words = f"{answered} and wants proof of a person at a browser ({by})"
        return Evidence(weight=Weight.REFUSING, reason=Reason.CHALLENGE, words=words)
    if not fine:
        return None
    for sign, what in ((Sign.LOGIN, "a login"), (Sign.CONSENT, "a question for consent")):
        if sign in signs:
            words = f"{answered}, with {what} in the page's place"
            return Evidence(weight=Weight.REFUSING, reason=Reason.LOGIN, words=words)
    parked = _together(signs, _PARKED, [*_COMPANY, Sign.SIBLING_SAME])
    if parked is not None:
        words, lone = parked
        words = f"{answered}, but {words}"
        return Evidence(weight=Weight.SOFT, reason=Reason.PARKED, words=words, lone=lone)
    missing = _together(_believed(signs), _MISSING, _COMPANY)
    if missing is not None:
        words, lone = missing
        reason = Reason.HOME_REDIRECT if Sign.TO_HOME in signs else Reason.SOFT_404
        words = f"{answered}, but {words}"
        return Evidence(weight=Weight.SOFT, reason=reason, words=words, lone=lone)
    return None


def _believed(signs: dict[Sign, str]) -> dict[Sign, str]:
    """The signs without those that the host's own honesty, or its sameness, explains.

    A host that answers a made-up address with 404 means its pages, also one about 404s; unless
    this page was once another.
    """
    past = {Sign.CHANGED, Sign.SHRANK} & signs.keys()
    if (Sign.HONEST in signs and not past) or Sign.UNDECIDABLE in signs:
        return {sign: by for sign, by in signs.items() if sign is not Sign.NOT_FOUND_WORDS}
    return signs


def _cause(sign: Sign, by: str, telling: dict[Sign, str]) -> str:
    """What could cause a sign. Unknown addresses that lead to where the link leads say it again."""
    return "place" if (sign, by) == (Sign.SIBLING_SAME, "redirect") else telling[sign]


def _keeps_company(sign: Sign, causes: set[str], signs: dict[Sign, str]) -> bool:
    """Whether a page's past says more than the signs do.

    Who is led elsewhere finds another page there. A made-up address that shows the same was asked
    for because the page had changed. And a host that means its answers means this page too.
    """
    match sign:
        case Sign.CHANGED:
            return bool(causes - {"place", "others"}) and Sign.HONEST not in signs
        case Sign.SHRANK:
            return bool(causes - {"place"}) and Sign.HONEST not in signs
    return True


def _together(
    signs: dict[Sign, str], telling: dict[Sign, str], company: Iterable[Sign]
) -> tuple[str, bool] | None:
    """Some signs in words, and whether they have but one cause; None: there are none."""
    found = [sign for sign in telling if sign in signs]
    if not found:
        return None
    causes = {_cause(sign, signs[sign], telling) for sign in found}
    with_them = [sign for sign in company if sign in signs and _keeps_company(sign, causes, signs)]
    causes |= {_COMPANY.get(sign) or _MISSING[sign] for sign in with_them}
    *before, last = (_WORDS[sign] for sign in (*found, *with_them))
    words = f"{', '.join(before)}, and {last}" if before else last
    return words, len(causes) < 2


def _is_moved(result: CheckResult) -> bool:
    """Whether what was found at the end of redirects has moved there for good.

    Every hop must be permanent: a login bounce in between says nothing about the address. And it
    must lead elsewhere: some sites set a cookie and send us to where we were.
    """
    permanent = all(hop.status in PERMANENT for hop in result.hops)
    return permanent and result.final_url != result.hops[0].url


def _class_of(status: int) -> tuple[Weight, Reason]:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 200 <= status < 300:
        return Weight.HEALTHY, Reason.OK
    if 400 <= status < 500:
        return Weight.REFUSING, Reason.REJECTED
    if 500 <= status < 600:
        return Weight.SOFT, Reason.SERVER_ERROR
    return Weight.SOFT, Reason.PROTOCOL


def _named(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)
