"""The links that are about to be asked: what history knows of each, as long as it is needed.

The rim's side of a sweep's source. A link is read from the store shortly before it is asked and
forgotten when its last result was handed over, so that no more of them are in memory than are under
way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from linkwatch.history.links import DueLink, next_links, waiting_hosts
from linkwatch.history.store import Store
from linkwatch.history.writer import StoreThread
from linkwatch.model import Remembered


class Docket:
    """The links that wait in the store, as a source for one sweep."""

    def __init__(self, store: Store, thread: StoreThread, *, with_fragments: bool) -> None:
        self._store = store
        self._thread = thread
        self._with_fragments = with_fragments
        self._links: dict[str, DueLink] = {}
        self.before: dict[str, Remembered] = {}  # by link
        self.fragments: dict[str, Collection[str]] = {}  # by link

    async def hosts(self) -> Sequence[tuple[str, int]]:
        return await self._thread.run(waiting_hosts, self._store)

    async def take(self, taken: Mapping[str, int], most: int) -> Mapping[str, Sequence[str]]:
        links = await self._thread.run(
            next_links, self._store, taken, most, with_fragments=self._with_fragments
        )
        found: dict[str, list[str]] = {}
        for link in links:
            found.setdefault(link.host, []).append(link.url)
            self._links[link.url] = link
            if link.before is not None:
                self.before[link.url] = link.before
            if link.fragments:
                self.fragments[link.url] = link.fragments
        return found

    def __getitem__(self, url: str) -> DueLink:
        """A link that was given out and not forgotten."""
        return self._links[url]

    def forget(self, url: str) -> None:
        """No more is asked of this link."""
        self._links.pop(url, None)
        self.before.pop(url, None)
        self.fragments.pop(url, None)
