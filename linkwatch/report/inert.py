"""Foreign text, made inert: it says what it says, and does nothing.

URLs, file names, server messages and the archive's answers are untrusted. What comes out of here
shows the same characters to a reader, but cannot become a link, tag, heading, template or escape
sequence.

Two kinds of machines read a report. Renderers see it decoded; template and query engines
(Templater, Dataview, Hugo, Jinja, Liquid, Logseq, Obsidian's `%%`) search the raw text, code spans
included. So nothing here relies on code spans: every trigger is broken in the raw text itself.

Characters are written as *named* references: `&num;`, not `&#35;`, since Logseq takes a `#` after
punctuation for a tag (logseq/logseq#8129, #8473), and a numeric reference would bring one along.
An empty comment splits the text where a rendered page is searched once more for things to link:
cmark-gfm finds e-mail addresses after it has decoded every escape (github/cmark-gfm#278), and
GitHub finds @names and #numbers there (github/cmark-gfm#181).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote

SHOWN: Final = 300  # characters of a text that are shown; the rest is an ellipsis in its middle
_TAIL: Final = 80  # of these, so many from its end, where a URL often tells most
UNSHOWABLE: Final = "\N{REPLACEMENT CHARACTER}"
_SPLIT: Final = "<!-- -->"


class Inert(str):
    """Markdown that may stand in a report as it is: ours, or made inert already."""

    __slots__ = ()


# Controls, the line ends that only some programs see, writing-direction controls, characters of no
# width, fillers, tags, lone surrogates (how Python keeps an undecodable byte of a file name).
# Joiners are kept inside non-ASCII text only, where Persian words and many emoji need them.
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_PICTURES: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x09: " ", 0x7F: "\u2421"}


def _picture(match: re.Match[str]) -> str:
    return _PICTURES.get(ord(match[0]), UNSHOWABLE)


def visible(text: str) -> str:
    """The same text, one character for one, with all that hides or steers made visible.

    >>> visible("a\\x1b[31mb\\n")
    'a␛[31mb␊'
    """
    if text.isascii() and text.isprintable():  # nearly every URL
        return text
    return _HIDDEN.sub(_picture, text)


def terminal(text: str) -> str:
    """One line for a terminal: no escape sequence, no control, no turned writing direction."""
    return visible(text)


_BLANKS: Final = re.compile("  +")


def shown(text: str) -> str:
    """What a reader sees of a foreign text: visible, single blanks, shortened in its middle."""
    text = visible(text).strip(" ")
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    if len(text) > SHOWN:
        text = f"{text[: SHOWN - _TAIL - 1]}…{text[-_TAIL:]}"
    return "(blank)" if not text or text.isspace() else text


# What only counts beside its like (`%%`, `::`, `==`, `((`) is left alone when it stands by itself:
# most URLs stay readable in the raw text.
_ALWAYS: Final = (
    r"[\\`*~{}<>\[\]|^$#]"
    r"|&(?=\#?[0-9A-Za-z]+;)"
    r"|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])"
    r"|%(?=%)|(?<=%)%|:(?=:)|(?<=:):|=(?==)|(?<==)=|\((?=\()|(?<=\()\(|\)(?=\))|(?<=\))\)"
    r"|:(?=[0-9A-Za-z_+-]+:)"  # an emoji's name
)
# Where the text is not a link's label, also what a renderer would make a link of.
_LINKABLE: Final = r"|@|:(?=//)|(?<=[Ww][Ww][Ww])\.|(?<=GH)-(?=[0-9])"
_AT_START: Final = r"^[-+=]|^[0-9]{1,9}[.)]"  # a list, a rule, an underline
# A first glance at the character alone: it makes the search four times as fast.
_GLANCE: Final = r"(?=[]\\`*~{}<>[|^$#&_%:=()@.-])"
_ACTIVE: Final = re.compile(f"{_AT_START}|{_GLANCE}(?:{_ALWAYS})")
_UNLINKED: Final = re.compile(f"{_AT_START}|{_GLANCE}(?:{_ALWAYS}{_LINKABLE})")

_NAMES: Final = {
    "\\": "&bsol;",
    "`": "&grave;",
    "*": "\\*",
    "_": "\\_",
    "~": "\\~",
    "{": "&lcub;",
    "}": "&rcub;",
    "<": "&lt;",
    ">": "&gt;",
    "[": "&lsqb;",
    "]": "&rsqb;",
    "|": "&vert;",
    "^": "&Hat;",
    "$": "&dollar;",
    "#": "&num;",
    "&": "&amp;",
    "%": "&percnt;",
    "=": "&equals;",
    "(": "&lpar;",
    ")": "&rpar;",
    "-": "\\-",
    "+": "\\+",
}


def _spelled(match: re.Match[str]) -> str:
    found = match[0]
    if found == ":":
        return "&colon;" + _SPLIT
    if len(found) > 1:  # 1.
        return f"{found[:-1]}\\{found[-1]}"
    return _NAMES[found]


def _spelled_unlinked(match: re.Match[str]) -> str:
    found, after = match[0], match.end()
    if found == "#" and match.string[after : after + 1].isdigit():
        return "&num;" + _SPLIT
    if found == "@" or (found == "-" and after > 1):  # a name, GH-1
        return found + _SPLIT
    if found == ".":  # www.
        return _SPLIT + "."
    return _spelled(match)


@lru_cache(maxsize=4096)  # reasons are the same for many links
def prose(text: str) -> Inert:
    """Foreign text for a sentence, a list item or a heading, at its start or further in."""
    return Inert(_UNLINKED.sub(_spelled_unlinked, shown(text)))


# Nothing in it could do anything, or would be shortened: most URLs of the web.
_HARMLESS: Final = re.compile(r"https?://[0-9A-Za-z.-][0-9A-Za-z./-]{0,279}")


def label(text: str) -> Inert:
    """Foreign text for the visible part of a link: what stands there is linked already."""
    if _HARMLESS.fullmatch(text):
        return Inert(text)
    return Inert(_ACTIVE.sub(_spelled, shown(text)))


_WEB: Final = re.compile(r"https?://[^/?#]", re.IGNORECASE)
_UNSAFE_IN_URL: Final = re.compile('[\x00-\x20"<>\\\\^`{|}\x7f-\U0010ffff]')
_ACTIVE_IN_URL: Final = re.compile(
    r"[\[\]$]|&(?=\#|[0-9A-Za-z]+;)|%(?=%)|(?<=%)%|:(?=:)|(?<=:):|=(?==)|(?<==)=|~(?=~)|(?<=~)~"
)


def _percent_encoded(match: re.Match[str]) -> str:
    return quote(match[0].encode("utf-8", "replace"), safe="")


def _entity(match: re.Match[str]) -> str:
    return {":": "&colon;", "~": "\\~"}.get(match[0]) or _NAMES[match[0]]


def destination(url: str) -> Inert | None:
    """Where a link leads: the same URL, whole. None for what is not http(s): it stays text.

    What no URL holds unencoded is percent-encoded, as any renderer would; the rest is written as
    references, which a renderer decodes, so that `%%` and `[::1]` stay the URL they are.
    """
    if _HARMLESS.fullmatch(url):
        return Inert(url)
    if not _WEB.match(url):
        return None
    encoded = _UNSAFE_IN_URL.sub(_percent_encoded, url)
    encoded = _ACTIVE_IN_URL.sub(_entity, encoded)
    if not _balanced(encoded):  # balanced ones, as in Wikipedia's URLs, are read well everywhere
        encoded = encoded.replace("(", "&lpar;").replace(")", "&rpar;")
    return Inert(encoded)


def file_destination(path: str) -> Inert:
    """A relative path as a link destination; `/` separates folders."""
    try:
        raw = path.encode("utf-8", "surrogateescape")  # the bytes that the file system has
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "replace")
    return Inert(quote(raw, safe="/").replace("~", "%7E"))


def _balanced(text: str) -> bool:
    """Whether parentheses pair up, none within another (`((` is a block reference in Logseq)."""
    if "(" not in text and ")" not in text:
        return True
    depth = 0
    for char in text:
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        if not 0 <= depth <= 1:
            return False
    return depth == 0
