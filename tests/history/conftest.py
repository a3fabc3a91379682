from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.history.past import Past


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    past = Past(tmp_path)
    yield past
    past.close()
