"""What one check's facts are worth: the table of evidence.

Four classes, of very different weight (see `verdict`): a healthy answer clears a link; hard and
soft failures count against it; a refusal says that a server is there and did not say that the page
is gone. Facts about ourselves are no evidence at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from linkwatch.model import CheckResult, Fault, Reason


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
_PERMANENT = frozenset({301, 308})


def weigh(result: CheckResult) -> Evidence:
    """The evidence in one check's facts."""
    if result.fault is not None:
        weight, reason, words = _BY_FAULT[result.fault]
        return Evidence(weight=weight, reason=reason, words=words)
    assert result.status is not None  # a result without a fault has a status
    weight, reason = _by_status(result)
    return Evidence(weight=weight, reason=reason, words=f"it answered {_named(result.status)}")


def _by_status(result: CheckResult) -> tuple[Weight, Reason]:
    status = result.status or 0
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 200 <= status < 300:
        # Every hop must be permanent: a login bounce in between says nothing about the address.
        # And it must lead elsewhere: some sites set a cookie and send us to where we were.
        permanent = (
            all(hop.status in _PERMANENT for hop in result.hops)
            and result.hops
            and result.final_url != result.hops[0].url
        )
        return Weight.HEALTHY, Reason.MOVED if permanent else Reason.OK
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
