"""What speaks against a copy, told from what playing it back showed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest

from linkwatch.archive.playback import Played
from linkwatch.archive.verify import flaw
from linkwatch.model import Hop, Sighting
from linkwatch.web.client import Answer
from linkwatch.web.fingerprint import fingerprint_of
from tests.archive import vault_pages as pages

LINK = "https://example.org/notes/2019/a-long-title"
CITED = datetime(2020, 6, 15, tzinfo=UTC)
GOOD = pages.good(2)


def played(
    body: bytes = GOOD,
    *,
    status: int = 200,
    end: str = LINK,
    kind: str | None = "text/html; charset=utf-8",
    days: float = -30,
    then: Mapping[str, str] = {},
) -> Played:
    hops = () if end == LINK else (Hop(url=LINK, status=302, location=end),)
    named = {f"x-archive-orig-{name.lower()}": value for name, value in then.items()}
    answer = Answer(
        status=status,
        location=None,
        retry_after=None,
        cookies=SimpleCookie(),
        headers={**({"content-type": kind} if kind else {}), **named},
        body=body,
        remark=None,
    )
    taken_at = CITED + timedelta(days=days)
    return Played(taken_at=taken_at, original=end, hops=hops, answer=answer)


def seen(title: str, text: str, *, days: float) -> Sighting:
    return Sighting(at=CITED + timedelta(days=days), fingerprint=fingerprint_of(title, text))


def why(copy: Played, known: Sighting | None = None) -> str | None:
    return flaw(copy, link=LINK, cited_at=CITED, seen=known)


@pytest.mark.parametrize(
    "copy",
    [
        played(),
        *(played(pages.good(number)) for number in (1, 5, 9, 13)),  # tempting ones
        played(b"%PDF-1.7 ...", kind="application/pdf"),
        played(b"just text", kind="text/plain"),
        played(GOOD, kind=None),
        played(GOOD, status=203),
        played(end="https://www.example.org/articles/a-long-title"),
        played(then={"Server": "cloudflare", "Set-Cookie": "cf_clearance=1"}),
    ],
)
def test_a_copy_that_shows_a_page_has_no_flaw(copy: Played) -> None:
    assert why(copy) is None


@pytest.mark.parametrize("status", [301, 403, 404, 410, 429, 500, 503])
def test_an_archived_error_is_no_page(status: int) -> None:
    assert why(played(status=status)) == f"it shows an error (status {status})"


@pytest.mark.parametrize("body", [b"", b" \n\t"])
def test_nothing_is_no_page(body: bytes) -> None:
    assert why(played(body)) == "it is empty"


@pytest.mark.parametrize("language", pages.LANGUAGES)
@pytest.mark.parametrize("heading_only", [False, True])
def test_a_page_that_says_it_is_missing_will_not_do_in_any_language(
    language: str, heading_only: bool
) -> None:
    body = pages.missing(language, 1, heading_only=heading_only)
    assert why(played(body)) == "it says that the page does not exist"


@pytest.mark.parametrize("place", range(4))
def test_a_parked_domain_will_not_do(place: int) -> None:
    assert "domain" in (why(played(pages.parked("example.org", place))) or "")


@pytest.mark.parametrize("place", range(4))
def test_a_wall_will_not_do_though_only_a_header_of_then_tells_it(place: int) -> None:
    body, headers = pages.challenge(place)
    assert why(played(body, then=headers)) == "it shows a wall against programs"


@pytest.mark.parametrize(
    ("end", "flawed"),
    [
        ("https://example.org/", "it leads to a front page"),
        ("https://example.org/404.html", "it leads to an error page"),
        ("https://accounts.google.com/ServiceLogin?continue=x", "it shows a login"),
        ("https://consent.example.org/collect?continue=x", "it shows a question for consent"),
    ],
)
def test_a_redirect_to_another_place_will_not_do(end: str, flawed: str) -> None:
    body = pages.login(1) if "Login" in end else pages.home(1)
    assert why(played(body, end=end)) == flawed


OTHER = "Cheap watches for sale, " * 60


@pytest.mark.parametrize(
    ("known", "flawed"),
    [
        (None, False),
        (seen("Cheap watches", OTHER, days=-1), True),  # nearer to the citation than the copy
        (seen("Cheap watches", OTHER, days=20), True),
        (seen("Cheap watches", OTHER, days=31), False),  # it became another page later
        (seen("Cheap watches", OTHER, days=3000), False),
        (seen("Notebook 2", OTHER, days=-1), False),  # a page may be written anew
        (seen("", "", days=-1), False),
    ],
)
def test_what_we_saw_ourselves_counts_if_it_is_nearer_to_the_citation(
    known: Sighting | None, flawed: bool
) -> None:
    assert (why(played(), known) is not None) is flawed
