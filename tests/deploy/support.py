"""The files under test, a program that pretends to be linkwatch, and the linters that are there."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


class Stub:
    """An executable that writes down how it was called, then says and returns what it was told."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self._calls = folder / f"{name}.calls"
        self._answers: dict[str, str] = {}
        self._write()

    def answers(self, command: str, *, code: int = 0, out: str = "", err: str = "") -> None:
        """What calls with `command` among their arguments get."""
        self._answers[command] = (
            f"printf %s {shlex.quote(out)}; printf %s {shlex.quote(err)} >&2; exit {code}"
        )
        self._write()

    @property
    def calls(self) -> list[str]:
        """`folder: arguments` of every call, oldest first."""
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def _write(self) -> None:
        cases = "".join(f'*" {c} "*) {does} ;;\n' for c, does in self._answers.items())
        self.path.write_text(
            f'#!/bin/sh\necho "$PWD: $*" >> {shlex.quote(str(self._calls))}\n'
            f'case " $* " in\n{cases}*) ;;\nesac\n'
        )
        self.path.chmod(0o755)


def run(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """The finished command; `env` is its whole environment."""
    return subprocess.run(
        command, env=env, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=25
    )


def tool(name: str, *, why_absent: str) -> str:
    """The path of a program of this environment or machine; skips the test where it is not."""
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=here)
    if found is None:
        pytest.skip(f"{name} is not installed ({why_absent})")
    return found
