"""The reports of one rich history, byte for byte as they were.

Whoever means to change a report writes them anew: `python -m tests.test_golden`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from linkwatch.history.ledger import read_ledger
from linkwatch.history.lines import link_lines
from linkwatch.history.store import BATCH, Store
from linkwatch.report.jsonreport import render_json
from linkwatch.report.markdown import render_markdown
from tests.history.rich import NAMES, PATHS, write_rich

GOLDEN = Path(__file__).parent / "golden"


def reports(folder: Path) -> dict[str, str]:
    with Store(folder / "history.db") as store:
        write_rich(store)
        return told(store)


def told(store: Store, *, batch: int = BATCH) -> dict[str, str]:
    with store.reading():
        ledger = read_ledger(store, names=NAMES, paths=PATHS, batch=batch)
        lines = link_lines(store, names=NAMES, batch=batch)
        return {
            "rich.json": "".join(render_json(ledger, lines)),
            "rich.md": render_markdown(ledger, report_dir=Path("/home/me")),
        }


@pytest.mark.skipif(sys.platform == "win32", reason="the paths in it are of another system")
def test_the_same_history_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, text in reports(tmp_path).items():
        assert text.encode() == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("batch", [1, 2, 7, 1_000])
def test_the_bytes_are_the_same_however_many_links_are_read_at_a_time(
    tmp_path: Path, batch: int
) -> None:
    with Store(tmp_path / "history.db") as store:
        write_rich(store)
        assert told(store, batch=batch) == told(store)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        for name, text in reports(Path(temporary)).items():
            (GOLDEN / name).write_bytes(text.encode())
