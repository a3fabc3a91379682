"""How other tools write what we write too: patterns, paths, durations, switches, numbers.

Every function refuses what it can't say here with a ValueError: one reason, for a person.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from linkwatch.overrule import covers_all
from linkwatch.patterns import compile_pattern

_TOKEN: Final = re.compile(r"\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|[\s\S]")
_GROUP: Final = re.compile(
    r"\(\?(?:(?P<name>P?<(?![=!]))|(?P<on>[A-Za-z]*)(?:-(?P<off>[A-Za-z]+))?(?P<end>[:)]))"
)
_BACK_REFERENCE: Final = re.compile(r"\\k<(\w+)>")
_SET: Final = re.compile(r"\[|&&|--|~~")
_NO_WEB_LINK: Final = re.compile(
    r"\^(?:[/#]|\\[/#.]|(?:mailto|tel|ftp|file|data|javascript):)", re.IGNORECASE
)

Dialect = Literal["Rust", "JavaScript"]


def text(value: object) -> str:
    """Text, and nothing else."""
    if not isinstance(value, str):
        raise ValueError("it is no text")  # noqa: TRY004 - of a value, like the others
    return value


def switch(value: object) -> bool:
    """True or false, and nothing else."""
    if not isinstance(value, bool):
        raise ValueError("it is neither true nor false")  # noqa: TRY004 - of a value, like the others
    return value


def number(value: object) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("it is no whole number")  # noqa: TRY004 - of a value, like the others
    return value


def rust_pattern(value: object) -> str:
    """A regular expression of Rust's `regex`, as Python has them."""
    return _pattern(text(value), "Rust")


def javascript_pattern(value: object) -> str:
    """A regular expression of JavaScript, as Python has them."""
    return _pattern(text(value), "JavaScript")


def _pattern(theirs: str, dialect: Dialect) -> str:
    if _NO_WEB_LINK.match(theirs) and "|" not in theirs:
        raise ValueError("it means no web link, and only those are checked here")
    ours = "".join(_translated(theirs, dialect))
    try:
        pattern = compile_pattern(ours)
    except re.error as exc:
        raise ValueError(f"it is no regular expression here: {exc}") from exc
    if covers_all(pattern):
        raise ValueError("it would leave out every link")
    return ours


def _translated(theirs: str, dialect: Dialect) -> list[str]:
    done: list[str] = []
    at = 0
    while at < len(theirs):
        group = _GROUP.match(theirs, at)
        back = _BACK_REFERENCE.match(theirs, at) if dialect == "JavaScript" else None
        if group is not None:
            done.append(_group(group, dialect))
            at = group.end()
        elif back is not None:
            done.append(f"(?P={back[1]})")
            at = back.end()
        else:
            token = _TOKEN.match(theirs, at)
            assert token is not None  # whatever it is, it is one character
            following = theirs[token.end() : token.end() + 1]
            done.append(_piece(token[0], following, dialect))
            at = token.end()
    return done


def _group(group: re.Match[str], dialect: Dialect) -> str:
    """`(?<name>` and `(?-u)`: what begins a group, or switches something on or off."""
    if group["name"]:
        return "(?P<"
    on, off = (group["on"] or ""), (group["off"] or "")
    if dialect == "Rust":
        if set("UR") & set(on + off):
            raise ValueError("it has a flag of Rust's (U or R) that is not known here")
        on, off = on.replace("u", ""), off.replace("u", "")
    if not on and not off:
        return "(?:" if group["end"] == ":" else ""
    return f"(?{on}{'-' if off else ''}{off}{group['end']}"


def _piece(piece: str, following: str, dialect: Dialect) -> str:
    if piece == r"\/":
        return "/"
    if piece in (r"\p", r"\P"):
        raise ValueError(f"{piece} (a class of Unicode) is not known here")
    if piece in (r"\x", r"\u", r"\U") and following == "{":
        raise ValueError(f"{piece}{{…}} is not known here: write the character itself")
    if dialect == "JavaScript":
        if piece.startswith(("[]", "[^]")):
            raise ValueError("[] and [^] are not known here")
        return piece
    if piece == r"\z":
        return r"\Z"
    if piece in (r"\<", r"\>") or (piece in (r"\b", r"\B") and following == "{"):
        raise ValueError(f"{piece} (where a word ends) means something else here")
    if piece.startswith("[") and len(piece) > 1 and _SET.search(piece, 1):
        raise ValueError("a set within a set ([a[b]], &&, --, ~~) means something else here")
    if piece in ("*", "+", "?", "}") and following == "+":
        raise ValueError(f"{piece}+ means something else here")
    return piece


def wildcard(value: object) -> str:
    """`http*://crates.io*`, which has to match a whole URL, as a regular expression."""
    parts = re.split(r"(\*+|\?)", text(value))
    pattern = "".join(
        ".*" if part.startswith("*") else "." if part == "?" else _plainly(part) for part in parts
    )
    if not pattern.strip(".*"):
        raise ValueError("it would leave out every link")
    start, end = not pattern.startswith(".*"), not pattern.endswith(".*")
    return (
        f"{'^' if start else ''}{pattern.removeprefix('.*').removesuffix('.*')}{'$' if end else ''}"
    )


def _plainly(literal: str) -> str:
    return re.sub(r"[\\.+^$|(){}\[\]]", r"\\\g<0>", literal)


_SOME_PATH: Final = re.compile(
    r"(?P<rest>/\.\*)|(?P<name>\[\^/\][*+])|\\(?P<escaped>[^0-9A-Za-z])|(?P<plain>[^\\*+?()\[\]{}|^$])"
)
_A_GLOB: Final = "notes.exclude takes globs, and this can't be made one: write it yourself"


def glob_of_pattern(value: object) -> str:
    """A simple regular expression that is searched for in the paths of notes, as a glob.

    A dot alone is taken for a dot: nobody who writes `README.md` means another character.
    """
    rest = text(value)
    anchored, ended = rest.startswith("^"), rest.endswith("$") and not rest.endswith(r"\$")
    rest = rest.removeprefix("^")[: -1 if ended else None]
    if rest.startswith(".*"):
        rest, anchored = rest[2:], False
    if rest.endswith(".*") and not rest.endswith(r"\.*"):
        rest, ended = rest[:-2], False
    body = ""
    at = 0
    while at < len(rest):
        found = _SOME_PATH.match(rest, at)
        if found is None or rest[found.end() : found.end() + 1] in ("*", "+", "?", "{"):
            raise ValueError(_A_GLOB)
        if found["rest"]:
            body += "/**/*"
        elif found["name"]:
            body += "*"
        else:
            body += _for_glob(found["escaped"] or found["plain"])
        at = found.end()
    if body.startswith("./"):
        body, anchored = body[2:], True
    if anchored and body.startswith("/"):
        raise ValueError("it is an absolute path, and notes.exclude is relative to the notes")
    if not body.strip("/*"):
        raise ValueError("it would leave out every note")
    if not body.endswith("/") and not ended:
        body += "*"
    if anchored:
        return f"/{body}"
    body = body[1:] if body.startswith("/") else f"*{body}"
    if "/" in body.rstrip("/"):
        return f"**/{body}"
    return f"\\{body}" if body[0] in "!#" else body


def glob_of_path(value: object) -> str:
    """A file or a folder as a glob for it, and for all that is in it."""
    path = plain_path(value)
    if path in ("", "."):
        raise ValueError("it would leave out every note")
    return "/" + "".join(map(_for_glob, path))


def plain_path(value: object) -> str:
    """A path below the folder one stands in, without what says nothing."""
    path = text(value).replace("\\", "/")
    if path.startswith(("/", "~")) or re.match("[A-Za-z]:", path) or ".." in path.split("/"):
        raise ValueError("it leads elsewhere, and only paths below this folder are carried over")
    return "/".join(part for part in path.split("/") if part not in ("", ".")) or "."


def _for_glob(character: str) -> str:
    return f"\\{character}" if character in "*?[]\\" else character


_MS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_WORDS: Final = {
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), 1.0),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1e3),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 6e4),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3.6e6),
    **dict.fromkeys(("d", "day", "days"), 8.64e7),
    **dict.fromkeys(("us", "usec", "µs"), 1e-3),
    **dict.fromkeys(("ns", "nsec"), 1e-6),
}
_SPAN: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-zµ]+)\s*")


def seconds(value: object) -> str:
    """A number of seconds, or `1m 30s`, as we write durations."""
    return _duration(value, unit_ms=1000)


def milliseconds(value: object) -> str:
    """A number of milliseconds, or `20s`, as we write durations."""
    return _duration(value, unit_ms=1)


def _duration(value: object, *, unit_ms: int) -> str:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value)
    if isinstance(value, str):
        spans, at, total = 0, 0, 0.0
        while found := _SPAN.match(value, at):
            unit = _WORDS.get(found[2] if found[2] in _WORDS else found[2].lower())
            if unit is None:
                break
            spans, at, total = spans + 1, found.end(), total + float(found[1]) * unit
        if not spans or at != len(value):
            raise ValueError("it is no duration that can be read here")
    elif isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15:
        total = float(value) * unit_ms
    else:
        raise ValueError("it is no duration that can be read here")
    if 0 < total < 1 or total >= 1e18:
        raise ValueError("durations here are whole milliseconds, and no longer than a century")
    whole = round(total)
    if whole == 0:
        return "0ms"
    unit_name = next(name for name, size in _MS.items() if whole % size == 0)
    return f"{whole // _MS[unit_name]}{unit_name}"
