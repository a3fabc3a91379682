"""config.yaml: read, checked, and given back as frozen values.

msgspec checks the types (small, no dependencies, names the path of a wrong value); PyYAML's node
tree gives that path its line. What a person can get wrong is answered with the file, the line, the
key and a value that would be accepted.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import msgspec
import yaml

from linkwatch import __version__
from linkwatch.errors import ConfigError, UsageError
from linkwatch.web.url import name_of

DEFAULT_NAME = "config.yaml"
USER_AGENT = f"Mozilla/5.0 (compatible; linkwatch/{__version__})"

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


class Check(_Section, frozen=True):
    timeout: Seconds = Seconds(20)
    concurrency: Count = 256
    per_host: PerHost = msgspec.field(default_factory=PerHost)
    max_redirects: Annotated[int, msgspec.Meta(ge=0, le=100)] = 10
    recheck_after: Seconds = Seconds(7 * 86400)
    allow_private_networks: bool = False
    user_agent: str | None = None
    proxy: str | None = None
    hosts: dict[str, HostOverride] = msgspec.field(default_factory=dict)


class DeadAfter(_Section, frozen=True):
    failures: Count = 3
    days: Annotated[float, msgspec.Meta(ge=0, le=36_500)] = 3


class Verdict(_Section, frozen=True):
    dead_after: DeadAfter = msgspec.field(default_factory=DeadAfter)


class Archive(_Section, frozen=True):
    enabled: bool = True
    save: Literal["none"] = "none"
    wayback_url: str = "https://web.archive.org"
    availability_url: str = "https://archive.org/wayback/available"


class Schedule(_Section, frozen=True):
    """When the daemon looks; exactly one of the two is set."""

    every: Seconds | None = None
    cron: str | None = None


class _File(_Section, frozen=True):
    notes: Notes = msgspec.field(default_factory=Notes)
    database: str = "data/linkwatch.db"
    report: Report = msgspec.field(default_factory=Report)
    check: Check = msgspec.field(default_factory=Check)
    verdict: Verdict = msgspec.field(default_factory=Verdict)
    archive: Archive = msgspec.field(default_factory=Archive)
    schedule: Schedule = msgspec.field(default_factory=Schedule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings, their relative paths resolved against `base`."""

    base: Path
    source: Path | None  # the file they were read from
    notes: Notes
    note_paths: tuple[Path, ...]
    database: Path
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


def default_text() -> str:
    """The commented configuration that `init` writes: config.yaml of the project's top level."""
    here = Path(__file__).parent
    shipped = here / DEFAULT_NAME  # in an installed wheel
    return (shipped if shipped.exists() else here.parent / DEFAULT_NAME).read_text("utf-8")


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
            return _resolve(_File(), base=cwd, source=None)
        raise ConfigError(f"Can't read the configuration {path}: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path} is not UTF-8 text (byte {exc.start}).") from exc
    source = Path(os.path.abspath(source))  # noqa: PTH100 - resolve() would leave a linked file's folder
    return _resolve(_Reader(path, text).read(), base=source.parent, source=source)


def _resolve(file: _File, *, base: Path, source: Path | None) -> Config:
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


class _Loader(yaml.SafeLoader):
    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, AttributeError) as exc:  # 2026-02-31; !!bool maybe
            kind = node.tag.rpartition(":")[2]
            why = f"{node.value!r} is no {kind}"
            raise yaml.constructor.ConstructorError(None, None, why, node.start_mark) from exc


class _Reader:
    """One reading of one file, so that every complaint can name its line."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        try:
            self._root = yaml.compose(text, Loader=_Loader)
            self._data: Any = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
        except yaml.MarkedYAMLError as exc:
            mark = exc.problem_mark or exc.context_mark
            line = mark.line + 1 if mark else 1
            raise ConfigError(
                f"{path}, line {line}: this is not YAML: {exc.problem or exc.context}. "
                "`linkwatch init` in an empty folder writes a file to compare with."
            ) from exc
        except yaml.reader.ReaderError as exc:
            line = text.count("\n", 0, exc.position) + 1
            raise ConfigError(
                f"{path}, line {line}: this is not YAML: a character that must not be there "
                f"(U+{ord(text[exc.position]):04X})."
            ) from exc
        except RecursionError as exc:
            raise ConfigError(f"{path}, line 1: brackets in brackets without end.") from exc

    def read(self) -> _File:
        if self._data is None:
            return _File()
        if not isinstance(self._data, dict):
            self._complain((), "it must hold keys and values", "check: {timeout: 20s}")
        self._refuse_duplicates(self._root, (), set())
        self._drop_empty(self._data)
        try:
            file = msgspec.convert(self._data, _File, dec_hook=_seconds)
        except msgspec.ValidationError as exc:
            self._translate(str(exc))
        self._check_values(file)
        return file

    def _drop_empty(self, data: dict[Any, Any]) -> None:
        """A section whose lines are all commented out reads as null, and means the defaults."""
        for name in ("notes", "report", "check", "verdict", "archive", "schedule"):
            if name in data and data[name] is None:
                del data[name]
        for name, inner in (("check", "per_host"), ("check", "hosts"), ("verdict", "dead_after")):
            section = data.get(name)
            if isinstance(section, dict) and inner in section and section[inner] is None:
                del section[inner]

    def _check_values(self, file: _File) -> None:
        self._check_paths(file)
        self._check_globs(file)
        self._check_hosts(file)
        for i, pattern in enumerate(file.notes.exclude_urls):
            try:
                re.compile(pattern)
            except re.error as exc:
                self._complain(
                    ("notes", "exclude_urls", i),
                    f"{pattern!r} is not a regular expression ({exc})",
                    r"'^https://example\.org/'",
                )
        if file.check.timeout <= 0:
            self._complain(("check", "timeout"), "it must be longer than nothing", "20s")
        if file.check.recheck_after <= 0:
            self._complain(("check", "recheck_after"), "it must be longer than nothing", "7d")
        for key, url in (
            (("check", "proxy"), file.check.proxy),
            (("archive", "wayback_url"), file.archive.wayback_url),
            (("archive", "availability_url"), file.archive.availability_url),
        ):
            if url is None:
                continue
            if not re.fullmatch(r"https?://[^/\s@]+(/\S*)?", url):
                why = "it must be an http(s) URL without a password"
                self._complain(key, why, _default(key) or "'http://proxy.example:3128'")
        schedule = file.schedule
        if schedule.every is not None and schedule.cron is not None:
            self._complain(("schedule", "cron"), "choose either every or cron", "every: 1h")
        if schedule.every is not None and schedule.every < 1:
            self._complain(("schedule", "every"), "it must be at least 1s", "1h")
        if schedule.cron is not None:
            from linkwatch.crontab import parse

            try:
                parse(schedule.cron)
            except ValueError as exc:
                self._complain(("schedule", "cron"), str(exc), "'0 4 * * mon'")

    def _check_hosts(self, file: _File) -> None:
        self._check_agent(("check", "user_agent"), file.check.user_agent)
        for name, host in file.check.hosts.items():
            path = ("check", "hosts", name)
            if not re.fullmatch(r"(\*\.)?[^*/:\s]+", name):
                accepted = "'example.org' or '*.example.org'"
                self._complain(path, f"{name!r} is not a host name", accepted)
            if host.timeout is not None and host.timeout <= 0:
                self._complain((*path, "timeout"), "it must be longer than nothing", "20s")
            self._check_agent((*path, "user_agent"), host.user_agent)

    def _check_agent(self, path: tuple[str, ...], agent: str | None) -> None:
        if agent is not None and not re.fullmatch("[ -~]+", agent):
            self._complain(path, "it must be one line of ASCII text", "null")

    def _check_paths(self, file: _File) -> None:
        paths = [
            *((("notes", "paths", i), path) for i, path in enumerate(file.notes.paths)),
            (("database",), file.database),
            (("report", "path"), file.report.path),
        ]
        for key, path in paths:
            accepted = _default(key) or "notes"
            if not path or "\0" in path:
                self._complain(key, f"{path!r} is not a path", accepted)
            try:
                Path(path).expanduser()
            except RuntimeError:
                self._complain(key, f"{path!r} starts with nobody's home folder", accepted)

    def _check_globs(self, file: _File) -> None:
        from pathspec.patterns.gitignore.basic import GitIgnoreBasicPattern

        for name, globs in (("include", file.notes.include), ("exclude", file.notes.exclude)):
            for i, glob in enumerate(globs):
                try:
                    pattern = GitIgnoreBasicPattern(glob)
                except ValueError:
                    self._complain(("notes", name, i), f"{glob!r} is not a glob", "'drafts/**'")
                if not pattern.include:  # a comment, nothing at all, or gitignore's `!`
                    self._complain(
                        ("notes", name, i),
                        f"{glob!r} names no files to {name}",
                        "'drafts/**'",
                    )

    def _refuse_duplicates(
        self, node: yaml.Node | None, path: tuple[str | int, ...], seen: set[int]
    ) -> None:
        if id(node) in seen:  # an alias, which may be one of billions, or lead round in a circle
            return
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for i, child in enumerate(node.value):
                self._refuse_duplicates(child, (*path, i), seen)
        if not isinstance(node, yaml.MappingNode):
            return
        names: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in names:
                self._complain(
                    (*path, name), "it is given twice", "one of them", line=key.start_mark.line + 1
                )
            names.add(name)
            self._refuse_duplicates(value, (*path, name), seen)

    def _translate(self, message: str) -> NoReturn:
        """msgspec's words ("Expected `int`, got `str` - at `$.check.timeout`") into ours."""
        what, _, where = message.partition(" - at `")
        path = _path(where.rstrip("`"))
        if "..." in path:  # msgspec does not tell the keys of a mapping
            path = self._guilty_host(path[: path.index("...")])
        unknown = re.search(r"unknown field `(.*)`", what)
        if unknown:
            name = unknown[1]
            known = _keys(path)
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            self._complain((*path, name), f"there is no such key{hint}", ", ".join(known))
        if what == "Expected `str`":
            self._complain(path, "its keys must be text", ", ".join(_keys(path)))
        self._complain(path, _plain(what), _default(path) or "another value")

    def _guilty_host(self, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        hosts = self._data["check"]["hosts"]
        for name, value in hosts.items():
            try:
                msgspec.convert({name: value}, dict[str, HostOverride], dec_hook=_seconds)
            except msgspec.ValidationError:
                for key, inner in value.items() if isinstance(value, dict) else ():
                    try:
                        msgspec.convert({key: inner}, HostOverride, dec_hook=_seconds)
                    except msgspec.ValidationError as exc:
                        if "unknown field" not in str(exc):
                            return (*path, str(name), str(key))
                return (*path, str(name))
        return path

    def _complain(
        self, path: tuple[str | int, ...], why: str, accepted: str, *, line: int | None = None
    ) -> NoReturn:
        key = ".".join(str(part) for part in path) or "the file"
        where = line or self._line(path)
        raise ConfigError(f"{self._path}, line {where}: {key}: {why}; accepted: {accepted}")

    def _line(self, path: tuple[str | int, ...]) -> int:
        node = self._root
        line = node.start_mark.line + 1 if node else 1
        for part in path:
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if str(key.value) == str(part):
                        line, node = key.start_mark.line + 1, value
                        break
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                node = node.value[part]
                line = node.start_mark.line + 1
        return line


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


def _seconds(kind: type, value: object) -> Seconds:
    if kind is not Seconds:
        raise NotImplementedError
    return seconds(value)


_TYPE_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "keys and values",
    "null": "null",
}


def _plain(what: str) -> str:
    expected = re.fullmatch(r"Expected `([^`]*)`(?: of (\S+) (\S+))?, got `([^`]*)`", what)
    if expected:
        wanted = " or ".join(_TYPE_WORDS.get(t, t) for t in expected[1].split(" | "))
        return f"it must be {wanted}, not {_TYPE_WORDS.get(expected[4], expected[4])}"
    if re.fullmatch("Expected `array` of length >= 1", what):
        return "it must be a list of one or more"
    bound = re.fullmatch(r"Expected `([^`]*)` (>=|<=) (\S+)", what)
    if bound:
        limit = "at least" if bound[2] == ">=" else "at most"
        return f"it must be {_TYPE_WORDS.get(bound[1], bound[1])}, {limit} {bound[3]}"
    enum = re.fullmatch(r"Invalid enum value (.*)", what)
    if enum:
        return f"{enum[1]} is not one of its values"
    return what


def _path(where: str) -> tuple[str | int, ...]:
    parts: list[str | int] = []
    for index, name in re.findall(r"\[([^\]]*)\]|\.([^.\[\]]+)", where):
        parts.append(int(index) if index.isdigit() else name or index)
    return tuple(parts)


def _keys(path: tuple[str | int, ...]) -> list[str]:
    """The keys that the configuration knows below `path`."""
    if path[:2] == ("check", "hosts"):
        return list(HostOverride.__struct_fields__)
    node: Any = _File()
    for part in path:
        node = getattr(node, str(part))
    return list(node.__struct_fields__)


def _default(path: tuple[str | int, ...]) -> str | None:
    """The default of a key, as YAML would write it: always an accepted value."""
    if path[:2] == ("check", "hosts"):
        examples = {"concurrency": "1", "interval": "2s", "timeout": "60s", "user_agent": "'...'"}
        return examples.get(str(path[-1]), "{'*.example.org': {interval: 2s}}")
    if path == ("schedule", "cron"):
        return "'0 4 * * mon'"
    node: Any = yaml.safe_load(default_text())
    for part in path:
        node = node.get(part) if isinstance(node, dict) else None
    if node is None:
        return _default(path[:-1]) if path and isinstance(path[-1], int) else None
    return msgspec.json.encode(node).decode() if not isinstance(node, str) else node


def require_regexes(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The patterns, compiled; they were checked when the file was read."""
    try:
        return tuple(re.compile(p) for p in patterns)
    except re.error as exc:
        raise UsageError(f"{exc.pattern!r} is not a regular expression: {exc}.") from exc
