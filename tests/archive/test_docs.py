from __future__ import annotations

from pathlib import Path

import pytest

from linkwatch.archive import pace as pace_module
from linkwatch.model import Outcome
from tests.fakes.clock import FakeClock

PAGE = (Path(__file__).parents[2] / "docs" / "archives.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_explained(outcome: Outcome) -> None:
    assert f"\n| `{outcome.value}` |" in PAGE


def test_the_budgets_are_the_ones_that_the_page_names() -> None:
    pace = pace_module.Pace(availability_url="", cdx_url="", clock=FakeClock())
    budgets = f"{pace.availability.per_minute} to availability and {pace.cdx.per_minute} to the"
    assert budgets in PAGE
