"""URLs: what a note wrote, what is checked, what is sent.

Three forms of one URL, in this order:

* as meant: what the note's author wants to be opened, with its fragment (`Mention.url`);
* the link: the identity under which history files it (`link_of`);
* the request: what a browser would send for it (`request_url`).

Reading follows the WHATWG URL standard through ada-url (the parser of Node.js),
because a Location such as `http:\\\\host\\a b` has to lead where a browser would go, and because
its numeric hosts (`0177.1`, `2130706433`) must be seen for the addresses that they are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from ada_url import URL, join_url

_PARTS = re.compile(
    r"(?P<scheme>https?):(?://)?(?P<authority>[^/?#\\]*)(?P<rest>[^#]*)",
    re.IGNORECASE | re.DOTALL,
)
# As most URLs are written, in the form that `link_of` gives them.
_NORMAL = re.compile(r"https?://[a-z0-9.-]*+/[^#]*+", re.DOTALL)
# A host that is a plain name: no number, nothing to be decoded.
_NAMED = re.compile(r"(https?)://((?:[a-z0-9-]++\.)*+[a-z][a-z0-9-]*+)(?=[/?#]|\Z)")
_DEFAULT_PORT = {"http": "80", "https": "443"}
_BLANK_ENDS = "".join(map(chr, range(0x21)))  # C0 controls and the space: stripped by browsers


def link_of(url: str) -> str:
    """The link that a URL as meant belongs to.

    Without its fragment; scheme and host lower-cased, IDN to ASCII, the default port off, an
    empty path `/`. Nothing else is rewritten. A URL that can't be read is its own link.
    """
    if (normal := _NORMAL.match(url)) and normal[0][-1] > " ":
        return normal[0]
    match = _PARTS.fullmatch(url.partition("#")[0].strip(_BLANK_ENDS))
    if match is None:
        return url.partition("#")[0]
    scheme = match["scheme"].lower()
    userinfo, at, hostport = match["authority"].rpartition("@")
    host, port = _split_port(hostport)
    if not (host.isascii() and "%" not in host):
        try:
            host = URL(f"{scheme}://{host}/").hostname
        except ValueError:
            return url.partition("#")[0]
    host = host.lower()
    suffix = f":{port}" if port and port != _DEFAULT_PORT[scheme] else ""
    rest = match["rest"]
    if not rest.startswith(("/", "\\")):
        rest = "/" + rest
    return f"{scheme}://{userinfo}{at}{host}{suffix}{rest}"


def _split_port(hostport: str) -> tuple[str, str]:
    host, colon, port = hostport.rpartition(":")
    if colon and (port.isdigit() or not port) and (":" not in host or host.endswith("]")):
        return host, port
    return hostport, ""


def fragment_of(url: str) -> str:
    """What follows the first `#`, or an empty string."""
    return url.partition("#")[2]


@lru_cache(maxsize=1024)
def request_url(url: str) -> str | None:
    """The URL as a browser sends it, without its fragment; None where a browser would refuse it."""
    try:
        parsed = URL(url)
    except ValueError:
        return None
    if parsed.protocol not in ("http:", "https:") or not parsed.hostname.strip("."):
        return None
    if "#" in url:
        parsed.hash = ""
    return str(parsed.href)


def resolve(base: str, location: str) -> str | None:
    """Where a Location header leads from `base`; None where a browser would not know.

    The header may be relative, protocol-relative, unicode, full of blanks, or raw bytes that are
    not UTF-8 (as surrogate escapes): those are percent-encoded one by one.
    """
    text = re.sub("[\udc80-\udcff]", lambda m: f"%{ord(m[0]) - 0xDC00:02X}", location)
    try:
        return str(join_url(base, text))
    except ValueError:
        return None


def host_of(url: str) -> str:
    """The key of a URL's host, a name and a port: `example.org:443`. Empty if it can't be read."""
    named = _NAMED.match(url)
    if named and "xn--" not in named[2] and url.isascii():
        return f"{named[2]}:{_DEFAULT_PORT[named[1]]}"
    return _parsed_host(url)


@lru_cache(maxsize=4096)
def _parsed_host(url: str) -> str:
    try:
        parsed = URL(url)
    except ValueError:
        return ""
    port = parsed.port or _DEFAULT_PORT.get(parsed.protocol.rstrip(":"), "")
    return f"{parsed.hostname.rstrip('.')}:{port}"


def name_of(url: str) -> str:
    """The host's name without port or trailing dot; an IPv6 address keeps its brackets."""
    return host_of(url).rpartition(":")[0]


def has_userinfo(url: str) -> bool:
    """Whether a URL holds a user name or a password."""
    try:
        parsed = URL(url)
    except ValueError:
        return False
    return bool(parsed.username or parsed.password)


def bare(url: str) -> str:
    """A URL without what leads to the same place: scheme, `www.`, the last slash, its query."""
    parts = urlsplit(url)
    return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}"
