"""Pages that lie, and pages that only look as if they did."""

from __future__ import annotations

import zlib

from linkwatch.model import Reason
from tests.difficult.sites import (
    MISSING,
    Answer,
    Visit,
    good,
    page,
    prose,
    settle,
    site,
    to,
    weekly,
)
from tests.fakes.web import NEVER, Reply

TWO_SIGNS = "suspect suspect suspect|dead suspect|dead"
ONE_SIGN = "alive|suspect"  # by its own it makes no link dead
ID = "/questions/4711"

SHELL = page(
    "Tideboard",
    '<div id="root"></div><noscript>You need to enable JavaScript to run this app.</noscript>'
    '<script src="/static/main.4711.js"></script>',
)


def _lost(title: str, text: str, status: int = 200) -> Reply:
    """What a host shows for whatever it does not have."""
    return page(title, f"<p>{text}</p>{prose('navigation', 30)}", status=status)


def _repeats(visit: Visit) -> Reply:
    """A not-found page that quotes the address and its words."""
    words = visit.path.strip("/").replace("/", " ").replace("-", " ")
    return page(
        "Page not found",
        f"<p>Sorry, {visit.path} could not be found on {visit.host}. You may search for "
        f"<a href='/search?q={words}'>{words}</a>.</p>{prose('navigation', 40)}",
    )


def _numbered(visit: Visit) -> Reply:
    """The same, with a number of the request."""
    return _lost(
        "Page not found", f"Your request id is {zlib.crc32(f'{visit.path}{visit.nth}'.encode())}."
    )


_LANGUAGES = (
    ("german", "Seite nicht gefunden", "Die angeforderte Seite existiert nicht."),
    ("french", "Page introuvable", "La page que vous cherchez n'existe pas."),
    ("spanish", "Página no encontrada", "La página que busca no existe."),
    ("polish", "Nie znaleziono strony", "Strona, której szukasz, nie istnieje."),
    ("japanese", "ページが見つかりません", "お探しのページは存在しません。"),
)


SOFT_404 = (
    site(
        "soft-404",
        "200 and the same not-found page for every address but the front page",
        (lost := _lost("Page not found", "There is nothing at this address.")),
        TWO_SIGNS,
        others={"*": lost, "/": good},
        reason=Reason.SOFT_404,
    ),
    site(
        "soft-404-repeats",
        "the not-found page repeats the address that was asked",
        _repeats,
        TWO_SIGNS,
        others={"*": _repeats, "/": good},
        reason=Reason.SOFT_404,
    ),
    site(
        "soft-404-numbers",
        "the not-found page has a number of its own each time",
        _numbered,
        TWO_SIGNS,
        others={"*": _numbered, "/": good},
        reason=Reason.SOFT_404,
    ),
    *(
        site(
            f"soft-404-{name}",
            "a not-found page in another language",
            (foreign := _lost(title, text)),
            TWO_SIGNS,
            others={"*": foreign, "/": good},
            reason=Reason.SOFT_404,
        )
        for name, title, text in _LANGUAGES
    ),
    site(
        "soft-404-by-path",
        "what is missing is sent to /404.html, which answers 200",
        to("/errors/404.html"),
        TWO_SIGNS,
        others={"*": to("/errors/404.html"), "/errors/404.html": lost, "/": good},
        reason=Reason.SOFT_404,
    ),
    site(
        "soft-404-later",
        "an article that was there for two weeks, then the not-found page for everything",
        weekly(good, good, lost),
        "alive alive suspect suspect",
        others={"*": lost, "/": good},
        reason=Reason.SOFT_404,
        changed=None,
    ),
    site(
        "soft-404-for-a-week",
        "a bad deployment: the not-found page in the second week only",
        weekly(good, lost, good),
        "alive suspect alive alive",
        others={"*": lost, "/": good},
        reason=Reason.SOFT_404,
        changed=None,
    ),
    site(
        "honest-404",
        "missing pages are sent on to a page that answers 404",
        to("/errors/404.html"),
        "dead",
        others={"*": to("/errors/404.html"), "/errors/404.html": MISSING},
        reason=Reason.NOT_FOUND,
    ),
)

LOOK_LIKE_SOFT_404 = (
    site(
        "about-404",
        "an article about 404s, on a host that says 404 where it means it",
        page("404 Not Found: a short history of an error page"),
        "alive",
    ),
    site(
        "about-404-german",
        "another one",
        page("Seite nicht gefunden: wie ein Fehler berühmt wurde"),
        "alive",
    ),
    site(
        "says-missing",
        "a text in which much is not found, under a harmless title",
        page("Lost ships", "<p>The page was not found. The wreck was not found.</p>" * 20),
        "alive",
    ),
    site(
        "app",
        "an app in one page: the same shell for every address, the front page too",
        SHELL,
        "alive",
        others={"*": SHELL, "/": SHELL},
    ),
    site(
        "app-under-a-front-page",
        "the shell for every address but the front page, which is a page of its own",
        SHELL,
        "alive",
        path="/board/2019/tides",
        others={"*": SHELL, "/": good},
    ),
    site(
        "app-by-hash",
        "an app's front page under a hash route",
        SHELL,
        {"/": "alive"},
        path="/",
        others={"*": SHELL},
    ),
    site(
        "catch-all",
        "a host with an answer for everything, whose real pages are others",
        good,
        "alive",
        others={"*": _lost("Nothing here yet", "Write the first note about this."), "/": good},
    ),
    site(
        "catch-all-404-title",
        "the same, and the page is about errors",
        page("How to fix: nginx says 404 Not Found"),
        ONE_SIGN,
        others={"*": _lost("Nothing here yet", "Write the first note about this."), "/": good},
    ),
    site(
        "one-page-host",
        "a host that shows one page for everything, and the note names the front page",
        good,
        {"/": "alive"},
        path="/",
        others={"*": lambda visit: settle(to("/"), visit)},
    ),
    site(
        "id-redirects",
        "the number counts: any slug is sent to the right one; the title speaks of an error",
        page("bash: command not found after an update"),
        "alive",
        path=f"{ID}/command-not-found",
        others={"*": to(f"{ID}/command-not-found", 301)},
    ),
    site(
        "id-old-slug",
        "the same, and the note has an older slug",
        to(f"{ID}/new-slug", 301),
        "moved",
        path=f"{ID}/old-slug",
        others={"*": to(f"{ID}/new-slug", 301), f"{ID}/new-slug": good},
    ),
    site(
        "id-shows",
        "the number counts: any slug shows the page",
        (by_number := page("Tide table 4711", head=f'<link rel="canonical" href="{ID}/tides">')),
        "alive",
        path=f"{ID}/tides",
        others={"*": by_number, "/": good},
    ),
    site(
        "album",
        "a title that is a name",
        page("Not Found (album) - Encyclopedia of Songs"),
        "alive",
    ),
    site(
        "walled-siblings",
        "a title that speaks of an error, on a host that refuses addresses made up at random",
        page("Page not found"),
        ONE_SIGN,
        others={"*": page("Forbidden", status=403)},
    ),
    site(
        "silent-siblings",
        "the same, on a host that leaves them without an answer",
        page("Page not found"),
        ONE_SIGN,
        others={"*": NEVER},
        silent=True,
    ),
    site(
        "busy-siblings",
        "the same, on a host that has no time for them",
        page("Page not found"),
        ONE_SIGN,
        others={"*": page("Too many requests", status=429)},
    ),
    site(
        "failing-siblings",
        "the same, on a host that breaks over them",
        page("Page not found"),
        ONE_SIGN,
        others={"*": page("Oops", status=500)},
    ),
    site(
        "blank-everywhere",
        "a host that answers everything with nothing",
        Reply(body=b""),
        ONE_SIGN,
        others={"*": Reply(body=b"")},
    ),
    site(
        "id-shows-plain",
        "any slug shows the page, which does not say so; other numbers answer 404",
        (any_slug := page("Tide table 4712")),
        "alive",
        path=f"{ID}/tides",
        others={"*": lambda visit: any_slug if visit.path.startswith(ID) else MISSING},
    ),
    site(
        "catch-all-search",
        "addresses that do not exist lead to a search",
        good,
        "alive",
        others={"*": to("/search?q=tides"), "/search": _lost("Search", "No results."), "/": good},
    ),
    site(
        "street-number",
        "a number that is no status",
        page("404 Harbour Street, a house and its people"),
        "alive",
    ),
    site(
        "shrunk",
        "an article of which one sentence is left, on a host that says 404 where it means it",
        weekly(page("Notes on ebb", prose("ebb", 400)), page("Notes on ebb", "<p>To be revised.")),
        "alive",
        changed=None,
    ),
    site(
        "wiki-stub",
        "a wiki whose missing pages answer 404",
        page("Error (disambiguation)", "<p>Error may refer to: page not found, mistake.</p>"),
        "alive",
    ),
)

HOME = (
    site(
        "all-to-home",
        "every address but the front page is sent there",
        to("/"),
        TWO_SIGNS,
        others={"*": to("/"), "/": good},
        reason=Reason.HOME_REDIRECT,
    ),
    site(
        "all-to-home-301",
        "the same, for good: this is no move",
        to("/", 301),
        TWO_SIGNS,
        others={"*": to("/", 301), "/": good},
        reason=Reason.HOME_REDIRECT,
    ),
    site(
        "one-to-home",
        "one article is sent to the front page, by a host that says 404 of others",
        to("/"),
        ONE_SIGN,
        others={"/": good},
        reason=Reason.HOME_REDIRECT,
    ),
    site(
        "new-owner",
        "every address is sent to another company's front page",
        lambda visit: to(visit.url("harbour-holding.test"), 301),
        TWO_SIGNS,
        others={
            "*": lambda visit: to(visit.url("harbour-holding.test"), 301),
            "//harbour-holding.test/": good,
        },
        reason=Reason.HOME_REDIRECT,
    ),
    site(
        "section-root",
        "an old handbook's pages are all sent to its first page",
        to("/handbook/"),
        TWO_SIGNS,
        path="/handbook/v1/setup/linux",
        others={"*": to("/handbook/"), "/handbook/": good, "/": good},
    ),
    site(
        "farewell",
        "three old articles that end at one and the same page",
        to("/farewell"),
        {"/2017/high-water": TWO_SIGNS, "/2018/low-water": TWO_SIGNS, "/2019/neap": TWO_SIGNS},
        path="/2017/high-water",
        others={
            "/2018/low-water": to("/farewell"),
            "/2019/neap": to("/farewell"),
            "*": to("/farewell"),
            "/farewell": page("Thank you for twelve years"),
            "/": good,
        },
    ),
    site(
        "home-in-the-end",
        "an article that is sent to the front page from the third week on",
        weekly(good, good, to("/")),
        "alive alive suspect suspect",
        others={"*": to("/"), "/": good},
        reason=Reason.HOME_REDIRECT,
        changed=None,
    ),
    site(
        "short-link",
        "a short address that has always led to a front page of another host",
        lambda visit: to(visit.url("harbour.test")),
        ONE_SIGN,
        path="/x7Gq",
        others={"//harbour.test/": good},
    ),
)

TRICKS = (
    '](javascript:alert(1)) <script>alert("x")</script> [[Note]] #tag ![pic](http://evil.test/a)',
    (
        "{{7*7}} <% include %> `code` | table | %%hidden%% <!--comment--> <img onerror=boom()> "
        "\x1b[31mred\x07 \u202etxt.exe"
    ),
)


def _tricky(number: int) -> Answer:
    return page(TRICKS[number], prose(f"tricks {number}"))


DRIFT = (
    site("injects", "a title full of tricks", _tricky(0), "alive"),
    site(
        "injects-anew",
        "another page with other tricks from the third week on: both titles are reported",
        weekly(_tricky(0), _tricky(0), _tricky(1)),
        "alive",
        changed=True,
    ),
    site(
        "replaced",
        "a page that became another page: changed, not dead",
        weekly(page("A history of tides"), page("A history of tides"), page("Cheap flights")),
        "alive",
        changed=True,
    ),
    site(
        "edited",
        "a page that grew by a paragraph",
        weekly(
            page("Notes on tides", prose("notes", 300)),
            page("Notes on tides", prose("notes", 300) + "<p>And one line more, of late.</p>"),
        ),
        "alive",
    ),
    site(
        "ticking",
        "a page with a clock and a counter, which are new each time",
        lambda visit: page(
            "Weather station",
            f"<p>It is {visit.now:%c}. Visitor {visit.week * 7919}.</p>{prose('weather', 200)}",
        ),
        "alive",
    ),
    site(
        "redesigned",
        "other markup around the same text",
        weekly(
            page("An old essay", prose("essay", 200)),
            page(
                "An old essay",
                f"<main class=new><div>{prose('essay', 200)}</div></main>",
                head="<style>p{color:red}</style><script>let a=1</script>",
            ),
        ),
        "alive",
    ),
    site(
        "short-page",
        "a page of a few words, another few each week",
        lambda visit: page("Now playing", f"<p>Track {visit.week}</p>"),
        "alive",
    ),
)

SITES = (*SOFT_404, *LOOK_LIKE_SOFT_404, *HOME, *DRIFT)
