"""A vault of 200 dead links, what archives hold of them, and the right answer for each.

The rules by which an answer is right:

- the capture closest to the citation that is not after its day and ends in a 200; archived
  redirects are followed while they stay within a day of where they began;
- if there is none, the nearest after it, but from before the first failure;
- a copy whose page shows a challenge, a login, a parked domain, words for what is missing, or the
  front page in place of a document, gives way to the next;
- at most three pages are looked at, and then there is no good copy;
- `not_archived` only where no archive has any capture; `excluded` where it says so.

The answers are written by hand beside each story; `decided` finds them anew from what the captures
are known to show, and the two must agree.

    fill(archive, other)      # captures, exclusions, illnesses
    write_notes(folder)       # one note for each of `SHARES`
    for entry in VAULT: ... entry.right.accepts(outcome, timestamp)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from linkwatch.model import Outcome
from tests.archive import vault_pages as pages
from tests.archive.vault_pages import Shows
from tests.fakes.archive import FakeArchive, FakeTimeMaps, Illness, url_key

FAILED_AT = datetime(2026, 1, 5, 4, tzinfo=UTC)  # of all links: when they were first found dead
MOST_PAGES = 3
_A_DAY = timedelta(hours=24)
_BETWEEN = timedelta(seconds=5)  # from a redirect's capture to its target's, as crawlers do


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One capture."""

    url: str
    timestamp: str
    shows: Shows = Shows.GOOD
    status: int = 200
    body: bytes | None = None
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    revisit: bool = False

    @property
    def at(self) -> datetime:
        return datetime.strptime(self.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """The one right answer."""

    outcome: Outcome
    timestamp: str | None = None  # of the capture whose page is shown
    via: str | None = None  # of the archived redirect that leads there, which may be given instead
    elsewhere: bool = False  # it is in the other archive

    def accepts(self, outcome: Outcome, timestamp: str | None) -> bool:
        """Whether an answer is right; `timestamp` has 14 digits."""
        if outcome is not self.outcome or (timestamp is None) is (outcome is Outcome.FOUND):
            return False
        return outcome is not Outcome.FOUND or timestamp in (self.timestamp, self.via)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One dead link of the vault."""

    reason: str  # one of SHARES
    number: int
    url: str
    cited: date
    captures: tuple[Taken, ...]  # in the Wayback Machine, of its targets too
    elsewhere: tuple[Taken, ...] = ()  # in another archive
    right: Right
    blocked: bool = False
    robots: bool = False
    blind: bool = False  # availability says `{}`
    only_this_form: bool = False  # and of its http form it does know
    illness: Illness | None = None  # of the index, for this URL

    @property
    def line(self) -> str:
        """How the note mentions it."""
        return f"- [{self.reason} {self.number}]({self.url}) (accessed {self.cited.isoformat()})"

    @property
    def cited_at(self) -> datetime:
        return datetime.combine(self.cited, time(), tzinfo=UTC)


class Story:
    """What happened to one link, told with days from its citation: -30 is a month before it."""

    def __init__(self, reason: str, number: int, place: int) -> None:
        self.reason = reason
        self.number = number  # among all links
        self.place = place  # among those of its reason
        self.host = f"tides-{number:03}.test"
        self.url = f"https://{self.host}/notes/{2000 + number}/tide-table-{number}"
        self.cited = date(2012 + number * 7 % 11, 1 + number % 12, 1 + number * 5 % 28)
        self._captures: list[Taken] = []
        self._elsewhere: list[Taken] = []

    def at(self, days: float) -> str:
        moment = datetime.combine(self.cited, time(9, 30), tzinfo=UTC) + timedelta(days=days)
        return f"{moment + timedelta(seconds=self.number):%Y%m%d%H%M%S}"

    def page(self, days: float, shows: Shows = Shows.GOOD, *, url: str | None = None) -> str:
        """A capture with 200; its timestamp."""
        headers: dict[str, str] = {}
        match shows:
            case Shows.MISSING:
                language = pages.LANGUAGES[self.place % len(pages.LANGUAGES)]
                late = self.place >= len(pages.LANGUAGES)
                body = pages.missing(language, self.number, heading_only=late)
            case Shows.PARKED:
                body = pages.parked(self.host, self.place)
            case Shows.CHALLENGE:
                body, headers = pages.challenge(self.place)
            case Shows.LOGIN:
                body = pages.login(self.number)
            case Shows.HOME:
                body = pages.home(self.number)
            case _:
                body = pages.good(self.number)
        return self._add(
            Taken(
                url=url or self.url,
                timestamp=self.at(days),
                shows=shows,
                body=body,
                headers=headers,
            )
        )

    def error(self, days: float, status: int = 404) -> str:
        body = pages.html(f"{status}", "<p>Not here.</p>")
        taken = self.at(days)
        return self._add(
            Taken(url=self.url, timestamp=taken, shows=Shows.NOTHING, status=status, body=body)
        )

    def again(self, days: float, shows: Shows = Shows.GOOD) -> str:
        """A revisit: the page was the same as when it was captured before, so `shows` is too."""
        known = next(one for one in self._captures if one.shows is shows)
        return self._add(replace(known, timestamp=self.at(days), revisit=True))

    def redirect(self, days: float, to: str, *, url: str | None = None, status: int = 301) -> str:
        return self._add(
            Taken(
                url=url or self.url,
                timestamp=self.at(days),
                shows=Shows.NOTHING,
                status=status,
                location=to,
            )
        )

    def memento(self, days: float) -> str:
        """A copy in the other archive."""
        body = pages.good(self.number)
        self._elsewhere.append(Taken(url=self.url, timestamp=self.at(days), body=body))
        return self.at(days)

    def _add(self, taken: Taken) -> str:
        self._captures.append(taken)
        return taken.timestamp

    def entry(self, right: Right, **more: object) -> Entry:
        return Entry(
            reason=self.reason,
            number=self.number,
            url=self.url,
            cited=self.cited,
            captures=tuple(self._captures),
            elsewhere=tuple(self._elsewhere),
            right=right,
            **more,  # type: ignore[arg-type]  # the fields that few entries have
        )


def found(timestamp: str, *, via: str | None = None, elsewhere: bool = False) -> Right:
    return Right(outcome=Outcome.FOUND, timestamp=timestamp, via=via, elsewhere=elsewhere)


NO_GOOD_COPY = Right(outcome=Outcome.NO_GOOD_COPY)
NOT_ARCHIVED = Right(outcome=Outcome.NOT_ARCHIVED)
EXCLUDED = Right(outcome=Outcome.EXCLUDED)
_LAST_YEAR = timedelta(days=60)  # before the first failure


def _late(story: Story) -> float:
    """In the last weeks before the failure, in days from the citation."""
    return (FAILED_AT - _LAST_YEAR).date().toordinal() - story.cited.toordinal()


# The stories. Each gives the right answer, and says why it is asked.


def _good_copy(story: Story) -> Entry:
    """Several good copies: the last one before the citation, whatever came after it."""
    story.page(-900)
    best = story.page(-30 - story.place)
    story.page(200)
    if story.place % 4 == 0:  # later on the very day counts as before
        best = story.page(0.5)
    if story.place % 2:
        story.error(_late(story))
    return story.entry(found(best))


def _only_errors(story: Story) -> Entry:
    """Nothing but 404s and their like: that is no copy, and not "never archived" either."""
    for days, status in ((-200, 404), (-20, (404, 410, 403, 500)[story.place % 4]), (90, 404)):
        story.error(days, status)
    return story.entry(NO_GOOD_COPY)


def _newest_is_error(story: Story) -> Entry:
    """The newest capture is a 404, and so is the nearest one; an older one is good."""
    if story.place % 3 == 2:
        story.error(-40)
        story.error(40)
        best = story.page(90)
    else:
        best = story.page(-400)
        story.error(-20)
    story.error(_late(story))
    return story.entry(found(best))


def _parked(story: Story) -> Entry:
    """The domain changed hands: a 200 that sells its own name."""
    right = NO_GOOD_COPY
    match story.place % 4:
        case 0:
            right = found(story.page(-2000))
            story.page(-60, Shows.PARKED)
        case 1:
            story.page(100, Shows.PARKED)
            right = found(story.page(400))
        case 2:
            story.page(-50, Shows.PARKED)
            story.page(500, Shows.PARKED)
        case 3:
            right = found(story.page(-100))
            story.page(200, Shows.PARKED)
            story.page(_late(story), Shows.PARKED)
    return story.entry(right)


def _soft_404(story: Story) -> Entry:
    """A 200 that says in one of seven languages that there is nothing."""
    if story.place % 2 == 0:
        best = story.page(-1500)
        story.page(-40, Shows.MISSING)
    else:
        story.page(-40, Shows.MISSING)
        best = story.page(100)
    story.page(_late(story), Shows.MISSING)
    return story.entry(found(best))


def _login(story: Story) -> Entry:
    """The crawler was sent to a login, and archived that."""
    path = urlsplit(story.url).path
    where = (
        f"https://{story.host}/login?next={path}",
        f"https://accounts.google.com/ServiceLogin?continue={story.url}",
        f"https://sso.{story.host}/auth/sso?return={path}",
        f"https://{story.host}/signin.php?redirect={path}",
    )[story.place % 4]
    right = NO_GOOD_COPY
    if story.place % 3 == 0:
        right = found(story.page(-800))
    elif story.place % 3 == 1:
        right = found(story.page(60))
    story.redirect(-10, where, status=302)
    story.page(-10 + _BETWEEN / _A_DAY, Shows.LOGIN, url=where)
    return story.entry(right)


def _challenge(story: Story) -> Entry:
    """The crawler met a wall that says 200, or that only its headers tell from a page."""
    right = NO_GOOD_COPY
    if story.place % 3 == 0:
        right = found(story.page(-700))
    elif story.place % 3 == 1:
        right = found(story.page(30))
    story.page(-15, Shows.CHALLENGE)
    return story.entry(right)


def _redirect_near(story: Story) -> Entry:
    """It had moved when it was captured, and the new place was captured within the day."""
    apart = (_BETWEEN / _A_DAY, 0.8, _BETWEEN / _A_DAY)[story.place % 3]
    new = f"https://{story.host}/articles/{story.number}-tide-table"
    via = story.redirect(-90, ("", f"https://{story.host}")[story.place % 2] + urlsplit(new).path)
    if story.place % 3 == 2:  # two steps, the second to another host
        step, new = new, f"https://www.{story.host}/t/{story.number}-tide-table"
        story.redirect(-90 + apart, new, url=step, status=302)
    best = story.page(-90 + 1.1 * apart, url=new)
    story.page(-2000, url=new)
    story.page(900, url=new)
    return story.entry(found(best, via=via))


def _redirect_far(story: Story) -> Entry:
    """It had moved, and of the new place there are only captures from years before or after."""
    new = f"https://{story.host}/articles/{story.number}-tide-table"
    story.redirect(-90, new)
    story.page((1100, -1400)[story.place % 2], url=new)
    return story.entry(found(story.page(-1200)) if story.place % 2 else NO_GOOD_COPY)


def _to_front_page(story: Story) -> Entry:
    """The site was made anew, and sent every old address to its front page."""
    front = f"https://{story.host}/"
    story.redirect(-90, front, status=302)
    story.page(-90 + _BETWEEN / _A_DAY, Shows.HOME, url=front)
    return story.entry(found(story.page(-1000)) if story.place % 2 else NO_GOOD_COPY)


def _ten_years(story: Story) -> Entry:
    """The only copy is ten years older than the citation, or ten years younger."""
    if story.place % 2:
        story.cited = date(2013, 3, 1 + story.place)
    return story.entry(found(story.page(3650 if story.place % 2 else -3650)))


def _after_failure(story: Story) -> Entry:
    """Good as it looks: a copy from after the link failed is of something else."""
    gone = FAILED_AT.date().toordinal() - story.cited.toordinal()
    story.page(gone + 10)
    story.page(gone + 200)
    return story.entry(NO_GOOD_COPY)


def _only_later(story: Story) -> Entry:
    """Captured only after the citation: the nearest, which is not the newest."""
    best = story.page(20 + 10 * story.place)
    story.page(500)
    story.page(_late(story))
    return story.entry(found(best))


def _other_form(story: Story) -> Entry:
    """Captured under http, with www, in other letters, or with or without a slash at the end."""
    host, path = story.host, urlsplit(story.url).path
    forms = (
        f"http://{host}{path}",
        f"https://www.{host}{path}",
        f"https://{host}{path}/",
        f"http://WWW.{host.upper()}{path}",
        f"http://{host}:80{path}",
        story.url,
    )
    form = forms[story.place % len(forms)]
    if form == story.url:  # the note has the slash
        story.url += "/"
    story.page(-800, url=form)
    best = story.page(-60, url=form)
    return story.entry(found(best))


def _revisit(story: Story) -> Entry:
    """Unchanged since an earlier capture: in the index a revisit, without a status."""
    if story.place % 4 == 3:  # and what was unchanged was not the page
        best = story.page(-900)
        story.page(-500, Shows.MISSING)
        story.again(-30, Shows.MISSING)
        return story.entry(found(best))
    if story.place % 4 == 2:  # nearer, but after the citation
        best = story.page(-900)
        story.again(20)
        return story.entry(found(best))
    story.page(-900)
    return story.entry(found(story.again(-30)))


def _excluded(story: Story) -> Entry:
    """The site's owner asked the archive to show nothing."""
    story.page(-60)
    return story.entry(EXCLUDED, blocked=True)


def _robots(story: Story) -> Entry:
    """robots.txt keeps the archive from showing it."""
    story.page(-60)
    return story.entry(EXCLUDED, blocked=True, robots=True)


def _never(story: Story) -> Entry:
    """Nobody ever captured it."""
    return story.entry(NOT_ARCHIVED)


def _blind(story: Story) -> Entry:
    """Availability says `{}` of it, in every form or in this one alone."""
    story.page(-700)
    best = story.page(-60)
    return story.entry(found(best), blind=True, only_this_form=story.place % 2 == 1)


def _doubled_rows(story: Story) -> Entry:
    """The index has every row twice, and availability nothing."""
    best = story.page(-400)
    story.error(-20)
    story.page(30)
    return story.entry(found(best), blind=True, illness="duplicates")


def _eight_fields(story: Story) -> Entry:
    """A row of the index has a field too many, and availability nothing."""
    best = story.page(-400)
    story.error(-20)
    story.page(30)
    return story.entry(found(best), blind=True, illness="eight_fields")


def _other_archive(story: Story) -> Entry:
    """The Wayback Machine has nothing, another archive does."""
    gone = FAILED_AT.date().toordinal() - story.cited.toordinal()
    if story.place % 2:
        story.memento(gone + 3000)  # some archives date their copies in the future
        story.memento(gone + 10)
        return story.entry(found(story.memento(80), elsewhere=True))
    story.memento(-2000)
    best = story.memento(-200)
    story.memento(10)
    return story.entry(found(best, elsewhere=True))


def _too_many_bad(story: Story) -> Entry:
    """A good copy behind three bad ones, which is one too many to look at."""
    for days, shows in ((-10, Shows.MISSING), (-40, Shows.PARKED), (-90, Shows.CHALLENGE)):
        story.page(days, shows)
    story.page(-400)
    return story.entry(NO_GOOD_COPY)


SHARES: dict[str, tuple[int, Callable[[Story], Entry]]] = {
    "good copy": (22, _good_copy),
    "only errors": (10, _only_errors),
    "newest is an error": (14, _newest_is_error),
    "parked": (10, _parked),
    "soft 404": (14, _soft_404),
    "login": (8, _login),
    "challenge": (8, _challenge),
    "redirect, near": (10, _redirect_near),
    "redirect, far": (6, _redirect_far),
    "redirect to the front page": (6, _to_front_page),
    "ten years": (10, _ten_years),
    "after the failure": (6, _after_failure),
    "only later": (10, _only_later),
    "another form": (12, _other_form),
    "revisit": (8, _revisit),
    "excluded": (6, _excluded),
    "robots": (4, _robots),
    "never archived": (8, _never),
    "availability is blind": (8, _blind),
    "doubled rows": (4, _doubled_rows),
    "eight fields": (4, _eight_fields),
    "another archive": (8, _other_archive),
    "too many bad ones": (4, _too_many_bad),
}


def _told() -> Iterator[Entry]:
    number = 0
    for reason, (count, tell) in SHARES.items():
        for place in range(count):
            yield tell(Story(reason, number, place))
            number += 1


VAULT = tuple(_told())


# Building it


def fill(
    archive: FakeArchive, other: FakeTimeMaps | None = None, entries: tuple[Entry, ...] = VAULT
) -> None:
    """Put all captures into the archives, and let them be silent and ill as the entries say."""
    for entry in entries:
        for taken in entry.captures:
            archive.capture(
                taken.url,
                taken.timestamp,
                status=taken.status,
                body=taken.body,
                location=taken.location,
                headers=taken.headers,
                revisit=taken.revisit,
            )
        if entry.blocked:
            archive.block(entry.url, robots=entry.robots)
        if entry.blind:
            archive.blind(entry.url, this_form=entry.only_this_form)
        if entry.illness:
            archive.ill(entry.illness, service="cdx", url=entry.url)
        for taken in entry.elsewhere if other else ():
            assert other
            other.memento(taken.url, taken.timestamp, body=taken.body or b"")


def notes(entries: tuple[Entry, ...] = VAULT) -> dict[str, str]:
    """The vault's notes, by file name."""
    lines: dict[str, list[str]] = {}
    for entry in entries:
        lines.setdefault(entry.reason, []).append(entry.line)
    return {
        f"{reason.replace(',', '').replace(' ', '-')}.md": "\n".join((f"# {reason}", "", *text, ""))
        for reason, text in lines.items()
    }


def write_notes(folder: Path, entries: tuple[Entry, ...] = VAULT) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in notes(entries).items():
        (folder / name).write_text(text, "utf-8")


# What the answers follow from


def decided(entry: Entry) -> Right:
    """The right answer by the rules above, from what the captures are known to show."""
    if entry.blocked:
        return EXCLUDED
    for captures, elsewhere in ((entry.captures, False), (entry.elsewhere, True)):
        of_link = [one for one in captures if _same(one.url, entry.url)]
        looked_at = 0
        for taken in _in_order(of_link, entry):
            end = _end(taken, captures)
            if end is None:
                continue
            looked_at += 1
            if end.shows is Shows.GOOD:
                via = None if end is taken else taken.timestamp
                return found(end.timestamp, via=via, elsewhere=elsewhere)
            if looked_at == MOST_PAGES:
                break
        if of_link:
            return NO_GOOD_COPY
    return NOT_ARCHIVED


def _in_order(captures: list[Taken], entry: Entry) -> list[Taken]:
    """Those that may end in a 200, the best first."""
    last = datetime.combine(entry.cited, time(23, 59, 59), tzinfo=UTC)
    fit = [one for one in captures if one.at < FAILED_AT and one.status < 400]
    before = [one for one in fit if one.at <= last]
    after = [one for one in fit if one.at > last]
    return sorted(before, key=lambda one: one.at, reverse=True) + sorted(after, key=lambda o: o.at)


def _end(taken: Taken, captures: tuple[Taken, ...]) -> Taken | None:
    """Where its archived redirects end; None if that is too far away, or no 200."""
    end = taken
    for _ in range(5):
        if end.location is None:
            return end if end.status == 200 else None
        target = urljoin(end.url, end.location)
        there = [one for one in captures if _same(one.url, target) and one is not end]
        began = end
        near = min(there, key=lambda one: abs(one.at - began.at), default=None)
        if near is None or abs(near.at - taken.at) > _A_DAY:
            return None
        end = near
    return None


def _same(one: str, other: str) -> bool:
    return url_key(one, slash_same=True) == url_key(other, slash_same=True)


def lychee_suggests(entry: Entry) -> str | None:
    """What lychee's `--suggest` would offer: the newest capture, whatever it shows; its timestamp.

    One GET of `web/<url>`, not followed (lychee 0.24's successor; the release itself asks
    availability, which is the same but for what that overlooks).
    """
    if entry.blocked:
        return None
    key = url_key(entry.url)
    return max((o.timestamp for o in entry.captures if url_key(o.url) == key), default=None)


def lychee_is_right(entry: Entry) -> bool:
    suggested = lychee_suggests(entry)
    if suggested is None:
        return entry.right.outcome is not Outcome.FOUND
    return entry.right.accepts(Outcome.FOUND, suggested)
