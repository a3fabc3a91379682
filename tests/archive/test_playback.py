"""Copies played back over real sockets: who speaks, and how far redirects may lead."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from linkwatch.archive.access import Access
from linkwatch.archive.answers import ArchiveDown, ArchiveGarbled, Capture, moment_of
from linkwatch.archive.playback import Astray, Playback, Played
from linkwatch.errors import ArchiveBusy, ArchiveError, ArchiveRefused
from linkwatch.web.client import Client
from tests.archive.test_rescue import archives, hosts_of, paces_of
from tests.fakes.archive import FakeArchive, Illness
from tests.fakes.clock import FakeClock

URL = "https://example.org/a"
STAMP = "20200601120000"
GOOD = b"<html><title>A page</title><p>As it was.</html>"


def on(archive: FakeArchive, act: Any, **changes: Any) -> Any:
    """What `act` makes of the archive's playback."""

    async def scenario() -> Any:
        clock = FakeClock()
        access = Access(
            paces=paces_of(archive, clock), hosts=hosts_of(clock), clock=clock, ends_s=300
        )
        async with Client(allow_private=True) as client:
            return await act(Playback(access, client, archives(archive, timeout_s=2.0, **changes)))

    return asyncio.run(scenario())


def play(archive: FakeArchive, stamp: str = STAMP, url: str = URL) -> Any:
    taken_at = moment_of(stamp)
    assert taken_at
    capture = Capture(timestamp=taken_at, original=url, status=200)
    return on(archive, lambda playback: playback.play(capture))


def nearest(archive: FakeArchive) -> Any:
    at = datetime(2020, 6, 1, tzinfo=UTC)
    return on(archive, lambda playback: playback.nearest(URL, at))


def test_a_capture_is_played_back_as_it_was(archive: FakeArchive) -> None:
    archive.capture(URL, STAMP, body=GOOD, headers={"Server": "cloudflare"})
    played = play(archive)
    assert isinstance(played, Played)
    assert played.answer.body == GOOD
    assert played.taken_at == datetime(2020, 6, 1, 12, tzinfo=UTC)
    assert (played.original, played.hops) == (URL, ())
    assert played.headers["server"] == "cloudflare"
    assert [asked.path for asked in archive.log] == [f"/web/{STAMP}id_/{URL}"]


@pytest.mark.parametrize("status", [404, 410, 403, 429, 500, 503])
def test_an_archived_error_is_an_archived_page_and_no_trouble_of_the_archive(
    archive: FakeArchive, status: int
) -> None:
    archive.capture(URL, STAMP, status=status, headers={"Retry-After": "3600"})
    played = play(archive)
    assert isinstance(played, Played)
    assert played.answer.status == status
    assert archive.requests == {"playback": 1}


REDIRECTS: list[tuple[str, str, int, str | None]] = [
    ("the target captured a moment later", "20200601120005", 302, None),
    ("the target captured within the day", "20200602110000", 301, None),
    ("the target captured two days later", "20200603130000", 302, "another time"),
    ("the target captured years before", "20150601120000", 301, "another time"),
]


@pytest.mark.parametrize(
    ("stamp", "status", "why"), [r[1:] for r in REDIRECTS], ids=[r[0] for r in REDIRECTS]
)
@pytest.mark.parametrize("target", ["https://www.example.org/b?c=d", "/b"])
def test_an_archived_redirect_is_followed_while_it_stays_within_a_day(
    archive: FakeArchive, target: str, stamp: str, status: int, why: str | None
) -> None:
    end = target if target.startswith("https:") else f"https://example.org{target}"
    archive.capture(URL, STAMP, status=status, location=target, body=b"")
    archive.capture(end, stamp, body=GOOD)
    played = play(archive)
    if why is None:
        assert isinstance(played, Played)
        assert (played.original, played.answer.body) == (end, GOOD)
        assert [(hop.url, hop.status, hop.location) for hop in played.hops] == [(URL, status, end)]
    else:
        assert isinstance(played, Astray)
        assert why in played.why
        assert archive.requests.total() == 2  # the far copy itself is not asked for


@pytest.mark.parametrize("target", ["https://example.org/a", "https://elsewhere.example/never"])
def test_a_redirect_that_leads_round_or_nowhere_has_an_end(
    archive: FakeArchive, target: str
) -> None:
    archive.capture(URL, STAMP, status=302, location=target, body=b"")
    assert isinstance(play(archive), Astray)
    assert archive.requests.total() <= 6


@pytest.mark.parametrize(
    "target",
    [
        "https://me:word@example.org/b",
        "ftp://example.org/b",
        "http://wiki.lan/b",
        "http://192.168.1.1/",
        "https://web.archive.org/web/2020/https://example.org/",
    ],
)
def test_an_archived_redirect_to_what_no_archive_is_told_of_is_not_followed(
    archive: FakeArchive, target: str
) -> None:
    archive.capture(URL, STAMP, status=302, location=target, body=b"")
    taken_at = moment_of(STAMP)
    assert taken_at
    capture = Capture(timestamp=taken_at, original=URL, status=200)
    played = on(archive, lambda playback: playback.play(capture), allow_private=False)
    assert isinstance(played, Astray)
    assert "no archive is asked about" in played.why
    assert archive.requests.total() == 1


@pytest.mark.parametrize(
    ("url", "target", "stays"),
    [
        ("https://arquivo.pt/wayback/1/x", "https://arquivo.pt/wayback/2/x", True),
        ("https://arquivo.pt/wayback/1/x", "https://www.arquivo.pt/wayback/2/x", True),
        ("https://archive.today/1/x", "https://archive.ph/2/x", True),
        ("https://arquivo.pt/wayback/1/x", "https://elsewhere.example/wayback/1/x", False),
        ("https://arquivo.pt/wayback/1/x", "https://notarquivo.pt/wayback/1/x", False),
        ("https://arquivo.pt/wayback/1/x", "https://me@arquivo.pt/wayback/1/x", False),
    ],
)
def test_a_redirect_to_a_copy_stays_at_its_archive(
    archive: FakeArchive, url: str, target: str, stays: bool
) -> None:
    async def act(playback: Playback) -> tuple[bool, bool]:
        return playback._stays(url, target), playback._stays(url, f"{archive.url}/web/2020/x")

    assert on(archive, act) == (stays, True)


def test_a_copy_at_an_address_that_is_none_leaves_no_budget_behind(archive: FakeArchive) -> None:
    taken_at = moment_of(STAMP)
    assert taken_at
    capture = Capture(timestamp=taken_at, original=URL, status=200, memento="http://[")

    async def act(playback: Playback) -> tuple[Any, int]:
        played = await playback.play(capture)
        return played, len(playback._access.paces.all())

    played, paces = on(archive, act)
    assert isinstance(played, ArchiveGarbled)
    assert paces == 1


@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_a_packed_body_is_unpacked_though_the_header_is_empty(
    archive: FakeArchive, encoding: str
) -> None:
    archive.capture(URL, STAMP, body=GOOD, encoding=encoding)
    played = play(archive)
    assert isinstance(played, Played)
    assert played.answer.body == GOOD


ILL: list[tuple[Illness, type[ArchiveError]]] = [
    ("429", ArchiveBusy),
    ("503", ArchiveDown),
    ("404", ArchiveDown),  # a blank one is how an outage looked
    ("html", ArchiveGarbled),
    ("empty", ArchiveGarbled),
    ("refused", ArchiveDown),
    ("broken", ArchiveDown),
]


@pytest.mark.parametrize(("illness", "error"), ILL, ids=[illness for illness, _ in ILL])
def test_what_the_archive_says_of_itself_is_no_copy(
    archive: FakeArchive, illness: Illness, error: type[ArchiveError]
) -> None:
    archive.capture(URL, STAMP)
    archive.ill(illness)
    assert isinstance(play(archive), error)
    assert isinstance(nearest(archive), error)


@pytest.mark.parametrize("robots", [False, True])
def test_excluded_is_told_by_the_archives_own_words(archive: FakeArchive, robots: bool) -> None:
    archive.capture(URL, STAMP)
    archive.block(URL, robots=robots)
    assert isinstance(play(archive), ArchiveRefused)
    assert isinstance(nearest(archive), ArchiveRefused)


def test_a_copy_that_is_gone_leads_astray(archive: FakeArchive) -> None:
    assert isinstance(play(archive), Astray)
    archive.capture(URL, "20230601120000")  # the nearest that is left
    assert isinstance(play(archive), Astray)


def test_the_timegate_tells_the_nearest_capture_of_any_status_or_that_there_is_none(
    archive: FakeArchive,
) -> None:
    assert nearest(archive) is None
    archive.capture("http://www.example.org/a", "20190101000000", status=404)
    found = nearest(archive)
    assert isinstance(found, Capture)
    assert (found.original, found.status) == ("http://www.example.org/a", None)
    assert f"{found.timestamp:%Y}" == "2019"


def test_under_https_with_an_authority_of_its_own_it_is_the_same(tls_archive: FakeArchive) -> None:
    tls_archive.capture(URL, STAMP, body=GOOD)
    played = play(tls_archive)
    assert isinstance(played, Played)
    assert played.answer.body == GOOD
