"""Which local copies go, so that others have room. Pure.

Of each link stay the oldest copy, which is the page as the note's author saw it, and the newest
ones. Where all of them together are too many bytes, these go, until it is nine tenths (the rest is
for the next cycle), the oldest first:

1. those of links that no note mentions any more,
2. those between a link's oldest and its newest,
3. the older one of links that have two.

The only copy of a link that is mentioned and lives goes last, those of the oldest pages first, and
not for the next cycle's sake: only where the cap itself is passed, as when it was lowered. The
only copy of a dead link never goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from linkwatch.model import HeldCopy

_FULL = 0.9


def surplus(held: Iterable[HeldCopy], *, keep: int, total_bytes: int) -> list[HeldCopy]:
    """The copies to be removed, in this order; `keep`: at most so many of a link stay."""
    by_link: dict[int, list[HeldCopy]] = {}
    for copy in held:
        by_link.setdefault(copy.link_id, []).append(copy)
    gone: list[HeldCopy] = []
    for copies in by_link.values():
        copies.sort(key=lambda copy: (copy.at, copy.id))
        first = 0 if keep == 1 else 1  # of one that may stay, it is the newest
        last = max(first, len(copies) - (keep - first))
        gone += copies[first:last]
        del copies[first:last]
    size = sum(copy.size_bytes for copy in chain.from_iterable(by_link.values()))
    for tier, enough in (
        (_unmentioned, _FULL * total_bytes),
        (_between, _FULL * total_bytes),
        (_older, _FULL * total_bytes),
        (_only, total_bytes),
    ):
        for copy in sorted(tier(by_link.values()), key=lambda copy: (copy.at, copy.id)):
            if size <= enough:
                break
            by_link[copy.link_id].remove(copy)
            gone.append(copy)
            size -= copy.size_bytes
    return gone


def _unmentioned(links: Iterable[list[HeldCopy]]) -> list[HeldCopy]:
    """Of a dead link the newest stays."""
    return [
        copy
        for copies in links
        for copy in (copies[:-1] if copies and copies[-1].dead else copies)
        if not copy.mentioned
    ]


def _between(links: Iterable[list[HeldCopy]]) -> list[HeldCopy]:
    return [copy for copies in links for copy in copies[1:-1]]


def _older(links: Iterable[list[HeldCopy]]) -> list[HeldCopy]:
    return [copy for copies in links for copy in copies[:-1]]


def _only(links: Iterable[list[HeldCopy]]) -> list[HeldCopy]:
    return [copy for copies in links for copy in copies if not copy.dead]
