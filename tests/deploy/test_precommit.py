"""The hook that we offer pre-commit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from linkwatch.cli import cli
from tests.deploy.support import ROOT, run, tool

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
(HOOK,) = yaml.safe_load(MANIFEST.read_text("utf-8"))


def test_pre_commit_accepts_it() -> None:
    program = tool("pre-commit", why_absent="optional; PyPI has it")
    verdict = run([program, "validate-manifest", str(MANIFEST)])
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_it_is_a_command_of_ours_that_gets_the_notes_of_a_push() -> None:
    program, command = HOOK["entry"].split()
    assert program == "linkwatch"
    assert command in cli.commands
    assert HOOK.get("pass_filenames", True)
    assert HOOK["types"] == ["markdown"]
    assert HOOK["require_serial"]  # of two cycles at a time one is refused
    assert "pre-commit" not in HOOK["stages"]  # a commit may have no network


def test_it_works_in_a_repository_without_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("no links here")
    arguments = HOOK["entry"].split()[1:]
    ran = subprocess.run(
        [sys.executable, "-m", "linkwatch", *arguments, "a.md"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
