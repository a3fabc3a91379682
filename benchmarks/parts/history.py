"""Large histories; measured in modules of their own."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from benchmarks.parts import Setting


def measure(setting: Setting) -> str:
    """A million links, and a year of cycles."""
    sections: list[str] = []
    million, growth = _module("million"), _module("growth")
    if million is not None:
        folder = setting.folder / "million"
        folder.mkdir()
        sections.append(million.section(folder, times=setting.times))
    if growth is not None:
        folder = setting.folder / "growth"
        folder.mkdir()
        sections.append(growth.section(folder))
    return "\n\n".join(section.strip() for section in sections)


def _module(name: str) -> Any:
    """A module of this package; None where there is none."""
    found = importlib.util.find_spec(f"benchmarks.{name}")
    return importlib.import_module(f"benchmarks.{name}") if found else None
