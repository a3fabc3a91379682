"""Gists: whether two addresses show the same page, told without keeping the pages.

Compared are the words of both texts, less those of both addresses, since a page may repeat the one
that it was asked for, and less what has a digit (clocks, ids of requests). A gist holds its words
as hashes of this process, so it can't be stored.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import unquote

from linkwatch.web.fingerprint import words_of

if TYPE_CHECKING:
    from linkwatch.web.page import Page

_READ = 7_000  # characters
_PROVES = 200  # characters: what an app shows before its scripts run is shorter
_REAL_TEXT = 1_000  # characters: addresses and numbers don't make up half of so many
_SAME = 0.95
_FEW_WORDS = 8

_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gist:
    """What to keep of a page to know it again under another address."""

    length: int  # of its text, in characters
    digest: bytes  # of its text
    words: bytes  # of the text's beginning, in order, without those of its address; packed
    title: bytes  # of the title, likewise
    address: bytes  # the words of the address itself
    canonical: str | None
    needs_js: bool


def gist_of(page: Page, url: str) -> Gist:
    """The gist of a page that was shown for a URL."""
    address = _numbers(words_of(unquote(url)))
    return Gist(
        length=page.fingerprint.length,
        digest=blake2b(page.text.encode(), digest_size=16).digest(),
        words=_packed(_without(address, _numbers(words_of(page.text[:_READ])))),
        title=_packed(_without(address, _numbers(words_of(page.title)))),
        address=_packed(address),
        canonical=page.canonical,
        needs_js=page.needs_js,
    )


def same_gist(a: Gist, b: Gist) -> bool:
    """Whether two addresses show the same page.

    An equal title proves nothing. Of pages with hardly a word, title and text must be the same.
    """
    if a.digest == b.digest and a.length > _PROVES:
        return True
    if _of_other_length(a, b):
        return False
    a_own, b_own = _unpacked(a.address), _unpacked(b.address)
    a_words, b_words = _without(b_own, _unpacked(a.words)), _without(a_own, _unpacked(b.words))
    a_plain, b_plain = _plain(a_words), _plain(b_words)
    few, many = sorted((len(a_plain), len(b_plain)))
    if many < _FEW_WORDS:
        return a_words == b_words and (
            _without(b_own, _unpacked(a.title)) == _without(a_own, _unpacked(b.title))
        )
    if few < many * _SAME:
        return False
    a_count, b_count = Counter(a_plain), Counter(b_plain)
    shared = sum(min(a_count[word], b_count[word]) for word in a_count.keys() & b_count.keys())
    return shared >= _SAME * (few + many - shared)


def _of_other_length(a: Gist, b: Gist) -> bool:
    """Whether their lengths alone tell them apart.

    Of long pages they must be nearly the same, since only the beginnings are compared: those may
    be one and the same menu.
    """
    short, long = sorted((a.length, b.length))
    return short < long * (_SAME if long > _READ else 0.5) and long > _REAL_TEXT


def _numbers(words: Iterable[str]) -> list[int]:
    """Words as 32-bit numbers; those with a digit in them are odd."""
    return [hash(word) & 0xFFFFFFFE | _has_digit(word) for word in words]


def _has_digit(word: str) -> bool:
    return not word.isalpha() and _DIGIT.search(word) is not None


def _plain(numbers: list[int]) -> list[int]:
    return [number for number in numbers if not number & 1]


def _without(own: list[int], numbers: list[int]) -> list[int]:
    unwanted = frozenset(own)
    return [number for number in numbers if number not in unwanted]


def _packed(numbers: list[int]) -> bytes:
    return array("I", numbers).tobytes()


def _unpacked(packed: bytes) -> list[int]:
    return memoryview(packed).cast("I").tolist()
