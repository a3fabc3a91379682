"""The JSON report: every key, always, and nothing a terminal would obey."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from linkwatch.model import By, CitedFrom, Hop, Kind, Ledger, Lookup, Outcome, Overruled, State
from linkwatch.report.links import json_line
from tests.report.hostile import texts
from tests.report.ledgers import NOON, cycle, found, json_pieces, ledger, mention, record


def parsed(of: Ledger) -> dict[str, Any]:
    whole = json.loads("".join(json_pieces(of)))
    assert isinstance(whole, dict)
    return whole


FULL = ledger(
    record(
        "https://a.example/",
        detail="Not found.",
        final_url="https://b.example/",
        hops=(Hop(url="https://a.example/", status=301, location="https://b.example/"),),
        lookup=replace(
            found(), cited_at=NOON - timedelta(days=9), cited_from=CitedFrom.FRONT_MATTER
        ),
    )
)


def test_a_link_is_told_with_every_key_of_the_contract() -> None:
    assert parsed(FULL) == {
        "version": 1,
        "generated_at": "2026-01-07T12:01:00Z",
        "summary": {
            "notes": 1,
            "mentions": 1,
            "links": 1,
            "states": {
                "dead": 1,
                "suspect": 0,
                "blocked": 0,
                "moved": 0,
                "unchecked": 0,
                "skipped": 0,
                "alive": 0,
            },
            "verified_copies": 0,
        },
        "links": [
            {
                "url": "https://a.example/",
                "state": "dead",
                "reason": "not_found",
                "since": "2026-01-05T12:00:00Z",
                "first_seen": "2025-12-06T12:00:00Z",
                "checked_at": "2026-01-05T12:00:00Z",
                "checks": 3,
                "status": 404,
                "final_url": "https://b.example/",
                "detail": "Not found.",
                "hops": [
                    {"url": "https://a.example/", "status": 301, "location": "https://b.example/"}
                ],
                "snapshot": {
                    "url": "https://web.archive.org/web/20200101000000/https://x/",
                    "timestamp": "2020-01-01T00:00:00Z",
                    "verified": True,
                },
                "archive": {
                    "outcome": "found",
                    "asked_at": "2026-01-05T12:00:00Z",
                    "next_at": None,
                    "cited_at": "2025-12-27T12:00:00Z",
                    "cited_from": "front_matter",
                },
                "ignored": None,
                "changed": None,
                "recoveries": 0,
                "original": None,
                "missing_fragments": [],
                "mentions": [
                    {
                        "file": "a.md",
                        "line": 3,
                        "column": 5,
                        "url": "https://a.example/",
                        "text": "https://a.example/",
                        "kind": "bare",
                    }
                ],
            }
        ],
    }


def test_what_is_not_known_is_null_and_no_key_is_left_out() -> None:
    unknown = replace(
        record("https://a.example/", State.UNCHECKED, since=None),
        checked_at=None,
        status=None,
        checks=0,
    )
    (link,) = parsed(ledger(unknown, cycles=()))["links"]
    (full,) = parsed(FULL)["links"]
    assert list(link) == list(full)
    nulls = ["since", "checked_at", "status", "final_url", "snapshot", "ignored", "changed"]
    nulls += ["original"]
    assert [key for key, value in link.items() if value is None] == nulls
    assert link["archive"] == {
        "outcome": "not_asked",
        "asked_at": None,
        "next_at": None,
        "cited_at": None,
        "cited_from": None,
    }


def test_an_empty_history_is_a_report_too() -> None:
    empty = parsed(ledger(cycles=()))
    assert empty["generated_at"] is None
    assert empty["links"] == []


def test_the_end_of_a_void_cycle_is_when_the_report_was_generated() -> None:
    void = ledger(last=cycle(3, void="No host answered."))
    assert parsed(void)["generated_at"] == "2026-01-08T12:01:00Z"


def test_each_link_is_one_line_and_none_is_held_back() -> None:
    many = ledger(*(record(f"https://{n}.example/") for n in range(50)))
    pieces = list(json_pieces(many))
    assert len(pieces) == 52
    assert "".join(pieces).count("\n") == 52


@pytest.mark.parametrize("outcome", Outcome)
def test_every_answer_of_the_archives_has_its_word(outcome: Outcome) -> None:
    report = "".join(json_pieces(ledger(record("https://a/", lookup=Lookup(outcome=outcome)))))
    assert f'"outcome":"{outcome.value}"' in report


@pytest.mark.parametrize(
    ("overruled", "told"),
    [
        (
            Overruled(by=By.URL, until=None, because=""),
            {"by": "url", "until": None, "because": None, "speaks_up": None},
        ),
        (
            Overruled(by=By.NOTE, until=date(2026, 1, 1), because="a wall", speaks_up="Over."),
            {"by": "note", "until": "2026-01-01", "because": "a wall", "speaks_up": "Over."},
        ),
    ],
)
def test_an_ignored_link_keeps_its_state_and_says_what_was_asked(
    overruled: Overruled, told: dict[str, object]
) -> None:
    dead = replace(record("https://a.example/"), overruled=overruled)
    whole = parsed(ledger(dead))
    assert whole["summary"]["states"]["dead"] == 1
    assert (whole["links"][0]["state"], whole["links"][0]["ignored"]) == ("dead", told)


@given(texts)
def test_any_text_comes_back_as_it_was_and_none_can_steer_a_terminal(text: str) -> None:
    line = json_line(replace(mention(), file=text, url=text, text=text))
    back = json.loads(line)
    assert back["file"] == back["url"] == back["text"] == text
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in line)
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f\u061c") & set(line)


def test_a_byte_that_was_no_text_is_a_replacement_character() -> None:
    assert json.loads(json_line(replace(mention(), file="caf\udce9.md")))["file"] == "caf\ufffd.md"


def test_a_mention_s_line_has_exactly_the_keys_of_the_contract() -> None:
    line = json_line(replace(mention(), kind=Kind.FRONTMATTER))
    assert list(json.loads(line)) == ["file", "line", "column", "url", "text", "kind"]
    assert '"kind":"frontmatter"' in line


def test_times_are_whole_seconds() -> None:
    link = replace(record("https://a/"), checked_at=datetime(2026, 1, 5, 4, 0, 0, 999, NOON.tzinfo))
    assert '"checked_at":"2026-01-05T04:00:00Z"' in "".join(json_pieces(ledger(link)))
