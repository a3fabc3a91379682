"""The commands by which people overrule: `ignore`, `unignore` and `alive`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import click

from linkwatch.call import common, current, say, tell, text_only
from linkwatch.errors import LinkwatchError

if TYPE_CHECKING:
    from linkwatch.history.store import Store
    from linkwatch.model import By, Pardon


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
_because = partial(click.option, "--because", default="", metavar="TEXT", callback=text_only)


@click.command()
@click.argument("what", metavar="[URL|PATTERN]", required=False, callback=text_only)
@_until(metavar="DATE", help="The first day (UTC) on which it is over, as in 2027-01-31.")
@_because(help="Why; reports repeat it.")
@common
def ignore(what: str | None, until: date | None, because: str) -> None:
    """Don't report a link, or all links that match a pattern. They are still checked.

    Said again of the same, it replaces what was said. Without an argument: list all ignores.
    """
    from linkwatch.history.overrules import add_ignore
    from linkwatch.history.store import Store
    from linkwatch.model import By, Pardon
    from linkwatch.overrule import has_scheme
    from linkwatch.report.words import count

    call = current()
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
        tell(f"Ignored{till}: {_named(by, what)} ({taken}{count(links, 'link')})")


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
        tell(f"{_named(item.by, item.what)} ({count(item.links, 'link')}){how}")
    if not ignores:
        say("Nothing is ignored.")


def _terms(pardon: Pardon) -> str:
    until = f" until {pardon.until}" if pardon.until else ""
    if pardon.until and pardon.until <= _today():
        until += ", which is over"
    return f"{until}, because: {pardon.because}" if pardon.because else until


@click.command()
@click.argument("what", metavar="URL|PATTERN", callback=text_only)
@common
def unignore(what: str) -> None:
    """Take an ignore back, by the URL or the pattern that it was given."""
    from linkwatch.history.overrules import remove_ignore
    from linkwatch.history.store import Store
    from linkwatch.web.url import link_of

    call = current()
    with Store(call.config().database, must_exist=True) as store:
        if not (remove_ignore(store, link_of(what)) or remove_ignore(store, what)):
            raise LinkwatchError(f"{what} was not ignored: `linkwatch ignore` lists what is.")
    if not call.quiet:
        tell(f"Not ignored any more: {what}")


@click.command()
@click.argument("url", callback=text_only)
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
@common
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

    call = current()
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
        tell(f"{link}: {verdict.state} ({verdict.reason}). {verdict.detail}")
