"""Whether a host means its answers, over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from linkwatch.checker.fetch import Fetcher
from linkwatch.checker.siblings import Siblings, _further, _neighbour
from linkwatch.model import Candour, CheckResult, HostMemory
from linkwatch.web.client import Client
from linkwatch.web.hosts import Hosts, Manners
from tests.conftest import Run
from tests.fakes.clock import FakeClock
from tests.fakes.dns import FakeDNS
from tests.fakes.web import FakeWeb, Reply, Request

MANNERS = Manners(concurrency=4, interval_s=0.0, timeout_s=3.0, user_agent="test/1")
DAY_S = 86_400.0


def page(title: str, text: str = "", head: str = "") -> Reply:
    body = f"<html><head><title>{title}</title>{head}</head><body><h1>{title}</h1><p>{text}</p>"
    return Reply(body=body.encode())


PROSE = (
    "The river rises in the hills north of the town and runs south for forty miles before it"
    " meets the sea. Along its banks stand mills, most of them empty now, and three bridges."
)
OTHER = (
    "Our shop sells lamps, chairs, tables and everything else that a small home may want. Orders"
    " before noon leave on the same day, and what does not please is taken back for a month."
)
ARTICLE = page("The river and its mills", PROSE)
MISSING = page("Page not found", "Sorry, we could not find the page that you asked for.")
GONE = Reply(status=404, body=b"<title>Not found</title>")


class Asker:
    """Checks links of one fake web, with the same memory of hosts."""

    def __init__(self, web: FakeWeb, dns: FakeDNS, run: Run) -> None:
        self.web, self._dns, self._run = web, dns, run
        self.clock = FakeClock()
        self.siblings = Siblings(clock=self.clock, chance=Random(1))
        self._memory: dict[str, HostMemory] = {}

    def check(self, *links: str) -> list[CheckResult]:
        async def main() -> list[CheckResult]:
            hosts = Hosts(lambda _name: MANNERS, slots=10, clock=self.clock)
            async with Client(allow_private=True, nameservers=self._dns.nameservers) as client:
                fetcher = Fetcher(
                    client=client,
                    hosts=hosts,
                    clock=self.clock,
                    max_redirects=10,
                    siblings=self.siblings,
                )
                return [await fetcher.check(link) for link in links]

        return self._run(main())

    def signs(self, link: str) -> dict[str, str]:
        """What the page of a link showed, and by what."""
        return {mark.sign.value: mark.by for mark in self.check(link)[0].marks}

    def next_cycle(self, days: float = 7) -> None:
        self._memory.update(self.siblings.learned)
        self.clock.advance(days * DAY_S)
        self.siblings = Siblings(clock=self.clock, chance=Random(2))
        self.siblings.recall(self._memory)


@pytest.fixture
def asker(web: FakeWeb, dns: FakeDNS, run: Run) -> Asker:
    return Asker(web, dns, run)


def redirect(to: str) -> Reply:
    return Reply(status=302, headers=[("Location", to)])


def slug(request: Request) -> Reply:
    """Any name under a number leads to the one it has."""
    if request.path.startswith("/q/7/"):
        return ARTICLE if request.path == "/q/7/mills" else redirect("/q/7/mills")
    return GONE


def same_article(request: Request) -> Reply:
    """Any name under a number shows the article, without saying so."""
    return ARTICLE if request.path.startswith("/q/7/") else GONE


def repeats(request: Request) -> Reply:
    return page("Page not found", f"Sorry, there is nothing at {request.path} any more.")


SHELL = Reply(
    body=b"<title>App</title><body><div id=root></div><script src=/app.js></script></body>"
)


@pytest.mark.parametrize(
    ("root", "others", "link", "expected"),
    [
        (ARTICLE, GONE, MISSING, {"not_found_words", "honest"}),
        (ARTICLE, MISSING, MISSING, {"not_found_words", "sibling_same"}),
        (page("A shop", OTHER), ARTICLE, ARTICLE, {"sibling_same"}),
        (ARTICLE, page("A shop", OTHER), MISSING, {"not_found_words"}),
        (MISSING, MISSING, MISSING, {"not_found_words", "undecidable"}),
        (ARTICLE, ARTICLE, ARTICLE, {"undecidable"}),
        (SHELL, SHELL, SHELL, {"undecidable"}),
        (page("A shop", OTHER), SHELL, SHELL, {"undecidable"}),
        (page("A shop", OTHER), MISSING, ARTICLE, set()),
        (page("A shop", OTHER), Reply(status=403), ARTICLE, set()),
        (page("A shop", OTHER), Reply(status=503), MISSING, {"not_found_words"}),
        (page("A shop", OTHER), Reply(drop=True), MISSING, {"not_found_words"}),
    ],
)
def test_a_made_up_neighbour_tells_whether_a_host_means_its_answers(
    asker: Asker, root: Reply, others: Reply, link: Reply, expected: set[str]
) -> None:
    asker.web.page("site.example", "/", root)
    asker.web.page("site.example", "*", others)
    url = asker.web.page("site.example", "/texts/river", link)

    assert asker.signs(url).keys() - {"honest"} == expected - {"honest"}
    if "honest" in expected:
        assert "honest" in asker.signs(url)


@pytest.mark.parametrize(
    ("site", "sign"), [(slug, ("honest", "routing")), (same_article, ("undecidable", "routing"))]
)
def test_an_address_of_which_only_a_number_counts_is_no_catch_all(
    asker: Asker, site: Callable[[Request], Reply], sign: tuple[str, str]
) -> None:
    asker.web.page("site.example", "/", page("A shop", OTHER))
    url = asker.web.page("site.example", "*", site).replace("/", "/", 1) + "q/7/mills"

    assert sign in asker.signs(url).items()


def test_a_page_that_names_its_own_address_is_itself_wherever_it_is_shown(asker: Asker) -> None:
    canonical = '<link rel="canonical" href="/texts/river">'
    asker.web.page("site.example", "*", page("The river", PROSE, canonical))
    asker.web.page("site.example", "/", page("A shop", OTHER))

    assert asker.signs(asker.web.url("site.example", "/texts/river")) == {"honest": "routing"}


def test_a_page_that_repeats_the_address_it_does_not_have_is_the_same_page(asker: Asker) -> None:
    asker.web.page("site.example", "*", repeats)
    asker.web.page("site.example", "/", page("A shop", OTHER))

    signs = asker.signs(asker.web.url("site.example", "/texts/river"))

    assert signs.keys() == {"not_found_words", "sibling_same"}


def test_a_host_that_sends_every_address_home_says_so(asker: Asker) -> None:
    asker.web.page("site.example", "*", redirect("/"))
    asker.web.page("site.example", "/", page("A shop", OTHER))

    signs = asker.signs(asker.web.url("site.example", "/texts/the-river-rises"))

    assert signs == {"to_home": signs["to_home"], "sibling_same": "redirect"}


def test_a_host_that_sends_every_address_to_its_news_says_so(asker: Asker) -> None:
    asker.web.page("site.example", "*", redirect("/news"))
    asker.web.page("site.example", "/news", page("News", OTHER))

    assert asker.signs(asker.web.url("site.example", "/river")) == {"sibling_same": "redirect"}


def test_an_older_name_behind_a_number_is_routed_as_any_name_is(asker: Asker) -> None:
    asker.web.page("site.example", "*", slug)

    assert asker.signs(asker.web.url("site.example", "/q/7/old-mills")) == {"honest": "routing"}


@pytest.mark.parametrize(
    ("others", "expected"),
    [(redirect("/book/v1/"), {"sibling_same": "redirect"}), (GONE, {"honest": "remembered"})],
)
def test_a_link_that_is_sent_upwards_raises_a_doubt(
    asker: Asker, others: Reply, expected: dict[str, str]
) -> None:
    link = asker.web.page("site.example", "/book/v1/setup/linux", ARTICLE)
    asker.web.page("site.example", "/book/v1/", page("The book", OTHER))
    asker.web.page("site.example", "*", others)
    asker.check(link)  # this month's question is put
    asker.next_cycle()
    asker.web.page("site.example", "/book/v1/setup/linux", redirect("/book/v1/"))

    assert asker.signs(link) == expected


def test_a_script_is_asked_with_made_up_values(asker: Asker) -> None:
    asker.web.page("site.example", "*", MISSING)
    url = asker.web.url("site.example", "/show.php?id=12&lang=en")

    asker.signs(url)

    made_up = [r.path for r in asker.web.requests if "id=12" not in r.path and "id=" in r.path]
    assert made_up
    assert all(path.startswith("/show.php?id=") and "&lang=" in path for path in made_up)


def test_a_host_is_asked_once_a_month_where_nothing_raises_a_doubt(asker: Asker) -> None:
    asker.web.page("site.example", "*", GONE)
    links = [asker.web.page("site.example", f"/texts/{n}", ARTICLE) for n in range(3)]
    asked = []
    for _ in range(6):
        before = asker.web.asked("site.example")
        asker.check(*links)
        asked.append(asker.web.asked("site.example") - before - len(links))
        asker.next_cycle(7)

    assert asked == [1, 0, 0, 0, 0, 1]  # on days 0 and 35


def test_what_a_host_said_this_month_serves_its_pages_about_missing_pages(asker: Asker) -> None:
    asker.web.page("site.example", "*", GONE)
    asker.check(asker.web.page("site.example", "/texts/river", ARTICLE))
    about = asker.web.page("site.example", "/texts/words", MISSING)
    asker.next_cycle()
    before = asker.web.asked("site.example")

    assert asker.signs(about)["honest"] == "remembered"
    assert asker.web.asked("site.example") == before + 1


def test_what_a_made_up_address_showed_raises_doubts_about_pages_that_are_like_it(
    asker: Asker,
) -> None:
    teapot = page("Tea for everybody", OTHER)
    asker.web.page("site.example", "/", ARTICLE)
    asker.web.page("site.example", "*", teapot)
    first = asker.web.page("site.example", "/a/real", page("A real page", PROSE + " It is real."))
    second = asker.web.page("site.example", "/b/lost", teapot)

    assert asker.signs(first) == {}
    assert asker.signs(second) == {"sibling_same": "page"}


def test_neighbours_are_shared_by_all_links_of_a_folder(asker: Asker) -> None:
    asker.web.page("site.example", "*", MISSING)
    asker.web.page("site.example", "/", ARTICLE)
    links = [asker.web.url("site.example", f"/texts/{n}") for n in range(20)]

    results = asker.check(*links)

    assert all({"sibling_same"} <= {m.sign.value for m in r.marks} for r in results)
    assert asker.web.asked("site.example") == len(links) + 2  # a neighbour and the root


def test_an_app_in_one_page_is_not_asked_week_after_week(asker: Asker) -> None:
    asker.web.page("site.example", "*", SHELL)
    link = asker.web.url("site.example", "/texts/river")
    asked = []
    for _ in range(3):
        before = asker.web.asked("site.example")
        asker.check(link)
        asked.append(asker.web.asked("site.example") - before)
        asker.next_cycle(7)

    assert asked == [2, 1, 1]


def test_what_shows_the_same_for_everything_stays_in_doubt(asker: Asker) -> None:
    asker.web.page("site.example", "/", page("A shop", OTHER))
    asker.web.page("site.example", "*", ARTICLE)
    for _ in range(3):
        assert asker.signs(asker.web.url("site.example", "/texts/river")) == {
            "sibling_same": "page"
        }
        asker.next_cycle(7)


def test_the_root_of_a_site_has_no_neighbour(asker: Asker) -> None:
    asker.check(asker.web.page("site.example", "/", ARTICLE))

    assert asker.web.asked("site.example") == 1
    assert asker.siblings.learned == {}


def test_what_was_learned_is_handed_over(asker: Asker) -> None:
    asker.web.page("site.example", "*", GONE)
    asker.check(asker.web.page("site.example", "/texts/river", ARTICLE))

    key = f"site.example:{asker.web.port}/texts"
    expected = HostMemory(candour=Candour.HONEST, asked_at=asker.clock.utc_now())
    assert asker.siblings.learned == {key: expected}


@pytest.mark.parametrize(
    ("url", "neighbour", "further"),
    [
        ("https://a.example/b", "https://a.example/*", "https://a.example/*"),
        ("https://a.example/b/", "https://a.example/*/", "https://a.example/*"),
        ("https://a.example/b/c.html", "https://a.example/b/*.html", "https://a.example/*"),
        ("https://a.example/b/c/d", "https://a.example/b/c/*", "https://a.example/b/*"),
        ("https://a.example/b/v1.0/", "https://a.example/b/*.0/", "https://a.example/*"),
        ("https://a.example/b*/c", "https://a.example/b%2A/*", "https://a.example/*"),
        # where the query chooses the page, and where it does not
        (
            "https://a.example/b/c?id=4&k=v",
            "https://a.example/b/c?id=*&k=v",
            "https://a.example/b/*",
        ),
        ("https://a.example/?p=12", "https://a.example/?p=*", "https://a.example/*"),
        ("https://a.example/b/c?utm_source=rss", "https://a.example/b/*", "https://a.example/*"),
        ("https://a.example/b/c?ref=hn", "https://a.example/b/*", "https://a.example/*"),
    ],
)
def test_made_up_addresses_beside_a_link_and_further_off(
    url: str, neighbour: str, further: str
) -> None:
    assert _neighbour(url) == neighbour
    assert _further(url) == further


@pytest.mark.parametrize("query", ["?utm_source=rss", "?ref=hn", "?page=2", "?x=1"])
def test_a_query_that_does_not_matter_is_no_sign(asker: Asker, query: str) -> None:
    """The page is the same with any value, and the host means its answers all the same."""

    def answer(request: Request) -> Reply:
        return state["page"] if request.path.startswith("/texts/river") else GONE

    state = {"page": ARTICLE}
    asker.web.page("site.example", "*", answer)
    link = asker.web.url("site.example", f"/texts/river{query}")

    assert "sibling_same" not in asker.signs(link)
    state["page"] = page("A shop", OTHER)
    asker.next_cycle(40)
    assert "sibling_same" not in asker.signs(link)


def test_every_id_that_shows_the_front_page_is_not_a_page_of_its_own(asker: Asker) -> None:
    home = page("The river", PROSE, '<link rel="canonical" href="/">')
    asker.web.page("site.example", "*", home)

    assert asker.signs(asker.web.url("site.example", "/?p=12")).get("honest") is None


def test_one_folder_does_not_vouch_for_another(asker: Asker) -> None:
    def answer(request: Request) -> Reply:
        return GONE if request.path.startswith("/docs/") else MISSING

    asker.web.page("site.example", "*", answer)
    asker.web.page("site.example", "/", page("A shop", OTHER))
    asker.check(asker.web.page("site.example", "/docs/river", ARTICLE))

    assert "sibling_same" in asker.signs(asker.web.url("site.example", "/app/gone"))


def test_a_host_is_not_asked_for_ever_new_addresses(asker: Asker) -> None:
    asker.web.page("site.example", "*", MISSING)
    asker.web.page("site.example", "/", page("A shop", OTHER))
    links = [asker.web.url("site.example", f"/texts/{n}/gone") for n in range(30)]

    asker.check(*links)

    assert asker.web.asked("site.example") == len(links) + 5
