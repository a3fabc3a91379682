"""What every command shares: what was said around it, and how it says its results."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from linkwatch.config import Config

F = TypeVar("F", bound=Callable[..., object])

_BECAUSE_LENGTH = 1000  # reports repeat it


class Exit(IntEnum):
    """What linkwatch tells its caller."""

    OK = 0  # done, and nothing is dead
    FAILED = 1  # linkwatch could not do its work; a void cycle too
    DEAD = 2  # some mentioned link is dead
    USAGE = 3  # bad configuration or usage
    INTERRUPTED = 130  # Ctrl-C


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was said before and after the command's name."""

    config_path: Path | None
    quiet: bool
    verbose: bool

    def config(self) -> Config:
        from linkwatch.config import load

        return load(self.config_path, cwd=Path.cwd())


def _remember(context: click.Context, option: click.Parameter, value: object) -> None:
    if value:
        context.find_root().meta[f"linkwatch.{option.name}"] = value


def common(command: F) -> F:
    """`--config`, `--quiet` and `--verbose` may stand before the command or after it."""
    options = (
        _option("--verbose", "-v", is_flag=True, help="A log line for everything."),
        _option("--quiet", "-q", is_flag=True, help="Say nothing but errors."),
        _option(
            "--config",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Configuration file (default: ./config.yaml, else the built-in defaults).",
        ),
    )
    for option in options:
        command = option(command)
    return command


_option = partial(click.option, expose_value=False, callback=_remember)


def current() -> Call:
    """What was said around the command that is running."""
    meta = click.get_current_context().find_root().meta
    call = Call(
        config_path=meta.get("linkwatch.config"),
        quiet=meta.get("linkwatch.quiet", False),
        verbose=meta.get("linkwatch.verbose", False),
    )
    if call.quiet and call.verbose:
        raise click.UsageError("--quiet and --verbose exclude each other.")
    _set_up_logging(call)
    return call


def _set_up_logging(call: Call) -> None:
    import time

    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    level = logging.DEBUG if call.verbose else logging.WARNING
    logging.getLogger("linkwatch").setLevel(level)


def text_only(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """What was typed, if it is text: history keeps nothing else."""
    if value is None:
        return None
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise click.BadParameter("it holds bytes that are not UTF-8 text.") from exc
    if parameter.name == "because" and len(value) > _BECAUSE_LENGTH:
        raise click.BadParameter(f"it is longer than {_BECAUSE_LENGTH:,} characters.")
    return value


class ReaderGoneError(Exception):
    """Whoever read our output has seen enough: `linkwatch links | head`."""


def say(line: str) -> None:
    """A line for a person, on standard error."""
    from linkwatch.report.inert import terminal
    from linkwatch.watch import say as write

    write(terminal(line))


def tell(line: str) -> None:
    """A result that holds foreign text, as a line on standard output."""
    from linkwatch.report.inert import terminal

    put(terminal(line))


def put(text: str | bytes, *, newline: bool = True) -> None:
    """A result, on standard output; what the terminal's encoding lacks is replaced.

    Bytes are written as they are.
    """
    try:
        click.echo(text, nl=newline and isinstance(text, str))
    except BrokenPipeError as exc:  # click would make a failure of it
        raise ReaderGoneError from exc
