"""docs/deploy.md says what is true."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from linkwatch import config
from tests.deploy.support import DEPLOY, ROOT, Stub, run, tool

TEXT = (ROOT / "docs" / "deploy.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.M | re.S)


def line_with(words: str) -> str:
    (found,) = (line for b in blocks("bash") for line in b.splitlines() if words in line)
    return found


def test_every_file_of_deploy_is_explained_and_every_file_explained_exists() -> None:
    named = set(re.findall(r"deploy/[\w./-]*\w", TEXT))
    there = {p.relative_to(ROOT).as_posix() for p in DEPLOY.rglob("*") if p.is_file()}
    assert named == there


def test_every_command_is_well_formed(tmp_path: Path) -> None:
    for number, block in enumerate(blocks("bash")):
        script = tmp_path / f"{number}.sh"
        script.write_text(block)
        assert run(["sh", "-n", script]).stderr == ""


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^## (.*)", TEXT, flags=re.M)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    linked = set(re.findall(r"\]\(#(.*?)\)", TEXT))
    assert linked <= anchors


def test_the_settings_of_the_system_service_are_accepted_and_keep_to_where_it_may_write(
    tmp_path: Path,
) -> None:
    (settings,) = blocks("yaml")
    (tmp_path / "config.yaml").write_text(settings)
    read = config.load(tmp_path / "config.yaml", cwd=tmp_path)
    unit = (DEPLOY / "linkwatch.service").read_text("utf-8")
    state = Path("/var/lib") / re.findall(r"^StateDirectory=(.*)", unit, flags=re.M)[0]
    assert read.database.parent == read.report_path.parent == state
    assert read.note_paths == (Path("/srv/notes"),)


def test_the_units_start_what_the_page_installs() -> None:
    for name in ("linkwatch.service", "linkwatch-check.service"):
        unit = (DEPLOY / name).read_text("utf-8")
        program, _, settings = re.findall(r"^ExecStart=(.*)", unit, flags=re.M)[0].split()[:3]
        assert f"venv {Path(program).parents[1]}" in TEXT
        assert f"sudoedit {settings}" in TEXT


def test_the_backup_command_takes_a_whole_copy_while_the_history_is_written(tmp_path: Path) -> None:
    tool("sqlite3", why_absent="the command line tool of SQLite")
    with closing(sqlite3.connect(tmp_path / "linkwatch.db")) as writer:
        writer.execute("PRAGMA journal_mode = wal")
        writer.execute("CREATE TABLE checks (id)")
        writer.execute("INSERT INTO checks VALUES (1)")
        writer.commit()
        writer.execute("INSERT INTO checks VALUES (2)")  # not yet committed
        backup = run(["sh", "-c", line_with(".backup")], env=dict(os.environ), cwd=tmp_path)
        assert (backup.returncode, backup.stderr) == (0, "")
    with closing(sqlite3.connect(tmp_path / "linkwatch-backup.db")) as copy:
        assert copy.execute("SELECT id FROM checks").fetchall() == [(1,)]


def test_the_command_to_try_the_crontab_line_runs_just_that_line(tmp_path: Path) -> None:
    (tmp_path / "linkwatch").mkdir()
    linkwatch = Stub(tmp_path / ".local" / "bin", "linkwatch")
    sh = shutil.which("sh")
    if sh is None:
        pytest.skip("no sh on this machine")
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    assert run([sh, "-c", line_with("deploy/crontab")], env=env).stderr == ""
    assert linkwatch.calls == [f"{tmp_path}/linkwatch: --quiet check"]
