"""A page that became another page under the same address.

The address answers as ever, and what the note meant is gone all the same: a blog post became a
shop, a manual its own next edition. That is told, with both titles, and held against nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from linkwatch.evidence import Weight, weigh
from linkwatch.model import CheckResult, Drift, Fingerprint, Testimony
from linkwatch.web.page import became_another


def drift(history: Sequence[CheckResult], words: Sequence[Testimony] = ()) -> Drift | None:
    """How the page of a link differs from what it was at first; None: it is the same, or unknown.

    `history` is oldest first, without void cycles. After a person's word that the
    link is alive, "at first" is what they looked at.
    """
    looked_at = words[-1].at if words else None
    first: Fingerprint | None = None
    before: Fingerprint | None = None
    found: Drift | None = None
    for result in history:
        now = result.fingerprint
        if now is None or result.memento is not None:
            continue
        looked_later = looked_at is not None and result.at <= looked_at
        if (now is before or now == before) and not looked_later:
            continue
        if weigh(result).weight is not Weight.HEALTHY:
            continue
        before = now
        if first is None or looked_later:
            first = now
        elif not became_another(first, now):
            found = None
        else:
            at = found.at if found is not None else result.at
            found = Drift(at=at, before=first.title, after=now.title)
    return found
