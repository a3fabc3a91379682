"""Where we refuse to connect: every address that is not a public one.

`ipaddress.is_global` alone is not enough: it lets multicast and site-local addresses through,
knows nothing of the IPv4 address inside a NAT64 or Teredo one, and changes with the version of
Python. So the table stands here (IANA's special-purpose registries, October 2025).
"""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

_NOT_PUBLIC_V4 = tuple(
    (IPv4Network(net), what)
    for net, what in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared (carrier-grade NAT)"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    (IPv6Network(net), what)
    for net, what in (
        ("2001:2::/48", "benchmarking"),
        ("2001:10::/28", "reserved"),
        ("2001:20::/28", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_NAMES = ("localhost", "local", "internal", "home.arpa")  # RFC 6761, 6762, 8375; ICANN 2024
_NO_DNS = ("onion", "i2p")  # RFC 7686: these never resolve in the DNS, which says nothing


def refusal(address: IPv4Address | IPv6Address) -> str | None:
    """What kind of non-public address this is, in a word; None if it is a public one.

    IPv6 forms that carry an IPv4 address are judged by the address they carry.
    """
    if isinstance(address, IPv4Address):
        return next((what for net, what in _NOT_PUBLIC_V4 if address in net), None)
    carried = _carried(address)
    if carried:
        return next(filter(None, map(refusal, carried)), None)
    if address.is_loopback:
        return "loopback"
    if address.is_multicast:
        return "multicast"
    if address not in _GLOBAL_UNICAST:
        return "link-local" if address.is_link_local else "reserved"
    return next((what for net, what in _NOT_PUBLIC_V6 if address in net), None)


def _carried(address: IPv6Address) -> tuple[IPv4Address, ...]:
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64:
        return (low,)
    if int(address) >> 32 == 0 and int(address) > 1:  # IPv4-compatible, deprecated, never routed
        return (low,) if refusal(low) else ()
    return ()


def literal(name: str) -> IPv4Address | IPv6Address | None:
    """The address that a host name is, if it is one. `name` as `web.url.name_of` gives it."""
    try:
        return ip_address(name.strip("[]"))
    except ValueError:
        return None


def private_name(name: str) -> bool:
    """Whether a host is private by its very name: a non-public address, localhost, mDNS."""
    address = literal(name)
    if address is not None:
        return refusal(address) is not None
    return _under(name, _NAMES)


def outside_dns(name: str) -> bool:
    """Whether a name lives in another network's name system, so that the DNS can't speak of it."""
    return _under(name, _NO_DNS)


def _under(name: str, tops: tuple[str, ...]) -> bool:
    return any(name == top or name.endswith("." + top) for top in tops)
