"""Coming from another tool: whose file it is, what of it is carried over, and our file with that.

All of it is text to text; `linkwatch init` reads and writes. What a setting comes to stands in
`coming_from/`, in a file for each tool.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from linkwatch.coming_from.findings import Carried, Finding, Key, Left, Tool, Unknown, Value, named
from linkwatch.coming_from.lychee import LYCHEE, ignored
from linkwatch.coming_from.markdown_link_check import MARKDOWN_LINK_CHECK
from linkwatch.coming_from.mlc import MLC
from linkwatch.configfile import read
from linkwatch.errors import ConfigError
from linkwatch.settings import DEFAULT_NAME, default_text

# Where lychee's settings stand in the file of something else.
_SECTIONS: Final[tuple[Key, ...]] = (
    ("tool", "lychee"),
    ("package", "metadata", "lychee"),
    ("workspace", "metadata", "lychee"),
    ("lychee",),
)
_FILES: Final = (
    "lychee.toml, .lycheeignore, pyproject.toml, Cargo.toml or package.json with a section for"
    " lychee, .markdown-link-check.json, .mlc.toml"
)


@dataclass(frozen=True, slots=True)
class Brought:
    """What one file comes to."""

    file: str
    findings: tuple[Finding, ...]

    def lines(self) -> Iterator[str]:
        """A line for each setting: first what is carried over, last what is not known."""
        for kind in (Carried, Left, Unknown):
            for finding in self.findings:
                if isinstance(finding, kind):
                    yield f"{self.file}: {_line(finding)}"
        if not self.findings:
            yield f"{self.file}: it sets nothing"


def _line(finding: Finding) -> str:
    match finding:
        case Carried():
            ours = ".".join(finding.key)
            return f"{finding.theirs} -> {ours} = {_scalar(finding.value)}"
        case Left():
            return f"{finding.theirs}: not carried over: {finding.why}"
        case Unknown():
            return f"{finding.theirs}: not known"


def bring(path: Path, text: str) -> Brought:
    """What another tool's file comes to. Raises ConfigError if it can't be read, or is nobody's."""
    return Brought(str(path), tuple(map(_fitting, _findings(path, text))))


def _findings(path: Path, text: str) -> Iterator[Finding]:
    if path.name.lower().endswith("lycheeignore"):
        return ignored(text)
    data = _parsed(path, text)
    for section in _SECTIONS:
        inner = _below(data, section)
        if isinstance(inner, dict):
            return LYCHEE.findings(inner)
    tool = _tool(path.name, data)
    if tool is None:
        raise ConfigError(f"{path} is of no tool that linkwatch knows; accepted: {_FILES}")
    if tool is MLC:
        data = {name.replace("_", "-"): value for name, value in data.items()}
    return tool.findings(data)


def _tool(name: str, data: Mapping[str, object]) -> Tool | None:
    """Whose settings these are: by the file's name, else whose names most of them have."""
    for word, tool in (("lychee", LYCHEE), ("markdown-link-check", MARKDOWN_LINK_CHECK)):
        if word in name.lower():
            return tool
    if re.fullmatch(r"\.?mlc\.toml", name, re.IGNORECASE):
        return MLC
    known = [(sum(map(tool.knows, data)), tool) for tool in (LYCHEE, MARKDOWN_LINK_CHECK, MLC)]
    most, tool = max(known, key=lambda pair: pair[0])
    return tool if most else None


def _below(data: object, section: Key) -> object:
    for name in section:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _parsed(path: Path, text: str) -> dict[str, Any]:
    """A file's keys and values. What is called neither .json nor .toml is what it looks like."""
    looks_like_json = text.lstrip().startswith("{")
    as_json = path.suffix == ".json" or (path.suffix != ".toml" and looks_like_json)
    try:
        data = json.loads(text) if as_json else tomllib.loads(text)
    except json.JSONDecodeError as exc:
        raise ConfigError(f"{path}, line {exc.lineno}: this is not JSON: {exc.msg}.") from exc
    except tomllib.TOMLDecodeError as exc:
        what, _, where = str(exc).partition(" (at ")
        line = re.match(r"line (\d+)", where)
        # It names no line for what it misses at the end.
        count = line[1] if line else len(text.splitlines()) or 1
        raise ConfigError(f"{path}, line {count}: this is not TOML: {what}.") from exc
    except (RecursionError, ValueError) as exc:  # a number of thousands of digits
        raise ConfigError(f"{path} can't be read: {exc}.") from exc
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds no settings; accepted: {_FILES}")
    return data


def _fitting(finding: Finding) -> Finding:
    """What our configuration would refuse stays behind, for the reason it would give."""
    if not isinstance(finding, Carried):
        return finding
    value: object = [finding.value] if finding.in_list else finding.value
    for name in reversed(finding.key):
        value = {name: value}
    try:
        read(Path(DEFAULT_NAME), yaml.safe_dump(value))
    except ConfigError as exc:
        theirs = named(finding.theirs, finding.value) if finding.in_list else finding.theirs
        return Left(theirs, str(exc).partition(": ")[2])
    return finding


def merged(brought: Sequence[Brought]) -> tuple[Brought, ...]:
    """Several files as one: lists come together; of two values for one thing the last stands."""
    last = {
        finding.key: (number, place)
        for number, one in enumerate(brought)
        for place, finding in enumerate(one.findings)
        if isinstance(finding, Carried) and not finding.in_list
    }

    def standing(number: int, place: int, finding: Finding) -> Finding:
        if not isinstance(finding, Carried) or finding.in_list:
            return finding
        winner = last[finding.key]
        other = brought[winner[0]].findings[winner[1]]
        assert isinstance(other, Carried)
        if winner == (number, place) or other.value == finding.value:
            return finding
        return Left(finding.theirs, f"{other.theirs} of {brought[winner[0]].file} says otherwise")

    return tuple(
        Brought(one.file, tuple(standing(n, i, f) for i, f in enumerate(one.findings)))
        for n, one in enumerate(brought)
    )


def config_text(brought: Iterable[Brought]) -> str:
    """The commented configuration that `init` writes, with what was carried over in its places."""
    text = default_text()
    defaults = yaml.safe_load(text)
    values: dict[Key, Any] = {}
    for finding in (finding for one in brought for finding in one.findings):
        if not isinstance(finding, Carried):
            continue
        if finding.in_list:
            kept = defaults["notes"]["exclude"] if finding.key == _ADDED_TO else []
            items = values.setdefault(finding.key, list(kept))
            if finding.value not in items:
                items.append(finding.value)
        elif finding.key[:2] == ("check", "hosts"):
            host = values.setdefault(("check", "hosts"), {}).setdefault(finding.key[2], {})
            host[finding.key[3]] = finding.value
        else:
            values[finding.key] = finding.value
    for key, value in values.items():
        text = _put(text, key, value)
    return text


_ADDED_TO: Final = ("notes", "exclude")  # who brings one of their own still has a .git


def _put(text: str, key: Key, value: Any) -> str:
    """The text with another value for a key: its comment stays, in its column if there is room."""
    node: Any = yaml.compose(text)
    for name in key:
        node = next(inner for found, inner in node.value if found.value == name)
    before, after = text[: node.start_mark.index], text[node.end_mark.index :]
    rest, newline, following = after.partition("\n")
    written, lines = _written(value, indent=2 * len(key))
    if not written:
        before = before.rstrip(" ")
    comment = rest.lstrip(" ")
    if comment:
        column = node.end_mark.column + len(rest) - len(comment)
        start = len(before) - before.rfind("\n") - 1 + len(written)
        comment = " " * max(column - start, 1) + comment
    return f"{before}{written}{comment}{newline}{lines}{following}"


def _written(value: Any, *, indent: int) -> tuple[str, str]:
    """A value as it stands behind its key, and the lines below it."""
    blanks = " " * indent
    if isinstance(value, dict):
        return "", "".join(f"{blanks}{_quoted(k)}: {_flow(v)}\n" for k, v in value.items())
    if isinstance(value, list) and len(value) > 1:
        return "", "".join(f"{blanks}- {_quoted(item)}\n" for item in value)
    return _flow(value), ""


def _flow(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_quoted(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_scalar(inner)}' for name, inner in value.items())}}}"
    return _scalar(value)


def _quoted(value: Value) -> str:
    return _scalar(value, "'")


def _scalar(value: Value, quote: str | None = None) -> str:
    """A value in YAML, on one line; text in quotes if asked for, or if it needs them."""
    if isinstance(value, str) and not value.isprintable():
        quote = '"'
    elif not isinstance(value, str):
        quote = None
    # In brackets, so that what would end a list there is quoted as well.
    dumped = yaml.safe_dump(
        [value],
        default_style=quote,
        default_flow_style=True,
        width=float("inf"),
        allow_unicode=True,
    )
    return dumped.strip()[1:-1]
