"""Parked domains: pages of those who sell the name, where a site used to be.

Three kinds of marks: who serves the page, the machinery of such pages, and the words that the
domain is for sale. Only pages with little to read are searched, and of their markup only what
loads or leads elsewhere by itself: a page may well link to a dealer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from linkwatch.model import Mark, Sign
from linkwatch.web.forsale import offers_domain
from linkwatch.web.places import Place, place_of, under
from linkwatch.web.seen import Seen

# A domain that readers end on, or that a page loads its content from.
_DEALERS = {
    "sedo.com": "sedo",
    "sedoparking.com": "sedoparking",
    "bodis.com": "bodis",
    "parkingcrew.net": "parkingcrew",
    "parkingcrew.com": "parkingcrew",
    "above.com": "above",
    "dan.com": "dan",
    "undeveloped.com": "dan",
    "afternic.com": "afternic",
    "hugedomains.com": "hugedomains",
    "domainmarket.com": "domainmarket",
    "buydomains.com": "buydomains",
    "brandbucket.com": "brandbucket",
    "brandpa.com": "brandpa",
    "atom.com": "atom",
    "squadhelp.com": "atom",
    "efty.com": "efty",
    "uniregistry.com": "uniregistry",
    "parklogic.com": "parklogic",
    "skenzo.com": "skenzo",
    "ztomy.com": "ztomy",
    "domainsponsor.com": "domainsponsor",
    "smartname.com": "smartname",
    "fabulous.com": "fabulous",
    "voodoo.com": "voodoo",
    "rookmedia.net": "rookmedia",
    "tonic.to": "tonic",
    "searchvity.com": "searchvity",
    "parkingpage.namecheap.com": "namecheap",
    "parked.com": "parked",
    "domainactive.co": "domainactive",
    "giantpanda.com": "giantpanda",
    "dsparking.com": "dsparking",
    "cashparking.com": "godaddy",
    "perfectdomain.com": "perfectdomain",
    "domainagents.com": "domainagents",
    "nicsell.com": "nicsell",
    "elitedomains.de": "elitedomains",
}
_LOADED = {  # strings that only their own pages load
    "img1.wsimg.com/parking-lander": "godaddy",
    "d38psrni17bvxu.cloudfront.net": "parkingcrew",
}
_MARKETS: dict[tuple[str, ...], str] = {
    ("godaddy.com", "forsale"): "godaddy",
    ("dynadot.com", "market"): "dynadot",
}
_MACHINERY = {
    "window.park": "script",
    "window._park": "script",
    "/adsense/domains/caf.js": "caf",
    "data-adblockkey": "adblockkey",
    "parking-lander": "lander",
}
_TO_LANDER = re.compile(
    r"location[\w.]{0,20}\s*(?:=|\()\s*[\"'](?:https?://[^/\"']{1,200})?/lander\b"
)
_HOST = re.compile(r"//([a-z0-9.\-]{4,100})")
_TAGS = (("<script", "</script"), ("<iframe", ">"), ("<frame ", ">"), ("<html", ">"))
_MOST_TAGS = 200
_FOR_SALE_TEXT = 2000  # characters: an article about the trade in names has more
_SPEAKS_OF_SALE = re.compile(r"sale|domain|verkauf|vendre|vend[ai]", re.IGNORECASE)


def parking(seen: Seen) -> tuple[Mark, ...]:
    """The marks of a parked domain."""
    if under(seen.asked.host, frozenset(_DEALERS)):
        return ()
    marks = dict.fromkeys([*_by_end(seen), *_by_machinery(seen), *_by_words(seen)])
    return tuple(marks)


def _by_end(seen: Seen) -> Iterator[Mark]:
    dealers = frozenset(_DEALERS)
    ends = [end for end, _ in seen.ends]
    for place in [*ends, *(place_of(hop.location) for hop in seen.hops)]:
        dealer = under(place.host, dealers)
        if dealer:
            yield Mark(Sign.PARKING_HOST, _DEALERS[dealer])
    for end in ends:
        market = _MARKETS.get((end.site, *end.segments[:1]))
        if market and end.site != seen.asked.site:
            yield Mark(Sign.PARKING_HOST, market)
        if _is_lander(end) and not _is_lander(seen.asked):
            yield Mark(Sign.LANDER, "lander")


def _is_lander(place: Place) -> bool:
    return place.segments[:1] == ("lander",)


def _by_machinery(seen: Seen) -> Iterator[Mark]:
    if not seen.little or seen.page is None:
        return
    machinery = _machinery(seen.source())
    dealers = frozenset(_DEALERS)
    for host in dict.fromkeys(_HOST.findall(machinery)):
        dealer = under(host, dealers)
        if dealer:
            yield Mark(Sign.PARKING_HOST, _DEALERS[dealer])
    for mark, by in _LOADED.items():
        if mark in machinery:
            yield Mark(Sign.PARKING_HOST, by)
    for mark, by in _MACHINERY.items():
        if mark in machinery:
            yield Mark(Sign.LANDER, by)
    if _TO_LANDER.search(machinery):
        yield Mark(Sign.LANDER, "lander")


def _machinery(source: str) -> str:
    """What a page loads and runs by itself: scripts, frames, the attributes of its root."""
    return "\n".join(
        piece.partition(closing)[0]
        for opening, closing in _TAGS
        for piece in source.split(opening, _MOST_TAGS)[1:]
    )


def _by_words(seen: Seen) -> Iterator[Mark]:
    page = seen.page
    if page is None or page.fingerprint.length > _FOR_SALE_TEXT:
        return
    if any(map(_SPEAKS_OF_SALE.search, seen.asked.segments)):
        return
    name = place_of(seen.final_url).site
    for by, said in (("title", page.title), ("heading", page.heading), ("text", page.text)):
        if offers_domain(said, name):
            yield Mark(Sign.FOR_SALE, by)
