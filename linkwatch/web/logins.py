"""A login, or a page that asks for consent, in the page's place.

Told by where readers are sent, never by the page's words: nearly every page has a login to offer.
A link to a login is well served with one. A page for readers of the wrong region stands for a
page just as one that asks for consent.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from linkwatch.model import Mark, Sign
from linkwatch.web.places import Place, place_of, under
from linkwatch.web.seen import Seen

_LOGIN_HOST_LIST = (
    "accounts.google.com login.microsoftonline.com login.microsoft.com login.live.com "
    "login.windows.net login.yahoo.com appleid.apple.com idmsa.apple.com id.atlassian.com "
    "auth0.com okta.com oktapreview.com onelogin.com b2clogin.com ciamlogin.com amazoncognito.com "
    "signin.aws.amazon.com signin.ebay.com auth.openai.com id.heroku.com passport.yandex.ru "
    "passport.yandex.com passport.baidu.com passport.weibo.com login.taobao.com duosecurity.com "
    "cloudflareaccess.com openathens.net login.openathens.net shibboleth.net"
)
_LOGIN_HOSTS = frozenset(_LOGIN_HOST_LIST.split())
_LOGIN_LABEL = re.compile(
    r"(?:log-?in|log-?on|sign-?in|auth|sso|idp|accounts?|passport|cas|shibboleth|saml|adfs|sts|"
    r"identity|secure-?login|my-?login)\d*"
)
_LOGIN_SEGMENT = re.compile(
    r"(?:(?:wp|user|users|member|members|customer|account|web|my|do)?[-_]?"
    r"(?:log[-_]?[io]n|sign[-_]?in)(?:[-_]?(?:page|form|required|user))?|servicelogin\w*|"
    r"sign_?on|anmelden|anmeldung|einloggen|connexion|se-connecter|identification|accedi|accesso|"
    r"iniciar-?sesion|entrar|inloggen|aanmelden|logga-?in|zaloguj|logowanie|prihlaseni|vhod)"
    r"(?:\.\w{2,5})?",
    re.IGNORECASE,
)
_AUTH_SEGMENT = re.compile(  # these are also chapters of manuals
    r"(?:auth|authorize|authenticate|authentication|sso|oauth2?|saml2?|cas|openid(?:-connect)?|idp|"
    r"session|sessions|account|accounts|wall|paywall|register|subscribe)(?:\.\w{2,5})?",
    re.IGNORECASE,
)
_MANUAL = re.compile(
    r"docs?|documentation|blog|wiki|help|support|guides?|manual|reference|tutorials?|kb|learn|news|"
    r"articles?|posts?|questions|faq",
    re.IGNORECASE,
)
_RETURN = re.compile(
    r"next\w*|return\w*|continue\w*|redirect\w*|redir|goto|dest\w*|target\w*|service|back\w*|"
    r"callback\w*|came_?from|relaystate|samlrequest|\.?done|original\w*|"
    r"client_id|ru|rurl|forward\w*|after\w*|success\w*",
    re.IGNORECASE,
)
_MAYBE_RETURN = re.compile(r"from|referr?er|ref|r|u", re.IGNORECASE)  # or where a reader came from
_CONSENT_SEGMENT = re.compile(
    r"(?:cookie|gdpr|privacy|collect)?[-_]?consent(?:[-_]?\w+)?|cookie-?wall|privacy-?(?:wall|gate)|"
    r"age-?(?:gate|check|verification)|agecheck|cookie_?usage|gdpr",
    re.IGNORECASE,
)
_REGION_SEGMENT = re.compile(  # what readers of some regions are shown instead
    r"(?:gdpr(?:[-_]?(?:notice|block(?:ed)?|error|page|message|unavailable|eu))?|"
    r"eu[-_]?(?:visitors?|readers?|users?|notice|block(?:ed)?|unavailable|gdpr)|"
    r"geo[-_]?(?:block(?:ed|ing)?|restrict(?:ed|ion)|unavailable)|"
    r"(?:region|country)[-_]?(?:block(?:ed)?|restrict(?:ed|ion)|unavailable|not[-_]?supported)|"
    r"(?:(?:content|site|page|service|article)[-_])?(?:un|not[-_]?)available[-_](?:in|for)[-_]"
    r"(?:(?:your|this)[-_])?(?:region|country|area|location|eu|europe|eea))(?:\.\w{2,5})?",
    re.IGNORECASE,
)
_SPEAKS_OF_REGION = re.compile(r"gdpr|privacy|geo-?block|available", re.IGNORECASE)
_CONSENT_LABEL = re.compile(r"consent\d*|guce|cmp|myprivacy|privacygate|cookies?")


def logins(seen: Seen) -> tuple[Mark, ...]:
    """The marks of a login or a consent page."""
    if not seen.good:
        return ()
    marks: dict[Mark, None] = {}
    asked = seen.asked
    for end, how in seen.ends:
        by = _login(asked, end)
        if by is not None:
            marks[Mark(Sign.LOGIN, "refresh" if how == "refresh" else by)] = None
        by = _consent(asked, end)
        if by is not None:
            marks[Mark(Sign.CONSENT, "refresh" if how == "refresh" else by)] = None
    if _instagram(seen):
        marks[Mark(Sign.LOGIN, "title")] = None
    return tuple(marks)


def _login(asked: Place, end: Place) -> str | None:
    if _is_login(asked):
        return None
    elsewhere = end.site != asked.site
    if elsewhere and _login_host(end):
        return "host"
    if any(_MANUAL.fullmatch(segment) for segment in end.segments):
        return None
    named = any(_LOGIN_SEGMENT.fullmatch(segment) for segment in end.segments[-3:])
    if (named and _may_return(end)) or (
        _returns(end) and any(map(_AUTH_SEGMENT.fullmatch, end.segments))
    ):
        return "redirect" if elsewhere else "path"
    if named and (asked.is_deep or asked.query) and end.segments != asked.segments:
        return "path"
    return None


def _returns(end: Place) -> bool:
    """Whether it knows where to send its readers back to."""
    return any(
        _RETURN.fullmatch(name)
        or (
            _MAYBE_RETURN.fullmatch(name)
            and unquote(value).lower().startswith(("http://", "https://", "/"))
        )
        for name, value in end.query
    )


def _may_return(end: Place) -> bool:
    return any(_RETURN.fullmatch(name) or _MAYBE_RETURN.fullmatch(name) for name, _ in end.query)


def _is_login(place: Place) -> bool:
    return _login_host(place) or any(map(_LOGIN_SEGMENT.fullmatch, place.segments))


def _login_host(place: Place) -> bool:
    first, _, rest = place.host.partition(".")
    return under(place.host, _LOGIN_HOSTS) is not None or (
        "." in rest and _LOGIN_LABEL.fullmatch(first) is not None
    )


def _consent(asked: Place, end: Place) -> str | None:
    if _is_consent(asked):
        return None
    if end.site != asked.site and _consent_host(end):
        return "host"
    if (_consent_path(end) and _may_return(end)) or _for_a_region(asked, end):
        return "path"
    return None


def _is_consent(place: Place) -> bool:
    return _consent_host(place) or _consent_path(place)


def _consent_host(place: Place) -> bool:
    first, _, rest = place.host.partition(".")
    return "." in rest and _CONSENT_LABEL.fullmatch(first) is not None


def _consent_path(place: Place) -> bool:
    return any(map(_CONSENT_SEGMENT.fullmatch, place.segments))


def _for_a_region(asked: Place, end: Place) -> bool:
    """Whether a document's readers were sent to what is shown in some regions, for good."""
    return (
        asked.is_deep
        and not any(map(_SPEAKS_OF_REGION.search, asked.segments))
        and any(map(_REGION_SEGMENT.fullmatch, end.segments))
        and not any(map(_REGION_SEGMENT.fullmatch, asked.segments))
        and not any(map(_MANUAL.fullmatch, end.segments))
    )


def _instagram(seen: Seen) -> bool:
    """It shows its login without a redirect, under the same address."""
    return (
        bool(seen.asked.segments)
        and place_of(seen.final_url).site == "instagram.com"
        and not _is_login(seen.asked)
        and re.match(r"log\s?in\b", seen.title, re.IGNORECASE) is not None
    )
