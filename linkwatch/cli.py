"""The commands: parse, call, print, exit. What they do stands elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from linkwatch import __version__
from linkwatch.errors import LinkwatchError

if TYPE_CHECKING:
    from linkwatch.config import Config
    from linkwatch.history.store import Store
    from linkwatch.model import By, Pardon

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
    if fail_on and any(
        link.verdict.state is State.DEAD and not link.ignored for link in ledger.links
    ):
        sys.exit(Exit.DEAD)


@cli.command()
@_common
def status() -> None:
    """One screen on how things stand right now: the links, what is due, the last cycles."""
    from linkwatch.clock import SystemClock
    from linkwatch.report.status import overview
    from linkwatch.telling import status_of

    call = _call()
    _print(overview(status_of(call.config(), now=SystemClock().utc_now())), newline=False)


_BECAUSE_LENGTH = 1000  # reports repeat it


def _text(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
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


@cli.command()
@click.argument("url", callback=_text)
@_common
def explain(url: str) -> None:
    """Tell a link's whole story: where it is named, every check, why it stands as it does."""
    from linkwatch.report import explain as explaining
    from linkwatch.telling import story_of

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


def _today() -> date:
    """Days are UTC's, as in reports: the same date means the same wherever it is typed."""
    return datetime.now(UTC).date()


def _a_day_to_come(
    _context: click.Context, _option: click.Parameter, value: datetime | None
) -> date | None:
    today = _today()
    if value is not None and value.date() <= today:
        raise click.BadParameter(f"{value.date()} is not a day to come: it is {today} (UTC).")
    return value.date() if value else None


def _a_duration(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> timedelta | None:
    from linkwatch.settings import seconds

    if value is None:
        return None
    try:
        duration = timedelta(seconds=seconds(value))
    except ValueError as exc:
        raise click.BadParameter(f"{exc}.") from exc
    if not duration:
        raise click.BadParameter("that is no time at all.")
    return duration


_until = partial(
    click.option, "--until", type=click.DateTime(["%Y-%m-%d"]), callback=_a_day_to_come
)
_because = partial(click.option, "--because", default="", metavar="TEXT", callback=_text)


@cli.command()
@click.argument("what", metavar="[URL|PATTERN]", required=False, callback=_text)
@_until(metavar="DATE", help="The first day (UTC) on which it is over, as in 2027-01-31.")
@_because(help="Why; reports repeat it.")
@_common
def ignore(what: str | None, until: date | None, because: str) -> None:
    """Don't report a link, or all links that match a pattern. They are still checked.

    Said again of the same, it replaces what was said. Without an argument: list all ignores.
    """
    from linkwatch.history.overrules import add_ignore
    from linkwatch.history.store import Store
    from linkwatch.model import By, Pardon
    from linkwatch.overrule import has_scheme
    from linkwatch.report.words import count

    call = _call()
    config = call.config()
    if what is None and (until or because):
        raise click.UsageError("Ignore what? A URL or a pattern is missing.")
    with Store(config.database, must_exist=what is None) as store:
        if what is None:
            _list_ignores(store)
            return
        by, what = _meant(store, what)
        links = add_ignore(
            store, by, what, Pardon(until=until, because=because.strip()), datetime.now(UTC)
        )
    if not call.quiet:
        till = f" until {until}" if until else ""
        pattern = by is By.PATTERN and has_scheme(what)
        taken = "taken as a pattern, " if pattern else ""
        _tell(f"Ignored{till}: {_named(by, what)} ({taken}{count(links, 'link')})")


def _meant(store: Store, what: str) -> tuple[By, str]:
    """What somebody wants to ignore: a link, or a pattern that can be searched for."""
    from linkwatch.history.overrules import is_known
    from linkwatch.model import By
    from linkwatch.overrule import is_url
    from linkwatch.web.url import link_of, request_url

    link = link_of(what)
    if is_known(store, link):
        return By.URL, link
    if not is_url(what):
        _require_pattern(what)
        return By.PATTERN, what
    if request_url(link) is None:
        raise click.UsageError(f"{what!r} is not a URL that can be opened.")
    return By.URL, link


def _require_pattern(text: str) -> None:
    import re

    from linkwatch.overrule import covers_all
    from linkwatch.patterns import compile_pattern

    try:
        everything = not text.strip() or covers_all(compile_pattern(text))
    except re.error as exc:
        raise click.UsageError(f"{text!r} is not a regular expression: {exc}.") from exc
    if everything:
        raise click.UsageError(f"{text!r} would match every link.")


def _named(by: By, what: str) -> str:
    from linkwatch.model import By

    return what if by is By.URL else f"links that match {what}"


def _list_ignores(store: Store) -> None:
    from linkwatch.history.overrules import known_ignores
    from linkwatch.report.words import count

    ignores = known_ignores(store)
    for item in ignores:
        how = _terms(item.pardon)
        _tell(f"{_named(item.by, item.what)} ({count(item.links, 'link')}){how}")
    if not ignores:
        _say("Nothing is ignored.")


def _terms(pardon: Pardon) -> str:
    until = f" until {pardon.until}" if pardon.until else ""
    if pardon.until and pardon.until <= _today():
        until += ", which is over"
    return f"{until}, because: {pardon.because}" if pardon.because else until


@cli.command()
@click.argument("what", metavar="URL|PATTERN", callback=_text)
@_common
def unignore(what: str) -> None:
    """Take an ignore back, by the URL or the pattern that it was given."""
    from linkwatch.history.overrules import remove_ignore
    from linkwatch.history.store import Store
    from linkwatch.web.url import link_of

    call = _call()
    with Store(call.config().database, must_exist=True) as store:
        if not (remove_ignore(store, link_of(what)) or remove_ignore(store, what)):
            raise LinkwatchError(f"{what} was not ignored: `linkwatch ignore` lists what is.")
    if not call.quiet:
        _tell(f"Not ignored any more: {what}")


@cli.command()
@click.argument("url", callback=_text)
@click.option(
    "--for",
    "duration",
    metavar="DURATION",
    callback=_a_duration,
    help="How long the word holds, as in 30d.  [default: 90d]",
)
@_until(metavar="DATE", help="Or: the first day (UTC) on which it holds no more.")
@_because(help="How you know.")
@click.option("--forget", is_flag=True, help="Take the word back.")
@_common
def alive(
    url: str, duration: timedelta | None, until: date | None, because: str, forget: bool
) -> None:
    """Say that a link is alive, whatever linkwatch sees.

    A person's word is evidence, for a time.
    """
    from linkwatch.history.ledger import read_link
    from linkwatch.history.overrules import forget_testimonies, is_known, save_testimony
    from linkwatch.history.store import Store
    from linkwatch.judging import rejudge
    from linkwatch.model import Testimony
    from linkwatch.web.url import link_of
    from linkwatch.wiring import policy_of

    call = _call()
    config = call.config()
    if sum((duration is not None, until is not None, forget)) > 1:
        raise click.UsageError("--for, --until and --forget exclude each other.")
    if forget and because:
        raise click.UsageError("--forget takes no --because.")
    link, now = link_of(url), datetime.now(UTC)
    end = now + (duration or timedelta(days=90))
    if until is not None:
        end = datetime(until.year, until.month, until.day, tzinfo=UTC)
    with Store(config.database, must_exist=True) as store:
        if not is_known(store, link):
            raise LinkwatchError(f"History knows no link {link}: no note has mentioned it.")
        if not forget:
            save_testimony(store, link, Testimony(at=now, until=end, because=because.strip()))
        elif not forget_testimonies(store, link):
            raise LinkwatchError(f"Nobody has said that {link} is alive.")
        rejudge(store, policy_of(config), [link])
        found = read_link(store, link, names={}, paths={})
    if not call.quiet and found is not None:
        verdict = found[0].verdict
        _tell(f"{link}: {verdict.state} ({verdict.reason}). {verdict.detail}")


class _ReaderGoneError(Exception):
    """Whoever read our output has seen enough: `linkwatch links | head`."""


def _say(line: str) -> None:
    from linkwatch.report.inert import terminal
    from linkwatch.watch import say

    say(terminal(line))


def _tell(line: str) -> None:
    """A result that holds foreign text, as a line on standard output."""
    from linkwatch.report.inert import terminal

    _print(terminal(line))


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
