"""TimeMaps of other archives: read as they differ, and believed in nothing that harms."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from linkwatch.archive.timemap import captures_in
from linkwatch.model import Outcome
from linkwatch.web.linkformat import links
from tests.archive.test_rescue import URL, run
from tests.fakes.archive import FakeArchive, FakeTimeMaps
from tests.fakes.archive.timemaps import Dialect, Hostile

BASE = "https://arquivo.example/wayback/timemap/link/"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
WHEN = 'datetime="Wed, 01 Jan 2020 00:00:00 GMT"'


def read(text: str) -> list[str]:
    return [
        f"{capture.timestamp:%Y%m%d} {capture.memento}"
        for capture in captures_in(links(text), base=BASE, url=URL, now=NOW)
    ]


M = "https://a.example/m"
ONE = [f"20200101 {M}"]
TWO_LINES = (
    f'<{URL}>; rel="original",\r\n'
    f'<https://a.example/1/http://x/a;b,c>; rel="memento"; {WHEN},\r\n'
    f'<https://a.example/2/http://x/?q=a, >; rel="memento"; {WHEN},'
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (f'<{URL}>; rel="original"', []),
        (f'<{M}>; rel="memento"; {WHEN}', ONE),
        (f'<{M}>; rel="first last memento"; {WHEN}', ONE),
        (f"<{M}>;rel=memento;{WHEN}", ONE),
        (f'<{M}>; {WHEN}; rel="memento"', ONE),
        (f'<{M}>; rel="memento"; {WHEN}; collection="x"', ONE),
        (f'<{M}>; rel="memento"; {WHEN}, <{M}>; rel="memento"; {WHEN}', ONE),
        (TWO_LINES, ["20200101 https://a.example/1/http://x/a;b,c"]),
        (f'</wayback/x>; rel="memento"; {WHEN}', ["20200101 https://arquivo.example/wayback/x"]),
        # from the future, without a date, with none that is one, and what is no copy
        (f'<{M}>; rel="memento"; datetime="Fri, 01 Jan 2027 00:00:00 GMT"', []),
        (f'<{M}>; rel="memento"', []),
        (f'<{M}>; rel="memento"; datetime="yesterday"', []),
        (f'<{M}>; rel="timemap"; {WHEN}', []),
        # what must not be asked
        (f'<https://me:secret@a.example/m>; rel="memento"; {WHEN}', []),
        (f'<file:///etc/passwd>; rel="memento"; {WHEN}', []),
        (f'<javascript:alert(1)>; rel="memento"; {WHEN}', []),
    ],
)
def test_a_timemap_is_read_in_all_its_forms(text: str, found: list[str]) -> None:
    assert read(text) == found


def test_a_long_timemap_takes_no_long_time() -> None:
    started_s = time.thread_time()
    read("<" * 500_000)
    read('<a>; rel="memento' * 50_000)
    read(f'<https://a.example/m>; rel="memento"; {WHEN},' * 50_000)
    assert time.thread_time() - started_s < 5


@pytest.mark.parametrize("dialect", ["memgator", "pywb", "today"])
def test_a_copy_that_only_another_archive_has_is_found_and_opened(
    archive: FakeArchive, dialect: Dialect
) -> None:
    with FakeTimeMaps(dialect) as other:
        other.memento(URL, "20191231000000")
        other.memento(URL, "20200801000000")
        lookup = run(archive, timemaps=(other.timemap_url,))[URL]
        assert lookup.outcome is Outcome.FOUND
        assert lookup.snapshot
        assert lookup.snapshot.verified
        assert f"{lookup.snapshot.timestamp:%Y%m%d}" == "20191231"
        assert lookup.snapshot.url.startswith(other.url)
        assert other.requests == {"timemap": 1, "playback": 1}


def test_other_archives_are_not_asked_where_the_first_has_a_good_copy(
    archive: FakeArchive, other_archive: FakeTimeMaps
) -> None:
    archive.capture(URL, "20200601000000")
    other_archive.memento(URL, "20200615000000")
    assert run(archive, timemaps=(other_archive.timemap_url,))[URL].outcome is Outcome.FOUND
    assert not other_archive.log


def test_none_is_only_said_where_all_archives_said_so(
    archive: FakeArchive, other_archive: FakeTimeMaps
) -> None:
    prefix = (other_archive.timemap_url,)
    assert run(archive, timemaps=prefix)[URL].outcome is Outcome.NOT_ARCHIVED
    for illness in ("503", "429", "html", "empty", "404", "refused"):
        other_archive.well()
        other_archive.ill(illness)
        outcome = run(archive, timemaps=prefix)[URL].outcome
        assert outcome in (Outcome.UNAVAILABLE, Outcome.RATE_LIMITED, Outcome.MALFORMED), illness


def test_an_excluded_site_may_be_in_another_archive(
    archive: FakeArchive, other_archive: FakeTimeMaps
) -> None:
    archive.block(URL)
    prefix = (other_archive.timemap_url,)
    assert run(archive, timemaps=prefix)[URL].outcome is Outcome.EXCLUDED
    other_archive.memento(URL, "20200101000000")
    assert run(archive, timemaps=prefix)[URL].outcome is Outcome.FOUND


@pytest.mark.parametrize(
    "what", ["huge", "endless", "garbage", "private", "html", "json", "markup"]
)
def test_a_hostile_timemap_gives_nothing(
    archive: FakeArchive, other_archive: FakeTimeMaps, what: Hostile
) -> None:
    other_archive.hostile(URL, what)
    lookup = run(archive, timemaps=(other_archive.timemap_url,), timeout_s=2.0)[URL]
    assert lookup.outcome is not Outcome.FOUND
    assert lookup.outcome is not Outcome.NOT_ARCHIVED
