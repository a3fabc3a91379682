"""The crontab line, run by sh as cron runs it: mail only when there is something to say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.deploy.support import DEPLOY, Stub, run

LINES = (DEPLOY / "crontab").read_text("utf-8").splitlines()
JOBS = [line for line in LINES if line.strip() and not line.startswith("#")]
# cron takes /bin/sh, which is dash on Debian, bash on Fedora and macOS, busybox on Alpine
SHELLS = [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)]


def command() -> str:
    return JOBS[0].split(maxsplit=5)[5]


class Home:
    """A person's home with linkwatch installed, and what cron would mail them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "linkwatch").mkdir()
        self.linkwatch = Stub(path / ".local" / "bin", "linkwatch")

    def mail(self, shell: str) -> str:
        env = {"HOME": str(self.path), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
        done = run([shutil.which(shell) or shell, "-c", command()], env=env, cwd=self.path)
        return done.stdout + done.stderr

    @property
    def calls(self) -> list[str]:
        return [call.removeprefix(f"{self.path}/") for call in self.linkwatch.calls]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_there_is_one_job_with_five_fields_and_no_bare_percent_sign() -> None:
    assert len(JOBS) == 1
    assert re.match(r"([\d*,/-]+ +){5}\S", JOBS[0])
    assert not re.search(r"(?<!\\)%", JOBS[0])


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_dead_is_no_mail(home: Home, shell: str) -> None:
    home.linkwatch.answers("check", code=0, out="251 links, nothing dead\n")
    assert home.mail(shell) == ""
    assert home.calls == ["linkwatch: --quiet check"]


@pytest.mark.parametrize("shell", SHELLS)
def test_dead_links_mail_the_report(home: Home, shell: str) -> None:
    home.linkwatch.answers("check", code=2, out="9 links are dead\n")
    home.linkwatch.answers("report", out="# Links\n")
    assert home.mail(shell) == "# Links\n"
    assert home.calls == ["linkwatch: --quiet check", "linkwatch: report --format markdown"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("code", [1, 3])
def test_work_that_could_not_be_done_mails_the_reason(home: Home, shell: str, code: int) -> None:
    home.linkwatch.answers("check", code=code, err="The network can't be reached.\n")
    assert home.mail(shell) == "The network can't be reached.\n"
    assert len(home.calls) == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_a_missing_folder_is_said_and_not_taken_for_dead_links(home: Home, shell: str) -> None:
    (home.path / "linkwatch").rmdir()  # dash's cd fails with 2
    assert "linkwatch" in home.mail(shell)
    assert home.calls == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_missing_linkwatch_is_said(home: Home, shell: str) -> None:
    if Path("/opt/linkwatch/bin/linkwatch").exists():
        pytest.skip("linkwatch is installed in /opt, where the line finds it")
    home.linkwatch.path.unlink()
    assert "not found" in home.mail(shell)
