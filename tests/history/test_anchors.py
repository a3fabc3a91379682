"""Fragments that were on their pages once: which are missing now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linkwatch.history.anchors import missing
from linkwatch.history.checks import save_results
from linkwatch.model import CheckResult
from tests.checks import seen
from tests.history.past import Past

A, B = "https://a.example/", "https://b.example/"


def looked(on: float, fragments: dict[str, bool], *, url: str = A) -> CheckResult:
    return replace(seen(200, on, url=url), anchors=tuple(fragments.items()))


@pytest.mark.parametrize(
    ("looks", "gone"),
    [
        ([{"part": True}, {"part": False}], {"part"}),
        ([{"part": True}, {"part": False}, {"part": False}], {"part"}),
        ([{"part": True}, {"part": False}, {}], {"part"}),  # the last did not look
        ([{"part": True}, {"part": False}, {"part": True}], set()),
        ([{"part": False}, {"part": False}], set()),
        ([{"part": False}, {"part": True}], set()),
        ([{"part": True, "end": True}, {"part": True, "end": False}], {"end"}),
        ([{"part": True}, {"end": False}], set()),
    ],
)
def test_a_fragment_is_missing_that_was_seen_and_that_the_last_look_did_not_find(
    past: Past, looks: list[dict[str, bool]], gone: set[str]
) -> None:
    past.note("a.md", A, B)
    for on, found in enumerate(looks):
        past.cycle(on, [looked(on, found), looked(on, {"part": True}, url=B)])
    link = past.ids[A]

    assert missing(past.store) == {(link, fragment) for fragment in gone}
    assert missing(past.store, link_id=link) == missing(past.store)
    assert missing(past.store, link_id=past.ids[B]) == frozenset()


def test_only_cycles_that_count_tell(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [looked(0, {"part": True})])
    past.cycle(1, [looked(1, {"part": False})], void="a portal")
    running = past.begin(2)
    save_results(past.store, running, past.ids, [looked(2, {"part": False})])
    assert missing(past.store) == frozenset()

    past.judge(running)

    assert missing(past.store) == {(past.ids[A], "part")}


def test_no_look_at_fragments_reads_all_checks(past: Past) -> None:
    past.note("a.md", A)
    past.cycle(0, [looked(0, {"part": True})])
    queries: list[str] = []
    past.store.db.conn.set_trace_callback(queries.append)
    missing(past.store)
    missing(past.store, link_id=past.ids[A])
    past.store.db.conn.set_trace_callback(None)

    for sql in queries:
        plan = [row["detail"] for row in past.store.rows(f"explain query plan {sql}")]
        assert not any(line.startswith("SCAN checks") for line in plan)
        assert "SCAN anchors" not in plan  # but of those that are missing
