"""Walls against programs, logins, consent pages and parked domains; and good pages with a trace
of them.
"""

from __future__ import annotations

from linkwatch.model import Reason
from tests.difficult.servers import FAILING
from tests.difficult.sites import MISSING, PATH, Answer, Visit, good, page, prose, site, to, weekly
from tests.difficult.sites import away as away_to
from tests.fakes.web import Reply

PARKED = "suspect suspect suspect|dead suspect|dead"
CLOUDFLARE = ("Server", "cloudflare")


def _wall(status: int, title: str, text: str = "", *headers: tuple[str, str]) -> Reply:
    return page(title, text or "<p>One moment.</p>", status=status, headers=headers)


def _open(*headers: tuple[str, str], head: str = "") -> Answer:
    """A good page, with a trace of a wall."""
    return page("An article behind glass", head=head, headers=headers)


MITIGATED = _wall(403, "Just a moment...", "", CLOUDFLARE, ("cf-mitigated", "challenge"))
CAPTCHA = '<script src="https://www.google.com/recaptcha/api.js" async></script>'
ANUBIS = '<script id="anubis_challenge" type="application/json">{"rules":{}}</script>'

CHALLENGES = (
    site("cf-403", "Cloudflare's challenge", MITIGATED, "blocked", reason=Reason.CHALLENGE),
    site(
        "cf-503",
        "its older page, with 503",
        _wall(
            503,
            "Just a moment...",
            '<form id="challenge-form"><script src="/cdn-cgi/challenge-platform/h/b.js"></script>'
            '<span class="cf-browser-verification"></span></form>',
            CLOUDFLARE,
        ),
        "blocked",
        reason=Reason.CHALLENGE,
    ),
    site(
        "cf-body",
        "the challenge, told by its script alone",
        _wall(403, "Un instant…", "<script>window._cf_chl_opt={cvId:'3'}</script>", CLOUDFLARE),
        "blocked",
        reason=Reason.CHALLENGE,
    ),
    site(
        "cf-5xx",
        "Cloudflare's own word for a server that is down is no challenge",
        _wall(522, "Connection timed out", "<p>Error 522</p>", CLOUDFLARE),
        FAILING,
        reason=Reason.SERVER_ERROR,
    ),
    site(
        "anubis",
        "a challenge that says 200",
        page("Making sure you're not a bot!", ANUBIS),
        "blocked",
        reason=Reason.CHALLENGE,
    ),
    site(
        "vercel",
        "Vercel's challenge, with 429",
        _wall(429, "Vercel Security Checkpoint", "", ("x-vercel-mitigated", "challenge")),
        "blocked",
        reason=Reason.CHALLENGE,
    ),
    site(
        "aws-waf",
        "Amazon's challenge, with 202",
        _wall(202, "", "", ("x-amzn-waf-action", "challenge")),
        "blocked",
        reason=Reason.CHALLENGE,
    ),
    site(
        "datadome",
        "DataDome's wall",
        _wall(403, "shop.test", CAPTCHA, ("x-datadome", "protected"), ("x-dd-b", "1")),
        "blocked",
        reason=Reason.CHALLENGE,
    ),
    site(
        "akamai",
        "Akamai's wall",
        _wall(
            403,
            "Access Denied",
            "<p>You don't have permission to access this. Reference #18.4f6d4717</p>",
            ("Server", "AkamaiGHost"),
        ),
        "blocked",
        reason=Reason.CHALLENGE,
    ),
    site(
        "captcha-403",
        "a captcha in a refusal",
        _wall(403, "Are you human?", CAPTCHA),
        "blocked",
    ),
    site(
        "wall-that-falls",
        "a challenge for two weeks, then the page",
        weekly(MITIGATED, MITIGATED, good),
        "blocked blocked alive alive",
        reason=Reason.CHALLENGE,
    ),
    site(
        "wall-that-rises",
        "a good page, then a challenge",
        weekly(good, MITIGATED),
        "alive blocked blocked blocked",
        reason=Reason.CHALLENGE,
        changed=None,
    ),
)

NO_WALLS = (
    site("captcha-in-a-form", "a captcha beside the comments", _open(head=CAPTCHA), "alive"),
    site(
        "datadome-lets-through",
        "protected, and open to us",
        _open(("x-datadome", "protected")),
        "alive",
    ),
    site(
        "bot-cookies",
        "the cookies of four walls on a good page",
        _open(
            ("Set-Cookie", "_abck=1~2; Path=/"),
            ("Set-Cookie", "datadome=x; Path=/"),
            ("Set-Cookie", "incap_ses_1_2=y; Path=/"),
            ("Set-Cookie", "_px3=z; Path=/"),
        ),
        "alive",
    ),
    site(
        "behind-cloudflare", "served by Cloudflare, as is half the web", _open(CLOUDFLARE), "alive"
    ),
    site(
        "captcha-404",
        "a 404 whose page has a captcha is still a 404",
        _wall(404, "Not found", CAPTCHA),
        "dead",
        reason=Reason.NOT_FOUND,
    ),
    site(
        "about-walls",
        "an article that shows how a challenge is written",
        page(
            "How Anubis works",
            f"<pre>&lt;script id=&quot;anubis_challenge&quot;&gt;</pre>{prose('walls')}",
        ),
        "alive",
    ),
    site(
        "authors",
        "sent to an author's page, whose address begins like a login's",
        to("/authors/jane-doe?next=2"),
        "alive",
        others={"/authors/jane-doe": good},
    ),
    site(
        "consent.guide",
        "a site about consent",
        good,
        "alive",
        path="/articles/consent-and-cookies",
    ),
    site(
        "cookie-banner",
        "a page under a banner that asks for consent",
        page(
            "Tide tables",
            "<div id=cookie-consent>Before you continue: we value your privacy. "
            f"<button>Accept all</button></div>{prose('tables')}",
        ),
        "alive",
    ),
    site(
        "teaser",
        "two paragraphs, and then a price",
        page("The sea takes its time", f"{prose('teaser', 60)}<p>Subscribe to read on.</p>"),
        "alive",
    ),
    site(
        "just-a-moment",
        "an essay with the title of a challenge",
        page("Just a moment..."),
        "alive",
    ),
)


def _login(host: str, path: str, word: str) -> Answer:
    return lambda visit: to(visit.url(host, f"{path}?{word}=http%3A%2F%2F{visit.host}{visit.path}"))


FORM = page("Sign in", "<form method=post><input name=user><input type=password></form>")


def _bounce(visit: Visit) -> Answer:
    """A single sign-on that lets everybody in, after a walk."""
    if "session=1" in visit.request.headers.get("cookie", ""):
        return good
    return to(visit.url("passport.test", f"/sso?return={visit.path}"))


def _stamp(visit: Visit) -> Reply:
    """The passport office sends the reader back with a stamp."""
    return to(visit.url("sso-lets-in.test", "/stamped"))


LOGINS = (
    site(
        "login-google",
        "sent to Google's login",
        _login("accounts.google.com", "/v3/signin/identifier", "continue"),
        "blocked",
        others={"//accounts.google.com/v3/signin/identifier": FORM},
        reason=Reason.LOGIN,
    ),
    site(
        "login-microsoft",
        "sent to Microsoft's login",
        _login("login.microsoftonline.com", "/common/oauth2/authorize", "redirect_uri"),
        "blocked",
        others={"//login.microsoftonline.com/common/oauth2/authorize": FORM},
        reason=Reason.LOGIN,
    ),
    site(
        "login-elsewhere",
        "sent to a login at another host",
        _login("id.campus.test", "/login", "next"),
        "blocked",
        others={"//id.campus.test/login": FORM},
        reason=Reason.LOGIN,
    ),
    site(
        "login-sso",
        "a single sign-on at another host",
        _login("keys.campus.test", "/auth/sso", "return"),
        "blocked",
        others={"//keys.campus.test/auth/sso": FORM},
        reason=Reason.LOGIN,
    ),
    site(
        "login-301",
        "sent to a login for good: this is no move",
        lambda visit: to(visit.url("id.club.test", f"/signin?return={visit.path}"), 301),
        "blocked",
        others={"//id.club.test/signin": FORM},
        reason=Reason.LOGIN,
    ),
    site(
        "login-here",
        "sent to a login of the same host",
        to(f"/login?next={PATH}"),
        "blocked",
        others={"/login": FORM},
        reason=Reason.LOGIN,
    ),
    site(
        "consent",
        "sent to a page that asks for consent",
        _login("consent.daily.test", "/m", "continue"),
        "blocked",
        others={"//consent.daily.test/m": page("Before you continue", "<button>OK</button>")},
    ),
    site(
        "login-itself",
        "the note names a login page",
        FORM,
        "alive",
        path="/login",
    ),
    site(
        "login-article",
        "an article about signing in",
        page("Designing a login: sign in, sign up, forget"),
        "alive",
        path="/articles/login-and-sso",
    ),
    site(
        "sso-lets-in",
        "a single sign-on that everybody passes",
        _bounce,
        "alive",
        others={
            "/stamped": to(PATH, 302, ("Set-Cookie", "session=1; Path=/")),
            "//passport.test/sso": _stamp,
        },
    ),
)

LANDER = '<script>window.park = "eyJ1dWlkIjoi"</script><script src="/bAbCdEf.js"></script>'
FOR_SALE = "<p>This domain is for sale. Make an offer!</p>"
FOR_RENT = page("parked.test is for sale", FOR_SALE + LANDER)


def _to_lander(visit: Visit) -> Reply:
    return page("", "", head='<script>window.onload=function(){location.href="/lander"}</script>')


PARKING = (
    site(
        "parked",
        "for sale, and the machinery of a parked page; the same for every address",
        FOR_RENT,
        PARKED,
        others={"*": FOR_RENT, "/": FOR_RENT},
        reason=Reason.PARKED,
    ),
    site(
        "parked-at-a-dealer",
        "sent to a company that sells domains",
        away_to("www.hugedomains.com", "/domain_profile.cfm?d=tides"),
        PARKED,
        others={
            "*": away_to("www.hugedomains.com", "/domain_profile.cfm?d=tides"),
            "//www.hugedomains.com/*": page("tides.test is for sale | HugeDomains", FOR_SALE),
        },
        reason=Reason.PARKED,
    ),
    site(
        "parked-lander",
        "a script that goes to /lander, for every address",
        _to_lander,
        "alive|suspect alive|suspect alive|suspect|dead alive|suspect|dead",
        others={"*": _to_lander},
    ),
    site(
        "parked-later",
        "a good page, and then the domain was sold",
        weekly(good, good, FOR_RENT),
        "alive alive suspect suspect",
        others={"*": weekly(MISSING, MISSING, FOR_RENT), "/": weekly(good, good, FOR_RENT)},
        reason=Reason.PARKED,
        changed=None,
    ),
    site(
        "sale-in-the-title",
        "a title alone says that the domain is for sale",
        page("tidal.test is for sale"),
        "alive|suspect",
    ),
    site(
        "boats",
        "boats for sale",
        page("Boats for sale in Harbour Bay", "<p>This boat is for sale. Make an offer.</p>" * 9),
        "alive",
    ),
    site(
        "boats-later",
        "a history that became a shop for boats: another page, and a living one",
        weekly(page("A history of harbours"), page("Boats for sale at low prices")),
        "alive",
        changed=None,
    ),
    site(
        "domain-trade",
        "an article about the trade in domains",
        page("Why this domain is for sale: an essay on parked domains"),
        "alive|suspect",
    ),
)

SITES = (*CHALLENGES, *NO_WALLS, *LOGINS, *PARKING)
