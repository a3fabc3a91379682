"""The Containerfile, as far as it can be judged without an engine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from linkwatch import config
from tests.deploy.support import DEPLOY, ROOT, run

TEXT = (DEPLOY / "Containerfile").read_text("utf-8")
# one instruction a line: comments out, continued lines joined
CODE = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.M))
INSTRUCTIONS = [line.split(maxsplit=1) for line in CODE.splitlines() if line]
LAST_STAGE = INSTRUCTIONS[max(i for i, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM") :]
COPIED = [
    source
    for word, rest in INSTRUCTIONS
    if word == "COPY" and not rest.startswith("--from")
    for source in rest.split()[:-1]
]


def test_everything_that_is_copied_exists_and_gets_into_the_context() -> None:
    allowed = re.findall(r"^!(.*)", (ROOT / ".containerignore").read_text("utf-8"), flags=re.M)
    assert set(COPIED) == set(allowed)
    assert not [source for source in COPIED if not (ROOT / source).exists()]


def test_everything_that_the_build_reads_is_copied() -> None:
    pyproject: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {
        "pyproject.toml",
        pyproject["project"]["readme"],
        *pyproject["project"]["license-files"],
        *wheel["packages"],
        *wheel.get("force-include", {}),
    }
    assert needed <= set(COPIED)


def test_every_run_step_is_well_formed(tmp_path: Path) -> None:
    steps = [rest for word, rest in INSTRUCTIONS if word == "RUN"]
    assert steps
    for number, rest in enumerate(steps):
        script = tmp_path / f"{number}.sh"
        script.write_text(rest)
        assert run(["sh", "-n", script]).stderr == ""


def test_it_runs_as_a_numbered_user_who_is_not_root_and_hears_sigterm_itself() -> None:
    last = dict(LAST_STAGE)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last["USER"])
    # the form without a shell, or the shell would be PID 1 and keep the signal
    assert (last["ENTRYPOINT"], last["CMD"]) == ('["linkwatch"]', '["run"]')


def test_the_built_in_settings_fit_where_notes_and_history_are_mounted() -> None:
    settings = config.load(None, cwd=Path(dict(LAST_STAGE)["WORKDIR"]))
    assert settings.note_paths == (Path("/notes"),)
    assert settings.database.parent == settings.report_path.parent == Path("/data")
    assert "-v ~/notes:/notes:ro -v ~/linkwatch:/data " in TEXT


def test_forgotten_notes_are_missing_rather_than_an_empty_volume() -> None:
    assert dict(LAST_STAGE)["VOLUME"] == '["/data"]'


def test_compose_builds_that_file_and_gives_it_no_more_than_it_needs() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["linkwatch"]
    context = DEPLOY / service["build"]["context"]
    assert (context / service["build"]["dockerfile"]).samefile(DEPLOY / "Containerfile")
    assert [v.rpartition(":/")[2] for v in service["volumes"]] == ["notes:ro", "data"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
