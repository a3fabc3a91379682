"""What can be set, and its defaults: config.yaml as frozen values, section by section."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

DEFAULT_NAME = "config.yaml"

_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_LONGEST_S = 36_500 * 86400.0  # calendars end at the year 9999


class Seconds(float):
    """A duration; in YAML a number and a unit, such as `20s`."""


Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Notes(_Section, frozen=True):
    """Which files are notes, and which of their URLs count. `paths` are as written."""

    paths: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("notes",)
    include: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("**/*.md",)
    exclude: tuple[str, ...] = (".obsidian/**", ".trash/**", ".git/**")
    exclude_urls: tuple[str, ...] = ()
    check_code: bool = False


class History(_Section, frozen=True):
    """How long every check is kept; None: for good."""

    keep: Seconds | None = Seconds(90 * 86400)


class Report(_Section, frozen=True):
    path: str = "data/report.md"


class PerHost(_Section, frozen=True):
    concurrency: Count = 4
    interval: Seconds = Seconds(0.1)


class HostOverride(_Section, frozen=True):
    """What differs for one host; None: as for all."""

    concurrency: Count | None = None
    interval: Seconds | None = None
    timeout: Seconds | None = None
    user_agent: str | None = None


class Probes(_Section, frozen=True):
    """Which sites are asked a better question than for their page. See `checker.probes`."""

    arxiv: bool = True
    doi: bool = True
    github: bool = True
    google_docs: bool = True
    reddit: bool = True
    stackexchange: bool = True
    vimeo: bool = True
    x: bool = True
    youtube: bool = True


class Check(_Section, frozen=True):
    timeout: Seconds = Seconds(20)
    concurrency: Count = 256
    per_host: PerHost = msgspec.field(default_factory=PerHost)
    max_redirects: Annotated[int, msgspec.Meta(ge=0, le=100)] = 10
    recheck_after: Seconds = Seconds(7 * 86400)
    budget: Seconds = Seconds(3600)
    allow_private_networks: bool = False
    user_agent: str | None = None
    proxy: str | None = None
    fragments: bool = False
    probes: Probes = msgspec.field(default_factory=Probes)
    hosts: dict[str, HostOverride] = msgspec.field(default_factory=dict)


class DeadAfter(_Section, frozen=True):
    failures: Count = 3
    days: Annotated[float, msgspec.Meta(ge=0, le=36_500)] = 3


class Verdict(_Section, frozen=True):
    dead_after: DeadAfter = msgspec.field(default_factory=DeadAfter)


class LocalLimits(_Section, frozen=True):
    """How much of the pages is kept; a MB is a million bytes."""

    page_mb: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10  # they are in memory for a moment
    total_mb: Annotated[int, msgspec.Meta(ge=1, le=100_000_000)] = 1000
    keep: Count = 3


class Archive(_Section, frozen=True):
    enabled: bool = True
    save: Literal["none", "dying", "new", "all"] = "none"
    save_a_day: Count = 200
    local: bool = False
    local_limits: LocalLimits = msgspec.field(default_factory=LocalLimits)
    wayback_url: str = "https://web.archive.org"
    availability_url: str = "https://archive.org/wayback/available"
    timemaps: tuple[str, ...] = ()


class Schedule(_Section, frozen=True):
    """When the daemon looks; exactly one of the two is set."""

    every: Seconds | None = None
    cron: str | None = None


class File(_Section, frozen=True):
    notes: Notes = msgspec.field(default_factory=Notes)
    database: str = "data/linkwatch.db"
    history: History = msgspec.field(default_factory=History)
    report: Report = msgspec.field(default_factory=Report)
    check: Check = msgspec.field(default_factory=Check)
    verdict: Verdict = msgspec.field(default_factory=Verdict)
    archive: Archive = msgspec.field(default_factory=Archive)
    schedule: Schedule = msgspec.field(default_factory=Schedule)


def seconds(text: object) -> Seconds:
    """A duration as configuration writes it. Raises ValueError with the accepted forms."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        shown = repr(text) if isinstance(text, str | int | float) else "this"
        raise ValueError(f"{shown} is not a duration: a number and one of ms, s, m, h, d")
    value = float(match[1]) * _UNIT_S[match[2]]
    if value > _LONGEST_S:
        raise ValueError(f"{text!r} is too long: at most 36500d")
    return Seconds(value)


def decode(kind: type, value: object) -> Seconds:
    if kind is not Seconds:
        raise NotImplementedError
    return seconds(value)


def default_text() -> str:
    """The commented configuration that `init` writes: config.yaml of the project's top level."""
    here = Path(__file__).parent
    shipped = here / DEFAULT_NAME  # in an installed wheel
    return (shipped if shipped.exists() else here.parent / DEFAULT_NAME).read_text("utf-8")
