"""Real git repositories, with commits of any day."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")


class Repository:
    """A repository at a folder, with nothing of this machine's configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, on: str = "2020-01-01", reads: str = "") -> str:
        """Run git; the day is the author's and the committer's."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        who = {
            f"GIT_{role}_{what}": value
            for role, date in (("AUTHOR", on), ("COMMITTER", on))
            for what, value in (
                ("NAME", "A"),
                ("EMAIL", "a@example.org"),
                ("DATE", f"{date}T12:00:00Z"),
            )
        }
        nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=clean | who | nobody,
            check=True,
            capture_output=True,
            text=True,
            input=reads,
        ).stdout

    def write(self, path: str, text: str) -> Path:
        at = self.folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text, "utf-8")
        return at

    def commit(self, on: str) -> None:
        """Commit all that is there."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", on, on=on)

    def sign(self) -> None:
        """Give the last commit a signature, which is worth nothing."""
        head, _, message = self.git("cat-file", "commit", "HEAD").partition("\n\n")
        begin, end = (f"-----{word} PGP SIGNATURE-----" for word in ("BEGIN", "END"))
        signed = f"{head}\ngpgsig {begin}\n \n x\n {end}\n\n{message}"
        name = self.git("hash-object", "-w", "-t", "commit", "--stdin", reads=signed)
        self.git("reset", "-q", "--soft", name.strip())
