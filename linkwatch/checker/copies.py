"""What an archive answers for one of its links: a copy, or a word of its own.

A copy is read as the original that it shows: with the original's address, redirects and headers,
and without what the archive put around it. It has no neighbours and no past to compare it with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from urllib.parse import urlsplit, urlunsplit

from linkwatch.checker.reading import page_of, signs_of
from linkwatch.checker.walk import Landing
from linkwatch.model import CheckResult, Hop, Mark, Sign
from linkwatch.web.archived import archive_of, archived, has_mementos, memento_of, original_in
from linkwatch.web.client import Answer
from linkwatch.web.page import Page, read_page
from linkwatch.web.url import resolve

# Around what the Wayback Machine shows in its toolbar; `id_` copies have none.
_TOOLBAR = (b"<!-- BEGIN WAYBACK TOOLBAR INSERT -->", b"<!-- END WAYBACK TOOLBAR INSERT -->")
_AS_SENT = "x-archive-orig-"  # before the names of the original's own headers
_EXCLUDED = b"url has been excluded"  # seen with a 200
_RUNTIME_ERROR = "x-archive-wayback-runtime-error"


def of_archive(
    result: CheckResult, landing: Landing, wayback_url: str
) -> tuple[CheckResult, Page | None]:
    """The result of a link at an archive, with what the answer shows; and the page.

    There is an answer, though perhaps one that leads nowhere.
    """
    answer, end = landing.answer, landing.url or result.url
    assert answer is not None
    there = archive_of(end, wayback_url) is not None
    asked, ended = archived(result.url, wayback_url), archived(end, wayback_url)
    taken_at = memento_of(answer.headers, end, wayback_url) if there else None
    says = original_in(answer.headers, wayback_url) if there else None
    says = says or (ended.original if ended is not None else None)
    untold = asked is not None and asked.original is None
    result = replace(result, memento=taken_at, original=says if untold else None)
    if landing.fault is not None:
        return result, None
    if taken_at is None:
        page = page_of(landing)
        notices = _notices(answer) if there and asked and has_mementos(asked.archive) else ()
        return replace(result, marks=(*notices, *signs_of(result.url, landing, page))), page
    original = (asked.original if asked is not None else None) or says or result.url
    page = _page(answer, end, wayback_url)
    marks = signs_of(original, _as_the_original(landing, answer, wayback_url), page)
    now = page.fingerprint if page is not None and 200 <= answer.status < 300 else None
    return replace(result, marks=marks, fingerprint=now), page


def _notices(answer: Answer) -> Iterator[Mark]:
    """What the archive itself says in the place of a copy."""
    refused = answer.headers.get(_RUNTIME_ERROR, "")
    if _EXCLUDED in answer.body.lower() or "AccessControlException" in refused:
        yield Mark(Sign.WITHHELD, "notice")
    elif 200 <= answer.status < 300:
        yield Mark(Sign.HOLLOW, "archive")


def _page(answer: Answer, end: str, wayback_url: str) -> Page | None:
    kind = answer.headers.get("content-type")
    page = read_page(_without_toolbar(answer.body), content_type=kind, url=end)
    if page is None:
        return None
    there = _unwrapped(end, end, wayback_url)
    canonical = page.canonical and _unwrapped(page.canonical, end, wayback_url)
    refresh = page.refresh and _unwrapped(page.refresh, end, wayback_url)
    return replace(page, canonical=canonical, refresh=None if refresh == there else refresh)


def _as_the_original(landing: Landing, answer: Answer, wayback_url: str) -> Landing:
    """The walk that the original's reader would have made."""

    def unwrapped(url: str) -> str:
        return _unwrapped(url, url, wayback_url)

    hops = tuple(
        Hop(url=unwrapped(hop.url), status=hop.status, location=unwrapped(hop.location))
        for hop in landing.hops
    )
    headers = {
        name.removeprefix(_AS_SENT): value
        for name, value in answer.headers.items()
        if name.startswith(_AS_SENT)
    }
    body = _without_toolbar(answer.body)
    return replace(
        landing,
        url=landing.url and unwrapped(landing.url),
        hops=hops,
        answer=replace(answer, headers=headers, cookies=SimpleCookie(), body=body),
    )


def _unwrapped(url: str, base: str, wayback_url: str) -> str:
    """The original's own address for one that leads to its copy.

    What was relative, and so leads to the archive's root instead, is read from the original's.
    """
    found = archived(url, wayback_url)
    if found is not None:
        return found.original or url
    inside = archived(base, wayback_url)
    if inside is None or inside.original is None or archive_of(url, wayback_url) is None:
        return url
    return resolve(inside.original, urlunsplit(urlsplit(url)._replace(scheme="", netloc=""))) or url


def _without_toolbar(body: bytes) -> bytes:
    before, begins, rest = body.partition(_TOOLBAR[0])
    _, ends, after = rest.partition(_TOOLBAR[1])
    return before + after if begins and ends else body
