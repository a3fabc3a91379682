"""Which checks of a link's history say nothing that those which stay do not say.

Not to be taken for `archive.retention`, which decides what local copies of pages stay.

A page that has been well for years is known as such by a few of its checks. Of checks in a row
whose facts are the same, the first two and the last are enough: a verdict, whatever the policy,
is the same with those between them or without, and so is every stage on the way to it, when the
page became another, and since when it surely lives again. Which facts are the same is asked of the
facts, not of a verdict: no policy, and no other rule about them, can make a difference of them.

What counts as a failure always stays, since it is counted. Pure: no clock, no disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from linkwatch.evidence import Weight, weigh
from linkwatch.model import CheckResult, Fingerprint, Testimony
from linkwatch.web.page import became_another


def spare(
    history: Sequence[CheckResult], words: Sequence[Testimony] = ()
) -> Iterator[tuple[int, int]]:
    """The places of checks that may go, each with that of the first which said the same.

    `history` is oldest first, without void cycles; it may have been thinned so before. Any of
    these may go, or stay, without regard to the others.
    """
    looks = _looks(history, words)
    said = [_said(result, words, looks) for result in history]
    first = 0
    for here in range(1, len(said)):
        if said[here] is None or said[here] != said[here - 1]:
            first = here
        elif here - first > 1 and here + 1 < len(said) and said[here + 1] == said[here]:
            yield here, first


def _said(
    result: CheckResult, words: Sequence[Testimony], looks: Sequence[Fingerprint]
) -> tuple[Any, ...] | None:
    """All that a check says; None: it counts, so that the same again says more.

    Without what differs from answer to answer: the time it took, how many requests, the page's
    bytes, and its fingerprint as long as it is no other page than any it may be compared with.
    """
    evidence = weigh(result)
    failed = evidence.weight in (Weight.HARD, Weight.SOFT)
    if failed and not evidence.lone and not result.inferred:
        return None
    page = result.fingerprint
    return (
        *(result.status, result.fault, result.message, result.final_url, result.hops),
        *(result.inferred, result.confirmed, result.remark, result.marks, result.probe),
        *(result.says, result.memento, result.original, result.anchors),
        page and tuple(look is not page and became_another(look, page) for look in looks),
        tuple(
            ((result.at > word.at) - (result.at < word.at), result.at >= word.until)
            for word in words
        ),
    )


def _looks(history: Sequence[CheckResult], words: Sequence[Testimony]) -> list[Fingerprint]:
    """The pages with which `drift` may compare: the first, and what people looked at."""
    looks: list[Fingerprint] = []
    seen = [result for result in history if _shows_the_page(result)] if words else history
    first = next((result for result in seen if _shows_the_page(result)), None)
    latest = [next((r for r in reversed(seen) if r.at <= word.at), None) for word in words]
    for result in (first, *latest):
        page = result and result.fingerprint
        if page and page not in looks:
            looks.append(page)
    return looks


def _shows_the_page(result: CheckResult) -> bool:
    own = result.fingerprint is not None and result.memento is None
    return own and weigh(result).weight is Weight.HEALTHY
