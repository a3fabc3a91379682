"""The configuration: what was set, resolved against where it was set."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from linkwatch import __version__
from linkwatch.configfile import read
from linkwatch.errors import ConfigError, UsageError
from linkwatch.patterns import Pattern, compile_pattern
from linkwatch.settings import (
    DEFAULT_NAME,
    Archive,
    Check,
    File,
    History,
    HostOverride,
    Notes,
    Schedule,
    Seconds,
    Verdict,
)
from linkwatch.web.url import name_of

USER_AGENT = f"Mozilla/5.0 (compatible; linkwatch/{__version__})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings, their relative paths resolved against `base`."""

    base: Path
    source: Path | None  # the file they were read from
    notes: Notes
    note_paths: tuple[Path, ...]
    database: Path
    history: History
    report_path: Path
    check: Check
    verdict: Verdict
    archive: Archive
    schedule: Schedule

    def override(self, name: str) -> HostOverride:
        """What `check.hosts` says of a host name: the exact name, else the longest `*.` match."""
        hosts = self.check.hosts
        exact = hosts.get(name)
        if exact is not None:
            return exact
        matches = [p for p in hosts if p.startswith("*.") and name.endswith(p[1:])]
        return hosts[max(matches, key=len)] if matches else HostOverride()


def load(path: Path | None, *, cwd: Path) -> Config:
    """The configuration of `path`; without one, of `./config.yaml`, else the built-in defaults.

    Raises ConfigError with one sentence that names the file, the line, the key and what would do.
    """
    source = cwd / (path or DEFAULT_NAME)
    path = path or source
    try:
        text = source.read_text("utf-8-sig")
    except OSError as exc:
        if path is source and isinstance(exc, FileNotFoundError) and not source.is_symlink():
            return _resolve(File(), base=cwd, source=None)
        raise ConfigError(f"Can't read the configuration {path}: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path} is not UTF-8 text (byte {exc.start}).") from exc
    source = Path(os.path.abspath(source))  # noqa: PTH100 - resolve() would leave a linked file's folder
    return _resolve(read(path, text), base=source.parent, source=source)


def _resolve(file: File, *, base: Path, source: Path | None) -> Config:
    schedule = file.schedule
    if schedule.every is None and schedule.cron is None:
        schedule = Schedule(every=Seconds(3600))
    hosts = {_host_name(name): host for name, host in file.check.hosts.items()}
    return Config(
        base=base,
        source=source,
        notes=file.notes,
        note_paths=tuple(base / Path(p).expanduser() for p in file.notes.paths),
        database=base / Path(file.database).expanduser(),
        history=file.history,
        report_path=base / Path(file.report.path).expanduser(),
        check=msgspec.structs.replace(file.check, hosts=hosts),
        verdict=file.verdict,
        archive=file.archive,
        schedule=schedule,
    )


def _host_name(pattern: str) -> str:
    """A key of `check.hosts` as links name their hosts: in lower case, and in ASCII."""
    star = "*." if pattern.startswith("*.") else ""
    name = pattern.removeprefix(star)
    return star + (name_of(f"http://{name}/") or name)


def require_regexes(patterns: tuple[str, ...]) -> tuple[Pattern, ...]:
    """The patterns, compiled; they were checked when the file was read."""
    try:
        return tuple(compile_pattern(p) for p in patterns)
    except re.error as exc:
        raise UsageError(f"{exc.pattern!r} is not a regular expression: {exc}.") from exc
