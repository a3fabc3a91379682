"""What docs/report.md promises is what linkwatch writes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linkwatch.model import (
    CitedFrom,
    CycleRecord,
    Ending,
    Hop,
    Kind,
    Ledger,
    LinkRecord,
    Lookup,
    Outcome,
    Reason,
    Snapshot,
    State,
    Verdict,
)
from tests.report.ledgers import json_pieces, ledger, mention

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
NOW = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)


def documented() -> Ledger:
    url, new = "https://example.com/page", "https://www.example.com/page"
    copy = Snapshot(
        archive="web.archive.org",
        timestamp=datetime(2020, 1, 1, tzinfo=UTC),
        url=f"https://web.archive.org/web/20200101000000/{url}",
        status=200,
        verified=True,
    )
    link = LinkRecord(
        url=url,
        verdict=Verdict(
            state=State.DEAD,
            reason=Reason.NOT_FOUND,
            since=datetime(2025, 12, 29, 4, 0, tzinfo=UTC),
            detail="The page does not exist (404).",
        ),
        first_seen=datetime(2025, 12, 1, 4, 0, tzinfo=UTC),
        checked_at=NOW,
        next_check=NOW,
        checks=3,
        status=404,
        final_url=new,
        hops=(Hop(url=url, status=301, location=new),),
        lookup=Lookup(
            outcome=Outcome.FOUND,
            asked_at=NOW,
            snapshot=copy,
            cited_at=datetime(2019, 12, 24, tzinfo=UTC),
            cited_from=CitedFrom.GIT,
        ),
        mentions=(mention("reading/papers.md", 12, f"{url}#results"),),
        kept_by=("web.archive.org",),
    )
    last = CycleRecord(
        id=1,
        started_at=NOW,
        finished_at=NOW,
        ending=Ending.FINISHED,
        void=None,
        checked=1,
        states={},
    )
    return ledger(link, cycles=(last,), roots={})


def test_the_json_example_is_what_linkwatch_prints() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    printed = "".join(json_pieces(documented()))
    assert json.loads(example) == json.loads(printed)
    # in the same order, too
    assert json.dumps(json.loads(example)) == json.dumps(json.loads(printed))


@pytest.mark.parametrize("word", [*Outcome, *CitedFrom, *Kind, *(state.title() for state in State)])
def test_every_word_of_the_report_is_explained(word: str) -> None:
    assert f"`{word}`" in PAGE or f"**{word}**" in PAGE or word == "Alive"
