"""A newcomer's first commands: `make run`'s script and `make demo`'s three weeks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import demo

TOP = Path(__file__).parent.parent


def _make_run(notes: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(TOP / ".make" / "run")],
        cwd=cwd,
        env={**os.environ, "NOTES": notes, "BIN": str(Path(sys.executable).parent)},
        capture_output=True,
        text=True,
    )


def test_make_run_offline_is_no_failure_and_says_so_in_a_sentence(tmp_path: Path) -> None:
    note = tmp_path / "my notes" / "a.md"
    note.parent.mkdir()
    note.write_text("no links yet")
    assert _make_run("my notes", tmp_path).returncode == 0
    home = next((tmp_path / "data" / "run").iterdir())
    (home / "config.yaml").write_text("check: {allow_private_networks: true}")
    note.write_text("\n".join(f"http://s{i}.localhost:1/" for i in range(3)))

    ran = _make_run("my notes", tmp_path)

    assert ran.returncode == 0
    assert "does not count" in ran.stderr
    shown = next(line for line in ran.stdout.splitlines() if "whole report" in line)
    assert (tmp_path / shown.split(": ", 1)[1].strip()).exists()
    assert list(note.parent.iterdir()) == [note]  # nothing is put among the notes


def test_make_run_shows_the_report_and_keeps_a_history_for_each_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text("no links here")
        ran = _make_run(name, tmp_path)
        assert ran.returncode == 0
        assert "# Link report" in ran.stdout
    assert len(list((tmp_path / "data" / "run").iterdir())) == 2


@pytest.mark.parametrize("name", ["it's", 'a "b"', "$(touch x)", "x; touch y"])
def test_make_run_takes_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.md").write_text("no links here")
    assert _make_run(name, tmp_path).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "data"])


def test_make_hands_the_name_over_as_it_is() -> None:
    ran = subprocess.run(
        ["make", "-n", "run", "NOTES=x'; touch injected; '"],
        cwd=TOP,
        capture_output=True,
        text=True,
    )
    assert "injected" not in ran.stdout


def test_make_run_fails_on_notes_that_do_not_exist(tmp_path: Path) -> None:
    ran = _make_run("nowhere", tmp_path)
    assert ran.returncode == 1
    assert "There are no notes at" in ran.stderr


def test_the_demo_tells_deaths_recoveries_and_our_own_outage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    demo.main()
    told = capsys.readouterr().out
    assert "Week 1: 8 links in 2 notes: 1 dead, 1 suspect, 1 blocked, 1 moved, 4 alive." in told
    assert "this cycle does not count: none of the 6 hosts answered" in told
    assert "Week 3: 9 links in 2 notes: 3 dead, 1 suspect" in told
    assert "Archived copy of 2023-05-14" in told
