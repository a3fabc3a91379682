"""config.yaml as a file: read, and what is wrong with it said so that a person can mend it.

msgspec checks the types (small, no dependencies, names the path of a wrong value); PyYAML's node
tree gives that path its line. Every complaint names the file, the line, the key and a value that
would be accepted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

import msgspec
import yaml

from linkwatch.errors import ConfigError
from linkwatch.patterns import compile_pattern
from linkwatch.settings import File, HostOverride, decode, default_text
from linkwatch.web.url import request_url

_DAY_S = 86_400.0


def read(path: Path, text: str) -> File:
    """The settings in a file's text. Raises ConfigError."""
    return _Reader(path, text).read()


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

    def read(self) -> File:
        if self._data is None:
            return File()
        if not isinstance(self._data, dict):
            self._complain((), "it must hold keys and values", "check: {timeout: 20s}")
        self._refuse_duplicates(self._root, (), set())
        self._drop_empty(self._data)
        try:
            file = msgspec.convert(self._data, File, dec_hook=decode)
        except msgspec.ValidationError as exc:
            self._translate(str(exc))
        except UnicodeEncodeError:
            self._complain((), "it holds half a character (a lone surrogate)", "whole ones")
        self._check_values(file)
        return file

    def _drop_empty(self, data: dict[Any, Any]) -> None:
        """A section whose lines are all commented out reads as null, and means the defaults."""
        for name in ("notes", "history", "report", "check", "verdict", "archive", "schedule"):
            if name in data and data[name] is None:
                del data[name]
        for name, inner in (
            ("check", "per_host"),
            ("check", "hosts"),
            ("verdict", "dead_after"),
            ("archive", "local_limits"),
        ):
            section = data.get(name)
            if isinstance(section, dict) and inner in section and section[inner] is None:
                del section[inner]

    def _check_values(self, file: File) -> None:
        self._check_paths(file)
        self._check_globs(file)
        self._check_hosts(file)
        for i, pattern in enumerate(file.notes.exclude_urls):
            try:
                compile_pattern(pattern)
            except re.error as exc:
                self._complain(
                    ("notes", "exclude_urls", i),
                    f"{pattern!r} is not a regular expression ({exc})",
                    _EXAMPLES["notes", "exclude_urls"],
                )
        if file.check.timeout <= 0:
            self._complain(("check", "timeout"), "it must be longer than nothing", "20s")
        for name, example in (("recheck_after", "7d"), ("budget", "1h")):
            if getattr(file.check, name) <= 0:
                self._complain(("check", name), "it must be longer than nothing", example)
        if file.history.keep is not None and file.history.keep < _DAY_S:
            self._complain(("history", "keep"), "it must be at least 1d", "90d, or null for all")
        for key, url in (
            (("check", "proxy"), file.check.proxy),
            (("archive", "wayback_url"), file.archive.wayback_url),
            (("archive", "availability_url"), file.archive.availability_url),
            *((("archive", "timemaps", i), url) for i, url in enumerate(file.archive.timemaps)),
        ):
            if url is None:
                continue
            if not re.fullmatch(r"https?://[^/\s@]+(/\S*)?", url) or request_url(url) is None:
                why = "it must be an http(s) URL without a password"
                self._complain(key, why, _example(key) or _default(key) or "another URL")
        self._refuse_twice(("archive", "timemaps"), file.archive.timemaps)
        limits = file.archive.local_limits
        if limits.total_mb < limits.page_mb:
            why = f"it must be at least page_mb, which is {limits.page_mb}"
            self._complain(("archive", "local_limits", "total_mb"), why, "1000")
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

    def _refuse_twice(self, key: tuple[str, ...], urls: Sequence[str]) -> None:
        for i, url in enumerate(urls):
            if url in urls[:i]:
                self._complain((*key, i), f"{url!r} is listed twice", "each of them once")

    def _check_hosts(self, file: File) -> None:
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

    def _check_paths(self, file: File) -> None:
        paths = [
            *((("notes", "paths", i), path) for i, path in enumerate(file.notes.paths)),
            (("database",), file.database),
            (("report", "path"), file.report.path),
        ]
        for key, path in paths:
            why = _no_path(key[0], path)
            if why is not None:
                self._complain(key, f"{path!r} {why}", _default(key) or "notes")

    def _check_globs(self, file: File) -> None:
        from pathspec.patterns.gitignore.basic import GitIgnoreBasicPattern

        for name, globs in (("include", file.notes.include), ("exclude", file.notes.exclude)):
            for i, glob in enumerate(globs):
                try:
                    pattern = GitIgnoreBasicPattern(glob)
                except (ValueError, re.error):
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
        values = _values(path)
        if values and what == "Expected `str`, got `bool`":
            self._complain(path, "to YAML, a bare no, off, yes or on is true or false", values)
        accepted = values or _example(path) or _default(path) or "another value"
        self._complain(path, _plain(what), accepted)

    def _guilty_host(self, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        hosts = self._data["check"]["hosts"]
        for name, value in hosts.items():
            try:
                msgspec.convert({name: value}, dict[str, HostOverride], dec_hook=decode)
            except msgspec.ValidationError:
                for key, inner in value.items() if isinstance(value, dict) else ():
                    try:
                        msgspec.convert({key: inner}, HostOverride, dec_hook=decode)
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


def _no_path(section: object, path: str) -> str | None:
    """Why a path will not do; None: it may."""
    if not path or re.search("[\0\ud800-\udfff]", path):
        return "is not a path"
    if section != "notes" and path.endswith(("/", "\\")):
        return "is a folder, not a file"
    try:
        Path(path).expanduser()
    except RuntimeError:
        return "starts with nobody's home folder"
    return None


# Of keys whose default says nothing about what they take.
_EXAMPLES: dict[tuple[str | int, ...], str] = {
    ("notes", "exclude_urls"): r"'^https://example\.org/'",
    ("check", "proxy"): "'http://proxy.example:3128'",
    ("archive", "timemaps"): "'https://arquivo.pt/wayback/timemap/link/'",
}


def _example(path: tuple[str | int, ...]) -> str | None:
    """What a key may be, where its default does not tell; of a list, or of one thing in it."""
    one = _EXAMPLES.get(path[:2])
    return one if one is None or len(path) > 2 or path[1] == "proxy" else f"[{one}]"


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
        if expected[1] == "int" and expected[4] == "float":
            return "it must be a whole number, without a fraction"
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
    node: Any = File()
    for part in path:
        node = getattr(node, str(part))
    return list(node.__struct_fields__)


def _values(path: tuple[str | int, ...]) -> str | None:
    """The values of a key that has only some."""
    kind: Any = File
    for part in path:
        kind = get_type_hints(kind).get(str(part)) if isinstance(kind, type) else None
    return ", ".join(get_args(kind)) if get_origin(kind) is Literal else None


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
