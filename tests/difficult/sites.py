"""What a difficult site is: its pages, which may depend on the week and on how often it was asked,
and the states that are right for its links, week by week.

The expectations are written from the rules of judging, not from what the code does.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from linkwatch.model import Reason, State
from tests.fakes.web import Reply, Request

T = TypeVar("T")

WEEKS = 4
PATH = "/articles/2019/tides"  # deep enough for every rule about deep links


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request, and when in the story it comes."""

    request: Request
    week: int  # 1 to 4
    nth: int  # this request to this address in this cycle: 1, 2, …
    now: datetime
    ports: Mapping[str, int]  # scheme -> where the world's servers listen

    @property
    def host(self) -> str:
        return self.request.host

    @property
    def path(self) -> str:
        return self.request.path

    def url(self, host: str, path: str = "/", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.ports[scheme]}{path}"


Answer = Reply | Callable[[Visit], "Answer"]


class Port(StrEnum):
    """Which of the world's servers a site's links lead to."""

    HTTP = "http"
    HTTPS = "https"
    CLOSED = "closed"  # nobody listens
    HANG_UP = "hang up"  # the connection is closed at its first byte
    MUTE = "mute"  # https to a server that waits for another first word


class Certificate(StrEnum):
    """What an https site shows."""

    GOOD = "good"
    EXPIRED = "expired"
    EARLY = "early"  # not valid yet
    OTHER_HOST = "other host"
    SELF_SIGNED = "self-signed"
    NO_CHAIN = "no chain"  # good, but the intermediate certificate is not sent
    NONE = "none"  # the handshake ends at the name


class Name(StrEnum):
    """What the name system says of a site."""

    FINE = "fine"
    GONE = "gone"  # NXDOMAIN
    BROKEN = "broken"  # SERVFAIL
    EMPTY = "empty"  # it exists, without an address


@dataclass(frozen=True, kw_only=True)
class Site:
    """One host, or a small family of hosts, and what should be made of its links."""

    name: str
    why: str
    pages: Mapping[tuple[str, str], Answer]  # (host, path or `*`)
    expect: Mapping[str, tuple[frozenset[State], ...]]  # path -> the right states, by week
    reason: Reason | None = None  # for every week that is neither alive nor moved
    port: Port = Port.HTTP
    host: str
    certificates: tuple[Certificate, ...] = (Certificate.GOOD,) * WEEKS
    names: tuple[Name, ...] = (Name.FINE,) * WEEKS
    changed: bool | None = False  # whether a page became another; None: not said
    silent: bool = False  # we shall wait in vain: not for long, then


def site(
    name: str,
    why: str,
    answer: Answer,
    expect: str | Mapping[str, str],
    *,
    reason: Reason | None = None,
    path: str = PATH,
    others: Mapping[str, Answer] | None = None,
    port: Port = Port.HTTP,
    certificates: Iterable[Certificate] | None = None,
    names: Iterable[Name] | None = None,
    changed: bool | None = False,
    silent: bool = False,
) -> Site:
    """Put up a site on `<name>.test`.

    `answer` stands at `path`; `others` are more of its paths (`*`: any not named), or pages of
    other hosts (`//host/path`). `expect` is the state of the link to `path` for each week
    (`alive suspect|dead …`; one for all four), or of several links by their paths.
    """
    host = f"{name}.test"
    pages = {(host, path): answer}
    for where, other in (others or {}).items():
        pages[_place(host, where)] = other
    by_path = {path: expect} if isinstance(expect, str) else expect
    return Site(
        name=name,
        why=why,
        pages=pages,
        expect={p: _weeks(words) for p, words in by_path.items()},
        reason=reason,
        port=port,
        host=host,
        certificates=_for_all(certificates, Certificate.GOOD),
        names=_for_all(names, Name.FINE),
        changed=changed,
        silent=silent,
    )


def _place(host: str, where: str) -> tuple[str, str]:
    if not where.startswith("//"):
        return host, where
    other, _, rest = where.removeprefix("//").partition("/")
    return other, "*" if rest == "*" else f"/{rest}"


def _weeks(words: str) -> tuple[frozenset[State], ...]:
    weeks = [frozenset(map(State, word.split("|"))) for word in words.split()]
    if len(weeks) == 1:
        weeks *= WEEKS
    if len(weeks) != WEEKS:
        raise ValueError(f"{words!r} is not for one week or four")
    return tuple(weeks)


def _for_all(given: Iterable[T] | None, usual: T) -> tuple[T, ...]:
    return (usual,) * WEEKS if given is None else tuple(given)


# What answers are made of


def settle(answer: Answer, visit: Visit) -> Reply:
    """The reply to one visit."""
    while not isinstance(answer, Reply):
        answer = answer(visit)
    return answer


def weekly(*answers: Answer) -> Answer:
    """One answer a week; the last one for all that follow."""
    return lambda visit: answers[min(visit.week, len(answers)) - 1]


def asked(*answers: Answer) -> Answer:
    """One answer a request, from the start in every cycle; the last one for all that follow."""
    return lambda visit: answers[min(visit.nth, len(answers)) - 1]


_WORDS = """harbour tide lantern copper river orchard granite violin ledger meadow timber beacon
    compass saddle marble thistle anchor barley candle drift ember falcon glacier hollow island
    juniper kettle lagoon mirror needle oyster pebble quarry ribbon salt tunnel umbrella valley
    willow yarrow zephyr almond basket cedar dune engine feather garden hammer iron jacket"""


def prose(seed: str, words: int = 160) -> str:
    """A text like no other, and the same each time."""
    dice = random.Random(zlib.crc32(seed.encode()))
    stock = _WORDS.split()
    picked = [dice.choice(stock) for _ in range(words)]
    lines = (" ".join(picked[n : n + 10]).capitalize() + "." for n in range(0, words, 10))
    return "\n".join(f"<p>{line}</p>" for line in lines)


def page(
    title: str, text: str | None = None, *, head: str = "", status: int = 200, **more: object
) -> Reply:
    """An HTML page; its text, if none is given, is prose that goes with the title."""
    body = prose(title) if text is None else text
    html = (
        f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title>{head}</head>"
        f"<body><h1>{title}</h1>{body}</body></html>"
    )
    return Reply(status=status, body=html.encode(), **more)  # type: ignore[arg-type]


def good(visit: Visit) -> Reply:
    """A living page, another one at each address."""
    number = zlib.crc32(f"{visit.host}{visit.path}".encode()) % 100_000
    return page(f"Notebook {number}")


def to(location: str, status: int = 302, *headers: tuple[str, str]) -> Reply:
    """A redirect to somewhere on the same host, or to where the bytes of `location` say."""
    return Reply(status=status, headers=[("Location", location), *headers], body=b"")


def away(host: str, path: str = "/", status: int = 302, scheme: str = "http") -> Answer:
    """A redirect to another host of this world."""
    return lambda visit: to(visit.url(host, path, scheme), status)


MISSING = page(
    "404 Not Found", "<p>The requested URL was not found on this server.</p>", status=404
)
