"""Several links of a host that end at one page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linkwatch.ends import End, crowded

NEWS = "https://site.example/news/"


def ends(*pairs: tuple[str, str]) -> dict[int, End]:
    return {
        number: End(url=f"https://site.example{path}", host="site.example:443", final_url=final)
        for number, (path, final) in enumerate(pairs)
    }


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ((), set()),
        ((("/a", NEWS), ("/b", NEWS)), set()),
        ((("/a", NEWS), ("/b", NEWS), ("/c", NEWS)), {0, 1, 2}),
        ((("/a", NEWS), ("/b", NEWS), ("/c", "https://site.example/c2")), set()),
        # one page under its older addresses, or with other parameters
        ((("/v1/guide", NEWS), ("/v2/guide", NEWS), ("/v3/guide", NEWS)), set()),
        ((("/a?x=1", NEWS), ("/a?x=2", NEWS), ("/a", NEWS)), set()),
        ((("/docs/a-1", NEWS), ("/docs/b-1", NEWS), ("/docs/c2", NEWS)), {0, 1, 2}),
        ((("/en/1.0/", NEWS), ("/en/v2.1", NEWS), ("/en/stable", NEWS)), set()),
        # it only lost its www., its scheme or its query on the way
        (
            (("/a", NEWS), ("/b", "https://www.site.example/news"), ("/c", f"{NEWS}?from=c")),
            {0, 1, 2},
        ),
        ((("/news", NEWS), ("/b", NEWS), ("/c", NEWS)), set()),
        ((("/", NEWS), ("/b", NEWS), ("/c", NEWS)), set()),
    ],
)
def test_three_different_pages_do_not_all_move_to_one_place(
    pairs: tuple[tuple[str, str], ...], expected: set[int]
) -> None:
    assert crowded(ends(*pairs)) == expected


def test_links_of_different_hosts_may_end_together() -> None:
    apart = {
        n: End(url=f"https://{n}.example/{n}", host=f"{n}.example:443", final_url=NEWS)
        for n in range(5)
    }

    assert crowded(apart) == frozenset()


def test_what_ends_where_it_always_did_is_well() -> None:
    before = {n: replace(end, before=NEWS) for n, end in ends(("/a", NEWS), ("/b", NEWS)).items()}
    later = ends(*[("/x", "https://site.example/x")] * 2, ("/c", NEWS), ("/d", NEWS))

    assert crowded({**later, **before}) == frozenset()
    assert crowded({9: replace(later[3], url="https://site.example/e"), **later}) == {2, 3, 9}
