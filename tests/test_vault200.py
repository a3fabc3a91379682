"""200 dead links, whole cycles: each gets the one right answer, within the archive's limits."""

from __future__ import annotations

import pytest

from benchmarks.copies import PAGE, Rescue, rescue_vault
from linkwatch.archive.pace import WAYBACK_BUDGETS
from linkwatch.model import CitedFrom
from tests.archive.vault200 import VAULT


@pytest.fixture(scope="module")
def rescue(tmp_path_factory: pytest.TempPathFactory) -> Rescue:
    return rescue_vault(tmp_path_factory.mktemp("vault"))


def test_every_link_gets_its_one_right_answer(rescue: Rescue) -> None:
    wrong = [entry.line for entry in VAULT if not rescue.is_right(entry)]
    assert wrong == []


def test_the_citations_are_those_that_the_notes_tell(rescue: Rescue) -> None:
    for entry in VAULT:
        lookup = rescue.answers[entry.url]
        assert (lookup.cited_at, lookup.cited_from) == (entry.cited_at, CitedFrom.ACCESSED)


def test_no_budget_and_no_limit_is_passed(rescue: Rescue) -> None:
    assert rescue.over == {}
    for service, most in rescue.most.items():
        budgets = {str(name): budget for name, budget in WAYBACK_BUDGETS.items()}
        assert most <= budgets[service] + 1, service  # two may leave in one turn of the fake clock


def test_the_document_tells_of_this_vault() -> None:
    page = PAGE.read_text("utf-8")
    assert f"| **all** | **{len(VAULT)}** | **{len(VAULT)}** | **67** |" in page
