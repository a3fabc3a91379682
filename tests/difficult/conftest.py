"""The weeks are lived through once: a file stays with one worker of the suite (`make test`)."""

from __future__ import annotations

import pytest

from tests.difficult.story import Record, live


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """What history said after each cycle."""
    return live(tmp_path_factory.mktemp("difficult"))
