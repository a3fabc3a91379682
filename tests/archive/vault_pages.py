"""The pages that captures of the vault show: good ones, and what stands in a good one's place."""

from __future__ import annotations

from enum import StrEnum

from tests.difficult.sites import prose


class Shows(StrEnum):
    """What a reader of a page sees, whatever its status."""

    GOOD = "good"
    MISSING = "missing"  # a soft 404: it says that there is nothing
    PARKED = "parked"
    LOGIN = "login"
    CHALLENGE = "challenge"
    HOME = "home"  # the site's front page, and something else was asked for
    NOTHING = "nothing"  # no page: an error's status, or a redirect


def html(title: str, text: str, head: str = "") -> bytes:
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
        f"<body><h1>{title}</h1>{text}</body></html>"
    ).encode()


def good(number: int) -> bytes:
    """An article; one in four has something in it that a hasty eye takes for a sign."""
    captcha = '<script src="https://www.google.com/recaptcha/api.js" async></script>'
    tempting = {
        1: html(f"How walls work, part {number}", prose(f"wall {number}"), captcha),
        5: html(f"The page that was not there {number}", prose(f"lost {number}", 300)),
        9: html(
            f"Who buys names {number}",
            "<p>Such a page says: this name is yours.</p>" + prose(f"names {number}", 400),
        ),
        13: html(f"Sign in, sign out: a history {number}", prose(f"sign {number}", 300)),
    }
    return tempting.get(number % 16) or html(f"Notebook {number}", prose(f"notebook {number}"))


def home(number: int) -> bytes:
    return html(f"Welcome to our new site {number}", prose(f"home {number}", 80))


# Of each language a page whose title says it, and one whose heading does.
_MISSING = {
    "en": ("Page not found", "Sorry, the page you requested could not be found."),
    "de": ("Seite nicht gefunden", "Die angeforderte Seite wurde nicht gefunden."),
    "fr": ("Page introuvable", "La page que vous recherchez n'existe plus."),
    "es": ("Página no encontrada", "La página que busca no existe."),
    "it": ("Pagina non trovata", "La pagina richiesta non esiste."),
    "nl": ("Pagina niet gevonden", "De pagina die u zoekt bestaat niet."),
    "pl": ("Nie znaleziono strony", "Szukana strona nie została znaleziona."),
}
LANGUAGES = tuple(_MISSING)


def missing(language: str, number: int, *, heading_only: bool = False) -> bytes:
    words, sentence = _MISSING[language]
    if heading_only:
        return (
            f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
            f"<title>Tide Times</title></head><body><h1>{words}</h1><p>{sentence}</p>"
            f"<p>{number}</p></body></html>"
        ).encode()
    return html(f"{words} | Tide Times", f"<p>{sentence}</p><p>{number}</p>")


def parked(host: str, number: int) -> bytes:
    """A page of those who sell the name; there are four of their kind."""
    offer = f"<p>The domain {host} is for sale. Make an offer!</p>"
    caf = '<script src="https://www.google.com/adsense/domains/caf.js"></script>'
    bodis = '<script>window.park = "eyJ1dWlkIjoi"</script><script src="/bAbCdEf.js"></script>'
    sedo = '<script src="https://img.sedoparking.com/js/jquery.js"></script>'
    lander = '<script src="https://img1.wsimg.com/parking-lander/static/js/main.js"></script>'
    title = f"{host} is for sale"
    kinds = (
        html(title, offer, caf),
        html(title, offer + bodis),
        html(host, "<p>Related searches</p>", sedo + caf),
        html(title, offer, lander),
    )
    return kinds[number % len(kinds)]


def login(number: int) -> bytes:
    form = '<form method="post"><input name="user"><input type="password" name="word"></form>'
    return html("Sign in", f"{form}<p>{number}</p>")


# Each wall's page, and what only its headers say.
_CHALLENGES: tuple[tuple[bytes, dict[str, str]], ...] = (
    (html("Just a moment...", "<script>window._cf_chl_opt={cvId:'3'}</script>"), {}),
    (
        html(
            "Making sure you're not a bot!",
            '<script id="anubis_challenge" type="application/json">{"rules":{}}</script>',
        ),
        {},
    ),
    (
        html(
            "Please wait",
            '<iframe id="main-iframe" src="/_Incapsula_Resource?incident_id=5-7">'
            "Request unsuccessful. Incapsula incident ID: 5-7</iframe>",
        ),
        {},
    ),
    (html("One moment", "<p>Checking your browser.</p>"), {"cf-mitigated": "challenge"}),
)


def challenge(number: int) -> tuple[bytes, dict[str, str]]:
    body, headers = _CHALLENGES[number % len(_CHALLENGES)]
    return body.replace(b"</body>", f"<!-- {number} --></body>".encode()), headers
