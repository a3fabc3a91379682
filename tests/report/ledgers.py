"""Ledgers for the tests of reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from linkwatch.model import (
    Change,
    CycleRecord,
    Ending,
    Hop,
    Kind,
    Ledger,
    LinkRecord,
    Lookup,
    Mention,
    Outcome,
    Reason,
    Snapshot,
    State,
    Verdict,
)

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
NOT_ASKED = Lookup(outcome=Outcome.NOT_ASKED)
ORDINARY = {
    State.DEAD: Reason.NOT_FOUND,
    State.SUSPECT: Reason.TIMEOUT,
    State.BLOCKED: Reason.CHALLENGE,
    State.MOVED: Reason.MOVED,
    State.UNCHECKED: Reason.UNCHECKED,
    State.SKIPPED: Reason.EXCLUDED,
    State.ALIVE: Reason.OK,
}


def mention(file: str = "a.md", line: int = 3, url: str = "https://example.com/") -> Mention:
    return Mention(
        file=file, line=line, column=5, start=0, end=9, url=url, text=url, kind=Kind.BARE
    )


def found(url: str = "https://web.archive.org/web/20200101000000/https://x/") -> Lookup:
    copy = Snapshot(
        archive="web.archive.org",
        timestamp=datetime(2020, 1, 1, tzinfo=UTC),
        url=url,
        status=200,
        verified=True,
    )
    return Lookup(outcome=Outcome.FOUND, asked_at=NOON, snapshot=copy)


def record(
    url: str,
    state: State = State.DEAD,
    reason: Reason | None = None,
    *,
    detail: str = "",
    places: Sequence[tuple[str, int]] = (("a.md", 3),),
    lookup: Lookup = NOT_ASKED,
    final_url: str | None = None,
    hops: tuple[Hop, ...] = (),
    since: datetime | None = NOON,
    kept_by: tuple[str, ...] = (),
) -> LinkRecord:
    return LinkRecord(
        url=url,
        verdict=Verdict(state=state, reason=reason or ORDINARY[state], since=since, detail=detail),
        first_seen=NOON - timedelta(days=30),
        checked_at=NOON,
        next_check=NOON + timedelta(days=7),
        checks=3,
        status=404,
        final_url=final_url,
        hops=hops,
        lookup=lookup,
        mentions=tuple(mention(file, line, url) for file, line in places),
        kept_by=kept_by,
    )


def cycle(
    number: int, *, void: str | None = None, states: dict[State, int] | None = None
) -> CycleRecord:
    start = NOON + timedelta(days=number)
    return CycleRecord(
        id=number,
        started_at=start,
        finished_at=start + timedelta(minutes=1),
        ending=Ending.FINISHED,
        void=void,
        checked=1,
        states=states or dict.fromkeys(State, 0),
    )


def change(url: str, before: State, after: State | None, detail: str = "") -> Change:
    reason = Reason.NOT_FOUND if after is None else ORDINARY[after]
    return Change(url=url, before=before, after=after, reason=reason, detail=detail)


def ledger(
    *links: LinkRecord,
    cycles: tuple[CycleRecord, ...] = (cycle(1), cycle(2)),
    last: CycleRecord | None = None,
    changes: tuple[Change, ...] = (),
) -> Ledger:
    order = list(State)
    files = {place.file for link in links for place in link.mentions}
    return Ledger(
        cycle=last or (cycles[-1] if cycles else None),
        cycles=cycles,
        notes=len(files),
        links=tuple(sorted(links, key=lambda link: (order.index(link.verdict.state), link.url))),
        changes=changes,
        roots={file: f"/vault/{file}" for file in files},
    )
