"""Facts for tests: check results in one line, days counted from a Monday morning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from linkwatch.model import CheckResult, Fault, Fingerprint, Hop, Mark, Sign
from tests.fakes.clock import START

URL = "https://site.example/page"

HEALTHY: tuple[int | Fault, ...] = (200, 204, 206)
HARD: tuple[int | Fault, ...] = (404, 410, Fault.DNS)
REFUSING: tuple[int | Fault, ...] = (401, 402, 403, 405, 429, 451, 999, Fault.PRIVATE_ADDRESS)
SOFT: tuple[int | Fault, ...] = (408, 425, 500, 503, 599, Fault.TIMEOUT, Fault.TLS, Fault.RESOLVER)
NOTHING: tuple[int | Fault, ...] = (Fault.OFFLINE,)


def day(number: float) -> datetime:
    """The morning of a day; 0 is the first."""
    return START + timedelta(days=number)


def seen(
    what: int | Fault,
    on: float = 0.0,
    *,
    url: str = URL,
    hops: Sequence[int] = (),
    inferred: bool = False,
    confirmed: bool = False,
    message: str = "",
    digest: str | None = None,
    marks: str = "",
    fingerprint: Fingerprint | None = None,
) -> CheckResult:
    """A check that ended with a status or a fault, after redirects of these statuses.

    `marks` as history writes them: `not_found_words:title sibling_same`.
    """
    stops = [url, *(f"https://new.example/{i}" for i in range(len(hops)))]
    return CheckResult(
        url=url,
        at=day(on),
        elapsed_ms=120,
        status=what if isinstance(what, int) else None,
        fault=what if isinstance(what, Fault) else None,
        message=message,
        final_url=stops[-1],
        hops=tuple(
            Hop(url=here, status=status, location=there)
            for here, there, status in zip(stops[:-1], stops[1:], hops, strict=True)
        ),
        inferred=inferred,
        confirmed=confirmed,
        digest=digest,
        marks=tuple(
            Mark(Sign(sign), by) for sign, _, by in (m.partition(":") for m in marks.split())
        ),
        fingerprint=fingerprint,
    )
