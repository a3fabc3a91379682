"""Which pages are handed to whoever keeps them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linkwatch.checker.fetch import worth_keeping
from linkwatch.model import CheckResult, Fault, Mark, Says, Sign
from tests.fakes.clock import START

FINE = CheckResult(url="https://a.example/x", at=START, elapsed_ms=1, status=200)


@pytest.mark.parametrize(
    ("result", "kept"),
    [
        (FINE, True),
        (replace(FINE, status=203), True),
        (replace(FINE, status=404), False),
        (replace(FINE, status=None, fault=Fault.TIMEOUT), False),
        (replace(FINE, probe="x", says=Says.ALIVE), False),  # not the page's own answer
        *(
            (replace(FINE, marks=(Mark(sign, by),)), kept)
            for sign, by, kept in [
                (Sign.HONEST, "sibling", True),
                (Sign.CHALLENGE_WEAK, "recaptcha", True),
                (Sign.CHANGED, "text", True),  # copies have dates
                (Sign.UNDECIDABLE, "routing", True),
                (Sign.UNDECIDABLE, "root", False),
                (Sign.UNDECIDABLE, "script", False),
                (Sign.HOLLOW, "x", False),
                (Sign.CHALLENGE, "cloudflare", False),
                (Sign.LOGIN, "form", False),
                (Sign.CONSENT, "google", False),
                (Sign.FOR_SALE, "words", False),
                (Sign.NOT_FOUND_WORDS, "title", False),
                (Sign.TO_HOME, "redirect", False),
                (Sign.SAME_END, "links", False),
            ]
        ),
    ],
)
def test_only_what_is_surely_the_page_is_kept(result: CheckResult, kept: bool) -> None:
    assert worth_keeping(result) is kept
