"""What the documents say is so. A command, a setting, a reason or a room that is missing fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from linkwatch.call import Exit
from linkwatch.cli import cli
from linkwatch.model import Reason, State
from linkwatch.settings import default_text

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "linkwatch"
_JSON_KEYS = {
    f"archive.{key}" for key in ("outcome", "asked_at", "next_at", "cited_at", "cited_from")
}
README = (TOP / "README.md").read_text("utf-8")


def test_every_command_stands_in_the_readme() -> None:
    for name in cli.commands:
        assert f"`linkwatch {name}" in README or f"linkwatch {name}\n" in README, name


def test_every_exit_code_stands_in_the_readme() -> None:
    line = next(line for line in README.splitlines() if line.startswith("**Exit codes:**"))
    assert [int(n) for n in re.findall(r"(?:^|· |\*\* )(\d+) ", line)] == sorted(Exit)


def test_every_state_stands_in_the_readme() -> None:
    for state in set(State) - {State.UNCHECKED}:
        assert f"| `{state}` |" in README


def test_every_reason_is_explained_and_no_other() -> None:
    text = (TOP / "docs" / "reasons.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == sorted(Reason)


def _settings(node: Any, path: str = "") -> Iterator[str]:
    for key, value in node.items():
        yield f"{path}{key}"
        if isinstance(value, dict):
            yield from _settings(value, f"{path}{key}.")


def test_the_settings_that_documents_name_exist() -> None:
    known = set(_settings(yaml.safe_load(default_text()))) | {"schedule.cron"}
    tops = "|".join(sorted({name.split(".")[0] for name in known if "." in name}))
    for document in [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]:
        for name in re.findall(rf"`((?:{tops})\.[a-z_.]+)", document.read_text("utf-8")):
            setting = name.split(".NAME")[0].rstrip(".")
            if not setting.endswith((".md", ".py", ".db")) and setting not in _JSON_KEYS:
                assert setting in known, f"{document.name}: {name}"


@pytest.mark.parametrize(
    "document", [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").glob("*.md"))]
)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", _prose(document)):
        assert (document.parent / target.replace("%20", " ")).exists(), target


def _prose(document: Path) -> str:
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


def test_make_knows_every_verb_that_documents_use() -> None:
    verbs = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    for document in (TOP / "README.md", TOP / "CONTRIBUTING.md"):
        assert set(re.findall(r"^make ([a-z]+)", document.read_text(), re.MULTILINE)) <= verbs


def test_every_module_has_its_place_in_the_architecture() -> None:
    text = (TOP / "docs" / "architecture.md").read_text("utf-8")
    for module in PACKAGE.glob("*.py"):
        if not module.stem.startswith("__"):
            assert f"`{module.name}`" in text, module.name
    for folder in PACKAGE.iterdir():
        if (folder / "__init__.py").exists():
            assert f"`{folder.name}/`" in text, folder.name


def _imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(
    "wing", ["notes", "checker", "history", "archive", "report", "web", "coming_from"]
)
def test_no_wing_reaches_into_another(wing: str) -> None:
    ground = {
        "citation",
        "clock",
        "config",
        "contract",
        "ends",
        "errors",
        "evidence",
        "marker",
        "model",
        "overrule",
        "patterns",
        "settings",
        "verdict",
        "void",
        "web",
    }
    for module in (PACKAGE / wing).rglob("*.py"):
        for name in _imports(module):
            if name.startswith("linkwatch."):
                assert name.split(".")[1] in ground | {wing}, f"{module.name} imports {name}"


@pytest.mark.parametrize(
    "module",
    [
        "citation",
        "ends",
        "evidence",
        "model",
        "overrule",
        "returned",
        "rollup",
        "schedule",
        "verdict",
        "void",
    ],
)
def test_what_judges_knows_no_clock_no_network_and_no_disk(module: str) -> None:
    allowed = {
        "linkwatch",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "hashlib",
        "functools",
        "http",
        "urllib",
    }
    for name in _imports(PACKAGE / f"{module}.py"):
        assert name.split(".")[0] in allowed | {"__future__", "re", "typing"}, name
    assert ".now(" not in (PACKAGE / f"{module}.py").read_text()
