"""Soft 404: a page that is not there, though its server says 200.

Told by words (see `phrases`), by an address for what does not exist, or by a deep link that ended
at a front page. A page *about* such pages shows the same words, but has much text, or an address
that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from linkwatch.model import Mark, Sign
from linkwatch.web.phrases import says_barely, says_missing, says_unmistakably
from linkwatch.web.places import Place, place_of
from linkwatch.web.seen import Seen

_SHORT_TEXT = 600  # characters: so little that the words in it are what the page is about
_SOME_TEXT = 6000  # menus and suggestions; a bare "404" above more than that is a heading

_NAMES_IT = re.compile(
    r"404|410|not[-_ ]?found|missing|error|fehler|erreur|introuvable|nicht[-_ ]gefunden",
    re.IGNORECASE,
)
_NOT_FOUND_SEGMENT = re.compile(
    r"(?:(?:http|error|erreur|fehler|err|page|oops)[-_]?)*404"
    r"(?:[-_]?(?:error|erreur|fehler|page|not[-_ ]?found|seite|handler|redirect))*(?:\.\w{2,5})?|"
    r"(?:404[-_]?)?(?:page|file|content|doc|document|resource|site|url|error)?[-_ ]?not[-_ ]?found"
    r"(?:[-_]?(?:page|error))?(?:\.\w{2,5})?|"
    r"(?:page|seite|pagina|página)[-_](?:missing|gone|introuvable|nicht[-_]gefunden|non[-_]trouvee|"
    r"no[-_]encontrada|nao[-_]encontrada|non[-_]trovata|niet[-_]gevonden)(?:\.\w{2,5})?|"
    r"(?:missing|no[-_]?such)[-_]page(?:\.\w{2,5})?",
    re.IGNORECASE,
)
_ERROR_SEGMENT = re.compile(
    r"(?:custom|generic|general|default|site|app|show)?[-_]?err(?:or)?s?[-_]?(?:page|document)?"
    r"(?:\.\w{2,5})?|fehler(?:seite)?|erreur",
    re.IGNORECASE,
)


def missing(seen: Seen) -> tuple[Mark, ...]:
    """The marks of a page that is not there."""
    if not seen.good:
        return ()
    return (*_by_words(seen), *_by_path(seen), *_by_home(seen))


def _by_words(seen: Seen) -> Iterator[Mark]:
    page = seen.page
    if page is None or _names_it(seen.asked):
        return
    length = page.fingerprint.length
    if says_unmistakably(page.title) or (length <= _SOME_TEXT and says_barely(page.title)):
        yield Mark(Sign.NOT_FOUND_WORDS, "title")
    if length <= _SOME_TEXT and (says_unmistakably(page.heading) or says_barely(page.heading)):
        yield Mark(Sign.NOT_FOUND_WORDS, "heading")
    elif length <= _SHORT_TEXT and says_missing(page.text):
        yield Mark(Sign.NOT_FOUND_WORDS, "text")


def _by_path(seen: Seen) -> Iterator[Mark]:
    if _names_it(seen.asked):
        return
    for end, how in seen.ends:
        if _is_error_page(end):
            yield Mark(Sign.NOT_FOUND_PATH, "refresh" if how == "refresh" else "path")


def _names_it(asked: Place) -> bool:
    """Whether the link itself speaks of errors: then so may its page."""
    return any(map(_NAMES_IT.search, asked.segments)) or any(
        _NAMES_IT.search(value) for _, value in asked.query
    )


def _is_error_page(end: Place) -> bool:
    segments = end.segments
    if len(segments) > 1 and re.fullmatch(r"(?:index|default)(?:\.\w{2,5})?", segments[-1], re.I):
        segments = segments[:-1]
    if not segments:
        return False
    return any(map(_NOT_FOUND_SEGMENT.fullmatch, (segments[0], segments[-1]))) or (
        _ERROR_SEGMENT.fullmatch(segments[-1]) is not None
    )


def _by_home(seen: Seen) -> Iterator[Mark]:
    asked = seen.asked
    if not asked.is_deep:
        return
    final = place_of(seen.final_url)
    for end, how in seen.ends:
        if end.is_home and not _moved_there(asked, end):
            same = "home" if end.site == asked.site else "other_host"
            yield Mark(Sign.TO_HOME, "refresh" if how == "refresh" else same)
            return
    canonical = place_of(seen.page.canonical) if seen.page and seen.page.canonical else None
    if canonical and canonical.is_home and final.is_deep and canonical.site == final.site:
        yield Mark(Sign.HOME_CANONICAL, "canonical")


def _moved_there(asked: Place, end: Place) -> bool:
    """Whether a front page is just what was asked for: by a shortener, or under a name of its own.

    `github.io/tool` -> `tool.org`, `example.org/blog` -> `blog.example.org`.
    """
    if end.host == asked.host:
        return False
    if asked.is_short:
        return True
    name = _letters(asked.segments[-1].partition(".")[0]) if asked.segments else ""
    return len(name) >= 3 and name in _letters(end.host) and name not in _letters(asked.host)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
