"""The weekly workflow: careful with rights, sure to find its history again, red only by mistake."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.support import DEPLOY, Stub, run

WORKFLOW = DEPLOY / "ci" / "github-weekly.yml"
TEXT = WORKFLOW.read_text("utf-8")
# BaseLoader leaves `on` a word; YAML 1.1 makes it a truth value
PARSED: dict[str, Any] = yaml.load(TEXT, yaml.BaseLoader)  # our own file, and strings only
JOB: dict[str, Any] = PARSED["jobs"]["check"]
STEPS: list[dict[str, Any]] = JOB["steps"]
SHELL_STEPS = [step for step in STEPS if "run" in step]
SUMMARY_LIMIT = 1024 * 1024  # bytes; GitHub drops a step's summary that is larger
CACHE_LIFE_DAYS = 7  # GitHub drops a cache that was not used for as long


def step(name: str) -> dict[str, Any]:
    return next(s for s in STEPS if s.get("name") == name)


def using(action: str) -> dict[str, Any]:
    return next(s for s in STEPS if s.get("uses", "").startswith(f"{action}@"))


class Runner:
    """One step's shell as GitHub starts it, with linkwatch and Python pretended."""

    def __init__(self, path: Path) -> None:
        self.linkwatch = Stub(path / "bin", "linkwatch")
        self.python = Stub(path / "bin", "python")
        self.path = path
        self.summary = path / "summary.md"

    def run(self, name: str, **env: str) -> tuple[int, str]:
        script = self.path / "step.sh"
        script.write_text(step(name)["run"])
        paths = {"RUNNER_TEMP": str(self.path), "GITHUB_STEP_SUMMARY": str(self.summary)}
        path = f"{self.path / 'bin'}:/usr/bin:/bin"
        bash = shutil.which("bash")
        if bash is None:
            pytest.skip("bash, the shell of GitHub's runners, is not on this machine")
        done = run([bash, "-e", script], env={"PATH": path, **paths, **env}, cwd=self.path)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_it_may_read_the_repository_and_nothing_else() -> None:
    assert PARSED["permissions"] == {"contents": "read"}
    assert "permissions" not in JOB
    assert using("actions/checkout")["with"]["persist-credentials"] == "false"


def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is() -> None:
    uses = re.findall(r"uses: (.*)", TEXT)
    assert len(uses) == 5
    for line in uses:
        assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_no_expression_is_pasted_into_a_shell_script() -> None:
    assert not [s["name"] for s in SHELL_STEPS if "${{" in s["run"]]


@pytest.mark.parametrize("name", [s["name"] for s in SHELL_STEPS])
def test_every_shell_step_is_well_formed(name: str, tmp_path: Path) -> None:
    script = tmp_path / "step.sh"
    script.write_text(step(name)["run"])
    assert run(["sh", "-n", script]).stderr == ""


def test_the_history_that_a_run_saves_is_the_one_that_the_next_restores() -> None:
    restore, save = using("actions/cache/restore"), using("actions/cache/save")
    assert restore["with"]["path"] == save["with"]["path"]  # GitHub compares it to the letter
    assert restore["with"]["key"] == save["with"]["key"]
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
    # a saved cache is never overwritten, so each run and each try of it needs a key of its own
    assert "github.run_id" in save["with"]["key"]
    assert "github.run_attempt" in save["with"]["key"]


def test_the_history_is_saved_after_a_failed_check_too() -> None:
    save = using("actions/cache/save")
    assert save["if"].startswith("always()")
    assert STEPS.index(save) == STEPS.index(step("Check what is due")) + 1


def test_it_runs_before_github_forgets_the_history() -> None:
    (schedule,) = PARSED["on"]["schedule"]
    minute, hour, day, month, weekdays = schedule["cron"].split()
    assert (day, month) == ("*", "*")
    assert minute != "0", "schedules queue at the full hour"
    assert 0 <= int(hour) < 24
    days = sorted(int(d) for d in weekdays.split(","))
    gaps = [b - a for a, b in zip(days, [*days[1:], days[0] + 7], strict=True)]
    assert max(gaps) < CACHE_LIFE_DAYS - 1


@pytest.mark.parametrize(("code", "red"), [(0, False), (1, True), (2, False), (3, True)])
def test_a_run_is_red_when_linkwatch_could_not_work_and_not_for_dead_links(
    runner: Runner, code: int, red: bool
) -> None:
    runner.linkwatch.answers("check", code=code)
    ended, said = runner.run("Check what is due")
    assert ended == (code if red else 0)
    assert ("::warning" in said) == (code == 2)


def test_the_report_is_shown_in_the_summary_and_kept(runner: Runner) -> None:
    runner.linkwatch.answers("report", out="# Links\n\nEl Niño: 100 % dead\n")
    assert runner.run("Show the report") == (0, "")
    assert runner.summary.read_text("utf-8") == "# Links\n\nEl Niño: 100 % dead\n"
    kept = using("actions/upload-artifact")["with"]["path"]
    assert (runner.path / Path(kept).name).read_bytes() == runner.summary.read_bytes()


def test_a_report_too_large_for_a_summary_is_cut_and_says_so(runner: Runner) -> None:
    long = runner.path / "long.md"
    long.write_text("- a dead link\n" * 100_000)
    runner.linkwatch.path.write_text(f"#!/bin/sh\ncat '{long}'\n")
    assert runner.run("Show the report") == (0, "")
    assert runner.summary.stat().st_size < SUMMARY_LIMIT
    assert "**Cut here.**" in runner.summary.read_text("utf-8")[-100:]
    assert (runner.path / "report.md").stat().st_size == long.stat().st_size


def test_what_to_install_is_one_line_to_edit_and_forgetting_it_is_said(runner: Runner) -> None:
    assert TEXT.count("\n  LINKWATCH_PACKAGE:") == 1
    forgotten = PARSED["env"]["LINKWATCH_PACKAGE"]
    ended, said = runner.run("Install linkwatch", LINKWATCH_PACKAGE=forgotten)
    assert ended != 0
    assert "LINKWATCH_PACKAGE: is empty; say" in said
    assert runner.python.calls == []

    assert runner.run("Install linkwatch", LINKWATCH_PACKAGE="a name==1.0")[0] == 0
    assert runner.python.calls == [f"{runner.path}: -m pip install a name==1.0"]
