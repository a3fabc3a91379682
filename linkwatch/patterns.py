"""URL patterns: people's regular expressions, searched for within limits.

Python's `re` has none: `(a|aa)+$` and one unlucky URL keep it busy for ever, in the middle of a
cycle, where not even Ctrl-C is heard. The same syntax, and the same errors, are kept.
"""

from __future__ import annotations

import logging
import re
import warnings
from functools import lru_cache
from time import thread_time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import regex

log = logging.getLogger("linkwatch")

_AT_FIRST_S: Final = 1.0
_EARNED_S: Final = 0.0001  # by each search, which takes 4 µs of it
_REPEATS: Final = frozenset("*+?{")  # without them no search takes long, and needs no watching


class Pattern:
    """One pattern. It has some time for all its searches; when that is used up, it matches nothing.

    An unlucky URL alone can use it up, and so can many that are slow: a vault has thousands.
    """

    __slots__ = ("_left_s", "_plain", "_regex", "text")

    def __init__(self, plain: re.Pattern[str], limited: regex.Pattern[str]) -> None:
        """The same pattern, compiled by `re` and by `regex`."""
        self.text = plain.pattern
        self._plain = None if _REPEATS & set(plain.pattern) else plain
        self._regex = limited
        self._left_s = _AT_FIRST_S

    @property
    def too_slow(self) -> bool:
        """Whether it was given up."""
        return self._left_s <= 0

    def matches(self, url: str) -> bool:
        """Whether it is found anywhere in a URL."""
        if self._plain is not None:
            return self._plain.search(url) is not None
        if self.too_slow:
            return False
        began = thread_time()
        try:
            found = self._regex.search(url, timeout=self._left_s) is not None
        except TimeoutError:
            found = False
            self._left_s = 0.0
        else:
            self._left_s += _EARNED_S - (thread_time() - began)
        if self.too_slow:
            log.warning("the pattern %r takes too long and matches nothing: simplify it", self.text)
            return False
        return found


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """A pattern, ready for searching; the same object for the same text. Raises re.error."""
    import regex

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `[[a]` may mean something else in a Python to come
        try:
            plain = re.compile(text)  # the syntax that people know; the other one has more
            return Pattern(plain, regex.compile(text, regex.VERSION0))
        except (regex.error, OverflowError, RecursionError) as exc:
            raise re.error(str(exc), text) from exc
