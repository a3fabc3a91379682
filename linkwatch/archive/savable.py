"""Which pages archives may be asked about, and which may be saved. Pure, and in doubt against it.

Whoever submits a URL publishes it, for good: it can be searched for, and opened by anybody; and who
is asked about one learns it. So what no archive is ever told of stays out (see `archives`), and so
does every address that may be its own key: a link that somebody was sent, a session, a signed
download. Leaving out a page that could have been saved costs a copy; publishing a key can't be
undone.

In a query, names and values tell. In a path a random piece is mostly the number of a public page
(a commit, a song, an article), so there it counts only where it is very long, where the word before
it says what it is for, or on sites whose documents are open to whoever has the address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import unquote, urlsplit

from linkwatch.archive.archives import Archives, not_for_archives
from linkwatch.patterns import Pattern
from linkwatch.web.url import name_of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Names of parameters, without what parts their words: `access_token` and `accessToken` are one.
_SECRET_NAMES: Final = _words(
    """
    accesskey accesskeyid assertion auth authcode authentication authkey authorization
    awsaccesskeyid bearer code credentials csrf googleaccessid hmac invitation invite invitecode
    jsessionid jwt key keypairid magic mceid nonce oauthverifier otp pass passcode passphrase passwd
    phpsessid privatekey pwd resourcekey rlkey samlrequest samlresponse secretkey sess session
    sessionid sessionkey sesskey sharekey sid sig sso subscriptionkey ticket userkey
    verificationcode viewkey xsrf
    """
)
_SECRET_ENDS: Final = ("token", "secret", "password", "apikey", "signature", "credential")
_SIGNED: Final = ("xamz", "xgoog", "xms", "xoss")  # signed downloads of Amazon, Google, …
_AZURE: Final = frozenset({"sv", "se", "sig"})  # of which Azure's have at least two
# Where a click came from. Random, but no key to anything.
_CLICKS: Final = _words(
    "fbclid gclid gclsrc dclid wbraid gbraid msclkid twclid ttclid yclid igshid igsh mkttok"
)
_ORDINARY: Final = {  # by the end of the host's name: random values that only name a public page
    "youtube.com": frozenset({"v", "list", "si", "pp"}),
    "youtu.be": frozenset({"list", "si"}),
}

_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*", re.ASCII)  # a JSON Web Token
_EMAIL = re.compile(r"[^\s@/=&?]+@[^\s@/=&?]+\.[a-z]{2,}", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_PIECE = re.compile(r"[A-Za-z0-9]+")
_UNBROKEN = re.compile(r"[A-Za-z0-9_-]+")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_LONG_IN_QUERY: Final = 20
_LONG_IN_PATH: Final = 32
_AFTER_A_WORD: Final = 8

# What stands behind such a word in a path was made for one reader, if it looks made up at all.
_FOR_ONE: Final = _words(
    """
    activate activation confirm confirmation invitation invitations invite invites
    join magic magic-link meetup-join one-time onetime password passwords private recover reset
    reset-password s secret secrets share shared shares sharing sharelink token tokens unsubscribe
    verify verification webhook webhooks
    """
)
# Sites whose documents anybody may open who has their address, and hardly anybody has it. Google's
# documents "published to the web" (`/d/e/2PACX-…`) are among them: nobody finds those by chance.
_BY_ADDRESS: Final = tuple(
    (host, re.compile(path))
    for host, path in (
        ("docs.google.com", r"/(a/[^/]+/)?[a-z]+/(u/\d+/)?d/|/file/d/|/forms/"),
        ("drive.google.com", r"/"),
        ("script.google.com", r"/macros/"),
        ("calendar.google.com", r"/"),
        ("photos.google.com", r"/"),
        ("photos.app.goo.gl", r"/"),
        ("forms.gle", r"/"),
        ("meet.google.com", r"/"),
        ("dropbox.com", r"/(s|sh|scl|l|t)/"),
        ("1drv.ms", r"/"),
        ("onedrive.live.com", r"/"),
        ("sharepoint.com", r"/"),
        ("teams.microsoft.com", r"/"),
        ("icloud.com", r"/."),
        ("zoom.us", r"/(j|my|w|s|rec|meeting)/"),
        ("wetransfer.com", r"/downloads/"),
        ("we.tl", r"/"),
        ("mega.nz", r"/(file|folder|#)"),
        ("box.com", r"/(s|v|notes)/"),
        ("hooks.slack.com", r"/"),
        ("slack.com", r"/t/[^/]+/shared_invite|/files-pri/"),
        ("discord.com", r"/(api/webhooks|invite)/"),
        ("discord.gg", r"/"),
        ("api.telegram.org", r"/(file/)?bot"),
        ("t.me", r"/(joinchat/|\+)"),
        ("chat.whatsapp.com", r"/"),
        ("figma.com", r"/(file|design|proto|board)/"),
        ("miro.com", r"/app/"),
        ("overleaf.com", r"/(read/|\d)"),
        ("airtable.com", r"/(app\w+/)?shr"),
        ("loom.com", r"/share/"),
        ("chatgpt.com", r"/share/"),
        ("webhook.site", r"/"),
    )
)


def why_not_told(url: str, archives: Archives) -> str | None:
    """Why no archive is asked about a link, in a sentence without its secrets; None if one may be.

    Who is asked learns the address: what may be its own key is told to archives of one's own only.
    """
    told = not_for_archives(url, archives)
    if told is None and not archives.are_private:
        told = _why_its_own_key(url, depth=0)
    return told


def why_not_saved(url: str, archives: Archives, exclude: Sequence[Pattern]) -> str | None:
    """Why a link must not be published, in a sentence without its secrets; None if it may be.

    `exclude`: the patterns of URLs that the user wants left alone.
    """
    told = not_for_archives(url, archives)
    if told is not None:
        return told
    if any(pattern.matches(url) for pattern in exclude):
        return "A pattern of notes.exclude_urls covers it."
    return _why_its_own_key(url, depth=0)


def _why_its_own_key(url: str, depth: int) -> str | None:
    """Why an address may open something that is not for everybody."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "This URL can't be read."
    if parts.username or parts.password:
        return "An address within it holds a user name or password."
    name = name_of(url)
    if _TOKEN.search(unquote(url)):
        return "It holds a token (JWT)."
    for host, path in _BY_ADDRESS:
        if _within(name, host) and path.match(parts.path):
            return f"Documents of {host} are open to whoever has their address."
    return _why_by_path(parts.path, depth) or _why_by_query(parts.query, name, depth)


def _why_by_path(path: str, depth: int) -> str | None:
    before = ""
    for segment in path.split("/"):
        text, *parameters = unquote(segment).split(";")
        for parameter in parameters:  # `;jsessionid=…`
            if why := _why_by_pair(*_pair(parameter), ordinary=frozenset(), depth=depth):
                return why
        if _random(text, _LONG_IN_PATH, hex_too=False):
            return "Its path has a long random piece, which may be a key."
        if before in _FOR_ONE and _made_up(text):
            return f"What follows /{before}/ in its path may be a key."
        before = text.lower()
    return None


def _why_by_query(query: str, name: str, depth: int) -> str | None:
    ordinary = next((own for host, own in _ORDINARY.items() if _within(name, host)), frozenset())
    pairs = [_pair(text) for text in re.split("[&;]", query) if text]
    names = {_plain(name) for name, _ in pairs}
    if len(names & _AZURE) > 1:
        return "Its query has a signature, which may be a key."
    for one, value in pairs:
        if why := _why_by_pair(one, value, ordinary=ordinary, depth=depth):
            return why
    return None


def _why_by_pair(name: str, value: str, *, ordinary: frozenset[str], depth: int) -> str | None:
    plain = _plain(name)
    if name in ordinary or plain in _CLICKS or plain.startswith("utm"):
        return None
    if not value:
        return "Its query may be a key." if _random(name, _LONG_IN_QUERY) else None
    if plain.startswith(_SIGNED):
        return "Its query has a signature, which may be a key."
    if plain in _SECRET_NAMES or plain.endswith(_SECRET_ENDS):
        return f"Its query has a value named {plain!r}, which may be a key."
    if _WEB.match(value):
        return _why_its_own_key(value, depth + 1) if depth < 3 else "It holds too many addresses."
    if _EMAIL.search(value):
        return "Its query has an e-mail address."
    if _random(value, _LONG_IN_QUERY) or _UUID.search(value):
        return "Its query has a long random value, which may be a key."
    return None


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return unquote(name), unquote(value.replace("+", " "))


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _within(name: str, host: str) -> bool:
    return name == host or name.endswith("." + host)


def _random(text: str, long: int, *, hex_too: bool = True) -> bool:
    """Whether a text has a piece so long that no words and no number make.

    `hex_too`: one without capitals counts as well, which in a path is mostly a page's number.
    """
    if any(len(piece) >= long and _mixed(piece, hex_too=hex_too) for piece in _PIECE.findall(text)):
        return True
    runs = _UNBROKEN.findall(text)  # base64url has a dash now and then
    return any(len(run) >= long and _mixed(re.sub("[_-]", "", run), hex_too=False) for run in runs)


def _mixed(piece: str, *, hex_too: bool) -> bool:
    """Whether digits stand among letters as they do in random text.

    Of random base64 six letters in ten are of another kind than the one before, of hexadecimal
    nearly five; of WordsWrittenTogether, three.
    """
    digits = sum(letter.isdigit() for letter in piece)
    if not digits or digits == len(piece):
        return False
    if re.search("[a-z]", piece) and re.search("[A-Z]", piece):
        return _turns(piece) > 0.4 * len(piece)
    return hex_too and (
        bool(_HEX.fullmatch(piece)) or (digits >= 4 and _turns(piece) > 0.2 * len(piece))
    )


def _turns(piece: str) -> int:
    """How often a small letter, a capital and a digit follow each other."""
    kinds = ["d" if one.isdigit() else "u" if one.isupper() else "l" for one in piece]
    return sum(one != other for one, other in pairwise(kinds))


def _made_up(text: str) -> bool:
    """Whether a piece of a path is neither words nor a number."""
    compact = "".join(_PIECE.findall(text))
    if _UUID.fullmatch(text):
        return True
    return len(compact) >= _AFTER_A_WORD and (
        _turns(compact) > 0.3 * len(compact) or _mixed(compact, hex_too=True)
    )
