"""Ledgers for the tests of reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from linkwatch.contract import (
    ArchiveLine,
    ChangedLine,
    CopyLine,
    HopLine,
    IgnoredLine,
    LinkLine,
    OriginalLine,
)
from linkwatch.model import (
    UNSETTLED,
    Change,
    Copies,
    CycleRecord,
    Ending,
    Hop,
    Kind,
    Ledger,
    LinkRecord,
    Lookup,
    Mention,
    NamedLink,
    Original,
    Outcome,
    Overruled,
    Place,
    Reason,
    Snapshot,
    State,
    Verdict,
)
from linkwatch.report.jsonreport import mention_line, render_json
from linkwatch.report.words import instant
from linkwatch.web.url import fragment_of

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


class Few(tuple[LinkRecord, ...]):
    """Links in a list."""

    __slots__ = ()

    def named(self) -> Iterator[NamedLink]:
        for link in self:
            yield NamedLink(
                url=link.url,
                verdict=link.verdict,
                final_url=link.final_url if link.verdict.state is State.MOVED else None,
                lookup=link.lookup if link.verdict.state is State.DEAD else NOT_ASKED,
                mentions=tuple(_place(mention) for mention in link.mentions),
                unheard=tuple(_place(mention) for mention in link.unheard),
                overruled=link.overruled,
            )


def _place(mention: Mention) -> Place:
    return Place(mention.file, mention.line, mention.start, mention.end)


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
    roots: dict[str, str] | None = None,
) -> Ledger:
    """What history would tell of these links, if they were all."""
    order = list(State)
    told = sorted(links, key=lambda link: (order.index(link.verdict.state), link.url))
    files = {place.file for link in links for place in link.mentions}
    dead = [link for link in links if link.verdict.state is State.DEAD]
    waiting = [link.lookup.next_at for link in dead if link.lookup.outcome in UNSETTLED]
    return Ledger(
        cycle=last or (cycles[-1] if cycles else None),
        cycles=cycles,
        notes=len(files),
        mentions=sum(len(link.mentions) for link in links),
        states={state: sum(link.verdict.state is state for link in links) for state in State},
        copies=Copies(
            links=sum(bool(link.kept_by) for link in links),
            dead=sum(bool(link.kept_by) for link in dead),
            unanswered=len(waiting),
            next_at=min(filter(None, waiting), default=None),
        ),
        heard={
            state: Few(link for link in told if link.verdict.state is state and not link.ignored)
            for state in State
        },
        ignored=tuple(link for link in told if link.ignored),
        remarkable=tuple(
            sorted((link for link in links if not link.ignored), key=lambda link: link.url)
        ),
        changes=changes,
        roots={file: f"/vault/{file}" for file in files} if roots is None else roots,
    )


def json_pieces(of: Ledger) -> Iterator[str]:
    """The JSON report of a ledger whose links are few."""
    return render_json(of, map(line_of, of.links))


def line_of(link: LinkRecord) -> LinkLine:
    """What machines are told of a link, from its record: `history.lines` has to say the same."""
    verdict, lookup, copy, drift = link.verdict, link.lookup, link.lookup.snapshot, link.drift
    said, original = link.overruled, link.original
    return LinkLine(
        url=link.url,
        state=verdict.state,
        reason=verdict.reason,
        since=_time(verdict.since),
        first_seen=instant(link.first_seen),
        checked_at=_time(link.checked_at),
        checks=link.checks,
        status=link.status,
        final_url=link.final_url,
        detail=verdict.detail,
        hops=[HopLine(hop.url, hop.status, hop.location) for hop in link.hops],
        snapshot=CopyLine(copy.url, instant(copy.timestamp), copy.verified) if copy else None,
        archive=ArchiveLine(
            outcome=lookup.outcome,
            asked_at=_time(lookup.asked_at),
            next_at=_time(lookup.next_at),
            cited_at=_time(lookup.cited_at),
            cited_from=lookup.cited_from,
        ),
        ignored=_ignored(said) if said else None,
        changed=ChangedLine(instant(drift.at), drift.before, drift.after) if drift else None,
        recoveries=verdict.recoveries,
        original=_original(original) if original else None,
        missing_fragments=sorted({fragment_of(m.url) for m in link.mentions if m.missing}),
        mentions=[mention_line(mention) for mention in link.mentions],
    )


def _ignored(said: Overruled) -> IgnoredLine:
    until = said.until.isoformat() if said.until else None
    return IgnoredLine(said.by, until, said.because or None, said.speaks_up)


def _original(original: Original) -> OriginalLine:
    return OriginalLine(original.url, original.state, _time(original.since), original.lives)


def _time(at: datetime | None) -> str | None:
    return instant(at) if at else None
