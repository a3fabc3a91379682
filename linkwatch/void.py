"""Whether a cycle's facts speak of the web, or of our own network.

Nobody is called for this that the notes don't name: there are no canaries. A status of any kind is
an answer. Pure: what it is given is all that it knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from linkwatch.model import Fault
from linkwatch.web.url import host_of, name_of

_ENOUGH_HOSTS = 3  # that none of so many answers is no coincidence
_ENOUGH_KNOWN = 5  # hosts that answered before, of which more than half fell silent
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


@dataclass(slots=True)
class _Host:
    answered: bool = False
    answered_before: bool = False
    ours: bool = False  # the fault may be this machine's
    ends: set[str] = field(default_factory=set)  # where its links used to end
    ends_now: set[str] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)
    bodies_now: set[str] = field(default_factory=set)


def why_void(comparisons: Iterable[Comparison]) -> str | None:
    """One sentence on why a cycle must not be judged; None if it may be."""
    hosts = _by_host(comparisons)
    answered = [host for host in hosts.values() if host.answered]
    if hosts and not answered:
        if len(hosts) >= _ENOUGH_HOSTS:
            return f"none of the {len(hosts)} hosts answered: this looks like our own network"
        if any(host.ours for host in hosts.values()):
            return "names could not be looked up: this looks like our own network"
    known = [host for host in hosts.values() if host.answered_before]
    silent = sum(not host.answered for host in known)
    if len(known) >= _ENOUGH_KNOWN and silent * 2 > len(known):
        return (
            f"{silent} of the {len(known)} hosts that used to answer did not: "
            "this looks like our own network"
        )
    portal = _portal(hosts)
    if portal:
        return (
            f"most hosts now show one and the same page ({portal}): "
            "this looks like a login page of the network"
        )
    return None


def _by_host(comparisons: Iterable[Comparison]) -> dict[str, _Host]:
    hosts: dict[str, _Host] = {}
    for one in comparisons:
        if one.fault in _NOT_TRIED or (
            one.fault is Fault.PRIVATE_ADDRESS and one.before_status is None
        ):
            continue  # nobody was asked; unless it was a public host: then our names are hijacked
        host = hosts.setdefault(one.host, _Host())
        host.answered |= one.status is not None or one.redirected
        host.answered_before |= one.before_status is not None
        host.ours |= one.fault in _OURS
        if one.before_status is not None and one.status is not None:
            if one.before_final_url:
                host.ends.add(name_of(one.before_final_url))
            if one.final_url:
                host.ends_now.add(one.final_url.partition("?")[0])
            if one.before_digest:
                host.bodies.add(one.before_digest)
            if one.digest:
                host.bodies_now.add(one.digest)
    return hosts


def _portal(hosts: dict[str, _Host]) -> str | None:
    """The page of a captive portal: where most hosts, which used to end elsewhere, now end.

    Never seen without history. A host's own new home does not count, nor its family's; and the
    hosts must be of several families: a blog platform may send all its blogs to one farewell page.
    """
    ends: dict[str, list[str]] = {}  # page -> the families of the hosts that now show it
    bodies: dict[str, list[str]] = {}
    knew_ends = knew_bodies = 0
    for key, host in hosts.items():
        family = _family(key.rpartition(":")[0])
        if host.ends:
            knew_ends += 1
            homes = {family, *map(_family, host.ends)}
            for end in host.ends_now:
                if _family(name_of(end)) not in homes:
                    ends.setdefault(end, []).append(family)
        if host.bodies:
            knew_bodies += 1
            for body in host.bodies_now - host.bodies:
                bodies.setdefault(body, []).append(family)
    for pages, knew in ((ends, knew_ends), (bodies, knew_bodies)):
        for page, families in pages.items():
            if len(families) * 2 > knew and len(set(families)) >= _ENOUGH_HOSTS:
                return host_of(page) or "in their place"
    return None


def _family(name: str) -> str:
    """Roughly, what one owner has: two labels, or three below the likes of co.uk; an address."""
    labels = name.split(".")
    if labels[-1].isdigit():
        return name
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3 if short else -2 :])
