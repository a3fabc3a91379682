"""Link -> the better question: which links a site can be asked about, and at which address.

One function a site. None means that the link is not of a kind the site answers for, and its page
is asked like any other. Hosts are compared whole, after reading the link as a browser would; a
link with a user name or a port of its own is nobody's. What a link is about (`youtube_video`,
`github_repository`, ...) has a function of its own where the reading of the answer needs it too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, quote, unquote_to_bytes

from ada_url import URL

from linkwatch.web.places import under
from linkwatch.web.url import name_of


@dataclass(frozen=True, slots=True)
class Address:
    """A link as a browser reads it, at the default port and without credentials."""

    host: str
    path: str  # percent-encoded
    query: str  # without the `?`

    def asked_for(self, name: str) -> str:
        """The first value of a parameter of the query, or an empty string."""
        try:
            return parse_qs(self.query, max_num_fields=50).get(name, [""])[0]
        except ValueError:
            return ""


# Nobody else's links have a better question: told first, since most links are theirs.
_SITES = frozenset(
    {
        *("youtube.com", "youtu.be", "youtube-nocookie.com", "vimeo.com", "doi.org", "arxiv.org"),
        *("github.com", "x.com", "twitter.com", "reddit.com", "google.com", "stackexchange.com"),
        *("stackoverflow.com", "superuser.com", "serverfault.com", "askubuntu.com"),
        *("stackapps.com", "mathoverflow.net"),
    }
)


def may_have_one(link: str) -> bool:
    """Whether a link lies at a site of which anything better can be asked."""
    return under(name_of(link), _SITES) is not None


@lru_cache(maxsize=16)  # every row of the table reads the same link
def address_of(link: str) -> Address | None:
    """None: not a web address, or one that only looks like a known site's."""
    try:
        url = URL(link)
    except ValueError:
        return None
    if url.protocol not in ("http:", "https:") or url.port or url.username or url.password:
        return None
    return Address(url.hostname.rstrip("."), url.pathname, url.search.removeprefix("?"))


def path_at(link: str, hosts: frozenset[str], pattern: re.Pattern[str]) -> re.Match[str] | None:
    """The match of a link's whole path, if it lies at one of the hosts."""
    address = address_of(link)
    if address is None or address.host not in hosts:
        return None
    return pattern.fullmatch(address.path)


def _hosts(domain: str, *names: str) -> frozenset[str]:
    return frozenset({domain, *(f"{name}.{domain}" for name in names)})


_YOUTUBE = _hosts("youtube.com", "www", "m", "music")
_YOUTUBE_PLAYER = _hosts("youtube-nocookie.com", "www")
_YOUTUBE_VIDEO = re.compile(r"/(?:shorts|live|embed|v)/([\w-]{11})/?", re.ASCII)
_YOUTUBE_SHORT = re.compile(r"/([\w-]{11})/?", re.ASCII)
_YOUTUBE_ID = re.compile(r"[\w-]{11}", re.ASCII)
# Only lists that people make: mixes, uploads and "watch later" depend on who is looking.
_YOUTUBE_LIST = re.compile(r"PL[\w-]{10,64}", re.ASCII)
_NOT_VIDEOS = frozenset({"videoseries", "live_stream"})  # words of eleven letters in /embed/


def youtube(link: str) -> str | None:
    address = address_of(link)
    if address is None:
        return None
    if video := _youtube_video(address):
        page = f"https://www.youtube.com/watch?v={video}"
    elif playlist := _youtube_list(address):
        page = f"https://www.youtube.com/playlist?list={playlist}"
    else:
        return None
    return f"https://www.youtube.com/oembed?format=json&url={quote(page, safe='')}"


def _youtube_video(address: Address) -> str | None:
    if address.host in ("youtu.be", "www.youtu.be"):
        match = _YOUTUBE_SHORT.fullmatch(address.path)
    elif address.host in _YOUTUBE and address.path in ("/watch", "/watch/"):
        match = _YOUTUBE_ID.fullmatch(address.asked_for("v"))
    elif address.host in _YOUTUBE or address.host in _YOUTUBE_PLAYER:
        match = _YOUTUBE_VIDEO.fullmatch(address.path)
    else:
        return None
    video = match[match.re.groups] if match else None
    return None if video in _NOT_VIDEOS else video


def _youtube_list(address: Address) -> str | None:
    on_page = address.host in _YOUTUBE and address.path in ("/playlist", "/embed/videoseries")
    in_player = address.host in _YOUTUBE_PLAYER and address.path == "/embed/videoseries"
    if not (on_page or in_player):
        return None
    match = _YOUTUBE_LIST.fullmatch(address.asked_for("list"))
    return match[0] if match else None


_VIMEO = _hosts("vimeo.com", "www")
_VIMEO_VIDEO = re.compile(
    r"(/(?:channels/[\w-]+/|groups/[\w-]+/videos/)?\d{1,12}(?:/[0-9a-f]{6,16})?)/?", re.ASCII
)
_VIMEO_PLAYER = re.compile(r"/video(/\d{1,12})/?", re.ASCII)


def vimeo(link: str) -> str | None:
    match = path_at(link, _VIMEO, _VIMEO_VIDEO)
    match = match or path_at(link, frozenset({"player.vimeo.com"}), _VIMEO_PLAYER)
    if match is None:
        return None
    page = quote(f"https://vimeo.com{match[1]}", safe="")
    return f"https://vimeo.com/api/oembed.json?url={page}"


_DOI_HOSTS = _hosts("doi.org", "dx", "www")
_DOI = re.compile(rb"/(?:doi:\s*)?(10\.\d{4,9}(?:\.\d+)*/.+)", re.DOTALL | re.IGNORECASE)


def doi_of(link: str) -> bytes | None:
    """The DOI that a link names, as its bytes: what is not UTF-8 stays what it is."""
    address = address_of(link)
    if address is None or address.host not in _DOI_HOSTS:
        return None
    match = _DOI.fullmatch(unquote_to_bytes(address.path))
    return match[1] if match else None


def doi(link: str) -> str | None:
    name = doi_of(link)
    return None if name is None else _handle(name)


def _handle(name: bytes) -> str:
    return f"https://doi.org/api/handles/{quote(name, safe='/:;()')}?type=URL"


_ARXIV = _hosts("arxiv.org", "www", "export")
_ARXIV_PAPER = re.compile(
    r"/(?:abs|pdf|html)/(?:(?P<new>\d{4}\.\d{4,5})"
    r"|(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[A-Z]{2})?/(?P<old>\d{7}))"
    r"(?:v\d{1,3})?(?:\.pdf)?/?",
    re.ASCII,
)


def arxiv_doi(link: str) -> bytes | None:
    """The DOI of a paper: of all its versions, and without an old id's subject class."""
    match = path_at(link, _ARXIV, _ARXIV_PAPER)
    if match is None:
        return None
    return f"10.48550/arXiv.{match['new'] or match['archive'] + '/' + match['old']}".encode()


def arxiv(link: str) -> str | None:
    name = arxiv_doi(link)
    return None if name is None else _handle(name)


_GITHUB = _hosts("github.com", "www")
_REPOSITORY = re.compile(
    r"/(?P<owner>[a-z0-9](?:[a-z0-9-]{0,38}))/(?P<name>[\w.-]{1,100}?)(?:\.git)?/?",
    re.ASCII | re.IGNORECASE,
)
# GitHub's own pages with an address of two parts, where the API would know of no repository.
_NOT_OWNERS = re.compile(
    r"about|account|accounts|apps|articles|blog|codespaces|collections|contact|copilot|"
    r"customer-stories|enterprise|enterprises|events|explore|features|gist|gists|"
    r"github-copilot|home|images|integrations|issues|join|login|logout|marketplace|mcp|"
    r"mobile|models|new|nonprofit|notifications|open-source|organizations|orgs|partners|"
    r"premium-support|pricing|projects|pulls|readme|resources|search|security|sessions|"
    r"settings|signup|site|solutions|sponsors|stars|team|topics|trending|users|watching|"
    r"why-github|wiki"
)


def github_repository(link: str) -> str | None:
    """`owner/name` of the repository whose front page the link is."""
    match = path_at(link, _GITHUB, _REPOSITORY)
    if match is None or _NOT_OWNERS.fullmatch(match["owner"].lower()):
        return None
    name = match["name"]
    if name in (".", "..") or name.lower().endswith((".wiki", ".git")):
        return None
    return f"{match['owner']}/{name}"


def github(link: str) -> str | None:
    repository = github_repository(link)
    return None if repository is None else f"https://api.github.com/repos/{repository}"


_X = _hosts("x.com", "www", "mobile") | _hosts("twitter.com", "www", "mobile")
_X_POST = re.compile(
    r"/(?!i/)(\w{1,20})/status(?:es)?/(\d{1,20})(?:/(?:photo|video)/\d)?/?", re.ASCII
)


def x(link: str) -> str | None:
    match = path_at(link, _X, _X_POST)
    if match is None:
        return None
    page = quote(f"https://twitter.com/{match[1]}/status/{match[2]}", safe="")
    return f"https://publish.twitter.com/oembed?url={page}"


REDDIT = _hosts("reddit.com", "www", "old", "new", "np", "m", "sh")
_REDDIT_POST = re.compile(
    r"/(?:r/(?P<community>\w{2,30})|u(?:ser)?/[\w-]{2,30})/comments/[a-z0-9]{1,10}(?:/.*)?",
    re.ASCII | re.IGNORECASE,
)


def reddit_post(link: str) -> re.Match[str] | None:
    """A match with the group `community`: None for a post on somebody's profile."""
    return path_at(link, REDDIT, _REDDIT_POST)


def reddit(link: str) -> str | None:
    """The page itself, without the redirects to https and to `www`, which hide the one we want."""
    if reddit_post(link) is None or (address := address_of(link)) is None:
        return None
    host = "www.reddit.com" if address.host == "reddit.com" else address.host
    return _secure(host, address)


_STACK_EXCHANGE = re.compile(
    r"(?:(?:pt|ru|es|ja|meta)\.)?stackoverflow\.com|(?:meta\.)?(?:superuser|serverfault|askubuntu)\.com"
    r"|stackapps\.com|(?:meta\.)?mathoverflow\.net"
    r"|(?!api\.|chat\.|data\.|area51\.)[a-z0-9-]+(?:\.meta)?\.stackexchange\.com"
)
_STACK_POST = re.compile(r"/(?P<kind>questions|q|a)/(?P<id>\d{1,10})(?:/.*)?", re.ASCII)


def stackexchange_post(link: str) -> tuple[str, int] | None:
    """`questions` or `answers`, and the post's number."""
    address = address_of(link)
    if address is None or not _STACK_EXCHANGE.fullmatch(address.host.removeprefix("www.")):
        return None
    match = _STACK_POST.fullmatch(address.path)
    if match is None:
        return None
    return "answers" if match["kind"] == "a" else "questions", int(match["id"])


def stackexchange(link: str) -> str | None:
    post, address = stackexchange_post(link), address_of(link)
    if post is None or address is None:
        return None
    site = address.host.removeprefix("www.").removesuffix(".com").removesuffix(".stackexchange")
    return f"https://api.stackexchange.com/2.3/{post[0]}/{post[1]}?site={site}"


_GOOGLE_ID = r"[\w-]{10,200}"
_GOOGLE_DOC = re.compile(
    rf"/(?:document|spreadsheets|presentation|forms)/(?:u/\d+/)?d/(?:e/)?{_GOOGLE_ID}(?:/.*)?",
    re.ASCII,
)
_GOOGLE_FILE = re.compile(rf"/file/(?:u/\d+/)?d/{_GOOGLE_ID}(?:/.*)?", re.ASCII)


def google_docs(link: str) -> str | None:
    """The page itself, over https."""
    address = address_of(link)
    if address is None:
        return None
    if address.host == "docs.google.com":
        known = _GOOGLE_DOC.fullmatch(address.path)
    elif address.host != "drive.google.com":
        return None
    elif address.path == "/open":
        known = re.fullmatch(_GOOGLE_ID, address.asked_for("id"), re.ASCII)
    else:
        known = _GOOGLE_FILE.fullmatch(address.path)
    return _secure(address.host, address) if known else None


def _secure(host: str, address: Address) -> str:
    query = f"?{address.query}" if address.query else ""
    return f"https://{host}{address.path}{query}"
