"""A copy that was found is not lost on an archive's bad day."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkwatch.history.snapshots import save_lookup
from linkwatch.model import Lookup, Outcome, Snapshot
from tests.checks import day
from tests.history.past import Past

URL = "http://a.test/"
COPY = Snapshot(
    archive="web.archive.org",
    timestamp=day(-300),
    url="https://web.archive.org/web/20250101000000/http://a.test/",
    status=200,
    verified=False,
)
_NO_ANSWER = [Outcome.UNAVAILABLE, Outcome.RATE_LIMITED, Outcome.MALFORMED, Outcome.QUEUED]


@pytest.mark.parametrize("outcome", _NO_ANSWER)
def test_no_answer_leaves_the_copy_and_moves_the_next_question(
    tmp_path: Path, outcome: Outcome
) -> None:
    past = Past(tmp_path)
    past.note("a.md", URL)
    past.begin(0)
    found = Lookup(outcome=Outcome.FOUND, snapshot=COPY, asked_at=day(0), next_at=day(1))
    save_lookup(past.store, URL, found, day(0))
    save_lookup(past.store, URL, Lookup(outcome=outcome, next_at=day(3)), day(2))

    (link,) = past.ledger().links

    assert link.lookup.outcome is Outcome.FOUND
    assert link.lookup.snapshot == COPY
    assert link.lookup.next_at == day(3)
    past.close()


def test_the_same_copy_is_kept_once(tmp_path: Path) -> None:
    past = Past(tmp_path)
    past.note("a.md", URL)
    for number in range(3):
        found = Lookup(outcome=Outcome.FOUND, snapshot=COPY, asked_at=day(number))
        save_lookup(past.store, URL, found, day(number))
    assert len(past.store.rows("select id from snapshots")) == 1
    past.close()
