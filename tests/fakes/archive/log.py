"""Every request that came in, and whether they were too many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Service = Literal[
    "availability",
    "cdx",
    "playback",  # /web/<14 digits><mode>/<url>
    "timegate",  # /web/<url>, and with a date of fewer digits
    "timemap",
    "save",  # POST /save, and GET /save/<url>
    "status",  # of jobs, of the account, of the system
    "other",  # whatever else was asked for: never ill, always 404
]

# What the Internet Archive was seen to allow in a minute: to a network, saving to an account.
LIMITS: dict[tuple[Service, ...], int] = {
    ("cdx", "timemap"): 30,
    ("playback", "timegate"): 600,
    ("save",): 7,
}
_NEARLY_S = 1e-6  # floats do not add up


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request that came in."""

    service: Service
    query: dict[str, str]  # parsed; of repeated parameters the last
    path: str  # as it came, with the query
    headers: dict[str, str]
    method: str = "GET"
    form: dict[str, str] = field(default_factory=dict)  # of a POST, parsed likewise
    at_s: float = 0.0  # when, on the monotonic clock


def most_in_a_minute(log: list[Asked], *services: Service) -> int:
    """The most requests to these services (none given: to all) that any minute held."""
    times_s = sorted(a.at_s for a in log if not services or a.service in services)
    most = first = 0
    for last, at_s in enumerate(times_s):
        while at_s - times_s[first] >= 60 - _NEARLY_S:
            first += 1
        most = max(most, last - first + 1)
    return most


def over_budget(log: list[Asked]) -> dict[str, int]:
    """Which limits were passed, and by the most requests in a minute: `{"cdx+timemap": 31}`."""
    found = {"+".join(names): most_in_a_minute(log, *names) for names in LIMITS}
    limits = {"+".join(names): limit for names, limit in LIMITS.items()}
    return {name: most for name, most in found.items() if most > limits[name]}


def counted(log: list[Asked]) -> Counter[str]:
    return Counter(asked.service for asked in log)
