"""The fake archive answers as the real one was seen to."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any, get_args
from urllib.parse import quote, unquote

import pytest
import requests

from linkwatch.archive.session import open_session
from linkwatch.web.client import Client
from tests.fakes.archive import FakeArchive, FakeTimeMaps, Illness, Service
from tests.fakes.archive.log import LIMITS
from tests.fakes.clock import FakeClock

URL = "https://example.org/a?b=//c"
PAGE = "https://example.org/page"


def get(where: FakeArchive | FakeTimeMaps, path: str, **headers: str) -> requests.Response:
    """One response: no redirect is followed. `_` in headers' names is `-`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(f"{where.url}{path}", headers=sent, timeout=5, allow_redirects=False)


def cdx(archive: FakeArchive, **query: str) -> str:
    return requests.get(
        f"{archive.url}/cdx/search/cdx", params={"url": URL} | query, timeout=2
    ).text


def available(archive: FakeArchive, url: str = URL) -> dict[str, Any]:
    answer = requests.get(archive.availability_url, params={"url": url}, timeout=2).json()
    found: dict[str, Any] = answer["archived_snapshots"].get("closest", {})
    return found


# Index and availability


def test_the_index_speaks_text_unless_it_is_asked_for_json(archive: FakeArchive) -> None:
    assert cdx(archive) == ""
    assert cdx(archive, output="json") == "[]"
    archive.capture(URL, "20200101000000", body=b"x")
    row = ["org,example)/a?b=//c", "20200101000000", URL, "text/html", "200"]
    text = cdx(archive)
    assert text.split(" ")[:5] == row[:5]
    assert len(text.split(" ")[5]) == 32
    assert cdx(archive, fl="timestamp,statuscode") == "20200101000000 200\n"


def test_the_index_filters_limits_and_sorts(archive: FakeArchive) -> None:
    for year, status in ((2010, 200), (2015, 404), (2020, 200), (2022, 200)):
        archive.capture(URL, f"{year}0101000000", status=status)
    years = {
        "2010 2020 2022": {"filter": "statuscode:200"},
        "2015": {"filter": "!statuscode:200"},
        "": {"filter": "statuscode:20"},  # the whole field has to match
        "2010 2015": {"limit": "2"},
        "2020 2022": {"limit": "-2"},
        "2022": {"limit": "-1"},
        "2010": {"limit": "-1", "to": "2021"},  # years too old, as it was seen to be
        "2022 2020 2015 2010": {"sort": "reverse"},
        "2015 2020 2010 2022": {"sort": "closest", "closest": "20160101000000"},
        "2015 2020": {"from": "2015", "to": "2020"},
        "2015 2020 2022": {"offset": "1"},
        "2010 2020": {"collapse": "timestamp:3"},
        "2020": {"page": "2", "pageSize": "1"},
    }
    for expected, query in years.items():
        rows = cdx(archive, fl="timestamp", **query).split()
        assert " ".join(row[:4] for row in rows) == expected, query
    assert cdx(archive, showNumPages="true", pageSize="3") == "2\n"
    first = cdx(archive, fl="timestamp", limit="3", showResumeKey="true").split("\n")
    rest = cdx(archive, fl="timestamp", resumeKey=unquote(first[-2]))
    assert (len(first), rest) == (6, "20220101000000\n")


def test_the_index_finds_by_prefix_host_and_domain(archive: FakeArchive) -> None:
    for url in ("https://a.org/x", "http://www.A.org/X/1", "https://b.a.org/", "https://aa.org/x"):
        archive.capture(url, "20200101000000")
    found = {
        ("https://a.org/x", "exact"): 1,
        ("a.org/x*", "exact"): 2,
        ("a.org", "host"): 2,
        ("*.a.org", "exact"): 3,
        ("a.org", "domain"): 3,
    }
    for (url, kind), count in found.items():
        assert cdx(archive, url=url, matchType=kind).count("\n") == count, (url, kind)


def test_a_revisit_is_in_the_index_but_never_offered(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000", revisit=True)
    assert " warc/revisit - " in cdx(archive)
    answer = requests.get(archive.availability_url, params={"url": URL}, timeout=2).json()
    assert answer == {"url": URL, "archived_snapshots": {}}


def test_availability_speaks_of_http_addresses_and_text_statuses(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000", status=404)
    closest = available(archive)
    assert closest["status"] == "404"
    assert closest["url"].startswith("http://")


def test_availability_overlooks_what_is_archived_in_every_form_or_in_one(
    archive: FakeArchive,
) -> None:
    for url in (PAGE, URL):
        archive.capture(url, "20200101000000")
    archive.blind(PAGE, this_form=True)
    archive.blind(URL)
    plain = PAGE.replace("https", "http"), URL.replace("https", "http")
    seen = [bool(available(archive, url)) for url in (PAGE, plain[0], URL, plain[1])]
    assert seen == [False, True, False, False]


def test_availability_in_bulk_filters_and_looks_to_one_side(archive: FakeArchive) -> None:
    for year, status in ((2010, 200), (2019, 404), (2022, 200)):
        archive.capture(PAGE, f"{year}0101000000", status=status)
    asked = [
        f"url={quote(PAGE, safe='')}&timestamp=20200101000000&tag={side}{more}"
        for side, more in (
            ("any", ""),
            ("before", "&closest=before&statuscodes=200&statuscodes=206"),
            ("after", "&closest=after"),
            ("none", "&closest=after&statuscodes=404"),
        )
    ]
    headers = {"Wayback-Api-Version": "2"}
    body = "\n".join(asked)

    def results() -> list[dict[str, Any]]:
        reply = requests.post(archive.availability_url, data=body, headers=headers, timeout=2)
        found: list[dict[str, Any]] = reply.json()["results"]
        return found

    years = {
        item["tag"]: item["archived_snapshots"].get("closest", {}).get("timestamp", "")[:4]
        for item in results()
    }
    assert years == {"any": "2019", "before": "2010", "after": "2022", "none": ""}
    archive.ill("lost_items")
    assert ["archived_snapshots" in item for item in results()] == [False, True, False, True]


# Playback


def test_playback_shows_a_capture_and_leads_to_the_nearest(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000", status=404, body=b"gone")
    exact = get(archive, f"/web/20200101000000id_/{URL}")
    assert (exact.status_code, exact.content) == (404, b"gone")
    assert exact.headers["Memento-Datetime"] == "Wed, 01 Jan 2020 00:00:00 GMT"
    near = get(archive, f"/web/2019/{URL}")
    assert near.status_code == 302
    assert near.headers["Location"] == f"{archive.url}/web/20200101000000/{URL}"
    assert near.headers["x-archive-redirect-reason"] == "found capture at 20200101000000"
    assert "Memento-Datetime" not in near.headers
    none = get(archive, "/web/2019/https://other.example/")
    assert none.status_code == 404
    assert "Memento-Datetime" not in none.headers
    assert archive.requests == {"playback": 1, "timegate": 2}


@pytest.mark.parametrize(
    ("path", "wish", "year"),
    [
        ("/web/", "", "2020"),
        ("/web/", "Sun, 01 Mar 2015 00:00:00 GMT", "2015"),
        ("/web/", "Sun, 01 Mar 2099 00:00:00 GMT", "2020"),
        ("/web/0/", "", "2010"),
        ("/web/2/", "", "2020"),
        ("/web/2012/", "", "2015"),  # a year alone means its end
        ("/web/20130301/", "Sun, 01 Mar 2099 00:00:00 GMT", "2015"),  # the address counts more
        ("/web/id_/", "", "2020"),
        ("/web/20149999999999/", "", "2020"),
    ],
)
def test_the_timegate_leads_to_the_capture_nearest_to_the_wish(
    archive: FakeArchive, path: str, wish: str, year: str
) -> None:
    for taken in (2010, 2015, 2020):
        archive.capture(PAGE, f"{taken}0101000000")
    answer = get(archive, f"{path}{PAGE}", **({"Accept_Datetime": wish} if wish else {}))
    assert answer.status_code == 302
    mode = "id_" if "id_" in path else ""
    assert answer.headers["Location"] == f"{archive.url}/web/{year}0101000000{mode}/{PAGE}"
    assert answer.headers["Vary"] == "accept-datetime"
    assert set(answer.links) >= {"original", "timemap", "timegate", "first memento"}


def test_a_wish_that_is_no_date_is_a_bad_request(archive: FakeArchive) -> None:
    archive.capture(PAGE, "20200101000000")
    assert get(archive, f"/web/{PAGE}", Accept_Datetime="tomorrow").status_code == 400


def test_a_capture_names_its_neighbours(archive: FakeArchive) -> None:
    for taken in (2010, 2015, 2020):
        archive.capture(PAGE, f"{taken}0101000000")
    links = get(archive, f"/web/20150101000000id_/{PAGE}").links
    mementos = {rel: link["url"][-len(PAGE) - 15 :][:4] for rel, link in links.items()}
    assert links["original"]["url"] == PAGE
    assert links["timemap"]["url"] == archive.timemap_url + PAGE
    assert links["timegate"]["url"] == f"{archive.url}/web/{PAGE}"
    assert links["memento"]["datetime"] == "Thu, 01 Jan 2015 00:00:00 GMT"
    rels = ("first memento", "prev memento", "memento", "next memento", "last memento")
    assert [mementos[rel] for rel in rels] == ["2010", "2010", "2015", "2020", "2020"]


@pytest.mark.parametrize("status", [200, 203, 403, 404, 410, 429, 500, 503, 999])
def test_an_archived_trouble_is_told_from_one_of_the_archive(
    archive: FakeArchive, status: int
) -> None:
    archive.capture(PAGE, "20200101000000", status=status, headers={"Retry-After": "60"})
    answer = get(archive, f"/web/20200101000000id_/{PAGE}")
    assert answer.status_code == status
    assert answer.headers["Memento-Datetime"]
    assert answer.headers["x-archive-orig-retry-after"] == "60"
    assert "Retry-After" not in answer.headers


def followed(archive: FakeArchive, path: str) -> list[tuple[int, bool, str]]:
    """Of each response on the way: its status, whether it is a capture, where it leads."""
    steps = []
    for _ in range(6):
        answer = get(archive, path)
        target = answer.headers.get("Location", "").removeprefix(archive.url)
        steps.append((answer.status_code, "Memento-Datetime" in answer.headers, target))
        if not target:
            break
        path = target
    return steps


def test_an_archived_redirect_leads_into_the_archive_to_near_and_far(archive: FakeArchive) -> None:
    archive.capture(PAGE, "20200101000000", status=302, location="/new?x=1#top")
    archive.capture("https://example.org/new?x=1", "20200101000007")
    moved = "/web/20200101000000id_/https://example.org/new?x=1"
    near = moved.replace("000000id_", "000007id_")
    path = f"/web/20200101000000id_/{PAGE}"
    assert followed(archive, path) == [(302, True, moved), (302, False, near), (200, True, "")]
    archive.capture(URL, "20200101000000", status=301, location="https://far.example/")
    archive.capture("https://far.example/", "20090101000000")
    far = "id_/https://far.example/"
    assert followed(archive, f"/web/20200101000000id_/{URL}") == [
        (301, True, f"/web/20200101000000{far}"),
        (302, False, f"/web/20090101000000{far}"),
        (200, True, ""),
    ]
    archive.capture("https://lost.example/", "20200101000000", status=301, location="/never")
    assert followed(archive, "/web/20200101000000id_/https://lost.example/")[-1] == (404, False, "")


def test_a_redirect_to_https_is_not_its_own_target(archive: FakeArchive) -> None:
    archive.capture("http://example.org/page", "20200101000000", status=301, location=PAGE)
    archive.capture(PAGE, "20200101000001")
    assert [step[:2] for step in followed(archive, f"/web/20200101000000id_/{PAGE}")] == [
        (302, False),
        (200, True),
    ]
    archive.capture(URL, "20200101000000", status=301, location=URL)  # a loop, as it was archived
    assert len(followed(archive, f"/web/20200101000000id_/{URL}")) == 6


def test_what_a_person_sees_has_a_toolbar_and_links_that_stay_inside(archive: FakeArchive) -> None:
    body = b'<a href="https://example.org/b">b</a>'
    archive.capture(PAGE, "20200101000000", body=body)
    archive.capture(URL, "20200101000000", status=302, location="/b")
    shown = get(archive, f"/web/20200101000000/{PAGE}").content
    assert b"bundle-playback.js" in shown
    assert f'"{archive.url}/web/20200101000000/https://example.org/b"'.encode() in shown
    assert get(archive, f"/web/20200101000000id_/{PAGE}").content == body
    archive.playback.shift_pages = True
    answer = get(archive, f"/web/20200101000000/{URL}")
    assert (answer.status_code, "Memento-Datetime" in answer.headers) == (200, False)
    assert "Got an HTTP 302 response at crawl time" in answer.text
    assert get(archive, f"/web/20200101000000id_/{URL}").status_code == 302


def test_a_revisit_plays_back_as_the_capture_that_it_is_the_same_as(archive: FakeArchive) -> None:
    archive.capture(PAGE, "20180101000000", body=b"old")
    archive.capture(PAGE, "20190101000000", body=b"new", status=203)
    archive.capture(PAGE, "20200101000000", body=b"old", revisit=True)
    answer = get(archive, f"/web/20200101000000id_/{PAGE}")
    assert (answer.status_code, answer.content) == (200, b"old")
    assert answer.headers["Memento-Datetime"] == "Wed, 01 Jan 2020 00:00:00 GMT"


def test_excluded_sites_are_a_page_with_200_and_robots_a_403(archive: FakeArchive) -> None:
    for url in (PAGE, "https://robots.example/x"):
        archive.capture(url, "20200101000000")
        archive.block(url, robots="robots" in url)
    excluded = get(archive, f"/web/20200101000000id_/{PAGE}")
    assert (excluded.status_code, "Memento-Datetime" in excluded.headers) == (200, False)
    assert "URL has been excluded" in excluded.text
    robots = get(archive, "/web/20200101000000id_/https://robots.example/x")
    assert robots.status_code == 403
    assert "RobotAccessControl" in robots.headers["X-Archive-Wayback-Runtime-Error"]
    assert not available(archive, PAGE)
    assert "AdministrativeAccessControlException" in cdx(archive, url=PAGE)
    assert get(archive, f"/web/timemap/link/{PAGE}").status_code == 403


def test_a_packed_body_may_come_with_an_empty_encoding(archive: FakeArchive) -> None:
    for encoding, url in (("", PAGE), ("gzip", URL)):
        archive.capture(url, "20200101000000", body=b"text", encoding=encoding)
        answer = get(archive, f"/web/20200101000000id_/{url}")
        assert answer.headers["Content-Encoding"] == encoding
        assert answer.headers["x-archive-orig-content-encoding"] == "gzip"
        assert (answer.content if encoding else gzip.decompress(answer.content)) == b"text"


def test_a_capture_that_cannot_be_played_leads_to_another(archive: FakeArchive) -> None:
    archive.capture(PAGE, "20200101000000", playable=False)
    assert get(archive, f"/web/20200101000000id_/{PAGE}").status_code == 503
    archive.capture(PAGE, "20200101000003")
    near = f"/web/20200101000003id_/{PAGE}"
    path = f"/web/20200101000000id_/{PAGE}"
    assert followed(archive, path) == [(302, False, near), (200, True, "")]
    assert "20200101000000" in cdx(archive, url=PAGE)


@pytest.mark.parametrize(("slash", "count"), [("apart", 1), ("same", 2)])
def test_a_slash_at_the_end_makes_another_url_or_not(slash: Any, count: int) -> None:
    with FakeArchive(slash=slash) as archive:
        archive.capture(f"{PAGE}/", "20200101000000")
        archive.capture(PAGE.replace("https://", "http://www.").upper(), "20210101000000")
        assert cdx(archive, url=PAGE).count("\n") == count
        assert (get(archive, f"/web/20200101000000id_/{PAGE}").status_code == 200) is (count == 2)


# TimeMaps


def test_the_timemap_lists_all_captures_on_one_page_or_several(archive: FakeArchive) -> None:
    for taken in (2010, 2015, 2020):
        archive.capture(PAGE, f"{taken}0101000000")
    answer = get(archive, f"/web/timemap/link/{PAGE}")
    assert answer.headers["Content-Type"] == "application/link-format"
    lines = answer.text.rstrip("\n").split(",\n")
    rels = [line.partition('rel="')[2].partition('"')[0] for line in lines]
    mementos = ["first memento", "memento", "last memento"]
    assert rels == ["original", "self", "timegate", *mementos]
    assert 'from="Fri, 01 Jan 2010 00:00:00 GMT"; until="Wed, 01 Jan 2020' in lines[1]
    archive.timemap.page_size = 2
    first = get(archive, f"/web/timemap/link/{PAGE}").text
    more = f"<{archive.timemap_url}2/{PAGE}>"
    assert f'{more}; rel="timemap"' in first
    second = get(archive, f"/web/timemap/link/2/{PAGE}").text
    assert f'{more}; rel="self"' in second
    assert [text.count("memento") for text in (first, second)] == [2, 1]
    assert archive.requests == {"timemap": 3}


@pytest.mark.parametrize(("none", "status"), [("404", 404), ("empty", 200)])
def test_a_timemap_of_nothing(archive: FakeArchive, none: Any, status: int) -> None:
    archive.timemap.none = none
    answer = get(archive, f"/web/timemap/link/{PAGE}")
    assert answer.status_code == status
    assert status == 404 or not answer.content


LINES = {
    "memgator": '<{where}>; rel="first last memento"; datetime="Thu, 01 Jan 2015 00:00:00 GMT"',
    "pywb": '<{where}>; rel="memento"; datetime="Thu, 01 Jan 2015 00:00:00 GMT"; collection=',
    "today": '<{where}>; datetime="Thu, 01 Jan 2015 00:00:00 GMT"; rel="memento first last"',
}


@pytest.mark.parametrize("dialect", LINES)
def test_other_archives_say_the_same_in_other_words(dialect: Any) -> None:
    url = "https://example.org/a,b;c?d=e,f"
    with FakeTimeMaps(dialect, separator=" ,\r\n ") as other:
        assert get(other, f"{other.prefix}{url}").status_code == 404
        where = other.memento(url, "20150101000000", body=b"there")
        answer = get(other, f"{other.prefix}{url}")
        assert LINES[dialect].format(where=where) in answer.text
        assert f'<{url}>; rel="original"' in answer.text.split(" ,\r\n ") or dialect == "today"
        assert answer.headers.get("X-Memento-Count") == ("1" if dialect == "memgator" else None)
        path = where.removeprefix(other.url)
        played = get(other, path.replace("000000/", "000000id_/"))
        assert (played.content, "Memento-Datetime" in played.headers) == (b"there", True)
        assert get(other, path.replace("2015", "2018")).headers["Location"] == where
        assert get(other, f"/timegate/{url}").headers["Location"] == where


def test_an_aggregator_knows_of_copies_on_other_hosts(other_archive: FakeTimeMaps) -> None:
    there = "https://archive.example/20150101/x"
    assert other_archive.memento(PAGE, "20150101000000", uri_m=there) == there
    assert f"<{there}>" in get(other_archive, f"/timemap/link/{PAGE}").text
    assert get(other_archive, f"/wayback/20150101000000/{PAGE}").status_code == 404


HARM: dict[Any, Callable[[bytes], bool]] = {
    "huge": lambda body: body.count(b"memento") == 100_800,
    "endless": lambda body: len(body) > 20_000_000 and b"\n" not in body,
    "garbage": lambda body: body[:3] == b"\x00\x01\x02",
    "private": lambda body: b"http://169.254.169.254/" in body and b"<file:" in body,
    "markup": lambda body: b"](javascript:" in body and b"\x1b[" in body,
    "html": lambda body: body.startswith(b"<html>"),
    "json": lambda body: body.startswith(b"{"),
}


@pytest.mark.parametrize("kind", HARM)
def test_a_timemap_may_want_to_do_harm(other_archive: FakeTimeMaps, kind: Any) -> None:
    other_archive.hostile(PAGE, kind)
    answer = get(other_archive, f"/timemap/link/{PAGE}")
    assert answer.status_code == 200
    assert HARM[kind](answer.content)


# Saving

KEYS = {"Authorization": "LOW access:secret", "Accept": "application/json"}


def save(archive: FakeArchive, url: str = PAGE, **fields: str) -> dict[str, Any]:
    form = {"url": url, "capture_all": "0"} | fields
    reply = requests.post(archive.save_url, data=form, headers=KEYS, timeout=2)
    assert reply.status_code == 200
    told: dict[str, Any] = reply.json()
    return told


def status(archive: FakeArchive, job: str) -> dict[str, Any]:
    told: dict[str, Any] = get(archive, f"/save/status/{job}", **KEYS).json()
    return told


def test_a_saved_page_is_played_back_at_once_and_listed_hours_later(
    timed: FakeArchive, clock: FakeClock
) -> None:
    timed.saving(PAGE, final_url="https://example.org/new", body=b"saved")
    job = save(timed)["job_id"]
    assert len(job) == len("spn2-") + 40
    assert status(timed, job) == {"status": "pending", "job_id": job, "resources": []}
    clock.advance(40)
    done = status(timed, job)
    assert (done["status"], done["http_status"], done["first_archive"]) == ("success", 200, True)
    assert done["outlinks"] == []
    made = f"{done['timestamp']}id_/{done['original_url']}"
    assert made == "20260105040033id_/https://example.org/new"
    assert get(timed, f"/web/{made}").content == b"saved"
    assert not available(timed, "https://example.org/new")
    clock.advance(3600)
    assert status(timed, job)["status"] == "pending"  # expired
    clock.advance(4 * 3600)
    assert available(timed, "https://example.org/new")
    assert timed.forms == [{"url": PAGE, "capture_all": "0"}]
    assert {asked.service for asked in timed.told_keys} == {"save", "status"}


def test_made_up_jobs_are_pending_for_ever_one_by_one_and_in_bulk(timed: FakeArchive) -> None:
    job = save(timed)["job_id"]
    timed.saving(PAGE, "pending")

    def bulk(ids: list[str]) -> requests.Response:
        form = {"job_ids": ",".join(ids)}
        where = f"{timed.url}/save/status"
        return requests.post(where, data=form, headers=KEYS, timeout=2)

    told = bulk([job, "spn2-made-up"]).json()
    assert [one["job_id"] for one in told] == [job, "spn2-made-up"]
    assert status(timed, "spn2-made-up") == told[1]
    assert bulk(["x"] * 50).status_code == 200
    assert bulk(["x"] * 51).status_code == 400


REFUSED = [
    "blocked-url",
    "too-many-daily-captures",
    "error:max-daily-bandwidth",
    "user-session-limit",
]


@pytest.mark.parametrize("code", REFUSED)
def test_a_refusal_is_an_error_inside_a_200_without_a_job(timed: FakeArchive, code: str) -> None:
    timed.saving(PAGE, "refused", status_ext=code, times=1)
    reply = save(timed)
    assert reply.pop("message")
    assert reply == {"status": "error", "status_ext": f"error:{code.removeprefix('error:')}"}
    assert save(timed)["job_id"]


def test_a_job_may_fail_wait_or_be_needless(timed: FakeArchive, clock: FakeClock) -> None:
    timed.saving(PAGE, "error", status_ext="error:browsing-timeout")
    failing = save(timed)["job_id"]
    timed.saving(URL, "later")
    waiting = save(timed, URL)
    assert waiting["message"].startswith("The capture will start in ~10 hours 40 minutes because")
    timed.saving("https://r.example/", "recent")
    recent = save(timed, "https://r.example/")
    assert recent["job_id"] is None
    assert recent["message"].startswith("The same snapshot had been made 177 hours, 9 minutes ago.")
    clock.advance(60)
    told = status(timed, failing)
    assert (told["status"], told["status_ext"]) == ("error", "error:browsing-timeout")
    assert set(told) == {"status", "status_ext", "message", "job_id", "resources"}
    clock.advance(10 * 3600)
    assert status(timed, waiting["job_id"])["status"] == "pending"
    clock.advance(2460)
    assert status(timed, waiting["job_id"])["status"] == "success"


def test_pages_with_an_error_are_saved_only_if_all_is_wanted(
    timed: FakeArchive, clock: FakeClock
) -> None:
    timed.saving(PAGE, status=404)
    jobs = [save(timed, capture_all=wish)["job_id"] for wish in "01"]
    clock.advance(60)
    refused, taken = (status(timed, job) for job in jobs)
    assert refused["status_ext"] == "error:not-found"
    assert taken["http_status"] == 404


def test_a_fresh_capture_makes_another_needless(timed: FakeArchive, clock: FakeClock) -> None:
    save(timed)
    clock.advance(33 + 44 * 60)
    assert "0 hours, 44 minutes ago" in save(timed)["message"]
    assert save(timed, if_not_archived_within="10m")["job_id"]
    clock.advance(3600)
    assert save(timed, if_not_archived_within="1d 2h")["job_id"] is None
    assert save(timed)["job_id"]


def test_limits_of_the_account_and_of_the_url(timed: FakeArchive, clock: FakeClock) -> None:
    timed.account.per_url_a_day = 2
    user = "/save/status/user"

    def again() -> str:
        clock.advance(3600)
        reply = save(timed)
        return str(reply.get("status_ext", "accepted"))

    daily = "error:too-many-daily-captures"
    assert [again(), again(), again()] == ["accepted", "accepted", daily]
    clock.advance(86_400 - 4 * 3600)  # past midnight
    assert again() == "accepted"
    clock.advance(3600)
    many = [save(timed, f"https://example.org/{n}") for n in range(4)]
    assert many[3]["status_ext"] == "error:user-session-limit"
    assert get(timed, user, **KEYS).json() == {
        "available": 0,
        "processing": 3,
        "daily_captures": 4,
        "daily_captures_limit": 30_000,
    }
    clock.advance(40)
    assert get(timed, user, **KEYS).json()["available"] == 3
    assert get(timed, "/save/status/system").json()["status"] == "ok"


@pytest.mark.parametrize(
    "authorization", ["", "LOW access:wrong", "LOW other:secret", "LOW access", "Basic YTpi"]
)
def test_without_the_right_keys_nothing_is_saved_or_told(authorization: str) -> None:
    with FakeArchive(keys={"access": "secret"}) as archive:
        headers = KEYS | {"Authorization": authorization}
        refused = requests.post(archive.save_url, data={"url": PAGE}, headers=headers, timeout=2)
        assert refused.status_code == 401
        assert refused.json() == {"message": "You need to be logged in to use Save Page Now."}
        assert get(archive, "/save/status/spn2-x", **headers).status_code == 401
        assert get(archive, "/save/status/user", **headers).status_code == 401
        assert get(archive, f"/save/{PAGE}", **headers).status_code == 429
        assert archive.jobs == []
        assert save(archive)["job_id"]


def test_an_answer_may_get_lost_though_the_page_was_saved(
    timed: FakeArchive, clock: FakeClock
) -> None:
    timed.ill("523", service="save", url=PAGE, done=True, times=1)
    lost = requests.post(timed.save_url, data={"url": PAGE}, headers=KEYS, timeout=2)
    assert (lost.status_code, lost.text[:6]) == (523, "<html>")
    clock.advance(60)
    assert get(timed, f"/web/{PAGE}").status_code == 302
    timed.ill("520", service="save", times=1)
    requests.post(timed.save_url, data={"url": URL}, headers=KEYS, timeout=2)
    assert len(timed.jobs) == 1


def test_who_follows_a_redirect_with_the_keys_is_seen(timed: FakeArchive) -> None:
    timed.ill("redirect", service="save", target="/elsewhere")
    requests.post(timed.save_url, data={"url": PAGE}, headers=KEYS, timeout=2)
    assert [asked.service for asked in timed.told_keys] == ["save", "other"]


def test_saving_by_get_works_where_it_is_let(timed: FakeArchive) -> None:
    timed.save_page_now.anonymous = True
    where = get(timed, f"/save/{PAGE}").headers["Location"]
    assert where.endswith(f"/web/20260105040000/{PAGE}")
    assert get(timed, where.removeprefix(timed.url)).ok
    timed.saving(URL, "refused", status_ext="blocked-url")
    assert get(timed, f"/save/{URL}").status_code == 523


# Ill

PATHS: dict[Service, str] = {
    "availability": f"/wayback/available?url={PAGE}",
    "cdx": f"/cdx/search/cdx?output=json&url={PAGE}",
    "playback": f"/web/20200101000000id_/{PAGE}",
    "timegate": f"/web/{PAGE}",
    "timemap": f"/web/timemap/link/{PAGE}",
    "save": f"/save/{PAGE}",
    "status": "/save/status/system",
}
STATUSES = {"blocked": 403, "robots": 403, "bare_404": 404, "redirect": 302}
AS_EVER = {"slow", "truncated", "duplicates", "eight_fields", "bad_date", "short_digest"}
RETRYING = {"429", "503", "500", "502", "504", "520", "523", "403", "html"}
NOT_HERE = {"hung", "broken", "refused", "endless", "lost_items"}  # these have tests of their own


@pytest.mark.parametrize("service", PATHS)
def test_every_service_falls_ill_in_every_way(archive: FakeArchive, service: Service) -> None:
    archive.capture(PAGE, "20200101000000")
    with requests.Session() as session:
        usual = session.get(f"{archive.url}{PATHS[service]}", timeout=5, allow_redirects=False)
        for illness in get_args(Illness):
            if illness in NOT_HERE:
                continue
            archive.ill(illness, service=service, times=1, retry_after=7, seconds=0.0)
            where = f"{archive.url}{PATHS[service]}"
            answer = session.get(where, timeout=5, allow_redirects=False)
            default = int(illness) if illness.isdigit() else 200
            expected = STATUSES.get(illness, default)
            assert answer.status_code == (usual.status_code if illness in AS_EVER else expected)
            kept = answer.headers.get("Retry-After")
            assert kept == ("7" if illness in RETRYING else None), illness
        others = [name for name in PATHS if name != service]
        archive.ill("502", service=service)
        for name in others:
            other = session.get(f"{archive.url}{PATHS[name]}", timeout=5, allow_redirects=False)
            assert other.status_code != 502


def test_an_illness_may_befall_one_url_alone(archive: FakeArchive) -> None:
    for url in (PAGE, URL):
        archive.capture(url, "20200101000000")
    archive.ill("duplicates", service="cdx", url=PAGE)
    assert [cdx(archive, url=url).count("\n") for url in (PAGE, URL)] == [2, 1]


def test_the_outage_is_all_of_them_at_once(archive: FakeArchive) -> None:
    archive.capture(PAGE, "20200101000000")
    archive.outage()
    statuses = {name: get(archive, path).status_code for name, path in PATHS.items()}
    assert statuses == {
        "availability": 502,
        "cdx": 503,
        "playback": 503,
        "timegate": 503,
        "timemap": 503,
        "save": 404,
        "status": 404,
    }
    assert not get(archive, PATHS["save"]).headers
    assert "Temporarily Offline" in get(archive, PATHS["cdx"]).text
    archive.well()
    assert get(archive, PATHS["playback"]).ok


def test_it_can_be_shut_and_opened_again_at_the_same_address(archive: FakeArchive) -> None:
    url = archive.url
    archive.ill("refused")
    try:
        cdx(archive)
    except requests.ConnectionError:
        pass
    else:
        raise AssertionError("somebody listens")
    archive.well()
    assert archive.url == url
    assert cdx(archive) == ""


# Watched


def test_too_many_requests_in_any_minute_are_seen(timed: FakeArchive, clock: FakeClock) -> None:
    limit = LIMITS["cdx", "timemap"]
    with requests.Session() as session:
        for number in range(limit + 1):
            clock.advance(60.0 / limit)
            service: Service = "cdx" if number % 2 else "timemap"
            session.get(f"{timed.url}{PATHS[service]}", timeout=2)
        assert timed.over_budget() == {}
        assert timed.most_in_a_minute("cdx", "timemap") == limit
        assert timed.most_in_a_minute("cdx") == limit // 2
        session.get(f"{timed.url}{PATHS['cdx']}", timeout=2)
    assert timed.over_budget() == {"cdx+timemap": limit + 1}
    assert timed.most_in_a_minute() == limit + 1


def test_both_of_our_clients_trust_its_certificate(tls_archive: FakeArchive) -> None:
    tls_archive.capture(PAGE, "20200101000000", body=b"over TLS")
    where = f"{tls_archive.url}/web/20200101000000id_/{PAGE}"

    async def scenario() -> bytes:
        async with Client(allow_private=True) as client:
            answer = await client.get(where, timeout_s=5, user_agent="linkwatch-test", cookies={})
            return answer.body

    assert asyncio.run(scenario()) == b"over TLS"
    with open_session(allow_private=True) as session:
        assert session.get(where, timeout=5).content == b"over TLS"
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(where, timeout=5)
