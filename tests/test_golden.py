"""The reports of one rich history, byte for byte as they were.

Whoever means to change a report writes them anew: `python -m tests.test_golden`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from linkwatch.history.ledger import read_ledger
from linkwatch.history.store import Store
from linkwatch.report.jsonreport import render_json
from linkwatch.report.markdown import render_markdown
from tests.history.rich import NAMES, PATHS, write_rich

GOLDEN = Path(__file__).parent / "golden"


def reports(folder: Path) -> dict[str, str]:
    with Store(folder / "history.db") as store:
        write_rich(store)
        ledger = read_ledger(store, names=NAMES, paths=PATHS)
        return {
            "rich.json": "".join(render_json(ledger)),
            "rich.md": render_markdown(ledger, report_dir=Path("/home/me")),
        }


@pytest.mark.skipif(sys.platform == "win32", reason="the paths in it are of another system")
def test_the_same_history_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, text in reports(tmp_path).items():
        assert text.encode() == (GOLDEN / name).read_bytes()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        for name, text in reports(Path(temporary)).items():
            (GOLDEN / name).write_bytes(text.encode())
