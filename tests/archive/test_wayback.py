"""The archive's services, healthy and ill; each trap of waybackpy that could hurt us has a test."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from linkwatch.archive.answers import ArchiveDown, ArchiveGarbled, Capture, stamp_of
from linkwatch.archive.wayback import Wayback
from linkwatch.errors import ArchiveBusy, ArchiveError, ArchiveRefused
from tests.fakes.archive import FakeArchive, Illness
from tests.fakes.clock import START, FakeClock

URL = "https://www.example.org/Seite?a=1&b=%20"
CITED = datetime(2020, 6, 15, 12, tzinfo=UTC)


def wayback(archive: FakeArchive, **changes: Any) -> Wayback:
    settings: dict[str, Any] = {
        "availability_url": archive.availability_url,
        "cdx_url": f"{archive.url}/cdx/search/cdx",
        "user_agent": "linkwatch-test",
        "timeout_s": 5.0,
        "allow_private": True,
        "utc_now": FakeClock().utc_now,
    }
    return Wayback(**settings | changes)


def captures(archive: FakeArchive, url: str = URL, **changes: Any) -> list[Capture]:
    return wayback(archive, **changes).captures(url, CITED, limit=200)


def nearest(archive: FakeArchive, url: str = URL, **changes: Any) -> Capture | None:
    return wayback(archive, **changes).nearest(url, CITED)


def at(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


# Healthy


def test_availability_gives_the_nearest_capture_with_its_status(archive: FakeArchive) -> None:
    archive.capture(URL, "20100101000000")
    archive.capture(URL, "20200701000000", status=404)
    assert nearest(archive) == Capture(timestamp=at("20200701000000"), original=URL, status=404)


def test_availability_of_what_was_never_archived_is_none(archive: FakeArchive) -> None:
    assert nearest(archive) is None


def test_the_index_gives_captures_that_may_end_in_a_200_nearest_first(archive: FakeArchive) -> None:
    archive.capture(URL, "20100101000000")
    archive.capture(URL, "20200601000000", status=404)
    archive.capture(URL, "20200602000000", revisit=True)
    archive.capture("http://example.org/seite?a=1&b=%20", "20200701000000")
    found = captures(archive)
    assert [f"{c.timestamp:%Y%m%d}" for c in found] == ["20200602", "20200701", "20100101"]
    assert found[0].status is None
    assert found[1].original == "http://example.org/seite?a=1&b=%20"
    assert {c.status for c in found} == {200, None}


def test_an_index_without_captures_is_an_empty_list(archive: FakeArchive) -> None:
    assert captures(archive) == []


def test_the_index_can_leave_out_what_is_later(archive: FakeArchive) -> None:
    for year in range(2010, 2024):
        archive.capture(URL, f"{year}0101000000")
    found = wayback(archive).captures(URL, CITED, limit=3, until=CITED)
    assert [c.timestamp.year for c in found] == [2020, 2019, 2018]


# What is sent


def test_the_whole_date_is_sent_because_missing_parts_would_mean_now(archive: FakeArchive) -> None:
    nearest(archive)
    captures(archive)
    available, index = (asked.query for asked in archive.log)
    assert available["timestamp"] == index["closest"] == "20200615120000"


@pytest.mark.parametrize("url", [URL + "#part", URL + "#a#b"])
def test_fragments_stay_at_home(archive: FakeArchive, url: str) -> None:
    nearest(archive, url)
    captures(archive, url)
    assert [asked.query["url"] for asked in archive.log] == [URL, URL]


def test_a_star_does_not_ask_for_everything_that_begins_so(archive: FakeArchive) -> None:
    captures(archive, "https://example.org/*")
    assert archive.log[0].query["url"] == "https://example.org/%2A"


def test_we_say_who_we_are(archive: FakeArchive) -> None:
    nearest(archive)
    captures(archive)
    assert {asked.headers["User-Agent"] for asked in archive.log} == {"linkwatch-test"}


def test_one_question_is_one_request_however_many_rows_there_are(archive: FakeArchive) -> None:
    for day in range(1, 29):
        archive.capture(URL, f"202002{day:02}000000")
    assert len(wayback(archive).captures(URL, CITED, limit=5)) == 5
    assert archive.requests == {"cdx": 1}


def test_availability_answers_at_once_and_asks_once(archive: FakeArchive) -> None:
    started_s = time.monotonic()
    nearest(archive)
    assert time.monotonic() - started_s < 2.0  # waybackpy's own needs 5 s for a hit, 15 for none
    assert archive.requests == {"availability": 1}


@pytest.mark.parametrize(
    ("moment", "stamp"),
    [(datetime(999, 1, 2, tzinfo=UTC), "09990102000000"), (CITED, "20200615120000")],
)
def test_timestamps_have_fourteen_digits(moment: datetime, stamp: str) -> None:
    assert stamp_of(moment) == stamp


# Ill

SHAPES: list[tuple[Illness, type[ArchiveError]]] = [
    ("429", ArchiveBusy),
    ("503", ArchiveDown),
    ("502", ArchiveDown),
    ("404", ArchiveDown),
    ("403", ArchiveDown),
    ("blocked", ArchiveRefused),
    ("robots", ArchiveRefused),
    ("html", ArchiveGarbled),
    ("short_lines", ArchiveGarbled),
    ("empty", ArchiveGarbled),
    ("null", ArchiveGarbled),
    ("list", ArchiveGarbled),
    ("no_key", ArchiveGarbled),
    ("truncated", ArchiveGarbled),
    ("broken", ArchiveDown),
    ("hung", ArchiveDown),
    ("refused", ArchiveDown),
]


@pytest.mark.parametrize("archived", [True, False], ids=["archived", "not archived"])
@pytest.mark.parametrize("service", [nearest, captures])
@pytest.mark.parametrize(("illness", "error"), SHAPES, ids=[s[0] for s in SHAPES])
def test_an_ill_archive_is_never_believed(
    archive: FakeArchive, illness: Illness, error: type[ArchiveError], service: Any, archived: bool
) -> None:
    if archived:
        archive.capture(URL, "20200101000000")
    archive.ill(illness)
    with pytest.raises(ArchiveError) as caught:
        service(archive, timeout_s=0.2 if illness == "hung" else 5.0)
    assert type(caught.value) is error
    assert archive.requests.total() == (0 if illness == "refused" else 1)


@pytest.mark.parametrize("service", [nearest, captures])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("60", 60.0),
        ("Mon, 05 Jan 2026 04:02:00 GMT", 120.0),
        ("soon", None),
        ("9" * 12, 86_400.0),
    ],
)
def test_a_rate_limit_is_told_at_once_with_the_wish_of_the_archive(
    archive: FakeArchive, service: Any, header: str | None, seconds: float | None
) -> None:
    assert START.hour == 4
    archive.ill("429", retry_after=header)
    with pytest.raises(ArchiveBusy) as caught:
        service(archive)
    assert caught.value.retry_after_s == seconds
    assert archive.requests.total() == 1  # waybackpy's own: six, and five times the wait


UNDER_TLS: list[tuple[Illness, type[ArchiveError]]] = [
    ("429", ArchiveBusy),
    ("503", ArchiveDown),
    ("502", ArchiveDown),
]


@pytest.mark.parametrize(("illness", "error"), UNDER_TLS)
def test_waybackpys_own_retries_which_only_https_shows_are_not_ours(
    tls_archive: FakeArchive, illness: Illness, error: type[ArchiveError]
) -> None:
    tls_archive.ill(illness, retry_after=60)
    started_s = time.monotonic()
    for ask in (captures, nearest):
        with pytest.raises(error):
            ask(tls_archive)
    assert tls_archive.requests == {"cdx": 1, "availability": 1}
    assert time.monotonic() - started_s < 10  # theirs: six requests, and five minutes asleep


def test_waybackpys_way_of_saving_is_used_nowhere() -> None:
    """Each of its up to eight tries may start another capture."""
    for module in (Path(__file__).parents[2] / "linkwatch").rglob("*.py"):
        assert "SaveAPI" not in module.read_text("utf-8"), module.name


@pytest.mark.parametrize(
    ("illness", "passing", "shut"),
    [
        ("503", True, False),
        ("404", False, False),
        ("broken", True, False),
        ("refused", False, True),
    ],
)
def test_troubles_say_whether_a_second_try_may_do(
    archive: FakeArchive, illness: Illness, passing: bool, shut: bool
) -> None:
    archive.capture(URL, "20200101000000")
    archive.ill(illness)
    with pytest.raises(ArchiveDown) as caught:
        captures(archive)
    assert (caught.value.passing, caught.value.shut) == (passing, shut)


def test_a_row_that_waybackpy_would_lose_spoils_the_answer(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000")
    archive.capture(URL, "20210101000000")
    archive.ill("short_digest")
    with pytest.raises(ArchiveGarbled):
        captures(archive)


def test_a_row_with_a_field_too_many_is_left_out_unless_it_is_all_there_is(
    archive: FakeArchive,
) -> None:
    archive.capture(URL, "20200101000000")
    archive.ill("eight_fields")
    with pytest.raises(ArchiveGarbled):
        captures(archive)
    archive.capture(URL, "20210101000000")
    assert len(captures(archive)) == 1


def test_repeated_rows_count_once(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000")
    archive.ill("duplicates")
    assert len(captures(archive)) == 1


def test_a_row_with_an_impossible_date_does_not_hide_the_others(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000")
    archive.capture(URL, "20210101000000")
    archive.ill("bad_date")
    assert len(captures(archive)) == 1


def test_a_row_with_an_impossible_date_alone_is_not_an_empty_index(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000")
    archive.ill("bad_date")
    with pytest.raises(ArchiveGarbled):
        captures(archive)


JSONS = [
    ('{"archived_snapshots": null}', ArchiveGarbled),
    ('{"archived_snapshots": []}', ArchiveGarbled),
    ('{"archived_snapshots": {"closest": {}}}', ArchiveGarbled),
    ('{"archived_snapshots": {"closest": null}}', ArchiveGarbled),
    ('{"archived_snapshots": {"closest": {"timestamp": "2020"}}}', ArchiveGarbled),
    ('{"archived_snapshots": {"closest": {"timestamp": "20209999000000"}}}', ArchiveGarbled),
    ('{"archived_snapshots": {"closest": {"timestamp": 20200101000000}}}', ArchiveGarbled),
    ('{"archived_snapshots": {"other": 1}}', ArchiveGarbled),
    ("[" * 100_000, ArchiveGarbled),
    ('"', ArchiveGarbled),
    ("[", ArchiveGarbled),
    ("1", ArchiveGarbled),
]


@pytest.mark.parametrize(("text", "error"), JSONS, ids=[text[:60] for text, _ in JSONS])
def test_json_of_another_shape_is_garbled(
    archive: FakeArchive, monkeypatch: pytest.MonkeyPatch, text: str, error: type[ArchiveError]
) -> None:
    service = wayback(archive)
    monkeypatch.setattr(service, "_get", lambda url, headers: text)
    with pytest.raises(error):
        service.nearest(URL, CITED)
    with pytest.raises(error):
        service.captures(URL, CITED, limit=5)


ODD_CLOSEST = [
    ('"available": false, "status": "404", "url": "http://h/web/2020/https://x.org/"', None),
    ('"available": false, "status": "200", "url": "http://h/web/2020/https://x.org/"', None),
    ('"available": true, "status": 200, "url": "http://h/web/2020/https://x.org/"', None),
    ('"available": true, "url": "http://h/web/2020/https://x.org/"', None),
    ('"available": true, "status": "200", "url": "http://h/web/2020id_/https://x.org/"', 200),
]


@pytest.mark.parametrize(("fields", "status"), ODD_CLOSEST)
def test_a_capture_that_is_not_said_to_be_good_has_no_status(
    archive: FakeArchive, monkeypatch: pytest.MonkeyPatch, fields: str, status: int | None
) -> None:
    closest = f'{{"timestamp": "20200101000000", {fields}}}'
    text = f'{{"archived_snapshots": {{"closest": {closest}}}}}'
    service = wayback(archive)
    monkeypatch.setattr(service, "_get", lambda url, headers: text)
    assert service.nearest(URL, CITED) == Capture(
        timestamp=at("20200101000000"), original="https://x.org/", status=status
    )


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "http://h/web/1/javascript:x", "a b"])
def test_a_foreign_address_that_is_none_gives_way_to_our_own(
    archive: FakeArchive, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    text = (
        '{"archived_snapshots": {"closest": {"timestamp": "20200101000000",'
        f' "status": "200", "available": true, "url": "{url}"}}}}}}'
    )
    service = wayback(archive)
    monkeypatch.setattr(service, "_get", lambda url, headers: text)
    near = service.nearest(URL + "#x", CITED)
    assert near
    assert near.original == URL


def test_an_answer_without_end_is_not_read_to_its_end(
    archive: FakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkwatch.archive.wayback._LARGEST_BODY", 10)
    with pytest.raises(ArchiveGarbled, match="too long"):
        nearest(archive)


def test_a_redirect_loop_ends_soon(archive: FakeArchive) -> None:
    archive.ill("redirect", target=f"{archive.url}/cdx/search/cdx?url=x")
    with pytest.raises(ArchiveDown):
        captures(archive)
    assert archive.requests.total() == 6


def test_a_redirect_of_the_archive_is_followed(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000")
    target = f"{archive.availability_url}?url=https%3A%2F%2Fexample.org%2Fseite%3Fa%3D1%26b%3D%2520"
    archive.ill("redirect", times=1, target=target)
    assert nearest(archive)


def test_nothing_warns_and_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, linkwatch.archive.rescue;"
        "sys.exit(bool({'requests', 'waybackpy', 'urllib3'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
