"""Whether a cycle speaks of the web or of our own network: each rule, from both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.model import CheckResult, Fault
from linkwatch.void import (
    SLEPT,
    WENT_DARK,
    Comparison,
    doubted,
    gone_dark,
    pick_witnesses,
    slept,
    why_void,
)
from tests.checks import day, seen
from tests.fakes.clock import FakeClock

_PAGE = "https://wifi.example/login"


def one(
    name: str,
    now: int | Fault,
    *,
    before: int | Fault | None = None,
    ends: str | None = None,
    ended: str | None = None,
    body: str | None = None,
    body_before: str | None = None,
) -> Comparison:
    """One link's check beside its last one; without `ends`, it ends where it is."""
    home = f"https://{name}/"
    return Comparison(
        host=f"{name}:443",
        status=now if isinstance(now, int) else None,
        fault=now if isinstance(now, Fault) else None,
        final_url=ends or home,
        digest=body,
        before_status=before if isinstance(before, int) else None,
        before_final_url=None if before is None else ended or home,
        before_digest=body_before,
    )


def hosts(
    count: int, now: int | Fault, *, before: int | Fault | None = None, start: int = 0
) -> list[Comparison]:
    """So many hosts with a name and an owner each, of which this became."""
    return [one(f"site{i}.example", now, before=before) for i in range(start, start + count)]


def is_void(comparisons: Iterable[Comparison]) -> bool:
    return why_void(comparisons) is not None


@pytest.mark.parametrize(
    ("comparisons", "void"),
    [
        ([], False),  # nothing was due
        (hosts(2, Fault.TIMEOUT), False),
        (hosts(2, Fault.TIMEOUT, before=200), False),  # cannot be told: they are suspect
        (hosts(2, Fault.RESOLVER, before=200), True),
        (hosts(3, Fault.TIMEOUT), True),
        (hosts(3, Fault.DNS), True),
        (hosts(3, Fault.PRIVATE_ADDRESS), False),  # nobody was asked
        (hosts(3, Fault.PRIVATE_ADDRESS, before=200), True),  # public names led astray
        ([*hosts(50, Fault.TIMEOUT), one("up.example", 200)], False),  # no history to compare with
        ([*hosts(50, Fault.TIMEOUT), one("up.example", 503)], False),  # any status is an answer
        ([one("a.example", Fault.TIMEOUT)] * 9, False),  # many links, but one host
        ([*hosts(2, Fault.TIMEOUT), one("x", Fault.BAD_URL)], False),  # nothing was tried there
        ([one("x", Fault.BAD_URL)] * 5, False),
        ([one("x", Fault.BAD_URL), *hosts(3, Fault.TIMEOUT)], True),
    ],
)
def test_a_cycle_is_void_if_none_of_three_hosts_answered(
    comparisons: list[Comparison], void: bool
) -> None:
    assert is_void(comparisons) is void


@pytest.mark.parametrize("fault", list(Fault))
def test_one_silent_host_is_our_own_network_only_if_names_or_the_proxy_failed(
    fault: Fault,
) -> None:
    assert is_void([one("a.example", fault)]) is (fault in (Fault.RESOLVER, Fault.OFFLINE))


@pytest.mark.parametrize("fault", [Fault.RESOLVER, Fault.OFFLINE])
def test_a_resolver_that_failed_while_some_host_answered_is_the_hosts_trouble(
    fault: Fault,
) -> None:
    assert not is_void([one("a.example", fault), one("b.example", 404)])


@pytest.mark.parametrize(
    ("answering", "silent", "void"),
    [
        (1, 3, False),  # four known hosts are too few to say
        (2, 3, True),
        (3, 3, False),  # half is not more than half
        (3, 4, True),
        (3, 2, False),
        (50, 50, False),
        (50, 51, True),
    ],
)
def test_a_cycle_is_void_if_more_than_half_of_the_hosts_that_answered_before_do_not(
    answering: int, silent: int, void: bool
) -> None:
    comparisons = [
        *hosts(answering, 404, before=200),
        *hosts(silent, Fault.TIMEOUT, before=200, start=answering),
    ]

    assert is_void(comparisons) is void


def test_hosts_that_were_silent_before_count_on_neither_side() -> None:
    quiet = hosts(20, Fault.TIMEOUT, before=Fault.TIMEOUT, start=100)
    new = hosts(20, Fault.TIMEOUT, start=200)

    assert not is_void(
        [*hosts(3, 200, before=200), *hosts(2, Fault.DNS, before=200, start=3), *new]
    )
    assert not is_void([*hosts(5, 200, before=200), *quiet])
    assert is_void([*hosts(2, 200, before=200), *hosts(3, Fault.DNS, before=200, start=2), *quiet])


def test_a_host_answers_if_one_of_its_links_does() -> None:
    mixed = [
        one(f"site{i}.example", what, before=200)
        for i in range(5)
        for what in (Fault.TIMEOUT, Fault.TIMEOUT, 200)
    ]

    assert not is_void(mixed)


def test_a_host_is_a_name_and_a_port() -> None:
    ports = [
        Comparison(
            host=f"one.example:{port}",
            status=None,
            fault=Fault.REFUSED,
            final_url=None,
            digest=None,
            before_status=None,
            before_final_url=None,
            before_digest=None,
        )
        for port in (80, 443, 8080)
    ]

    assert is_void(ports)
    assert not is_void(ports[:2])


def led_to(page: str, count: int, *, start: int = 0, tld: str = "example") -> list[Comparison]:
    return [
        one(f"site{i}.{tld}", 200, before=200, ends=f"{page}?from=site{i}")
        for i in range(start, start + count)
    ]


@pytest.mark.parametrize(
    ("astray", "as_ever", "void"),
    [
        (2, 0, False),  # two may be a coincidence
        (3, 0, True),
        (3, 2, True),
        (3, 3, False),
        (30, 29, True),
        (30, 30, False),
    ],
)
def test_a_captive_portal_that_redirects_most_hosts_makes_a_cycle_void(
    astray: int, as_ever: int, void: bool
) -> None:
    comparisons = [*led_to(_PAGE, astray), *hosts(as_ever, 200, before=200, start=astray)]

    # .example is a top level, so every site of the table has an owner of its own
    assert is_void(comparisons) is void


@pytest.mark.parametrize(
    ("astray", "as_ever", "void"), [(2, 0, False), (3, 0, True), (3, 2, True), (3, 3, False)]
)
def test_a_captive_portal_that_answers_in_place_makes_a_cycle_void(
    astray: int, as_ever: int, void: bool
) -> None:
    comparisons = [
        *(
            one(f"site{i}.example", 200, before=200, body="login", body_before=f"was {i}")
            for i in range(astray)
        ),
        *(
            one(f"site{i}.example", 200, before=200, body="new", body_before="old")
            for i in range(astray, astray + 1)
            if as_ever
        ),
        *(
            one(f"site{i}.example", 200, before=200, body=f"is {i}", body_before=f"is {i}")
            for i in range(astray + 1, astray + as_ever)
        ),
    ]

    assert is_void(comparisons) is void


def test_pages_without_a_history_are_never_taken_for_a_portal() -> None:
    first_run = [one(f"site{i}.example", 200, ends=_PAGE, body="login") for i in range(20)]

    assert not is_void(first_run)


def test_a_portal_that_was_there_before_is_no_news() -> None:
    """Sites of one company, all behind its login page."""
    behind = [
        one(
            f"site{i}.example",
            200,
            before=200,
            ends=_PAGE,
            ended=_PAGE,
            body="login",
            body_before="login",
        )
        for i in range(20)
    ]

    assert not is_void(behind)


def test_a_host_that_moves_to_its_own_new_name_is_no_portal() -> None:
    moved = [
        one(f"site{i}.example", 200, before=200, ends=f"https://www.site{i}.example/")
        for i in range(10)
    ]

    assert not is_void(moved)


@pytest.mark.parametrize(
    ("name", "farewell"),
    [
        ("blog{}.platform.example", "https://platform.example/goodbye"),
        ("blog{}.platform.co.uk", "https://www.platform.co.uk/goodbye"),
        ("blog{}.platform.example", "https://new-owner.example/goodbye"),  # one family that moves
    ],
)
def test_a_blog_platform_that_says_farewell_is_no_portal(name: str, farewell: str) -> None:
    blogs = [one(name.format(i), 200, before=200, ends=farewell) for i in range(10)]

    assert not is_void(blogs)


def test_a_blog_platform_that_shows_one_page_for_all_its_blogs_is_no_portal() -> None:
    blogs = [
        one(f"blog{i}.platform.example", 404, before=200, body="gone", body_before=f"was {i}")
        for i in range(10)
    ]

    assert not is_void(blogs)


@pytest.mark.parametrize(
    "names",
    [
        ["www.bbc.co.uk", "www.gov.uk", "shop.co.uk", "news.com.au"],
        ["203.0.113.1", "198.51.100.1", "192.0.2.1", "198.18.0.1"],  # the same last two numbers
        ["a.com", "b.com", "c.com", "d.com"],
    ],
)
def test_owners_are_told_apart_below_country_codes_and_by_their_addresses(
    names: list[str],
) -> None:
    portal = "https://hotspot.co.uk/login"

    assert is_void([one(name, 200, before=200, ends=portal) for name in names])


def test_the_sentence_names_the_portal() -> None:
    why = why_void(led_to(_PAGE, 5))

    assert why is not None
    assert "wifi.example:443" in why
    assert "this looks like a login page of the network" in why


def test_the_sentence_counts_the_hosts() -> None:
    assert "none of the 7 hosts answered" in str(why_void(hosts(7, Fault.TIMEOUT)))
    known = [*hosts(2, 200, before=200), *hosts(4, Fault.RESET, before=404, start=2)]
    assert "4 of the 6 hosts that used to answer did not" in str(why_void(known))


# A proxy that answers for everybody


@pytest.mark.parametrize(
    ("comparisons", "void"),
    [
        (hosts(5, 502, before=200), True),
        (hosts(5, 502, before=301), True),
        (hosts(4, 502, before=200), False),
        (hosts(5, 502, before=404), False),  # no page was there before either
        (hosts(5, 502), False),
        (hosts(5, 403, before=200), False),  # many sites dislike programs
        (hosts(5, 600, before=200), False),
        ([*hosts(3, 503, before=200), *hosts(2, 502, before=200, start=3)], True),
        ([*hosts(2, 503, before=200), *hosts(3, 200, before=200, start=2)], False),
        ([*hosts(3, 503, before=200), *hosts(3, 502, before=200, start=3)], False),
        ([*hosts(30, 503, before=200), *hosts(29, 200, before=200, start=30)], True),
        ([*hosts(30, 503, before=200), *hosts(30, 200, before=200, start=30)], False),
        # https through a proxy that fails never gets as far as a status
        ([*hosts(3, 502, before=200), *hosts(3, Fault.OFFLINE, before=200, start=3)], True),
        ([*hosts(3, 502, before=200), *hosts(3, Fault.TIMEOUT, before=200, start=3)], False),
        # a host that has another answer too speaks for itself
        (
            [
                *hosts(3, 502, before=200),
                *hosts(3, Fault.OFFLINE, before=200, start=3),
                *hosts(3, 404, before=200, start=3),
            ],
            False,
        ),
        ([*hosts(6, 502, before=200), *hosts(3, 404, before=200)], False),
        ([one(f"blog{i}.platform.example", 503, before=200) for i in range(9)], False),
    ],
)
def test_one_and_the_same_server_error_from_most_hosts_makes_a_cycle_void(
    comparisons: list[Comparison], void: bool
) -> None:
    assert is_void(comparisons) is void


def test_a_server_error_after_a_redirect_is_the_sites_own() -> None:
    checks = hosts(10, 503, before=200)

    assert not is_void([*checks[:5], *(replace(check, redirected=True) for check in checks[5:])])
    assert is_void([*checks[:6], *(replace(check, redirected=True) for check in checks[6:])])


def test_the_sentence_names_the_error() -> None:
    why = str(why_void([*hosts(5, 504, before=200), *hosts(1, 200, before=200, start=5)]))

    assert "5 of the 6 hosts that used to answer now all say 504" in why
    assert "a proxy of our own network" in why


# What lasts


WEEKLY = [day(0), day(7), day(14)]


def platform_closed(count: int) -> list[Comparison]:
    """The pages of many owners now lead to one farewell."""
    return led_to("https://platform.test/goodbye", count)


ALIVE = one("alive.example", 200, before=200)


@pytest.mark.parametrize(
    "comparisons",
    [
        [*platform_closed(4), ALIVE],
        [*hosts(5, Fault.DNS, before=200), ALIVE],
        [*hosts(5, 503, before=200), ALIVE],
    ],
    ids=["portal", "silence", "proxy"],
)
@pytest.mark.parametrize(
    ("voids", "void"),
    [
        ([], True),
        (WEEKLY, False),
        (WEEKLY[:2], True),
        ([day(0), day(3), day(6.9)], True),
        ([day(0), day(0.1), day(7)], False),
        ([day(i / 24) for i in range(100)], True),
    ],
)
def test_what_most_hosts_do_for_a_week_is_no_accident_of_our_network(
    comparisons: list[Comparison], voids: Sequence[datetime], void: bool
) -> None:
    assert (why_void(comparisons, voids=voids) is not None) is void


@pytest.mark.parametrize(
    "other",
    [
        [],
        [one("new.example", 200)],  # nobody knows what it used to be
        [one("new.example", 200, ends=_PAGE)],
        [one("other.example", 200, before=200, ends="https://wifi.example/blocked")],
        [one("other.example", 502, before=200)],
        [one("other.example", Fault.TIMEOUT, before=200)],
    ],
)
@pytest.mark.parametrize("most", [led_to(_PAGE, 9), hosts(9, Fault.TLS, before=200)])
def test_it_takes_a_host_that_answers_as_ever(
    most: list[Comparison], other: list[Comparison]
) -> None:
    assert why_void([*most, *other], voids=WEEKLY) is not None
    assert why_void([*most, *other, ALIVE], voids=WEEKLY) is None


def test_a_portal_in_place_of_pages_is_no_answer_as_ever() -> None:
    in_place = [
        one(f"site{i}.example", 200, before=200, body="login", body_before=f"was {i}")
        for i in range(9)
    ]
    silent = hosts(20, Fault.TLS, before=200, start=9)

    assert why_void([*in_place, *silent], voids=WEEKLY) is not None


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.RESOLVER])
def test_without_any_answer_a_cycle_never_counts(fault: Fault) -> None:
    years = [day(i) for i in range(1000)]

    assert why_void(hosts(9, fault, before=200), voids=years) is not None


# Sleep


@pytest.mark.parametrize(
    ("awake_s", "asleep_s", "noticed"),
    [(600, 0, False), (600, 61, True), (600, 59, False), (5, 30_000, True), (600, -7200, False)],
)
def test_sleep_is_what_the_wall_clock_alone_has_seen(
    awake_s: float, asleep_s: float, noticed: bool
) -> None:
    clock = FakeClock()
    began, began_s = clock.utc_now(), clock.monotonic_s()
    clock.advance(awake_s)
    clock.sleep_through(asleep_s)

    wall_s = (clock.utc_now() - began).total_seconds()
    assert slept(wall_s, clock.monotonic_s() - began_s) is noticed


@pytest.mark.parametrize(
    ("comparisons", "void"),
    [
        ([], False),
        (hosts(9, 200), False),
        (hosts(9, 404, before=200), False),  # servers said so, and they don't sleep
        ([*hosts(9, 200), one("slow.example", Fault.TIMEOUT, before=200)], True),
        ([*hosts(9, 200), one("never.example", Fault.DNS)], False),  # it fails in every cycle
        ([*hosts(9, 200), one("a.example", 200), one("a.example", Fault.RESET, before=200)], False),
        ([*hosts(9, 200), one("bad", Fault.BAD_URL)], False),
    ],
)
def test_a_cycle_in_which_the_machine_slept_is_void_if_a_host_fell_silent(
    comparisons: list[Comparison], void: bool
) -> None:
    assert why_void(comparisons, asleep=True) == (SLEPT if void else None)


def test_sleep_is_no_reason_to_believe_what_is_void_without_it() -> None:
    assert why_void(led_to(_PAGE, 9), asleep=True) is not None


# A network that goes away in the middle


@pytest.mark.parametrize(
    ("silent", "answering", "doubt"),
    [
        (4, 5, False),
        (5, 5, True),
        (5, 95, True),
        (5, 96, False),
        (999, 19_001, False),
        (1000, 19_000, True),
    ],
)
def test_many_hosts_that_fell_silent_together_are_doubted(
    silent: int, answering: int, doubt: bool
) -> None:
    dark = hosts(silent, Fault.UNREACHABLE, before=200)
    comparisons = [*dark, *hosts(answering, 200, before=200, start=silent)]

    assert doubted(comparisons) == ([check.host for check in dark] if doubt else [])


@pytest.mark.parametrize(
    "others",
    [
        hosts(9, Fault.TIMEOUT, start=5),  # never seen to answer
        hosts(9, Fault.TIMEOUT, before=Fault.TIMEOUT, start=5),
        hosts(9, 500, before=200, start=5),
        [replace(check, redirected=True) for check in hosts(9, Fault.TLS, before=200, start=5)],
        [*hosts(9, Fault.TIMEOUT, before=200, start=5), *hosts(9, 404, start=5)],  # half silent
    ],
)
def test_only_hosts_that_used_to_answer_and_are_wholly_silent_are_doubted(
    others: list[Comparison],
) -> None:
    assert len(doubted([*hosts(5, Fault.TIMEOUT, before=200), *others])) == 5
    assert doubted(others) == []


@pytest.mark.parametrize(
    ("silent", "answering", "doubt"), [(6, 5, True), (5, 5, False), (4, 1, False)]
)
def test_of_new_hosts_more_than_half_have_to_be_silent(
    silent: int, answering: int, doubt: bool
) -> None:
    """As in a first cycle, while which the network went away."""
    dark = [replace(check, new=True) for check in hosts(silent, Fault.TIMEOUT)]
    heard = [replace(check, new=True) for check in hosts(answering, 200, start=silent)]

    assert doubted([*dark, *heard]) == ([check.host for check in dark] if doubt else [])
    assert doubted([*(replace(check, new=False) for check in dark), *heard]) == []


@pytest.mark.parametrize(
    ("again", "dark"),
    [
        ([], False),
        ([Fault.TIMEOUT] * 2, False),
        ([Fault.TIMEOUT] * 3, True),
        ([Fault.RESOLVER, Fault.UNREACHABLE, Fault.OFFLINE], True),
        ([Fault.TIMEOUT, Fault.TIMEOUT, 503], False),
    ],
)
def test_the_network_went_if_no_witness_answers_any_more(
    again: list[int | Fault], dark: bool
) -> None:
    results = [seen(what, url=f"https://w{i}.example/") for i, what in enumerate(again)]

    assert gone_dark(results) is dark


@pytest.mark.parametrize(
    "others",
    [
        [seen(Fault.TIMEOUT, url="https://w1.example/b")],  # three links, but two hosts
        [seen(Fault.TIMEOUT, url="https://w2.example/", hops=(301,))],  # a redirect is an answer
    ],
)
def test_witnesses_are_hosts_and_any_answer_of_theirs_counts(others: list[CheckResult]) -> None:
    silent = [seen(Fault.TIMEOUT, url=f"https://w{i}.example/") for i in range(2)]

    assert not gone_dark([*silent, *others])


def test_a_cycle_in_which_the_network_went_away_is_void_whatever_it_saw() -> None:
    assert why_void(hosts(9, 200, before=200), dark=True, voids=WEEKLY) == WENT_DARK


def test_witnesses_have_an_owner_each() -> None:
    urls = [
        "https://blog1.platform.test/",
        "https://user@blog2.platform.test:8080/a",
        "http://203.0.113.7:81/",
        "http://user@203.0.113.7/",
        "http://[2001:db8::7]:81/",
        "https://d.test/",
    ]

    assert pick_witnesses(urls) == [urls[0], urls[2], urls[4]]
    assert pick_witnesses(urls[:4]) == [urls[0], urls[2]]


# Whatever the facts


_now = st.sampled_from([200, 404, 503, Fault.TIMEOUT, Fault.DNS, Fault.RESOLVER, Fault.BAD_URL])
_before = st.sampled_from([None, 200, 404, Fault.TIMEOUT])


@settings(derandomize=True, deadline=None)
@given(facts=st.lists(st.tuples(st.integers(0, 8), _now, _before), max_size=20))
def test_the_order_of_the_checks_makes_no_difference(
    facts: list[tuple[int, int | Fault, int | Fault | None]],
) -> None:
    comparisons = [one(f"site{i}.example", now, before=before) for i, now, before in facts]

    assert is_void(comparisons) == is_void(comparisons[::-1])
    if any(isinstance(now, int) for _, now, _ in facts) and not any(b for _, _, b in facts):
        assert not is_void(comparisons)  # an answer, and no history that says otherwise
