"""What stands where a walk ended: the page, and what it shows about itself."""

from __future__ import annotations

from linkwatch.checker.walk import Landing
from linkwatch.model import Mark, Sign
from linkwatch.web.page import Page, read_page
from linkwatch.web.signs import Seen, signs
from linkwatch.web.url import request_url


def page_of(landing: Landing) -> Page | None:
    """The page that was met; None: it is not HTML, or nothing came."""
    if landing.answer is None:
        return None
    kind = landing.answer.headers.get("content-type")
    return read_page(landing.answer.body, content_type=kind, url=landing.url or "")


def signs_of(link: str, landing: Landing, page: Page | None) -> tuple[Mark, ...]:
    """What the answer to a link shows. There is one; `page` is its page."""
    answer = landing.answer
    assert answer is not None
    end = landing.url or link
    if landing.hops and request_url(landing.hops[-1].location) == end:
        end = landing.hops[-1].location  # with its fragment, which may be the route of an app
    return signs(
        Seen(
            link=link,
            final_url=end,
            hops=landing.hops,
            status=answer.status,
            headers=answer.headers,
            cookies=frozenset(answer.cookies),
            body=answer.body,
            page=page,
        )
    )


def says_missing(landing: Landing, page: Page) -> bool:
    """Whether the page that was met says in words that it does not exist."""
    found = signs_of(landing.url or "", landing, page)
    return any(mark.sign is Sign.NOT_FOUND_WORDS for mark in found)
