"""A small world of its own: notes in a folder, a web, a name system and an archive on loopback,
and a clock that is moved by hand. The demo and the tests of whole cycles live in it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from linkwatch.clock import Clock
from linkwatch.config import Config, load
from linkwatch.cycle import Result, run_cycle
from linkwatch.history.store import Store
from linkwatch.model import Ledger, LinkRecord, State
from linkwatch.report.jsonreport import render_json
from linkwatch.watch import Silent
from linkwatch.wiring import ledger_of, lines_of
from tests.fakes.archive import FakeArchive
from tests.fakes.clock import FakeClock
from tests.fakes.dns import FakeDNS
from tests.fakes.web import FakeWeb

DAY_S = 86_400.0


class World:
    """`with World(folder) as world:`; its web serves until the block ends."""

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self.folder = folder
        self.clock = clock or FakeClock()
        self.web = FakeWeb()
        self.dns = FakeDNS()
        self.archive = FakeArchive(clock=self.clock)
        self._open = ExitStack()
        self.settings: dict[str, Any] = {}

    def __enter__(self) -> Self:
        for part in (self.web, self.dns, self.archive):
            self._open.enter_context(part)
        (self.folder / "notes").mkdir(parents=True, exist_ok=True)
        self.settings = {
            "check": {
                "timeout": "1s",
                "per_host": {"interval": "0ms"},
                "allow_private_networks": True,
            },
            "archive": {
                "wayback_url": self.archive.url,
                "availability_url": f"{self.archive.url}/wayback/available",
            },
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._open.close()

    def note(self, name: str, text: str) -> Path:
        """Write a note; its path."""
        path = self.folder / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def configure(self, **sections: dict[str, Any]) -> None:
        """Change some settings: `configure(verdict={"dead_after": {"failures": 1}})`."""
        for name, section in sections.items():
            self.settings.setdefault(name, {}).update(section)

    @property
    def config(self) -> Config:
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(self.settings), "utf-8")
        return load(path, cwd=self.folder)

    def check(self, *paths: Path, everything: bool = False) -> Result:
        """One cycle, now."""
        return asyncio.run(
            run_cycle(
                self.config,
                paths=paths,
                everything=everything,
                cwd=self.folder,
                clock=self.clock,
                progress=Silent(),
                nameservers=self.dns.nameservers,
            )
        )

    def pass_days(self, days: float) -> None:
        assert isinstance(self.clock, FakeClock)
        self.clock.advance(days * DAY_S)

    def live(self, days: int) -> Result:
        """A check a day for so many days; the last one's result."""
        for _ in range(days):
            self.pass_days(1)
            result = self.check()
        return result

    @property
    def links(self) -> dict[str, LinkRecord]:
        """Every mentioned link as history knows it now."""
        with Store(self.folder / "data" / "linkwatch.db") as store:
            return {link.url: link for link in ledger_of(store, self.config).links}

    @property
    def ledger(self) -> Ledger:
        """What a report tells, as far as it is read by now."""
        with Store(self.folder / "data" / "linkwatch.db") as store:
            return ledger_of(store, self.config)

    @property
    def json(self) -> Any:
        """The JSON report."""
        with Store(self.folder / "data" / "linkwatch.db") as store:
            lines = lines_of(store, self.config)
            return json.loads("".join(render_json(ledger_of(store, self.config), lines)))

    def state(self, url: str) -> State:
        return self.links[url].verdict.state

    def states(self, urls: Sequence[str]) -> list[State]:
        links = self.links
        return [links[url].verdict.state for url in urls]

    @property
    def report(self) -> str:
        return (self.folder / "data" / "report.md").read_text("utf-8")
