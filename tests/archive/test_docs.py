from __future__ import annotations

from pathlib import Path

import pytest

from linkwatch.archive.pace import WAYBACK_BUDGETS
from linkwatch.model import Outcome

PAGE = (Path(__file__).parents[2] / "docs" / "archives.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_explained(outcome: Outcome) -> None:
    assert f"\n| `{outcome.value}` |" in PAGE


def test_the_budgets_are_the_ones_that_the_page_names() -> None:
    for service, per_minute in WAYBACK_BUDGETS.items():
        assert f"\n| {service.value} | {per_minute} |" in PAGE
