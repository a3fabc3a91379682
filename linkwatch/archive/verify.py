"""Whether a played-back copy shows the page that the note meant. Pure.

An archive keeps what it was given: error pages, logins, walls, parked domains, all with a date and
often with a 200. A copy has other copies beside it, so one sign is enough to leave it for the next:
where a living page would only be suspected.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from linkwatch.archive.playback import Played
from linkwatch.model import Sighting, Sign
from linkwatch.web.page import became_another, read_page
from linkwatch.web.signs import Seen, signs

_WORDS: Final = {
    Sign.CHALLENGE: "it shows a wall against programs",
    Sign.LOGIN: "it shows a login",
    Sign.CONSENT: "it shows a question for consent",
    Sign.PARKING_HOST: "it shows a parked domain",
    Sign.LANDER: "it shows a parked domain",
    Sign.FOR_SALE: "it says that the domain is for sale",
    Sign.NOT_FOUND_WORDS: "it says that the page does not exist",
    Sign.NOT_FOUND_PATH: "it leads to an error page",
    Sign.TO_HOME: "it leads to a front page",
}


def flaw(played: Played, *, link: str, cited_at: datetime, seen: Sighting | None) -> str | None:
    """Why a copy will not do, as part of a sentence; None: it will.

    `seen`: the page as it was when we first saw it well. It speaks against a copy of another page
    only if it is the nearer of the two to the citation: pages do change, and the note's author
    saw what stood there then.
    """
    answer = played.answer
    if not 200 <= answer.status < 300:
        return f"it shows an error (status {answer.status})"
    if not answer.body.strip():
        return "it is empty"
    page = read_page(
        answer.body, content_type=answer.headers.get("content-type"), url=played.original
    )
    shown = Seen(
        link=link,
        final_url=played.original,
        hops=played.hops,
        status=answer.status,
        headers=played.headers,
        cookies=frozenset(),
        body=answer.body,
        page=page,
    )
    for mark in signs(shown):
        if mark.sign in _WORDS:
            return _WORDS[mark.sign]
    if (
        page is not None
        and seen is not None
        and abs(seen.at - cited_at) < abs(played.taken_at - cited_at)
        and became_another(page.fingerprint, seen.fingerprint)
    ):
        return "it shows another page than the one that we saw"
    return None
