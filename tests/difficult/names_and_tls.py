"""Names that fail, and certificates that nobody should trust."""

from __future__ import annotations

from linkwatch.model import Reason
from tests.difficult.servers import FAILING
from tests.difficult.sites import (
    MISSING,
    PATH,
    WEEKS,
    Certificate,
    Name,
    Port,
    Site,
    away,
    good,
    site,
    weekly,
)
from tests.difficult.walls import FOR_RENT

FINE = Name.FINE
GOOD = Certificate.GOOD

NAMES = (
    site(
        "no-name",
        "a name that does not exist",
        good,
        "dead",
        names=[Name.GONE] * 4,
        reason=Reason.DNS,
    ),
    site(
        "lapsed",
        "a domain that was not renewed",
        good,
        "alive suspect suspect dead",
        names=[FINE, Name.GONE, Name.GONE, Name.GONE],
        reason=Reason.DNS,
    ),
    site(
        "lapsed-for-a-week",
        "renewed a week too late",
        good,
        "alive suspect alive alive",
        names=[FINE, Name.GONE, FINE, FINE],
        reason=Reason.DNS,
    ),
    site(
        "lapsed-and-sold",
        "not renewed, and then bought by a dealer in domains",
        weekly(good, good, FOR_RENT),
        "alive suspect suspect suspect|dead",
        names=[FINE, Name.GONE, FINE, FINE],
        others={"*": weekly(MISSING, MISSING, FOR_RENT), "/": weekly(good, good, FOR_RENT)},
        changed=None,
    ),
    site(
        "not-yet-named",
        "a name that appears in the second week",
        good,
        "dead alive alive alive",
        names=[Name.GONE, FINE, FINE, FINE],
        reason=Reason.DNS,
    ),
    site(
        "servfail",
        "a name whose servers are broken",
        good,
        FAILING,
        names=[Name.BROKEN] * 4,
        reason=Reason.RESOLVER,
    ),
    site(
        "servfail-for-a-week",
        "broken in the second week only",
        good,
        "alive suspect alive alive",
        names=[FINE, Name.BROKEN, FINE, FINE],
        reason=Reason.RESOLVER,
    ),
    site(
        "no-address",
        "a name without an address",
        good,
        FAILING,
        names=[Name.EMPTY] * 4,
        reason=Reason.RESOLVER,
    ),
)


def _untrusted(
    name: str,
    why: str,
    *certificates: Certificate,
    expect: str = FAILING,
    port: Port = Port.HTTPS,
    reason: Reason | None = Reason.TLS,
) -> Site:
    """An https site with one certificate for ever, or one for each week."""
    return site(
        name,
        why,
        good,
        expect,
        port=port,
        certificates=certificates * (WEEKS // len(certificates)) or None,
        reason=reason,
        silent=port is Port.MUTE,
    )


TLS = (
    site("https", "a good certificate", good, "alive", port=Port.HTTPS),
    _untrusted("expired", "a certificate that has expired", Certificate.EXPIRED),
    _untrusted("early", "one that is not valid yet", Certificate.EARLY),
    _untrusted("other-host", "the certificate of another host", Certificate.OTHER_HOST),
    _untrusted("self-signed", "one that vouches for itself", Certificate.SELF_SIGNED),
    _untrusted("no-chain", "the link to a known authority is not sent", Certificate.NO_CHAIN),
    _untrusted("no-handshake", "no certificate for this name", Certificate.NONE, reason=None),
    _untrusted(
        "expired-for-two-weeks",
        "until somebody noticed",
        Certificate.EXPIRED,
        Certificate.EXPIRED,
        GOOD,
        GOOD,
        expect="suspect suspect alive alive",
    ),
    _untrusted(
        "expires",
        "a certificate that nobody renews",
        GOOD,
        Certificate.EXPIRED,
        Certificate.EXPIRED,
        Certificate.EXPIRED,
        expect="alive suspect suspect dead",
    ),
    _untrusted("cut", "the handshake is cut off", GOOD, port=Port.HANG_UP, reason=None),
    _untrusted("mute", "no handshake ever comes", GOOD, port=Port.MUTE, reason=Reason.TIMEOUT),
    site(
        "to-expired",
        "302 to a host whose certificate has expired",
        away("expired.test", scheme="https"),
        FAILING,
        reason=Reason.TLS,
    ),
    site(
        "https-to-http",
        "302 from https back to http",
        away("plain.test", PATH),
        "alive",
        port=Port.HTTPS,
        others={f"//plain.test{PATH}": good},
    ),
)

SITES = (*NAMES, *TLS)
