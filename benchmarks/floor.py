"""How fast a cycle could be in a world, whoever runs it and however well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.world import Page

_SILENT = frozenset({"void", "mute"})
_NO_WAIT = frozenset({"gone", "refusing", "badcert"})  # they fail before the page's own wait
_REDIRECTS = frozenset({"moved", "found"})
_ONCE = {"busy-once": 1.0, "down-once": 0.0}  # what the first answer asks to wait, in seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a host may be asked: linkwatch's defaults."""

    interval_s: float = 0.1  # from the start of one request to the start of the next
    concurrency: int = 4
    timeout_s: float = 20.0


def floor_s(pages: Iterable[Page], manners: Manners) -> float:
    """The longer of one timeout, if any host is silent, and what the slowest host takes."""
    hosts: dict[str, list[Page]] = {}
    for page in pages:
        hosts.setdefault(page.host, []).append(page)
    return max((_host_s(some, manners) for some in hosts.values()), default=0.0)


def _host_s(pages: Sequence[Page], manners: Manners) -> float:
    """The least time for all links of one host: three bounds, none of which can be passed."""
    if pages[0].fate in _SILENT:
        return manners.timeout_s
    if pages[0].fate in _NO_WAIT:
        return 0.0  # the first link tells, and answers for the others
    requests = [wait_s for page in pages for wait_s in _requests_s(page)]
    starts_s = (len(requests) - 1) * manners.interval_s + min(requests)
    places_s = sum(requests) / manners.concurrency
    longest_s = max(_one_link_s(page) for page in pages)
    return max(starts_s, places_s, longest_s)


def _requests_s(page: Page) -> tuple[float, ...]:
    """How long each request takes that the page needs at the least."""
    twice = page.fate in _REDIRECTS or page.fate in _ONCE
    return (page.wait_s,) * (2 if twice else 1)


def _one_link_s(page: Page) -> float:
    """The requests of one link have to follow one another."""
    return sum(_requests_s(page)) + _ONCE.get(page.fate, 0.0)
