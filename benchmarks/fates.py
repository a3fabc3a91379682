"""A web whose every page has a known fate, for a year: drawn from a seed, the same for everybody.

What a request would show depends on the link, the day and the number of the try alone, so rules
that look at different times are measured on one and the same web.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from random import Random

from linkwatch.model import Fault, Mark, Sign

WEEK = 7
DEATHS, MOVES, FLAKY, LONE, CHANGING, RESTLESS = 0.08, 0.06, 0.10, 0.02, 0.05, 0.30  # of the links
WITH_HOST = 0.40  # of the deaths
OUTAGES, WALLS = 0.10, 0.06  # of the hosts
TRANSIENT = 0.03  # of the requests for a flaky link
LONGEST_OUTAGE = 10
_SMALL_HOST = 8  # links; larger hosts don't vanish

Bad = int | Fault


class Death(StrEnum):
    """How a link ends."""

    NOT_FOUND = "404"
    GONE = "410"
    SOFT_404 = "soft 404"
    NO_NAME = "no such name"
    PARKED = "parked"
    REFUSED = "refused"


class Cause(StrEnum):
    """Why a living link may look dead."""

    OURS = "our own outages"
    OUTAGE = "outages of hosts"
    WALL = "walls against programs"
    FLAKY = "flaky links"
    LONE = "a lone sign of a page"
    NONE = "no cause"


_OF_LINKS = (Death.NOT_FOUND,) * 5 + (Death.GONE,) * 2 + (Death.SOFT_404,) * 3
_OF_HOSTS = (Death.NO_NAME, Death.PARKED, Death.REFUSED)
_MISSING = (Mark(Sign.NOT_FOUND_WORDS, "title"), Mark(Sign.SIBLING_SAME, "page"))
_SOLD = (Mark(Sign.PARKING_HOST, "ns"), Mark(Sign.FOR_SALE, "words"))
_DOWN: tuple[Bad, ...] = (Fault.REFUSED, Fault.TIMEOUT, 503, Fault.RESOLVER)
_PASSING: tuple[Bad, ...] = (503, Fault.TIMEOUT, Fault.RESET, 429)
_PORTAL = "http://login.portal.example/hello"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days, the last one left out, and what is seen on them."""

    first: int
    last: int
    what: Bad | None = None

    def __contains__(self, day: int) -> bool:
        return self.first <= day < self.last


@dataclass(slots=True)
class Host:
    """A host, with what all its links share."""

    name: str
    links: list[Link] = field(default_factory=list)
    outages: list[Span] = field(default_factory=list)
    wall: Callable[[int], bool] | None = None  # by day
    walled_for_good: bool = False
    dead: bool = False


@dataclass(slots=True, eq=False)
class Link:
    """A link and its fate."""

    number: int
    host: Host
    death: Death | None = None
    died: int | None = None  # the first day on which it is dead
    moved: tuple[int, int] | None = None  # since when, and by which status
    flaky: bool = False
    lone: Span | None = None  # it shows one sign of a missing page
    changed: int | None = None  # since when it is another page
    restless: bool = False  # its body differs each time

    @property
    def url(self) -> str:
        return f"https://{self.host.name}/page-{self.number}"

    def dead_on(self, day: int) -> bool:
        return self.died is not None and day >= self.died


class Ours(StrEnum):
    """What our own network does in an outage of ours."""

    SILENT = "no host can be reached"
    NO_NAMES = "every name is said not to exist"
    PORTAL = "a captive portal answers for everybody"
    HALFWAY = "no host can be reached from the middle of the cycle on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one request shows, with the redirects it followed."""

    status: int | None = None
    fault: Fault | None = None
    hop: tuple[int, str] | None = None  # a redirect on the way: its status, where to
    marks: tuple[Mark, ...] = ()
    digest: str = ""
    edition: int = 0  # of the page: another one is another page
    mute: bool = False  # the host takes no connection at all

    @classmethod
    def bad(cls, what: Bad, *, mute: bool = False) -> Shown:
        if isinstance(what, Fault):
            return cls(fault=what, mute=mute)
        return cls(status=what, digest=str(what))


@dataclass(slots=True)
class World:
    """All links, and our own outages."""

    seed: int
    days: int
    links: list[Link]
    hosts: list[Host]
    ours: dict[int, Ours]  # by day

    def ask(self, link: Link, day: int, attempt: int, *, dark: bool = False) -> Shown:
        """What this request shows. `dark`: the outage of today has begun, where it begins late."""
        mine = self.ours.get(day)
        if mine is not None and (mine is not Ours.HALFWAY or dark):
            return _ours(mine)
        host = link.host
        if link.dead_on(day) and link.death in (Death.NO_NAME, Death.REFUSED):
            return Shown.bad(Fault.DNS if link.death is Death.NO_NAME else Fault.REFUSED)
        for outage in host.outages:
            if day in outage and outage.what is not None:
                return Shown.bad(outage.what, mute=outage.what is Fault.TIMEOUT)
        parked = link.death is Death.PARKED and link.dead_on(day)
        if host.wall is not None and host.wall(day) and not parked:
            return Shown.bad(403)
        if link.flaky and self._chance("flaky", link.number, day, attempt) < TRANSIENT:
            kind = self._chance("kind", link.number, day, attempt)
            return Shown.bad(_PASSING[int(kind * len(_PASSING))])
        if link.dead_on(day):
            return _dead(link)
        return self._alive(link, day)

    def _alive(self, link: Link, day: int) -> Shown:
        edition = int(link.changed is not None and day >= link.changed)
        version = day if link.restless else edition
        hop = None
        if link.moved is not None and day >= link.moved[0]:
            hop = (link.moved[1], f"https://{link.host.name}/new/page-{link.number}")
        marks: tuple[Mark, ...] = ()
        if link.lone is not None and day in link.lone:
            marks = _MISSING[:1]
        digest = f"{link.number}.{version}.{len(marks)}"
        return Shown(status=200, hop=hop, marks=marks, digest=digest, edition=edition)

    def cause(self, link: Link, day: int) -> Cause:
        """Why a living link may look dead on a day."""
        if day in self.ours:
            return Cause.OURS
        if any(day in outage for outage in link.host.outages):
            return Cause.OUTAGE
        if link.host.wall is not None and link.host.wall(day):
            return Cause.WALL
        if link.flaky:
            return Cause.FLAKY
        return Cause.LONE if link.lone is not None and day in link.lone else Cause.NONE

    def _chance(self, *about: object) -> float:
        return _drawn(self.seed, *about)


def _drawn(*about: object) -> float:
    """A number from 0 to 1 that depends on nothing but what it is about."""
    return int.from_bytes(blake2b(repr(about).encode(), digest_size=8).digest()) / 2**64


def _ours(mine: Ours) -> Shown:
    match mine:
        case Ours.PORTAL:
            return Shown(status=200, hop=(302, _PORTAL), digest="portal")
        case Ours.NO_NAMES:
            return Shown.bad(Fault.DNS)
        case _:
            return Shown.bad(Fault.UNREACHABLE)


def _dead(link: Link) -> Shown:
    match link.death:
        case Death.SOFT_404:
            return Shown(status=200, marks=_MISSING, digest="no such page", edition=2)
        case Death.PARKED:
            return Shown(status=200, marks=_SOLD, digest=f"{link.host.name} is for sale", edition=2)
        case Death.GONE:
            return Shown.bad(410)
        case _:
            return Shown.bad(404)


def build(*, links: int, hosts: int, days: int, seed: int) -> World:
    """Draw a world."""
    chance = Random(seed)
    names = [Host(f"site-{number}.example") for number in range(hosts)]
    weights = [(rank + 1) ** -0.7 for rank in range(hosts)]
    owners = [*names, *chance.choices(names, weights, k=links - hosts)]
    for number, host in enumerate(owners):
        host.links.append(Link(number, host))
    every = [link for host in names for link in host.links]
    _end_hosts(names, round(links * DEATHS * WITH_HOST), days, chance)
    _trouble_hosts(names, days, seed, chance)
    _end_links(every, round(links * DEATHS), days, chance)
    _give_habits(every, days, chance)
    return World(seed=seed, days=days, links=every, hosts=names, ours=_own_outages(days))


def _end_hosts(hosts: list[Host], wanted: int, days: int, chance: Random) -> None:
    small = [host for host in hosts if len(host.links) <= _SMALL_HOST]
    done = 0
    for number, host in enumerate(chance.sample(small, len(small))):
        if done >= wanted:
            return
        died = chance.randrange(1, days)
        for link in host.links:
            link.death, link.died = _OF_HOSTS[number % len(_OF_HOSTS)], died
        host.dead = True
        done += len(host.links)


def _trouble_hosts(hosts: list[Host], days: int, seed: int, chance: Random) -> None:
    for number, host in enumerate(chance.sample(hosts, round(len(hosts) * OUTAGES))):
        first = chance.randrange(days)
        long = 1 + number % LONGEST_OUTAGE
        host.outages.append(Span(first=first, last=first + long, what=chance.choice(_DOWN)))
    living = [host for host in hosts if not host.dead]
    for number, host in enumerate(chance.sample(living, round(len(hosts) * WALLS))):
        match number % 3:
            case 0:
                host.wall, host.walled_for_good = _always, True
            case 1:
                host.wall, host.walled_for_good = _since(chance.randrange(days)), True
            case _:
                host.wall = _on_and_off(seed, host.name)


def _always(_day: int) -> bool:
    return True


def _since(first: int) -> Callable[[int], bool]:
    return lambda day: day >= first


def _on_and_off(seed: int, name: str) -> Callable[[int], bool]:
    return lambda day: _drawn(seed, "wall", name, day // 3) < 0.4


def _end_links(links: list[Link], wanted: int, days: int, chance: Random) -> None:
    """Single links die until there are as many deaths as wanted.

    Not behind walls that stay: no answer would ever show it.
    """
    done = sum(link.died is not None for link in links)
    able = [link for link in links if link.died is None and not link.host.walled_for_good]
    for number, link in enumerate(chance.sample(able, wanted - done)):
        link.death, link.died = _OF_LINKS[number % len(_OF_LINKS)], chance.randrange(1, days)


def _give_habits(links: list[Link], days: int, chance: Random) -> None:
    def some(share: float, of: Iterable[Link]) -> list[Link]:
        return chance.sample(list(of), round(len(links) * share))

    for link in some(FLAKY, links):
        link.flaky = True
    for link in some(RESTLESS, links):
        link.restless = True
    living = [link for link in links if link.died is None]
    for link in some(MOVES, living):
        link.moved = (chance.randrange(1, days), chance.choice((301, 308)))
    for link in some(LONE, (link for link in living if link.moved is None)):
        first = chance.randrange(1, days)
        link.lone = Span(first=first, last=first + WEEK * chance.randint(2, 8))
    for link in some(CHANGING, (link for link in living if link.lone is None)):
        link.changed = chance.randrange(1, days)


def _own_outages(days: int) -> dict[int, Ours]:
    """Four of them, each over a day on which a weekly cycle runs."""
    weeks = days // WEEK
    ours: dict[int, Ours] = {}
    for share, what, before, after in (
        (0.17, Ours.SILENT, 2, 1),
        (0.40, Ours.PORTAL, 1, 1),
        (0.60, Ours.HALFWAY, 0, 0),
        (0.83, Ours.NO_NAMES, 1, 2),
    ):
        middle = WEEK * round(weeks * share)
        ours.update(dict.fromkeys(range(middle - before, middle + after + 1), what))
        if what is Ours.HALFWAY:
            ours[middle + 1] = Ours.SILENT
    return ours
