"""Which archives are asked, and what they are never told."""

from __future__ import annotations

from dataclasses import dataclass

from linkwatch.web.archived import archive_of
from linkwatch.web.guard import literal, outside_dns, private_name
from linkwatch.web.url import has_userinfo, host_of, name_of, request_url

# Names that networks at home and at work use, and that will hardly ever be public (RFC 6762,
# appendix G; ICANN leaves them alone): pages there are checked as all others.
_AT_HOME = frozenset({"corp", "home", "intranet", "lan", "localdomain", "private"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Archives:
    """Where to ask, and how."""

    wayback_url: str
    availability_url: str
    user_agent: str
    timeout_s: float = 60.0  # of any one request; most have less
    timemaps: tuple[str, ...] = ()  # of other archives: what stands before the URL in question
    allow_private: bool = False
    proxy: str | None = None
    nameservers: tuple[str, ...] = ()  # in place of the system's

    @property
    def base_url(self) -> str:
        """What stands before `/web/`."""
        return self.wayback_url.rstrip("/")

    @property
    def are_private(self) -> bool:
        """Whether nobody outside hears what they are asked."""
        services = (self.wayback_url, self.availability_url, *self.timemaps)
        return self.allow_private and all(private_name(name_of(url)) for url in services)

    @property
    def cdx_url(self) -> str:
        """The index, which lives below the playback's address."""
        return self.base_url + "/cdx/search/cdx"


def not_for_archives(url: str, archives: Archives) -> str | None:
    """Why no archive is to hear of a link, in a sentence; None if one may be asked.

    Links to private hosts are only told to an archive that is itself at a private address.
    """
    if request_url(url) is None:
        return "This URL can't be read."
    if has_userinfo(url):
        return "The URL holds a user name or password, which no archive is told."
    name = name_of(url)
    if host_of(url) == host_of(archives.wayback_url) or archive_of(url) is not None:
        return "This is an archive's page itself."
    if outside_dns(name):
        return "The host is outside the public web."
    private = private_name(name) or ("." not in name and literal(name) is None)
    private = private or name.rpartition(".")[2] in _AT_HOME
    if private and not archives.are_private:
        return "The host is a private one, which no public archive is told."
    return None
