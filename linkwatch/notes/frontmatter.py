"""URL-valued fields of front matter, in YAML (`---`) or TOML (`+++`), with their places.

Read line by line, not by a YAML parser: the place of each value matters, and one malformed line
(a title with a colon in it) must not lose the others. A field counts if its whole value is a URL;
a URL within a sentence is not what a reader clicks there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_YAML_FENCE = re.compile(rb"---[ \t]*+(?:\r\n|\n|\r)")
_YAML_CLOSE = re.compile(rb"^(?:---|\.\.\.)[ \t]*+(?:\r?\n|\r|\Z)", re.MULTILINE)
_TOML_FENCE = re.compile(rb"\+\+\+[ \t]*+(?:\r\n|\n|\r)")
_TOML_CLOSE = re.compile(rb"^\+\+\+[ \t]*+(?:\r?\n|\r|\Z)", re.MULTILINE)

# What the first line of a YAML mapping or list looks like; `---` above prose is a rule.
_YAML_FIRST = re.compile(
    rb"(?:[ \t]*+(?:#[^\r\n]*+)?(?:\r\n|\n|\r))*+(?:[^\s#\-][^\r\n:]*?:(?=[\s])|- )"
)

_LINE = re.compile(rb"[^\n]*+\n?")
_ITEM = re.compile(rb"[ \t]*+(?:-[ \t]++)*+")
_KEY = re.compile(
    rb"(?:\"(?:\\.|[^\"\\])*+\"|'[^']*+'"
    rb"|[^\s\"'\[\]{}#&*!|>%@`,:-](?:[^:#\r\n]|:(?!\s)|(?<![ \t])#)*+)"
    rb"[ \t]*+:(?=\s|\Z)[ \t]*+"
)
_BLOCK_SCALAR = re.compile(rb"[|>][+\-0-9]*+[ \t]*+(?:#.*+)?\r?\n?\Z")
_COMMENT = re.compile(rb"[ \t]#.*+")
_URL = re.compile(rb"(?i:https?:)(?:\\?/){2}[^\s\"<>]++\Z")
_QUOTED = re.compile(rb"\"((?:\\.|[^\"\\\n])*+)\"|'((?:''|[^'\n])*+)'", re.DOTALL)
_FLOW_PLAIN = re.compile(rb"[^\s,:\[\]{}\"'#](?:[^,\[\]{}\r\n#:]|:(?![ \t\r\n])|(?<![ \t])#)*+")
_FLOW = re.compile(rb"[\[\]{}]")
_MARKDOWN_LINK = re.compile(rb"!?\[[^\]]*+\]\((https?://[^\s()]++)\)\Z", re.IGNORECASE)
_TOML_STRING = re.compile(
    rb"\"\"\"(.*?)\"\"\"|'''(.*?)'''|\"((?:\\.|[^\"\\\r\n])*+)\"|'([^'\r\n]*+)'|#[^\r\n]*+",
    re.DOTALL,
)
_YAML_ESCAPE = re.compile(r'\\([/"\\])')


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Where the note's body begins, and the spans and URLs of the fields before it."""

    body: int
    urls: list[tuple[int, int, str]]


def front_matter(data: bytes) -> FrontMatter:
    """What stands between the fences at the very beginning of a note, if they are there."""
    if fence := _YAML_FENCE.match(data):
        close = _YAML_CLOSE.search(data, fence.end())
        if close and (fence.end() == close.start() or _YAML_FIRST.match(data, fence.end())):
            return FrontMatter(close.end(), _urls(_yaml, data, fence.end(), close.start()))
    elif fence := _TOML_FENCE.match(data):
        close = _TOML_CLOSE.search(data, fence.end())
        if close:
            return FrontMatter(close.end(), _urls(_toml, data, fence.end(), close.start()))
    return FrontMatter(0, [])


def _urls(
    read: Callable[[bytes, int, int], list[tuple[int, int, str]]], data: bytes, start: int, end: int
) -> list[tuple[int, int, str]]:
    return read(data, start, end) if b"http" in data[start:end].lower() else []


def _yaml(data: bytes, start: int, end: int) -> list[tuple[int, int, str]]:
    urls: list[tuple[int, int, str]] = []
    depth = 0  # of brackets in a flow collection that goes on over lines
    block_indent: int | None = None  # of the key whose block scalar we are in
    block_lines: list[tuple[int, int]] = []
    for line in _LINE.finditer(data, start, end):
        text = line[0]
        bare = text.strip()
        indent = len(text) - len(text.lstrip())
        if block_indent is not None:
            if not bare or indent > block_indent:
                if bare:
                    at = line.start() + indent
                    block_lines.append((at, at + len(bare)))
                continue
            if len(block_lines) == 1:
                _scalar(data, *block_lines[0], urls)
            block_indent, block_lines = None, []
        if not bare or bare.startswith(b"#"):
            continue
        if depth:
            depth = _flow(data, line.start(), line.end(), depth, urls)
            continue
        at = line.start()
        item = _ITEM.match(data, at, line.end())
        at = item.end() if item else at
        key_column = at - line.start()
        if not _URL.match(data[at : line.end()].rstrip()) and (
            key := _KEY.match(data, at, line.end())
        ):
            at = key.end()
        value = data[at : line.end()]
        if _BLOCK_SCALAR.match(value):
            block_indent = key_column if at > line.start() + key_column else indent
        elif value[:1] in (b"[", b"{"):
            depth = _flow(data, at, line.end(), 0, urls)
        elif quoted := _QUOTED.match(data, at, line.end()):
            _scalar(data, *quoted.span(1 if quoted[1] is not None else 2), urls)
        else:
            comment = _COMMENT.search(data, at, line.end())
            _scalar(data, at, comment.start() if comment else line.end(), urls)
    if len(block_lines) == 1:
        _scalar(data, *block_lines[0], urls)
    return urls


def _flow(data: bytes, at: int, end: int, depth: int, urls: list[tuple[int, int, str]]) -> int:
    """Read a line of `[a, {b: c}]`; returns how many brackets are open after it."""
    while at < end:
        if quoted := _QUOTED.match(data, at, end):
            _scalar(data, *quoted.span(1 if quoted[1] is not None else 2), urls)
            at = quoted.end()
        elif _FLOW.match(data, at, end):
            depth = depth + 1 if data[at] in b"[{" else max(0, depth - 1)
            at += 1
            if depth == 0:
                return 0
        elif plain := _FLOW_PLAIN.match(data, at, end):
            _scalar(data, *plain.span(), urls)
            at = plain.end()
        elif data[at] == ord("#"):
            return depth
        else:
            at += 1
    return depth


def _scalar(data: bytes, start: int, end: int, urls: list[tuple[int, int, str]]) -> None:
    """Take the value if it is a URL and nothing else, or a markdown link (as Obsidian has it)."""
    value = data[start:end]
    stripped = value.strip()
    start += len(value) - len(value.lstrip())
    if not _URL.match(stripped):
        if not (link := _MARKDOWN_LINK.match(stripped)):
            # An unclosed quote must not lose the URL behind it.
            if stripped[:1] in (b'"', b"'") and _URL.match(stripped[1:]):
                return _scalar(data, start + 1, end, urls)
            return None
        start, stripped = start + link.start(1), link[1]
    url = stripped.decode("utf-8", "replace")
    urls.append((start, start + len(stripped), _YAML_ESCAPE.sub(r"\1", url)))
    return None


def _toml(data: bytes, start: int, end: int) -> list[tuple[int, int, str]]:
    urls: list[tuple[int, int, str]] = []
    for string in _TOML_STRING.finditer(data, start, end):
        for group in (1, 2, 3, 4):
            if string[group] is not None:
                _scalar(data, *string.span(group), urls)
    return urls
