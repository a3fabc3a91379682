"""Dead links with the dates of their citations: git is asked where the notes don't tell."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from linkwatch.config import Config
from linkwatch.history.commits import Unread, save_commits, unread
from linkwatch.history.lookups import bereft, wanted_of
from linkwatch.history.store import Store
from linkwatch.history.writer import StoreThread
from linkwatch.model import Wanted
from linkwatch.notes.gitlog import Git
from linkwatch.wiring import places_of

_BUDGET_S = 20.0  # for git, a cycle
_NOTES = 2  # at least so many notes fit into it: one takes half of the budget, or is given up


async def cite(
    thread: StoreThread,
    store: Store,
    config: Config,
    now: datetime,
    *,
    budget_s: float = _BUDGET_S,
    git: Git | None = None,
) -> list[Wanted]:
    """The dead links that want a copy, each with the best date of its citation.

    Links whose notes git had no time for are left out: their turn comes in another cycle.
    """
    notes = await thread.run(unread, store, now)
    left = await _ask(thread, store, config, notes, git or Git(), budget_s) if notes else set()
    return [link for link in await thread.run(bereft, store, now) if link.url not in left]


async def cite_link(
    thread: StoreThread,
    store: Store,
    config: Config,
    url: str,
    now: datetime,
    *,
    budget_s: float = _BUDGET_S,
    git: Git | None = None,
) -> Wanted | None:
    """One link, however it stands, with the best date that can be had now.

    None if history does not know it.
    """
    notes = await thread.run(unread, store, now, url=url)
    if notes:
        await _ask(thread, store, config, notes, git or Git(), budget_s)
    return await thread.run(wanted_of, store, url, now)


async def _ask(
    thread: StoreThread,
    store: Store,
    config: Config,
    notes: list[Unread],
    git: Git,
    budget_s: float,
) -> set[str]:
    """Ask git about notes, and keep what it says; the links that there was no time for."""
    _, folders = await thread.run(places_of, store, config)
    clock = asyncio.get_running_loop().time
    end = clock() + budget_s
    left: set[str] = set()
    for note in notes:
        limit_s = min(end - clock(), budget_s / _NOTES)
        if limit_s <= 0:
            left |= note.texts.keys()
            continue
        try:
            told = await _dates(git, note, Path(folders[note.root]), limit_s)
        except TimeoutError:
            if limit_s < budget_s / _NOTES:
                left |= note.texts.keys()
                continue
            told = dict.fromkeys(note.texts)  # more time than this it never gets
        if told:
            await thread.run(save_commits, store, note.note_id, told)
    return left


async def _dates(
    git: Git, note: Unread, folder: Path, limit_s: float
) -> dict[str, datetime | None]:
    """When each link came into a note; None: git does not know. Missing: that can't be told."""
    texts = {text for spellings in note.texts.values() for text in spellings}
    commits = await git.brought_in(folder / note.path, texts, limit_s=limit_s)
    dates: dict[str, datetime | None] = {}
    for url, spellings in note.texts.items():
        if spellings <= commits.keys():
            told = [commit.authored_at for text in spellings if (commit := commits[text])]
            dates[url] = min(told, default=None)
    return dates
