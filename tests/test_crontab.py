"""Crontab expressions mean what cron means, and the scheduler's triggers agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.crontab import parse
from linkwatch.daemon import trigger_of
from linkwatch.settings import Schedule, Seconds

_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 4 * * 0", "sun"),
        ("0 4 * * 7", "sun"),
        ("0 4 * * 0,7", "sun"),
        ("0 4 * * 1", "mon"),
        ("0 4 * * 6", "sat"),
        ("0 4 * * mon", "mon"),
        ("0 4 * * SUN", "sun"),
        ("0 4 * * Mon,fri", "mon,fri"),
        ("0 4 * * 1-5", "mon,tue,wed,thu,fri"),
        ("0 4 * * mon-fri", "mon,tue,wed,thu,fri"),
        ("0 4 * * 5-7", "fri,sat,sun"),
        ("0 4 * * sat-sun", "sat,sun"),
        ("0 4 * * fri-sun", "fri,sat,sun"),
        ("0 4 * * 0-2", "mon,tue,sun"),
        ("0 4 * * */2", "tue,thu,sat,sun"),
        ("0 4 * * 1-7/2", "mon,wed,fri,sun"),
        ("0 4 * * *", "mon,tue,wed,thu,fri,sat,sun"),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(expression: str, days: str) -> None:
    assert parse(expression).day_of_week == days


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("0", "0"),
        ("5,1,3,3", "1,3,5"),
        ("1-4", "1,2,3,4"),
        ("*/20", "0,20,40"),
        ("10-20/5", "10,15,20"),
        ("50/3", "50,53,56,59"),
        ("0-5/2,58", "0,2,4,58"),
        ("007", "7"),
        ("*/60", "0"),
    ],
)
def test_a_field_allows_these_values(field: str, values: str) -> None:
    assert parse(f"{field} 0 * * *").minute == values


@pytest.mark.parametrize(
    ("nickname", "expression"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        (" @Daily ", "0 0 * * *"),
        ("0\t4  *   * mon ", "0 4 * * 1"),
        ("0 4 * jan,DEC *", "0 4 * 1,12 *"),
        ("0 4 * mar-may *", "0 4 * 3-5 *"),
    ],
)
def test_two_ways_to_say_the_same(nickname: str, expression: str) -> None:
    assert parse(nickname) == parse(expression)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("", "has 0 fields, cron has five"),
        ("0 4 * *", "has 4 fields, cron has five"),
        ("0 4 * * mon 2026", "has 6 fields, cron has five"),
        ("@reboot", "has 1 fields, cron has five"),
        ("60 4 * * *", "'60' is no minute (0 to 59)"),
        ("0 24 * * *", "'24' is no hour (0 to 23)"),
        ("0 4 0 * *", "'0' is no day of the month (1 to 31)"),
        ("0 4 32 * *", "'32' is no day of the month (1 to 31)"),
        ("0 4 * 13 *", "'13' is no month (1 to 12)"),
        ("0 4 * * 8", "'8' is no day of the week (0 to 7)"),
        ("0 4 * * monday", "'monday' is no day of the week"),
        ("0 4 * mon *", "'mon' is no month"),
        ("mon 4 * * *", "'mon' is no minute"),
        ("5-1 4 * * *", "'5-1' is no minute"),
        ("*/0 4 * * *", "'*/0' is no minute"),
        ("*-5 4 * * *", "'*-5' is no minute"),
        ("1- 4 * * *", "'1-' is no minute"),
        ("-1 4 * * *", "'-1' is no minute"),
        ("1,,2 4 * * *", "'1,,2' is no minute"),
        ("1, 4 * * *", "'1,' is no minute"),
        ("? 4 * * *", "'?' is no minute"),
        ("0 4 L * *", "'l' is no day of the month"),
        ("1.5 4 * * *", "'1.5' is no minute"),
        ("² 4 * * *", "'²' is no minute"),
        ("٣ 4 * * *", "'٣' is no minute"),
        ("0 4 30 2 *", "never comes"),
        ("0 4 31 2,4,6,9,11 *", "never comes"),
    ],
)
def test_a_bad_expression_is_refused_with_a_sentence(expression: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        parse(expression)

    assert sentence in str(caught.value)


@pytest.mark.parametrize("expression", ["0 4 29 2 *", "0 4 31 1-2 *", "0 4 30 2 mon"])
def test_a_day_that_comes_now_and_then_is_accepted(expression: str) -> None:
    parse(expression)


def fires(trigger: Any, start: datetime, end: datetime) -> list[datetime]:
    """When a trigger of the scheduler goes off, after `start` and up to `end`."""
    for part in getattr(trigger, "triggers", [trigger]):
        part.timezone = UTC
    moments = []
    previous, now = None, start
    while (moment := trigger.get_next_fire_time(previous, now)) is not None and moment <= end:
        moments.append(moment)
        previous, now = moment, moment + timedelta(microseconds=1)
    return moments


def cron_allows(field: str, value: int, low: int, high: int) -> bool:
    """One field, read a second time: as crontab(5) says, number by number."""
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if first == "*":
            first, last = str(low), str(high)
        allowed = range(int(first), int(last or first) + 1, int(step or 1))
        if value in allowed:
            return True
    return False


def cron_fires(expression: str, moment: datetime) -> bool:
    minute, hour, day, month, weekday = expression.split()
    number = moment.isoweekday() % 7
    on_weekday = cron_allows(weekday, number, 0, 7) or (
        number == 0 and cron_allows(weekday, 7, 0, 7)
    )
    on_day = cron_allows(day, moment.day, 1, 31)
    either = not day.startswith("*") and not weekday.startswith("*")
    return (
        cron_allows(minute, moment.minute, 0, 59)
        and cron_allows(hour, moment.hour, 0, 23)
        and cron_allows(month, moment.month, 1, 12)
        and ((on_day or on_weekday) if either else (on_day and on_weekday))
    )


@pytest.mark.parametrize(
    "expression",
    [
        "0 4 * * 0",
        "0 4 * * 7",
        "0 4 * * 1",
        "0 4 * * 1-5",
        "0 4 * * 6,7",
        "30 */6 * * *",
        "0,30 9-17 * * 1-5",
        "0 4 13 * 5",  # the 13th and every Friday
        "0 4 1,15 * 1",
        "0 4 1 * *",
        "0 4 31 * *",
        "0 4 */5 * 1",  # begins with a star: both have to be right
        "0 4 1-7 * */1",
        "0 4 5 2,3 *",
        "*/15 0 * 1 *",
        "0 4 * 2 3",
    ],
)
def test_the_trigger_goes_off_when_cron_would(expression: str) -> None:
    end = _MONDAY + timedelta(weeks=12)
    steps = range(int((end - _MONDAY) / timedelta(minutes=15)) + 1)
    quarters = (_MONDAY + i * timedelta(minutes=15) for i in steps)

    expected = [moment for moment in quarters if cron_fires(expression, moment)]

    assert expected
    assert fires(trigger_of(Schedule(cron=expression)), _MONDAY, end) == expected


_field = st.sampled_from
_expressions = st.tuples(
    _field(["0", "30", "*/30", "0,45"]),
    _field(["4", "0-8/4", "*", "23"]),
    _field(["*", "1", "*/7", "1-5", "28,31"]),
    _field(["*", "1", "2", "1-2"]),
    _field(["*", "0", "7", "1", "1-5", "*/3", "5-7", "0,3"]),
).map(" ".join)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(expression=_expressions)
def test_any_expression_goes_off_when_cron_would(expression: str) -> None:
    end = _MONDAY + timedelta(weeks=4)
    steps = range(int((end - _MONDAY) / timedelta(minutes=15)) + 1)
    quarters = (_MONDAY + i * timedelta(minutes=15) for i in steps)

    assert fires(trigger_of(Schedule(cron=expression)), _MONDAY, end) == [
        moment for moment in quarters if cron_fires(expression, moment)
    ]


@pytest.mark.parametrize(
    ("every_s", "interval_s"), [(1, 1), (3600, 3600), (86_400, 86_400), (1.5, 2), (0.2, 1)]
)
def test_every_so_often_is_an_interval_of_whole_seconds(every_s: float, interval_s: int) -> None:
    trigger = trigger_of(Schedule(every=Seconds(every_s)))

    assert trigger.interval == timedelta(seconds=interval_s)
