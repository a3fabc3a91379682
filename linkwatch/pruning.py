"""Old checks rolled up, a few links at a time, beside whatever else is at work on the history.

Each batch is a short transaction of its own: a cycle that wants to write waits for one batch at
most, nobody who reads waits at all, and whatever is killed when, no check is lost or counted twice.
So it needs no lock but SQLite's, and it can always be run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import assert_never

from linkwatch.config import Config
from linkwatch.errors import StoreError
from linkwatch.history.outlook import size_bytes
from linkwatch.history.rollups import (
    Spared,
    Thread,
    drop_old_changes,
    drop_old_cycles,
    newest_old,
    ripe,
    roll_up,
    threads,
)
from linkwatch.history.space import give_back, rewrite, wants_rewriting
from linkwatch.history.store import Store, is_locked
from linkwatch.report.words import count
from linkwatch.rollup import spare
from linkwatch.wiring import kept_whole

_BATCH = 50  # links a transaction
_ROWS = 500  # cycles or changes a transaction
_ENOUGH = 4  # checks not looked at yet that make a link worth looking at again: a month's
_NEWS = timedelta(days=365)  # so long it is kept what changed in a cycle
_A_CYCLE = 5_000  # links that are looked at after one cycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What went."""

    checks: int = 0
    links: int = 0  # whose checks they were
    cycles: int = 0
    changes: int = 0

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(
            checks=self.checks + other.checks,
            links=self.links + other.links,
            cycles=self.cycles + other.cycles,
            changes=self.changes + other.changes,
        )


class Space(Enum):
    """What became of the room that is free within the database's file."""

    GIVEN_BACK = "given back"
    BUSY = "busy"  # a cycle is at work, and must not wait until the file is written anew
    SHORT = "short"  # the file can't be written anew, for want of room on the disk or so


def step(steps: Iterator[Pruned]) -> Pruned | None:
    """The next step; None: there is none."""
    return next(steps, None)


def after_a_cycle(store: Store, keep: timedelta | None, now: datetime) -> Iterator[Pruned]:
    """What there is to do after each cycle, step by step: little, and none of it urgent."""
    return prune(store, keep, now, at_least=_ENOUGH, most=_A_CYCLE)


def prune(
    store: Store,
    keep: timedelta | None,
    now: datetime,
    *,
    at_least: int = 1,
    most: int | None = None,
) -> Iterator[Pruned]:
    """Roll up what is older than `keep`, step by step; each step is one transaction.

    Only links with `at_least` so many checks that were not looked at, and so many of them at
    `most`. None: all is kept.
    """
    if keep is None:
        return
    up_to = newest_old(store, now - keep)
    ids = ripe(store, up_to, at_least=at_least, most=most)
    for i in range(0, len(ids), _BATCH):
        yield _roll_up(store, ids[i : i + _BATCH], up_to)
    while cycles := drop_old_cycles(store, up_to, most=_ROWS):
        yield Pruned(cycles=cycles)
    while changes := drop_old_changes(store, now - max(keep, _NEWS), most=_ROWS):
        yield Pruned(changes=changes)


def _roll_up(store: Store, ids: Sequence[int], up_to: int) -> Pruned:
    with store.writing():  # nobody else decides about the same checks meanwhile
        gone = {thread.link_id: _spared(thread) for thread in threads(store, ids, up_to=up_to)}
        roll_up(store, gone, up_to=up_to)
    return _counted(gone.values())


def would_prune(store: Store, keep: timedelta | None, now: datetime) -> Pruned:
    """What `prune` would roll up now."""
    total = Pruned()
    if keep is None:
        return total
    with store.reading():
        up_to = newest_old(store, now - keep)
        ids = ripe(store, up_to, at_least=1)
        for i in range(0, len(ids), _BATCH):
            found = threads(store, ids[i : i + _BATCH], up_to=up_to)
            total += _counted(map(_spared, found))
    return total


def make_room(store: Store, pause: Callable[[], None]) -> Space:
    """Give back what is free within the file. Nobody waits for it for long."""
    try:
        for _ in give_back(store):
            pause()
        if not wants_rewriting(store):
            return Space.GIVEN_BACK
        if is_locked(store.path):
            return Space.BUSY
        rewrite(store)
    except StoreError:
        return Space.SHORT
    return Space.GIVEN_BACK


def _spared(thread: Thread) -> list[Spared]:
    """The checks of one link that go."""
    valid = thread.valid
    results = [old.result for old in valid]
    gone = [
        Spared(check=valid[place], like=valid[first])
        for place, first in spare(results, thread.words)
        if not valid[place].pinned
    ]
    # A void check is no evidence; but only those count as over that a valid one followed.
    newest = valid[-1].id if valid else 0
    gone += [
        Spared(check=old, like=None) for old in thread.void if not old.pinned and old.id < newest
    ]
    return gone


def _counted(spared: Iterable[Sequence[Spared]]) -> Pruned:
    each = [len(gone) for gone in spared]
    return Pruned(checks=sum(each), links=sum(number > 0 for number in each))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of pruning by hand."""

    pruned: Pruned
    before: datetime | None  # what is older was looked at; None: all is kept
    sizes: tuple[int, int]  # of the database in bytes, before and after
    space: Space | None  # None: nothing was touched


def prune_by_hand(
    config: Config, *, now: datetime, dry_run: bool, pause: Callable[[], None]
) -> Told:
    """All there is to roll up, or how much it is; then a smaller file. Raises StoreError.

    `pause` is called after each step: SQLite lets those who wait try again now and then, but gives
    nobody a turn.
    """
    keep = kept_whole(config)
    before = None if keep is None else now - keep
    with Store(config.database, must_exist=True) as store:
        size = size_bytes(store)
        if dry_run:
            pruned = would_prune(store, keep, now)
            return Told(pruned=pruned, before=before, sizes=(size, size), space=None)
        pruned = Pruned()
        for gone in prune(store, keep, now):
            pruned += gone
            pause()
        space = make_room(store, pause)
        return Told(pruned=pruned, before=before, sizes=(size, size_bytes(store)), space=space)


def in_words(told: Told) -> str:
    """The same in one sentence, for a person."""
    parts = [_rolled_up(told)]
    for number, what in (
        (told.pruned.cycles, "cycle without checks"),
        (told.pruned.changes, "old piece of news"),
    ):
        if number:
            many = what.replace("cycle", "cycles").replace("piece", "pieces")
            parts.append(f"{number:,} {what if number == 1 else many} went")
    before, after = (f"{size / 1e6:.1f} MB" for size in told.sizes)
    match told.space:
        case None:
            parts.append(f"nothing was changed; the database has {before}")
        case Space.GIVEN_BACK if told.sizes[1] < told.sizes[0]:
            parts.append(f"the database has {after} instead of {before}")
        case Space.GIVEN_BACK:
            parts.append(f"the database has {after}")
        case Space.BUSY:
            parts.append(
                f"the database stays at {after}, in which the next checks have room, as a cycle is"
                " at work: prune again when it is over"
            )
        case Space.SHORT:
            parts.append(
                f"the database stays at {after}, in which the next checks have room, as it could"
                " not be written anew: that takes as much room again on the disk"
            )
        case _:
            assert_never(told.space)
    return "; ".join(parts) + "."


def _rolled_up(told: Told) -> str:
    if told.before is None:
        return "Every check is kept (history.keep is null)"
    would = "would be" if told.space is None else "were"
    older = f"older than {told.before.date()}"
    if not told.pruned.checks:
        return f"There is no check {older} that says nothing of its own"
    checks, links = count(told.pruned.checks, "check"), count(told.pruned.links, "link")
    return f"{checks} of {links}, {older} and like others that stay, {would} rolled up"
