"""The commands: parse, call, print, exit. What they do stands elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from linkwatch import __version__
from linkwatch.archivist import archive
from linkwatch.call import Exit, ReaderGoneError, common, current, put, say, tell, text_only
from linkwatch.errors import ConfigError, LinkwatchError
from linkwatch.overruling import alive, ignore, unignore


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="linkwatch")
@common
def cli() -> None:
    """Keeps the links in your notes alive.

    Exit codes: 0 done, nothing dead; 1 linkwatch could not do its work; 2 a link is dead;
    3 bad configuration or usage; 130 Ctrl-C.
    """


@cli.command()
@click.option(
    "--from",
    "sources",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Carry over the settings of another tool: lychee.toml, .lycheeignore,"
    " .markdown-link-check.json, .mlc.toml. May be given several times.",
)
@common
def init(sources: tuple[Path, ...]) -> None:
    """Write a commented config.yaml here."""
    from linkwatch.settings import DEFAULT_NAME, default_text

    call = current()
    text, lines = _brought(sources) if sources else (default_text(), [])
    path = Path(DEFAULT_NAME)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise LinkwatchError(f"{DEFAULT_NAME} is here already, and is left as it is.") from None
    except OSError as exc:
        raise LinkwatchError(f"Can't write {path.resolve()}: {exc.strerror}.") from exc
    if call.quiet:
        return
    for line in lines:
        tell(line)
    still_to_say = "paths: [notes]" in text  # where the notes are: few tools' files know
    then = "Set notes.paths in it, then run" if still_to_say else "Now run"
    say(f"Wrote {DEFAULT_NAME}. {then}: linkwatch check")


def _brought(sources: tuple[Path, ...]) -> tuple[str, list[str]]:
    """The configuration with what other tools' files hold; a line for each setting."""
    from linkwatch.migrating import bring, config_text, merged

    brought = merged([bring(path, _text_of(path)) for path in sources])
    return config_text(brought), [line for one in brought for line in one.lines()]


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as exc:
        raise ConfigError(f"Can't read {path}: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path} is not UTF-8 text (byte {exc.start}).") from exc


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
@common
def links(paths: tuple[Path, ...], shape: str) -> None:
    """List every mention of a URL in the notes (or in PATHs). Asks nobody, keeps nothing."""
    from linkwatch.listing import list_mentions
    from linkwatch.report.links import json_line, text_line
    from linkwatch.watch import say, trouble_line

    call = current()
    found = list_mentions(
        call.config(),
        paths,
        cwd=Path.cwd(),
        by_cwd=shape == "text",
        trouble=lambda trouble: say(trouble_line(trouble)),
    )
    line = text_line if shape == "text" else json_line
    for mention in found:
        put(line(mention))


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Check every link, due or not.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if links are dead.")
@common
def check(paths: tuple[Path, ...], everything: bool, exit_zero: bool) -> None:
    """One cycle: scan the notes, check what is due, judge, look for copies, report.

    With PATHs, only the links in them.
    """
    from linkwatch.clock import SystemClock
    from linkwatch.cycle import run_cycle
    from linkwatch.loop import run
    from linkwatch.report.words import count
    from linkwatch.watch import watching

    call = current()
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
            say("Nothing was due.")
        put(result.line)
        if result.postponed:
            waiting = count(result.postponed, "link")
            say(f"Not asked: {waiting}, as their hosts want to be left alone or are silent.")
        if result.unfinished:
            say(
                f"Left for the next cycle: {count(result.unfinished, 'link')}, as the time for"
                " this one (`check.budget`) was over."
            )
        say(f"Report: {config.report_path}")
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
@common
def report(shape: str | None, output: Path | None, fail_on: str | None) -> None:
    """Tell how the links stand, from history alone."""
    from linkwatch.history.store import Store
    from linkwatch.model import State
    from linkwatch.report.jsonreport import render_json
    from linkwatch.report.markdown import markdown_pieces
    from linkwatch.report.summary import summarize
    from linkwatch.report.write import in_chunks, refuse_foreign, write_atomically
    from linkwatch.wiring import ledger_of, lines_of

    call = current()
    config = call.config()
    target = output or (Path("-") if shape else config.report_path)
    to_stdout = str(target) == "-"
    with Store(config.database, must_exist=True) as store, store.reading():
        ledger = ledger_of(store, config)
        if shape == "json":
            pieces = render_json(ledger, lines_of(store, config))
        else:
            folder = None if to_stdout else Path(os.path.abspath(target)).parent  # noqa: PTH100 - as named
            pieces = markdown_pieces(ledger, summarize(ledger), report_dir=folder)
        if to_stdout:
            for piece in in_chunks(pieces):
                put(piece, newline=False)
        else:
            if output is None:
                refuse_foreign(target)
            write_atomically(target, pieces)
    if not to_stdout and not call.quiet:
        say(f"Report: {target}")
    if fail_on and len(ledger.heard[State.DEAD]):
        sys.exit(Exit.DEAD)


@cli.command()
@common
def status() -> None:
    """One screen on how things stand right now: the links, what is due, the last cycles."""
    from linkwatch.clock import SystemClock
    from linkwatch.report.status import overview
    from linkwatch.telling import status_of

    call = current()
    put(overview(status_of(call.config(), now=SystemClock().utc_now())), newline=False)


@cli.command()
@click.argument("url", callback=text_only)
@common
def explain(url: str) -> None:
    """Tell a link's whole story: where it is named, every check, why it stands as it does."""
    from linkwatch.report import explain as explaining
    from linkwatch.telling import story_of

    call = current()
    put(explaining.explain(story_of(call.config(), url)), newline=False)


@cli.command()
@click.argument("url", callback=text_only)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Where to; a name in .warc or .warc.gz gets the WARC file, - is standard output.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
@common
def export(url: str, output: Path | None, force: bool) -> None:
    """Write the newest good local copy of a page into a file, beside you if you name none."""
    from linkwatch.exporting import exported, kept_copies, name_for, put_file

    call = current()
    if output is not None and not output.name:
        raise click.UsageError("--output needs a file's name, or - for standard output.")
    config = call.config()
    copies = kept_copies(config, url)
    if str(output) == "-" and sys.stdout.isatty():
        raise LinkwatchError(
            "A page as it came could steer your terminal: name a file, or pipe it somewhere."
        )
    given = exported(config, copies, output)
    for trouble in given.newer:
        say(f"linkwatch: {trouble} An older one is given out.")
    if str(output) == "-":
        put(given.data)
        return
    target = output or Path(name_for(given.copy))
    put_file(target, given.data, force=force)
    if not call.quiet:
        say(f"{target}: the page as of {given.copy.at:%Y-%m-%d}.")


@cli.command()
@click.option("--dry-run", is_flag=True, help="Say what would be rolled up, and leave it.")
@common
def prune(dry_run: bool) -> None:
    """Roll up old checks that say nothing of their own, and make the database smaller.

    Every cycle does the first by itself: `history.keep`. A check may be running meanwhile.
    """
    import time

    from linkwatch.clock import SystemClock
    from linkwatch.pruning import in_words, prune_by_hand

    call = current()
    told = prune_by_hand(
        call.config(),
        now=SystemClock().utc_now(),
        dry_run=dry_run,
        pause=lambda: time.sleep(0.05),
    )
    if not call.quiet:
        put(in_words(told))


@cli.command()
@common
def run() -> None:
    """Run as a service: one cycle now, then at each tick of the schedule.

    SIGHUP reads the configuration anew; SIGTERM ends it.
    """
    from linkwatch.clock import SystemClock
    from linkwatch.daemon import Daemon
    from linkwatch.loop import run as run_loop

    call = current()
    if not call.quiet:
        logging.getLogger("linkwatch").setLevel(logging.DEBUG if call.verbose else logging.INFO)
    daemon = Daemon(call.config, cwd=Path.cwd(), clock=SystemClock())
    run_loop(daemon.run())


for command in (archive, ignore, unignore, alive):
    cli.add_command(command)


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
        say(f"linkwatch: {exc}")
        logging.getLogger("linkwatch").debug("traceback", exc_info=exc)
        return exc.exit_code
    except click.ClickException as exc:
        exc.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        say("linkwatch: stopped; what was done is kept.")
        return Exit.INTERRUPTED
    except (BrokenPipeError, ReaderGoneError):
        # Python would complain again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except OSError as exc:  # standard output on a full disk, for one
        where = f"{exc.filename}: " if exc.filename else ""
        say(f"linkwatch: {where}{exc.strerror or exc}.")
        return Exit.FAILED
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else Exit.FAILED
    except Exception as exc:
        say(f"linkwatch: this is a bug in linkwatch: {type(exc).__name__}: {exc} (see --verbose)")
        logging.getLogger("linkwatch").debug("traceback", exc_info=exc)
        return Exit.FAILED
    return Exit.OK


if __name__ == "__main__":
    main()
