"""Links that are archived copies, checked over real sockets and weighed."""

from __future__ import annotations

import pytest

from linkwatch.checker.fetch import Fetcher
from linkwatch.evidence import Weight, weigh
from linkwatch.model import CheckResult, Fault, Reason
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts, Manners
from tests.checker.test_sweep import Sweeper
from tests.checks import seen
from tests.conftest import Run
from tests.fakes.clock import FakeClock
from tests.fakes.dns import FakeDNS
from tests.fakes.web import NEVER, FakeWeb, Headers, Reply

TAKEN = ("Memento-Datetime", "Wed, 01 Jan 2020 00:00:00 GMT")
STAMP = "/web/20200101000000"
ORIGINAL = "https://site.example/texts/a-river"
WORDS = b"The river rises in the hills north of the town and runs south for forty miles. " * 9
MANNERS = Manners(concurrency=2, interval_s=0.0, timeout_s=3.0, user_agent="test/1")


class Checker:
    """Checks links at a fake web.archive.org."""

    def __init__(self, web: FakeWeb, dns: FakeDNS, run: Run) -> None:
        self.web, self.dns, self.run = web, dns, run
        self.held: dict[str, float] = {}

    def copy(
        self,
        status: int = 200,
        body: bytes = b"<title>A river</title>" + WORDS,
        *,
        headers: Headers = (),
        path: str = f"{STAMP}/{ORIGINAL}",
    ) -> str:
        reply = Reply(status=status, body=body, headers=[TAKEN, *headers])
        return self.web.page("web.archive.org", path, reply)

    def own(self, status: int, body: bytes = b"<title>Wayback Machine</title>") -> str:
        page = Reply(status=status, body=body)
        return self.web.page("web.archive.org", f"{STAMP}/{ORIGINAL}", page)

    def check(self, link: str) -> CheckResult:
        async def main() -> CheckResult:
            clock = FakeClock()
            hosts = Hosts(lambda _name: MANNERS, slots=10, clock=clock)
            async with Client(allow_private=True, nameservers=self.dns.nameservers) as client:
                fetcher = Fetcher(client=client, hosts=hosts, clock=clock, max_redirects=10)
                result = await fetcher.check(link)
            self.held = hosts.backing_off()
            return result

        return self.run(main())

    def worth(self, link: str) -> tuple[Weight, Reason, bool]:
        evidence = weigh(self.check(link))
        return evidence.weight, evidence.reason, evidence.lone


@pytest.fixture
def checker(web: FakeWeb, dns: FakeDNS, run: Run) -> Checker:
    return Checker(web, dns, run)


HEALTHY = (Weight.HEALTHY, Reason.OK, False)
BAD = (Weight.SOFT, Reason.BAD_COPY, False)
DOUBTFUL = (Weight.SOFT, Reason.BAD_COPY, True)


def test_a_copy_of_a_page_is_healthy(checker: Checker) -> None:
    result = checker.check(checker.copy())

    assert result.memento is not None
    assert weigh(result).words == "the archive shows its copy of 2020-01-01"
    assert result.original is None  # the address tells


@pytest.mark.parametrize("status", [302, 301])
def test_to_be_led_to_the_nearest_copy_is_no_move(status: int, checker: Checker) -> None:
    checker.copy()
    to = [("Location", f"{STAMP}/{ORIGINAL}"), ("x-archive-redirect-reason", "found capture")]
    link = checker.web.page(
        "web.archive.org", f"/web/2019/{ORIGINAL}", Reply(status=status, headers=to)
    )

    assert checker.worth(link) == HEALTHY


@pytest.mark.parametrize("status", [404, 410, 403, 429, 500, 503, 304])
def test_a_copy_of_an_error_is_a_bad_copy_and_binds_nobody(status: int, checker: Checker) -> None:
    link = checker.copy(status, headers=[("Retry-After", "3600")])

    result = checker.check(link)

    assert (weigh(result).weight, weigh(result).reason) == (Weight.SOFT, Reason.BAD_COPY)
    assert weigh(result).words == f"the archived copy is of an error page ({status})"
    assert result.attempts == 1
    assert not checker.held


@pytest.mark.parametrize(
    ("status", "worth"),
    [
        (404, (Weight.HARD, Reason.NOT_FOUND)),
        (429, (Weight.REFUSING, Reason.RATE_LIMITED)),
        (503, (Weight.SOFT, Reason.SERVER_ERROR)),
        (403, (Weight.REFUSING, Reason.FORBIDDEN)),
        (200, (Weight.HEALTHY, Reason.OK)),
    ],
)
def test_without_the_header_the_archive_itself_is_speaking(
    status: int, worth: tuple[Weight, Reason], checker: Checker
) -> None:
    evidence = weigh(checker.check(checker.own(status)))

    assert (evidence.weight, evidence.reason) == worth
    assert evidence.hollow == (status == 200)  # it is not the copy: it clears nothing


def test_the_archives_own_429_binds_its_host(checker: Checker) -> None:
    link = checker.web.page(
        "web.archive.org", f"{STAMP}/{ORIGINAL}", Reply(status=429, headers=[("Retry-After", "90")])
    )
    checker.check(link)
    assert list(checker.held) == [f"web.archive.org:{checker.web.port}"]


@pytest.mark.parametrize("status", [200, 403, 404])
def test_an_excluded_site_is_no_dead_copy(status: int, checker: Checker) -> None:
    notice = b"<h1>Sorry.</h1><p>This URL has been excluded from the Wayback Machine.</p>"
    assert checker.worth(checker.own(status, notice)) == (
        Weight.REFUSING,
        Reason.FORBIDDEN,
        False,
    )


@pytest.mark.parametrize(
    ("where", "worth"),
    [
        ("https://site.example/", DOUBTFUL),  # the original was led home
        ("https://site.example/login?next=/texts/a-river", DOUBTFUL),
        ("https://www.site.example/texts/a-river/", HEALTHY),
        ("http://site.example/texts/a-river", HEALTHY),
    ],
)
def test_an_archived_redirect_is_read_as_the_originals(
    where: str, worth: tuple[Weight, Reason, bool], checker: Checker
) -> None:
    checker.copy(302, b"", headers=[("Location", f"{STAMP}/{where}")])
    checker.copy(path=f"{STAMP}/{where}")

    link = checker.web.url("web.archive.org", f"{STAMP}/{ORIGINAL}")
    assert checker.worth(link) == worth


@pytest.mark.parametrize("mode", ["", "id_"])
def test_what_the_page_says_of_itself_is_read_without_the_archives_wrapping(
    mode: str, checker: Checker
) -> None:
    path = f"{STAMP}{mode}/{ORIGINAL}"
    root = "/" if mode else f"{STAMP}/https://site.example/"
    toolbar = b"<!-- BEGIN WAYBACK TOOLBAR INSERT -->%b<!-- END WAYBACK TOOLBAR INSERT -->" % WORDS
    gone = b"<title>Page not found</title><p>We could not find the page."
    home = f'<link rel="canonical" href="{root}">'.encode()
    link = checker.copy(body=home + toolbar * (not mode) + gone, path=path)

    assert checker.worth(link) == BAD  # two signs: its words, and what it calls its address
    page = checker.check(link).fingerprint
    assert page is not None
    assert page.length < 100

    itself = f"{STAMP}/{ORIGINAL}"
    fine = f'<link rel="canonical" href="{itself}"><meta http-equiv="refresh" content="0;{itself}">'
    assert checker.worth(checker.copy(body=fine.encode() + WORDS)) == HEALTHY


def test_an_archived_challenge_is_a_bad_copy_and_no_refusal(checker: Checker) -> None:
    wall = [("x-archive-orig-cf-mitigated", "challenge")]
    assert checker.worth(checker.copy(headers=wall)) == DOUBTFUL


def test_an_archived_redirect_to_nowhere_is_a_bad_copy(checker: Checker) -> None:
    assert checker.worth(checker.copy(302)) == BAD


def test_what_the_address_does_not_tell_the_answer_does(checker: Checker) -> None:
    headers = [TAKEN, ("Link", f'<{ORIGINAL}>; rel="original"')]
    link = checker.web.page("archive.ph", "/AbCdE", Reply(headers=headers))
    assert checker.check(link).original == ORIGINAL
    assert checker.worth(link) == HEALTHY

    elsewhere = checker.web.page("site.example", "/a", Reply(headers=headers))
    result = checker.check(elsewhere)
    assert (result.memento, result.original) == (None, None)


def test_archives_without_mementos_are_ordinary_pages(checker: Checker) -> None:
    for status, weight in ((200, Weight.HEALTHY), (404, Weight.HARD)):
        link = checker.web.page("perma.cc", "/AB12-CD34", Reply(status=status))
        assert weigh(checker.check(link)).weight is weight
        assert not weigh(checker.check(link)).hollow


def test_a_name_system_that_denies_an_archive_is_no_hard_evidence() -> None:
    assert weigh(seen(Fault.DNS, url="https://archive.is/AbCdE")).weight is Weight.SOFT
    assert weigh(seen(Fault.DNS)).weight is Weight.HARD


def test_a_silent_archive_makes_none_of_its_other_links_suspect(
    web: FakeWeb, dns: FakeDNS, run: Run
) -> None:
    sweeper = Sweeper(
        web,
        dns,
        run,
        manners=Manners(concurrency=2, interval_s=0.0, timeout_s=0.06, user_agent="test/1"),
    )
    links = [
        web.page("web.archive.org", f"{STAMP}/http://site.example/{n}", NEVER) for n in range(30)
    ]

    outlook = sweeper.sweep(links)

    assert {result.fault for result in sweeper.results} == {Fault.TIMEOUT}
    assert not any(result.inferred for result in sweeper.results)
    assert 8 <= len(sweeper.results) <= 9
    assert outlook.postponed + len(sweeper.by_url) == len(links)


def test_one_slow_copy_does_not_silence_its_archive(web: FakeWeb, dns: FakeDNS, run: Run) -> None:
    sweeper = Sweeper(
        web,
        dns,
        run,
        manners=Manners(concurrency=2, interval_s=0.0, timeout_s=0.1, user_agent="test/1"),
    )
    web.page("web.archive.org", "*", Reply(headers=[TAKEN]))
    links = [web.url("web.archive.org", f"{STAMP}/http://site.example/{n}") for n in range(12)]
    for link in links[:3]:
        web.page("web.archive.org", link.partition(f":{web.port}")[2], NEVER)

    assert not sweeper.sweep(links).postponed
    assert sum(result.fault is None for result in sweeper.results) == 9
