"""Parked domains: pages of those who sell the name, where a site used to be.

Three kinds of marks: who serves the page, the machinery of such pages, and the words that the
domain is for sale. Only pages with little to read are searched, and of their markup only what
loads or leads elsewhere by itself: a page may well link to a dealer, or name one in its data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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
    "/adsense/domains/caf.js": "caf",
    "data-adblockkey": "adblockkey",
    "parking-lander": "lander",
}
_DEALING = frozenset(_DEALERS)
_PARK = re.compile(r"\bwindow\._?park\s*=")
_TO_LANDER = re.compile(r"(?:https?://[^/]{1,200})?/lander\b")
_HOST = re.compile(r"(?:https?:)?//([a-z0-9.\-]{4,100})")
_GOES_TO = re.compile(
    r"\blocation(?:(?:\.href)?\s*=|\.(?:assign|replace)\s*\()\s*[\"']([^\"']{1,500})"
)
_SRC = re.compile(r"(?<![\w\-])src\s*=\s*[\"']?\s*([^\"'\s>]{1,500})")
_TYPE = re.compile(r"(?<![\w\-])type\s*=\s*[\"']?\s*([^\"'\s>]{0,100})")
_MOST_TAGS = 200
_FOR_SALE_TEXT = 2000  # characters: an article about the trade in names has more
_SPEAKS_OF_SALE = re.compile(r"sale|domain|verkauf|vendre|vend[ai]", re.IGNORECASE)


def parking(seen: Seen) -> tuple[Mark, ...]:
    """The marks of a parked domain."""
    if under(seen.asked.host, _DEALING):
        return ()
    marks = dict.fromkeys([*_by_end(seen), *_by_machinery(seen), *_by_words(seen)])
    return tuple(marks)


def _by_end(seen: Seen) -> Iterator[Mark]:
    ends = [end for end, _ in seen.ends]
    for place in [*ends, *(place_of(hop.location) for hop in seen.hops)]:
        dealer = under(place.host, _DEALING)
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
    markup, scripts = _apart(seen.source)
    code = "\n".join(text for tag, text in scripts if _is_code(tag))
    goes_to = _GOES_TO.findall(code)
    loaded = [*_loaded(tag for tag, _ in scripts if _is_code(tag)), *_loaded(_frames(markup))]
    for url in [*loaded, *goes_to]:
        match = _HOST.match(url)
        dealer = under(match[1], _DEALING) if match else None
        if dealer:
            yield Mark(Sign.PARKING_HOST, _DEALERS[dealer])
    machinery = "\n".join([*loaded, code, *_tags(markup, "<html")])
    for mark, by in _LOADED.items():
        if mark in machinery:
            yield Mark(Sign.PARKING_HOST, by)
    for mark, by in _MACHINERY.items():
        if mark in machinery:
            yield Mark(Sign.LANDER, by)
    if _PARK.search(code):
        yield Mark(Sign.LANDER, "script")
    if any(map(_TO_LANDER.match, goes_to)):
        yield Mark(Sign.LANDER, "lander")


def _apart(source: str) -> tuple[str, list[tuple[str, str]]]:
    """A page's markup, and its scripts: of each the attributes of its tag, and what it holds."""
    markup, scripts = [], []
    for piece in source.split("</script", _MOST_TAGS):
        before, _, script = piece.partition("<script")
        tag, _, text = script.partition(">")
        markup.append(before)
        scripts.append((tag, text))
    return "\n".join(markup), scripts


def _is_code(tag: str) -> bool:
    """Whether a script is run: data and templates stand in scripts too."""
    match = _TYPE.search(tag)
    return match is None or match[1] in ("", "module") or match[1].endswith("script")


def _frames(markup: str) -> list[str]:
    return [*_tags(markup, "<iframe"), *_tags(markup, "<frame ")]


def _tags(markup: str, opening: str) -> list[str]:
    return [piece.partition(">")[0] for piece in markup.split(opening, _MOST_TAGS)[1:]]


def _loaded(tags: Iterable[str]) -> Iterator[str]:
    return (match[1] for match in map(_SRC.search, tags) if match)


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
