"""Pages saved to an archive before they die, where `archive.save` or somebody wants that.

It publishes addresses: so it is a room of its own, with everything that is decided before one
leaves. What was submitted is in history before the request is on its way.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from linkwatch.archive.savable import why_not_saved
from linkwatch.archive.saving import Notebook, Saving, save
from linkwatch.archive.spn import ACCESS_VARIABLE, SECRET_VARIABLE, keys_in, safe_for_keys
from linkwatch.archiving import Archiving, outside_a_cycle
from linkwatch.clock import Clock
from linkwatch.config import Config, require_regexes
from linkwatch.errors import LinkwatchError
from linkwatch.history.saves import (
    enqueue,
    ever_submitted,
    fill_queue,
    keep_save,
    leading_to,
    put_off,
    queue_overview,
    saves_of,
    submitted_on,
    waiting,
    worth_saving,
)
from linkwatch.model import Save, SaveQueue, SaveState
from linkwatch.progress import Progress
from linkwatch.report.archives import Fate
from linkwatch.web.url import link_of, name_of

_BUDGET_S = 300.0  # what was not done by then goes on at the next check
_BY_HAND_S = 3600.0  # a person who waits can stop it
_NO_KEYS = (
    "No page can be saved to the archive without the keys of an archive.org account: set"
    f" {ACCESS_VARIABLE} and {SECRET_VARIABLE} in the environment"
)
_UNSAFE = (
    "No page is saved: the keys would go unencrypted to archive.wayback_url, which is no https."
)


class Publishing:
    """The way into the archive, for whoever holds the cycle's lock."""

    def __init__(self, archiving: Archiving) -> None:
        self._desk = archiving
        self._exclude = require_regexes(archiving.config.notes.exclude_urls)

    async def save(self, *, asked: bool = False, budget_s: float = _BUDGET_S) -> Saving:
        """Save what `archive.save` wants saved, and tell what came of it.

        `asked`: also where it wants nothing, since somebody asked for some. Without keys the queue
        is filled all the same, and the reason told.
        """
        desk, config = self._desk, self._desk.config
        run, store, clock = desk.thread.run, desk.store, desk.clock
        mode = config.archive.save if config.archive.enabled else "none"
        may = await run(self._fill_queue, mode)
        if mode == "none" and not asked:
            if config.archive.save != mode:
                desk.progress.unable(
                    f"archive.save is {config.archive.save}, but archive.enabled is false:"
                    " nothing is saved."
                )
            return Saving()
        keys = keys_in(os.environ)
        if keys is None or not safe_for_keys(desk.archives.wayback_url):
            desk.progress.unable(
                f"{_NO_KEYS}, or archive.save to none." if keys is None else _UNSAFE
            )
            return Saving()
        now = clock.utc_now()
        rows = await run(waiting, store, now + timedelta(seconds=budget_s), may)
        if not rows:
            return Saving()
        a_day, today = config.archive.save_a_day, await run(submitted_on, store, now)
        queued = sum(row.state is SaveState.QUEUED for row in rows)
        if (number := min(queued, a_day - today)) > 0:
            first = not await run(ever_submitted, store)
            archive = name_of(desk.archives.wayback_url)
            desk.progress.saving(number, archive, first=first, asked=asked)
        paces = await desk.paces()
        led = await run(leading_to, store)

        async def kept(row: Save) -> None:
            await run(keep_save, store, row, clock.utc_now())

        async def later(until: datetime, host: str | None) -> None:
            await run(put_off, store, until, host)

        told = await save(
            rows,
            archives=desk.archives,
            keys=keys,
            why_not=lambda url: self.why_not(url, led.get(url, ())),
            hosts=desk.hosts,
            clock=clock,
            paces=paces,
            notebook=Notebook(
                row=kept,
                put_off=later,
                paces=desk.keeping(paces),
                waiting=desk.progress.waiting,
            ),
            budget_s=budget_s,
            a_day=a_day,
            today=today,
        )
        if told.trouble:
            desk.progress.unable(told.trouble)
        return told

    def require_keys(self) -> None:
        """Raise LinkwatchError where nothing could be saved."""
        if keys_in(os.environ) is None:
            raise LinkwatchError(f"{_NO_KEYS}.")
        if not safe_for_keys(self._desk.archives.wayback_url):
            raise LinkwatchError(_UNSAFE)

    def queue(self, urls: Iterable[str]) -> dict[str, str]:
        """Queue some links, as somebody asked; why not, of those that were not. In the store's
        thread."""
        store, now = self._desk.store, self._desk.clock.utc_now()
        led = leading_to(store)
        links = list(dict.fromkeys(link_of(url) for url in urls))
        refused = {url: why for url in links if (why := self.why_not(url, led.get(url, ())))}
        told = enqueue(store, [url for url in links if url not in refused], now=now)
        return refused | {url: why for url, why in told.items() if why is not None}

    def uncovered(self) -> list[str]:
        """The living links that may be published, and of which there is no copy or an old one."""
        store, now = self._desk.store, self._desk.clock.utc_now()
        led = leading_to(store)
        worth = worth_saving(store, "all", now)
        return [one.url for one in worth if self.why_not(one.url, led.get(one.url, ())) is None]

    def why_not(self, url: str, way: Iterable[str] = ()) -> str | None:
        """Why a link must not be published, in a sentence; None if it may be.

        `way`: where it redirects, every hop, which would be published with it.
        """
        told = why_not_saved(url, self._desk.archives, self._exclude)
        if told is not None:
            return told
        for target in way:
            if why := why_not_saved(target, self._desk.archives, self._exclude):
                return f"It leads to an address that must not be published. {why}"
        return None

    def _fill_queue(self, mode: str) -> frozenset[int]:
        """Queue what a way to save wants; what may be submitted. In the store's thread."""
        store, now = self._desk.store, self._desk.clock.utc_now()
        worth = worth_saving(store, mode, now)
        led = leading_to(store) if worth else {}
        may = [one for one in worth if self.why_not(one.url, led.get(one.url, ())) is None]
        return fill_queue(store, may, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What came of saving by hand."""

    fates: tuple[Fate, ...]  # of the links that were named, in their order
    stopped: str  # why it ended early, in a sentence, if it did
    queue: SaveQueue  # as it stands now


async def save_by_hand(
    config: Config,
    urls: Sequence[str],
    *,
    everything: bool,
    clock: Clock,
    progress: Progress,
    nameservers: Sequence[str] = (),
) -> ByHand:
    """Queue these links, or `everything` that has no copy; go on with the queue, an hour at most.

    Raises LinkwatchError where nothing could be saved, and where there is no history.
    """
    open_ = outside_a_cycle(
        config, clock=clock, progress=progress, nameservers=nameservers, must_exist=True
    )
    async with open_ as (archiving, store, thread):
        publishing = Publishing(archiving)
        publishing.require_keys()
        named = list(dict.fromkeys(link_of(url) for url in urls))
        wanted = await thread.run(publishing.uncovered) if everything else named
        refused = await thread.run(publishing.queue, wanted)
        told = Saving()
        if not named or len(refused) < len(named):
            told = await publishing.save(asked=True, budget_s=_BY_HAND_S)
        saves = await thread.run(saves_of, store, named)
        return ByHand(
            fates=tuple(
                Fate(
                    url=url,
                    why_not=refused.get(url, ""),
                    save=saves.get(url),
                    stopped=told.stopped,
                )
                for url in named
            ),
            stopped=told.stopped,
            queue=await thread.run(queue_overview, store),
        )
