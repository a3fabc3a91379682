"""Redirects: living ones, moved ones, endless ones, and those that lead nowhere."""

from __future__ import annotations

from linkwatch.model import Reason
from tests.difficult.servers import FAILING
from tests.difficult.sites import (
    MISSING,
    PATH,
    Answer,
    Visit,
    asked,
    away,
    good,
    page,
    site,
    to,
    weekly,
)
from tests.fakes.web import Reply

NEW = "/articles/2019/ebb-and-flow"


def _chain(length: int) -> dict[str, Answer]:
    """Pages /hop/1 … that end at a living one after so many redirects from PATH."""
    hops: dict[str, Answer] = {f"/hop/{n}": to(f"/hop/{n + 1}") for n in range(1, length)}
    return hops | {f"/hop/{length}": good}


def _with_cookie(visit: Visit) -> Answer:
    """A page for those who bring the cookie; the others get it, and are sent here again."""
    if "tides=1" in visit.request.headers.get("cookie", ""):
        return good
    return to(visit.path, 302, ("Set-Cookie", "tides=1; Path=/"))


def _through_the_gate(visit: Visit) -> Answer:
    """As above, but the way leads over another host."""
    if "gate=open" in visit.request.headers.get("cookie", ""):
        return good
    cookie = ("Set-Cookie", "gate=open; Path=/")
    return to(visit.url("gate.test", "/?back=1"), 302, cookie)


def _never_enough(visit: Visit) -> Answer:
    """Counts in a cookie, and is never content."""
    _, _, count = visit.request.headers.get("cookie", "").partition("n=")
    return to(visit.path, 302, ("Set-Cookie", f"n={int(count or 0) + 1}; Path=/"))


def _protocol_relative(visit: Visit) -> Reply:
    return to(visit.url(visit.host, NEW).removeprefix("http:"))


def _backslashes(visit: Visit) -> Reply:
    return to(visit.url(visit.host, NEW).replace("/", "\\"))


def _upper_case(visit: Visit) -> Reply:
    return to(visit.url(visit.host.upper(), NEW).replace("http", "HTTP"))


MOVED = (
    site("moved-301", "301 to a living page", to(NEW, 301), "moved", others={NEW: good}),
    site("moved-308", "308 to a living page", to(NEW, 308), "moved", others={NEW: good}),
    site(
        "moved-twice",
        "301 and then 308",
        to("/articles/old", 301),
        "moved",
        others={"/articles/old": to(NEW, 308), NEW: good},
    ),
    site(
        "moved-301-away",
        "301 to another host",
        away("new-shore.test", PATH, 301),
        "moved",
        others={f"//new-shore.test{PATH}": good},
    ),
    site(
        "moved-to-https",
        "301 from http to https",
        away("moved-to-https.test", NEW, 301, "https"),
        "moved",
        others={NEW: good},
    ),
    site("found-302", "302 to a living page", to(NEW), "alive", others={NEW: good}),
    site("found-303", "303 to a living page", to(NEW, 303), "alive", others={NEW: good}),
    site("found-307", "307 to a living page", to(NEW, 307), "alive", others={NEW: good}),
    site(
        "moved-in-part",
        "301, and then 302",
        to("/articles/old", 301),
        "alive",
        others={"/articles/old": to(NEW), NEW: good},
    ),
    site(
        "trailing-slash",
        "302 to the same with a slash",
        to(f"{PATH}/"),
        "alive",
        others={f"{PATH}/": good},
    ),
    site(
        "trailing-slash-301",
        "301 to the same with a slash",
        to(f"{PATH}/", 301),
        "moved",
        others={f"{PATH}/": good},
    ),
    site(
        "locale-root",
        "the front page sends everybody to their language",
        to("/en/"),
        "alive",
        path="/",
        others={"/en/": good},
    ),
    site(
        "locale-deep",
        "a deep page, too",
        to(f"/en{PATH}"),
        "alive",
        others={f"/en{PATH}": good, "/en/": good},
    ),
    site(
        "index-page",
        "/index.html is the front page, for good",
        to("/", 301),
        "moved",
        path="/index.html",
        others={"/": good},
    ),
    site(
        "index-302",
        "/index.php is the front page",
        to("/"),
        "alive",
        path="/index.php",
        others={"/": good},
    ),
    site(
        "tracked-root",
        "a front page that sheds its tracking parameters",
        to("/"),
        "alive",
        path="/?utm_source=notes",
        others={"/": good},
    ),
    site(
        "www-root",
        "one front page that moved to another host",
        away("bare-root.test", status=301),
        "moved",
        path="/",
        others={"//bare-root.test/": good},
    ),
    site(
        "own-home",
        "a project's page that became a site of its own",
        away("tidewatch.test", status=301),
        "moved",
        path="/projects/tidewatch",
        others={"//tidewatch.test/": good},
    ),
    site(
        "hash-route",
        "a page that became a route of an app, behind the front page's hash",
        to(f"/#{PATH}"),
        "alive",
        others={"/": good},
    ),
    site(
        "latest-docs",
        "a manual that sends readers to its latest version",
        to("/docs/en/stable/"),
        "alive",
        path="/docs/",
        others={"/docs/en/stable/": good, "/": to("/docs/en/stable/")},
    ),
    site(
        "random-page",
        "another page each week, which is what the address is for",
        lambda visit: to(f"/wiki/{visit.week}"),
        "alive",
        path="/wiki/random",
        others={f"/wiki/{n}": good for n in range(1, 5)},
        changed=None,
    ),
    site(
        "moved-later",
        "a page that moves in the third week",
        weekly(good, good, to(NEW, 301)),
        "alive alive moved moved",
        others={NEW: good},
        changed=None,
    ),
    site(
        "meta-refresh",
        "a page that sends readers on by itself",
        page("We have moved", head=f'<meta http-equiv="refresh" content="0; url={NEW}">'),
        "alive|moved",
        others={NEW: good},
    ),
    site(
        "merged",
        "two old pages that became one, for good",
        to(NEW, 301),
        {PATH: "moved", "/articles/2018/waves": "moved"},
        others={"/articles/2018/waves": to(NEW, 301), NEW: good},
    ),
)

ODD_LOCATIONS = (
    site(
        "relative",
        "a Location relative to the page",
        to("ebb-and-flow"),
        "alive",
        others={NEW: good},
    ),
    site("dots", "with dots", to("../2019/./ebb-and-flow"), "alive", others={NEW: good}),
    site(
        "query-only", "nothing but a query", to("?page=1"), "alive", others={f"{PATH}?page=1": good}
    ),
    site("protocol-relative", "without a scheme", _protocol_relative, "alive", others={NEW: good}),
    site("unicode-location", "raw UTF-8", to("/caf\u00e9"), "alive", others={"/caf%C3%A9": good}),
    site(
        "latin-location",
        "raw Latin-1, which is not UTF-8",
        to("/caf\udce9"),
        "alive",
        others={"/caf%E9": good},
    ),
    site("blanks", "with spaces inside and around", to(" /a b "), "alive", others={"/a%20b": good}),
    site("backslashes", "with backslashes for slashes", _backslashes, "alive", others={NEW: good}),
    site("upper-case", "scheme and host in capitals", _upper_case, "alive", others={NEW: good}),
    site("fragment", "with a fragment", to(f"{NEW}#top"), "alive", others={NEW: good}),
    site(
        "empty-fragment",
        "to itself with a fragment, for ever",
        to(f"{PATH}#top"),
        FAILING,
        reason=Reason.REDIRECT_LOOP,
    ),
)

COOKIES = (
    site("sets-cookie", "sets a cookie and redirects to itself", _with_cookie, "alive"),
    site(
        "cookie-across",
        "a cookie of the first host, after a walk over another",
        _through_the_gate,
        "alive",
        others={"//gate.test/*": away("cookie-across.test", PATH)},
    ),
    site(
        "sets-cookie-301",
        "the same with 301: the page is where it was",
        lambda visit: (
            good
            if "seen" in visit.request.headers.get("cookie", "")
            else to(visit.path, 301, ("Set-Cookie", "seen=1; Path=/"))
        ),
        "alive",
    ),
)

ENDLESS = (
    site("ten-hops", "ten redirects", to("/hop/1"), "alive", others=_chain(10)),
    site(
        "eleven-hops",
        "eleven redirects",
        to("/hop/1"),
        FAILING,
        others=_chain(11),
        reason=Reason.REDIRECT_LOOP,
    ),
    site(
        "loop",
        "two pages that point at each other",
        to("/b"),
        FAILING,
        others={"/b": to(PATH)},
        reason=Reason.REDIRECT_LOOP,
    ),
    site("loop-of-one", "redirects to itself", to(PATH), FAILING, reason=Reason.REDIRECT_LOOP),
    site(
        "loop-of-cookies",
        "a new cookie at each turn",
        _never_enough,
        FAILING,
        reason=Reason.REDIRECT_LOOP,
    ),
    site(
        "loop-once",
        "a loop in the second week only",
        weekly(good, to(PATH), good),
        "alive suspect alive alive",
        reason=Reason.REDIRECT_LOOP,
    ),
)

NOWHERE = (
    *(
        site(
            f"nowhere-{n}",
            f"{n} without a Location",
            Reply(status=n, body=b""),
            FAILING,
            reason=Reason.BAD_REDIRECT,
        )
        for n in (300, 302, 304)
    ),
    site(
        "to-mail",
        "to a mail address",
        to("mailto:tides@example.org"),
        FAILING,
        reason=Reason.BAD_REDIRECT,
    ),
    site(
        "to-script", "to a script", to("javascript:alert(1)"), FAILING, reason=Reason.BAD_REDIRECT
    ),
    site(
        "to-404",
        "301 to a page that is not there",
        to(NEW, 301),
        "dead",
        others={NEW: MISSING},
        reason=Reason.NOT_FOUND,
    ),
    site(
        "to-403",
        "302 to a page for others",
        to(NEW),
        "blocked",
        others={NEW: page("Staff only", status=403)},
        reason=Reason.FORBIDDEN,
    ),
    site(
        "to-503",
        "302 to a page that fails",
        to(NEW),
        FAILING,
        others={NEW: page("Sorry", status=503)},
        reason=Reason.SERVER_ERROR,
    ),
    site(
        "to-no-name",
        "302 to a name that does not exist",
        away("no-such-shore.invalid"),
        "dead",
        reason=Reason.DNS,
    ),
    site(
        "to-reset-once",
        "the second host drops the first connection",
        away("shaky-shore.test", PATH),
        "alive",
        others={f"//shaky-shore.test{PATH}": asked(Reply(reset=True), good)},
    ),
)

SITES = (*MOVED, *ODD_LOCATIONS, *COOKIES, *ENDLESS, *NOWHERE)
