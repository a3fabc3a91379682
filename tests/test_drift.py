"""A page that became another under the same address."""

from __future__ import annotations

from linkwatch.drift import drift
from linkwatch.model import CheckResult, Drift, Fault, Fingerprint
from linkwatch.model import Testimony as Word  # pytest would take its name for a test class
from linkwatch.web.page import read_page
from tests.checks import day, seen

RIVER = (
    "The river rises in the hills north of the town and runs south for forty miles before it"
    " meets the sea. Along its banks stand mills, most of them empty now, and three bridges that"
    " were built when wool was dear. Herons fish below the weirs in the early morning."
)
SHOP = (
    "Our shop sells lamps, chairs, tables and everything else that a small home may want. Orders"
    " before noon leave on the same day, and what does not please is taken back for a month. Ask"
    " us by telephone, or come and see the show rooms in both of our branches."
)


def print_of(title: str, text: str) -> Fingerprint:
    body = f"<title>{title}</title><body><p>{text}</p>".encode()
    page = read_page(body, content_type="text/html", url="https://site.example/")
    assert page is not None
    return page.fingerprint


A = print_of("The river and its mills", RIVER)
A_LATER = print_of("The river and its mills", RIVER + " A fourth bridge was opened last year.")
B = print_of("Lamps and chairs for everybody", SHOP)
CHANGED = Drift(at=day(2), before="The river and its mills", after="Lamps and chairs for everybody")


def history(*pages: Fingerprint | None) -> list[CheckResult]:
    return [seen(200, number, fingerprint=page) for number, page in enumerate(pages)]


def test_a_page_that_became_another_is_told_with_both_titles_and_since_when() -> None:
    assert drift(history(A, A, B)) == CHANGED
    assert drift(history(A, A_LATER, B, B, B)) == CHANGED


def test_a_page_that_is_edited_or_comes_back_is_the_same() -> None:
    assert drift(history(A, A_LATER, A)) is None
    assert drift(history(A, B, A)) is None
    assert drift(history(A)) is None
    assert drift([]) is None


def test_what_is_no_page_or_no_healthy_answer_says_nothing() -> None:
    assert drift(history(A, None, A_LATER)) is None
    failed = [seen(200, fingerprint=A), seen(404, 1, fingerprint=B), seen(Fault.TIMEOUT, 2)]
    assert drift(failed) is None
    challenged = [*history(A), seen(200, 1, fingerprint=B, marks="challenge:cloudflare")]
    assert drift(challenged) is None


def test_a_person_who_says_that_it_is_alive_has_seen_the_new_page() -> None:
    word = Word(at=day(3.5), until=day(90))

    assert drift(history(A, A, B, B), [word]) is None
    assert drift(history(A, A, B, B, B), [word]) is None
    back = drift(history(A, A, B, B, B, A), [word])
    assert back is not None
    assert (back.before, back.at) == (B.title, day(5))
