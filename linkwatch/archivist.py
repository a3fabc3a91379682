"""The commands of `linkwatch archive`: what is covered, and archives asked by hand."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from linkwatch.call import Exit, common, current, put, say, tell, text_only


@click.group()
@common
def archive() -> None:
    """Copies in archives: who keeps what, look for one, save a page, open copies again."""


@archive.command()
@common
def status() -> None:
    """Of which links there is a copy and where, what is waiting, and what archives were asked."""
    from linkwatch.clock import SystemClock
    from linkwatch.report.archives import overview
    from linkwatch.telling import archives_status_of

    call = current()
    put(overview(archives_status_of(call.config(), now=SystemClock().utc_now())), newline=False)


@archive.command()
@click.argument("url", callback=text_only)
@click.option(
    "--date",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day that the copy should be close to, instead of the citation's.",
)
@common
def find(url: str, date: datetime | None) -> None:
    """Look for a copy of URL now, whether it is dead or not: the archives are told of it."""
    from linkwatch.archiving import look_up
    from linkwatch.clock import SystemClock
    from linkwatch.loop import run
    from linkwatch.report.archives import answer, is_open
    from linkwatch.watch import watching

    call = current()
    at = date.replace(tzinfo=UTC) if date else None
    with watching(quiet=call.quiet, verbose=call.verbose) as progress:
        found = run(look_up(call.config(), url, at, clock=SystemClock(), progress=progress))
    for line in answer(found):
        tell(line)
    if is_open(found.lookup):
        sys.exit(Exit.FAILED)


@archive.command()
@click.argument("urls", metavar="[URL]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All living links without a copy.")
@common
def save(urls: tuple[str, ...], everything: bool) -> None:
    """Submit noted links to the Wayback Machine. This publishes their addresses, for good.

    Without URLs: go on with what was submitted and queued before. Needs IA_ACCESS_KEY_ID and
    IA_SECRET_ACCESS_KEY in the environment. Exits with 0 when each URL is saved or on its way.
    """
    from linkwatch.clock import SystemClock
    from linkwatch.loop import run
    from linkwatch.publishing import save_by_hand
    from linkwatch.report.archives import fate, queue
    from linkwatch.watch import watching

    if urls and everything:
        raise click.UsageError("Either some URLs or --all.")
    call = current()
    with watching(quiet=call.quiet, verbose=call.verbose) as progress:
        told = run(
            save_by_hand(
                call.config(), urls, everything=everything, clock=SystemClock(), progress=progress
            )
        )
    for one in told.fates:
        tell(fate(one))
    if not urls:
        for line in queue(told.queue):
            put(line)
        if told.stopped:
            say(f"linkwatch: {told.stopped}")
    if any(one.unsaved for one in told.fates) or (told.stopped and not urls):
        sys.exit(Exit.FAILED)


@archive.command()
@click.argument("urls", metavar="[URL]...", nargs=-1)
@common
def verify(urls: tuple[str, ...]) -> None:
    """Open the copies again that reports offer (or those of the URLs), and say what they show.

    A copy that does not show its page any more gives way to another.
    """
    from linkwatch.archiving import look_again
    from linkwatch.clock import SystemClock
    from linkwatch.loop import run
    from linkwatch.report.archives import again, is_open
    from linkwatch.report.words import count
    from linkwatch.watch import watching

    call = current()
    with watching(quiet=call.quiet, verbose=call.verbose) as progress:
        told = run(look_again(call.config(), urls, clock=SystemClock(), progress=progress))
    for before, lookup in told:
        tell(again(before, lookup))
    if not call.quiet:
        good = sum(lookup.snapshot is not None and lookup.snapshot.verified for _, lookup in told)
        say(f"{count(len(told), 'copy', 'copies')} opened, {good} of them show the page.")
    if any(is_open(lookup) for _, lookup in told):
        sys.exit(Exit.FAILED)
