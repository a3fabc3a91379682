"""The fake archive answers as the real one was seen to."""

from __future__ import annotations

import requests

from tests.fakes.archive import FakeArchive

URL = "https://example.org/a?b=//c"


def cdx(archive: FakeArchive, **query: str) -> str:
    return requests.get(
        f"{archive.url}/cdx/search/cdx", params={"url": URL} | query, timeout=2
    ).text


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
        "2022 2020 2015 2010": {"sort": "reverse"},
        "2015 2020 2010 2022": {"sort": "closest", "closest": "20160101000000"},
        "2015 2020": {"from": "2015", "to": "2020"},
    }
    for expected, query in years.items():
        rows = cdx(archive, fl="timestamp", **query).split()
        assert " ".join(row[:4] for row in rows) == expected, query


def test_playback_shows_a_capture_and_leads_to_the_nearest(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000", status=404, body=b"gone")
    exact = requests.get(f"{archive.url}/web/20200101000000id_/{URL}", timeout=2)
    assert (exact.status_code, exact.content) == (404, b"gone")
    assert exact.headers["Memento-Datetime"] == "Wed, 01 Jan 2020 00:00:00 GMT"
    near = requests.get(f"{archive.url}/web/2019/{URL}", timeout=2, allow_redirects=False)
    assert near.status_code == 302
    assert near.headers["Location"] == f"{archive.url}/web/20200101000000/{URL}"
    assert "Memento-Datetime" not in near.headers
    none = requests.get(f"{archive.url}/web/2019/https://other.example/", timeout=2)
    assert none.status_code == 404
    assert archive.requests == {"playback": 1, "timegate": 2}


def test_a_revisit_is_in_the_index_but_never_offered(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000", revisit=True)
    assert " warc/revisit - " in cdx(archive)
    answer = requests.get(archive.availability_url, params={"url": URL}, timeout=2).json()
    assert answer == {"url": URL, "archived_snapshots": {}}


def test_availability_speaks_of_http_addresses_and_text_statuses(archive: FakeArchive) -> None:
    archive.capture(URL, "20200101000000", status=404)
    answer = requests.get(archive.availability_url, params={"url": URL}, timeout=2).json()
    closest = answer["archived_snapshots"]["closest"]
    assert closest["status"] == "404"
    assert closest["url"].startswith("http://")


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
