"""Whether a cycle's facts speak of the web, or of our own network.

Nobody is called for this that the notes don't name: there are no canaries. A status of any kind is
an answer. Pure: what it is given is all that it knows.

A cycle asks in this order. At its end `why_void`: whoever is offline needs no second look. If it
may be judged so far, `doubted`: many hosts that fell silent together, though not most of them, may
be those that were asked after the network had gone. Then a few witnesses, links on other hosts that
did answer in this very cycle, are asked once more: all silent is `gone_dark`, and the cycle is
void. If one of them answers, the doubted hosts are asked a second time, and `why_void` has the
last word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from linkwatch.model import CheckResult, Fault
from linkwatch.web.archived import archive_called
from linkwatch.web.url import host_of

SLEPT = "this machine slept in the middle of it"
WENT_DARK = "the network went away in the middle of it"

_ENOUGH_HOSTS = 3  # that none of so many answers is no coincidence
_ENOUGH_KNOWN = 5  # hosts that answered before, of which more than half fell silent
_DOUBTED_SHARE = 0.05  # of the hosts that answered before: more than die or ail in an ordinary week
_NAP_S = 60.0  # clocks are set by less than this, and checks outlive shorter naps
_ENOUGH_VOIDS = 3  # cycles in a row, over
_LASTING = timedelta(days=7)  # such a time: what still looks the same is how the web is now
_NOT_TRIED = frozenset({Fault.BAD_URL})
_OURS = frozenset({Fault.RESOLVER, Fault.OFFLINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One check of a cycle beside the last valid one of the same link."""

    host: str
    status: int | None
    fault: Fault | None
    final_url: str | None
    digest: str | None
    before_status: int | None
    before_final_url: str | None
    before_digest: str | None
    redirected: bool = False  # the host answered, and sent us on to where the story ended
    new: bool = False  # the link was never checked before


@dataclass(slots=True)
class _Host:
    key: str
    answered: bool = False
    answered_before: bool = False
    new: bool = True  # none of its links was ever checked before
    well_before: bool = False  # with a page, or with the way to one
    offline: bool = False  # the way out failed, before the host was even asked
    ours: bool = False  # the fault may be this machine's
    redirected: bool = False
    statuses: set[int] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)  # where its links used to end
    ends_now: set[str] = field(default_factory=set)  # and now end: of those alone
    bodies: set[str] = field(default_factory=set)
    bodies_now: set[str] = field(default_factory=set)

    @property
    def owner(self) -> str:
        return _family(self.key.rpartition(":")[0])

    def strays_to(self, page: str) -> bool:
        """Whether none of its links could have been expected there."""
        return _owner(page) not in {self.owner, *map(_owner, self.ends)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    """What most hosts have come to, and whose hand that may be."""

    why: str
    hosts: frozenset[str] = frozenset()  # whose answers are not their own


def why_void(
    comparisons: Iterable[Comparison],
    *,
    voids: Sequence[datetime] = (),
    asleep: bool = False,
    dark: bool = False,
) -> str | None:
    """One sentence on why a cycle must not be judged; None if it may be.

    `voids`: when the void cycles right before this one began, oldest first, those left out that
    say nothing of the web (see `history.cycles.void_run`). What most hosts do for long enough is
    no accident of our network, if at least one still answers as ever: a platform may really have
    closed. `asleep`: as `slept` says; `dark`: as `gone_dark` says.
    """
    if dark:
        return WENT_DARK
    hosts = _by_host(comparisons, archives_as_one=True)
    if asleep and any(host.answered_before and not host.answered for host in hosts.values()):
        return SLEPT
    if hosts and not any(host.answered for host in hosts.values()):
        if len(hosts) >= _ENOUGH_HOSTS:
            return f"none of the {len(hosts)} hosts answered: this looks like our own network"
        if any(host.ours for host in hosts.values()):
            return "names could not be looked up: this looks like our own network"
    doubts = [doubt for rule in (_silence, _proxy, _portal) if (doubt := rule(hosts)) is not None]
    if not doubts:
        return None
    if _lasting(voids):
        theirs = frozenset[str]().union(*(doubt.hosts for doubt in doubts))
        if any(_as_ever(host) for key, host in hosts.items() if key not in theirs):
            return None
    return doubts[0].why


def slept(wall_s: float, monotonic_s: float) -> bool:
    """Whether the machine slept, by how far two clocks went on while a cycle asked.

    The monotonic clock stands still in sleep on Linux and macOS; on Windows it does not, and sleep
    goes unnoticed. A wall clock that was set back is no sleep.
    """
    return wall_s - monotonic_s > _NAP_S


def doubted(comparisons: Iterable[Comparison]) -> list[str]:
    """The keys of hosts to ask a second time: the network may have gone while they were asked.

    They answered when last validly checked, and now not at all. None if they are so few that
    their own deaths explain it. Below five hosts nothing can be told: there `suspect`, which three
    failures on different days have to confirm, is the whole protection. Of new hosts, as in a
    first cycle, more than half must be silent.
    """
    hosts = _by_host(comparisons)
    known = {key: host for key, host in hosts.items() if host.answered_before}
    silent = [key for key, host in known.items() if not host.answered]
    if len(silent) >= max(_ENOUGH_KNOWN, _DOUBTED_SHARE * len(known)):
        return silent
    new = {key: host for key, host in hosts.items() if host.new}
    silent = [key for key, host in new.items() if not host.answered]
    return silent if len(silent) >= _ENOUGH_KNOWN and len(silent) * 2 > len(new) else []


def gone_dark(witnesses: Iterable[CheckResult]) -> bool:
    """Whether none of the hosts answers any more that did so earlier in the same cycle.

    `witnesses`: what came of asking them again. Fewer than three hosts prove nothing.
    """
    again = list(witnesses)
    if any(result.status is not None or result.hops for result in again):
        return False
    return len({host_of(result.url) for result in again}) >= _ENOUGH_HOSTS


def pick_witnesses(urls: Iterable[str]) -> list[str]:
    """As many of these links as `gone_dark` needs, each of another owner; the first ones win.

    Fewer if there are not so many owners.
    """
    by_owner: dict[str, str] = {}
    for url in urls:
        by_owner.setdefault(_owner(url), url)
        if len(by_owner) == _ENOUGH_HOSTS:
            break
    return list(by_owner.values())


def _by_host(
    comparisons: Iterable[Comparison], *, archives_as_one: bool = False
) -> dict[str, _Host]:
    hosts: dict[str, _Host] = {}
    for one in comparisons:
        if one.fault in _NOT_TRIED or (
            one.fault is Fault.PRIVATE_ADDRESS and one.before_status is None
        ):
            continue  # nobody was asked; unless it was a public host: then our names are hijacked
        key = _one_archive(one.host) if archives_as_one else one.host
        host = hosts.get(key)
        if host is None:
            host = hosts[key] = _Host(key)
        host.answered |= one.status is not None or one.redirected
        host.redirected |= one.redirected
        host.new &= one.new
        host.offline |= one.fault is Fault.OFFLINE
        host.ours |= one.fault in _OURS
        if one.status is not None:
            host.statuses.add(one.status)
        if one.before_status is not None:
            host.answered_before = True
            host.well_before |= 200 <= one.before_status < 400
        if one.before_status is not None and one.status is not None:
            if one.before_final_url:
                host.ends.add(one.before_final_url)
            if one.final_url:
                host.ends_now.add(one.final_url.partition("?")[0])
            if one.before_digest:
                host.bodies.add(one.before_digest)
            if one.digest:
                host.bodies_now.add(one.digest)
    return hosts


def _one_archive(host: str) -> str:
    """The key that a host is counted under: an archive has many names, and fails under all."""
    name, _, port = host.rpartition(":")
    archive = archive_called(name)
    return f"{archive}:{port}" if archive else host


def _lasting(voids: Sequence[datetime]) -> bool:
    return len(voids) >= _ENOUGH_VOIDS and voids[-1] - voids[0] >= _LASTING


def _as_ever(host: _Host) -> bool:
    """Whether it used to answer, and did so now from home: neither a gateway's error nor a page
    to which the network sends everybody."""
    if min(host.statuses, default=500) >= 500:
        return False
    return not all(host.strays_to(end) for end in host.ends_now)


def _silence(hosts: dict[str, _Host]) -> _Doubt | None:
    """Most hosts that used to answer do not."""
    known = [host for host in hosts.values() if host.answered_before]
    silent = sum(not host.answered for host in known)
    if len(known) < _ENOUGH_KNOWN or silent * 2 <= len(known):
        return None
    return _Doubt(
        why=f"{silent} of the {len(known)} hosts that used to answer did not: "
        "this looks like our own network"
    )


def _proxy(hosts: dict[str, _Host]) -> _Doubt | None:
    """A proxy that answers for everybody: one and the same 5xx where most hosts had a page.

    Through a configured one, https links don't get that far: there the way out itself failed.
    """
    known = {key: host for key, host in hosts.items() if host.well_before}
    direct = [host.statuses for host in known.values() if not host.redirected]
    errors = Counter(min(only) for only in direct if len(only) == 1 and 500 <= min(only) < 600)
    if len(known) < _ENOUGH_KNOWN or not errors:
        return None
    status = errors.most_common(1)[0][0]
    astray = {
        key: host
        for key, host in known.items()
        if (host.statuses == {status} and not host.redirected)
        or (host.offline and not host.answered)
    }
    owners = {host.owner for host in astray.values()}
    if len(astray) * 2 <= len(known) or len(owners) < _ENOUGH_HOSTS:
        return None
    return _Doubt(
        why=f"{len(astray)} of the {len(known)} hosts that used to answer now all say {status}: "
        "this looks like a proxy of our own network",
        hosts=frozenset(astray),
    )


def _portal(hosts: dict[str, _Host]) -> _Doubt | None:
    """The page of a captive portal: where most hosts, which used to end elsewhere, now end.

    Never seen without history. A host's own new home does not count, nor its family's; and the
    hosts must be of several families: a blog platform may send all its blogs to one farewell page.
    """
    ends: dict[str, list[_Host]] = {}  # page -> the hosts that now show it
    bodies: dict[str, list[_Host]] = {}
    knew_ends = knew_bodies = 0
    for host in hosts.values():
        if host.ends:
            knew_ends += 1
            for end in host.ends_now:
                ends.setdefault(end, []).append(host)
        if host.bodies:
            knew_bodies += 1
            for body in host.bodies_now - host.bodies:
                bodies.setdefault(body, []).append(host)
    for pages, knew in ((ends, knew_ends), (bodies, knew_bodies)):
        for page, shown_by in pages.items():
            if len(shown_by) * 2 <= knew or len(shown_by) < _ENOUGH_HOSTS:
                continue  # nearly always, and cheaper than asking who owns them
            astray = [host for host in shown_by if pages is bodies or host.strays_to(page)]
            owners = {host.owner for host in astray}
            if len(astray) * 2 > knew and len(owners) >= _ENOUGH_HOSTS:
                where = host_of(page) or "in their place"
                return _Doubt(
                    why=f"most hosts now show one and the same page ({where}): "
                    "this looks like a login page of the network",
                    hosts=frozenset(host.key for host in astray),
                )
    return None


def _owner(url: str) -> str:
    """The family of a URL's host. Of URLs as requests have them: parsing would take too long."""
    place = url.partition("//")[2].partition("/")[0].rpartition("@")[2]
    name, _, port = place.rpartition(":")
    return _family((name if name and port.isdigit() else place).rstrip("."))


def _family(name: str) -> str:
    """Roughly, what one owner has: two labels, or three below the likes of co.uk; an address."""
    labels = name.split(".")
    if labels[-1].isdigit():
        return name
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3 if short else -2 :])
