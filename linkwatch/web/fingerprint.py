"""Fingerprints: whether a page is still the page that it was, told without keeping its text.

The sketch is a MinHash over pairs of neighbouring words: 64 numbers, of each the lowest byte. The
share of equal bytes estimates the share of pairs that two texts have in common, give or take 0.06.
It is stored, so what goes into it must stay as it is: another cutting into words would make every
page look new.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from struct import pack

from rensa import RMinHash

from linkwatch.model import Fingerprint

_NUMBERS = 64
_SEED = 20070912
_FEWEST_WORDS = 16
_SKETCHED = 7_000  # characters: the beginning tells one page from another

_NO_LIKENESS = 0.15  # unrelated pages have about 0.02 in common, an edited one far more
_REAL_TEXT = 400  # characters: less is a stub, and may come and go
_LEFT = 0.2

_ASCII_BREAKS = bytes(code if chr(code).isalnum() else 0x20 for code in range(128)).ljust(256)

# Scripts that put no blanks between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
_SPACELESS = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3400-\u9fff"
_RUNS = re.compile(f"([{_SPACELESS}\U00020000-\U0003ffff]+)|[^\\W_{_SPACELESS}]+")
_SEPARATOR = re.compile(r"\s+[|\-–—·•:»«›~/]+\s+|\s*[|»«]\s*|[:：｜]\s+")
_DIGIT = re.compile(r"\d")


def words_of(text: str) -> list[str]:
    """Its words, lower-cased and normalised; of scripts without blanks, every two characters."""
    if text.isascii():
        return text.lower().encode().translate(_ASCII_BREAKS).decode().split()  # bytes: quicker
    words: list[str] = []
    for match in _RUNS.finditer(unicodedata.normalize("NFKC", text).lower()):
        run = match[0]
        if match[1] and len(run) > 2:
            words.extend(run[at : at + 2] for at in range(len(run) - 1))
        else:
            words.append(run)
    return words


def fingerprint_of(title: str, text: str) -> Fingerprint:
    """What to remember of a page."""
    sketch = _sketch(words_of(text[:_SKETCHED]))
    return Fingerprint(title=title, length=len(text), sketch=sketch)


def _sketch(words: list[str]) -> bytes:
    if len(words) < _FEWEST_WORDS:
        return b""
    hashed = RMinHash(num_perm=_NUMBERS, seed=_SEED)
    hashed.update(list(map(" ".join, zip(words, islice(words, 1, None), strict=False))))
    return pack(f"<{_NUMBERS}I", *hashed.digest())[::4]  # the lowest byte of each


def similarity(a: Fingerprint, b: Fingerprint) -> float:
    """How alike two texts are, from 0 to 1.

    A text of too few words has no sketch. Two of those count as alike (there is nothing to tell
    them apart by), one of those and a real text as unlike.
    """
    if not a.sketch or not b.sketch:
        return 1.0 if a.sketch == b.sketch else 0.0
    equal = sum(x == y for x, y in zip(a.sketch, b.sketch, strict=False)) / _NUMBERS
    by_chance = 1 / 256
    return max(0.0, (equal - by_chance) / (1 - by_chance))


def became_another(before: Fingerprint, now: Fingerprint) -> bool:
    """Whether another page stands under the same address: title and text have both changed.

    A front page has other news every day, and a counter in its title. Pages that have no title,
    or too few words, are never said to have changed.
    """
    if not before.sketch or not now.sketch:
        return False
    return _other_title(before.title, now.title) and similarity(before, now) < _NO_LIKENESS


def _other_title(before: str, now: str) -> bool:
    """Whether two titles have hardly a word in common, but for the site's name."""
    old, new = _parts(before), _parts(now)
    shared = old & new
    if shared and old > shared and new > shared:
        old, new = old - shared, new - shared
    old_words = {word for part in old for word in part}
    new_words = {word for part in new for word in part}
    if not old_words or not new_words:
        return False
    return len(old_words & new_words) * 3 < min(len(old_words), len(new_words))


def _parts(title: str) -> set[tuple[str, ...]]:
    """A title's parts, each as its words; numbers are no words here (dates, counters)."""
    parts = (
        tuple(word for word in words_of(part) if not _DIGIT.search(word))
        for part in _SEPARATOR.split(title)
    )
    return {part for part in parts if part}


def shrank(before: Fingerprint, now: Fingerprint) -> bool:
    """Whether of a real text more than four fifths are gone."""
    return before.length >= _REAL_TEXT and now.length < before.length * _LEFT
