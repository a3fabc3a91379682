"""Days as people write them: in figures, and in the words of nine languages.

What could be read in two ways (03/04/2021) is not guessed; a day that does not exist is none, and
so is one from before the web.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

_FIRST_YEAR = 1991  # of the web

_MONTHS = {
    name: number
    for number, names in enumerate(
        """
        jan january januar janner janvier janv enero ene gennaio gen januari janeiro stycznia sty
        feb february februar feber fevrier fevr fev febrero febbraio februari fevereiro lutego lut
        march mar marz maerz mrz mars marzo maart mrt marco marts marca
        april apr avril avr abril abr aprile kwietnia kwi
        may mai mayo maggio mag mei maio maj maja
        june jun juni juin junio giugno giu junho czerwca cze
        july jul juli juillet juil julio luglio lug julho lipca lip
        august aug aout agosto ago augustus augusti sierpnia sie
        sep september sept septembre septiembre setiembre settembre setembro set wrzesnia wrz
        oct october oktober okt octobre octubre ottobre ott outubro out pazdziernika paz
        november nov novembre noviembre novembro listopada lis
        dec december dezember dez decembre diciembre dic dicembre dezembro desember des grudnia gru
        """.strip().splitlines(),
        start=1,
    )
    for name in names.split()
}  # without accents and case

# A blank: at most three, of which a no-break space is one, or a line's end in hard-wrapped text.
_B = rb"(?:(?:[ \t]|\xc2\xa0|\xe2\x80\xaf|&nbsp;){1,3}+|[ \t]{0,2}+\r?\n[ \t>]{0,40}+)"
_SEPARATOR = rb"(?:" + _B + rb"|[-/])"
_MONTH = rb"([A-Za-z\x80-\xff]{3,20})"
_ORDINAL = rb"(?:st|nd|rd|th|er|re|:?e|\.?\xc2[\xba\xb0\xaa]|\.)?+"
_DATE = re.compile(
    rb"(?<![0-9A-Za-z./-])(?:"
    rb"([0-9]{4})([-/._])([0-9]{1,2})\2([0-9]{1,2})"
    rb"|([0-9]{1,2})(?:\.[ \t]?([0-9]{1,2})\.[ \t]?|([-/])([0-9]{1,2})\7)([0-9]{4})"
    rb"|([0-9]{1,2})" + _ORDINAL + _SEPARATOR + rb"?(?:(?:of|de|di)" + _B + rb")?" +
    _MONTH + rb"\.?,?" + _SEPARATOR + rb"(?:del|de)?" + _B + rb"?([0-9]{4})"
    rb"|([0-9]{4})" + _B + _MONTH + rb"\.?" + _B + rb"([0-9]{1,2})"
    rb"|" + _MONTH + rb"\.?" + _B + rb"([0-9]{1,2})(?:st|nd|rd|th)?+,?+" + _B + rb"([0-9]{4})"
    rb")(?![0-9])"
)  # fmt: skip
_YEAR = re.compile(rb"(?:1(?=9[0-9]{2})|2(?=0[0-9]{2}))")  # so that years may overlap: 192020
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)"
    r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?"
    r"(?:[ \t]*([+-])([0-9]{2}):?([0-9]{2})?(?![0-9]))?",
    re.ASCII,
)


def years(data: bytes) -> list[int]:
    """Where something stands that may be a year, in order: without one there is no day."""
    return [match.start() for match in _YEAR.finditer(data)]


def days(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, date]]:
    """The days written there, in order, with their spans."""
    for match in _DATE.finditer(data, start, end):
        if day := _day(match):
            yield match.start(), match.end(), day


def moment(value: str) -> datetime | None:
    """The day or the moment that a value begins with, in UTC; naive means UTC."""
    raw = value.encode()
    found = _DATE.match(raw)
    day = _day(found) if found else None
    if day is None:
        return None
    try:
        return _at_time(day, value)
    except (ValueError, OverflowError):  # an hour that does not exist
        return midnight(day)


def _at_time(day: date, value: str) -> datetime:
    match = _TIME.match(value)
    if match is None:
        return midnight(day)
    hour, minute, second, sign, hours, minutes = match.groups()
    zone = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return datetime(
        *(day.year, day.month, day.day, int(hour), int(minute), int(second or 0)),
        tzinfo=timezone(-zone if sign == "-" else zone),
    ).astimezone(UTC)


def midnight(day: date) -> datetime:
    """The first moment of a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def folded(text: str) -> str:
    """Without accents and case: `März` and `MARZ` are one."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def _day(match: re.Match[bytes]) -> date | None:
    (y1, _, m1, d1, d2, m2, _, other, y2, d3, word3, y3, y4, word4, d4, word5, d5, y5) = (
        match.groups()
    )
    if y1:
        return _real(int(y1), int(m1), int(d1))
    if m2:
        return _real(int(y2), int(m2), int(d2))
    if y2:
        return _settled(int(y2), int(d2), int(other))
    if y3:
        return _in_words(y3, word3, d3)
    if y4:
        return _in_words(y4, word4, d4)
    return _in_words(y5, word5, d5)


def _settled(year: int, first: int, second: int) -> date | None:
    """Day and month in an order that one of them tells by being no month."""
    if first > 12 or first == second:
        return _real(year, second, first)
    return _real(year, first, second) if second > 12 else None


def _in_words(year: bytes, month: bytes, day: bytes) -> date | None:
    name = folded(month.decode("utf-8", "replace")).strip(" ,.")
    number = _MONTHS.get(name)
    return _real(int(year), number, int(day)) if number else None


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year >= _FIRST_YEAR else None
    except ValueError:
        return None
