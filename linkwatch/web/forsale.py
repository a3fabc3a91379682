"""The words by which a page offers its own domain for sale; boats and houses are none of them."""

from __future__ import annotations

import re

# After a domain's own name, or after the word for it.
_OFFERED = r"""
    (?:is|may be|might be|could be) (?:\w+ )?(?:for sale|up for sale|available for purchase)
    (?:ist|steht) (?:\w+ )?(?:zu|zum) verkauf(?:en)?
    (?:est|peut être|pourrait être) (?:\w+ )?à vendre
    (?:está|puede estar|podría estar|pode estar) (?:\w+ )?(?:en venta|a la venta|à venda)
    (?:è|potrebbe essere) (?:\w+ )?in vendita
    (?:is|staat) (?:\w+ )?te koop
    (?:är|finns) (?:\w+ )?till salu
    er (?:\w+ )?til salgs?
    on (?:\w+ )?myytävänä
    jest (?:\w+ )?na sprzedaż
    je (?:\w+ )?na (?:prodej|predaj)
    este (?:\w+ )?de vânzare
    прода[её]тся
    выставлен на продажу
    satılık(?:tır)?
    eladó
    (?:正在)?(?:出售|转让|轉讓)
    は(?:現在)?販売中
"""
_DOMAIN = (
    "domain(?: ?name)?|web ?address|domaine|dominio|domínio|domein(?:naam)?|domän(?:en|namnet)?|"
    "domæne(?:t|navnet)?|domene(?:t)?|verkkotunnus|domena|doména|domeniul|домен(?:ное имя)?|"
    "alan adı|域名|網域|ドメイン"
)
# Every phrase about "this domain" has one of these: looked for first, as that is quick.
_ASCII_BEGINNINGS = (
    *("domain", "domein", "domen", "domin", "web address", "webaddress", "verkkotunnus"),
)
_BEGINNINGS = (
    *_ASCII_BEGINNINGS,
    *("domän", "domæn", "domén", "domín", "домен", "alan adı", "域名", "網域", "ドメイン"),
    *("도메인", "tên miền"),
)
_NAME = r"(?:[\s\"'“”«»„]+[\w-]+(?:\.[\w-]+)+[\"'“”«»„]?)?"

_FIXED = r"""
    \bdomain(?: name)?s? for sale\b
    \b(?:buy|purchase|own|(?:inquire|enquire) about|make an offer (?:on|for)) this (?:\w+ )?domain\b
    \bthis (?:\w+ )?domain (?:can be|could be|is) yours\b
    \bdomain zu verkaufen\b
    \bdiese domain kaufen\b
    \bdomaine à vendre\b
    \bachete[rz] ce (?:nom de )?domaine\b
    \bdominio (?:en venta|in vendita)\b
    \b(?:comprar?|acquista) (?:este|questo) dominio\b
    \bdomínio à venda\b
    \bcomprar este domínio\b
    \bdomein(?:naam)? te koop\b
    \bdomän(?:namn)? till salu\b
    \bdomena na sprzedaż\b
    \bkup tę domenę\b
    \bкупить (?:этот )?домен\b
    \bsatılık (?:alan adı|domain)
    域名[^。]{0,12}?(?:出售|转让|轉讓|可售|待售)
    (?:购买|購買|出售)(?:此|该|這個|这个)?域名
    ドメイン[^。]{0,16}?(?:販売中|売りに出|購入でき)
    도메인[^.]{0,12}?(?:판매|구매)
    \btên miền (?:này )?(?:\w+ )?đang (?:được rao )?bán
    \bdomain ini (?:\w+ )?dijual\b
"""


def _any(lines: str) -> str:
    return "|".join(line.strip() for line in lines.strip().splitlines())


_OF_A_DOMAIN = re.compile(
    rf"\b(?:{_DOMAIN}){_NAME}\s*(?:{_any(_OFFERED)})(?!\w)|{_any(_FIXED)}", re.IGNORECASE
)
_OFFERED_NOW = re.compile(rf"[\s\"'“”«»]*(?:{_any(_OFFERED)}|for sale)(?!\w)", re.IGNORECASE)


def offers_domain(text: str, name: str) -> bool:
    """Whether a text says that a domain is for sale: `name` itself, or "this domain"."""
    lower = text.lower()
    for word in _ASCII_BEGINNINGS if lower.isascii() else _BEGINNINGS:
        if word in lower:
            if _OF_A_DOMAIN.search(text):
                return True
            break
    at = lower.find(name) if name else -1
    while at >= 0:
        if _OFFERED_NOW.match(text, at + len(name)):
            return True
        at = lower.find(name, at + len(name))
    return False
