"""The space that is free within the database's file, and how it is given back.

A new database keeps track of its free pages (`auto_vacuum = incremental`), so that some can be cut
off in a moment. One that an older linkwatch made has to be written anew once, which takes as much
room again and holds up whoever wants to write. Between two prunings nothing needs to be given back:
what is free is filled by the next checks.
"""

from __future__ import annotations

from collections.abc import Iterator

from linkwatch.history.store import Store

_PAGES = 256  # cut off in one transaction: a megabyte
_INCREMENTAL = 2  # in SQLite's numbers
_WORTH_IT = 0.05  # of a file that has to be written anew


def give_back(store: Store) -> Iterator[None]:
    """Cut off what is free, step by step, where that can be done."""
    if _pragma(store, "auto_vacuum") != _INCREMENTAL:
        return
    left = _pragma(store, "freelist_count")
    while left:
        store.rows(f"pragma incremental_vacuum({_PAGES})")
        before, left = left, _pragma(store, "freelist_count")
        yield
        if left >= before:  # somebody else frees more meanwhile
            break
    store.rows("pragma wal_checkpoint(passive)")


def wants_rewriting(store: Store) -> bool:
    """Whether much is free that can't be cut off."""
    free = _pragma(store, "freelist_count") / max(1, _pragma(store, "page_count"))
    return _pragma(store, "auto_vacuum") != _INCREMENTAL and free > _WORTH_IT


def rewrite(store: Store) -> None:
    """Write the file anew, without what is free, and so that this is not needed again."""
    store.rows(f"pragma auto_vacuum = {_INCREMENTAL}")
    store.rows("vacuum")
    store.rows("pragma wal_checkpoint(passive)")


def _pragma(store: Store, name: str) -> int:
    return int(store.rows(f"pragma {name}")[0][0])
