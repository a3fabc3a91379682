"""The systemd units: understood by systemd, and shut tight."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.support import DEPLOY, Stub, run, tool

SYSTEM = ("linkwatch.service", "linkwatch-check.service", "linkwatch-check.timer")
SERVICES = ("linkwatch.service", "linkwatch-check.service")
EXPOSURE_LIMIT = 2.0

# What the daemon and the oneshot may differ in; all the rest is the sandbox.
OWN_TO_EACH = {
    *("Type", "ExecStart", "ExecReload", "Restart", "RestartSec", "RestartPreventExitStatus"),
    *("WatchdogSec", "Environment", "TimeoutStopSec", "TimeoutStartSec", "SuccessExitStatus"),
    *("Nice", "WorkingDirectory"),
}


def systemd_analyze() -> str:
    return tool("systemd-analyze", why_absent="not every machine runs systemd; Debian: systemd")


def settings(unit: Path) -> list[tuple[str, str]]:
    """The assignments of a unit, in order."""
    lines = unit.read_text("utf-8").splitlines()
    return [(k, v) for k, eq, v in (line.partition("=") for line in lines if line[:1] != "#") if eq]


def sandbox(unit: Path) -> list[tuple[str, str]]:
    text = unit.read_text("utf-8")
    service = text[text.index("[Service]") :].partition("[Install]")[0]
    keys = {line.partition("=")[0] for line in service.splitlines()}
    return [(k, v) for k, v in settings(unit) if k in keys - OWN_TO_EACH]


def installed(unit: Path, where: Path) -> Path:
    """A copy whose program exists, so that what systemd says is about the unit."""
    program = Stub(where / "bin", "linkwatch").path
    text = re.sub(r"^(Exec\w+=)\S+", rf"\1{program}", unit.read_text("utf-8"), flags=re.M)
    copy = where / unit.name
    copy.write_text(text)
    return copy


@pytest.mark.parametrize("name", SYSTEM)
def test_systemd_has_nothing_to_say_against_a_system_unit(name: str, tmp_path: Path) -> None:
    analyze = systemd_analyze()
    copies = {unit: installed(DEPLOY / unit, tmp_path) for unit in SYSTEM}
    verdict = run([analyze, "verify", copies[name]])
    assert (verdict.returncode, verdict.stdout + verdict.stderr) == (0, "")


def test_systemd_has_nothing_to_say_against_the_users_own_unit(tmp_path: Path) -> None:
    analyze = systemd_analyze()
    copy = installed(DEPLOY / "user" / "linkwatch.service", tmp_path)
    runtime = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    verdict = run([analyze, "--user", "verify", copy], env=runtime)
    assert (verdict.returncode, verdict.stdout + verdict.stderr) == (0, "")


def test_systemd_would_have_complained_about_a_misspelt_setting(tmp_path: Path) -> None:
    copy = installed(DEPLOY / "linkwatch.service", tmp_path)
    copy.write_text(copy.read_text().replace("ProtectSystem=", "ProtectSistem="))
    assert "ProtectSistem" in run([systemd_analyze(), "verify", copy]).stderr


def offline_exposure(unit: Path) -> float:
    analyze = systemd_analyze()
    if "--offline" not in run([analyze, "--help"]).stdout:
        pytest.skip("this systemd-analyze can't rate a unit that is not loaded (250 can)")
    answer = run([analyze, "security", "--offline=true", "--no-pager", unit])
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", answer.stdout)
    assert found is not None, answer.stderr
    return float(found[1])


@pytest.mark.parametrize("name", SERVICES)
def test_a_system_service_is_hardly_exposed(name: str) -> None:
    assert offline_exposure(DEPLOY / name) < EXPOSURE_LIMIT


def test_a_service_without_the_sandbox_would_be_called_exposed(tmp_path: Path) -> None:
    bare = tmp_path / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    assert offline_exposure(bare) > EXPOSURE_LIMIT


def test_the_daemon_and_the_timers_check_live_in_the_same_sandbox() -> None:
    daemon, check = (sandbox(DEPLOY / name) for name in SERVICES)
    assert len(daemon) > 30
    assert daemon == check


def test_the_users_own_unit_is_no_laxer_where_it_can_be_strict() -> None:
    own = set(sandbox(DEPLOY / "user" / "linkwatch.service"))
    systems = set(sandbox(DEPLOY / "linkwatch.service"))
    assert {k for k, _ in own} > {"SystemCallFilter", "RestrictAddressFamilies"}
    assert own - systems == {("UMask", "0077")}


def test_dead_links_do_not_fail_the_timers_check_and_bad_settings_are_not_tried_again() -> None:
    assert ("SuccessExitStatus", "2") in settings(DEPLOY / "linkwatch-check.service")
    for unit in (DEPLOY / "linkwatch.service", DEPLOY / "user" / "linkwatch.service"):
        assert ("RestartPreventExitStatus", "3") in settings(unit)


def test_commented_edits_are_settings_that_systemd_knows(tmp_path: Path) -> None:
    analyze = systemd_analyze()
    for name in SERVICES:
        copy = installed(DEPLOY / name, tmp_path)
        text, count = re.subn(r"^#(?=[A-Z]\w+=)", "", copy.read_text(), flags=re.M)
        assert count == 4, "RequiresMountsFor, BindReadOnlyPaths, ReadWritePaths, Environment"
        copy.write_text(text)
        verdict = run([analyze, "verify", copy])
        assert (verdict.returncode, verdict.stdout + verdict.stderr) == (0, "")
