"""The weeks are lived through once, however many workers the suite has."""

from __future__ import annotations

import json
import os

import pytest
from filelock import FileLock

from tests.difficult.story import Record, live


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """What history said after each cycle."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return live(tmp_path_factory.mktemp("difficult"))
    shared = tmp_path_factory.getbasetemp().parent
    told = shared / "difficult.json"
    with FileLock(shared / "difficult.lock"):
        if not told.exists():
            told.write_text(json.dumps(live(tmp_path_factory.mktemp("difficult"))), "utf-8")
    record: Record = json.loads(told.read_text("utf-8"))
    return record
