"""What another tool's settings come to here: each is carried over, has no meaning, or is unknown.

A tool is a table of its settings; the same table is printed in docs/migrating.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[str, ...]
Value = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A value for one of our keys; of a key that holds a list, one thing in it."""

    theirs: str
    key: Key
    value: Value
    in_list: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """What stays behind, and why."""

    theirs: str
    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """What we have never heard of."""

    theirs: str


Finding = Carried | Left | Unknown
Carry = Callable[[str, Any], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of theirs: the key of ours that it becomes, if any; how, or why it does not."""

    theirs: str
    ours: str
    what: str
    carry: Carry | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, and the settings that it has."""

    name: str
    settings: tuple[Setting, ...]

    def knows(self, name: str) -> bool:
        """Whether it has a setting of that name."""
        return any(setting.theirs == name for setting in self.settings)

    def findings(self, given: Mapping[str, object]) -> Iterator[Finding]:
        """What its settings, as they were given, come to."""
        table = {setting.theirs: setting for setting in self.settings}
        for name, value in given.items():
            setting = table.get(name)
            if setting is None:
                yield Unknown(name)
            elif setting.carry is None:
                yield Left(name, setting.what)
            else:
                try:
                    yield from setting.carry(name, value)
                except ValueError as exc:
                    yield Left(name, str(exc))


def nothing(theirs: str, why: str) -> Setting:
    """A setting that has no meaning here."""
    return Setting(theirs, "", why)


def one(key: str, convert: Callable[[Any], Value]) -> Carry:
    """A value becomes a value. `convert` refuses what it can't take with a ValueError."""

    def carry(name: str, value: object) -> Iterator[Finding]:
        yield Carried(theirs=name, key=tuple(key.split(".")), value=convert(value))

    return carry


def each(key: str, convert: Callable[[Any], Value]) -> Carry:
    """A list adds to a list; what can't be taken of it stays behind by itself."""

    def carry(name: str, value: object) -> Iterator[Finding]:
        for item in value if isinstance(value, list) else [value]:
            yield from taken(name, key, convert, item)

    return carry


def taken(name: str, key: str, convert: Callable[[Any], Value], item: object) -> Iterator[Finding]:
    """One thing for a list."""
    try:
        value = convert(item)
    except ValueError as exc:
        yield Left(named(name, item), str(exc))
    else:
        yield Carried(theirs=name, key=tuple(key.split(".")), value=value, in_list=True)


def named(name: str, item: object) -> str:
    """One thing of a list, where it stays behind."""
    return f"{name} '{item}'" if isinstance(item, str) else name


NO_HEADERS = "no headers of your own are sent, except for the user agent"


def agent(name: str, headers: object, key: Key) -> Iterator[Finding]:
    """Of headers, in a table or as lines, the user agent. No other is shown: it may be a secret."""
    if isinstance(headers, Mapping):
        pairs = [(str(header), value) for header, value in headers.items()]
    elif isinstance(headers, list) and all(isinstance(line, str) for line in headers):
        cut = [line.partition(":" if ":" in line else "=") for line in headers]
        pairs = [(header.strip(), value.strip()) for header, _, value in cut]
    else:
        raise ValueError("these are no headers")
    for header, value in pairs:
        theirs = f"{name} {header}" if value else name
        if header.lower() == "user-agent" and isinstance(value, str):
            yield Carried(theirs=theirs, key=key, value=value)
        else:
            yield Left(theirs, NO_HEADERS)
