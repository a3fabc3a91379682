"""The commands: parse, call, print, exit. What they do stands elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from linkwatch import __version__
from linkwatch.errors import LinkwatchError

if TYPE_CHECKING:
    from linkwatch.config import Config

F = TypeVar("F", bound=Callable[..., object])


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


def _common(command: F) -> F:
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


def _call() -> Call:
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="linkwatch")
@_common
def cli() -> None:
    """Keeps the links in your notes alive.

    Exit codes: 0 done, nothing dead; 1 linkwatch could not do its work; 2 a link is dead;
    3 bad configuration or usage; 130 Ctrl-C.
    """


@cli.command()
@_common
def init() -> None:
    """Write a commented config.yaml here."""
    from linkwatch.settings import DEFAULT_NAME, default_text

    path = Path(DEFAULT_NAME)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(default_text())
    except FileExistsError:
        raise LinkwatchError(f"{DEFAULT_NAME} is here already, and is left as it is.") from None
    except OSError as exc:
        raise LinkwatchError(f"Can't write {path.resolve()}: {exc.strerror}.") from exc
    _say(f"Wrote {DEFAULT_NAME}. Set notes.paths in it, then run: linkwatch check")


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="One line a mention, for people or for programs.",
)
@_common
def links(paths: tuple[Path, ...], shape: str) -> None:
    """List every mention of a URL in the notes (or in PATHs). Asks nobody, keeps nothing."""
    from linkwatch.listing import list_mentions
    from linkwatch.report.links import json_line, text_line
    from linkwatch.watch import say, trouble_line

    call = _call()
    found = list_mentions(
        call.config(),
        paths,
        cwd=Path.cwd(),
        by_cwd=shape == "text",
        trouble=lambda trouble: say(trouble_line(trouble)),
    )
    line = text_line if shape == "text" else json_line
    for mention in found:
        _print(line(mention))


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Check every link, due or not.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if links are dead.")
@_common
def check(paths: tuple[Path, ...], everything: bool, exit_zero: bool) -> None:
    """One cycle: scan the notes, check what is due, judge, look for copies, report.

    With PATHs, only the links in them.
    """
    from linkwatch.clock import SystemClock
    from linkwatch.cycle import run_cycle
    from linkwatch.loop import run
    from linkwatch.report.summary import one_line
    from linkwatch.report.words import count
    from linkwatch.watch import watching

    call = _call()
    config = call.config()
    with watching(quiet=call.quiet, verbose=call.verbose) as progress:
        result = run(
            run_cycle(
                config,
                paths=paths,
                everything=everything,
                cwd=Path.cwd(),
                clock=SystemClock(),
                progress=progress,
            )
        )
    if result.void is not None:
        raise LinkwatchError(
            f"This cycle does not count: {result.void}. Nothing was judged; its links stay due."
        )
    if not call.quiet:
        if not result.checked:
            _say("Nothing was due.")
        _print(one_line(result.ledger))
        if result.postponed:
            waiting = count(result.postponed, "link")
            _say(f"Not asked: {waiting}, as their hosts want to be left alone for now.")
        _say(f"Report: {config.report_path}")
    if result.dead and not exit_zero:
        sys.exit(Exit.DEAD)


@cli.command()
@click.option(
    "--format",
    "shape",
    type=click.Choice(["markdown", "json"]),
    help="Print in this format instead of writing the configured report.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Where to; - is standard output.")
@click.option("--fail-on", type=click.Choice(["dead"]), help="Exit with 2 if there are such links.")
@_common
def report(shape: str | None, output: Path | None, fail_on: str | None) -> None:
    """Tell how the links stand, from history alone."""
    from linkwatch.history.store import Store
    from linkwatch.model import State
    from linkwatch.report.jsonreport import render_json
    from linkwatch.report.markdown import render_markdown
    from linkwatch.report.write import refuse_foreign, write_atomically
    from linkwatch.wiring import ledger_of

    call = _call()
    config = call.config()
    with Store(config.database, must_exist=True) as store:
        ledger = ledger_of(store, config)
    target = output or (Path("-") if shape else config.report_path)
    to_stdout = str(target) == "-"
    if shape == "json":
        pieces: Iterator[str] = render_json(ledger)
    else:
        folder = None if to_stdout else Path(os.path.abspath(target)).parent  # noqa: PTH100 - as named
        pieces = iter([render_markdown(ledger, report_dir=folder)])
    if to_stdout:
        for piece in pieces:
            _print(piece, newline=False)
    else:
        if output is None:
            refuse_foreign(target)
        write_atomically(target, "".join(pieces))
        if not call.quiet:
            _say(f"Report: {target}")
    if fail_on and any(link.verdict.state is State.DEAD for link in ledger.links):
        sys.exit(Exit.DEAD)


@cli.command()
@click.argument("url")
@_common
def explain(url: str) -> None:
    """Tell a link's whole story: where it is named, every check, why it stands as it does."""
    from linkwatch.listing import story_of
    from linkwatch.report import explain as explaining

    call = _call()
    _print(explaining.explain(story_of(call.config(), url)), newline=False)


@cli.command()
@_common
def run() -> None:
    """Run as a service: one cycle now, then at each tick of the schedule.

    SIGHUP reads the configuration anew; SIGTERM ends it.
    """
    from linkwatch.clock import SystemClock
    from linkwatch.daemon import Daemon
    from linkwatch.loop import run as run_loop

    call = _call()
    if not call.quiet:
        logging.getLogger("linkwatch").setLevel(logging.DEBUG if call.verbose else logging.INFO)
    daemon = Daemon(call.config, cwd=Path.cwd(), clock=SystemClock())
    run_loop(daemon.run())


class _ReaderGoneError(Exception):
    """Whoever read our output has seen enough: `linkwatch links | head`."""


def _say(line: str) -> None:
    from linkwatch.report.inert import terminal
    from linkwatch.watch import say

    say(terminal(line))


def _print(text: str, *, newline: bool = True) -> None:
    """A result, on standard output; what the terminal's encoding lacks is replaced."""
    try:
        click.echo(text, nl=newline)
    except BrokenPipeError as exc:  # click would make a failure of it
        raise _ReaderGoneError from exc


def main() -> None:
    """The console script: every error is one sentence, and every exit has its code."""
    sys.exit(_run())


def _open_missing_streams() -> None:
    """Put /dev/null where a standard stream was closed: the next file would take its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def _run() -> int:
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        cli.main(standalone_mode=False, prog_name="linkwatch")
        sys.stdout.flush()
    except LinkwatchError as exc:
        _say(f"linkwatch: {exc}")
        logging.getLogger("linkwatch").debug("traceback", exc_info=exc)
        return exc.exit_code
    except click.ClickException as exc:
        exc.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        _say("linkwatch: stopped; what was done is kept.")
        return Exit.INTERRUPTED
    except (BrokenPipeError, _ReaderGoneError):
        # Python would complain again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except OSError as exc:  # standard output on a full disk, for one
        where = f"{exc.filename}: " if exc.filename else ""
        _say(f"linkwatch: {where}{exc.strerror or exc}.")
        return Exit.FAILED
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else Exit.FAILED
    except Exception as exc:
        _say(f"linkwatch: this is a bug in linkwatch: {type(exc).__name__}: {exc} (see --verbose)")
        logging.getLogger("linkwatch").debug("traceback", exc_info=exc)
        return Exit.FAILED
    return Exit.OK


if __name__ == "__main__":
    main()
