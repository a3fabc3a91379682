"""Addresses of archived copies, in every form that people paste."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from linkwatch.web.archived import archive_of, archived, memento_of, original_in, traces
from linkwatch.web.url import host_of

W = "https://web.archive.org"
NEW_YEAR = datetime(2020, 1, 1, tzinfo=UTC)
OWN = "https://copies.example/pywb"


@pytest.mark.parametrize(
    ("url", "original"),
    [
        (f"{W}/web/20200101000000/http://x.example/a", "http://x.example/a"),
        (f"{W}/web/20200101000000id_/https://x.example/a", "https://x.example/a"),
        (f"{W}/web/20200101000000wkrf_/https://x.example/a", "https://x.example/a"),
        (f"{W}/web/2020/https://x.example/a", "https://x.example/a"),
        (f"{W}/web/2020if_/x.example", "http://x.example/"),
        (f"{W}:8443/web/2020/https://x.example/a", "https://x.example/a"),
        ("http://www.web.archive.org/web/2020/https://x.example/a", "https://x.example/a"),
        ("https://archive.org/web/2020/https://x.example/a", "https://x.example/a"),
        (f"{W}/web/2020/example.com/a", "http://example.com/a"),
        (f"{W}/web/2020/example.com:8080/a", "http://example.com:8080/a"),
        (f"{W}/web/https://x.example", "https://x.example/"),
        (f"{W}/web/0/https://x.example/", "https://x.example/"),
        (f"{W}//web//2020//https://x.example/", "https://x.example/"),
        (f"{W}/web/2020/https:/x.example/a", "https://x.example/a"),
        (f"{W}/web/2020/HTTPS://X.Example/A#part", "https://x.example/A"),
        (f"{W}/web/2020/http://x.example:80/", "http://x.example/"),
        (f"{W}/web/2020/http://x.example/a?b=1&c=http://y.example/?d", None),
        (f"{W}/web/2020/http://x.example/?*", None),
        (f"{W}/web/2020/https%3A%2F%2Fx.example%2Fa%3Fb%3D1%26c", "https://x.example/a?b=1&c"),
        (f"{W}/web/2020/https%253A%252F%252Fx.example%252Fa", "https://x.example/a"),
        (f"{W}/web/2020/https%3A//x.example/a%20b%3F?c", "https://x.example/a%20b%3F?c"),
        (f"{W}/web/2020/x.example%2Fa%2Fb", "http://x.example/a/b"),
        (f"{W}/web/2020/https%3A%2F%2Fx.example%2Fa%2520b%0Ac", "https://x.example/a%20b%0Ac"),
        (f"{W}/web/2020/{W}/web/2019/http://x.example/a?b", "http://x.example/a?b"),
        (f"{W}/web/2020/https://archive.ph/newest/http://x.example/", "http://x.example/"),
        ("https://archive.is/20200101120000/http://x.example/a?b", "http://x.example/a?b"),
        ("https://archive.fo/2020.01.01-120000/http://x.example/", "http://x.example/"),
        ("https://archive.today/newest/http://x.example/", "http://x.example/"),
        ("https://archive.vn/oldest/x.example/a", "http://x.example/a"),
        ("https://archive.li/o/AbCdE/http://x.example/", "http://x.example/"),
        (f"{OWN}/web/20200101000000/http://x.example/a", "http://x.example/a"),
    ],
)
def test_a_copys_address_tells_of_what_it_is(url: str, original: str | None) -> None:
    found = archived(url, OWN)

    assert found is not None
    assert found.original == (original or url.partition("2020/")[2])
    assert any(trace in host_of(url) for trace in traces(OWN))


@pytest.mark.parametrize(
    "url",
    [
        "https://archive.ph/AbCdE",
        "https://archive.md/AbCdE/image",
        "https://archive.md/wip/AbCdE",
        "https://perma.cc/AB12-CD34",
        "https://perma.cc/AB12-CD34?type=image",
        "https://perma.cc/0fN6Nb5Qq2z",
        f"{W}/web/2020/ftp://x.example/",
        f"{W}/web/2020/https://archive.ph/AbCdE",  # the copy of a copy that does not tell
        f"{W}/web/2020/{W}/web/*/http://x.example/",
        f"{W}/web/2020/" * 50 + "http://x.example/",
    ],
)
def test_some_copies_do_not_tell(url: str) -> None:
    found = archived(url)

    assert found is not None
    assert found.original is None


@pytest.mark.parametrize(
    "url",
    [
        f"{W}/",
        f"{W}/web/",
        f"{W}/web/20200101000000",
        f"{W}/web/*/http://x.example/",
        f"{W}/web/2020*/http://x.example/",
        f"{W}/web/20200101000000*/http://x.example/*",
        f"{W}/save/http://x.example/",
        f"{W}/web/timemap/link/http://x.example/",
        f"{W}/cdx/search/cdx?url=http://x.example/",
        "https://archive.org/details/web",
        "https://archive.ph/",
        "https://archive.ph/http://x.example/",
        "https://archive.ph/submit/?url=http://x.example/",
        "https://perma.cc/about",
        "https://web.archive.org.example/web/2020/http://x.example/",
        "https://x.example/web/2020/http://y.example/",
        "https://notperma.cc/AB12-CD34",
        "https://copies.example/web/2020/http://x.example/",  # beside one's own archive
        "https://copies.example:8443/pywb/web/2020/http://x.example/",
        "https://copies.example/pywbx/web/2020/http://x.example/",
        "not a URL",
        "",
    ],
)
def test_calendars_forms_and_other_sites_are_no_copies(url: str) -> None:
    assert archived(url, OWN) is None


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("2020", NEW_YEAR),
        ("202001", NEW_YEAR),
        ("20200229", datetime(2020, 2, 29, tzinfo=UTC)),
        ("20200101120405id_", datetime(2020, 1, 1, 12, 4, 5, tzinfo=UTC)),
        ("2", None),
        ("20201399", None),
        ("00000000000000", None),
    ],
)
def test_a_partial_time_is_the_beginning_of_its_span(stamp: str, at: datetime | None) -> None:
    found = archived(f"{W}/web/{stamp}/http://x.example/")
    assert found is not None
    assert (found.original, found.timestamp) == ("http://x.example/", at)


def test_archives_are_known_by_all_their_names() -> None:
    assert archive_of("http://archive.li/anything") == "archive.today"
    assert archive_of(f"{W}/save") == "web.archive.org"
    assert archive_of("https://archive.org/details/x") is None
    assert archive_of(f"{OWN}/web/2020/http://x.example/", OWN) == "copies.example"
    assert archive_of("https://copies.example/", OWN) is None
    assert archive_of("https://x.example/", "") is None


@pytest.mark.parametrize(
    "url",
    [
        f"{W}/web/2020/" * 10_000 + "x.example",
        f"{W}/" + "/" * 100_000 + "web",
        f"{W}/web/2020/" + "a." * 100_000 + "%",
        f"{W}/web/2020/http" + "%25" * 100_000 + "3Ax",
        f"{W}/web/2020/" + "http%3A%2F%2F" * 30_000,
        "https://archive.ph/" + "2" * 100_000 + "/x",
        "https://archive.ph/" + "newest/" * 50_000,
        f"{W}/" + "web/" * 50_000,
    ],
)
def test_taking_apart_takes_linear_time(url: str) -> None:
    before = time.thread_time()
    archived(url)
    assert time.thread_time() - before < 0.5


@pytest.mark.parametrize(
    ("link", "original"),
    [
        ('<http://x.example/a?b>; rel="original"', "http://x.example/a?b"),
        (f'<{W}/t>; rel="timegate", <http://x.example/>; rel=original, <y>', "http://x.example/"),
        ('<http://x.example/>; type="a"; rel="original timegate"', "http://x.example/"),
        (f'<{W}/web/2020/http://x.example/>; rel="original"', "http://x.example/"),
        (f'<{W}/web/*/http://x.example/>; rel="original"', None),
        ('<http://x.example/>; rel="original-not"', None),
        ('<javascript:alert(1)>; rel="original"', None),
        ('<http://[/>; rel="original"', None),
        ("<" * 8000, None),
        ("", None),
    ],
)
def test_a_header_may_name_the_original(link: str, original: str | None) -> None:
    assert original_in({"link": link}) == original


def test_a_memento_is_told_by_its_header_alone() -> None:
    url = f"{W}/web/20200101000000/http://x.example/"
    assert memento_of({"memento-datetime": "Thu, 02 Jan 2020 00:00:00 GMT"}, url) == datetime(
        2020, 1, 2, tzinfo=UTC
    )
    assert memento_of({"memento-datetime": "last Tuesday"}, url) == NEW_YEAR
    assert memento_of({"memento-datetime": "Thu, 02 Jan 20200 99:00:00 GMT"}, url) == NEW_YEAR
    assert memento_of({}, url) is None
