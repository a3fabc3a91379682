"""Sites with a better question to ask than for their page, in one table.

A removed video answers 200, a publisher turns programs away from a paper that is there, a deleted
document is a login: where a site has a public answer about one link, free and without a key, that
answer is worth more than the page. A row is a name (its switch is `check.probes.NAME`), when it is
asked, the question (`checker.questions`), and how the answer is read. To add a site, add a row.

A reader speaks only where the site did. Whatever else came (5xx, 429, HTML where JSON was due,
JSON that is cut off, of other types or nested to blow the stack) is None: the probe failed, and
the page is asked as everywhere. It never is a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeVar

import msgspec

from linkwatch.checker import questions
from linkwatch.checker.questions import address_of
from linkwatch.model import Says


class When(StrEnum):
    """When a probe is asked."""

    FIRST = "first"  # instead of the page
    REFUSED = "refused"  # only when the page turned us away, or could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer to a question; its redirects are not followed."""

    status: int
    location: str | None  # absolute
    content_type: str | None
    body: bytes  # the first 64 KiB at most, so JSON may be cut off


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer says of the link."""

    says: Says
    url: str | None = None  # the new address, for Says.MOVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One row of the table."""

    name: str
    when: When
    question: Callable[[str], str | None]  # link -> the URL to ask; None: no link of this kind
    read: Callable[[str, Reply], Reading | None]  # (link, answer); None: the probe failed
    follow: bool = False  # redirects of the answer are followed first
    hollow: bool = False  # the page is a 200 whatever stands there: where the probe fails, it
    # can't bring back a link that is failing


_T = TypeVar("_T")

_ALIVE = Reading(says=Says.ALIVE)
_GONE = Reading(says=Says.GONE)
_PRIVATE = Reading(says=Says.PRIVATE)
_DOUBTFUL = Reading(says=Says.DOUBTFUL)


def _json(reply: Reply, shape: type[_T]) -> _T | None:
    """The body, if it is one whole JSON value of the shape; fields we don't know are let pass."""
    try:
        return msgspec.json.decode(reply.body, type=shape)
    except (ValueError, RecursionError):  # msgspec raises the second for deep nesting
        return None


class _Embed(msgspec.Struct):
    type: Literal["video", "rich", "photo", "link"]
    title: str = ""
    html: str = ""


def _is_embed(reply: Reply) -> bool:
    embed = _json(reply, _Embed)
    return embed is not None and bool(embed.title or embed.html)


def _youtube(_link: str, reply: Reply) -> Reading | None:
    # The service refuses in a word or two. A whole page is a captcha, or Google's own 404 for an
    # address that it has given up.
    if reply.body.lstrip().startswith(b"<"):
        return None
    match reply.status:
        case 200 if _is_embed(reply):
            return _ALIVE
        case 200 if reply.body.strip() == b"Forbidden":  # seen in 2020, ruby-oembed#79
            return _PRIVATE
        case 401:  # it is there; its owner allows no embedding (lychee#214)
            return _ALIVE
        case 403:
            return _PRIVATE
        case 404:
            return _GONE
        case 400:
            # "Bad id", but the watch page ignores the last two bits of an id, so it opens some
            # that the API does not know; and a question that has gone out of use looks the same.
            return _DOUBTFUL
        case _:
            return None


class _VimeoRestricted(msgspec.Struct):
    domain_status_code: Literal[403]


def _vimeo(_link: str, reply: Reply) -> Reading | None:
    # A 404 may be a video that is gone or one that may not be embedded (php-embed#377), and a
    # 403 in HTML is a captcha: the page has to tell.
    if reply.status in (200, 403) and _json(reply, _VimeoRestricted) is not None:
        return _ALIVE
    return _ALIVE if reply.status == 200 and _is_embed(reply) else None


class _Handle(msgspec.Struct):
    code: int = msgspec.field(name="responseCode")
    handle: str | None = None


_FOUND, _UNREGISTERED = 1, 100


def _handle_code(name: bytes | None, reply: Reply) -> int | None:
    answer = _json(reply, _Handle)
    if answer is None or name is None:
        return None
    if answer.handle is not None:
        asked = name.decode("utf-8", "replace")
        if answer.handle.casefold() != asked.casefold():  # somebody else's answer
            return None
    return answer.code


def _doi(link: str, reply: Reply) -> Reading | None:
    match reply.status, _handle_code(questions.doi_of(link), reply):
        case 200, code if code == _FOUND:
            return _ALIVE
        case 404, code if code == _UNREGISTERED:
            return _GONE
        case _:
            return None


def _arxiv(link: str, reply: Reply) -> Reading | None:
    code = _handle_code(questions.arxiv_doi(link), reply)
    return _ALIVE if reply.status == 200 and code == _FOUND else None


class _Repository(msgspec.Struct):
    full_name: str
    html_url: str


class _GithubNotFound(msgspec.Struct):
    message: Literal["Not Found"]


def _github(link: str, reply: Reply) -> Reading | None:
    asked = questions.github_repository(link)
    if reply.status == 404:
        # Deleted or private; the page, had it not turned us away, would have been a 404 too.
        return _GONE if _json(reply, _GithubNotFound) is not None else None
    repository = _json(reply, _Repository) if reply.status == 200 else None
    if repository is None or asked is None:
        return None
    name = questions.github_repository(repository.html_url)
    if name is None or not repository.html_url.startswith("https://github.com/"):
        return None
    if name.lower() != repository.full_name.lower():
        return None
    if name.lower() == asked.lower():
        return _ALIVE
    return Reading(says=Says.MOVED, url=repository.html_url)


def _x(_link: str, reply: Reply) -> Reading | None:
    match reply.status:
        case 200 if _is_embed(reply):
            return _ALIVE
        case 404:
            return _GONE
        case 403 if b"not authorized to see this status" in reply.body.lower():
            return _PRIVATE  # protected, suspended or deleted: only a person who logs in can tell
        case _:
            return None


_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_COMMENTS = (b"commentarea", b"<shreddit-comment")  # where the answers to a post begin
_REMOVED = (
    b"sorry, this post was deleted",
    b"sorry, this post was removed",
    b"sorry, this post has been removed",
    b"<title>[deleted by user]",
    b"<title>[removed",
    b"<title>[ removed",
    b">[removed]<",
)


def _reddit(link: str, reply: Reply) -> Reading | None:
    if reply.status in _REDIRECTS:
        return _GONE if _left_for_the_community(link, reply.location) else None
    if reply.status != 200 or not _is_html(reply):
        return None
    post = reply.body.lower()
    for start in _COMMENTS:  # a comment that was removed says the same words
        post = post.partition(start)[0]
    return _DOUBTFUL if any(words in post for words in _REMOVED) else None


def _left_for_the_community(link: str, location: str | None) -> bool:
    """Where Reddit sends the readers of a post that its author deleted (since June 2021)."""
    post, target = questions.reddit_post(link), address_of(location or "")
    if post is None or target is None or target.host not in questions.REDDIT:
        return False
    match target.path.lower().strip("/").split("/"):
        case ["r", community]:
            return community == (post["community"] or "").lower()
        case ["u" | "user", _]:
            return True
        case _:
            return False


class _Post(msgspec.Struct):
    question_id: int | None = None
    answer_id: int | None = None


class _Posts(msgspec.Struct):
    items: list[_Post]
    has_more: bool = False
    error_id: int | None = None
    backoff: int | None = None


def _stackexchange(link: str, reply: Reply) -> Reading | None:
    asked = questions.stackexchange_post(link)
    posts = _json(reply, _Posts) if reply.status == 200 else None
    if posts is None or asked is None or posts.error_id is not None or posts.backoff is not None:
        return None
    kind, number = asked
    ids = {item.answer_id if kind == "answers" else item.question_id for item in posts.items}
    if number in ids:
        return _ALIVE
    return _GONE if not posts.items and not posts.has_more else None


_NOT_THERE = (
    b"sorry, the file you have requested does not exist",
    b"sorry, the file you have requested has been deleted",
    b"sorry, the document you have requested has been deleted",
    b"file is in the owner's trash",
    b"file is in owner's trash",
)


def _google_docs(_link: str, reply: Reply) -> Reading | None:
    if reply.status in _REDIRECTS:
        target = address_of(reply.location or "")
        return _PRIVATE if target and target.host == "accounts.google.com" else None
    if reply.status == 404:
        return _GONE
    if reply.status != 200 or not _is_html(reply):
        return None
    page = reply.body.lower().replace(b"&#39;", b"'").replace("\u2019".encode(), b"'")
    return _DOUBTFUL if any(words in page for words in _NOT_THERE) else None


def _is_html(reply: Reply) -> bool:
    return (reply.content_type or "").strip().lower().startswith("text/html")


PROBES: tuple[Probe, ...] = (
    Probe(name="arxiv", when=When.FIRST, question=questions.arxiv, read=_arxiv),
    Probe(name="doi", when=When.FIRST, question=questions.doi, read=_doi),
    Probe(
        name="github",
        when=When.REFUSED,
        question=questions.github,
        read=_github,
        follow=True,  # a renamed repository is at /repositories/ID
    ),
    Probe(name="google_docs", when=When.FIRST, question=questions.google_docs, read=_google_docs),
    Probe(name="reddit", when=When.FIRST, question=questions.reddit, read=_reddit),
    Probe(
        name="stackexchange",
        when=When.REFUSED,
        question=questions.stackexchange,
        read=_stackexchange,
    ),
    Probe(name="vimeo", when=When.FIRST, question=questions.vimeo, read=_vimeo),
    Probe(name="x", when=When.FIRST, question=questions.x, read=_x, hollow=True),
    Probe(
        name="youtube",
        when=When.FIRST,
        question=questions.youtube,
        read=_youtube,
        hollow=True,
    ),
)


def probe_for(link: str, off: Collection[str] = ()) -> Probe | None:
    """The probe that can be asked about a link. `off` names those that are switched off."""
    if not questions.may_have_one(link):
        return None
    for probe in PROBES:
        if probe.name not in off and probe.question(link) is not None:
            return probe
    return None
