"""The report as JSON: the machines' format, described in docs/report.md.

Keys are never left out; what is not known is null. One link a line, so that the file can also be
searched with line tools and compared by version control.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from linkwatch.model import Drift, Ledger, LinkRecord, Mention, Original, Overruled, State
from linkwatch.report.words import instant
from linkwatch.web.url import fragment_of

VERSION: Final = 1

_ORDER: Final = {state: place for place, state in enumerate(State)}
# Legal in JSON, but a terminal obeys them and an editor hides them: written as escapes, which
# every reader of JSON turns back into the same text.
_UNSEEN: Final = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def render_json(ledger: Ledger) -> Iterator[str]:
    """The report, piece by piece: a vault with a million links is never held as one text."""
    states = dict.fromkeys(State, 0)
    mentions = 0
    for link in ledger.links:
        states[link.verdict.state] += 1
        mentions += len(link.mentions)
    head = {
        "version": VERSION,
        "generated_at": _time(ledger.cycle.finished_at if ledger.cycle else None),
        "summary": {
            "notes": ledger.notes,
            "mentions": mentions,
            "links": len(ledger.links),
            "states": states,
            "verified_copies": sum(bool(link.kept_by) for link in ledger.links),
        },
    }
    yield encoded(head)[:-1] + ',"links":['
    separator = "\n"
    for link in sorted(ledger.links, key=_place):
        yield separator + encoded(_link(link))
        separator = ",\n"
    yield "\n]}\n"


def mention_object(mention: Mention) -> dict[str, object]:
    """A mention, as the report and `links --format jsonl` tell it."""
    return {
        "file": mention.file,
        "line": mention.line,
        "column": mention.column,
        "url": mention.url,
        "text": mention.text,
        "kind": mention.kind,
    }


def encoded(value: object) -> str:
    """One line of JSON that can be printed anywhere. A byte that was no UTF-8 becomes U+FFFD."""
    try:
        text = _ENCODER.encode(value).decode()
    except UnicodeEncodeError:
        text = _ENCODER.encode(_mended(value)).decode()
    return _UNSEEN.sub(_escaped, text)


_ENCODER: Final = msgspec.json.Encoder()


def _place(link: LinkRecord) -> tuple[int, str]:
    return _ORDER[link.verdict.state], link.url


def _link(link: LinkRecord) -> dict[str, object]:
    verdict, lookup, copy = link.verdict, link.lookup, link.lookup.snapshot
    return {
        "url": link.url,
        "state": verdict.state,
        "reason": verdict.reason,
        "since": _time(verdict.since),
        "first_seen": _time(link.first_seen),
        "checked_at": _time(link.checked_at),
        "checks": link.checks,
        "status": link.status,
        "final_url": link.final_url,
        "detail": verdict.detail,
        "hops": [
            {"url": hop.url, "status": hop.status, "location": hop.location} for hop in link.hops
        ],
        "snapshot": copy
        and {"url": copy.url, "timestamp": _time(copy.timestamp), "verified": copy.verified},
        "archive": {
            "outcome": lookup.outcome,
            "asked_at": _time(lookup.asked_at),
            "next_at": _time(lookup.next_at),
            "cited_at": _time(lookup.cited_at),
            "cited_from": lookup.cited_from,
        },
        "ignored": link.overruled and _overruled(link.overruled),
        "changed": link.drift and _drift(link.drift),
        "recoveries": verdict.recoveries,
        "original": link.original and _original(link.original),
        "missing_fragments": sorted({fragment_of(m.url) for m in link.mentions if m.missing}),
        "mentions": [mention_object(mention) for mention in link.mentions],
    }


def _drift(drift: Drift) -> dict[str, object]:
    return {"at": _time(drift.at), "from": drift.before, "to": drift.after}


def _original(original: Original) -> dict[str, object]:
    return {
        "url": original.url,
        "state": original.state,
        "since": _time(original.since),
        "lives": original.lives,
    }


def _overruled(overruled: Overruled) -> dict[str, object]:
    return {
        "by": overruled.by,
        "until": overruled.until and overruled.until.isoformat(),
        "because": overruled.because or None,
        "speaks_up": overruled.speaks_up,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _mended(value: object) -> object:
    """The same without lone surrogates, which are no text and which no JSON reader has to take."""
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {key: _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value
