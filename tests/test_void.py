"""Whether a cycle speaks of the web or of our own network: each rule, from both sides."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwatch.model import Fault
from linkwatch.void import Comparison, why_void

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
