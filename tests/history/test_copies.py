"""Local copies, as their table has them."""

from __future__ import annotations

from dataclasses import replace

from linkwatch.history.copies import confirm, copies_of, held_copies, pending_copies, save_pending
from linkwatch.model import LocalCopy
from tests.checks import day
from tests.history.past import Past

URL = "https://a.example/"


def copy(number: int, digest: str, *, url: str = URL, size: int = 10) -> LocalCopy:
    return LocalCopy(
        url=url,
        at=day(number),
        seen_at=day(number),
        path=f"copies/{number}",
        digest=digest,
        size_bytes=size,
        length=7,
        status=200,
        content_type="text/html",
        title=None,
    )


def test_only_the_newest_copy_of_a_link_is_compared_with(past: Past) -> None:
    past.note("a.md", URL, "https://b.example/")
    cycle = past.cycle(0)

    def save(*copies: LocalCopy, there: bool = True, first: bool = False) -> list[str]:
        noted = save_pending(
            past.store, cycle, copies, total_bytes=1000, whole=lambda path, size: there
        )
        assert [path for _, path in noted.spoiled] == ([] if there or first else ["copies/4"])
        return [found.path for found in noted.fresh]

    # In one go, whose files are not there yet: the second brings nothing new.
    assert save(copy(0, "A"), copy(1, "A"), there=False, first=True) == ["copies/0"]
    assert save(copy(2, "A")) == []
    assert save(copy(3, "B"), copy(4, "A")) == ["copies/3", "copies/4"]
    assert save(copy(5, "A", url="https://b.example/")) == ["copies/5"]  # another link's own
    assert save(copy(6, "A", url="https://nobody.example/")) == []

    assert copies_of(past.store, URL) == []
    confirm(past.store, [found.id for found in pending_copies(past.store)])
    found = copies_of(past.store, URL)
    assert found == [replace(copy(0, "A"), seen_at=day(2)), copy(3, "B"), copy(4, "A")]
    assert {held.path for held in held_copies(past.store)} == {f"copies/{i}" for i in (0, 3, 4, 5)}

    assert save(copy(7, "A"), there=False) == ["copies/7"]  # somebody removed it: it is made again
    # The row of the file that is gone goes when the new one is written.
    assert [c.path for c in copies_of(past.store, URL)] == [f"copies/{i}" for i in (0, 3, 4)]


def test_what_there_is_no_room_for_is_counted(past: Past) -> None:
    past.note("a.md", URL)
    cycle = past.cycle(0)
    copies = [copy(i, str(i), size=40) for i in range(4)]
    noted = save_pending(past.store, cycle, copies, total_bytes=100, whole=lambda path, size: True)
    assert (len(noted.fresh), noted.crowded_out) == (2, 2)


def test_one_that_replaces_a_damaged_copy_needs_no_room_of_its_own(past: Past) -> None:
    past.note("a.md", URL)
    cycle = past.cycle(0)
    asked: list[tuple[str, int]] = []

    def damaged(path: str, size: int) -> bool:
        asked.append((path, size))
        return False

    for number in range(2):
        noted = save_pending(
            past.store, cycle, [copy(number, "A", size=60)], total_bytes=100, whole=damaged
        )
        assert (len(noted.fresh), noted.crowded_out) == (1, 0)
    assert asked == [("copies/0", 60)]
    assert [path for _, path in noted.spoiled] == ["copies/0"]
